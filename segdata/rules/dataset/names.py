"""Rules about how files are named: suffixes, capitals, and what stands around a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING
from unicodedata import normalize

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.wording import counted, descriptor_file, on_dataset, registering, several

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts
    from segdata.facts.affixes import Affix
    from segdata.facts.inventory import Folder, Inventory


@rule("P03", level=Level.ERROR)
def other_suffix(facts: DatasetFacts) -> Iterator[Statement]:
    """A listed file exists under another suffix or in other letters.

    What: the list names `a`, the descriptor asks for `a.png`, and the folder holds `a.jpg` or
    `A.png`; or letters with accents are one character in the list and two in the file's name, as
    macOS writes them. The original DeepLab asks for .png unless it is told otherwise.

    Why it hurts: the pair is not found: the builder stops with `JPEGImages/a.png not found`, or the
    pair is silently left out and training sees fewer pictures.

    How to fix: name the suffix in dataset.toml (`image_suffix`, `label_suffix`), or leave both out,
    which takes every image format; or rename the files, as `segdata fix` does in a new folder. Save
    pictures in formats that segdata does not look for, such as GIF, as PNG.
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
        yield Statement(
            message=f"for {counted(len(found), 'name')} no file in {folder.path} "
            f"{_wanted(folder, suffix)}, "
            f"but there is {several(found)}{_unseen(folder.elsewhere)}",
            path=folder.path,
            count=len(found),
            evidence={key: suffix, "found": found[:5], "suffixes": dict(folder.suffixes)},
            fix=_found_again(facts, folder, key, suffix),
        )


@rule("P10", level=Level.ERROR)
def other_names(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels are named after their photos, with something before or behind.

    What: photos are named `a`, and labels `a_mask` (`a_L`, `label_a`, `a_gtFine_labelIds`), so that
    no name is both a photo's and a label's.

    Why it hurts: no label is found: training has nothing to learn from, or a loader takes all masks
    for empty.

    How to fix: say in dataset.toml how the names of labels end, such as `label_suffix =
    "_mask.png"`. What stands before a name, rename.
    """
    if facts.inventory is None:
        return
    yield from _some_renamed(facts.inventory)
    affix = facts.inventory.affix
    if affix is None:
        return
    images, labels = facts.inventory.images, facts.inventory.labels
    said = [f"{_around(ends)} of {what}" for ends, what in
            ((affix.image, "photos"), (affix.label, "labels")) if any(ends)]  # fmt: skip
    yield Statement(
        message=f"no photo has a label of its name, but {affix.pairs} of {images.files} have one "
        f"without the {' and the '.join(said)}",
        certainty=Certainty.STRONG,
        path=labels.path,
        count=affix.pairs,
        evidence={
            "photos_begin_and_end_with": list(affix.image),
            "labels_begin_and_end_with": list(affix.label),
            "pairs": affix.pairs,
        },
        fix=_suffixes(facts, affix),
    )


def _some_renamed(inventory: Inventory) -> Iterator[Statement]:
    """Some labels have an ending, and the others have not."""
    renamed = list(inventory.renamed.items())
    if renamed:
        photo, label = renamed[0]
        yield Statement(
            message=f"{counted(len(renamed), 'photo')} without a label of the same name "
            f"{'has' if len(renamed) == 1 else 'have'} one with {inventory.ending!r} behind: "
            f"{photo} has {label}",
            path=inventory.labels.path,
            count=len(renamed),
            evidence={"ending": inventory.ending, "first_labels": [b for _, b in renamed[:5]]},
            fix=f"take {inventory.ending!r} off the names of these labels",
        )


def _wanted(folder: Folder, suffix: str | None) -> str:
    if suffix is not None:
        return f"ends in {suffix}"
    return (
        "has exactly that name" if folder.usual_elsewhere else "is of a format that is looked for"
    )


def _found_again(facts: DatasetFacts, folder: Folder, key: str, suffix: str | None) -> str:
    """What makes the files count that do not, and leaves those that do."""
    endings = {PurePath(path).suffix for path in folder.elsewhere.values()}
    renamed = any(
        not PurePath(path).with_suffix("").as_posix().endswith(name)
        for name, path in folder.elsewhere.items()
    )
    if folder.usual_elsewhere and (renamed or suffix is None):
        return on_dataset(facts, "fix", f"{facts.root}-fixed")
    if not folder.files and len(endings) == 1:
        return (
            f'{registering(facts)}set {key} = "{endings.pop()}" in {descriptor_file(facts.root)}, '
            "or rename the files"
        )
    if folder.usual_elsewhere:
        return f"take {key} out of {descriptor_file(facts.root)}: then every image format counts"
    return "save these pictures as PNG under the same names"


def _unseen(elsewhere: Mapping[str, str]) -> str:
    """Names that look the same need a word."""
    forms = any(
        PurePath(path).stem != PurePath(name).name
        and normalize("NFC", PurePath(path).stem) == normalize("NFC", PurePath(name).name)
        for name, path in elsewhere.items()
    )
    return ", whose letters have another Unicode form" if forms else ""


def _around(ends: tuple[str, str]) -> str:
    return " and ".join(repr(end) for end in ends if end)


def _suffixes(facts: DatasetFacts, affix: Affix) -> str:
    assert facts.inventory is not None
    if affix.image[0] or affix.label[0]:
        return f"rename the files in {facts.inventory.labels.path} as their photos"
    toml = []
    for key, end, folder in (
        ("image_suffix", affix.image[1], facts.inventory.images),
        ("label_suffix", affix.label[1], facts.inventory.labels),
    ):
        if end and folder.suffixes:
            suffix = max(folder.suffixes, key=lambda s: folder.suffixes[s])
            toml.append(f'{key} = "{end}{suffix}"')
    return f"{registering(facts)}set {' and '.join(toml)} in {descriptor_file(facts.root)}"
