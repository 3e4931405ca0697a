"""``KEY=VALUE`` strings of a command line applied to settings; imports no torch."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from segdata.errors import UserError
from segdata.original_flags.variants import why_no_variant

if TYPE_CHECKING:
    from model.config import TrainSettings

_WORDS = {"true": True, "false": False}


def apply(settings: TrainSettings, assignments: Iterable[str]) -> TrainSettings:
    """``settings`` with every assignment applied; all mistakes are reported together."""
    places: dict[str, dict[str, Any]] = settings.model_dump(mode="json")
    # What nobody has set stays unset: a checkpoint may tell it (model/training/taken_network.py).
    given = settings.model_dump(mode="json", exclude_unset=True)
    values: dict[str, dict[str, Any]] = {group: given.get(group, {}) for group in places}
    problems = []
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        try:
            group, field = _place(key.strip(), places)
        except LookupError as problem:
            problems.append(str(problem))
            continue
        if not equals:
            problems.append(f"{assignment!r} has no value; write {key.strip()}=VALUE")
            continue
        values[group][field] = _value(text.strip(), _options(settings, group, field))
    try:
        result = type(settings).model_validate_json(json.dumps(values))
    except ValidationError as error:
        problems += [_explained(detail) for detail in error.errors()]
    if problems:
        raise UserError(
            "; ".join(problems),
            "docs/training-settings.md lists all settings; so does the config.json of a run",
        )
    return result


def _place(key: str, values: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """Group and field that ``key`` names; LookupError says what is nearest."""
    places = {f"{group}.{field}": (group, field) for group in values for field in values[group]}
    if key in places:
        return places[key]
    matches = [place for place in places.values() if place[1] == key]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise LookupError(f"{key!r} is ambiguous: {' or '.join('.'.join(m) for m in matches)}")
    names = list(places) if "." in key else [field for _, field in places.values()]
    near = difflib.get_close_matches(key, names, n=1)
    nearest = f"; the nearest is {near[0]!r}" if near else ""
    raise LookupError(f"there is no setting {key!r}{nearest}")


def _options(settings: TrainSettings, group: str, field: str) -> tuple[Any, ...]:
    """The types that a setting may have, each alone: ``str | None`` -> ``(str, NoneType)``."""
    of_group = type(settings).model_fields[group].annotation
    assert of_group is not None
    annotation = of_group.model_fields[field].annotation
    return get_args(annotation) or (annotation,)


def _value(text: str, options: tuple[Any, ...]) -> Any:
    """The JSON value ``text`` stands for: a number, word, list (``321,321``) or else the text.

    Where a setting takes any text, ``2012`` is one.
    """
    word = text.lower()
    if word == "none":
        return word if any("none" in get_args(option) for option in options) else None
    if str in options:
        return text
    if word in _WORDS:
        return _WORDS[word]
    for candidate in (text, f"[{text}]" if "," in text else text):
        try:
            value = json.loads(candidate)
        except json.JSONDecodeError:
            continue
        return [value] if isinstance(value, int | float) and _are_several(options) else value
    return text


def _are_several(options: tuple[Any, ...]) -> bool:
    """Whether a setting is any number of values: one alone is a list of one."""
    return Ellipsis in options or any(Ellipsis in get_args(option) for option in options)


def _explained(detail: Any) -> str:
    place = ".".join(str(part) for part in detail["loc"][:2])
    message = detail["msg"].removeprefix("Value error, ")
    if place == "network.variant":
        message = why_no_variant(str(detail["input"]))
    if isinstance(detail["input"], dict):
        return f"{place}: {message}"
    return f"{place} = {json.dumps(detail['input'], default=str)}: {message}"
