"""How well the worklist finds label errors that were put into the val split of CamVid or another.

usage: python benchmarks/worklist.py DATASET [--images N] [--seed N] [--miou 0.7]
       python benchmarks/worklist.py DATASET --probabilities DIR [--seed N]

DATASET has SegmentationClass, a list val.txt below ImageSets, and classes.csv or dataset.toml.
Three kinds of errors are put into the labels: an object's class is changed, it is painted over, or
it is shifted and dilated. The network is real (``segdata predict --probabilities``) or simulated:
true labels with wavering borders, some objects missed or mistaken, smoothed, noise for an mIoU. A
region is right where most of its pixels were changed. Prints average precision,
precision at 20, recall among 200 regions, and the same of images, beside simpler orders and
cleanlab's (Northcutt 2021; Lad and Mueller 2023).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.confusion import ConfusionMatrix
from segdata.facts.regions import numbered_regions
from segdata.images import read_label
from segdata.probability_files import read_probabilities
from segdata.sources.class_files import find_class_file, read_class_file
from segdata.worklist import Look, Shown, rank
from segdata.worklist.confidence import SelfConfidence, own_probability

Array = npt.NDArray[np.floating]

# Share of images that get errors, and how many of each kind.
_SHARE, _MOST = 0.5, 2
# Objects of so many pixels are spoiled.
_SMALLEST, _LARGEST = 150, 12_000
# Noise of these sizes, in pixels: ragged borders, parts of objects, whole objects.
_NOISE = (3.0, 12.0, 40.0)
# Objects that the network misses, and those that it takes for another class.
_MISSED, _MISTAKEN = 0.2, 0.08
# How far borders waver, in pixels.
_WAVER = 1.5
_KEPT, _SHOWN = 1000, 200


@dataclass(frozen=True, eq=False)
class Spoiled:
    """A label with errors: what it was, what it is, and the number of the error of each pixel."""

    key: str
    true: Label
    label: Label
    errors: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Region:
    """A region of some ranking: its score, and the error that most of its pixels belong to."""

    key: str
    score: float
    error: int


@dataclass
class Simulation:
    """Spoiled labels and a network that predicts from the true ones."""

    class_map: ClassMap
    spoiled: list[Spoiled]
    noise: float
    seed: int
    network: Path | None = None
    has_photos: bool = False

    @property
    def total(self) -> int:
        return len(self.spoiled)

    def looks(self, every: int = 1) -> Iterator[Look]:
        for number, item in enumerate(self.spoiled):
            if number % every == 0:
                yield Look(item.key, self.predicted(number), item.label)

    def shown(self, keys: Collection[str]) -> Iterator[Shown]:
        yield from (Shown(item.key, None, item.label) for item in self.spoiled if item.key in keys)

    def predicted(self, number: int) -> Array:
        """``float32 K×H×W`` of an image; what is ignored is predicted as anything."""
        item = self.spoiled[number]
        if self.network is not None:
            return read_probabilities(self.network / f"{item.key}.npz").astype(
                np.float32, copy=False
            )
        return self._simulated(item.true, np.random.default_rng([self.seed, number]))

    def _simulated(self, true: Label, random: np.random.Generator) -> Array:
        seen, sure = self._seen(true, random)
        scores = []
        for class_id in range(self.class_map.num_classes):
            there = np.where(seen == class_id, sure, 0).astype(np.float32)
            score = 8.0 * cv2.GaussianBlur(there, (0, 0), 2.0)
            for size in _NOISE:
                score += self.noise * _field(true.shape, size, random)
            scores.append(score)
        stacked = np.exp(np.stack(scores) - np.max(scores, axis=0))
        return np.asarray(stacked / stacked.sum(axis=0), np.float32)

    def _seen(self, true: Label, random: np.random.Generator) -> tuple[Label, Array]:
        """What the network takes for true, and how sure it is of each pixel."""
        seen, sure = true.copy(), np.ones(true.shape, np.float32)
        number, count = numbered_regions(true)
        areas = np.bincount(number.ravel(), minlength=count)
        for i in np.flatnonzero((areas >= 20) & (areas <= _LARGEST)):
            drawn = random.random()
            mask = number == i
            if i == 0 or drawn > _MISSED + _MISTAKEN or true[mask][0] == self.class_map.ignore:
                continue
            (_painted_over if drawn < _MISSED else _changed)(seen, mask, self.class_map, random)
            sure[mask] = random.uniform(0.4, 1.0)
        rows, columns = np.indices(true.shape, np.float32)
        rows += _WAVER * _field(true.shape, 8.0, random)
        columns += _WAVER * _field(true.shape, 8.0, random)
        warped = cv2.remap(seen, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        return warped, sure


def _field(shape: tuple[int, ...], size: float, random: np.random.Generator) -> Array:
    """Smooth noise of variance 1."""
    small = max(4, round(shape[0] / size)), max(4, round(shape[1] / size))
    drawn = random.standard_normal(small).astype(np.float32)
    grown = cv2.resize(drawn, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(grown / max(1e-6, float(grown.std())), np.float32)


def spoil(key: str, true: Label, class_map: ClassMap, random: np.random.Generator) -> Spoiled:
    """Put errors into a label."""
    label, errors = true.copy(), np.zeros(true.shape, np.int32)
    if random.random() < _SHARE:
        kinds = (_changed, _painted_over, _moved)
        wanted = [kind for kind in kinds for _ in range(random.integers(0, _MOST + 1))]
        number, count = numbered_regions(true)
        areas = np.bincount(number.ravel(), minlength=count)
        objects = [int(i) for i in np.flatnonzero((areas >= _SMALLEST) & (areas <= _LARGEST)) if i]
        objects = [i for i in objects if true[number == i][0] != class_map.ignore]
        random.shuffle(objects)
        for n, (kind, one) in enumerate(zip(wanted, objects, strict=False), 1):
            before = label.copy()
            kind(label, number == one, class_map, random)
            errors[(label != before) & (label != true) & (true != class_map.ignore)] = n
    return Spoiled(key, true, label, errors)


Mask = npt.NDArray[np.bool_]


def _changed(label: Label, mask: Mask, class_map: ClassMap, random: np.random.Generator) -> None:
    own = int(label[mask][0])
    label[mask] = random.choice([c.id for c in class_map.trained if c.id != own])


def _painted_over(
    label: Label, mask: Mask, class_map: ClassMap, random: np.random.Generator
) -> None:
    ring = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool) & ~mask
    around = label[ring & (label != class_map.ignore)]
    if around.size:
        label[mask] = np.bincount(around).argmax()


def _moved(label: Label, mask: Mask, class_map: ClassMap, random: np.random.Generator) -> None:
    own = int(label[mask][0])
    _painted_over(label, mask, class_map, random)
    by = np.float32([[1, 0, random.integers(8, 16)], [0, 1, random.integers(-8, 9)]])
    moved = cv2.warpAffine(mask.astype(np.uint8), by, mask.shape[::-1], flags=cv2.INTER_NEAREST)
    label[cv2.dilate(moved, np.ones((7, 7), np.uint8)) > 0] = own


def calibrated(simulation: Simulation, miou: float) -> float:
    """The noise with which the network has an mIoU on the true labels of every eighth image."""
    low, high = 0.0, 6.0
    for _ in range(7):
        simulation.noise = (low + high) / 2
        found = _miou(simulation)
        low, high = (simulation.noise, high) if found > miou else (low, simulation.noise)
    return simulation.noise


def _miou(simulation: Simulation) -> float:
    class_map = simulation.class_map
    matrix = ConfusionMatrix.zeros(class_map.num_classes, class_map.ignore)
    for number, item in list(enumerate(simulation.spoiled))[::8]:
        best = simulation.predicted(number).argmax(axis=0).astype(np.uint8)
        matrix += ConfusionMatrix.of(item.true, best, class_map.num_classes, class_map.ignore)
    return matrix.mean_iou()


def ours(simulation: Simulation) -> list[Region]:
    """The worklist."""
    errors = {item.key: item.errors for item in simulation.spoiled}
    out = []
    for entry in rank(simulation, _KEPT).entries:
        one = entry.suspect
        height, width = one.mask.shape
        window = errors[entry.key][one.top : one.top + height, one.left : one.left + width]
        out.append(Region(entry.key, one.score, _error_of(window[one.mask])))
    return out


def _error_of(errors: npt.NDArray[np.int32]) -> int:
    """The error that more than half of the pixels belong to; 0 for none."""
    most = int(np.bincount(errors).argmax())
    return most if most and (errors == most).mean() > 0.5 else 0


Order = Callable[[Look, npt.NDArray[np.int32], int], Array]


def other(
    simulation: Simulation, order: Order, flagged: Callable[[Look, Array], Mask]
) -> list[Region]:
    """Regions of pixels that are flagged, in another order."""
    usual = SelfConfidence(simulation.class_map)
    for look in simulation.looks():
        usual.add(look)
    out = []
    for item, look in zip(simulation.spoiled, simulation.looks(), strict=True):
        pairs = item.label * np.int64(len(look.probabilities)) + look.probabilities.argmax(axis=0)
        wrong = flagged(look, usual.thresholds) & (item.label != simulation.class_map.ignore)
        number, count = numbered_regions(np.where(wrong, pairs, -1))
        scores = order(look, number, count)
        areas = np.bincount(number.ravel(), minlength=count)
        for i in np.unique(number[wrong]):
            if areas[i] >= 17:
                out.append(Region(item.key, scores[i], _error_of(item.errors[number == i])))
    return sorted(out, key=lambda region: -region.score)[:_KEPT]


def _differs(look: Look, usual: Array) -> Mask:
    return np.not_equal(look.probabilities.argmax(axis=0), look.label)


def _off_diagonal(look: Look, usual: Array) -> Mask:
    """Pixels off the diagonal of the confident joint: cleanlab's confident_learning filter."""
    above = np.where(look.probabilities >= usual[:, None, None], look.probabilities, 0)
    return np.not_equal(above.argmax(axis=0), look.label) & (above.max(axis=0) > 0)


