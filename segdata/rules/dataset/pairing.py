"""Rules about names: do photos, labels and lists name the same things."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from segdata.findings import Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import explained
from segdata.rules.wording import command, counted, descriptor_file, registering, several

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts, SplitFacts
    from segdata.facts.inventory import Folder

# A split that is only predicted comes without labels.
_PREDICTED = "test"


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
    if facts.inventory.affix is not None:
        return
    numbers = _five_numbers(facts)
    for split in facts.splits:
        yield from _no_photo(facts, split, numbers)
        yield from _no_label(facts, split, numbers)
    yield from _no_list(facts, numbers)


@rule("P11", level=Level.ERROR)
def colors_beside_ids(facts: DatasetFacts) -> Iterator[Statement]:
    """The folder of colors is used, and that of the ids lies beside it.

    What: dataset.toml (or a build script) takes labels from SegmentationClass, which holds color or
    palette pictures; SegmentationClassRaw beside it holds ids of the same names.

    Why it hurts: the ids were made, and are not used: training sees the brightness of colors.

    How to fix: name the folder of the ids in dataset.toml (`labels = "SegmentationClassRaw"`), and
    make the shards again.
    """
    beside = facts.inventory.ids_beside if facts.inventory else None
    misread = [*explained(facts, "L03"), *explained(facts, "L04")]
    if beside is None or facts.inventory is None or not misread:
        return
    used, raw = facts.inventory.labels, PurePath(beside).name
    yield Statement(
        message=f"labels are taken from {PurePath(used.path).name}, which holds colors; "
        f"{raw} beside it holds ids of the same names",
        path=used.path,
        count=sum(group.files for group in misread),
        evidence={"used": used.path, "ids": beside},
        fix=f'{registering(facts)}set labels = "{_sibling(facts.descriptor.labels, raw)}" in '
        f"{descriptor_file(facts.root)}",
    )


@rule("P12", level=Level.WARNING)
def two_files_for_a_name(facts: DatasetFacts) -> Iterator[Statement]:
    """Two files have one name.

    What: a folder holds `a.jpg` and `a.png`, of which one counts. Or names differ only in capitals
    or in how accents are written, which are one name on Windows and macOS.

    Why it hurts: one of the two is used, and it may be the wrong one; another program, or another
    machine, uses the other. Unpacked elsewhere, one of them is gone.

    How to fix: take away the file that is not meant, or rename it.
    """
    if facts.inventory is None:
        return
    for folder in (facts.inventory.images, facts.inventory.labels):
        if folder.doubles:
            used, other = (PurePath(path).name for path in folder.first_doubles[0])
            yield Statement(
                message=f"{counted(folder.doubles, 'name')} in {folder.path} "
                f"{'has' if folder.doubles == 1 else 'have'} several files: {used} is used, "
                f"{other} is not",
                path=folder.first_doubles[0][1],
                count=folder.doubles,
                evidence={"first": [list(pair) for pair in folder.first_doubles]},
                fix="take away the files that are not meant, or rename them",
            )
        if folder.look_alikes:
            one, other = folder.first_look_alikes[0]
            yield Statement(
                message=f"{counted(folder.look_alikes, 'name')} in {folder.path} "
                f"{'differs' if folder.look_alikes == 1 else 'differ'} from another only in "
                f"capitals or in Unicode form, such as {PurePath(one).name} and "
                f"{PurePath(other).name}: on Windows and macOS they are one file",
                path=other,
                count=folder.look_alikes,
                evidence={"first": [list(pair) for pair in folder.first_look_alikes]},
                fix="rename the files, and the names in the lists",
            )


def _sibling(labels: str, name: str) -> str:
    return PurePath(labels).with_name(name).as_posix()


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
    images = facts.inventory.images
    yield from _led_out(split, images, split.without_image)
    missing = [
        name
        for name in split.without_image
        if name not in images.elsewhere and name not in images.outside
    ]
    if split.path and not split.entries:
        yield _empty_list(split)
    # Nothing fits, though there are photos: the list is not of these.
    if missing and len(missing) == split.entries and images.files:
        yield Statement(
            message=f"no name of the {split.name} list has a photo ({several(missing)}): it is the "
            "list of another data set, or no list",
            path=split.path,
            count=len(missing),
            evidence={**numbers, "without_photo": missing[:5]},
            fix=f"put the list of these photos there, or take {split.path} away and make lists "
            f"again: {command('split', facts.root, f'{facts.root}-split')}",
        )
    elif missing:
        yield Statement(
            message=f"{len(missing)} of {split.entries} names of the {split.name} list have no "
            f"photo: {several(missing)}",
            path=split.path,
            count=len(missing),
            evidence={**numbers, "without_photo": missing[:5]},
            fix=f"put the photos into {facts.inventory.images.path}, or take the names off the "
            "list",
        )


def _empty_list(split: SplitFacts) -> Statement:
    return Statement(
        message=f"the {split.name} list is empty",
        # Nothing is learned without train; without the others nothing is measured.
        level=Level.WARNING if split.name.startswith("train") else Level.INFO,
        path=split.path,
        fix=f"put names into {split.path}, one on each line, or take the file away",
    )


def _no_label(
    facts: DatasetFacts, split: SplitFacts, numbers: dict[str, int]
) -> Iterator[Statement]:
    assert facts.inventory is not None
    labels = facts.inventory.labels
    yield from _led_out(split, labels, split.without_label)
    missing = [
        name
        for name in split.without_label
        if name not in labels.elsewhere
        and name not in labels.outside
        and name not in facts.inventory.renamed
    ]
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


def _led_out(split: SplitFacts, folder: Folder, names: Iterable[str]) -> Iterator[Statement]:
    """Links that are there, and are not followed: nothing outside the data set is read."""
    links = [folder.outside[name] for name in names if name in folder.outside]
    if links:
        yield Statement(
            message=f"{counted(len(links), 'file')} of {split.name} in {folder.path} "
            f"{'is a link that leads' if len(links) == 1 else 'are links that lead'} out of the "
            f"data set, and {'is' if len(links) == 1 else 'are'} not read: {several(links)}",
            path=folder.path,
            count=len(links),
            evidence={"links": links[:5]},
            fix="put the files themselves there; or, if you made the links, set "
            "allow_outside = true in dataset.toml",
        )


def _no_list(facts: DatasetFacts, numbers: dict[str, int]) -> Iterator[Statement]:
    """Labels without a photo, and photos that no list names."""
    inventory = facts.inventory
    assert inventory is not None
    known = {*inventory.images.elsewhere, *inventory.renamed.values()}
    lonely = [name for name in inventory.labels_only if name not in known]
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
