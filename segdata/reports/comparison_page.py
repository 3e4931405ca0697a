"""The HTML page of a comparison: what the template needs, and nothing it could compute."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.drawing.changes import CHANGE_KINDS, change_kinds, change_map
from segdata.images import encode_photo
from segdata.reports.comparison_plots import whiskers
from segdata.reports.frame import Swatch, hex_color, render_page
from segdata.reports.thumbnails import Panel, address, jpeg_address, label_address
from segdata.scores import Change, ChangedImage, ClassDifference, Comparison
from segdata.scores import comparison_words as words

# The table of images ends here; all of them are in the JSON inside the page.
_LISTED = 200
TOLD = {
    "better": "▲ better",
    "worse": "▼ worse",
    "unclear": "no real difference",
    "too few": "too few to tell",
    "same": "the same",
    "undefined": "undefined",
}


@dataclass(frozen=True)
class ShownChange:
    """An image side by side, with its mean IoU and pixel accuracy of A and of B."""

    key: str
    miou: tuple[float, float]
    accuracy: tuple[float, float]
    panels: tuple[Panel, ...]


def render_comparison(found: Comparison) -> str:
    """The page: one HTML text that refers to nothing outside itself."""
    by_effect = sorted(found.per_class, key=_effect)
    ranked = sorted(found.images, key=lambda one: (math.isnan(one.value), -abs(one.value)))
    return render_page(
        "comparison.html.jinja",
        found=found,
        verdict=words.verdict(found),
        class_verdict=words.class_verdict(found),
        image_verdict=words.image_verdict(found),
        influence=words.influence(found),
        warnings=list(words.warnings(found)),
        means=whiskers((words.SCORES[name], one) for name, one in found.means.items()),
        classes=whiskers((row.name, row.iou) for row in by_effect),
        told=TOLD,
        signed=words.signed,
        spelled=words.spelled,
        ends=words.ends,
        level=words.share(max((r.iou.level for r in found.per_class), default=0.0)),
        mean_level=words.share(found.bootstrap.level),
        colors={r.id: hex_color(found.class_map.color(r.id)) for r in found.per_class},
        near=any(not math.isnan(v) for r in found.per_class for v in r.boundary),
        gains=[_shown(one, found) for one in found.gains],
        losses=[_shown(one, found) for one in found.losses],
        legend=list(_legend(found)),
        change_legend=[Swatch(k.name, hex_color(k.color), k.meaning) for k in CHANGE_KINDS],
        groups=sorted(found.groups, key=_change_effect),
        ranked=ranked[:_LISTED],
        unlisted=max(0, len(ranked) - _LISTED),
        data=found.to_json(),
    )


def _effect(row: ClassDifference) -> tuple[bool, float, int]:
    """The largest gain first, the largest loss last."""
    gone = math.isnan(row.iou.value)
    return gone, 0.0 if gone else -row.iou.value, row.id


def _change_effect(one: Change) -> tuple[bool, float, str]:
    gone = math.isnan(one.value)
    return gone, 0.0 if gone else -one.value, one.key


def _shown(one: ChangedImage, found: Comparison) -> ShownChange:
    a, b = one.a, one.b
    kinds = change_kinds(a.truth, a.prediction, b.prediction, found.class_map.ignore)
    shown = [
        Panel("truth", label_address(a.truth, found.class_map), True),
        Panel("A", label_address(a.prediction, found.class_map), True),
        Panel("B", label_address(b.prediction, found.class_map), True),
        _change_panel(kinds, a.photo),
    ]
    if a.photo is not None:
        shown.insert(0, Panel("photo", jpeg_address(a.photo), False))
    miou = a.score.miou, b.score.miou
    accuracy = a.score.pixel_accuracy, b.score.pixel_accuracy
    return ShownChange(a.score.key, miou, accuracy, tuple(shown))


def _change_panel(kinds: npt.NDArray[np.uint8], photo: npt.NDArray[np.uint8] | None) -> Panel:
    drawn = change_map(kinds, photo)
    if photo is None:
        return Panel("what changed", address("png", encode_photo(drawn)), True)
    return Panel("what changed", jpeg_address(drawn), False)


def _legend(found: Comparison) -> Iterator[Swatch]:
    """The classes that the images show."""
    ids: set[int] = set()
    for one in (*found.gains, *found.losses):
        for label in (one.a.truth, one.a.prediction, one.b.prediction):
            ids.update(np.unique(label).tolist())
    for i in sorted(ids):
        yield Swatch(found.class_map.name(i), hex_color(found.class_map.color(i)))
