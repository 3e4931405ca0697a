"""CVAT for images: layers, kinds of shapes, subsets, colors."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from labeled_projects import SIZE, cvat_xml, label, opened, read
from pycocotools import mask as coco_mask

from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Hints, Survey
from segdata.sources.cvat_xml import FORMAT


def with_shapes(root: Path, *shapes: str, image: str = "") -> Path:
    cvat_xml(root)
    path = root / "annotations.xml"
    text = path.read_text()
    first = text.index("<image ")
    entry = f'<image id="0" name="a.jpg" width="40" height="30" {image}>{"".join(shapes)}</image>'
    path.write_text(text[:first] + entry + "</annotations>")
    return root


def test_layers_order_the_shapes(tmp_path: Path) -> None:
    reading = read(opened(cvat_xml(tmp_path), "cvat"), "train/a")
    wanted = np.zeros(SIZE, dtype=np.uint8)
    wanted[4:14, 5:17] = 1
    wanted[6:9, 8:12] = 2
    wanted[15, 22:25] = 2
    wanted[16, 21:25] = 2
    sign = np.zeros(SIZE, dtype=np.uint8)
    cv2.ellipse(sign, (30, 20), (4, 2), 30, 0, 360, 1, -1)
    assert np.array_equal(np.where(reading.label == 3, 0, reading.label), wanted)
    assert np.count_nonzero((reading.label == 3) != sign) <= 5
    assert reading.left_out == {"lines without an area": 1, "points without an area": 1}


def test_classes_colors_and_subsets_are_those_of_the_task(tmp_path: Path) -> None:
    source = opened(cvat_xml(tmp_path), "cvat")
    assert [(c.name, c.color) for c in source.class_map.classes][1:] == [
        ("road", (128, 64, 128)),
        ("car", (0, 0, 142)),
        ("sign", (220, 220, 0)),
    ]
    assert source.lists == {"train": ("train/a",), "val": ("val/b",)}


def test_polygons_are_those_of_cvats_own_export(tmp_path: Path) -> None:
    points = (np.random.default_rng(3).random((15, 2)) * (40, 30)).round(2)
    text = ";".join(f"{x:.2f},{y:.2f}" for x, y in points)
    with_shapes(tmp_path, f'<polygon label="road" points="{text}" z_order="0"/>')
    theirs = coco_mask.decode(coco_mask.frPyObjects([points.reshape(-1).tolist()], *SIZE)[0])
    assert np.array_equal(label(opened(tmp_path, "cvat"), "a"), theirs)


def test_a_turned_box_is_turned_about_its_middle(tmp_path: Path) -> None:
    box = '<box label="road" xtl="10" ytl="10" xbr="30" ybr="16" rotation="90" z_order="0"/>'
    drawn = label(opened(with_shapes(tmp_path, box), "cvat"), "a")
    rows, columns = np.nonzero(drawn)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 22, 17, 22)


def test_a_mask_that_leaves_the_picture_is_cut(tmp_path: Path) -> None:
    mask = '<mask label="car" rle="0, 100" left="35" top="-5" width="10" height="10"/>'
    drawn = label(opened(with_shapes(tmp_path, mask), "cvat"), "a")
    assert np.count_nonzero(drawn) == 25


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ('<mask label="car" rle="25" left="0" top="0" width="5" height="5"/>', "without a pixel"),
        ('<polygon label="car" points="1,1;2,2"/>', "fewer than three"),
        ('<ellipse label="car" cx="5" cy="5" rx="-3" ry="4"/>', "without an extent"),
        ('<cuboid label="car" xtl1="1"/>', "cuboids"),
        ('<skeleton label="car"><points label="1"/></skeleton>', "skeletons"),
        ('<tag label="car"/>', "tags of pictures"),
        ('<hologram label="car"/>', "type hologram"),
    ],
)
def test_a_shape_without_pixels_is_counted(tmp_path: Path, shape: str, reason: str) -> None:
    reading = read(opened(with_shapes(tmp_path, shape), "cvat"), "a")
    assert [reason in said for said in reading.left_out] == [True]
    assert not reading.label.any()


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ('<mask label="car" rle="1, 2" left="0" top="0" width="5" height="5"/>', "do not fill"),
        ('<mask label="car" rle="1, x" left="0" top="0" width="5" height="5"/>', "damaged"),
        ('<mask label="car" rle="1" left="0" top="0" width="90000" height="90000"/>', "larger"),
        ('<polygon label="car" points="1,1;nan,2;3,3"/>', "no numbers"),
        ('<polygon label="car"/>', "no numbers"),
        ('<box label="car" xtl="1"/>', "no numbers"),
    ],
)
def test_a_damaged_shape_makes_its_picture_a_problem(
    tmp_path: Path, shape: str, reason: str
) -> None:
    with pytest.raises(Unreadable, match=rf"a\.jpg: shape 1 \(\w+\): .*{reason}"):
        read(opened(with_shapes(tmp_path, shape), "cvat"), "a")


def test_a_label_that_the_task_does_not_list_is_a_class(tmp_path: Path) -> None:
    source = opened(
        with_shapes(tmp_path, '<box label="x" xtl="1" ytl="1" xbr="9" ybr="9"/>'), "cvat"
    )
    assert source.class_map.names[4] == "x"
    assert np.count_nonzero(label(source, "a") == 4) == 64


def test_a_video_says_what_to_export(tmp_path: Path) -> None:
    (tmp_path / "annotations.xml").write_text(
        '<annotations><version>1.1</version><track id="0" label="car"/></annotations>'
    )
    with pytest.raises(UserError, match="CVAT for images"):
        FORMAT.open(Survey.of(tmp_path), Hints())


def test_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    cvat_xml(tmp_path)
    path = tmp_path / "annotations.xml"
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(12))
    body = path.read_text().partition("\n")[2].replace("<version>1.1", "<version>&l11;")
    path.write_text(f"<!DOCTYPE x [{laughs}]>{body}")
    with pytest.raises(Unreadable, match="declares entities"):
        FORMAT.open(Survey.of(tmp_path), Hints())


def test_files_of_this_machine_are_not_read_through_entities(tmp_path: Path) -> None:
    cvat_xml(tmp_path)
    path = tmp_path / "annotations.xml"
    body = path.read_text().partition("\n")[2].replace("<version>1.1", "<version>&f;")
    path.write_text(f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>{body}')
    with pytest.raises(Unreadable, match="declares entities"):
        FORMAT.open(Survey.of(tmp_path), Hints())


def test_a_damaged_file_is_told_with_its_line(tmp_path: Path) -> None:
    cvat_xml(tmp_path)
    path = tmp_path / "annotations.xml"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(Unreadable, match=r"annotations\.xml is no whole XML.*line \d"):
        FORMAT.open(Survey.of(tmp_path), Hints())
