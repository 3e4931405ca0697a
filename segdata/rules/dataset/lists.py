"""Rules about list files: how names are written in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from segdata.file_index import without_suffix
from segdata.findings import Level
from segdata.rules import Statement, further, rule
from segdata.rules.wording import counted, several

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts, SplitFacts

# Photo and label.
_COLUMNS = 2


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


@rule("P06", level=Level.ERROR)
def unclean_names(facts: DatasetFacts) -> Iterator[Statement]:
    """A list holds more than plain names.

    What: the list begins with a byte order mark or is not UTF-8; blanks stand around names; names
    have a suffix (`a.jpg`), or are paths (`JPEGImages/a`), perhaps in several columns. segdata
    takes all of that off, and never leaves the data set for a path. Or a name stands there twice.

    Why it hurts: the original DeepLab takes off the line end only, and looks for
    `JPEGImages/a.jpg.jpg`, or for a name that begins with an invisible character. A picture that is
    listed twice counts twice in a score; in training it is only seen more often.

    How to fix: write plain names, one on each line, each once, in UTF-8 without a byte order mark.
    """
    for split in _lists(facts):
        odd = list(_odd(split))
        if odd:
            yield Statement(
                message=f"the {split.name} list {', and '.join(odd)}; the original DeepLab would "
                "look for other names",
                level=_unless_foreign(facts, Level.INFO),
                path=split.path,
                count=max(split.text.padded, split.text.suffixed, len(split.pathed), 1),
                evidence={
                    "byte_order_mark": split.text.bom,
                    "encoding": split.text.encoding,
                    "padded": split.text.padded,
                    "with_suffix": split.text.suffixed,
                    "paths": len(split.pathed),
                    "first_paths": list(split.pathed[:5]),
                },
                fix=f"write plain names into {split.path}, one on each line, in UTF-8",
            )
        if split.text.repeated:
            yield _repeated(split)


@further("P01")
def columns_of_other_names(facts: DatasetFacts) -> Iterator[Statement]:
    """A list with two columns joins photos with the labels of other photos."""
    for split in _lists(facts):
        rows = [words for entry in split.pathed if len(words := entry.split()) == _COLUMNS]
        photos = {_stem(photo) for photo, _ in rows}
        wrong = [(photo, label) for photo, label in rows
                 if _stem(label) != _stem(photo) and _stem(label) in photos]  # fmt: skip
        if len(wrong) * 2 > len(rows):
            photo, label = wrong[0]
            yield Statement(
                message=f"{len(wrong)} of {counted(len(rows), 'line')} of the {split.name} list "
                f"join a photo with the label of another: {photo} with {label}",
                path=split.path,
                count=len(wrong),
                evidence={"lines": len(rows), "first_lines": [" ".join(w) for w in wrong[:5]]},
                fix=f"sort both columns of {split.path}, or write the name of each photo once: "
                "equal names belong together",
            )


def _stem(path: str) -> str:
    return without_suffix(PurePosixPath(path.replace("\\", "/")).name)


def _repeated(split: SplitFacts) -> Statement:
    names = split.text.repeated
    return Statement(
        message=f"{counted(len(names), 'name')} of the {split.name} list "
        f"{'stands' if len(names) == 1 else 'stand'} there more than once: {several(names)}",
        # To repeat pictures for training is a way to weigh them.
        level=Level.INFO if split.name.startswith("train") else Level.WARNING,
        path=split.path,
        count=len(names),
        evidence={"repeated": list(names[:20]), "lines": split.text.lines},
        fix=f"list every name once in {split.path}",
    )


def _odd(split: SplitFacts) -> Iterator[str]:
    text = split.text
    if text.encoding != "utf-8":
        yield f"is written in {text.encoding.upper()}"
    elif text.bom:
        yield "begins with a byte order mark"
    if text.padded:
        yield f"has blanks around {counted(text.padded, 'name')}"
    if text.suffixed:
        yield f"has {counted(text.suffixed, 'name')} with a suffix"
    if split.pathed:
        yield f"has {counted(len(split.pathed), 'path')} such as {split.pathed[0]}"


def _lists(facts: DatasetFacts) -> Iterator[SplitFacts]:
    return (split for split in facts.splits if split.path is not None)


def _unless_foreign(facts: DatasetFacts, level: Level) -> Level | None:
    """Milder where segdata itself reads the list: it cleans names as it reads them."""
    return level if facts.descriptor.label_decoder == "indices" else None
