"""What names in code say of a picture: a mask, or a photo."""

from __future__ import annotations

import re
from collections.abc import Iterable

from segdata.evidence.picture_reads import What

_MASK = re.compile(
    r"(^|[^a-z])(masks?|labels?|lbls?|annot|anno|anns?|targets?|gts?|seg|segm|segmentation"
    r"|ground_?truth|truth|y_train|y_true)([^a-z]|$|\d)|mask|label|annot|groundtruth|segmap|gt_?img"
)
_PHOTO = re.compile(r"image|img|photo|input|jpeg|jpg|frame|x_train|(^|[^a-z])rgb")
# Words for where files lie; what a file is called may be of both.
_PLACE = re.compile(r"dir|path|root|folder")
# Names of one letter speak where no longer one does.
_MASK_LETTERS = frozenset({"m", "y", "t", "gt"})
_PHOTO_LETTERS = frozenset({"x", "i", "im", "img"})


def is_mask(words: Iterable[str]) -> bool:
    return what_is(words) == "mask"


def what_of(target: Iterable[str], path: Iterable[str], place: str, *, grey: bool) -> What:
    """What a picture is by the name that gets it, the words of its path, and the function that
    reads it; a name of one letter says less than these, and grey is how masks are read."""
    target, path = list(target), list(path)
    told: list[What] = [what_is(word for word in target if len(word) > 1)]
    told += [what_is(path, letters=False), what_is(filter(_PLACE.search, path), letters=False)]
    told += [what_is([place], letters=False), what_is(target), what_is(path)]
    known: What = next((one for one in told if one != "unknown"), "unknown")
    return "mask" if known == "unknown" and grey else known


def what_is(words: Iterable[str], *, letters: bool = True) -> What:
    """What a name, or the words of a path, say; ``unknown`` where they say both or nothing."""
    words = list(words)
    mask = any(_MASK.search(word) for word in words)
    photo = any(_PHOTO.search(word) and not _MASK.search(word) for word in words)
    if not mask and not photo and letters:
        mask = any(word in _MASK_LETTERS for word in words)
        photo = any(word in _PHOTO_LETTERS for word in words)
    if mask == photo:
        return "unknown"
    return "mask" if mask else "photo"
