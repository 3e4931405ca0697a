"""The facts of one label image."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import Color, Label
from segdata.dataset import DatasetDescriptor
from segdata.facts.decoders import (
    Histogram,
    as_others_read,
    count_values,
    oddities_of,
    palette_of,
)
from segdata.facts.photo import Problem
from segdata.images import (
    PNG_GRAY,
    PNG_PALETTE,
    ImageHeader,
    NoIds,
    Stored,
    Unreadable,
    ids_of,
    read_stored,
)

# Rows among which one is looked at for changes: enough to tell a street from a box.
_ROWS = 4
# Values outside the classes that get a place; a broken label may have tens of thousands.
_PLACED_VALUES = 32
# Colors of a color picture that are kept, of this many evenly spaced pixels.
_SAMPLED_COLORS = 16
_SAMPLED_PIXELS = 1 << 16
_ALL_COLORS = 1 << 24
# A picture of more colors (or of one for every eight pixels), of which the most frequent ones cover
# less than half, is a photo or an overlay (fault catalogue, L22); masks with soft edges have many
# colors, too, and large plain areas. JPEG makes colors of everything: of color masks saved so they
# cover 0.60 and more (CamVid, quality 10 to 95) or 0.22 and more (small streets); of most photos,
# which are JPEG as well, 0.10.
_PICTURE_COLORS, _PICTURE_PIXELS, _PICTURE_PLAIN, _LOSSY_PLAIN = 1000, 8, 0.5, 0.2
# A grey picture has more levels than these, the most frequent 16 cover little, and neighbors
# differ. In photos of CamVid, rendered streets and portraits there are 155 and more, 0.52 are
# covered at most, and 0.51 are like their neighbor; in masks 0.9 and more are.
_PICTURE_GRAYS, _PICTURE_FEW, _PICTURE_EQUAL = 100, 0.6, 0.6


class Alpha(StrEnum):
    """What a label's alpha channel does."""

    NONE = "none"
    CONSTANT = "constant"
    VARIES = "varies"


@dataclass(frozen=True, slots=True)
class Colors:
    """The colors of a label with several channels.

    Args:
        distinct: how many there are.
        gray: the channels are equal everywhere.
        sample: the most frequent ones.
        plain: share of the pixels that have one of these.
        picture: more like a photo than like a mask.
    """

    distinct: int
    gray: bool
    sample: tuple[Color, ...]
    plain: float = 1.0
    picture: bool = False


