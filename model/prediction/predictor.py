"""A trained network as something that turns photos into class ids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model.aligned_corners import nearest_indices
from model.altered import altered
from model.checkpoint import Checkpoint
from model.config import DataSettings, TrainSettings
from model.hardware import Hardware, choose_hardware
from model.importing.for_now import as_ours
from model.network.deeplab import DeepLab
from model.prediction.photos import refuse_others
from model.prediction.planning import Plan
from model.prediction.score_map import ScoreMap
from model.prediction.scoring import Scorer
from model.prediction.statistics import take_own_statistics
from model.restoring import network_of, newest
from segdata.classes import ClassMap
from segdata.predictor import PredictionOptions

Image = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.uint8 | np.uint16]
Size = tuple[int, int]


class TrainedPredictor:
    """Fulfils :class:`segdata.predictor.Predictor` with a network of this package.

    Images of any size come back at their own size. They are padded at the bottom and right with the
    network's mean pixel, predicted whole or in tiles (:meth:`plan`), and what was padded is cut
    off. Where the run resized its images (``min_resize_value``), they are resized alike.

    Tiles overlap, and their scores are blended smoothly. Each is an image of its own to the
    network: what looks at all of it (image pooling) sees the tile only, so tiles differ a little
    from the whole image, with ``faithful`` networks as with others.
    """

    def __init__(
        self,
        network: DeepLab,
        class_map: ClassMap,
        hardware: Hardware,
        trained: Checkpoint | None = None,
        options: PredictionOptions | None = None,
    ) -> None:
        self.network = network
        self.hardware = hardware
        self.options = options or PredictionOptions()
        self._class_map = class_map
        self._trained = trained
        data = trained.settings.data if trained else DataSettings()
        self._scorer = Scorer(network, hardware, self.options, data)

    @property
    def class_map(self) -> ClassMap:
        """The classes that the network was trained for."""
        return self._class_map

    @property
    def settings(self) -> TrainSettings | None:
        """The settings of the run it comes from; None for a network that is not from a run."""
        return self._trained.settings if self._trained else None

    @property
    def step(self) -> int | None:
        """The training step of its weights; None for a network that is not from a run."""
        return self._trained.step if self._trained else None

    @property
    def precision(self) -> Literal["fp32", "bf16"]:
        """In what it calculates."""
        return self.hardware.precision

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change with any weight or setting of the network."""
        found = hashlib.sha256(self.network.settings.model_dump_json().encode())
        weights = self._trained.weights if self._trained else self.network.state_dict()
        for name, tensor in sorted(weights.items()):
            found.update(name.encode())
            found.update(tensor.cpu().contiguous().numpy().tobytes())
        return found.hexdigest()[:16]

    def plan(self, height: int, width: int) -> Plan:
        """Whether an image of this size is predicted whole or in tiles, and why.

        Where no tile is set, the free memory of this moment decides.
        """
        return self._scorer.plan((height, width))

    def predict(self, image: Image) -> Ids:
        """``image: uint8 H×W×3, RGB`` -> ``label: uint8 or uint16 H×W, class ids``."""
        return self.predict_batch([image])[0]

    def predict_batch(self, images: Iterable[Image]) -> list[Ids]:
        """As :meth:`predict`; images of one size go through the network together.

        Raises:
            UserError: an image is no array, or not uint8 H×W×3.
        """
        images = list(images)
        for image in images:
            refuse_others(image)
        return self._labels(images)

    def predict_values(self, images: Sequence[npt.NDArray[np.float32]]) -> list[Ids]:
        """As :meth:`predict_batch`, of ``float32 H×W×3`` on any scale: what the network makes of
        images that somebody has normalized before it does."""
        return self._labels(images)

    def with_own_statistics(self) -> TrainedPredictor:
        """The same weights with batch norms that take mean and variance of the images they are
        given, as in training, instead of the stored ones.

        Raises:
            ValueError: the predictor is not of a checkpoint.
        """
        if self._trained is None:
            raise ValueError("a network without a checkpoint has no batch norms to restore")
        network = network_of(self._trained)
        take_own_statistics(network)
        self.hardware.place(network)
        network.eval()
        return TrainedPredictor(
            network, self._class_map, self.hardware, self._trained, self.options
        )

    def _labels(self, images: Sequence[Image | npt.NDArray[np.float32]]) -> list[Ids]:
        labels: dict[int, Ids] = {}
        for indices in self._batches(images):
            best = self._read([images[i] for i in indices], self._best)
            labels |= zip(indices, best.astype(self.dtype, copy=False), strict=True)
        return [labels[index] for index in range(len(images))]

    def logits(self, image: Image) -> npt.NDArray[np.float32]:
        """``image: uint8 H×W×3, RGB`` -> ``float32 K×H×W`` at the input's own size.

        With several scales or flip: the logarithms of the mean probabilities.
        """
        refuse_others(image)
        scores: npt.NDArray[np.float32] = self._read([image], lambda scores: scores)[0]
        return scores

    def probabilities(self, image: Image) -> npt.NDArray[np.float32]:
        """``image: uint8 H×W×3, RGB`` -> ``float32 K×H×W`` at the input's own size.

        Those of one pixel sum to 1. With several scales or flip they are the means of all; the
        original takes the softmax of those means once more, which makes them all alike.
        """
        refuse_others(image)
        read = self._read([image], lambda scores: scores.softmax(dim=1))
        probabilities: npt.NDArray[np.float32] = read[0]
        return probabilities

    def predict_with_confidence(self, image: Image) -> tuple[Ids, npt.NDArray[np.float32]]:
        """As :meth:`predict`, and ``float32 H×W``: the probability of the predicted class."""
        refuse_others(image)

        def best(scores: Tensor) -> Tensor:
            sure, ids = scores.softmax(dim=1).max(dim=1)
            # float32 holds every id that 16 bits hold.
            return torch.stack([ids.float(), sure], dim=1)

        ids, sure = self._read([image], best)[0]
        return ids.astype(self.dtype), np.asarray(sure, dtype=np.float32)

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """That of predicted ids."""
        classes = self.network.settings.num_classes or 0
        return np.uint16 if classes > np.iinfo(np.uint8).max + 1 else self._class_map.dtype

    def _best(self, scores: Tensor) -> Tensor:
        # Narrow at once: a large image's int64 ids take eight times the memory of its labels.
        return scores.argmax(dim=1).to(torch.uint8 if self.dtype is np.uint8 else torch.int32)

    def _batches(self, images: Sequence[Image | npt.NDArray[np.float32]]) -> Iterator[list[int]]:
        """Numbers of images of one size, as many as may go through the network together."""
        by_size: dict[Size, list[int]] = {}
        for index, image in enumerate(images):
            by_size.setdefault((image.shape[0], image.shape[1]), []).append(index)
        for size, indices in by_size.items():
            most = 1 if len(indices) == 1 else self._scorer.at_once(size)
            yield from (indices[i : i + most] for i in range(0, len(indices), most))

    @torch.inference_mode()
    def _read(
        self, images: Sequence[Image | npt.NDArray[np.float32]], read: Callable[[Tensor], Tensor]
    ) -> npt.NDArray[np.float32 | np.uint8 | np.int32]:
        """What ``read`` makes of the scores ``N×K×h×w`` of images of one size, at that size."""
        own = (images[0].shape[0], images[0].shape[1])
        scores = self._scorer.scores(torch.from_numpy(np.stack(images)))
        if scores.size == own:
            return _collected(scores, read)
        if self.network.settings.faithful:
            # export_model.py resizes the ids back to the nearest.
            rows, columns = (nearest_indices(*pair) for pair in zip(scores.size, own, strict=True))
            return _collected(scores, read)[..., rows[:, None], columns]
        device = self.hardware.device
        return _collected(ScoreMap([scores.whole()], own, own, device), read)


