"""Color masks: colors as they are stored, whatever else the file says about color."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from png_making import Form, chunk, make_png

from segdata.images import NoIds, Unreadable, deflate, read_colors, read_palette, read_photo

RGB = np.random.default_rng(0).integers(0, 256, (11, 13, 3), np.uint8)
PROFILE = chunk(b"iCCP", b"odd\0\0" + zlib.compress(b"no profile"))
GAMMA = chunk(b"gAMA", struct.pack(">I", 20000))


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture(params=["zlib-ng's way", "Pillow's way"], autouse=True)
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        deflate, "FAST", deflate.DEFLATE if request.param == "zlib-ng's way" else None
    )


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "GIF"])
def test_colors_are_read_as_they_are_stored(format: str) -> None:  # noqa: A002
    flat = np.repeat(np.repeat(RGB[:2, :2], 9, axis=0), 9, axis=1)
    image = Image.fromarray(flat)
    assert np.array_equal(read_colors(saved(image, format)), flat)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_read_where_they_hold_eight_and_never_cut(suffix: str) -> None:
    for factor in (257, 1):
        wide = RGB[..., ::-1].astype(np.uint16) * factor
        data = cv2.imencode(suffix, wide)[1].tobytes()
        if factor == 1:
            with pytest.raises(NoIds, match="do not fit 8"):
                read_colors(data)
        else:
            assert np.array_equal(read_colors(data), RGB)


@pytest.mark.parametrize("extra", [PROFILE, GAMMA, chunk(b"sRGB", b"\1")])
def test_neither_gamma_nor_profile_changes_a_color(extra: bytes) -> None:
    data = make_png(RGB, Form(2, 8, (1, 2, 3, 4), before=[extra]))
    assert np.array_equal(read_colors(data), RGB)


@pytest.mark.parametrize("alpha", [255, 7])
def test_alpha_is_dropped(alpha: int) -> None:
    rgba = np.dstack([RGB, np.full(RGB.shape[:2], alpha, np.uint8)])
    assert np.array_equal(read_colors(saved(Image.fromarray(rgba))), RGB)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 256),
    st.sampled_from([1, 2, 4, 8]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_palette_colors_are_pillows(
    entries: int, depth: int, alpha: bool, interlaced: bool, seed: int
) -> None:
    """Also of indices that the palette has no entry for, and under transparency."""
    rng = np.random.default_rng(seed)
    plte = chunk(b"PLTE", rng.integers(0, 256, entries * 3, np.uint8).tobytes())
    extra = [chunk(b"tRNS", b"\0\x80\xff"[: min(3, entries)])] if alpha else []
    form = Form(3, depth, (0, 2, 4), interlaced, before=[plte, *extra])
    indices = rng.integers(0, 1 << depth, (9, 12, 1))
    data = make_png(indices, form)
    with Image.open(io.BytesIO(data)) as image:
        image.info.pop("transparency", None)
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(read_colors(data), expected)
    found = read_palette(data)
    assert found is not None
    assert np.array_equal(found[0], indices[..., 0])
    assert found[1].shape == (256, 3)
    assert np.array_equal(found[1][found[0]], expected)


def test_a_palette_png_without_a_palette_is_read_as_pillow_reads_it() -> None:
    data = make_png(np.arange(6).reshape(2, 3, 1), Form(3, 8))
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(read_colors(data), expected)


def test_only_palette_pngs_have_a_palette() -> None:
    assert read_palette(saved(Image.fromarray(RGB))) is None
    assert read_palette(saved(Image.fromarray(RGB[..., 0]))) is None
    assert read_palette(saved(Image.fromarray(RGB), "JPEG")) is None


def test_lossy_masks_are_refused() -> None:
    with pytest.raises(NoIds) as caught:
        read_colors(saved(Image.fromarray(RGB), "JPEG"))
    assert caught.value.kind == "lossy"


@pytest.mark.parametrize("read", [read_colors, read_palette])
def test_half_a_mask_is_refused(read: Callable[[bytes], object]) -> None:
    data = saved(Image.fromarray(RGB).quantize(200))
    with pytest.raises(Unreadable):
        read(data[: len(data) * 3 // 4])


def test_real_masks_have_the_colors_that_a_photo_of_them_has(shared: Path) -> None:
    for path in sorted((shared / "camvid" / "ColourMasks").glob("*.png"))[:5]:
        assert np.array_equal(read_colors(path), read_photo(path))