def _means(values: Array, number: npt.NDArray[np.int32], count: int) -> Array:
    sums = np.bincount(number.ravel(), values.ravel(), minlength=count)
    return sums / np.maximum(1, np.bincount(number.ravel(), minlength=count))


def _by_loss(look: Look, number: npt.NDArray[np.int32], count: int) -> Array:
    return _means(-np.log(np.maximum(own_probability(look), 1e-9)), number, count)


def _by_self_confidence(look: Look, number: npt.NDArray[np.int32], count: int) -> Array:
    return _means(1 - own_probability(look), number, count)


def _by_chance(look: Look, number: npt.NDArray[np.int32], count: int) -> Array:
    return np.random.default_rng(0).random(count)


def figures(hits: list[int], wanted: int) -> tuple[float, float, float]:
    """Average precision, precision at 20 and recall of a ranking; 0 is no hit, 2 a repeated one."""
    right = np.array([hit > 0 for hit in hits], float)
    new = np.array([hit == 1 for hit in hits], bool)
    precision = np.cumsum(right) / np.arange(1, len(hits) + 1)
    return precision[new].sum() / wanted, right[:20].mean(), new[:_SHOWN].sum() / wanted


def hits_of(regions: list[Region]) -> list[int]:
    seen: set[tuple[str, int]] = set()
    out = []
    for region in regions:
        place = (region.key, region.error)
        out.append(0 if not region.error else 2 if place in seen else 1)
        seen.add(place)
    return out


