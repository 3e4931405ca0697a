"""Which file of weights a path stands for, and how it is read; nothing of it is executed."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segdata.errors import UserError
from segdata.evidence.keras_files import open_keras
from segdata.evidence.pytorch_files import open_pytorch
from segdata.evidence.safetensors_files import open_safetensors
from segdata.evidence.stored import DAMAGED_ZIP, Stored, is_zip
from segdata.sources.archives import is_archive, unpacked
from segdata.wire import Malformed

if TYPE_CHECKING:
    from model.importing.graph import Graph

_HDF5 = b"\x89HDF\r\n\x1a\n"
# Protocols 2 to 5 of bare pickles: PyTorch before 1.6.
_PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_PYTORCH = (".pth", ".pt", ".bin", ".pth.tar", ".pkl")
_KERAS = (".h5", ".hdf5", ".keras")
_OURS = re.compile(r"step-(\d{8,})")
_STEP, _WEIGHTS = "global_step", "weights.safetensors"
_LARGEST_DESCRIPTION = 16 << 20


@dataclass(frozen=True)
class Weights:
    """An open file of weights.

    Args:
        stored: names, shapes and values.
        graph: the operations, of a frozen graph.
        described: what a checkpoint of ours says of itself.
    """

    stored: Stored
    graph: Graph | None = None
    described: dict[str, Any] | None = None


class BrokenWeights(UserError):
    """Files of weights of which something is missing or cut off."""


def refuse_missing(path: Path) -> None:
    """Raise a UserError if there is no file, folder or prefix of that name."""
    shards = path.parent.glob(f"{path.name}-?????-of-?????") if path.parent.is_dir() else ()
    if not path.exists() and not Path(f"{path}.index").is_file() and not any(shards):
        raise UserError(
            f"there is no checkpoint {path}",
            "name a file of weights, the prefix of TensorFlow's (such as model.ckpt-30000), or its "
            "folder",
        )


def is_weights(path: Path) -> bool:
    """Whether a path is a file or prefix of weights, or a folder with a checkpoint of TensorFlow
    or one of ours."""
    if path.is_dir():
        has_table = (path / "checkpoint").is_file() or any(path.glob("*.index"))
        return has_table or (path / "checkpoint.json").is_file()
    if Path(f"{path}.index").is_file():
        return True
    endings = (*_PYTORCH, *_KERAS, ".safetensors", ".pb", ".ckpt", ".index", ".meta")
    name = path.name.lower()
    named = name.endswith(endings) or ".data-00000-of-" in name
    return path.is_file() and (named or is_archive(path))


def files_of_weights(folder: Path) -> list[Path]:
    """PyTorch's, Keras' and safetensors files in a folder itself, the newest first."""
    endings = (*_PYTORCH, *_KERAS, ".safetensors", ".ckpt")
    found = [p for p in folder.iterdir() if p.name.lower().endswith(endings) and p.is_file()]
    return sorted(found, key=lambda p: (p.stat().st_mtime, p.name), reverse=True)


def damaged_after(path: Path, chosen: Path) -> tuple[str, ...]:
    """Checkpoints of a run of ours that are later than the chosen one, and not whole."""
    below = path in (chosen.parent, chosen.parent.parent)
    if not path.is_dir() or not _OURS.fullmatch(chosen.name) or not below:
        return ()
    names = sorted(p.name for p in chosen.parent.iterdir() if _OURS.fullmatch(p.name))
    return tuple(str(chosen.parent / name) for name in names if name > chosen.name)


def newest_two(path: Path) -> list[Path]:
    """The checkpoints of a folder, the newest first and at most two; else the path itself."""
    if not path.is_dir():
        return [path]
    below = path / "checkpoints" if (path / "checkpoints").is_dir() else path
    ours = sorted(p for p in below.iterdir() if _OURS.fullmatch(p.name))
    if ours:
        # A run goes on from the newest that is whole.
        return [path for path in reversed(ours) if _is_whole(path)][:2] or ours[-1:]
    if (path / "checkpoint.json").is_file():
        return [path]
    if not (path / "checkpoint").is_file() and not any(path.glob("*.index")):
        found = files_of_weights(path)
        if found:
            return found[:2]
    from model.importing.places import find, prefixes_in

    try:
        newest = find(path).paths[0]
    except UserError as error:
        if not (path / "checkpoint").is_file():
            raise
        raise BrokenWeights(error.message, error.remedy) from error
    prefixes = prefixes_in(path)
    older = prefixes[: prefixes.index(newest)] if newest in prefixes else []
    return [newest, *older[-1:]]


@contextmanager
def opened(path: Path) -> Iterator[Weights]:
    """The weights of a file, prefix or folder, for as long as they are read.

    Raises:
        UserError: they are of a kind that is not read; how to convert them.
        ValueError: they are damaged (``Malformed`` is one).
        OSError: they cannot be read.
    """
    kind = _kind(path)
    if kind == "ours":
        yield _ours(path)
    elif kind == "safetensors":
        yield Weights(open_safetensors(path))
    elif kind == "pytorch":
        yield Weights(open_pytorch(path))
    elif kind == "keras":
        with open_keras(path) as stored:
            yield Weights(stored)
    else:
        with ExitStack() as stack:
            yield _tensorflow(_unpacked(path, stack))


def _kind(path: Path) -> str:
    if (path / "checkpoint.json").is_file():
        return "ours"
    if not path.is_file():
        return "tensorflow"
    name = path.name.lower()
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise Malformed("it is empty")
    if name.endswith(".safetensors"):
        return "safetensors"
    if start == _HDF5 or name.endswith(_KERAS):
        return "keras"
    if start.startswith(_PICKLES) or name.endswith(_PYTORCH) or _holds_pickle(path):
        return "pytorch"
    return "tensorflow"


def _unpacked(path: Path, stack: ExitStack) -> Path:
    try:
        return stack.enter_context(unpacked(path)) if is_archive(path) else path
    except UserError as error:
        raise BrokenWeights(error.message, error.remedy) from error


def _is_whole(folder: Path) -> bool:
    try:
        _ours(folder)
    except (ValueError, OSError):
        return False
    return True


def _holds_pickle(path: Path) -> bool:
    if not is_zip(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.rpartition("/")[2] == "data.pkl" for name in archive.namelist())
    except DAMAGED_ZIP as error:
        raise Malformed("its archive is damaged") from error


def _ours(folder: Path) -> Weights:
    file = folder / "checkpoint.json"
    try:
        if file.stat().st_size > _LARGEST_DESCRIPTION:
            raise Malformed("checkpoint.json is far too large")
        described = json.loads(file.read_bytes())
        with (folder / _WEIGHTS).open("rb") as weights:
            digest = hashlib.file_digest(weights, "sha256").hexdigest()
        if digest != described["sha256"][_WEIGHTS]:
            raise Malformed(f"{_WEIGHTS} is not what was written")
        stored = open_safetensors(folder / _WEIGHTS)
        stored = replace(
            stored, kind="segdata", step=int(described["step"]), classes=described["num_classes"]
        )
    except (KeyError, TypeError, RecursionError) as error:
        raise Malformed("checkpoint.json is damaged") from error
    return Weights(stored, described=described)


def _tensorflow(path: Path) -> Weights:
    try:
        from model.importing.bundle import Bundle
        from model.importing.graph import Graph
        from model.importing.places import find
        from model.importing.single_file import read_single_files
    except ModuleNotFoundError as missing:
        raise UserError(
            f"{path} cannot be read: {missing.name} is not installed",
            'pip install "segdata[train]"',
        ) from missing
    place = find(path)
    if place.kind == "graph":
        graph = Graph.open(place.paths[0])
        variables = graph.variables()
        return Weights(Stored("graph", variables.shapes, variables.read), graph)
    if place.kind == "safetensors":
        return Weights(open_safetensors(place.paths[0]))
    variables = (
        Bundle.open(place.paths[0]).variables()
        if place.kind == "bundle"
        else read_single_files(list(place.paths))
    )
    step = None
    if variables.shapes.get(_STEP) == ():
        step = max(0, int(variables.read(_STEP)))
    return Weights(Stored("tensorflow", variables.shapes, variables.read, step=step))
