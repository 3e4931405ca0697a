"""What to say where a path leads to nothing that is read."""

from __future__ import annotations

import difflib
import re
import shlex
import struct
import zipfile
from pathlib import Path

from segdata.errors import UserError

_CAN_RUN_CODE = (".pth", ".pt", ".bin", ".pkl", ".pickle", ".ckpt.pt", ".pth.tar")
_OTHER_KINDS = {
    ".h5": "a Keras file", ".hdf5": "a Keras file", ".keras": "a Keras file",
    ".tflite": "a TensorFlow Lite model", ".onnx": "an ONNX model", ".npz": "a NumPy archive",
    ".pbtxt": "a graph as text, which has no weights", ".caffemodel": "a Caffe model",
}  # fmt: skip
SAVED_MODEL = "saved_model.pb"
_HDF5 = b"\x89HDF\r\n\x1a\n"
# gzip, bzip2, xz, 7-Zip, RAR.
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
# Of the protocols 2 to 5.
_PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
KINDS_READ = (
    "give a TensorFlow checkpoint (its prefix, such as model.ckpt-30000, or its folder), a "
    "published .tar.gz, a frozen graph (.pb), timm's .safetensors, or a run of segdata"
)


def not_found(path: Path, there: list[Path], prefix: str | None) -> UserError:
    """The error of a path that leads to nothing that is read.

    Args:
        there: checkpoints in its folder.
        prefix: of the checkpoint that the path would be a file of.
    """
    if "://" in str(path) or re.match(r"https?:/", str(path)):
        address = re.sub(r":/(?!/)", "://", str(path))
        return UserError(f"{address} is a web address", "download it first, and give the file")
    if path.is_file() and path.stat().st_size == 0:
        return UserError(f"{path} is empty", "fetch it again: its download did not begin")
    content = content_of(path)
    if content == "pickle" or (content is None and path.name.lower().endswith(_CAN_RUN_CODE)):
        return UserError(
            f"{path} looks like a pickle of PyTorch: reading one can run any code, so segdata "
            "reads none",
            "where you trust it: safetensors.torch.save_file(torch.load(FILE, weights_only=True), "
            '"weights.safetensors")',
        )
    if content == "packed":
        return UserError(f"{path} is packed", f"{_unpacking(path)}, and give what it holds")
    if path.name == SAVED_MODEL:
        return UserError(
            f"{path} is a SavedModel, and the folder variables, which holds its weights, is not "
            "beside it",
            "fetch all of its folder, or give the checkpoint or frozen graph that it was made from",
        )
    kind = content or _OTHER_KINDS.get(path.suffix.lower())
    if kind:
        return UserError(f"{path} is {kind}", KINDS_READ)
    if (prefix and path.exists()) or _has_data(path):
        return UserError(
            f"{path} belongs to a checkpoint, and {prefix or path.name}.index, which says what is "
            "in it, is not beside it",
            "fetch all files of the checkpoint into one folder",
        )
    if path.exists():
        return UserError(f"{path} is no checkpoint, or it is cut off", KINDS_READ)
    return UserError(f"there is no checkpoint {path}", _nearest(path, there))


def content_of(path: Path) -> str | None:
    """What the first bytes of a file say: "pickle" is PyTorch's, "packed" is an archive whose name
    does not tell; others are named in words.

    PyTorch writes a zip of pickles, and wrote bare ones before 1.6.
    """
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(_PICKLES):
        return "pickle"
    if start.startswith(_PACKED):
        return "packed"
    if start == _HDF5:
        return "a Keras file"
    return _zipped(path) if start.startswith(b"PK\x03\x04") else None


def _zipped(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        # One that is cut off has lost its list of names.
        return _OTHER_KINDS.get(path.suffix.lower(), "pickle")
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        return "pickle"
    if names and all(name.endswith(".npy") for name in names):
        return _OTHER_KINDS[".npz"]
    return _OTHER_KINDS.get(path.suffix.lower(), "a zip archive without a checkpoint")


def _unpacking(path: Path) -> str:
    name = shlex.quote(str(path))
    return {".7z": f"7z x {name}", ".rar": f"unrar x {name}"}.get(path.suffix, f"tar xf {name}")


def _has_data(prefix: Path) -> bool:
    folder, start = prefix.parent, f"{prefix.name}.data-"
    return folder.is_dir() and any(entry.name.startswith(start) for entry in folder.iterdir())


def _nearest(path: Path, prefixes: list[Path]) -> str:
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist: check the path"
    there = {str(prefix): prefix for prefix in prefixes}
    there |= {str(e): e for e in path.parent.iterdir() if e.is_dir() or e.suffix in (".pb", ".gz")}
    near = difflib.get_close_matches(str(path), list(there), n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]}?"
    names = ", ".join(sorted(p.name for p in there.values())[:8])
    return f"{path.parent} holds {names}" if names else f"{path.parent} holds no checkpoint"
