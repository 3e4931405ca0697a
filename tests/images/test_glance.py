"""A glance: small, grey, and made only of files that can be decoded to the end."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from segdata.images import Unreadable, check_whole, glance, read_header


def picture(height: int, width: int) -> Image.Image:
    y, x = np.indices((height, width))
    channels = [x * 255 // max(1, width), y * 255 // max(1, height), (x + y) % 200]
    return Image.fromarray(np.dstack(channels).astype(np.uint8))


def saved(image: Image.Image, format: str, **options: Any) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize(
    ("size", "small"),
    [((360, 480), (45, 60)), ((301, 299), (38, 38)), ((64, 20), (32, 20)), ((1, 9), (1, 9))],
)
def test_a_glance_is_the_grey_picture_reduced(
    format: str,  # noqa: A002
    size: tuple[int, int],
    small: tuple[int, int],
) -> None:
    image = picture(*size)
    header, gray = glance(saved(image, format))
    assert (header.height, header.width) == size
    assert gray.shape == small
    assert gray.dtype == np.uint8
    expected = cv2.resize(np.asarray(image.convert("L")), small[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(gray.astype(int) - expected).mean() < 4


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_gives_a_glance(mode: str) -> None:
    flat = Image.fromarray(np.full((80, 90, 3), 200, np.uint8))
    image = flat.convert("L").convert("I;16") if mode == "I;16" else flat.convert(mode)
    assert glance(saved(image, "TIFF"))[1].shape == (32, 32)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr"])
def test_jpeg_of_every_color_space_gives_a_glance(mode: str) -> None:
    data = saved(Image.fromarray(np.full((80, 90, 3), 200, np.uint8)).convert(mode), "JPEG")
    header, gray = glance(data)
    assert header == read_header(data)
    assert np.abs(gray.astype(int) - 200).max() <= 3


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9])
def test_a_glance_at_half_a_file_is_refused_as_checking_it_is(format: str, kept: float) -> None:  # noqa: A002
    whole = saved(picture(90, 100), format)
    part = whole[: int(len(whole) * kept)]
    for read in (glance, check_whole):
        with pytest.raises(Unreadable):
            read(part)
