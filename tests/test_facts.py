"""Facts: what is read from files, by us and by others, and that no file brings it down."""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from segdata.classes import pascal_color
from segdata.dataset import DatasetDescriptor, Pair
from segdata.facts import Alpha, FactsCollector, LabelFacts, PairFacts, count_values, gather_pair
from segdata.images import encode_label, encode_photo

Bytes = npt.NDArray[np.uint8]
THREE = DatasetDescriptor(name="three", num_classes=3, ignore_label=255)
PASCAL = np.array([pascal_color(i) for i in range(256)], dtype=np.uint8)
RANDOM = np.random.default_rng(7)
IDS = np.array([0, 1, 2, 255], dtype=np.uint8)[RANDOM.integers(0, 4, (24, 32))]
PHOTO = encode_photo(RANDOM.integers(0, 256, (24, 32, 3), dtype=np.uint8), "jpeg")
SRGB, GAMMA = (b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45455))


def png(pixels: Bytes, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


def with_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk behind IHDR."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data[:33] + chunk + data[33:]


def few_bits(bits: int) -> bytes:
    """A grey PNG of 1, 2 or 4 bits; Pillow writes the latter two with a palette only."""
    per_byte = 8 // bits
    values = (IDS % 2**bits).reshape(len(IDS), -1, per_byte).astype(np.uint8)
    shifts = np.arange(per_byte - 1, -1, -1, dtype=np.uint8) * np.uint8(bits)
    rows = (values << shifts).sum(axis=-1).astype(np.uint8)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", IDS.shape[1], IDS.shape[0], bits, 0, 0, 0, 0)
    for kind, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")):
        parts += struct.pack(">I", len(body)) + kind + body
        parts += struct.pack(">I", zlib.crc32(kind + body))
    return parts


def rgb(ids: Bytes) -> Bytes:
    return np.repeat(ids[..., None], 3, axis=2)


COLORS = RANDOM.integers(0, 256, (256, 3), dtype=np.uint8)
FORMS: dict[str, bytes] = {
    "grey ids": encode_label(IDS),
    "VOC palette": encode_label(IDS, PASCAL),
    "any palette": encode_label(IDS, COLORS),
    "palette, sRGB": with_chunk(encode_label(IDS, COLORS), *SRGB),
    "palette, gamma": with_chunk(encode_label(IDS, COLORS), *GAMMA),
    "all-black palette": encode_label(IDS, np.zeros((256, 3), dtype=np.uint8)),
    "palette, transparent": png(IDS % 4, transparency=0),
    "RGB colors": encode_photo(PASCAL[IDS]),
    "RGB any colors": encode_photo(COLORS[IDS]),
    "RGB grey ids": encode_photo(rgb(IDS)),
    "RGB grey ids, gamma": with_chunk(encode_photo(rgb(IDS)), *GAMMA),
    "grey ids, gamma": with_chunk(encode_label(IDS), *GAMMA),
    "RGBA ids": png(np.dstack([rgb(IDS), np.full_like(IDS, 255)])),
    "mask in alpha": png(np.dstack([rgb(IDS * 0), IDS])),
    "grey and alpha": png(np.dstack([IDS, np.full_like(IDS, 255)])),
    "16-bit ids": encode_label(IDS.astype(np.uint16)),
    "16-bit ids x257": encode_label(IDS.astype(np.uint16) * np.uint16(257)),
    "1-bit": few_bits(1),
    "2-bit": few_bits(2),
    "4-bit": few_bits(4),
}
# Fault catalogue, appendix 1, for ids 0, 1, 2, 255: as we read them, as TensorFlow and OpenCV do.
GOLDEN = {
    "grey ids": ([0, 1, 2, 255], [0, 1, 2, 255]),
    "VOC palette": ([0, 1, 2, 255], [0, 38, 75, 220]),
    "all-black palette": ([0, 1, 2, 255], [0]),
    "RGB grey ids": ([0, 1, 2, 255], [0, 1, 2, 255]),
    "RGBA ids": ([0, 1, 2, 255], [0, 1, 2, 255]),
    "grey and alpha": ([0, 1, 2, 255], [0, 1, 2, 255]),
    "16-bit ids": ([0, 1, 2, 255], [0]),
    "16-bit ids x257": ([0, 257, 514, 65535], [0, 1, 2, 255]),
    "1-bit": ([0, 1], [0, 255]),
    "2-bit": ([0, 1, 2, 3], [0, 85, 170, 255]),
    "4-bit": ([0, 1, 2, 15], [0, 17, 34, 255]),
    "grey ids, gamma": ([0, 1, 2, 255], [0, 1, 2, 255]),
}
PASCAL_WITH_VOID = PASCAL.copy()
PASCAL_WITH_VOID[255] = (224, 224, 192)
FORMS["VOC palette"] = encode_label(IDS, PASCAL_WITH_VOID)


def pair(label: bytes, photo: bytes = PHOTO, descriptor: DatasetDescriptor = THREE) -> PairFacts:
    paths = Pair("a", "train", Path("a.jpg"), Path("a.png"))
    return gather_pair(paths, descriptor, image_bytes=photo, label_bytes=label)


def facts(label: bytes) -> LabelFacts:
    found = pair(label).label
    assert found is not None
    return found


@pytest.mark.parametrize("form", GOLDEN)
def test_the_decoder_matrix_of_the_fault_catalogue(form: str) -> None:
    ours, theirs = GOLDEN[form]
    found = facts(FORMS[form])
    assert sorted(found.ids or {}) == ours
    assert sorted(found.tensorflow or {}) == theirs
    assert found.form.tensorflow_differs == (ours != theirs)


@pytest.mark.parametrize("form", FORMS)
def test_the_opencv_reading_is_opencvs(form: str) -> None:
    gray = cv2.imdecode(np.frombuffer(FORMS[form], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert facts(FORMS[form]).opencv == count_values(gray)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_the_tensorflow_reading_is_tensorflows(form: str) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    gray = tensorflow.io.decode_png(FORMS[form], channels=1).numpy()[..., 0]
    assert facts(FORMS[form]).tensorflow == count_values(gray)


@pytest.mark.parametrize(
    ("form", "kind"),
    [("RGB colors", "color"), ("mask in alpha", "alpha"), ("grey ids", None)],
)
def test_pixels_that_cannot_be_ids_say_why(form: str, kind: str | None) -> None:
    found = facts(FORMS[form])
    assert found.form.problem == kind
    assert (found.ids is None) == (kind is not None)


def test_colors_and_alpha_are_described() -> None:
    found = facts(FORMS["RGB colors"])
    assert found.colors is not None
    assert found.colors.distinct == 4
    assert set(found.colors.sample) == {pascal_color(i) for i in (0, 1, 2, 255)}
    assert found.form.colored
    assert facts(FORMS["RGBA ids"]).form.alpha is Alpha.CONSTANT
    assert facts(FORMS["mask in alpha"]).form.alpha is Alpha.VARIES
    assert not facts(FORMS["RGB grey ids"]).form.colored


def test_every_value_outside_the_classes_has_its_first_place() -> None:
    label = np.zeros((10, 20), dtype=np.uint8)
    label[3, 5:9] = 7
    label[4, 2] = 7
    label[9, 19] = 255
    assert facts(encode_label(label)).places == {7: (5, 3), 255: (19, 9)}


def test_a_photo_is_decoded_to_its_end_and_its_header_kept() -> None:
    found = pair(FORMS["grey ids"]).photo
    assert found.header is not None
    assert (found.header.width, found.header.height) == (32, 24)
    cut = pair(FORMS["grey ids"], PHOTO[:-200]).photo
    assert cut.header is None
    assert cut.problem is not None
    assert cut.problem.kind == "unreadable"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid ...", "git lfs pull"),
        (b"<!DOCTYPE html><p>404", "web page"),
        (b"sky\nroad\n", "not an image"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, said: str) -> None:
    found = facts(data)
    assert found.problem is not None
    assert said in found.problem.message
    assert found.form.unreadable


def test_files_that_are_not_there_are_problems_and_no_errors(tmp_path: Path) -> None:
    missing = Pair("a", "train", tmp_path / "a.jpg", tmp_path)
    found = gather_pair(missing, THREE)
    assert found.photo.problem is not None
    assert found.label is not None
    assert found.label.problem is not None


def test_facts_survive_pickling() -> None:
    found = pair(FORMS["VOC palette"])
    assert pickle.loads(pickle.dumps(found)) == found


def test_facts_stay_small_whatever_the_picture() -> None:
    large = np.tile(IDS, (40, 40))
    assert len(pickle.dumps(pair(encode_label(large)))) < 1500


@given(st.sampled_from(sorted(FORMS)), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_never_raise(form: str, data: st.DataObject) -> None:
    broken = bytearray(FORMS[form])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    found = pair(bytes(broken), bytes(broken))
    assert found.label is not None
    assert (found.label.ids is None) == (found.label.problem is not None)


@given(st.sampled_from(sorted(FORMS)), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_cut_off_files_never_raise(form: str, kept: float) -> None:
    whole = FORMS[form]
    found = facts(whole[: int(len(whole) * kept)])
    assert (found.ids is None) == (found.problem is not None)


def test_a_size_that_the_bytes_cannot_hold_costs_no_memory() -> None:
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = FORMS["grey ids"][:12] + chunk + struct.pack(">I", zlib.crc32(chunk))
    found = facts(bomb + FORMS["grey ids"][33:])
    assert found.problem is not None
    assert "cannot hold" in found.problem.message


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=50))
def test_counting_agrees_with_numpy(values: list[int]) -> None:
    for dtype in (np.uint8, np.uint16):
        array = np.array(values).astype(dtype).reshape(1, -1)
        found, counts = np.unique(array, return_counts=True)
        assert count_values(array) == dict(zip(found.tolist(), counts.tolist(), strict=True))


def collect(labels: list[bytes], splits: Callable[[int], tuple[str, ...]]) -> FactsCollector:
    collector = FactsCollector(THREE, "root")
    for number, label in enumerate(labels):
        collector.add(pair(label), splits(number))
    return collector


def test_labels_that_are_stored_alike_are_one_group() -> None:
    labels = [FORMS["grey ids"], FORMS["VOC palette"], FORMS["grey ids"]]
    found = collect(labels, lambda _: ("train", "trainval")).facts()
    assert [group.files for group in found.groups] == [2, 1]
    assert found.groups[0].pixels == 2 * IDS.size
    assert found.groups[0].values[255].files == 2
    assert sorted(found.groups[1].tensorflow) == [0, 38, 75, 220]
    assert found.pairs == 3
    assert found.labels == 3


def test_totals_of_splits_and_of_the_whole_count_each_pair_once() -> None:
    labels = [encode_label(np.full((4, 4), value, np.uint8)) for value in (0, 1, 2)]
    names = [("train", "trainval"), ("train", "trainval"), ("val", "trainval")]
    found = collect(labels, lambda number: names[number]).facts()
    assert set(found.split_values("train")) == {0, 1}
    assert set(found.split_values("trainval")) == {0, 1, 2}
    assert found.labels == 3


def test_a_lonely_value_is_told_from_one_beside_others() -> None:
    def label(*values: int) -> bytes:
        return encode_label(np.array([values] * 4, dtype=np.uint8))

    found = collect([label(0, 255), label(0, 1, 255), label(0, 7)], lambda _: ("train",)).facts()
    alone = {value: seen.alone for value, seen in found.split_values("train").items()}
    assert alone == {0: 0, 1: 1, 7: 1, 255: 1}


def test_memory_is_bounded_however_many_files_are_broken() -> None:
    broken = pair(b"not an image")
    collector = FactsCollector(THREE, "root")
    for _ in range(3000):
        collector.add(broken)
    found = collector.facts()
    assert found.counts["unreadable labels"] == 3000
    assert len(found.notable) == 1000
    assert len(found.groups) == 1