@dataclass(frozen=True, slots=True)
class LabelForm:
    """How a label is stored, as far as it decides what readers make of it.

    Args:
        problem: the kind of problem; None where its pixels can be ids.
        format: ``png``, ``jpeg``, ...; empty where the file is no image.
        bit_depth: bits per channel.
        png_color_type: IHDR's color type.
        colored: its channels differ.
        alpha: what its alpha channel does.
        wide: an id needs more than 8 bits.
        tensorflow_differs: TensorFlow reads other numbers than the stored ids.
        opencv_differs: OpenCV reads other numbers than the stored ids.
        picture: it is a photo, or an overlay on one.
        oddities: what it has that labels have no use for, such as a gamma value.
    """

    problem: str | None
    format: str
    bit_depth: int
    png_color_type: int | None
    colored: bool
    alpha: Alpha
    wide: bool
    tensorflow_differs: bool
    opencv_differs: bool
    picture: bool = False
    oddities: tuple[str, ...] = ()

    @property
    def unreadable(self) -> bool:
        """No image, or one of a kind that has no ids; several 16-bit channels are not meant."""
        return self.problem == "unreadable" or (self.problem == "mode" and self.bit_depth != 16)

    @property
    def is_gray(self) -> bool:
        """A PNG of grey levels."""
        return self.png_color_type == PNG_GRAY

    @property
    def is_palette(self) -> bool:
        """A PNG of palette indices."""
        return self.png_color_type == PNG_PALETTE


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """The facts of a label image.

    Args:
        path: the file.
        header: None where the file is no image.
        problem: why its pixels cannot be ids.
        sha256: of the file's bytes.
        ids: pixels per id as we read them (palette indices, stored numbers); None with a problem.
        tensorflow: pixels per value as ``tf.io.decode_png(channels=1)`` reads them, if it can.
        opencv: pixels per value as ``cv2.IMREAD_GRAYSCALE`` reads them, if it can.
        places: first place (x, y) of every value outside the classes and of the ignore label.
        colors: of a label with several channels.
        alpha: smallest and largest alpha, where there is an alpha channel.
        palette: index and color of each id in it, of a PNG with a palette.
        oddities: what the file has that labels have no use for.
        winding: how often the value changes along every fourth row, and how often in a row.
    """

    path: str
    header: ImageHeader | None
    problem: Problem | None = None
    sha256: str = ""
    ids: Histogram | None = None
    tensorflow: Histogram | None = None
    opencv: Histogram | None = None
    places: Mapping[int, tuple[int, int]] | None = None
    colors: Colors | None = None
    alpha: tuple[int, int] | None = None
    palette: tuple[tuple[int, Color], ...] | None = None
    oddities: tuple[str, ...] = ()
    winding: tuple[int, float] = (0, 0.0)

    @property
    def unreadable(self) -> bool:
        """It is no image, or one of a kind that has no ids (float, CMYK, ...)."""
        return self.form.unreadable

    @property
    def form(self) -> LabelForm:
        header, ids = self.header, self.ids
        return LabelForm(
            problem=self.problem.kind if self.problem else None,
            format=header.format if header else "",
            bit_depth=header.bit_depth if header else 0,
            png_color_type=header.png_color_type if header else None,
            colored=self.colors is not None and not self.colors.gray,
            alpha=_alpha_form(self.alpha),
            wide=ids is not None and max(ids, default=0) > np.iinfo(np.uint8).max,
            tensorflow_differs=ids is not None and self.tensorflow not in (None, ids),
            opencv_differs=ids is not None and self.opencv not in (None, ids),
            picture=self.colors is not None and self.colors.picture,
            oddities=self.oddities,
        )


def gather_label(
    path: Path, data: bytes | None, descriptor: DatasetDescriptor
) -> tuple[LabelFacts, Label | None]:
    """Look at a label: its facts, and its ids (``uint8 or uint16 H×W``) where it has some."""
    try:
        data = path.read_bytes() if data is None else data
        stored = read_stored(data)
    except (OSError, Unreadable) as error:
        return LabelFacts(str(path), None, Problem.of(error, "unreadable")), None
    problem, label, ids = None, None, None
    try:
        label = ids_of(stored)
        ids = count_values(label)
    except NoIds as error:
        problem = Problem.of(error, error.kind)
    tensorflow, opencv = as_others_read(stored, ids, data)
    facts = LabelFacts(
        path=str(path),
        header=stored.header,
        problem=problem,
        sha256=hashlib.sha256(data).hexdigest(),
        ids=ids,
        tensorflow=tensorflow,
        opencv=opencv,
        places=None if label is None or ids is None else _places(label, ids, descriptor),
        colors=_colors(stored, ids, lossless=problem is None or problem.kind != "lossy"),
        alpha=_alpha(stored),
        palette=_palette(stored, ids, data),
        oddities=(
            *oddities_of(data),
            *(["premultiplied colors"] if _premultiplied(stored) else []),
        ),
        winding=(0, 0.0) if label is None else _winding(label),
    )
    return facts, label


def _places(
    label: Label, ids: Histogram, descriptor: DatasetDescriptor
) -> Mapping[int, tuple[int, int]]:
    ignore = descriptor.ignore_label
    odd = [value for value in ids if value >= descriptor.num_classes and value != ignore]
    sought = odd[:_PLACED_VALUES]
    if ignore is not None and ignore in ids:
        sought.append(ignore)
    width = label.shape[1]
    places = {}
    for value in sought:
        y, x = divmod(int(np.argmax(label == value)), width)
        places[value] = (x, y)
    return places


