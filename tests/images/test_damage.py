"""Damaged files of every format: a reason or a picture, nothing else, and nothing on stderr."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from PIL import Image
from png_making import damaged

from segdata.images import (
    NoIds,
    Unreadable,
    check_whole,
    glance,
    read_colors,
    read_header,
    read_label,
    read_palette,
    read_photo,
)

READERS: list[Callable[[bytes], object]] = [
    read_header, read_label, read_colors, read_palette, read_photo, check_whole, glance,
]  # fmt: skip
PHOTO = Image.fromarray(
    (np.indices((30, 41)).sum(axis=0)[..., None] * np.array([1, 3, 2]) % 256).astype(np.uint8)
)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


WHOLE = {
    "JPEG": saved(PHOTO, "JPEG"),
    "progressive JPEG": saved(PHOTO, "JPEG", progressive=True),
    "CMYK JPEG": saved(PHOTO.convert("CMYK"), "JPEG"),
    "PNG": saved(PHOTO, "PNG"),
    "palette PNG": saved(PHOTO.quantize(32), "PNG"),
    "1-bit PNG": saved(PHOTO.convert("1"), "PNG"),
    "BMP": saved(PHOTO, "BMP"),
    "GIF": saved(PHOTO, "GIF"),
    "WebP": saved(PHOTO, "WEBP"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("what", WHOLE)
def test_damage_gives_a_reason_and_nothing_on_stderr(
    what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for number, data in enumerate(damaged(WHOLE[what], 60, seed=len(what))):
        read = READERS[number % len(READERS)]
        with suppress(Unreadable, NoIds):
            read(data)
    assert capfd.readouterr().err == ""
