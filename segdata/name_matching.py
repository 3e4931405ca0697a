"""Names of two folders that mean the same image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path, PurePosixPath
from typing import TypeVar

from segdata.errors import UserError

File = TypeVar("File")

# Where a name may be cut.
_SEPARATORS = "_-. /"
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True)
class NameMatch:
    """Names that belong together.

    Args:
        pairs: the common name, the prediction's and the label's, in the order of the labels.
        missing: labels without a prediction.
        extra: predictions without a label.
        how: in words, where names are not simply equal.
    """

    pairs: tuple[tuple[str, str, str], ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    how: str = ""


@dataclass(frozen=True)
class _Affix:
    """What is cut off all names of a folder.

    Args:
        begins: what all of them then still begin with.
        ends: what they still end with.
    """

    prefix: str = ""
    suffix: str = ""
    begins: str = ""
    ends: str = ""

    def taken_off(self, name: str) -> str:
        return name[len(self.prefix) : len(name) - len(self.suffix)]

    def may_join(self, other: _Affix) -> bool:
        """Whether any name may be left the same in both folders: a cheap look before all names."""
        a, b = self.begins, other.begins
        if not (a.startswith(b) or b.startswith(a)):
            return False
        a, b = self.ends, other.ends
        if not (a.endswith(b) or b.endswith(a)):
            return False
        mine, theirs = self.numbered, other.numbered
        return all(mine[kind] == theirs[kind] for kind in mine.keys() & theirs.keys())

    @property
    def numbered(self) -> dict[str, list[str]]:
        """Parts that tell images apart by a number, by what they are but for it.

        ``0016E5`` is one, and ``Seq05VD`` beside ``Seq06VD``; not ``leftImg8bit`` beside ``gt``.
        """
        found: dict[str, list[str]] = {}
        for part in re.split(f"[{re.escape(_SEPARATORS)}]", f"{self.prefix}/{self.suffix}"):
            if _NUMBER.match(part):
                found.setdefault("", []).append(part)
            elif _NUMBER.search(part):
                found.setdefault(_NUMBER.sub("", part), []).append(part)
        return found

    def __str__(self) -> str:
        return " and ".join(f"“{part}”" for part in (self.prefix, self.suffix) if part)

    def __len__(self) -> int:
        return len(self.prefix) + len(self.suffix)


def match_names(predictions: Sequence[str], labels: Sequence[str]) -> NameMatch:
    """Join names: equal ones; or else equal stems; or else stems, or names, without common affixes.

    The first way that joins any counts; what occurs twice in one folder tells nothing.
    """
    equal = _match({p: p for p in predictions}, {n: n for n in labels}, "")
    if equal.pairs:
        return equal
    predicted, true = (
        unique_stems({p: p for p in predictions}),
        unique_stems({n: n for n in labels}),
    )
    if predicted and true:
        by_stem = _match(predicted, true, "by file name, whatever the sub-folder")
        without = by_stem if by_stem.pairs else _without_affixes(predicted, true)
        if without.pairs:
            return without
    return _without_affixes({p: p for p in predictions}, {n: n for n in labels})


def by_pattern(files: Mapping[str, Path], pattern: str, folder: Path) -> dict[str, Path]:
    """The files whose place below the folder fits, by what stands for ``{}``.

    Raises:
        UserError: there is no ``{}`` in the pattern, it fits nothing, or two files are one name.
    """
    if pattern.count("{}") != 1:
        raise UserError(
            f"the pattern {pattern!r} does not say where the name stands",
            "write {} for the name, such as '*/{}_pred.png'",
        )
    parts = re.split(r"(\{\}|\*)", PurePosixPath(pattern).as_posix())
    meaning = {"{}": "(.+)", "*": "[^/]*"}
    fits = re.compile("".join(meaning.get(part, re.escape(part)) for part in parts))
    found: dict[str, Path] = {}
    for key, path in files.items():
        place = path.relative_to(folder).as_posix()
        match = fits.fullmatch(place) or fits.fullmatch(key)
        if match is None:
            continue
        if match[1] in found:
            raise UserError(
                f"{found[match[1]]} and {path} are both {match[1]!r} by the pattern {pattern!r}",
                "make the pattern longer",
            )
        found[match[1]] = path
    if not found:
        first = next(iter(files.values())).relative_to(folder).as_posix()
        raise UserError(f"no file of {folder} fits the pattern {pattern!r}; one is {first!r}")
    return found


def unique_stems(files: Mapping[str, File]) -> dict[str, File]:
    """The files by their bare stem; none if a stem occurs twice, for then it tells nothing."""
    found = {stem_of(key): file for key, file in files.items()}
    return found if len(found) == len(files) else {}


def stem_of(key: str) -> str:
    """The name without its sub-folders."""
    return PurePosixPath(key).name


def _match(predicted: Mapping[str, str], true: Mapping[str, str], how: str) -> NameMatch:
    """Join by the tables' keys; their values are the names in the folders."""
    return NameMatch(
        tuple((name, predicted[name], true[name]) for name in true if name in predicted),
        tuple(label for name, label in true.items() if name not in predicted),
        tuple(guess for name, guess in predicted.items() if name not in true),
        how,
    )


