"""Rules about labels that do not lie where their photos' objects lie, or belong to other photos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import joined_wrongly
from segdata.rules.wording import counted, file_name, on_dataset

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts
    from segdata.facts.agreement import Shift
    from segdata.facts.matching import Match

# Labels of which so many fit otherwise have a common cause; fewer are files by themselves.
_MOST = 0.5
# Of a sample, that many labels are found under another photo if all were mixed: the right one has
# to be in the sample, too.
_MIXED, _MIXED_LEAST = 0.15, 4
# If so many of those belong to the neighbor, everything is shifted by one.
_SHIFTED = 0.6
# Few labels that are wrong are told if the others are right.
_IN_PLACE = 0.5
# Share of the labels that have to fit best, each by itself, where all together fit best. Labels of
# objects that are drawn too large fit better all around: 0.05 to 0.2 agree.
_AGREEING = 0.5
# From so many steps on (4 pixels at 240, 8 at 480) a shift ruins more than thin objects.
_FAR = 4


@rule("P01", level=Level.ERROR)
def wrong_pairs(facts: DatasetFacts) -> Iterator[Statement]:
    """Photos are joined with the labels of other photos.

    What: two folders were listed without sorting, or sorted in two ways, and joined line by line.
    A table of pairs then joins other names than it should; or files were renamed so that the names
    agree and the pictures do not, which the edges of photos and labels show.

    Why it hurts: labels say nothing about their photos. The loss stays near that of a guess, and
    every prediction is the most frequent class.

    How to fix: join by name: sort both lists, or leave the table out, which joins equal names.
    """
    crossed = facts.masks.crossed
    matches = facts.alignment.matches
    if joined_wrongly(facts):
        photo, label = crossed.first[0]
        yield Statement(
            message=f"{counted(crossed.pairs, 'pair')} join a photo with the label of another "
            f"name, though its own is there: {file_name(photo)} with {file_name(label)}",
            path=label,
            count=crossed.pairs,
            evidence={"first_pairs": [list(pair) for pair in crossed.first]},
            fix="sort both columns of the table of pairs, or leave it out: equal names belong "
            "together",
        )
        return
    if matches.others == 0 or _step(facts) or _displaced(facts):
        return
    mixed = matches.others >= max(_MIXED_LEAST, _MIXED * matches.pairs)
    few = matches.own >= _IN_PLACE * matches.pairs
    if not (mixed or few):
        return
    first = matches.first[0]
    yield Statement(
        message=f"{matches.others} of {matches.pairs} photos fit the label of another photo far "
        f"better than their own: {file_name(first.photo)} that of {file_name(first.label)}",
        certainty=Certainty.STRONG if mixed else Certainty.MEDIUM,
        level=None if mixed else Level.WARNING,
        path=first.own,
        count=matches.others,
        evidence=_evidence(facts),
        fix="join photos and labels by name again; if names were given by position in a list, sort "
        "both lists in the same way",
    )


@rule("P02", level=Level.ERROR)
def shifted_by_one(facts: DatasetFacts) -> Iterator[Statement]:
    """Each photo has the label of its neighbor.

    What: in the order of names, labels fit the photo before or after their own. A file is missing
    on one side, or one side counts from 0 and the other from 1, or 10 was sorted before 2.

    Why it hurts: labels say nothing about their photos, though they look like them. The loss stays
    near that of a guess, and every prediction is the most frequent class.

    How to fix: find the file that is missing or too many, and name the rest anew.
    """
    step = _step(facts)
    if not step:
        return
    matches = facts.alignment.matches
    # The few that are kept may all be others.
    first = next((match for match in matches.first if match.steps == step), matches.first[0])
    count = matches.following if step > 0 else matches.preceding
    where = "after" if step > 0 else "before"
    yield Statement(
        message=f"{count} of {matches.pairs} photos fit the label {where} their own: "
        f"{file_name(first.photo)} that of {file_name(first.label)}; "
        "labels are shifted by one",
        certainty=Certainty.STRONG,
        path=first.own,
        count=count,
        evidence=_evidence(facts),
        fix=f"from {file_name(first.own)} on, give each label the name of the photo it belongs to",
    )


@rule("L24", level=Level.ERROR)
def sideways(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels were drawn on photos as viewers turn them, and trainers read them as stored.

    What: photos have an EXIF orientation: viewers and annotation tools turn them, TensorFlow and
    Pillow do not. The labels fit the turned photo.

    Why it hurts: sizes differ, and training stops; or, with square photos and those that stand on
    their head, nothing complains and the labels lie crosswise: predictions are black.

    How to fix: write the orientation into the pixels and take the tag off, which `segdata convert`
    does with the photos it copies.
    """
    found = facts.alignment.sideways
    upright = on_dataset(facts, "fix", f"{facts.root}-fixed")
    if found.turned:
        sizes = found.by_size == found.turned
        how = "have the size of" if sizes else "fit"
        yield Statement(
            message=f"{found.turned} of {counted(found.photos, 'label')} whose photos have an EXIF "
            f"orientation {how} the photo as viewers turn it, not as it is stored",
            certainty=Certainty.PROOF if sizes else Certainty.STRONG,
            path=found.first_turned[0],
            count=found.turned,
            evidence={
                "turned_photos": found.photos,
                "labels_that_fit_as_stored": found.stored,
                "told_by_size": found.by_size,
                "first_files": list(found.first_turned),
            },
            fix=upright,
        )
    elif found.first_open:
        yield Statement(
            message=f"{counted(found.open, 'photo')} with an EXIF orientation: viewers "
            "turn them, trainers do not, so labels that were drawn in a viewer may lie crosswise",
            certainty=Certainty.HINT,
            level=Level.INFO,
            path=found.first_open[0],
            count=found.open,
            evidence={"turned_photos": found.photos, "first_files": list(found.first_open)},
            fix=upright,
        )


