"""What stands around names: ``a_mask`` beside ``a``, ``a_labelIds`` beside ``a_leftImg8bit``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import takewhile

# Names fit if nearly all of the fewer ones do; some photos or labels may be missing.
_FITTING = 0.9
# One name always has something in common with itself.
_LEAST = 2


@dataclass(frozen=True)
class Affix:
    """Beginnings and ends of names that hide which of them belong together.

    Args:
        image: what photos' names begin and end with.
        label: what labels' names begin and end with.
        pairs: how many names fit when these are taken off.
    """

    image: tuple[str, str]
    label: tuple[str, str]
    pairs: int


def common_affix(images: Collection[str], labels: Collection[str]) -> Affix | None:
    """What to take off names so that photos and labels fit; None if nothing does."""
    fewer = min(len(images), len(labels))
    if fewer < _LEAST:
        return None
    image, label = _ends(images), _ends(labels)
    tried = [("", ""), image, (image[0], ""), ("", image[1])]
    best = max(
        (_fit(images, labels, one, label_ends) for one in tried for label_ends in _parts(label)),
        key=lambda affix: (affix.pairs, -len("".join(affix.image + affix.label))),
    )
    return best if best.pairs >= _FITTING * fewer else None


def with_ending(images: Collection[str], labels: Collection[str]) -> tuple[str, dict[str, str]]:
    """Of photos without a label and labels without a photo: the most frequent ending that labels
    have behind a photo's name, and the label of each photo with it."""
    photos = set(images)
    found: dict[str, dict[str, str]] = {}
    for label in labels:
        cuts = (at for at, letter in enumerate(label) if letter in "_-. ")
        name = next((label[:at] for at in cuts if label[:at] in photos), None)
        if name is not None:
            found.setdefault(label[len(name) :], {})[name] = label
    best = max(found, key=lambda ending: len(found[ending]), default="")
    return best, found.get(best, {})


def _parts(ends: tuple[str, str]) -> list[tuple[str, str]]:
    return [ends, (ends[0], ""), ("", ends[1]), ("", "")]


def _ends(names: Collection[str]) -> tuple[str, str]:
    """What all names begin and end with, folders aside; digits belong to what tells them apart."""
    bare = [name.rpartition("/")[2] for name in names]
    start = _beginning(bare)
    end = _beginning([name[len(start) :][::-1] for name in bare])[::-1]
    return start.rstrip("0123456789"), end.lstrip("0123456789")


def _beginning(names: Collection[str]) -> str:
    """What all of them begin with: the first and the last in order decide."""
    first, last = min(names), max(names)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def _fit(
    images: Collection[str], labels: Collection[str], image: tuple[str, str], label: tuple[str, str]
) -> Affix:
    mine = {without(name, image) for name in images}
    return Affix(image, label, len(mine & {without(name, label) for name in labels}))


def without(name: str, ends: tuple[str, str]) -> str:
    """A name without what it begins and ends with, folders aside."""
    folder, slash, bare = name.rpartition("/")
    return f"{folder}{slash}{bare.removeprefix(ends[0]).removesuffix(ends[1])}"
