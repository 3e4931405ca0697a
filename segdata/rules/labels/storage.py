"""Rules about how labels are stored: what readers make of the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import explained, ids_of, together, value_causes
from segdata.rules.wording import (
    colors,
    convert,
    counted,
    descriptor_file,
    jsonable,
    numbers,
    on_dataset,
    registering,
    suffix_of,
    values_seen,
)

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts, LabelForm, LabelGroup

# A mask has a color for each class; more distinct ones are a photo or a blended preview
# (fault catalogue, L04 and L22).
_MASK_COLORS = 300
# 65535 = 255 · 257: 8-bit numbers stretched to 16 bits are multiples of it.
_SCALE = 257
# What lossy formats are called, where it is not their name in capitals.
_LOSSY = {"mpo": "JPEG", "webp": "WebP"}
# Classes that 8 bits number.
_EIGHT_BIT = 256


@rule("L03", level=Level.ERROR)
def palette_as_gray(facts: DatasetFacts) -> Iterator[Statement]:
    """The trainer reads the grey of a palette instead of its indices.

    What: the label is a palette PNG: its pixels are class ids, and a table gives each id a color.
    Pillow and segdata read the ids. TensorFlow's decode_png(channels=1) and OpenCV's grayscale read
    the brightness of the color: for PASCAL VOC's palette 0, 38, 75, 113, ... instead of 0, 1, 2, 3.

    Why it hurts: nearly every pixel is then out of range: training diverges or predicts one class,
    while every check made with Pillow looks right.

    How to fix: write the labels as 8-bit grey without a palette. The records that `segdata shard`
    writes are such, whatever the files were. If you train with segdata from this folder, set
    label_decoder = "indices".
    """
    for group in _explained(facts, "L03"):
        yield _misread(facts, group, "stored with a palette", _shard(facts))
    for group in _only_stored(facts, lambda form: form.is_palette and form.tensorflow_differs):
        # Where only some have one, a reader of grey finds ids in the others: that hides it.
        mixed = any(not g.form.is_palette for g in explained(facts, None) if len(g.values) > 1)
        level = Level.WARNING if mixed else Level.INFO
        yield _only_elsewhere(facts, group, "stored with a palette", level)


@rule("L04", level=Level.ERROR)
def colors_as_labels(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels are color pictures, not class ids.

    What: the classes are drawn in colors (red, green and blue differ). A label holds one number for
    each pixel: the id of its class.

    Why it hurts: a trainer that asks for one channel gets the brightness of the colors, numbers
    that no class has: the loss explodes, or everything becomes one class. `remove_gt_colormap.py`
    of the original does nothing to such files.

    How to fix: turn colors into ids with a class file that lists name and color of every class.
    Colors that are not listed are reported, never guessed.
    """
    listed = {c.color for c in facts.descriptor.classes if c.color is not None}
    for group in _explained(facts, "L04"):
        colors = group.colors
        assert colors is not None
        declared = not listed.isdisjoint(colors.sample)
        preview = colors.distinct > _MASK_COLORS
        what = ": too many for a mask, more like a photo or a preview" if preview else ""
        yield _about(
            group,
            f"color pictures, not class ids ({colors.distinct} colors in the first{what})",
            _by_colors(facts, declared=declared and not registering(facts)),
            one=f"a color picture, not class ids ({colors.distinct} colors{what})",
            certainty=Certainty.STRONG if preview else Certainty.PROOF,
            evidence={
                "colors": colors.distinct,
                "most_frequent": [list(color) for color in colors.sample],
                "of_these_in_dataset_toml": sum(color in listed for color in colors.sample),
            },
        )


