"""What remedies do to pixels: edges that were blended, colors of palettes, numbers of others."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from segdata.classes import pascal_color
from segdata.dataset import DESCRIPTOR_FILE, DatasetDescriptor, load_dataset
from segdata.findings import Level
from segdata.images import encode_label, encode_photo
from segdata.mending import FixRequest, Mending
from segdata.mending.edges import plain, ribbons
from segdata.mending.steps import CannotMend, nearest_sure, remapped, to_levels
from segdata.workflows.mending import fix


def scene(seed: int, size: tuple[int, int] = (120, 160)) -> np.ndarray:
    """Ids 0 to 5 in overlapping discs."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]]
    out = np.zeros(size, np.uint8)
    for number in rng.permutation(10):
        y, x, r = rng.integers(0, size[0]), rng.integers(0, size[1]), rng.integers(15, 40)
        out[(rows - y) ** 2 + (columns - x) ** 2 < r * r] = number % 6
    return out


def write(root: Path, labels: list[bytes], **settings_: object) -> Path:
    rng = np.random.default_rng(0)
    for number, data in enumerate(labels):
        width, height = Image.open(io.BytesIO(data)).size
        coarse = rng.integers(0, 255, (height // 8, width // 8, 3), np.uint8)
        photo = cv2.resize(coarse, (width, height))
        for folder, content in (("JPEGImages", encode_photo(np.asarray(photo, np.uint8))),
                                ("SegmentationClass", data)):  # fmt: skip
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / f"p{number}.png").write_bytes(content)
    values = {"name": "made", "num_classes": 6, "ignore_label": 255, **settings_}
    (root / DESCRIPTOR_FILE).write_text(DatasetDescriptor.model_validate(values).to_toml())
    return root


def mended(root: Path) -> tuple[Mending, list[np.ndarray]]:
    result = fix(load_dataset(root), FixRequest(out=root.parent / "out"))
    labels = sorted((root.parent / "out" / "SegmentationClass").iterdir())
    return result, [np.asarray(Image.open(path)) for path in labels]


def loud(result: Mending) -> set[str]:
    return {finding.rule for finding in result.remaining.at_least(Level.WARNING)}


class TestBlendedEdges:
    @pytest.mark.parametrize("scale", [0.5, 1.5, 2.0])
    def test_ribbons_of_interpolation_are_gone_and_regions_stay(
        self, tmp_path: Path, scale: float
    ) -> None:
        scenes = [scene(seed, (240, 320)) for seed in range(6)]
        size = (round(320 * scale), round(240 * scale))
        blended = [np.asarray(cv2.resize(s, size), np.uint8) for s in scenes]
        truth = [cv2.resize(s, size, interpolation=cv2.INTER_NEAREST) for s in scenes]
        write(tmp_path / "in", [encode_label(label) for label in blended])
        result, labels = mended(tmp_path / "in")
        assert "L10" in result.journal.applied()
        assert "L10" not in loud(result)
        wrong = np.mean([(a != t).mean() for a, t in zip(labels, truth, strict=True)])
        before = np.mean([(a != t).mean() for a, t in zip(blended, truth, strict=True)])
        assert wrong < 0.7 * before

    def test_a_soft_brush_becomes_a_hard_edge_and_then_ids(self, tmp_path: Path) -> None:
        masks = [(scene(seed) > 2).astype(np.uint8) for seed in range(5)]
        soft = [np.asarray(cv2.GaussianBlur(m * 255, (5, 5), 0), np.uint8) for m in masks]
        write(tmp_path / "in", [encode_label(s) for s in soft], num_classes=2)
        result, labels = mended(tmp_path / "in")
        assert {"L12", "L01"} <= result.journal.applied().keys()
        assert loud(result) == set()
        for label, mask in zip(labels, masks, strict=True):
            assert set(np.unique(label)) <= {0, 1}
            assert (label != mask).mean() < 0.01

    @settings(max_examples=60, deadline=None)
    @given(arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)),
                  elements=st.integers(0, 6)))  # fmt: skip
    def test_a_ribbon_lies_strictly_between_two_neighbors(self, label: np.ndarray) -> None:
        found = ribbons(label)
        values = label.astype(int)
        for y, x in np.argwhere(found):
            assert _between(values[y], x) or _between(values[:, x], y)
        assert not found[plain(label)].any()

    @settings(max_examples=60, deadline=None)
    @given(arrays(np.uint8, (9, 11), elements=st.integers(0, 4)), st.integers(0, 4))
    def test_the_nearest_clear_pixel_decides(self, label: np.ndarray, unsure: int) -> None:
        sure = label != unsure
        if not sure.any():
            with pytest.raises(CannotMend):
                nearest_sure(label, sure)
            return
        out = nearest_sure(label, sure)
        assert np.array_equal(out[sure], label[sure])
        places = np.argwhere(sure)
        for y, x in np.argwhere(~sure):
            distances = ((places - (y, x)) ** 2).sum(axis=1)
            near = places[distances == distances.min()]
            assert out[y, x] in {label[a, b] for a, b in near}


