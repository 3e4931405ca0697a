"""Opening whatever a path stands for, as names and arrays of the original."""

from __future__ import annotations

import shlex
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from model.checkpoint import Checkpoint
from model.importing import own, timm
from model.importing.bundle import Bundle
from model.importing.graph import Graph
from model.importing.places import find
from model.importing.single_file import read_single_files
from model.importing.tensors import Array, Shape, Variables
from model.restoring import newest
from segdata.errors import UserError
from segdata.sources.archives import is_archive, unpacked

_FETCH_AGAIN = "fetch it again and compare its size, or take another"
_STEP = "global_step"
# Those that were published hold fewer than ten.
_MOST_MEMBERS = 10_000


@dataclass(frozen=True)
class Source:
    """What a file holds, by the original's names and in its layout.

    Args:
        path: what the user gave.
        kind: what it is, in words.
        variables: names, shapes and arrays.
        notes: what a person should know of how it was found and read.
        graph: the operations, where there are any.
        own: the checkpoint of segdata that it is, or None.
    """

    path: Path
    kind: str
    variables: Variables
    notes: tuple[str, ...] = ()
    graph: Graph | None = None
    own: Checkpoint | None = None

    @property
    def shapes(self) -> Mapping[str, Shape]:
        return self.variables.shapes

    def read(self, name: str) -> Array:
        """One array.

        Raises:
            UserError: it is damaged, or the file is gone.
        """
        with telling(self.path):
            return self.variables.read(name)

    @property
    def step(self) -> int:
        """The training step at which it was written; 0 where it does not say."""
        if self.own is not None:
            return self.own.step
        if self.variables.shapes.get(_STEP) != ():
            return 0
        step = self.read(_STEP)
        with telling(self.path):
            return max(0, int(step))


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """What a path holds: a checkpoint's prefix, folder or archive, a frozen graph, timm's
    safetensors, or a run or checkpoint of segdata.

    Raises:
        UserError: there is nothing to read, it is damaged, or of a kind that is not read.
    """
    if is_archive(path):
        with unpacked(path, _MOST_MEMBERS) as folder:
            yield _opened_archive(folder, path)
    else:
        yield _opened(path, path)


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what readers raise on damaged files into an error for people."""
    try:
        yield
    # Malformed is a ValueError; so is what numpy and text decoding raise.
    except (ValueError, OverflowError, struct.error) as error:
        raise UserError(f"{path} is damaged: {error}", _FETCH_AGAIN) from error
    except PermissionError as error:
        raise UserError(
            f"{path} cannot be read: permission denied", "copy it to where you may read it"
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", _FETCH_AGAIN) from error


def _opened_archive(folder: Path, path: Path) -> Source:
    """What an archive holds; errors name it, not the folder, which is gone when they are read."""
    try:
        return _opened(folder, path)
    except UserError as error:
        message = error.message.replace(str(folder), str(path))
        if "holds no checkpoint" in message:
            message += "; links in an archive are not followed"
        if str(folder) not in error.remedy:
            raise UserError(message, error.remedy) from error
        # Without the temporary folder: what unpacking makes below the folder where it is done.
        inside = Path(*folder.relative_to(tempfile.gettempdir()).parts[1:])
        remedy = error.remedy.replace(str(folder), str(inside)).replace(" ./", " ")
        unpack = "unzip" if path.suffix.lower() == ".zip" else "tar xf"
        remedy = f"unpack it: {unpack} {shlex.quote(str(path))}; {remedy}"
        raise UserError(message, remedy) from error


def _opened(where: Path, path: Path) -> Source:
    """The source at a place; ``path`` is what the user gave for it."""
    with telling(path):
        place = find(where)
        first = place.paths[0]
        if place.kind == "ours":
            checkpoint = newest(first)
            return Source(
                path, "segdata checkpoint", own.variables(checkpoint), place.notes, own=checkpoint
            )
        if place.kind == "bundle":
            bundle = Bundle.open(first)
            _refuse_missing(bundle)
            return Source(path, "TensorFlow checkpoint", bundle.variables(), place.notes)
        if place.kind == "single file":
            variables = read_single_files(list(place.paths))
            return Source(path, "TensorFlow checkpoint (V1)", variables, place.notes)
        if place.kind == "graph":
            graph = Graph.open(first)
            return Source(path, "frozen graph", graph.variables(), place.notes, graph)
        converted = timm.open_file(first)
        return Source(
            path, "timm safetensors", converted.variables, (*place.notes, *converted.notes)
        )


def _refuse_missing(bundle: Bundle) -> None:
    for shard in sorted({place.shard for place in bundle.places.values()}):
        data = bundle.data_file(shard)
        if not data.is_file():
            raise UserError(
                f"{data.name}, which holds the weights, is not beside {bundle.prefix.name}.index",
                "fetch all files of the checkpoint into one folder",
            )
