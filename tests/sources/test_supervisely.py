"""Supervisely: bitmaps, outlines with holes, the project's classes."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from labeled_projects import SIZE, label, opened, png, read, square, supervisely, write_json
from PIL import Image

from segdata.images import Unreadable


def with_objects(root: Path, *objects: dict[str, Any]) -> Path:
    supervisely(root)
    size = {"height": 30, "width": 40}
    write_json(root / "ds/ann/a.jpg.json", {"size": size, "objects": list(objects)})
    return root


def bitmap(data: bytes, **more: Any) -> dict[str, Any]:
    text = base64.b64encode(data).decode()
    return {"classTitle": "car", "geometryType": "bitmap",
            "bitmap": {"data": text, "origin": [20, 15]} | more}  # fmt: skip


def test_objects_are_drawn_with_their_holes(tmp_path: Path) -> None:
    reading = read(opened(supervisely(tmp_path), "supervisely"), "a")
    wanted = np.zeros(SIZE, dtype=np.uint8)
    wanted[4:15, 5:18] = 1
    wanted[6:11, 8:13] = 0
    wanted[15:19, 20:24] = 2
    wanted[2:6, 30:36] = 2
    assert np.array_equal(reading.label, wanted)
    assert reading.left_out == {"points without an area": 1}


def test_classes_and_colors_are_the_projects(tmp_path: Path) -> None:
    source = opened(supervisely(tmp_path), "supervisely")
    assert [(c.name, c.color) for c in source.class_map.classes] == [
        ("background", None),
        ("road", (128, 64, 128)),
        ("car", (0, 0, 142)),
    ]


def test_outlines_are_close_to_those_that_supervisely_draws(tmp_path: Path) -> None:
    points = np.array([[3, 2], [35, 6], [30, 27], [18, 14], [6, 25]])
    with_objects(tmp_path, {"classTitle": "road", "geometryType": "polygon",
                            "points": {"exterior": points.tolist(), "interior": []}})  # fmt: skip
    # supervisely.geometry.polygon: fillPoly on whole pixels.
    theirs = np.zeros(SIZE, dtype=np.uint8)
    cv2.fillPoly(theirs, [points], color=1)
    ours = label(opened(tmp_path, "supervisely"), "a")
    assert np.count_nonzero(ours != theirs) < 0.04 * theirs.sum()


def palette_png(mask: Any) -> bytes:
    """As Supervisely writes it: two colors, of which the first is clear."""
    import io

    image = Image.fromarray(mask)
    image.putpalette([0, 0, 0, 255, 255, 255])
    stream = io.BytesIO()
    image.save(stream, "PNG", transparency=0, optimize=0)
    return stream.getvalue()


def transparent(mask: Any) -> bytes:
    return png(np.dstack([mask * 255] * 4).astype(np.uint8))


@pytest.mark.parametrize("packed", [palette_png, transparent, lambda mask: png(mask * 255)])
@pytest.mark.parametrize("compress", [zlib.compress, bytes])
def test_bitmaps_of_every_version_are_read(tmp_path: Path, packed: Any, compress: Any) -> None:
    with_objects(tmp_path, bitmap(compress(packed(square(0, 0, (6, 8), 4)))))
    wanted = np.zeros(SIZE, dtype=np.uint8)
    wanted[15:19, 20:24] = 2
    assert np.array_equal(label(opened(tmp_path, "supervisely"), "a"), wanted)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (bitmap(zlib.compress(png(square(0, 0))), origin=[90, 90]), "outside the picture"),
        ({"geometryType": "polygon", "points": {"exterior": [[1, 1]]}}, "fewer than three"),
        ({"geometryType": "line", "points": {"exterior": [[1, 1], [9, 9]]}}, "lines without"),
        ({"geometryType": "graph", "points": {"exterior": []}}, "type graph"),
    ],
)
def test_an_object_without_pixels_is_counted(tmp_path: Path, entry: Any, reason: str) -> None:
    reading = read(opened(with_objects(tmp_path, entry), "supervisely"), "a")
    assert [reason in said for said in reading.left_out] == [True]
    assert not reading.label.any()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (bitmap(b"nonsense"), "damaged"),
        (bitmap(zlib.compress(bytes(300 << 20))), "damaged"),
        (bitmap(zlib.compress(png(np.ones((400, 400), np.uint8)))), "larger than the picture"),
        (bitmap(b"", origin=[1]), "no numbers"),
        (bitmap(b"", origin=[1, 2]), "damaged"),
        ({"geometryType": "polygon", "points": 3}, "no bitmap or points"),
        (7, "no bitmap or points"),
    ],
)
def test_a_damaged_object_makes_its_file_a_problem(tmp_path: Path, entry: Any, reason: str) -> None:
    with pytest.raises(Unreadable, match=rf"a\.jpg: object 1: .*{reason}"):
        read(opened(with_objects(tmp_path, entry), "supervisely"), "a")


def test_older_exports_leave_the_suffix_out(tmp_path: Path) -> None:
    supervisely(tmp_path)
    (tmp_path / "ds/ann/a.jpg.json").rename(tmp_path / "ds/ann/a.json")
    assert [item.key for item in opened(tmp_path, "supervisely").items] == ["a"]


def test_a_damaged_file_stops_only_its_picture(tmp_path: Path) -> None:
    supervisely(tmp_path)
    path = tmp_path / "ds/ann/a.jpg.json"
    text = path.read_text()
    (tmp_path / "ds/img/b.jpg").write_bytes((tmp_path / "ds/img/a.jpg").read_bytes())
    (tmp_path / "ds/ann/b.jpg.json").write_text(text[:-10])
    source = opened(tmp_path, "supervisely")
    assert label(source, "a").any()
    with pytest.raises(Unreadable, match=r"b\.jpg\.json"):
        label(source, "b")
    assert json.loads(text)
