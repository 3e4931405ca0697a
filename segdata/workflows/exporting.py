"""Write a trained network as a file of another tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from segdata.errors import MissingExtra, UserError
from segdata.images import read_photo
from segdata.predictor import PredictionOptions
from segdata.progress import Silence, Watch
from segdata.samples import sample_folder

if TYPE_CHECKING:
    from model.exporting import Export

# The photo on which a file and its network are compared when none is named.
_SAMPLE = ("streets", "images/street_0000.jpg")
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """What to export.

    Args:
        run: a run, a checkpoint, an imported checkpoint, or one of TensorFlow's.
        out: the file. Of ``all`` formats, each has its own suffix.
        to: the format; None goes by the suffix of ``out``.
        preprocess: take photos as they are, and answer at their size.
        output: ids, logits or probabilities; None gives ids with ``preprocess``, else logits.
        size: the one height and width of the input; None takes any.
        options: scales, mirrored looks and the crop size.
        settings: of the network, ``KEY=VALUE``, that differ from those of its training.
        image: the photo on which file and network are compared; None takes a sample.
        overwrite: replace files that are there.
    """

    run: Path
    out: Path
    to: str | None = None
    preprocess: bool = False
    output: Literal["ids", "logits", "probabilities"] | None = None
    size: tuple[int, int] | None = None
    options: PredictionOptions = field(default_factory=PredictionOptions)
    settings: tuple[str, ...] = ()
    image: Path | None = None
    overwrite: bool = False


def export(request: ExportRequest, *, watch: Watch | None = None) -> Export:
    """Export; a file is there only if it says what the network says.

    Raises:
        UserError: there is no network, the request contradicts itself, or a file would differ.
        MissingExtra: torch or a package of the format is not installed.
    """
    try:
        from model.exporting import ExportOptions, Interface, export
        from model.importing.for_now import as_ours
    except ModuleNotFoundError as missing:
        raise MissingExtra(missing.name or "torch", "train") from missing
    interface = Interface(
        preprocess=request.preprocess,
        output=request.output or ("ids" if request.preprocess else "logits"),
        size=request.size,
        options=request.options,
    )
    files, photo = _files(request), _photo(request.image)
    watch = watch or Silence()
    with as_ours(request.run, request.settings, watch.note) as (run, settings):
        options = ExportOptions(interface=interface, settings=settings, skip=request.to == ALL)
        return export(run, files, photo, options, watch)


def _photo(path: Path | None) -> npt.NDArray[np.uint8]:
    if path is None:
        name, inside = _SAMPLE
        path = sample_folder(name) / inside
    return read_photo(path)


def _files(request: ExportRequest) -> Mapping[str, Path]:
    """The files by the names of their formats."""
    from model.exporting.formats import FORMATS

    suffixes = {kind.suffix: name for name, kind in FORMATS.items()}
    out, suffix = request.out, request.out.suffix.lower()
    _refuse_folder(out)
    if request.to == ALL:
        stem = out.with_suffix("") if suffix in suffixes else out
        files = {name: Path(f"{stem}{kind.suffix}") for name, kind in FORMATS.items()}
    else:
        name = request.to or suffixes.get(suffix)
        if name is None or FORMATS[name].suffix != suffix:
            raise _wrong_suffix(out, FORMATS[name or "onnx"].suffix)
        files = {name: out}
    there = [str(path) for path in files.values() if path.exists()]
    if there and not request.overwrite:
        raise UserError(f"{', '.join(there)} exists", "choose another --out, or add --overwrite")
    return files


def _refuse_folder(out: Path) -> None:
    if out.is_dir():
        raise UserError(f"{out} is a folder, and --out is a file", f"--out {out / 'model.onnx'}")


def _wrong_suffix(out: Path, suffix: str) -> UserError:
    remedy = f"--out {out.with_suffix(suffix)}"
    if out.suffix.lower() in (".pb", ".pbtxt"):
        return UserError(
            f"{out}: a frozen graph is TensorFlow 1's, and nothing can write it any more; ONNX "
            "takes the same photos and gives the same ids (with --preprocess), and TensorFlow "
            "Lite's form is .tflite",
            remedy,
        )
    return UserError(
        f"{out} does not end as a file of its format does: .onnx, .pt2 for torch-export, .tflite",
        remedy,
    )
