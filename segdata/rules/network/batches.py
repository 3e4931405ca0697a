"""Rules about a batch as a loader gave it: what the network really saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule

if TYPE_CHECKING:
    from segdata.evidence import BatchFacts, CaseFacts

# Few labels may fit otherwise by chance; more have a common cause.
_SOME, _LEAST = 0.3, 2
_OTHERS = 4
# 16 bits read as 8 leave 0 to 15, which a screen shows as black.
_DARK = 16
# Normalized images are -2.2 to 2.7 (ImageNet's mean and deviation), -1 to 1, or standardized, which
# reaches 10 for the brightest of dark images; unnormalized ones, less a mean or not, -128 to 255.
_LOWEST, _FAINTEST, _BRIGHTEST = -132.0, 0.02, 260.0
# Fewer labels of a batch may be empty by chance.
_EMPTY, _CHANCE = 4, 0.01
# Luminance of the first classes' colors in PASCAL VOC (fault catalogue, appendix 1): what is read
# of a palette image in place of its ids 1 to 20.
_LUMINANCE: frozenset[float] = frozenset(
    {38, 75, 113, 14, 52, 89, 128, 19, 57, 94, 132, 33, 71, 108, 147, 47, 85, 122, 161, 44}
)
_VOID = 255
# PyTorch's losses ignore it unless they are told otherwise; ids of 16 bits end here.
_IGNORED_BY_TORCH, _WIDEST = -100, 65535
_NAMED = 8


@further("L09")
def labels_changed_by_the_loader(case: CaseFacts) -> Iterator[Statement]:
    """Labels of a batch are no ids, or others than on disk."""
    batch, labels = case.batch, case.labels
    if batch is None:
        return
    fix = "load labels without ToTensor, rescale or normalization: "
    fix += "torch.from_numpy(numpy.array(label)).long(); resize them with nearest"
    listed = _listed(batch.label_values)
    if not batch.label_whole:
        how = "divided by 255" if batch.label_divided else "normalized, or resized smoothly"
        yield Statement(
            message=f"the batch's labels are no ids but {listed}: the loader has them {how}",
            path=batch.where,
            count=sum(n for value, n in batch.label_values.items() if value % 1),
            evidence=_evidence(batch),
            fix=fix,
        )
        return
    if labels is None:
        return
    known = set(range(labels.num_classes)) | set(labels.pixels) | {labels.ignore, _VOID}
    strange = {v: n for v, n in batch.label_values.items() if v not in known}
    if strange:
        yield Statement(
            message=f"the batch's labels hold {_listed(strange)}, and those on disk do not "
            f"({_listed(labels.pixels)}): the loader changes them",
            path=batch.where,
            count=sum(strange.values()),
            evidence=_evidence(batch),
            fix=fix,
        )
    elif set(batch.label_values) == {0} and _improbable(case, batch):
        yield Statement(
            message=f"all {batch.images} labels of the batch are 0, and on disk "
            f"{_holding(case):.0%} of the labels hold other classes: the loader zeroes them",
            certainty=Certainty.STRONG,
            path=batch.where,
            count=batch.images,
            evidence=_evidence(batch),
            fix=fix,
        )


@further("D05")
def labels_lowered_by_the_loader(case: CaseFacts) -> Iterator[Statement]:
    """Labels of a batch are those on disk less one, and 0 has become 255."""
    batch, labels = case.batch, case.labels
    if batch is None or labels is None or not batch.label_whole or not labels.labels:
        return
    ids = [i for i in labels.holding if i not in (labels.ignore, _VOID)]
    seen = set(batch.label_values)
    top = max(ids, default=0)
    lowered = {value - 1 for value in ids if value} | {_VOID}
    if _VOID in labels.holding or top == 0 or 0 not in ids or not seen <= lowered:
        return
    absent = (1 - labels.holding[top] / labels.labels) ** batch.images
    if _VOID not in seen or absent >= _CHANCE or not _is_former_zero(batch, labels.share(0)):
        return
    yield Statement(
        message=f"the batch's labels hold {_listed(batch.label_values)}, and those on disk "
        f"{_listed(dict.fromkeys(sorted(ids), 1))}: each is lowered by one, and 0 became {_VOID}, "
        "which is ignored",
        certainty=Certainty.STRONG,
        path=batch.where,
        count=batch.images,
        evidence=_evidence(batch),
        fix="reduce_zero_label=False (do_reduce_labels=False in Hugging Face's processors)",
    )


def _is_former_zero(batch: BatchFacts, share: float) -> bool:
    """Whether 255, rather than 0, is as frequent as 0 is on disk."""
    total = sum(batch.label_values.values())
    void, zero = (batch.label_values.get(value, 0) / total for value in (_VOID, 0))
    return abs(void - share) < abs(zero - share)


@rule("T16", level=Level.ERROR)
def strange_normalization(case: CaseFacts) -> Iterator[Statement]:
    """Images are normalized in a way that no backbone was trained with.

    What: the batch's values are far from what pretrained networks take: 0 to 255, 0 to 1, -1 to 1,
    or ImageNet's mean and deviation. Often images are normalized twice, or a mean and deviation for
    0 to 1 are applied to 0 to 255.

    Why it hurts: the pretrained weights see noise or an even grey; IoU stays 0 for all classes.

    How to fix: normalize once, as the backbone's training did.
    """
    batch = case.batch
    if batch is None or _is_flat(batch):
        return
    faint = batch.image_type.startswith("float") and batch.image_deviation < _FAINTEST
    far = batch.image_low < _LOWEST or batch.image_high > _BRIGHTEST
    if batch.image_finite < 1:
        said, sure = f"{1 - batch.image_finite:.1%} of the image values are no numbers", True
    elif faint:
        said, sure = "the images hardly differ from one value: they are normalized twice", True
    elif far and batch.image_type.startswith("float"):
        said, sure = "a mean and deviation of another scale were applied to the images", False
    else:
        return
    yield Statement(
        message=f"{said}: values from {batch.image_low:.3g} to {batch.image_high:.3g}, mean "
        f"{batch.image_mean:.3g}, deviation {batch.image_deviation:.3g}",
        certainty=Certainty.STRONG if sure else Certainty.MEDIUM,
        path=batch.where,
        count=batch.images,
        evidence=_evidence(batch),
        fix="normalize images once, as the backbone expects: 0 to 255 less a mean, -1 to 1, or "
        "ImageNet's mean and deviation of 0 to 1",
    )


@further("T17")
def only_one_side_is_augmented(case: CaseFacts) -> Iterator[Statement]:
    """Labels of a batch fit their images mirrored, turned or moved."""
    batch = case.batch
    if batch is None or not batch.placed:
        return
    wrong = sum(batch.turned.values())
    if wrong < _LEAST or wrong < _SOME * batch.placed or _shuffled(batch):
        return
    how = ", ".join(f"{n} {name}" for name, n in batch.turned.items())
    clean = case.labels is not None and case.labels.clean
    yield Statement(
        message=f"{wrong} of {batch.placed} labels of the batch fit their images only if they are "
        f"changed: {how}",
        certainty=Certainty.STRONG,
        path=batch.where,
        count=wrong,
        evidence={"fit_as_they_are": batch.in_place, "fit_otherwise": dict(batch.turned)},
        fix="give image and label to the same transform: transform(image=…, mask=…)",
        missing=()
        if clean
        else ("the data set: whether photos and labels lie alike on disk already",),
    )


@rule("T19", level=Level.ERROR)
def images_are_black(case: CaseFacts) -> Iterator[Statement]:
    """The images arrive black, or of one color.

    What: the loader cannot read them, casts 0 to 1 to whole numbers, or squeezes 16 bits into 8.

    Why it hurts: there is nothing to see; the network learns how frequent classes are.

    How to fix: look at a batch as pictures. Scale 16-bit images to 8 bits by their own range.
    """
    batch = case.batch
    if batch is None:
        return
    flat = batch.flat_images
    whole = batch.image_type.startswith(("uint", "int"))
    dark = whole and batch.image_low >= 0 and batch.image_high < _DARK
    if not dark and not _is_flat(batch):
        return
    what = f"the images hold nothing above {batch.image_high:g} of 255"
    if flat:
        what = f"{flat} of {batch.images} images are of one value throughout"
    yield Statement(
        message=f"{what}: there is nothing to see",
        certainty=Certainty.PROOF if flat == batch.images else Certainty.STRONG,
        path=batch.where,
        count=flat or batch.images,
        evidence=_evidence(batch),
        fix="look at the loader's images; convert 16 bits by their own range, and do not cast "
        "values from 0 to 1 to whole numbers",
    )


@further("P01")
def batch_is_shuffled(case: CaseFacts) -> Iterator[Statement]:
    """Images of a batch fit the labels of other images."""
    batch = case.batch
    if batch is None or not _shuffled(batch):
        return
    yield Statement(
        message=f"{batch.others} of {batch.compared} images of the batch fit the label of another "
        "image far better than their own",
        certainty=Certainty.STRONG,
        path=batch.where,
        count=batch.others,
        evidence={"compared": batch.compared, "fit_another": batch.others},
        fix="shuffle pairs, never images and labels by themselves; sort both lists in the same way",
    )


@further("L03")
def luminance_in_the_batch(case: CaseFacts) -> Iterator[Statement]:
    """Labels of a batch hold the luminance of palette colors."""
    batch = case.batch
    if batch is None or not batch.label_whole:
        return
    if not is_luminance(batch) or _are_classes(case, batch):
        return
    yield Statement(
        message=f"the batch's labels hold {_listed(batch.label_values)}: the luminance of PASCAL "
        "VOC's colors, so palette images were read as grey",
        certainty=Certainty.STRONG,
        path=batch.where,
        evidence=_evidence(batch),
        fix="read labels with numpy.array(Image.open(path)), not with OpenCV, TensorFlow or "
        "convert('L'); or write them without a palette: segdata fix DATA OUT",
    )


@further("L07")
def ids_beyond_labels(case: CaseFacts) -> Iterator[Statement]:
    """Labels of a batch are below 0, or beyond 8 bits; other ids are judged as those of files."""
    batch = case.batch
    if batch is None or not batch.label_whole or case.labels is not None:
        return
    low = min((v for v in batch.label_values if v != _IGNORED_BY_TORCH), default=0)
    high = batch.label_high
    if low >= 0 and high <= _VOID:
        return
    held = low if low < 0 else high
    # Some ignore -1; and some data sets have more than 256 classes.
    perhaps = low >= -1 and high <= _WIDEST
    meant = "ignore_index=-1" if low < 0 else f"more than {high:.0f} classes"
    yield Statement(
        message=f"the batch's labels hold {held:.0f}, which no class has"
        + (f" unless the loss is told {meant}" if perhaps else ""),
        certainty=Certainty.MEDIUM if perhaps else Certainty.STRONG,
        level=Level.WARNING if perhaps else None,
        path=batch.where,
        count=sum(n for v, n in batch.label_values.items() if v < 0 or v > _VOID) or None,
        evidence=_evidence(batch),
        fix="give the loss ids from 0 to num_classes - 1 and the ignore label it is told: look at "
        "what the loader makes of the label files",
    )


@further("L23")
def sizes_in_the_batch(case: CaseFacts) -> Iterator[Statement]:
    """Images and labels of a batch differ in size."""
    batch = case.batch
    if batch is None or batch.same_size:
        return
    yield Statement(
        message=f"the batch's images are {batch.image_shape} and its labels {batch.label_shape}",
        certainty=Certainty.MEDIUM,
        level=Level.WARNING,
        path=batch.where,
        evidence=_evidence(batch),
        fix="resize both alike, labels with nearest; a network whose scores are smaller than its "
        "images needs labels of the scores' size",
    )


def is_luminance(batch: BatchFacts) -> bool:
    """All values are the brightness of PASCAL VOC's colors."""
    values = {value for value in batch.label_values if value not in (0, _VOID, 220)}
    # 128 alone is as well a grey level that somebody painted.
    return bool(values) and values <= _LUMINANCE and not values <= {128}


