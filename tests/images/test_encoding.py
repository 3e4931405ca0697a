"""Encoded labels: smaller than Pillow's, and read alike by everyone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from segdata.images import encode_label, read_header, read_label

COLORS = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)


def regions(height: int, width: int, classes: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """A label of smooth regions, as photos have them."""
    rng = np.random.default_rng(seed)
    shape = (classes, height // 16 + 2, width // 16 + 2)
    fields = rng.standard_normal(shape).astype(np.float32)
    grown = [cv2.resize(f, (width, height), interpolation=cv2.INTER_CUBIC) for f in fields]
    return np.argmax(grown, axis=0).astype(np.uint8)


def pillow(label: npt.NDArray[Any], palette: npt.NDArray[np.uint8] | None = None) -> bytes:
    image, buffer = Image.fromarray(label), io.BytesIO()
    if palette is not None:
        image.putpalette(palette.tobytes())
    image.save(buffer, "PNG")
    return buffer.getvalue()


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([np.uint8, np.uint16]),
    st.integers(1, 65535),
    st.integers(0, 2**32 - 1),
)
def test_pillow_and_opencv_read_what_was_written(
    height: int, width: int, dtype: type[np.uint8] | type[np.uint16], top: int, seed: int
) -> None:
    most = min(top, np.iinfo(dtype).max)
    label = np.random.default_rng(seed).integers(0, most + 1, (height, width), dtype)
    data = encode_label(label)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), label)
    opened = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert opened is not None
    assert opened.dtype == label.dtype
    assert np.array_equal(opened, label)


@pytest.mark.parametrize("entries", [1, 3, 16, 200, 256, 300])
def test_a_palette_label_holds_ids_and_shows_colors(entries: int) -> None:
    label = regions(40, 50, 12)
    palette = np.resize(COLORS, (entries, 3))
    data = encode_label(label, palette)
    assert read_header(data).mode == "P"
    assert np.array_equal(read_label(data), label)
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    full = np.zeros((256, 3), np.uint8)
    full[: min(entries, 256)] = palette[:256]
    assert np.array_equal(shown, full[label])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_label_of_many_bands_is_whole(dtype: type[np.uint8]) -> None:
    label = regions(600, 1500, 12).astype(dtype)
    assert np.array_equal(read_label(encode_label(label)), label)
    shown = cv2.imdecode(np.frombuffer(encode_label(label), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(shown, label)


def test_a_label_that_is_no_contiguous_array_is_written_alike() -> None:
    label = regions(40, 50, 12)
    assert np.array_equal(read_label(encode_label(label[::-2, ::3])), label[::-2, ::3])
    wide = label.astype(np.uint16) * np.uint16(300)
    assert np.array_equal(read_label(encode_label(wide.T)), wide.T)


@pytest.mark.parametrize("size", [(360, 480), (1024, 2048)])
@pytest.mark.parametrize("palette", [None, COLORS])
def test_labels_take_no_more_bytes_than_pillows(
    size: tuple[int, int], palette: npt.NDArray[np.uint8] | None
) -> None:
    label = regions(*size, 12)
    assert len(encode_label(label, palette)) <= len(pillow(label, palette))


def test_wide_labels_take_no_more_bytes_than_pillows() -> None:
    label = regions(360, 480, 12).astype(np.uint16) * np.uint16(300)
    assert len(encode_label(label)) <= len(pillow(label))


def test_a_busy_label_is_searched_for_repetitions() -> None:
    """Runs alone would store a texture pixel by pixel, in sixty times the bytes."""
    tile = np.random.default_rng(0).integers(0, 12, (8, 8), np.uint8)
    label = np.tile(tile, (40, 40))
    assert len(encode_label(label)) <= 2 * len(pillow(label))


def test_real_labels_take_no_more_bytes_than_pillows(shared: Path) -> None:
    small = [read_label(p) for p in sorted((shared / "camvid/SegmentationClass").glob("*.png"))[:8]]
    large = [cv2.resize(a, (2048, 1024), interpolation=cv2.INTER_NEAREST) for a in small[:3]]
    for labels in (small, large):
        assert sum(len(encode_label(a)) for a in labels) <= sum(len(pillow(a)) for a in labels)
