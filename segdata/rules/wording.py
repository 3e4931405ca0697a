"""How rules word what they say: numbers, names, commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
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
    """The command that makes ids of colors or greys."""
    options = ["--from", "colors", "--classes", classes, *_folders(facts)]
    return command("convert", facts.root, f"{facts.root}-ids", *options)


def colors(facts: DatasetFacts, *options: str) -> str:
    """The command that lists the colors of labels."""
    return command("colors", facts.root, *_folders(facts)[2:], *options)


def on_dataset(facts: DatasetFacts, verb: str, *arguments: str) -> str:
    """A command about the data set; plain folders are made one first."""
    if not _is_plain(facts):
        return command(verb, facts.root, *arguments)
    if not _joins_by_name(facts):
        made = f"{facts.root}-data"
        first = command("convert", facts.root, made, *_folders(facts))
        return first + "\n" + command(verb, made, *arguments)
    return registering(facts) + command(verb, facts.root, *arguments)


def registering(facts: DatasetFacts) -> str:
    """The command that makes a data set of plain folders, and an end of line; else nothing."""
    if not _is_plain(facts):
        return ""
    told = facts.descriptor
    ignore = [] if told.ignore_label is None else ["--ignore", str(told.ignore_label)]
    options = ["--num-classes", str(told.num_classes), *ignore, *_folders(facts)]
    return command("register", facts.root, "--name", told.name, *options) + "\n"


def place_of_settings(facts: DatasetFacts) -> str:
    """Where the number of classes and the ignore label stand, in a sentence."""
    return "your training's settings" if _is_plain(facts) else descriptor_file(facts.root)


def told_in(facts: DatasetFacts) -> str:
    """The file that tells it, for the path of a finding: of plain folders they themselves."""
    return facts.root if _is_plain(facts) else descriptor_file(facts.root)


def _is_plain(facts: DatasetFacts) -> bool:
    """Whether no ``dataset.toml`` describes the folders: then they were named one by one."""
    return PurePath(facts.descriptor.images).is_absolute()


def _joins_by_name(facts: DatasetFacts) -> bool:
    """Whether photos and labels of plain folders have the same names, in two folders."""
    told = facts.descriptor
    return told.images != told.labels and told.label_suffix is None


def _folders(facts: DatasetFacts) -> list[str]:
    """Where photos and labels lie, where they were named one by one."""
    photos, labels = facts.descriptor.images, facts.descriptor.labels
    if not _is_plain(facts) or Path(labels) == Path(facts.root).absolute():
        return []
    known = "PHOTOS" if photos == labels else _as_named(facts, photos)
    return ["--images", known, "--labels", _as_named(facts, labels)]


def _as_named(facts: DatasetFacts, path: str) -> str:
    """A folder below the root as a person here types it."""
    home = Path(facts.root).absolute()
    folder = Path(path)
    return str(Path(facts.root) / folder.relative_to(home)) if folder.is_relative_to(home) else path


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
    if all(c.isalnum() or c in "-_./:\\=,+~@%" for c in argument):
        return argument
    # Between double quotes POSIX shells and PowerShell still read these.
    live = any(c in '"$`!' for c in argument) and "'" not in argument
    return f"'{argument}'" if live else f'"{argument}"'
