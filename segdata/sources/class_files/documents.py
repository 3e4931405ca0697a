"""Class files in JSON, YAML and TOML: lists and tables of names, ids and colors."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from segdata.classes import Color
from segdata.errors import UserError
from segdata.sources.class_files.entries import (
    ROLES,
    Entry,
    channel,
    class_id,
    fold,
    packed_color,
    whole_number,
)

# Keys below which a document keeps its classes: Ultralytics, Hugging Face, Mapillary, Supervisely.
_LISTS = ("names", "classes", "labels", "categories", "id2label", "label2id", "class_names", "tags")
# Aliases of other settings make a YAML file of a kilobyte a document of gigabytes.
_YAML_LARGEST = 1 << 19
# Lists of tables of lists have four levels.
_DEEPEST = 20
_FORMS = "a list of names, {name: id}, {id: name}, {name: [r, g, b]} or a list of {name, id, color}"


def parse_json(text: str, source: str) -> Any:
    """Raises UserError, with the line, if it is none; also if a key is there twice."""
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _no_twins(pairs, source))
    except json.JSONDecodeError as error:
        line = (text.splitlines() or [""])[min(error.lineno, len(text.splitlines())) - 1]
        raise UserError(
            f"{source}, line {error.lineno}: not valid JSON ({error.msg}) in {line.strip()[:60]!r}"
        ) from None
    except (RecursionError, ValueError) as error:
        raise UserError(f"{source} is no class file: {_said(error)}") from None


def parse_toml(text: str, source: str) -> Any:
    """Raises UserError if it is none."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise UserError(f"{source} is not valid TOML: {_said(error)}") from None