def _without_affixes(predicted: Mapping[str, str], true: Mapping[str, str]) -> NameMatch:
    """Cut as little as joins most."""
    best, cut = _match(predicted, true, ""), 0
    alone = 1 in (len(predicted), len(true))
    for one, other in product(_affixes(list(predicted)), _affixes(list(true))):
        if not one.may_join(other):
            continue
        bare = {one.taken_off(stem): name for stem, name in predicted.items()}
        bare_true = {other.taken_off(stem): name for stem, name in true.items()}
        both = bare.keys() & bare_true.keys()
        joined = len(both)
        # Of a single name any part may be the image's: only a number tells it then.
        if alone and _differ(one.prefix, other.prefix) and not any(map(_NUMBER.search, both)):
            continue
        whole = len(bare) == len(predicted) and len(bare_true) == len(true)
        size = len(one) + len(other)
        better = joined > len(best.pairs) or (joined == len(best.pairs) and size < cut)
        if whole and joined and better:
            best, cut = _match(bare, bare_true, _words(one, other)), size
    return best


def _differ(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether something else is cut off on both sides."""
    return bool(one and other) and one != other


def _affixes(stems: list[str]) -> Iterator[_Affix]:
    """What may be cut off: common beginnings and ends, up to a separator."""
    first, last = min(stems), max(stems)
    starts = [
        first[: at + 1]
        for at, (a, b) in enumerate(zip(first, last, strict=False))
        if first[: at + 1] == last[: at + 1] and a in _SEPARATORS
    ]
    turned = sorted(stem[::-1] for stem in stems)
    first, last = turned[0], turned[-1]
    ends = [
        first[: at + 1][::-1]
        for at, a in enumerate(first)
        if first[: at + 1] == last[: at + 1] and a in _SEPARATORS
    ]
    shortest = min(map(len, stems))
    start, end = max(starts, default="", key=len), max(ends, default="", key=len)
    if len(start) + len(end) >= shortest:
        # What all begin and end with overlaps, and cutting one takes of the other.
        start = end = ""
    for prefix, suffix in product(["", *starts], ["", *ends]):
        if len(prefix) + len(suffix) < shortest:
            yield _Affix(prefix, suffix, start[len(prefix) :], end.removesuffix(suffix))


def _words(predictions: _Affix, labels: _Affix) -> str:
    parts = [
        f"{affix} of the {kind}"
        for affix, kind in ((predictions, "predictions"), (labels, "labels"))
        if len(affix)
    ]
    return f"by file name without {' and '.join(parts)}"