def load_predictor(
    path: Path | str,
    device: str = "auto",
    options: PredictionOptions | None = None,
    settings: Iterable[str] = (),
    note: Callable[[str], None] = lambda sentence: None,
) -> TrainedPredictor:
    """The network of a run folder (its newest whole checkpoint), or of a checkpoint.

    Args:
        path: a run, a checkpoint, an imported checkpoint, or the ``.safetensors`` in one; or what
            ``segdata import-checkpoint`` takes, which is imported anew each time: a prefix, folder
            or archive of TensorFlow's, a frozen graph, timm's safetensors.
        device: cpu, cuda or auto: a GPU where there is one.
        options: how images are predicted.
        settings: of the network, ``KEY=VALUE``, that differ from those of its training; the weights
            must fit, as they do for another output stride, with which atrous rates are scaled
            unless they are given.
        note: is told what else such settings change, and what is assumed of a checkpoint of others.

    The options alone say in what it calculates, whatever its training did: in float32 by default.

    Raises:
        UserError: there is no checkpoint, it is damaged, or it has no logits.
    """
    options = options or PredictionOptions()
    with as_ours(Path(path), settings, note) as (own, other):
        checkpoint = altered(newest(own, note), other, note)
    network = network_of(checkpoint)
    run = checkpoint.settings.run
    asked = {"device": device, "precision": options.precision}
    hardware = choose_hardware(run.model_copy(update=asked))
    network.fold()
    hardware.place(network)
    network.eval()
    return TrainedPredictor(network, checkpoint.class_map, hardware, checkpoint, options)


def _collected(
    scores: ScoreMap, read: Callable[[Tensor], Tensor]
) -> npt.NDArray[np.float32 | np.uint8 | np.int32]:
    """What ``read`` makes of all bands: ``N×H×W`` or ``N×K×H×W``."""
    whole = torch.empty(0)
    for rows, part in scores.bands():
        values = read(part)
        if not whole.numel():
            whole = torch.empty(*values.shape[:-2], *scores.size, dtype=values.dtype)
        whole[..., rows, :] = values
    return whole.numpy()
