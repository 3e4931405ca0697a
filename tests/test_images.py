"""What the only decoder promises: ids as they are stored, or a reason; never a guess."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from segdata.images import (
    NoIds,
    Unreadable,
    check_whole,
    encode_label,
    encode_photo,
    read_header,
    read_label,
    read_photo,
    read_stored,
)

IDS = np.array([[0, 1, 2], [3, 1, 0]], dtype=np.uint8)


def gray_tiff(pixels: bytes, width: int, bits: int) -> bytes:
    """An uncompressed TIFF of two rows (TIFF 6.0, section 4: grayscale images)."""
    tags = {256: width, 257: 2, 258: bits, 259: 1, 262: 1, 273: 0, 277: 1, 278: 2, 279: len(pixels)}
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + pixels


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def gray_png(rows: list[bytes], width: int, depth: int, height: int = 0) -> bytes:
    """A grey PNG of any bit depth from its packed rows; its header may say another height."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height or len(rows), depth, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def palette_png(ids: npt.NDArray[np.uint8]) -> bytes:
    image = Image.fromarray(ids)
    image.putpalette([7, 7, 7, 7, 7, 7, 9, 9, 9, 1, 2, 3])
    return saved(image)


def gray_with_alpha(alpha: npt.NDArray[np.uint8]) -> bytes:
    return saved(Image.fromarray(np.dstack([IDS, alpha]), "LA"))


OPAQUE = np.full_like(IDS, 255)
READABLE = {
    "8-bit grey": saved(Image.fromarray(IDS)),
    "palette indices, whatever the colors": palette_png(IDS),
    "RGB with equal channels": saved(Image.fromarray(np.dstack([IDS] * 3))),
    "RGBA, opaque": saved(Image.fromarray(np.dstack([IDS] * 3 + [OPAQUE]))),
    "RGBA, evenly transparent": saved(Image.fromarray(np.dstack([IDS] * 3 + [OPAQUE // 2]))),
    "grey with alpha, opaque": gray_with_alpha(OPAQUE),
    "BMP": saved(Image.fromarray(IDS), "BMP"),
    "TIFF": saved(Image.fromarray(IDS), "TIFF"),
    "2-bit grey": gray_png([bytes([0b00_01_10_00]), bytes([0b11_01_00_00])], 3, 2),
    "4-bit grey": gray_png([bytes([0x01, 0x20]), bytes([0x31, 0x00])], 3, 4),
}


@pytest.mark.parametrize("data", READABLE.values(), ids=READABLE)
def test_ids_are_read_as_they_are_stored(data: bytes) -> None:
    label = read_label(data)
    assert label.dtype == np.uint8
    assert np.array_equal(label, IDS)


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_tiffs_of_few_bits_hold_ids_and_no_levels(bits: int) -> None:
    ids = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)
    packed = np.packbits(np.unpackbits(ids[..., None], axis=2)[..., -bits:], axis=None)
    assert np.array_equal(read_label(gray_tiff(packed.tobytes(), 4, bits)), ids)


def test_one_bit_labels_are_zero_and_one() -> None:
    mask = np.array([[True, False], [False, True]])
    assert read_label(saved(Image.fromarray(mask))).tolist() == [[1, 0], [0, 1]]
    assert read_label(gray_png([bytes([0b10 << 6])], 2, 1)).tolist() == [[1, 0]]


def test_sixteen_bit_ids_keep_both_bytes() -> None:
    ids = np.array([[0, 255, 256, 65535]], dtype=np.uint16)
    label = read_label(encode_label(ids))
    assert label.dtype == np.uint16
    assert np.array_equal(label, ids)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_in_several_channels_are_refused_and_never_become_zero(
    channels: int, suffix: str
) -> None:
    data = cv2.imencode(suffix, np.full((2, 2, channels), 5, np.uint16))[1].tobytes()
    with pytest.raises(NoIds, match="16 bits"):
        read_label(data)


REFUSED = {
    "color": saved(Image.fromarray(np.dstack([IDS, IDS, IDS + np.uint8(1)]))),
    "alpha": saved(Image.fromarray(np.dstack([IDS] * 4))),
    "lossy": saved(Image.fromarray(IDS), "JPEG"),
    "mode": saved(Image.fromarray(IDS.astype(np.float32)), "TIFF"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_an_image_that_holds_no_ids_is_refused_for_its_reason(kind: str) -> None:
    with pytest.raises(NoIds) as caught:
        read_label(REFUSED[kind])
    assert caught.value.kind == kind


def test_grey_with_varying_alpha_is_refused() -> None:
    with pytest.raises(NoIds, match="transparency"):
        read_label(gray_with_alpha(IDS))


def test_a_jpeg_named_png_is_still_a_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "label.png"
    path.write_bytes(REFUSED["lossy"])
    with pytest.raises(NoIds, match="JPEG"):
        read_label(path)


def test_webp_is_refused_because_nobody_knows_whether_it_was_lossless() -> None:
    with pytest.raises(NoIds, match="WebP"):
        read_label(saved(Image.fromarray(np.dstack([IDS] * 3)), "WEBP"))


NO_IMAGE = {
    "empty": (b"", "empty"),
    "text": (b"sky,128,128,128\n", "not an image"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "web page": (b"\n<!DOCTYPE html><html></html>", "web page"),
    "cut in its header": (READABLE["8-bit grey"][:20], "cut off"),
}


@pytest.mark.parametrize("what", NO_IMAGE)
@pytest.mark.parametrize("read", [read_header, read_label, read_photo, read_stored, check_whole])
def test_a_file_that_is_no_image_says_what_it_is_instead(
    what: str, read: object, tmp_path: Path
) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(NO_IMAGE[what][0])
    with pytest.raises(Unreadable, match=NO_IMAGE[what][1]) as caught:
        read(path)  # type: ignore[operator]
    assert str(path) in caught.value.message


def test_folders_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="folder"):
        read_label(tmp_path)
    with pytest.raises(Unreadable, match="does not exist"):
        read_photo(tmp_path / "none.jpg")


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.95])
def test_a_file_that_was_cut_off_is_never_half_a_picture(format: str, kept: float) -> None:  # noqa: A002
    rng = np.random.default_rng(0)
    whole = saved(Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)), format)
    part = whole[: int(len(whole) * kept)]
    for read in (read_photo, read_label, check_whole):
        with pytest.raises(Unreadable, match="cut off"):
            read(part)


def test_a_small_file_cannot_ask_for_the_memory_of_a_huge_one() -> None:
    with pytest.raises(Unreadable, match="cannot hold"):
        read_label(gray_png([b"\0" * 20000], 20000, 8, height=20000))


def test_photos_come_as_stored_unless_asked_for_upright() -> None:
    photo = np.zeros((4, 8, 3), np.uint8)
    photo[:, 4:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to look right
    data = saved(Image.fromarray(photo), "JPEG", exif=exif, quality=100, subsampling=0)
    assert read_header(data).orientation == 6
    assert read_photo(data).shape == (4, 8, 3)
    upright = read_photo(data, upright=True)
    assert upright.shape == (8, 4, 3)
    assert upright[0, 0, 0] < 10
    assert upright[7, 0, 0] > 245


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_every_photo_becomes_rgb(mode: str) -> None:
    source = Image.fromarray(np.full((5, 6, 3), 200, np.uint8)).convert(mode)
    data = saved(source, "TIFF")
    photo = read_photo(data)
    assert photo.shape == (5, 6, 3)
    assert photo.dtype == np.uint8


@pytest.mark.parametrize("said", [0, 9, 65535])
def test_an_orientation_that_there_is_not_is_none(said: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = said
    data = saved(Image.new("RGB", (4, 3)), "JPEG", exif=exif)
    assert read_header(data).orientation == 1
    assert read_photo(data, upright=True).shape == (3, 4, 3)


def test_sixteen_bit_photos_keep_their_high_byte_as_every_reader_of_records_does() -> None:
    levels = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256)
    photo = read_photo(encode_label(levels))
    assert np.array_equal(photo, np.dstack([levels >> 8] * 3))


@given(
    st.integers(1, 12), st.integers(1, 12), st.booleans(), st.booleans(), st.integers(0, 2**32 - 1)
)
def test_labels_survive_a_round_trip(
    height: int, width: int, wide: bool, palette: bool, seed: int
) -> None:
    dtype = np.uint16 if wide else np.uint8
    label = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (height, width), dtype)
    colors = np.arange(768, dtype=np.uint8).reshape(256, 3) if palette and not wide else None
    back = read_label(encode_label(label, colors))
    assert back.dtype == label.dtype
    assert np.array_equal(back, label)


def test_a_palette_label_looks_like_its_colors() -> None:
    colors = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)
    assert np.array_equal(read_photo(encode_label(IDS, colors)), colors[IDS])


