"""Telling people what is wrong in a file of settings: every mistake, its place, the nearest key."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError


def explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """All mistakes of a settings file as one text, a line each.

    Args:
        error: what pydantic found.
        model: the model it was checked against, for the nearest valid key.
        where: the file, as the user knows it.
    """
    lines = [f"{where} has {error.error_count()} mistake(s):"]
    for mistake in error.errors():
        place = ".".join(str(part) for part in mistake["loc"]) or "the file"
        lines.append(
            f"  {place}: {_reason(mistake['msg'], mistake['type'], mistake['loc'], model)}"
        )
    return "\n".join(lines)


def nearest(key: str, valid: list[str]) -> str | None:
    """The valid key that a misspelt one most likely means."""
    found = difflib.get_close_matches(key, valid, n=1, cutoff=0.5)
    return found[0] if found else None


def _reason(message: str, kind: str, place: tuple[int | str, ...], model: type[BaseModel]) -> str:
    if kind != "extra_forbidden":
        return message[:1].lower() + message[1:]
    valid = list(_fields(place[:-1], model))
    guess = nearest(str(place[-1]), valid)
    meant = f"did you mean {guess!r}?" if guess else f"valid keys: {', '.join(sorted(valid))}"
    return f"no such key; {meant}"


def _fields(place: tuple[int | str, ...], model: type[BaseModel]) -> dict[str, Any]:
    """The fields of the model at a place inside another."""
    for part in place:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            break
        model = inner
    return dict(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        inner = _model_in(part)
        if inner is not None:
            return inner
    return None