def image_scores(simulation: Simulation, regions: list[Region]) -> dict[str, dict[str, float]]:
    """Scores of images, larger is worse, by each way."""
    best: dict[str, float] = {}
    for region in regions:
        best[region.key] = max(region.score, best.get(region.key, 0.0))
    loss, softmin = {}, {}
    for item, look in zip(simulation.spoiled, simulation.looks(), strict=True):
        own = own_probability(look)[item.label != simulation.class_map.ignore]
        loss[item.key] = float(-np.log(np.maximum(own, 1e-9)).mean())
        weights = np.exp((1 - own) / 0.1 - 10)
        softmin[item.key] = 1 - float((own * weights).sum() / weights.sum())
    chance = np.random.default_rng(0).random(len(loss)).tolist()
    return {
        "worklist (worst region)": {key: best.get(key, 0.0) for key in loss},
        "mean loss of the image": loss,
        "cleanlab (softmin)": softmin,
        "random order": dict(zip(loss, chance, strict=True)),
    }


def show(name: str, values: tuple[float, float, float]) -> None:
    print(f"{name:32}" + "".join(f"{value:12.3f}" for value in values))


def read_spoiled(dataset: Path, class_map: ClassMap, images: int, seed: int) -> list[Spoiled]:
    """The labels of the val split with errors."""
    keys = next(dataset.glob("ImageSets/**/val.txt")).read_text().split()[:images]
    random = np.random.default_rng(seed)
    folder = dataset / "SegmentationClass"
    return [spoil(k, read_label(folder / f"{k}.png"), class_map, random) for k in keys]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--probabilities", type=Path)
    parser.add_argument("--images", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--miou", type=float, default=0.7)
    options = parser.parse_args()
    class_map = read_class_file(find_class_file(options.dataset))
    spoiled = read_spoiled(options.dataset, class_map, options.images, options.seed)
    simulation = Simulation(class_map, spoiled, 1.0, options.seed, options.probabilities)
    if options.probabilities is None:
        print(f"simulated with noise {calibrated(simulation, options.miou):.2f}")
    wanted = sum(len(np.unique(item.errors)) - 1 for item in spoiled)
    pixels = np.mean([(item.errors > 0).mean() for item in spoiled])
    print(f"{len(spoiled)} images, {wanted} errors, {pixels:.2%} of the pixels; "
          f"mIoU {_miou(simulation):.2f}\n")  # fmt: skip
    print(f"{'regions':32}{'AP':>12}{'P@20':>12}{'recall':>12}")
    found = ours(simulation)
    show("worklist", figures(hits_of(found), wanted))
    for name, order, flagged in (
        ("cleanlab (self-confidence)", _by_self_confidence, _off_diagonal),
        ("mean loss of the region", _by_loss, _differs),
        ("random order", _by_chance, _differs),
    ):
        show(name, figures(hits_of(other(simulation, order, flagged)), wanted))
    print(f"\n{'images':32}{'AP':>12}{'P@20':>12}{'recall':>12}")
    spoiled_keys = {item.key for item in spoiled if item.errors.any()}
    for name, scores in image_scores(simulation, found).items():
        ordered = sorted(scores, key=lambda key: -scores[key])
        show(name, figures([int(key in spoiled_keys) for key in ordered], len(spoiled_keys)))


if __name__ == "__main__":
    main()
