"""Rules about names: do photos, labels and lists name the same things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from segdata.findings import Level
from segdata.rules import Statement, rule
from segdata.rules.wording import counted, descriptor_file, several

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts, SplitFacts

# A split that is only predicted comes without labels.
_PREDICTED = "test"


@rule("P03", level=Level.ERROR)
def other_suffix(facts: DatasetFacts) -> Iterator[Statement]:
    """A listed file exists under another suffix or in other capitals.

    What: the list names `a`, the descriptor asks for `a.png`, and the folder holds `a.jpg` or
    `A.png`. The original DeepLab asks for .png unless it is told otherwise.

    Why it hurts: the pair is not found: the builder stops with `JPEGImages/a.png not found`, or the
    pair is silently left out and training sees fewer pictures.

    How to fix: name the suffix in dataset.toml (`image_suffix`, `label_suffix`), or leave both out,
    which takes every image format; or rename the files.
    """
    if facts.inventory is None:
        return
    descriptor = facts.descriptor
    for folder, key, suffix in (
        (facts.inventory.images, "image_suffix", descriptor.image_suffix),
        (facts.inventory.labels, "label_suffix", descriptor.label_suffix),
    ):
        if not folder.elsewhere:
            continue
        found = [PurePath(path).name for path in folder.elsewhere.values()]
        wanted = f"ends in {suffix}" if suffix else "has exactly that name"
        yield Statement(
            message=f"for {counted(len(found), 'name')} no file in {folder.path} {wanted}, "
            f"but there is {several(found)}",
            path=folder.path,
            count=len(found),
            evidence={key: suffix, "found": found[:5], "suffixes": dict(folder.suffixes)},
            fix=f'set {key} = "{PurePath(found[0]).suffix}" in {descriptor_file(facts.root)}, '
            "or rename the files",
        )


@rule("P04", level=Level.ERROR)
def blank_line(facts: DatasetFacts) -> Iterator[Statement]:
    """A list file has blank lines.

    What: a line of the list names nothing. segdata skips it.

    Why it hurts: the original DeepLab takes a blank line for a name and looks for
    `JPEGImages/.jpg`. A blank line in the middle of a list may stand for a name that was lost.

    How to fix: delete the blank lines, or put the missing names in.
    """
    for split in _lists(facts):
        blank = split.text.blank
        if not blank:
            continue
        at_end = len(blank) == split.text.lines - blank[0] + 1
        lines = "lines" if len(blank) > 1 else "line"
        yield Statement(
            message=f"{lines} {several([str(n) for n in blank])} of the {split.name} list "
            f"{'are' if len(blank) > 1 else 'is'} blank",
            level=_unless_foreign(facts, Level.INFO if at_end else Level.WARNING),
            path=split.path,
            count=len(blank),
            evidence={"lines": list(blank[:20]), "at_the_end": at_end},
            fix=f"delete the blank {lines} in {split.path}",
        )


@rule("P05", level=Level.ERROR)
def windows_line_ends(facts: DatasetFacts) -> Iterator[Statement]:
    """A list file has Windows line ends.

    What: each line ends in CR LF, as Windows editors write it. segdata takes both off.

    Why it hurts: the original DeepLab takes off LF only, and then looks for a file whose name ends
    in an invisible CR, which is not there.

    How to fix: save the list with Unix line ends (`dos2unix train.txt`, or the editor's setting).
    """
    for split in _lists(facts):
        if split.text.crlf:
            yield Statement(
                message=f"{counted(split.text.crlf, 'line')} of the {split.name} list end in CR LF"
                " (Windows); the original DeepLab would look for names that end in CR",
                level=_unless_foreign(facts, Level.INFO),
                path=split.path,
                count=split.text.crlf,
                evidence={"lines": split.text.lines, "crlf": split.text.crlf},
                fix=f"save {split.path} with Unix line ends (LF)",
            )


@rule("P07", level=Level.ERROR)
def lonely_files(facts: DatasetFacts) -> Iterator[Statement]:
    """Photos and labels do not match up.

    What: a list names photos that are not there, or photos that have no label; or, without lists,
    the two folders hold different names. Tools that train on the intersection drop the rest
    silently.

    Why it hurts: training sees fewer pictures than everybody believes, often a whole class or scene
    fewer.

    How to fix: add what is missing, or write lists that name only what is complete. A test split
    may be without labels.
    """
    if facts.inventory is None:
        return
    numbers = _five_numbers(facts)
    for split in facts.splits:
        yield from _no_photo(facts, split, numbers)
        yield from _no_label(facts, split, numbers)
    yield from _no_list(facts, numbers)


def _lists(facts: DatasetFacts) -> Iterator[SplitFacts]:
    return (split for split in facts.splits if split.path is not None)


def _unless_foreign(facts: DatasetFacts, level: Level) -> Level | None:
    """Milder where segdata itself reads the list: it cleans names as it reads them."""
    return level if facts.descriptor.label_decoder == "indices" else None


def _five_numbers(facts: DatasetFacts) -> dict[str, int]:
    inventory = facts.inventory
    assert inventory is not None
    return {
        "photos": inventory.images.files,
        "labels": inventory.labels.files,
        "both": inventory.both,
        "listed": sum(split.entries for split in facts.splits),
        "pairs": sum(split.pairs - len(split.without_label) for split in facts.splits),
    }


def _no_photo(
    facts: DatasetFacts, split: SplitFacts, numbers: dict[str, int]
) -> Iterator[Statement]:
    assert facts.inventory is not None
    missing = [name for name in split.without_image if name not in facts.inventory.images.elsewhere]
    if missing:
        yield Statement(
            message=f"{len(missing)} of {split.entries} names of the {split.name} list have no "
            f"photo: {several(missing)}",
            path=split.path,
            count=len(missing),
            evidence={**numbers, "without_photo": missing[:5]},
            fix=f"put the photos into {facts.inventory.images.path}, or take the names off the "
            "list",
        )


def _no_label(
    facts: DatasetFacts, split: SplitFacts, numbers: dict[str, int]
) -> Iterator[Statement]:
    assert facts.inventory is not None
    missing = [name for name in split.without_label if name not in facts.inventory.labels.elsewhere]
    if not missing:
        return
    predicted = split.name.startswith(_PREDICTED) and len(missing) == split.pairs
    where = f"of the {split.name} list" if split.path else f"in {facts.inventory.images.path}"
    yield Statement(
        message=f"{len(missing)} of {split.pairs} photos {where} have no label: {several(missing)}",
        level=Level.INFO if predicted else None,
        path=split.path or facts.inventory.images.path,
        count=len(missing),
        evidence={**numbers, "without_label": missing[:5]},
        fix=f"put the labels into {facts.inventory.labels.path}, or write lists "
        "(ImageSets/Segmentation/train.txt, val.txt) that name labelled photos only",
    )


def _no_list(facts: DatasetFacts, numbers: dict[str, int]) -> Iterator[Statement]:
    """Labels without a photo, and photos that no list names."""
    inventory = facts.inventory
    assert inventory is not None
    lonely = [n for n in inventory.labels_only if n not in inventory.images.elsewhere]
    if lonely and not any(split.path for split in facts.splits):
        yield Statement(
            message=f"{counted(len(lonely), 'label')} in {inventory.labels.path} "
            f"{'has' if len(lonely) == 1 else 'have'} no photo: {several(lonely)}",
            level=Level.WARNING,
            path=inventory.labels.path,
            count=len(lonely),
            evidence={**numbers, "without_photo": lonely[:5]},
            fix=f"put the photos into {inventory.images.path}, or take the labels out",
        )
    if inventory.unlisted:
        yield Statement(
            message=f"{counted(inventory.unlisted, 'photo')} of {inventory.images.files} "
            f"{'is' if inventory.unlisted == 1 else 'are'} in no list",
            level=Level.INFO,
            path=inventory.images.path,
            count=inventory.unlisted,
            evidence=numbers,
            fix="add the names to a list if they are meant to be used",
        )
