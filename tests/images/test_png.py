"""The fast PNG decoder: bit for bit what Pillow decodes, and never less strict."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from png_making import CHANNELS, FORMS, MAGIC, Form, chunk, damaged, frame, make_png

from segdata.images import (
    NoIds,
    Unreadable,
    check_whole,
    deflate,
    glance,
    read_label,
    read_photo,
    read_stored,
)
from segdata.images.png_pixels import read_pixels

GAMMA = chunk(b"gAMA", struct.pack(">I", 20000))
PROFILE = chunk(b"iCCP", b"odd\0\0" + zlib.compress(b"no profile"))
PALETTE = chunk(b"PLTE", np.random.default_rng(5).integers(0, 256, 768, np.uint8).tobytes())
BEFORE = {
    "gAMA": GAMMA,
    "sRGB": chunk(b"sRGB", b"\0"),
    "cHRM": chunk(b"cHRM", struct.pack(">8I", *[31270] * 8)),
    "iCCP": PROFILE,
    "tEXt": chunk(b"tEXt", b"Software\0something"),
    "sBIT": chunk(b"sBIT", b"\x08"),
    "pHYs": chunk(b"pHYs", struct.pack(">IIB", 1, 1, 0)),
    "unknown": chunk(b"zzZz", b"?"),
}
BEHIND = {
    "tEXt": chunk(b"tEXt", b"Comment\0late"),
    "tIME": chunk(b"tIME", b"\x07\xe0\1\1\0\0\0"),
    "zTXt": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"late")),
    "eXIf": chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
}


@pytest.fixture(autouse=True)
def _always_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is the same with zlib: it is taken here whether zlib-ng is installed or not."""
    monkeypatch.setattr(deflate, "FAST", deflate.DEFLATE)


def by_pillow(data: bytes) -> npt.NDArray[np.generic]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def random_samples(form: Form, height: int, width: int, seed: int) -> npt.NDArray[np.integer]:
    """Noise in which some rows repeat the one above."""
    top = min(1 << form.depth, 200) if form.color == 3 else 1 << form.depth
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, top, (height, width, CHANNELS[form.color]))
    return rows[np.maximum.accumulate(np.where(rng.random(height) < 0.6, np.arange(height), 0))]


def transparency(form: Form) -> list[bytes]:
    data = {0: b"\0\1", 2: b"\0\1\0\1\0\1", 3: b"\0\x80\xff"}.get(form.color)
    return [chunk(b"tRNS", data)] if data else []


@st.composite
def forms(draw: st.DrawFn) -> Form:
    color, depth = draw(st.sampled_from(FORMS))
    chosen = draw(st.lists(st.sampled_from(sorted(BEFORE)), unique=True, max_size=3))
    before = [BEFORE[name] for name in chosen]
    form = Form(color, depth)
    before += [PALETTE] if color == 3 else []
    before += transparency(form) if draw(st.booleans()) else []
    late = draw(st.lists(st.sampled_from(sorted(BEHIND)), unique=True, max_size=1))
    return Form(
        color,
        depth,
        filters=draw(st.lists(st.integers(0, 4), min_size=1, max_size=5)),
        interlaced=draw(st.booleans()) and draw(st.booleans()),
        before=before,
        behind=[BEHIND[name] for name in late],
        pieces=draw(st.integers(1, 3)),
    )


@settings(max_examples=250, deadline=None)
@given(forms(), st.integers(1, 9), st.integers(1, 19), st.integers(0, 2**32 - 1))
def test_every_png_is_read_as_pillow_reads_it(
    form: Form, height: int, width: int, seed: int
) -> None:
    data = make_png(random_samples(form, height, width, seed), form)
    expected = by_pillow(data)
    fast = read_pixels(data)
    assert fast is None or (fast.dtype == expected.dtype and np.array_equal(fast, expected))
    stored = read_stored(data)
    assert stored.pixels.dtype == expected.dtype
    assert np.array_equal(stored.pixels, expected)
    if not stored.header.mode.startswith("I"):
        with Image.open(io.BytesIO(data)) as image:
            image.info.pop("transparency", None)
            assert np.array_equal(read_photo(data), np.asarray(image.convert("RGB")))


COMMON = [(0, 8), (0, 16), (2, 8), (3, 8), (4, 8), (6, 8)]


