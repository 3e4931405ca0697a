"""Which images a submission must have: each once, none too few, none too many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from segdata.errors import UserError
from segdata.images import read_header
from segdata.submissions.server import Server

# Names that a message shows.
_SHOWN = 3


@dataclass(frozen=True)
class Expected:
    """The images that the server has.

    Args:
        where: what says so, for messages.
        photos: by key; None where only the names are known.
    """

    where: str
    photos: Mapping[str, Path | None]


def names_of(server: Server, keys: Sequence[str]) -> dict[str, str]:
    """The server's names by key.

    Raises:
        UserError: a key is no name of the server's images, or two are the same one.
    """
    names = {key: server.name_of(key) for key in keys}
    strange = [key for key, name in names.items() if name is None]
    if strange:
        raise UserError(
            f"{_some(strange)}: no name of an image of {server.title}",
            f"predictions are named as the photos are, such as {server.example}",
        )
    found: dict[str, str] = {}
    for key, name in names.items():
        assert name is not None
        if name in found:
            raise UserError(
                f"{found[name]} and {key} are one image for {server.title}: {name}",
                "it takes one prediction of each image: take the other away",
            )
        found[name] = key
    return {key: name for name, key in found.items()}


def check_complete(server: Server, names: Mapping[str, str], expected: Expected) -> None:
    """Raise a UserError where images are missing, or are not among those expected."""
    wanted = set(names_of(server, list(expected.photos)).values())
    there = set(names.values())
    missing, extra = sorted(wanted - there), sorted(there - wanted)
    problems = [
        *([f"{len(missing)} have no prediction: {_some(missing)}"] if missing else []),
        *([f"{len(extra)} predictions are of no image in it: {_some(extra)}"] if extra else []),
    ]
    if problems:
        raise UserError(
            f"of the {len(wanted)} images in {expected.where}, {'; '.join(problems)}"
            if missing
            else f"{expected.where}: {problems[0]}",
            "predict exactly these images, or name their list with --names",
        )


def sizes_of(server: Server, expected: Expected) -> dict[str, tuple[int, int]]:
    """Height and width of the photos that are there, by the server's name."""
    names = names_of(server, list(expected.photos))
    sizes = {}
    for key, photo in expected.photos.items():
        if photo is not None:
            header = read_header(photo)
            sizes[names[key]] = (header.height, header.width)
    return sizes


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
