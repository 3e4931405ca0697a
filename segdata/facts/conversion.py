"""Facts about a source that is being converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segdata.facts.colors import MaskColorsFacts

# Files named; the count beside them says how many there are.
_NAMED = 5


@dataclass
class Named:
    """How often something was met, in how many files, and the first of them."""

    count: int = 0
    files: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, file: str, count: int) -> None:
        self.count += count
        self.files += 1
        if len(self.first) < _NAMED:
            self.first.append(file)


@dataclass(frozen=True)
class ConversionFacts:
    """What the rules about a conversion judge.

    Args:
        colors: the unknown colors of all masks.
        labels: where the labels lie.
        images: where the photos lie.
        pairs: photos with a label.
        unlisted: pixels of classes that the class file does not list, by name.
        left_out: what could not be drawn, by what it is.
        images_only: keys of photos without a label.
        labels_only: keys of labels without a photo.
        unpaired: names in the source's lists that belong to no pair.
        outside: files that are links out of the source, which were passed over.
        turned: keys of photos turned upright, for their labels have that size.
        assumed: keys of photos turned upright although their labels' sizes do not tell.
        lying: keys of photos left as they lie, for their labels have that size.
        unread: labels with a problem that are not told one by one.
    """

    colors: MaskColorsFacts
    labels: str
    images: str
    pairs: int
    unlisted: Mapping[str, Named] = field(default_factory=dict)
    left_out: Mapping[str, Named] = field(default_factory=dict)
    images_only: tuple[str, ...] = ()
    labels_only: tuple[str, ...] = ()
    unpaired: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    turned: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    lying: tuple[str, ...] = ()
    unread: int = 0