def _between(line: np.ndarray, at: int) -> bool:
    for width in (1, 2):
        for start in range(at - width + 1, at + 1):
            end = start + width
            if start < 1 or end >= len(line):
                continue
            low, high = sorted((line[start - 1], line[end]))
            if all(low < value < high for value in line[start:end]):
                return True
    return False


class TestNumbers:
    @pytest.mark.parametrize("ignore", [255, None])
    def test_cityscapes_ids_become_those_that_are_trained(
        self, tmp_path: Path, ignore: int | None
    ) -> None:
        ids = np.array([7, 8, 11, 21, 23, 26, 33, 4, 24, 19], np.uint8)
        labels = [encode_label(np.repeat(np.roll(ids, n), 12)[None].repeat(64, 0)) for n in (0, 3)]
        write(tmp_path / "in", labels, num_classes=19, ignore_label=ignore)
        result, out = mended(tmp_path / "in")
        assert load_dataset(tmp_path / "out").descriptor.ignore_label == 255
        assert "L18" in result.journal.applied()
        trained = [0, 1, 2, 8, 10, 13, 18, 255, 11, 6]
        assert out[0][0, ::12].tolist() == trained

    def test_palettes_that_differ_are_read_by_their_colors(self, tmp_path: Path) -> None:
        scenes, labels = [scene(seed) for seed in range(5)], []
        named = [{"id": i, "name": f"c{i}", "color": list(pascal_color(i))} for i in range(6)]
        for label in scenes:
            values, counts = np.unique(label, return_counts=True)
            order = values[np.argsort(-counts)]
            index = np.zeros(256, np.uint8)
            index[order] = np.arange(len(order))
            image = Image.fromarray(index[label])
            image.putpalette(bytes(c for i in order for c in pascal_color(int(i))))
            path = tmp_path / "x.png"
            image.save(path)
            labels.append(path.read_bytes())
        write(tmp_path / "in", labels, classes=named)
        result, out = mended(tmp_path / "in")
        assert "L16" in result.journal.applied()
        assert all(np.array_equal(a, b) for a, b in zip(out, scenes, strict=True))

    @given(arrays(np.uint8, (4, 5), elements=st.integers(0, 9)),
           st.dictionaries(st.integers(0, 9), st.integers(0, 300), min_size=1))  # fmt: skip
    def test_a_table_changes_what_it_names_and_nothing_else(
        self, label: np.ndarray, table: dict[int, int]
    ) -> None:
        expected = [[table.get(value, value) for value in row] for row in label.tolist()]
        assert remapped(label, table).tolist() == expected

    def test_values_near_a_level_become_it(self) -> None:
        values = np.array([[0, 3, 12, 99, 104, 110, 250, 255]], np.uint8)
        assert to_levels(values, (0, 100, 250)).tolist() == [[0, 0, 0, 100, 100, 100, 250, 250]]

    def test_values_far_from_every_level_are_no_levels(self) -> None:
        with pytest.raises(CannotMend, match="near none"):
            to_levels(np.arange(256, dtype=np.uint8)[None], (0, 255))
