"""Keras' ``.h5``, ``.weights.h5`` and ``.keras``: arrays in HDF5, the layers described as JSON.

Only arrays and text are read: layers are never built, so no ``Lambda`` runs. HDF5 is read by h5py,
which TensorFlow brings along.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from segdata.errors import UserError
from segdata.evidence.stored import DAMAGED_ZIP, LARGEST, Array, Shape, Stored
from segdata.wire import Malformed

_WEIGHTS, _CONFIG = "model.weights.h5", "config.json"
# Keras 3 numbers a layer's variables in the order in which the layer makes them.
_NUMBERED = re.compile(r"(?P<layer>.*)/vars/(?P<number>\d+)")
_BATCH_NORM = re.compile(r"batch_?norm|(?:^|[/_])bn(?:$|[/_\d])", re.IGNORECASE)
_OF_BATCH_NORM = ("gamma", "beta", "moving_mean", "moving_variance")
_OTHERS = ("kernel", "bias")
_LARGEST_CONFIG = 64 << 20
# What h5py raises on damaged bytes, beside what callers expect: ValueError and OSError.
_DAMAGED = (RuntimeError, KeyError, TypeError, AttributeError, OverflowError, MemoryError)


@contextmanager
def open_keras(path: Path) -> Iterator[Stored]:
    """The variables of a file, for as long as it is open.

    Raises:
        UserError: h5py is not installed; how to convert the file.
        Malformed: it is damaged, or holds no weights.
        OSError: it cannot be read.
    """
    h5py = _h5py(path)
    if path.suffix != ".keras":
        with h5py.File(path, "r") as file:
            yield _stored(file, _config_of(file))
        return
    with tempfile.TemporaryDirectory(prefix="segdata-") as scratch:
        target = Path(scratch) / "weights.h5"
        config = _unpack(path, target)
        with h5py.File(target, "r") as file:
            yield _stored(file, config)


def _h5py(path: Path) -> Any:
    try:
        import h5py
    except ImportError as missing:
        raise UserError(
            f"{path} is Keras' HDF5, and h5py, which reads it, is not installed",
            'pip install h5py, or convert it where Keras is: numpy.savez("weights.npz", '
            "**{w.path: w.numpy() for w in model.weights}), then "
            'safetensors.numpy.save_file(dict(numpy.load("weights.npz")), "weights.safetensors")',
        ) from missing
    return h5py


def _unpack(path: Path, target: Path) -> Any:
    """Write the weights of a ``.keras`` archive to a file; returns what it says of its layers."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(_WEIGHTS)
            # Weights hardly shrink: what unpacks to much more was made to fill the disk.
            if info.file_size > 20 * info.compress_size + 1024:
                raise Malformed("its weights would unpack to far more than it holds")
            with archive.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
            if archive.getinfo(_CONFIG).file_size > _LARGEST_CONFIG:
                return None
            return json.loads(archive.read(_CONFIG))
    except DAMAGED_ZIP as error:
        raise Malformed("its archive is damaged") from error


def _stored(file: Any, config: Any) -> Stored:
    arrays: dict[str, Any] = {}

    def keep(name: str, entry: Any) -> None:
        # Values in other files are not followed.
        is_array = hasattr(entry, "dtype") and not entry.external and not entry.is_virtual
        if is_array and entry.dtype.kind in "fiu":
            arrays[_named(name)] = entry

    try:
        file.visititems(keep)
    except _DAMAGED as error:
        raise Malformed("its layers cannot be listed") from error
    if not arrays:
        raise Malformed("it holds no weights")

    def read(name: str) -> Array:
        if math.prod(arrays[name].shape) * arrays[name].dtype.itemsize > LARGEST:
            raise Malformed(f"{name} is larger than any network has")
        try:
            return np.asarray(arrays[name][()])
        except _DAMAGED as error:
            raise Malformed(f"{name} cannot be read") from error

    shapes: dict[str, Shape] = {name: tuple(array.shape) for name, array in arrays.items()}
    activation = _activation(config)
    return Stored("keras", shapes, read, classes=_classes(config), activation=activation)


def _named(name: str) -> str:
    found = _NUMBERED.fullmatch(name)
    if not found:
        return name.removeprefix("model_weights/").removesuffix(":0")
    names: Sequence[str] = _OF_BATCH_NORM if _BATCH_NORM.search(found["layer"]) else _OTHERS
    number = int(found["number"])
    return f"{found['layer']}/{names[number]}" if number < len(names) else name


def _config_of(file: Any) -> Any:
    """The layers as an ``.h5`` of a whole model describes them."""
    try:
        text = file.attrs.get("model_config")
        return json.loads(text) if text is not None else None
    except (*_DAMAGED, ValueError, OSError):
        return None


def _activation(config: Any) -> str:
    """Of the last layer of a model, where that is a convolution or an activation by itself."""
    try:
        last = config["config"]["layers"][-1]
        kind = last["class_name"]
        named = kind.lower() if kind in ("Softmax", "Sigmoid") else last["config"]["activation"]
    except (KeyError, TypeError, IndexError):
        return ""
    return named if isinstance(named, str) else ""


def _classes(config: Any) -> int | None:
    """Channels of the last convolution of a model."""
    try:
        layers = config["config"]["layers"]
        last = [one["config"]["filters"] for one in layers if "Conv2D" in one["class_name"]][-1]
    except (KeyError, TypeError, IndexError):
        return None
    return last if isinstance(last, int) else None