def test_photos_survive_png_exactly_and_jpeg_nearly() -> None:
    smooth = np.indices((16, 16)).sum(axis=0).astype(np.uint8) * np.uint8(8)
    photo = np.dstack([smooth, smooth[::-1], smooth[:, ::-1]])
    assert np.array_equal(read_photo(encode_photo(photo)), photo)
    jpeg = read_photo(encode_photo(photo, "jpeg"))
    assert np.abs(jpeg.astype(int) - photo).max() <= 12


def test_real_labels_are_what_another_decoder_reads(shared: Path) -> None:
    for path in sorted((shared / "camvid" / "SegmentationClass").glob("*.png"))[:5]:
        other = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert other is not None
        assert np.array_equal(read_label(path), other)


WHOLE = [
    READABLE["8-bit grey"],
    READABLE["palette indices, whatever the colors"],
    READABLE["grey with alpha, opaque"],
    READABLE["4-bit grey"],
    READABLE["BMP"],
    READABLE["TIFF"],
    REFUSED["lossy"],
    encode_label(IDS.astype(np.uint16)),
    saved(Image.fromarray(np.dstack([IDS] * 3)), "WEBP"),
    saved(Image.fromarray(IDS), "GIF"),
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=8),
    st.integers(0, 64),
)
def test_damaged_bytes_never_cause_another_error(
    whole: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(whole)
    for place, value in changes:
        data[place % len(data)] = value
    damaged = bytes(data[: len(data) - cut % len(data)])
    for read in (read_header, read_label, read_photo, check_whole):
        with suppress(Unreadable, NoIds):
            read(damaged)
