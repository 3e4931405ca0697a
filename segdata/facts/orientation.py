"""Photos with an EXIF orientation: whether labels fit them as stored, or as viewers turn them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segdata.facts.alignment import FITS, WORSE, in_place

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts

# A label with fewer pixels of edges decides nothing; CamVid's have 1196 at least.
EDGES = 150
_NAMED = 5
# What undoes each EXIF orientation, for a label that was drawn on the photo set upright.
UPRIGHT = {
    2: "mirrored left to right",
    3: "turned by 180°",
    4: "mirrored top to bottom",
    5: "transposed",
    6: "turned counterclockwise",
    7: "transposed and turned by 180°",
    8: "turned clockwise",
}


@dataclass(frozen=True, slots=True)
class Sideways:
    """Photos with an EXIF orientation.

    Args:
        photos: how many.
        turned: labels that fit the photo as viewers show it.
        stored: labels that fit the photo as it is stored.
        by_size: how many of ``turned`` have the size of the photo set upright, not as stored.
        open: photos of which it cannot be told.
        first_turned: the first labels that fit turned photos.
        first_open: the first photos of which it cannot be told.
    """

    photos: int = 0
    turned: int = 0
    stored: int = 0
    by_size: int = 0
    open: int = 0
    first_turned: tuple[str, ...] = ()
    first_open: tuple[str, ...] = ()


def fits_turned(pair: PairFacts) -> bool | None:
    """Whether a label fits its photo as viewers turn it (True) or as it is stored (False).

    Sizes tell, or else edges do; None where nothing tells, or the photo is upright.
    """
    photo, label = pair.photo.header, pair.label.header if pair.label else None
    if photo is None or label is None or photo.orientation == 1:
        return None
    stored, size = (photo.width, photo.height), (label.width, label.height)
    if photo.orientation > 4 and stored != stored[::-1]:
        return {stored: False, stored[::-1]: True}.get(size)
    found = pair.alignment
    if found is None or found.edges < EDGES:
        return None
    own, upright = in_place(found.fits[0]), found.turned.get(UPRIGHT[photo.orientation], 0.0)
    least = FITS / found.edges**0.5
    if upright >= least and own <= WORSE * upright:
        return True
    return False if own >= least and upright <= WORSE * own else None


class SidewaysCollector:
    """Adds pairs with such photos up."""

    def __init__(self) -> None:
        self.photos = self.turned = self.stored = self.by_size = 0
        self.first_turned: list[str] = []
        self.open = 0
        self.first_open: list[str] = []

    def add(self, pair: PairFacts) -> None:
        assert pair.label is not None
        self.photos += 1
        turned = fits_turned(pair)
        if turned:
            self.turned += 1
            self.by_size += pair.sizes_differ
            self.first_turned += [pair.label.path] if len(self.first_turned) < _NAMED else []
        elif turned is False:
            self.stored += 1
        elif not pair.sizes_differ:
            self.open += 1
            self.first_open += [pair.photo.path] if len(self.first_open) < _NAMED else []

    def facts(self) -> Sideways:
        return Sideways(
            self.photos, self.turned, self.stored, self.by_size, self.open,
            tuple(self.first_turned), tuple(self.first_open),
        )  # fmt: skip
