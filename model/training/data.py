"""Shards to batches: records at random access, decoded, checked and augmented ahead of the network.

Everything drawn at random comes from (seed, epoch, record), so neither the number of workers nor an
interruption changes what the network sees. No TensorFlow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model.config import DataSettings
from model.resize_range import range_size
from model.setting_types import HeightWidth
from model.training.augment import MEAN_PIXEL, NO_LABEL, crop_label, crop_photo, draw_view, whole
from model.training.sampler import Draw, Sampler, sample_rng
from segdata import records
from segdata.classes import Label
from segdata.errors import UserError
from segdata.images import read_label, read_photo
from segdata.manifest import ShardManifest

# Batches in the making while the network works on one: enough to even out slow decodes.
_BATCHES_AHEAD = 2


@dataclass(frozen=True)
class LabelledImage:
    """A record decoded: ``image: uint8 H×W×3, RGB`` and ``label: uint8 or uint16 H×W``."""

    key: str
    image: npt.NDArray[np.uint8]
    label: Label


@dataclass(frozen=True)
class Batch:
    """``images: uint8 N×3×H×W`` (channels last in memory), ``labels: int32 N×H×W``."""

    images: Tensor
    labels: Tensor
    keys: tuple[str, ...]


class SplitRecords:
    """The labelled records of one split, by number; safe to read from several threads.

    Args:
        remedy: what to do about a split that cannot be used.

    Raises:
        UserError: the split does not exist, is empty, or has images without labels.
    """

    def __init__(
        self,
        folder: Path,
        manifest: ShardManifest,
        split: str,
        remedy: str = "train on a labelled split: --set split=NAME",
    ) -> None:
        paths = ((folder / shard.file, shard.offsets) for shard in manifest.of_split(split))
        self._places = [(path, offset) for path, offsets in paths for offset in offsets]
        self._num_classes = manifest.num_classes
        self.ignore = manifest.ignore_label
        info = manifest.splits[split]
        if not self._places:
            raise UserError(f"the split {split!r} of {folder} is empty", remedy)
        if info.labelled < info.samples:
            raise UserError(
                f"{info.samples - info.labelled} of {info.samples} images of the split {split!r} "
                "have no label",
                remedy,
            )

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[LabelledImage]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: int) -> LabelledImage:
        """Read and check one record.

        Raises:
            UserError: it is damaged, its label does not fit its image, or holds an id that is
                neither a class nor ignored; names record and file.
        """
        path, offset = self._places[index]
        try:
            with path.open("rb") as file:
                data = records.read_at(file, offset)
        except OSError as error:
            raise UserError(
                f"{path} cannot be read: {error.strerror}", "make the shards again"
            ) from error
        where = f"{path.name}, byte {offset}"
        sample = records.decode(data, where)
        if sample.label is None:
            raise UserError(f"{sample.key} ({where}) has no label", "make the shards again")
        decoded = LabelledImage(sample.key, read_photo(sample.image), read_label(sample.label))
        self._check(decoded, where)
        return decoded

    def _check(self, sample: LabelledImage, where: str) -> None:
        name = f"{sample.key} ({where})"
        if sample.image.shape[:2] != sample.label.shape:
            height, width = sample.image.shape[:2]
            raise UserError(
                f"{name}: the photo is {width}×{height}, its label "
                f"{sample.label.shape[1]}×{sample.label.shape[0]}",
                "segdata validate explains such pairs",
            )
        if int(sample.label.max(initial=0)) < self._num_classes:
            return
        ids = [int(i) for i in np.unique(sample.label) if i >= self._num_classes]
        strays = [i for i in ids if i != self.ignore]
        if strays:
            raise UserError(
                f"{name}: label ids {strays[:8]} are neither a class (0 to "
                f"{self._num_classes - 1}) nor the ignore label ({self.ignore})",
                "segdata doctor says where such ids come from",
            )


@dataclass(frozen=True)
class TrainingData:
    """Augmented batches of a split.

    Args:
        settings: with ``crop_size`` chosen.
        sampler: decides which records a step shows to this process.
        padding: the pixel around photos that are smaller than the crop.
        pinned: whether batches lie where a GPU copies them by itself.
    """

    split: SplitRecords
    settings: DataSettings
    crop_size: HeightWidth
    sampler: Sampler
    padding: tuple[int, int, int] = MEAN_PIXEL
    pinned: bool = False

    def batches(self, step: int, steps: int) -> Generator[Batch]:
        """The batches of the steps from ``step`` up to ``steps``, made by worker threads."""
        drawn = self.sampler.batches(step, steps, self.settings.batch_size)
        pool = ThreadPoolExecutor(self.settings.workers, thread_name_prefix="segdata-data")
        waiting: deque[Future[Batch]] = deque()
        with _one_thread_each():
            try:
                for draws in drawn:
                    crops = [pool.submit(self._crop, draw) for draw in draws]
                    # Begun after its crops, so it never waits for one that waits for it.
                    waiting.append(pool.submit(self._collated, crops))
                    if len(waiting) > _BATCHES_AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _collated(self, futures: list[Future[_Crop]]) -> Batch:
        crops = [future.result() for future in futures]
        # Stacked as N×H×W×3 and only then named N×3×H×W: that is channels_last, without a copy.
        images = torch.from_numpy(np.stack([crop.image for crop in crops])).permute(0, 3, 1, 2)
        labels = torch.from_numpy(np.stack([crop.label for crop in crops]))
        if self.pinned:
            images, labels = images.pin_memory(), labels.pin_memory()
        return Batch(images, labels, tuple(crop.key for crop in crops))

    def _crop(self, draw: Draw) -> _Crop:
        sample = self._resized(self.split[draw.index])
        rng = sample_rng(self.sampler.seed, draw)
        shape = (sample.image.shape[0], sample.image.shape[1])
        view = draw_view(shape, self.crop_size, self.settings, rng)
        return _Crop(
            sample.key,
            crop_photo(sample.image, view, self.crop_size, self.padding),
            crop_label(sample.label, view, self.crop_size, self._ignore),
        )

    def _resized(self, sample: LabelledImage) -> LabelledImage:
        """The sample at the size that ``min_resize_value`` gives it."""
        size = range_size(sample.label.shape, self.settings)
        if size == sample.label.shape:
            return sample
        view = whole(size)
        label = crop_label(sample.label, view, size, self._ignore).astype(sample.label.dtype)
        return LabelledImage(sample.key, crop_photo(sample.image, view, size), label)

    @property
    def _ignore(self) -> int:
        return NO_LABEL if self.split.ignore is None else self.split.ignore


@dataclass(frozen=True)
class _Crop:
    key: str
    image: npt.NDArray[np.uint8]
    label: npt.NDArray[np.int32]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep OpenCV from taking all cores for every worker; the network needs them."""
    earlier = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(earlier)
