"""How rules word what they say: numbers, names, commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts

# Names written out in a sentence; the count beside them says how many there are.
_NAMED = 3
# Values written out in a sentence.
_VALUES = 8
# Rows of a table in the evidence; a broken 16-bit label has thousands.
_ROWS = 64


def counted(number: int, thing: str) -> str:
    """``3 files``, ``1 file``."""
    if number == 1:
        return f"1 {thing}"
    return f"{number} {thing[:-1]}ies" if thing.endswith("y") else f"{number} {thing}s"


def several(names: Sequence[str], total: int | None = None) -> str:
    """The first names, and that there are more."""
    more = (len(names) if total is None else total) > _NAMED
    return ", ".join(names[:_NAMED]) + (", ..." if more else "")


def numbers(values: Iterable[int]) -> str:
    """``0, 50, 100``; the first and the last of many."""
    shown = [str(value) for value in values]
    if len(shown) > _VALUES:
        return f"{', '.join(shown[: _VALUES - 1])}, ... {shown[-1]}"
    return ", ".join(shown)


def percent(share: float) -> str:
    """``12 %``, ``0.3 %``, ``0.004 %``: two digits that count, and never 0 for what is there."""
    value = share * 100
    return f"{value:.0f} %" if value >= 10 else f"{value:.2g} %"


def file_name(path: str) -> str:
    return PurePath(path).name


def suffix_of(path: str) -> str:
    return PurePath(path).suffix


def command(verb: str, *arguments: str) -> str:
    """A command line that can be pasted into any shell."""
    return " ".join(["segdata", verb, *(_quoted(argument) for argument in arguments)])


def convert(facts: DatasetFacts, classes: str) -> str:
    """The command that makes ids of colors or greys; it names the folders where they were named
    one by one."""
    photos, labels = facts.descriptor.images, facts.descriptor.labels
    apart = PurePath(photos).is_absolute() and photos != labels
    folders = ["--images", photos, "--labels", labels] if apart else []
    options = ["--from", "colors", "--classes", classes, *folders]
    return command("convert", facts.root, f"{facts.root}-ids", *options)


def descriptor_file(root: str) -> str:
    return str(PurePath(root, "dataset.toml"))


def class_file(rows: Iterable[tuple[str, int]]) -> str:
    """A class file for masks whose classes are levels of grey."""
    return "\n".join(["name,r,g,b", *(f"{name},{gray},{gray},{gray}" for name, gray in rows)])


def jsonable(table: Mapping[int, int]) -> dict[str, int]:
    """The first rows of a table by value; JSON's keys are strings."""
    return {str(key): value for key, value in sorted(table.items())[:_ROWS]}


def values_seen(values: Mapping[int, Any]) -> dict[str, int]:
    """Pixels per value."""
    return jsonable({value: seen.pixels for value, seen in values.items()})


def _quoted(argument: str) -> str:
    plain = all(c.isalnum() or c in "-_./:\\=,+~@%" for c in argument)
    return argument if plain else f'"{argument}"'
