"""Packaging predictions for a server: checked before, read back after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.errors import UserError
from segdata.files import whole_file
from segdata.progress import Track, silently
from segdata.submissions.names import Expected, check_complete, names_of, sizes_of
from segdata.submissions.numbering import Renumbering, ids_by_name, ids_by_number
from segdata.submissions.server import Server


@dataclass(frozen=True, eq=False)
class Predictions:
    """What is to be packaged.

    Args:
        keys: of the images, as posix paths without suffix.
        labels: ``uint8 or uint16 H×W, class ids``, in the order of the keys, one at a time.
        class_map: what the ids mean.
        named: the classes have names; else only their number is known.
    """

    keys: tuple[str, ...]
    labels: Callable[[], Iterable[Label]]
    class_map: ClassMap
    named: bool = True


@dataclass(frozen=True, kw_only=True)
class PackageOptions:
    """How it is packaged.

    Args:
        out: the file, or a folder in which it gets the server's usual name.
        expected: the images that the server has; None checks no names.
        overwrite: replace a file that is there.
    """

    out: Path
    expected: Expected | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Submission:
    """What was packaged.

    Args:
        path: the file.
        server: for whom.
        images: how many predictions it holds.
        bytes: its size.
        ids: the server's id by id of the predictions.
        class_map: what the latter mean.
        complete: its images were compared with those that the server has.
    """

    path: Path
    server: Server
    images: int
    bytes: int
    ids: Mapping[int, int]
    class_map: ClassMap
    complete: bool


def package(
    predictions: Predictions, server: Server, options: PackageOptions, *, track: Track = silently
) -> Submission:
    """Write the file; it exists only if every prediction read back from it is the one put in.

    Raises:
        UserError: a class, a name, a size or an id is not what the server takes, images are missing
            or too many, or the file exists.
    """
    path = _path(server, options)
    if not predictions.keys:
        raise UserError("there are no predictions to package", "check the folder or the split")
    ids = (
        ids_by_name(server, predictions.class_map)
        if predictions.named
        else ids_by_number(server, predictions.class_map.num_classes)
    )
    names = names_of(server, predictions.keys)
    sizes: Mapping[str, tuple[int, int]] = {}
    if options.expected is not None:
        check_complete(server, names, options.expected)
        sizes = sizes_of(server, options.expected)
    renumbering = Renumbering(ids, predictions.class_map)
    total = len(predictions.keys)
    with whole_file(path) as file:
        digests: dict[str, bytes] = {}
        with server.pack.writing(file) as add:
            labels = track(predictions.labels(), "packaging", total)
            for key, label in zip(predictions.keys, labels, strict=True):
                name = names[key]
                _check_size(label.shape, sizes.get(name, server.size), key)
                numbers = renumbering(label, key)
                add(name, numbers)
                digests[name] = _digest(numbers)
        size = file.tell()
        _read_back(server, file, digests, track)
    return Submission(
        path, server, total, size, ids, predictions.class_map, options.expected is not None
    )


def _path(server: Server, options: PackageOptions) -> Path:
    out = options.out
    if out.is_dir() or not out.suffix:
        out = out / server.file
    if not out.name.lower().endswith(server.suffixes):
        raise UserError(
            f"{out.name} is no name for a file of {server.title}",
            f"it takes {' or '.join(server.suffixes)}: --out {server.file}",
        )
    if out.exists() and not options.overwrite:
        raise UserError(f"{out} exists", "choose another --out, or add --overwrite")
    return out


def _check_size(found: tuple[int, ...], wanted: tuple[int, int] | None, key: str) -> None:
    if wanted is not None and found != wanted:
        raise UserError(
            f"{key} is {found[1]}×{found[0]}, and its photo {wanted[1]}×{wanted[0]}",
            "predict at the size of the photo; segdata never resizes labels to make them fit",
        )


def _read_back(server: Server, file: BinaryIO, digests: Mapping[str, bytes], track: Track) -> None:
    file.flush()
    file.seek(0)
    found = track(server.pack.reading(file), "reading back", len(digests))
    same = _count_equal(found, digests)
    if same != len(digests):
        raise UserError(
            f"only {same} of {len(digests)} predictions could be read back from the file",
            "check the disk, and run the command again",
        )


def _count_equal(found: Iterator[tuple[str, Label]], digests: Mapping[str, bytes]) -> int:
    return sum(
        digests.get(name) == _digest(label.astype(np.uint8, copy=False)) for name, label in found
    )


def _digest(numbers: npt.NDArray[np.uint8]) -> bytes:
    """What tells two labels apart, in 16 bytes."""
    shape = np.array(numbers.shape, "<i8").tobytes()
    return hashlib.blake2b(shape + numbers.tobytes(), digest_size=16).digest()
