"""Let a network predict photos and videos, and write what it says."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

from segdata.classes import ClassMap, Label
from segdata.errors import MissingExtra, UserError
from segdata.frames import (
    Damaged,
    Frame,
    Photo,
    Source,
    Sources,
    find_sources,
    read_ahead,
    read_frames,
)
from segdata.images import encode_label
from segdata.predictor import PredictionOptions
from segdata.progress import Silence, Watch
from segdata.workflows.predicted_folder import PredictedFolder

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor

# Palette PNGs hold at most this many ids.
_PALETTE = 256


@dataclass(frozen=True, kw_only=True)
class PredictionRequest:
    """What to predict, and what to write.

    Args:
        images: photos, videos, folders, patterns, or ``-`` for stdin (``frames.find_sources``).
        model: a run, a checkpoint, an imported checkpoint, or one of TensorFlow's.
        out: the folder of results; each is named as its image.
        options: how images are predicted.
        palette: PNGs that look as the classes are colored, and still carry ids.
        probabilities: also write ``NAME.npz`` with ``probabilities``, K×H×W of this type.
        device: cpu, cuda or auto.
        overwrite: predict again what is there.
        advice: say which option would be faster.
    """

    images: tuple[str, ...]
    model: Path
    out: Path
    options: PredictionOptions = field(default_factory=PredictionOptions)
    palette: bool = False
    probabilities: Literal["float16", "float32"] | None = None
    device: str = "auto"
    overwrite: bool = False
    advice: bool = True


@dataclass(frozen=True, eq=False)
class Predicted:
    """What :func:`predict` did.

    Args:
        out: the folder of results.
        written: how many images were predicted.
        skipped: how many had their results.
        damaged: files that could not be read, or not to their end.
        pixels: of those that were predicted, by class id.
        class_map: the classes of the network.
        palette: whether the PNGs are colored.
    """

    out: Path
    written: int
    skipped: int
    damaged: tuple[Damaged, ...]
    pixels: Mapping[int, int]
    class_map: ClassMap
    palette: bool

    @property
    def exit_code(self) -> int:
        """1 where a file could not be read."""
        return 1 if self.damaged else 0


def predict(
    request: PredictionRequest, *, watch: Watch | None = None, stdin: BinaryIO | None = None
) -> Predicted:
    """Predict and write; what is there, whole and newer than its image is not predicted again.

    Raises:
        UserError: an image or the model is not there, the output lies among the images or holds
            other things, or not one image can be read.
        MissingExtra: torch is not installed.
    """
    watch = watch or Silence()
    sources = sources_of(request, stdin)
    PredictedFolder(request.out, {}).refuse_sources(sources)
    predictor = predictor_of(request, watch)
    for note in sources.notes:
        watch.note(note)
    folder = PredictedFolder(request.out, _record(request, predictor), request.overwrite)
    writer = _Writer(request, predictor, folder, watch)
    with folder.open():
        frames = read_ahead(read_frames(sources.items, writer.needs))
        for frame in watch(frames, "predicting", sources.count()):
            writer.take(frame)
        return writer.result()


class _Writer:
    """Predicts frames one at a time and adds up what was done."""

    def __init__(
        self,
        request: PredictionRequest,
        predictor: TrainedPredictor,
        folder: PredictedFolder,
        watch: Watch,
    ) -> None:
        self._request, self._predictor = request, predictor
        self._folder, self._watch = folder, watch
        self._written = self._skipped = 0
        self._damaged: list[Damaged] = []
        self._pixels: Counter[int] = Counter()
        self._tiles: set[tuple[int, int]] = set()

    def needs(self, source: Source, key: str) -> bool:
        """Whether a result of an image is missing."""
        return not all(self._folder.holds(name, source.changed) for name in self._names(key))

    def take(self, frame: Frame | Damaged) -> None:
        """Predict one image."""
        if isinstance(frame, Damaged):
            self._damaged.append(frame)
        elif frame.image is None:
            self._skipped += 1
        else:
            self._tell_tiles(frame.image.shape)
            self._write(frame.key, frame.image)
            self._written += 1

    def result(self) -> Predicted:
        """What was done.

        Raises:
            UserError: nothing, since no image can be read.
        """
        if not self._written + self._skipped:
            count, first = len(self._damaged), self._damaged[0].reason
            raise UserError(first if count == 1 else f"none of {count} files can be read: {first}")
        return Predicted(
            out=self._request.out,
            written=self._written,
            skipped=self._skipped,
            damaged=tuple(self._damaged),
            pixels=dict(sorted(self._pixels.items())),
            class_map=self._predictor.class_map,
            palette=self._request.palette,
        )

    def _names(self, key: str) -> list[str]:
        # The PNG is written last.
        return [*([f"{key}.npz"] if self._request.probabilities else []), f"{key}.png"]

    def _write(self, key: str, image: Photo) -> None:
        kind = self._request.probabilities
        if kind:
            probabilities = self._predictor.probabilities(image)
            label = probabilities.argmax(axis=0).astype(self._predictor.dtype)
            packed = io.BytesIO()
            np.savez_compressed(packed, probabilities=probabilities.astype(kind, copy=False))
            self._folder.write(f"{key}.npz", packed.getvalue())
        else:
            label = self._predictor.predict(image)
        png = png_of(label, self._predictor.class_map, self._request.palette)
        self._folder.write(f"{key}.png", png)
        self._pixels.update(pixels_of(label))

    def _tell_tiles(self, shape: tuple[int, ...]) -> None:
        plan = self._predictor.plan(*shape[:2])
        if plan.tile and plan.tile not in self._tiles:
            self._tiles.add(plan.tile)
            self._watch.note(f"images of {shape[1]}×{shape[0]} are cut: {plan.reason}")


def sources_of(request: PredictionRequest, stdin: BinaryIO | None) -> Sources:
    """What is to be predicted."""
    if not request.images:
        raise UserError(
            "no images are named", f"segdata predict PHOTOS --model {request.model} --out DIR"
        )
    return find_sources(request.images, stdin or sys.stdin.buffer)


def predictor_of(request: PredictionRequest, watch: Watch) -> TrainedPredictor:
    """The network; what there is to know of it is told."""
    try:
        from model.prediction.predictor import load_predictor
    except ModuleNotFoundError as missing:
        raise MissingExtra(missing.name or "torch", "train") from missing
    predictor = load_predictor(request.model, request.device, request.options, note=watch.note)
    hardware = predictor.hardware
    if request.advice and hardware.faster_in_bf16:
        where = "GPU" if hardware.device.type == "cuda" else "processor"
        watch.note(f"--precision bf16 is faster on this {where}, and changes a few pixels")
    return predictor


def _record(request: PredictionRequest, predictor: TrainedPredictor) -> dict[str, Any]:
    options = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(request.options).items()
    }
    return {
        "model": str(request.model),
        "network": predictor.digest,
        "step": predictor.step,
        **options,
        "precision": predictor.precision,
        "palette": request.palette,
        "probabilities": request.probabilities,
        **predictor.class_map.to_json(),
    }


def png_of(label: Label, class_map: ClassMap, palette: bool) -> bytes:
    """A label as it is written."""
    return encode_label(label, class_map.color_table()[:_PALETTE] if palette else None)


def pixels_of(label: Label) -> dict[int, int]:
    """How many pixels each class has that is there."""
    counts = np.bincount(label.ravel())
    return {i: int(counts[i]) for i in np.flatnonzero(counts).tolist()}
