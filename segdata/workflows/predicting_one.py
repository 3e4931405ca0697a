"""Let a network predict one photo: to a file of its own, or to stdout."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from segdata.errors import UserError
from segdata.files import write_file
from segdata.frames import Damaged, Photo, Source, read_frames
from segdata.images import IMAGE_SUFFIXES
from segdata.progress import Silence, Watch
from segdata.workflows.predicting import (
    Predicted,
    PredictionRequest,
    pixels_of,
    png_of,
    predictor_of,
    sources_of,
)


def is_one_file(out: Path) -> bool:
    """Whether this names the PNG of one photo, and not a folder of results.

    Raises:
        UserError: it names a picture of another kind.
    """
    suffix = out.suffix.lower()
    if suffix not in IMAGE_SUFFIXES or out.is_dir():
        return False
    if suffix != ".png":
        raise UserError(f"{out}: labels are PNGs", f"--out {out.with_suffix('.png')}")
    return True


def predict_file(
    request: PredictionRequest, *, watch: Watch | None = None, stdin: BinaryIO | None = None
) -> Predicted:
    """Predict one photo and write its PNG as the file ``request.out``.

    Raises:
        UserError: as :func:`segdata.workflows.predict`; it is not one photo, or the file exists.
    """
    out = request.out
    if request.probabilities:
        raise UserError(
            f"{out} is one file, and probabilities are written beside it",
            f"give a folder: --out {out.with_suffix('')}",
        )
    source = _one(request, stdin, f"{out} is one file")
    if isinstance(source.file, str) and out.exists() and out.samefile(source.file):
        raise UserError(f"{out} is the photo that is read", "choose another --out")
    if out.exists() and not request.overwrite:
        raise UserError(f"{out} exists", "choose another --out, or add --overwrite")
    image = _read(source)
    predictor = predictor_of(request, watch or Silence())
    label, class_map = predictor.predict(image), predictor.class_map
    write_file(out, png_of(label, class_map, request.palette))
    return Predicted(
        out=out,
        written=1,
        skipped=0,
        damaged=(),
        pixels=pixels_of(label),
        class_map=class_map,
        palette=request.palette,
    )


def predict_png(
    request: PredictionRequest, *, watch: Watch | None = None, stdin: BinaryIO | None = None
) -> bytes:
    """The PNG of one photo; nothing is written.

    Raises:
        UserError: as :func:`segdata.workflows.predict`; or it is not one photo.
    """
    image = _read(_one(request, stdin, "stdout takes one photo"))
    predictor = predictor_of(request, watch or Silence())
    return png_of(predictor.predict(image), predictor.class_map, request.palette)


def _one(request: PredictionRequest, stdin: BinaryIO | None, takes: str) -> Source:
    sources = sources_of(request, stdin)
    if len(sources.items) > 1 or sources.items[0].is_video:
        count = sources.count()
        raise UserError(
            f"{takes}, and these are {count} pictures" if count > 1 else f"{takes}, not a video",
            "give a folder: --out DIR",
        )
    return sources.items[0]


def _read(source: Source) -> Photo:
    (frame,) = read_frames((source,), lambda source, key: True)
    if isinstance(frame, Damaged):
        raise UserError(frame.reason)
    assert frame.image is not None
    return frame.image