def parse_yaml(text: str, source: str) -> Any:
    """Raises UserError, with the line, if it is none; aliases are refused.

    An alias stands for a part of the file that may hold more aliases: a few lines then stand for
    more classes than fit into memory. No class file needs one.
    """
    import yaml

    if len(text) > _YAML_LARGEST:
        raise UserError(f"{source} is too long for a class file in YAML", "write it as CSV or JSON")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            line = event.start_mark.line + 1
            if isinstance(event, yaml.AliasEvent):
                raise UserError(f"{source}, line {line}: aliases (*name) are not read")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise UserError(f"{source}, line {line}: this YAML is nested too deeply")
        _refuse_twin_keys(yaml.compose(text, Loader=loader), source)
        return yaml.load(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{source}, line {line}: not valid YAML ({error.problem})") from None
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  constructors raise anything: IndexError of !!int ''
        raise UserError(f"{source} is not valid YAML: {_said(error)}") from None


def read_document(data: Any, source: str) -> list[Entry]:
    """The classes of a parsed document.

    Raises:
        UserError: it holds none, or one of them is wrong.
    """
    return _Document(source).read(data)


class _Document:
    """Reads any of the forms; errors name the file and the entry."""

    def __init__(self, source: str) -> None:
        self.source = source

    def read(self, data: Any) -> list[Entry]:
        if isinstance(data, Mapping):
            for key in _LISTS:
                if isinstance(data.get(key), (list, Mapping)):
                    return self._with_colors(self.read(data[key]), data)
        if not data or not isinstance(data, (list, Mapping)):
            raise self._wrong("holds no classes")
        if isinstance(data, list):
            return [self._element(item, place) for place, item in enumerate(data, 1)]
        return [self._pair(key, value, place) for place, (key, value) in enumerate(data.items(), 1)]

    def _with_colors(self, entries: list[Entry], data: Mapping[str, Any]) -> list[Entry]:
        """Colors that stand in a list of their own beside the names."""
        colors = next((data[k] for k in ("colors", "colours", "palette") if k in data), None)
        if not isinstance(colors, list) or len(colors) != len(entries):
            return entries
        return [
            Entry(e.name, e.where, e.id, self._color(color, e.where))
            for e, color in zip(entries, colors, strict=True)
        ]

    def _element(self, item: Any, place: int) -> Entry:
        where = f"entry {place}"
        if isinstance(item, str):
            return Entry(self._name(item, where), where)
        if isinstance(item, Mapping):
            return self._record(item, where, None)
        raise self._wrong(f"{where} is no class")

    def _pair(self, key: Any, value: Any, place: int) -> Entry:
        where = f"entry {place}"
        number = self._key_id(key)
        if isinstance(value, Mapping):
            return self._record(value, where, key)
        if number is not None and isinstance(value, str) and packed_color(value) is None:
            name = self._name(value, where)
            return Entry(name, where, self._id(key, name, where))
        if number is not None and isinstance(value, list):
            return Entry(f"class {number}", where, number, self._color(value, where))
        if isinstance(key, str) and isinstance(value, str) and packed_color(key, marked=True):
            return Entry(self._name(value, where), where, None, packed_color(key))
        name = self._name(key, where)
        if isinstance(value, int) or self._key_id(value) is not None:
            return Entry(name, where, self._id(value, name, where))
        return Entry(name, where, None, self._color(value, where))

    def _record(self, item: Mapping[Any, Any], where: str, key: Any) -> Entry:
        """``{name, id, color}``, or ``key: {id, color}`` or ``key: {name, color}``."""
        fields = fold(item)
        found = {role: self._first(fields, role) for role in ROLES}
        name, number = found["name"], found["id"]
        if key is not None and name is None:
            name = key
        elif key is not None and number is None and self._key_id(key) is not None:
            number = key
        text = self._name(name, where)
        color = self._color(found["color"], where)
        if color is None and None not in (found["r"], found["g"], found["b"]):
            color = self._color([found["r"], found["g"], found["b"]], where)
        return Entry(text, where, None if number is None else self._id(number, text, where), color)

    def _first(self, fields: Mapping[str, Any], role: str) -> Any:
        return next((fields[word] for word in ROLES[role] if fields.get(word) is not None), None)

    def _name(self, name: Any, where: str) -> str:
        if not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip():
            raise self._wrong(f"{where} has no name")
        return str(name).strip()

    def _key_id(self, key: Any) -> int | None:
        try:
            return -1 if key in (-1, "-1") else whole_number(key, 999_999_999)
        except ValueError:
            return None

    def _id(self, value: Any, name: str, where: str) -> int:
        try:
            return class_id(value, name)
        except ValueError as error:
            raise self._wrong(f"{where} ({name}): {error}") from None

    def _color(self, value: Any, where: str) -> Color | None:
        if value is None:
            return None
        if isinstance(value, str) and (color := packed_color(value)) is not None:
            return color
        if isinstance(value, list) and len(value) in (3, 4):
            try:
                return channel(value[0]), channel(value[1]), channel(value[2])
            except ValueError as error:
                raise self._wrong(f"{where}: {error}") from None
        raise self._wrong(f"{where}: {str(value)[:40]!r} is no color")

    def _wrong(self, what: str) -> UserError:
        return UserError(f"{self.source}: {what}", f"a class file is {_FORMS}")


def _no_twins(pairs: list[tuple[str, Any]], source: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twin = next(key for key in keys if keys.count(key) > 1)
        raise UserError(f"{source}: {twin[:40]!r} is there twice", "keep one of them")
    return found


def _refuse_twin_keys(node: Any, source: str) -> None:
    """PyYAML keeps the last of two equal keys and says nothing."""
    if node is None or not isinstance(node.value, list):
        return
    seen: dict[str, int] = {}
    for part in node.value:
        key, value = part if isinstance(part, tuple) else (None, part)
        if key is not None and isinstance(key.value, str):
            line = key.start_mark.line + 1
            if key.value in seen:
                raise UserError(
                    f"{source}, line {line}: {key.value[:40]!r} is there twice "
                    f"(first in line {seen[key.value]})",
                    "keep one of them",
                )
            seen[key.value] = line
        _refuse_twin_keys(value, source)


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