def _winding(label: Label) -> tuple[int, float]:
    rows = label[::_ROWS]
    changes = int(np.count_nonzero(rows[:, 1:] != rows[:, :-1]))
    return changes, changes / max(1, len(rows))


def _palette(
    stored: Stored, ids: Histogram | None, data: bytes
) -> tuple[tuple[int, Color], ...] | None:
    if ids is None or stored.header.png_color_type != PNG_PALETTE:
        return None
    colors = palette_of(data)
    return tuple((index, colors[index]) for index in ids if index < len(colors))


def _premultiplied(stored: Stored) -> bool:
    """Colors were darkened by their alpha: none is brighter, and some alpha is between."""
    if stored.header.mode != "RGBA":
        return False
    alpha = stored.pixels[..., 3]
    between = (alpha > 0) & (alpha < np.iinfo(np.uint8).max)
    return bool(between.any()) and bool((stored.pixels[..., :3].max(axis=2) <= alpha).all())


def _alpha(stored: Stored) -> tuple[int, int] | None:
    if stored.header.mode not in ("LA", "PA", "RGBA"):
        return None
    alpha = stored.pixels[..., -1]
    return int(alpha.min(initial=255)), int(alpha.max(initial=0))


def _alpha_form(alpha: tuple[int, int] | None) -> Alpha:
    if alpha is None:
        return Alpha.NONE
    return Alpha.CONSTANT if alpha[0] == alpha[1] else Alpha.VARIES


def _colors(stored: Stored, ids: Histogram | None, *, lossless: bool) -> Colors | None:
    """The colors of an RGB or RGBA picture, alpha aside, and the levels of a grey photo."""
    if stored.header.mode == "L":
        return _grays(stored.pixels, ids or count_values(stored.pixels))
    if stored.header.mode not in ("RGB", "RGBA"):
        return None
    rgb = stored.pixels[..., :3]
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    gray = np.array_equal(red, green) and np.array_equal(red, blue)
    packed = red.astype(np.uint32) | green.astype(np.uint32) << 8 | blue.astype(np.uint32) << 16
    # Marking colors in a table of all of them takes a tenth of the time of sorting the pixels.
    seen = np.zeros(_ALL_COLORS, dtype=np.bool_)
    seen[packed] = True
    sample, plain = _frequent(packed.ravel())
    distinct = int(np.count_nonzero(seen))
    many = distinct > min(_PICTURE_COLORS, packed.size / _PICTURE_PIXELS)
    if gray:
        return _grays(red, count_values(red)) or Colors(distinct, gray, sample, plain)
    most = _PICTURE_PLAIN if lossless else _LOSSY_PLAIN
    return Colors(distinct, gray, sample, plain, many and plain < most)


def _grays(levels: npt.NDArray[Any], ids: Histogram) -> Colors | None:
    """The levels of grey of a photo; None where it is none."""
    if len(ids) <= _PICTURE_GRAYS:
        return None
    often = sorted(ids, key=lambda level: -ids[level])[:_SAMPLED_COLORS]
    plain = sum(ids[level] for level in often) / max(1, sum(ids.values()))
    across = float(np.mean(levels[:, 1:] == levels[:, :-1]))
    down = float(np.mean(levels[1:] == levels[:-1]))
    if plain >= _PICTURE_FEW or max(across, down) >= _PICTURE_EQUAL:
        return None
    return Colors(len(ids), True, tuple((g, g, g) for g in often), plain, picture=True)


def _frequent(packed: npt.NDArray[Any]) -> tuple[tuple[Color, ...], float]:
    """The most frequent colors among evenly spaced pixels, and what share of these they have."""
    step = max(1, len(packed) // _SAMPLED_PIXELS)
    colors, counts = np.unique(packed[::step], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_SAMPLED_COLORS]
    sample = tuple((int(c) & 0xFF, int(c) >> 8 & 0xFF, int(c) >> 16) for c in colors[order])
    return sample, float(counts[order].sum() / max(1, counts.sum()))
