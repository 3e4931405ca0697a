"""Rules about files: can they be decoded, and do photo and label fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.labels.causes import joined_wrongly
from segdata.rules.wording import file_name, several

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts, PairFacts

# So many photos without anything to see are no chance.
_PLAIN = 3
# More files than this with one fault get one finding.
_EACH = 20
_RESIZED = "export the label again at the photo's size, without interpolation between ids"
_AGAIN = "fetch or export the file again, or take its name out of the lists"


@rule("L23", level=Level.ERROR)
def sizes_differ(facts: DatasetFacts) -> Iterator[Statement]:
    """Photo and label differ in size.

    What: the label has another width or height than its photo. Where the two are swapped, the
    label was saved transposed; where the photo's EXIF orientation explains it, L24 speaks.

    Why it hurts: training stops with "Shape mismatched", or a loader stretches the label silently
    and every border lies in the wrong place.

    How to fix: export the label again at the photo's size, without interpolation between ids
    (nearest neighbor).
    """
    if joined_wrongly(facts):
        return
    # Photos that EXIF turns to the size of their label are L24's.
    pairs = [pair for pair in facts.notable if pair.sizes_differ and not _turned(pair)]
    total = facts.counts["sizes"] - facts.alignment.sideways.by_size
    if not pairs:
        return
    if total > _EACH:
        first = pairs[0]
        yield Statement(
            message=f"{total} of {facts.labels} labels differ from their photo in size, "
            f"the first: {_sizes(first)[0]}",
            path=first.label.path if first.label else None,
            count=total,
            evidence={**_sizes(first)[1], "first_files": [p.key for p in pairs[:5]]},
            fix=_RESIZED,
        )
        return
    for pair in pairs:
        message, evidence = _sizes(pair)
        path = pair.label.path if pair.label else None
        yield Statement(message=message, path=path, evidence=evidence, fix=_RESIZED)


@further("T19")
def photos_are_black(facts: DatasetFacts) -> Iterator[Statement]:
    """Most photos on disk are black, or of one color; a few plain tiles are no fault."""
    total = facts.counts.get("photos of nothing", 0)
    if total < max(_PLAIN, facts.pairs / 2):
        return
    first = next((pair.photo for pair in facts.notable if pair.photo.shows_nothing), None)
    if first is None:
        return
    low, high = first.levels
    seen = "is of one color" if low == high else f"has no grey above {high} of 255"
    yield Statement(
        message=f"{total} of {facts.pairs} photos show nothing: {file_name(first.path)} {seen} "
        "where readers of 8 bits look",
        certainty=Certainty.PROOF if total == facts.pairs else Certainty.STRONG,
        path=first.path,
        count=total,
        evidence={"photos": facts.pairs, "levels_of_the_first": list(first.levels)},
        fix="export the photos again; scale 16-bit ones to 8 bits by their own range",
    )


@rule("L27", level=Level.ERROR)
def unreadable_file(facts: DatasetFacts) -> Iterator[Statement]:
    """A file cannot be decoded.

    What: a photo or label is empty, cut off or damaged, or is no image at all: a Git LFS pointer, a
    web page saved under an image's name, a text file, or pixels of a kind that cannot be class ids.

    Why it hurts: training stops with a decoding error at some step, or, where the decoder is
    lenient, learns from pictures whose lower part is black.

    How to fix: fetch the file again (`git lfs pull`, a new download, a new export). If it is lost,
    take its name out of the lists.
    """
    broken = [found for pair in facts.notable for found in _broken(pair)]
    total = facts.counts["unreadable photos"] + facts.counts["unreadable labels"]
    if total > _EACH:
        paths = [path for path, _ in broken[:5]]
        yield Statement(
            message=f"{total} files cannot be decoded: {several(paths, total)}",
            path=facts.root,
            count=total,
            evidence={"first_files": paths, "first_reason": broken[0][1]},
            fix=_AGAIN,
        )
        return
    for path, reason in broken:
        yield Statement(message=reason, path=path, fix=_AGAIN)


def _broken(pair: PairFacts) -> Iterator[tuple[str, str]]:
    """Path and reason of each file of a pair that cannot be used."""
    if pair.photo.problem is not None:
        yield pair.photo.path, pair.photo.problem.message
    if pair.label is not None and pair.label.problem is not None and pair.label.unreadable:
        yield pair.label.path, pair.label.problem.message


def _turned(pair: PairFacts) -> bool:
    photo, label = pair.photo.header, pair.label.header if pair.label else None
    assert photo is not None
    assert label is not None
    return photo.orientation > 4 and (label.width, label.height) == (photo.height, photo.width)


def _sizes(pair: PairFacts) -> tuple[str, dict[str, object]]:
    photo, label = pair.photo.header, pair.label.header if pair.label else None
    assert photo is not None
    assert label is not None
    message = (
        f"the label is {label.width}×{label.height}, "
        f"its photo {file_name(pair.photo.path)} {photo.width}×{photo.height}"
    )
    swapped = (label.width, label.height) == (photo.height, photo.width)
    if swapped:
        message += ": width and height are swapped"
    evidence = {
        "label_size": [label.width, label.height],
        "photo_size": [photo.width, photo.height],
        "photo_orientation": photo.orientation,
        "swapped": swapped,
    }
    return message, evidence