@rule("L25", level=Level.ERROR)
def misaligned(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels are mirrored, turned or shifted against their photos.

    What: edges of the labels lie on edges of the photos if the labels are mirrored, turned or moved
    by some pixels, and not as they are. Only photos or only labels were augmented, cut into tiles
    with another offset, padded, or read with rows and columns swapped.

    Why it hurts: mirrored or turned labels teach nothing: every prediction is black. Labels shifted
    by 8 pixels cost 30 points of IoU, thin objects first.

    How to fix: do to the labels what was done to the photos, or undo it.
    """
    found = facts.alignment
    shift = found.shift
    if shift is not None and shift.agreeing >= _AGREEING:
        yield _shifted(facts, shift)
        return
    if found.pairs == 0 or (_mixed(facts) and not _displaced(facts)):
        return
    wrong = sum(found.turned.values()) + (found.moved if found.moved > 1 else 0)
    if not wrong:
        return
    how = max(found.turned, key=lambda name: found.turned[name], default="moved")
    most = wrong >= _MOST * found.pairs
    if not most and found.in_place < _IN_PLACE * found.pairs:
        return
    first = next((m for m in found.misfits if m.how == how), found.misfits[0])
    undone = f"moved by {_pixels(first.move)}" if first.how == "moved" else first.how
    yield Statement(
        message=f"{wrong} of {counted(found.pairs, 'label')} looked at fit their photo only "
        f"{undone}: {file_name(first.path)}",
        certainty=Certainty.STRONG,
        level=None if most else Level.WARNING,
        path=first.path,
        count=wrong,
        evidence={
            "labels": found.pairs,
            "fit_as_they_are": found.in_place,
            "fit_otherwise": {**found.turned, **({"moved": found.moved} if found.moved else {})},
            "first_files": [misfit.path for misfit in found.misfits],
            "first_fit": {"as it is": round(first.fit, 2), undone: round(first.best, 2)},
        },
        fix="do the same to labels as to their photos, or leave both as they are",
    )


def _shifted(facts: DatasetFacts, shift: Shift) -> Statement:
    found = facts.alignment
    path = found.misfits[0].path if found.misfits else str(facts.descriptor.labels)
    return Statement(
        message=f"labels lie beside their photos: moved by {_pixels(shift.move)} they fit best "
        f"({counted(found.pairs, 'label')} looked at)",
        certainty=Certainty.STRONG,
        level=None if shift.steps >= _FAR else Level.WARNING,
        path=path if found.misfits else f"{facts.root}/{path}",
        count=found.pairs,
        evidence={
            "labels": found.pairs,
            "move_right": shift.move[0],
            "move_down": shift.move[1],
            "fit_as_they_are": round(shift.fit, 3),
            "fit_moved": round(shift.best, 3),
            "share_of_labels_that_agree": round(shift.agreeing, 3),
        },
        fix=f"move the labels by {_pixels(shift.move)}, or export them again with the offset of "
        "the photos",
    )


def _pixels(move: tuple[int, int]) -> str:
    """``8 pixels to the right and 3 down``."""
    right, down = move
    sides = [
        (right, "to the right" if right > 0 else "to the left"),
        (down, "down" if down > 0 else "up"),
    ]
    words = [f"{abs(steps)} pixels {side}" for steps, side in sides if steps]
    return " and ".join(words) or "less than a pixel"


def _displaced(facts: DatasetFacts) -> bool:
    """Labels fit their own photos, but elsewhere or turned: L25 speaks."""
    found = facts.alignment
    if found.shift is not None and found.shift.agreeing >= _AGREEING:
        return True
    return found.pairs > 0 and sum(found.turned.values()) + found.moved >= _MOST * found.pairs


def _mixed(facts: DatasetFacts) -> bool:
    """P01 and P02 speak: how a label lies on a photo that is not its own says nothing."""
    matches = facts.alignment.matches
    return bool(_step(facts)) or matches.others >= max(_MIXED_LEAST, _MIXED * matches.pairs)


def _step(facts: DatasetFacts) -> int:
    """1 or -1 where labels are shifted by one place, in the order of names; else 0."""
    matches = facts.alignment.matches
    if matches.others < max(_MIXED_LEAST, _MIXED * matches.pairs) or _displaced(facts):
        return 0
    if matches.following >= _SHIFTED * matches.others:
        return 1
    return -1 if matches.preceding >= _SHIFTED * matches.others else 0


def _evidence(facts: DatasetFacts) -> dict[str, object]:
    matches = facts.alignment.matches
    return {
        "pairs_compared": matches.pairs,
        "fit_their_own": matches.own,
        "fit_another": matches.others,
        "of_these_the_next": matches.following,
        "of_these_the_one_before": matches.preceding,
        "first": [_match(match) for match in matches.first],
    }


def _match(match: Match) -> dict[str, object]:
    return {
        "photo": match.photo,
        "label": match.own,
        "fits": match.label,
        "fit": round(match.fit, 2),
        "own_fit": round(match.own_fit, 2),
    }
