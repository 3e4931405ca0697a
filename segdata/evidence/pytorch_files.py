"""PyTorch's ``.pth`` and ``.pt``: a zip of a pickle and the bytes of every storage.

torch/serialization.py: ``NAME/data.pkl`` describes, ``NAME/data/KEY`` holds the values. The pickle
is read as data (:mod:`segdata.evidence.pickles`): no code of the file is run, whatever it names.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from segdata.errors import UserError
from segdata.evidence.pickles import LARGEST_PICKLE, Kept, Named, Noted, read_pickle
from segdata.evidence.stored import (
    DAMAGED_ZIP,
    LARGEST,
    Array,
    Shape,
    Stored,
    array_of,
    is_zip,
    size_of,
)
from segdata.wire import Malformed

_STORAGES = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32",
    "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool",
}  # fmt: skip
_REBUILD = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
_PARAMETER = "torch._utils._rebuild_parameter"
# Under which names trainers keep the network beside other things, the most usual first.
_NETWORK = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights")
_STEPS = ("global_step", "iteration", "iter", "step")
# How a module keeps its parts: their names are no part of a variable's.
_INSIDE = frozenset({"_modules", "_parameters", "_buffers"})
_MOST_NESTED = 50


@dataclass(frozen=True, eq=False)
class _Tensor:
    key: str
    kind: str
    offset: int
    shape: Shape
    strides: Shape


def open_pytorch(path: Path) -> Stored:
    """The variables of a state dict, of a trainer's checkpoint, or of a whole module.

    Raises:
        UserError: it is of a kind that is not read; how to convert it.
        Malformed: it is damaged, or holds no weights.
        OSError: it cannot be read.
    """
    if not is_zip(path):
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                raise Malformed("its archive is cut off")
        raise _unread(path)
    try:
        with zipfile.ZipFile(path) as archive:
            places = {info.filename: info for info in archive.infolist()}
            described = next((n for n in places if n.endswith("data.pkl")), None)
            if described is None or any("/constants.pkl" in name for name in places):
                raise _unread(path)
            root = read_pickle(_entry(archive, places[described], LARGEST_PICKLE))
    except DAMAGED_ZIP as error:
        raise Malformed("its archive is damaged") from error
    tensors = dict(_tensors(_network(root)))
    if not tensors:
        raise Malformed("it holds no weights")
    folder = described.removesuffix("data.pkl")

    @lru_cache(maxsize=1)
    def storage(key: str) -> bytes:
        name = f"{folder}data/{key}"
        if name not in places:
            raise Malformed(f"the values of storage {key} are missing")
        try:
            with zipfile.ZipFile(path) as archive:
                return _entry(archive, places[name], LARGEST)
        except DAMAGED_ZIP as error:
            raise Malformed("its archive is damaged") from error

    def read(name: str) -> Array:
        return _values(tensors[name], storage(tensors[name].key))

    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    return Stored("pytorch", shapes, read, step=_step(root))


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    # PyTorch does not compress: what unpacks to more than it is was made to fill memory.
    if info.file_size > most or info.file_size > 2 * info.compress_size + 1024:
        raise Malformed(f"{info.filename} is larger than any network has")
    return archive.read(info)


def _values(tensor: _Tensor, data: bytes) -> Array:
    """The values of a tensor, which is a view of a storage."""
    kind = tensor.kind
    flat = array_of(
        data[: len(data) - len(data) % size_of(kind)], kind, (len(data) // size_of(kind),)
    )
    if 0 in tensor.shape:
        return np.zeros(tensor.shape, flat.dtype)
    reach = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    if reach < 0 or tensor.offset < 0 or tensor.offset + reach >= len(flat):
        raise Malformed("it is cut off: a variable would lie behind its end")
    if math.prod(tensor.shape) > len(flat):
        raise Malformed("a variable is larger than its storage")
    view = flat[tensor.offset :]
    strides = tuple(s * view.itemsize for s in tensor.strides)
    return np.lib.stride_tricks.as_strided(view, tensor.shape, strides, writeable=False)


def _network(root: object) -> object:
    """The part of a trainer's checkpoint that is the network."""
    if isinstance(root, dict):
        for name in _NETWORK:
            if isinstance(root.get(name), (dict, Noted)) and any(_tensors(root[name])):
                return root[name]
    return root


def _tensors(root: object) -> Iterator[tuple[str, _Tensor]]:
    """Every tensor below, with the path to it as its name; optimizers are left out."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), root)]
    seen: set[int] = set()
    while waiting:
        path, value = waiting.pop()
        tensor = _tensor(value)
        if tensor is not None:
            yield ".".join(part for part in path if part not in _INSIDE), tensor
        elif id(value) not in seen and len(path) < _MOST_NESTED:
            seen.add(id(value))
            waiting += [((*path, name), one) for name, one in reversed(_parts(value))]


def _parts(value: object) -> list[tuple[str, object]]:
    if isinstance(value, Noted):
        value = value.state
    if not isinstance(value, dict):
        return []
    return [(k, one) for k, one in value.items() if isinstance(k, str) and "optim" not in k]


def _tensor(value: object) -> _Tensor | None:
    if not isinstance(value, Noted) or not isinstance(value.called, Named):
        return None
    name, arguments = value.called.name, value.arguments
    if not isinstance(arguments, tuple) or not arguments:
        return None
    if name.startswith(_PARAMETER):
        return _tensor(arguments[0])
    if name not in _REBUILD or len(arguments) < 4 or not isinstance(arguments[0], Kept):
        return None
    key, offset, shape, strides = arguments[0].key, *arguments[1:4]
    if not (
        isinstance(key, tuple) and len(key) >= 3 and isinstance(key[1], Named)
    ) or not isinstance(key[2], str):
        return None
    kind = _STORAGES.get(key[1].name.rpartition(".")[2])
    if kind is None or not _are_sizes(offset, shape, strides):
        return None
    return _Tensor(key[2], kind, offset, shape, strides)


def _are_sizes(offset: object, shape: object, strides: object) -> bool:
    if not (isinstance(shape, tuple) and isinstance(strides, tuple) and isinstance(offset, int)):
        return False
    return len(shape) == len(strides) and all(
        isinstance(n, int) and 0 <= n < 1 << 40 for n in (*shape, *strides)
    )


def _step(root: object) -> int | None:
    if not isinstance(root, dict):
        return None
    meta = root.get("meta")
    for place in (root, meta if isinstance(meta, Mapping) else {}):
        for name in _STEPS:
            if type(place.get(name)) is int:
                return int(place[name])
    return None


def _unread(path: Path) -> UserError:
    return UserError(
        f"{path} is in a form of PyTorch that can run code when it is read (the one before "
        "version 1.6, or TorchScript), so it is not read",
        "where you trust it, convert it with two lines of Python: "
        f'weights = torch.load("{path.name}", map_location="cpu", weights_only=True) (of '
        "TorchScript torch.jit.load(...).state_dict()), and "
        'safetensors.torch.save_file(weights.get("state_dict", weights), "weights.safetensors"); '
        "then --checkpoint weights.safetensors",
    )