@pytest.mark.parametrize(("color", "depth"), COMMON)
@pytest.mark.parametrize("filters", [(0,), (1,), (2,), (0, 1, 2), (3,), (4,), (0, 1, 2, 3, 4)])
def test_common_forms_take_the_fast_path(color: int, depth: int, filters: tuple[int, ...]) -> None:
    form = Form(color, depth, filters, before=[PALETTE, GAMMA] if color == 3 else [PROFILE])
    data = make_png(random_samples(form, 20, 33, 1), form)
    fast = read_pixels(data)
    assert fast is not None
    assert np.array_equal(fast, by_pillow(data))


GRAY = make_png(np.arange(6 * 7).reshape(6, 7, 1), Form(filters=(0, 2, 4)))
ROWS = b"".join(b"\0" + bytes(range(row, row + 7)) for row in range(6))


def gray_of(stream: bytes) -> bytes:
    return frame(7, 6, Form(), [chunk(b"IDAT", stream)])


DOUBTFUL = {
    "cut in its pixels": GRAY[:60],
    "without its end": GRAY[:-12],
    "a checksum is wrong": GRAY[:-20] + b"\0\0\0\0" + GRAY[-16:],
    "a length runs past the end": GRAY[:33] + b"\x7f\xff\xff\xff" + GRAY[37:],
    "one row is missing": gray_of(zlib.compress(ROWS[:-8])),
    "one row too many": gray_of(zlib.compress(ROWS + ROWS[:8])),
    "its stream is damaged": gray_of(zlib.compress(ROWS)[:9] + b"\xff\xff"),
    "its stream has a wrong checksum": gray_of(zlib.compress(ROWS)[:-4] + b"\1\2\3\4"),
    "its stream goes on behind its end": gray_of(zlib.compress(ROWS) + b"more"),
    "an unknown filter": gray_of(zlib.compress(b"\x05" + ROWS[1:])),
    "no pixels": frame(7, 6, Form(), []),
    "no columns": frame(0, 6, Form(), [chunk(b"IDAT", zlib.compress(b"\0" * 6))]),
    "two headers": frame(7, 6, Form(), [GRAY[8:33], chunk(b"IDAT", zlib.compress(ROWS))]),
    "pixels in two places": frame(
        7, 6, Form(), [chunk(b"IDAT", b"x"), chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", b"y")]
    ),
    "animated": frame(
        7, 6, Form(), [chunk(b"acTL", struct.pack(">II", 1, 0)), chunk(b"IDAT", b"")]
    ),
    "only its signature": MAGIC,
}


@pytest.mark.parametrize("what", DOUBTFUL)
def test_what_is_doubtful_is_left_to_pillow(what: str) -> None:
    assert read_pixels(DOUBTFUL[what]) is None


@pytest.mark.parametrize("what", DOUBTFUL)
def test_what_pillow_refuses_is_refused(what: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = DOUBTFUL[what]
    try:
        expected = by_pillow(data)
    except Exception:  # noqa: BLE001  whatever Pillow raises
        for read in (read_label, read_photo, check_whole, glance):
            with pytest.raises(Unreadable):
                read(data)
    else:
        assert np.array_equal(read_stored(data).pixels, expected)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("color", "depth"), COMMON)
def test_damage_is_never_overlooked_where_pillow_sees_it(
    color: int, depth: int, capfd: pytest.CaptureFixture[str]
) -> None:
    form = Form(color, depth, (0, 1, 2, 3, 4), before=[PALETTE] if color == 3 else [], pieces=2)
    whole = make_png(random_samples(form, 12, 15, 3), form)
    for data in damaged(whole, 60, seed=color * 100 + depth):
        fast = read_pixels(data)
        if fast is not None:
            assert np.array_equal(fast, by_pillow(data))
        for read in (read_label, read_photo, check_whole, glance):
            with suppress(Unreadable, NoIds):
                read(data)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("color", [0, 2, 3])
def test_a_changed_byte_among_the_pixels_is_never_another_id(color: int) -> None:
    form = Form(color, 8, before=[PALETTE] if color == 3 else [])
    whole = make_png(random_samples(form, 12, 15, 3), form)
    first = whole.index(b"IDAT") + 4
    for at in range(first, len(whole) - 16, 7):
        data = bytearray(whole)
        data[at] ^= 0x10
        for read in (read_stored, read_photo, check_whole, glance):
            with pytest.raises(Unreadable):
                read(bytes(data))