@rule("L11", level=Level.ERROR)
def lossy_labels(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels are JPEG files (or lossy WebP), or were.

    What: the file is a JPEG, whatever its name ends in, or it was one before it was saved as PNG:
    its values scatter around a few. JPEG stores an approximation, and so do lossy WebP and AVIF:
    ids come back as their neighbors, and along every border as anything.

    Why it hurts: a few percent of the pixels change class, many to ids that no class has.

    How to fix: export the labels again as PNG. What JPEG lost does not come back by saving as PNG.
    """
    for group in _explained(facts, "L11"):
        form = group.form.format
        name = _LOSSY.get(form, form.upper())
        yield _about(
            group,
            f"{name}, which changes ids: OpenCV reads {counted(len(group.opencv), 'value')}",
            "export the labels again as PNG from the annotation tool",
            evidence={"values_read": len(group.opencv), "suffix": suffix_of(group.first[0])},
        )
    ids = ids_of(facts)
    scattered = value_causes(ids).get("L11", ())
    if scattered or ids.shape == "L11":
        place = ids.values[scattered[0] if scattered else ids.trained[0]].places[0]
        beyond = f": {numbers(scattered)} are no class" if scattered else ""
        yield Statement(
            message=f"{counted(len(ids.values), 'value')} scatter around a few, and change most at "
            f"the borders of blocks of 8 pixels, as JPEG leaves them{beyond}"
            if ids.shape == "L11"
            else f"{counted(len(ids.values), 'value')} scatter around a few grey levels, as JPEG "
            f"leaves them{beyond}",
            certainty=Certainty.STRONG,
            path=place.path,
            x=place.x,
            y=place.y,
            count=sum(ids.values[value].pixels for value in scattered) or ids.files,
            evidence={"values": values_seen(ids.values)},
            fix="export the labels again as PNG from the annotation tool",
        )


@rule("L13", level=Level.ERROR)
def alpha_channel(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels have an alpha channel.

    What: the PNG holds grey and transparency, or red, green, blue and transparency. If transparency
    varies, the mask may be in it; if it is the same everywhere, it is only in the way.

    Why it hurts: readers disagree: some fail on four channels, some take alpha = 255 for a class,
    and all that drop alpha lose a mask that was drawn in it.

    How to fix: export without transparency. If only alpha varies, save that plane, with ids, as the
    label.
    """
    for group in _explained(facts, "L13"):
        flat = len(group.opencv) == 1
        where = "is in" if flat else "may be in"
        yield _about(
            group,
            f"transparent in places: the mask {where} the alpha channel, which trainers drop",
            "save the alpha channel, with ids, as the label"
            if flat
            else "export the labels without transparency",
            certainty=Certainty.PROOF if flat else Certainty.STRONG,
            evidence={"values_without_alpha": len(group.opencv)},
        )
    for group in _only_stored(facts, lambda form: form.alpha == "constant"):
        yield _about(
            group,
            "PNG with an alpha channel that says nothing: segdata drops it, other readers see two "
            "or four channels",
            _shard(facts),
            level=Level.WARNING,
        )


@rule("L14", level=Level.ERROR)
def sixteen_bits(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels are stored in 16 bits.

    What: TensorFlow's decode_png and OpenCV's grayscale keep the high byte of a 16-bit number:
    every id below 256 becomes 0. Pillow and segdata read the ids, so a check with Pillow looks
    right.

    Why it hurts: training sees empty masks: the loss is 0 at once and every prediction is black.

    How to fix: save as 8-bit. The records that `segdata shard` writes are 8-bit where the ids fit.
    If ids were multiplied by 257, divide them.
    """
    for group in _explained(facts, "L14"):
        fix = _shard(facts)
        if group.form.wide or group.form.problem:
            scaled = group.form.wide and all(value % _SCALE == 0 for value in group.values)
            fix = f"{f'divide by {_SCALE} and ' if scaled else ''}save the ids as 8-bit PNG"
        yield _misread(facts, group, "stored in 16 bits", fix)
    for group in _only_stored(facts, lambda form: form.bit_depth == 16):
        fits = facts.descriptor.num_classes <= _EIGHT_BIT
        yield _only_elsewhere(
            facts, group, "stored in 16 bits", Level.WARNING if fits else Level.INFO
        )


@rule("L15", level=Level.ERROR)
def few_bits(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels are stored in 1, 2 or 4 bits.

    What: the file holds the ids 0 and 1 in one bit. TensorFlow and OpenCV stretch them to 0 and 255
    (2 bits to 0, 85, 170, 255); segdata reads the ids.

    Why it hurts: the foreground becomes 255, which most trainers ignore: training sees background
    only (L01), or a class that does not exist.

    How to fix: save 0 and 1 in 8 bits. The records that `segdata shard` writes are 8-bit.
    """
    for group in _explained(facts, "L15"):
        yield _misread(facts, group, _bits(group), _shard(facts))
    for group in _only_stored(facts, lambda form: form.is_gray and form.bit_depth < 8):
        yield _only_elsewhere(facts, group, _bits(group), Level.WARNING)


def _by_colors(facts: DatasetFacts, *, declared: bool) -> str:
    """How colors become ids: with those that dataset.toml declares, or with a class file first."""
    source = descriptor_file(facts.root) if declared else "classes.csv"
    made = convert(facts, source)
    if declared:
        return made
    return (
        "no class is given a color of these labels, so a class file has to: write a draft, name "
        f"its classes, then convert:\n{colors(facts, '--write', source)}\n{made}"
    )


def _explained(facts: DatasetFacts, rule_id: str) -> Iterator[LabelGroup]:
    """The labels whose form that rule speaks about, as one group."""
    found = explained(facts, rule_id)
    return iter([together(found)] if found else [])


def _only_stored(facts: DatasetFacts, fits: Callable[[LabelForm], bool]) -> Iterator[LabelGroup]:
    """Labels of a form that other programs misread and the trainer does not, as one group."""
    found = [group for group in explained(facts, None) if fits(group.form)]
    return iter([together(found)] if found else [])


def _about(group: LabelGroup, what: str, fix: str, *, one: str = "", **more: Any) -> Statement:
    """A statement about all labels of a group: ``12 labels are ...``; ``one`` is said of one."""
    evidence = {
        "files": group.files,
        "splits": list(group.splits),
        "first_files": list(group.first),
        **more.pop("evidence", {}),
    }
    are, what = ("is", one or what) if group.files == 1 else ("are", what)
    return Statement(
        message=f"{counted(group.files, 'label')} {are} {what}",
        path=group.first[0],
        count=group.files,
        evidence=evidence,
        fix=fix,
        **more,
    )


def _misread(facts: DatasetFacts, group: LabelGroup, what: str, fix: str) -> Statement:
    """The trainer's decoder reads other numbers than the file holds."""
    opencv = facts.descriptor.label_decoder == "opencv"
    read = group.opencv if opencv else group.tensorflow or group.opencv
    stored = f"stored are {numbers(group.values)}" if group.values else "in several channels"
    return _about(
        group,
        f"{what}: {stored}, {'OpenCV' if opencv else 'TensorFlow'} reads {numbers(sorted(read))}",
        fix,
        evidence=_readings(group),
    )


def _only_elsewhere(facts: DatasetFacts, group: LabelGroup, what: str, level: Level) -> Statement:
    """segdata reads the ids; a trainer that reads the files another way would not.

    Where the descriptor says itself how labels are read, that is known.
    """
    said = "label_decoder" in facts.descriptor.model_fields_set
    read = numbers(sorted(group.tensorflow or group.opencv or group.values))
    return _about(
        group,
        f"{what}: segdata reads the ids {numbers(group.values)}, TensorFlow and OpenCV read {read}",
        _shard(facts),
        level=Level.INFO if said else level,
        evidence=_readings(group),
    )


def _bits(group: LabelGroup) -> str:
    return f"stored in {counted(group.form.bit_depth, 'bit')}"


def _readings(group: LabelGroup) -> dict[str, Any]:
    """What each program reads, as pixels per value."""
    others = {"tensorflow": group.tensorflow, "opencv": group.opencv}
    return {
        "stored": values_seen(group.values),
        **{name: jsonable(read) for name, read in others.items() if read},
    }


def _shard(facts: DatasetFacts) -> str:
    """The records of a shard are 8-bit grey ids, whatever the files were."""
    return on_dataset(facts, "shard", f"{facts.root}-shards")
