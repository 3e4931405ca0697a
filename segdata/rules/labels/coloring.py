"""Rules about labels that are pictures for people: palettes, previews, chunks for viewers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import explained, together
from segdata.rules.wording import colors, counted, several

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts

_NAMED = 8


@rule("L16", level=Level.ERROR)
def palettes_differ(facts: DatasetFacts) -> Iterator[Statement]:
    """The same color is another index in another file.

    What: labels are palette PNGs, and each file has a palette of its own: red is index 1 in one and
    index 3 in the next. A program that saves with an adaptive palette numbers colors by how often
    they occur in that picture.

    Why it hurts: indices are the ids that training sees: one class has many numbers and one number
    many classes. The loss stays near that of a guess, and nothing is out of range.

    How to fix: the color is the class. Convert by colors, with a class file that lists them;
    `segdata colors` writes a draft of it.
    """
    groups = explained(facts, "L16")
    if not groups:
        return
    masks = facts.masks
    first = masks.recolored[0]
    (one, a), (other, b) = list(first.first.items())[:2]
    yield Statement(
        message=f"{counted(len(masks.recolored), 'color')} of the palettes of "
        f"{counted(masks.palettes, 'label')} stand at several indices: {first.color} is {one} in "
        f"one label and {other} in another",
        certainty=Certainty.STRONG,
        path=b,
        count=masks.palettes,
        evidence={
            "labels": masks.palettes,
            "colors": [
                {
                    "color": list(c.color),
                    "labels_by_index": {str(i): n for i, n in c.indices.items()},
                }
                for c in masks.recolored[:_NAMED]
            ],
            "first_files": [a, b],
        },
        fix=colors(facts),
    )


@rule("L22", level=Level.ERROR)
def previews(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels are photos, or overlays on photos.

    What: the files have more than a thousand colors (or a hundred levels of grey, of which
    neighbors seldom have the same), none of which covers much: pictures that show
    masks to people (LabelMe's label_viz.png, an overlay, a blend with the photo), or photos copied
    into the wrong folder.

    Why it hurts: there are no ids in them. Whatever a trainer reads is out of range.

    How to fix: use the masks themselves, which lie beside the previews as a rule (label.png), or
    export them again.
    """
    groups = explained(facts, "L22")
    if not groups:
        return
    group = together(groups)
    assert group.colors is not None
    kind = "levels of grey" if group.colors.gray else "colors"
    yield Statement(
        message=f"{counted(group.files, 'label')} show {group.colors.distinct} {kind} in the first "
        "alone: a photo or an overlay, not a mask",
        path=group.first[0],
        count=group.files,
        evidence={
            "colors": group.colors.distinct,
            "share_of_the_most_frequent_16": round(group.colors.plain, 3),
            "first_files": list(group.first),
        },
        fix="put the masks themselves in place of these previews, or export them again",
    )


@rule("L29", level=Level.INFO)
def oddities(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels have chunks for viewers: gamma, color profile, interlace.

    What: the PNG says how a screen should show it, or is stored in passes. Or colors were
    multiplied with a transparency that varies.

    Why it hurts: Pillow, OpenCV, TensorFlow and segdata read the same ids as without. A program
    that applies gamma or a profile to a label changes ids; premultiplied colors are darker where
    the picture is transparent, and match no class there.

    How to fix: nothing needs fixing; `segdata shard` writes labels without any of it.
    """
    found = [group for group in facts.groups if group.form.oddities]
    if not found:
        return
    group = together(found)
    kinds = list(dict.fromkeys(kind for group in found for kind in group.form.oddities))
    have = "has" if group.files == 1 else "have"
    yield Statement(
        message=f"{counted(group.files, 'label')} {have} what labels have no use for: "
        f"{several(kinds)}",
        certainty=Certainty.MEDIUM,
        path=group.first[0],
        count=group.files,
        evidence={"kinds": kinds, "first_files": list(group.first)},
        fix="leave it, or save the labels as plain grey PNG",
    )
