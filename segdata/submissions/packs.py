"""The files that servers take, written and read back; equal predictions give equal bytes."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
from pycocotools import mask as masks

from segdata.classes import Label
from segdata.images import encode_label, read_label

Add = Callable[[str, Label], None]

# Readable by all; archives keep no user, group or time, so that their bytes tell nothing of them.
_MODE = 0o644


class Pack(Protocol):
    """A kind of file that holds labels by the names that a server has for their images."""

    @contextmanager
    def writing(self, file: BinaryIO) -> Iterator[Add]:
        """A function that adds one label; the file is complete at the end of the block."""
        ...

    def reading(self, file: BinaryIO) -> Iterator[tuple[str, Label]]:
        """What the file holds, one after the other."""
        ...


@dataclass(frozen=True)
class ZipOfPngs:
    """Grey PNGs of ids in a zip.

    Args:
        ending: what follows the name of an image.
    """

    ending: str

    @contextmanager
    def writing(self, file: BinaryIO) -> Iterator[Add]:
        """A function that adds one label."""
        with zipfile.ZipFile(file, "w") as archive:

            def add(name: str, label: Label) -> None:
                # The zero of zip's calendar; PNGs are packed already.
                entry = zipfile.ZipInfo(f"{name}{self.ending}.png", (1980, 1, 1, 0, 0, 0))
                entry.create_system, entry.external_attr = 3, _MODE << 16
                archive.writestr(entry, encode_label(label), zipfile.ZIP_STORED)

            yield add

    def reading(self, file: BinaryIO) -> Iterator[tuple[str, Label]]:
        """What the zip holds."""
        with zipfile.ZipFile(file) as archive:
            for entry in archive.namelist():
                name = entry.removesuffix(f"{self.ending}.png")
                yield name, read_label(archive.read(entry))


@dataclass(frozen=True, eq=False)
class TarOfPngs:
    """Palette PNGs in a packed tar.

    Args:
        folder: in which they lie.
        palette: ``uint8 N×3``.
    """

    folder: str
    palette: npt.NDArray[np.uint8]

    @contextmanager
    def writing(self, file: BinaryIO) -> Iterator[Add]:
        """A function that adds one label."""
        packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
        with packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:

            def add(name: str, label: Label) -> None:
                data = encode_label(label, self.palette)
                entry = tarfile.TarInfo(f"{self.folder}/{name}.png")
                entry.size, entry.mode = len(data), _MODE
                archive.addfile(entry, io.BytesIO(data))

            yield add

    def reading(self, file: BinaryIO) -> Iterator[tuple[str, Label]]:
        """What the tar holds."""
        with tarfile.open(fileobj=file, mode="r:gz") as archive:
            for entry in archive:
                data = archive.extractfile(entry)
                assert data is not None
                yield PurePosixPath(entry.name).stem, read_label(data.read())


@dataclass(frozen=True)
class ResultsJson:
    """Run-length codes in a JSON list, the entries of one image on one line."""

    @contextmanager
    def writing(self, file: BinaryIO) -> Iterator[Add]:
        """A function that adds one label."""
        before = b"[\n"

        def add(name: str, label: Label) -> None:
            nonlocal before
            line = json.dumps(_entries(int(name), label), separators=(",", ":"))
            file.write(before + line[1:-1].encode())
            before = b",\n"

        yield add
        file.write(b"\n]\n")

    def reading(self, file: BinaryIO) -> Iterator[tuple[str, Label]]:
        """What the list holds."""
        for line in file:
            text = line.strip().rstrip(b",")
            if text not in (b"[", b"]"):
                entries = json.loads(b"[" + text + b"]")
                yield str(entries[0]["image_id"]), _label(entries)


def _entries(image: int, label: Label) -> list[dict[str, Any]]:
    """One entry for each id that a label has."""
    entries = []
    for number in np.flatnonzero(np.bincount(label.ravel())).tolist():
        code = masks.encode(np.asfortranarray(label == number, dtype=np.uint8))
        segmentation = {"size": list(label.shape), "counts": code["counts"].decode()}
        entries.append({"image_id": image, "category_id": number, "segmentation": segmentation})
    return entries


def _label(entries: list[dict[str, Any]]) -> Label:
    out = np.zeros(entries[0]["segmentation"]["size"], np.uint8)
    for entry in entries:
        out[masks.decode(entry["segmentation"]) == 1] = entry["category_id"]
    return out