def _is_flat(batch: BatchFacts) -> bool:
    """Half of the images show nothing."""
    return batch.flat_images >= max(1, batch.images / 2)


def _shuffled(batch: BatchFacts) -> bool:
    return batch.others >= max(_OTHERS, _SOME * batch.compared)


def _improbable(case: CaseFacts, batch: BatchFacts) -> bool:
    """So many empty labels are no chance."""
    empty = (1 - _holding(case)) ** batch.images
    return batch.images >= _EMPTY and empty < _CHANCE


def _holding(case: CaseFacts) -> float:
    """Share of the labels on disk that hold more than 0, at least."""
    labels = case.labels
    if labels is None or not labels.labels:
        return 0.0
    others = [n for value, n in labels.holding.items() if value not in (0, labels.ignore)]
    return max(others, default=0) / labels.labels


def _are_classes(case: CaseFacts, batch: BatchFacts) -> bool:
    count = case.labels.num_classes if case.labels is not None else 0
    return all(value < count or value == _VOID for value in batch.label_values)


def _listed(values: Mapping[float, int] | Mapping[int, int]) -> str:
    named = [f"{value:.4g}" for value in list(values)[:_NAMED]]
    return ", ".join(named) + (", ..." if len(values) > _NAMED else "")


def _evidence(batch: BatchFacts) -> dict[str, object]:
    return {
        "label_values": {f"{v:.4g}": n for v, n in list(batch.label_values.items())[:_NAMED]},
        "label": f"{batch.label_type} {batch.label_shape}",
        "image": f"{batch.image_type} {batch.image_shape}",
        "image_values": [round(batch.image_low, 4), round(batch.image_high, 4)],
    }
