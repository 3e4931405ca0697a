"""What to say where a path leads to nothing that is read."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from segdata.errors import UserError

_CAN_RUN_CODE = (".pth", ".pt", ".bin", ".pkl", ".pickle", ".ckpt.pt", ".pth.tar")
_OTHER_KINDS = {
    ".h5": "a Keras file", ".hdf5": "a Keras file", ".keras": "a Keras file",
    ".tflite": "a TensorFlow Lite model", ".onnx": "an ONNX model", ".npz": "a NumPy archive",
    ".pbtxt": "a graph as text, which has no weights", ".caffemodel": "a Caffe model",
}  # fmt: skip
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
    name = path.name.lower()
    if "://" in str(path) or re.match(r"https?:/", str(path)):
        return UserError(f"{path} is a web address", "download it first, and give the file")
    if name.endswith(_CAN_RUN_CODE) or _is_pickle(path):
        return UserError(
            f"{path} is a pickle of PyTorch: reading one can run any code, so segdata reads none",
            "where you trust it: safetensors.torch.save_file(torch.load(FILE, weights_only=True), "
            '"weights.safetensors")',
        )
    if path.suffix.lower() in _OTHER_KINDS:
        return UserError(f"{path} is {_OTHER_KINDS[path.suffix.lower()]}", KINDS_READ)
    if (prefix and path.exists()) or _has_data(path):
        return UserError(
            f"{path} belongs to a checkpoint, and {prefix or path.name}.index, which says what is "
            "in it, is not beside it",
            "fetch all files of the checkpoint into one folder",
        )
    if path.exists():
        return UserError(f"{path} is no checkpoint, or it is cut off", KINDS_READ)
    return UserError(f"there is no checkpoint {path}", _nearest(path, there))


def _is_pickle(path: Path) -> bool:
    """Whether a file is one of PyTorch whatever its name: a zip of pickles, or a bare one."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4).startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x04", b"\x80\x05"))


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
