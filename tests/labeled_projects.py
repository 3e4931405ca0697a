"""Small projects as labeling tools leave them, one for each format that keeps shapes."""

from __future__ import annotations

import base64
import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from segdata.classes import Label
from segdata.sources import Hints, Reading, Source, Survey
from segdata.sources.detection import _named

# Height and width of every photo here.
SIZE = (30, 40)
# An outline, in pixels: 12 × 10 of them.
OUTLINE = [[5.0, 4.0], [17.0, 4.0], [17.0, 14.0], [5.0, 14.0]]


def photo(path: Path, size: tuple[int, int] = SIZE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(1).integers(0, 255, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def square(top: int, left: int, size: tuple[int, int] = SIZE, side: int = 6) -> Any:
    """``uint8 H×W``: a square of ones."""
    mask = np.zeros(size, dtype=np.uint8)
    mask[top : top + side, left : left + side] = 1
    return mask


def png(pixels: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def write_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def opened(root: Path, name: str, **hints: Path) -> Source:
    """A folder, opened as a format that does not reject it."""
    form, survey, said = _named(name), Survey.of(root), Hints(**hints)
    assert form.reject(survey, said) == ""
    return form.open(survey, said)


def read(source: Source, key: str) -> Reading:
    return source.read(next(item for item in source.items if item.key == key))


def label(source: Source, key: str) -> Label:
    return read(source, key).label


def uncompressed(mask: Any) -> dict[str, Any]:
    """A mask as COCO's list of run lengths."""
    flat = np.concatenate([[0], mask.T.reshape(-1), [2]])
    edges = np.flatnonzero(np.diff(flat))
    counts = np.diff(np.concatenate([[0], edges]))
    return {"size": list(mask.shape), "counts": [int(count) for count in counts]}


def compressed(mask: Any) -> dict[str, Any]:
    """A mask as COCO's text."""
    packed = coco_mask.encode(np.asfortranarray(mask))
    return {"size": list(mask.shape), "counts": packed["counts"].decode()}


def coco(root: Path) -> Path:
    """Two splits, ids with holes, every kind of segmentation."""
    categories = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]
    for split, name in (("train", "a"), ("val", "b")):
        photo(root / f"{split}2017" / f"{name}.jpg")
        entries = [
            {"category_id": 3, "segmentation": [np.ravel(OUTLINE).tolist()]},
            {"category_id": 7, "segmentation": compressed(square(15, 20))},
            {"category_id": 7, "segmentation": uncompressed(square(20, 2))},
            {"category_id": 3, "segmentation": uncompressed(square(2, 30)), "iscrowd": 1},
            {"category_id": 3, "bbox": [1, 1, 3, 3]},
        ]
        annotations = [{"id": n, "image_id": 9, **entry} for n, entry in enumerate(entries)]
        write_json(
            root / "annotations" / f"instances_{split}2017.json",
            {
                "images": [{"id": 9, "file_name": f"{name}.jpg", "height": 30, "width": 40}],
                "annotations": annotations,
                "categories": categories,
            },
        )
    return root


def coco_panoptic(root: Path) -> Path:
    photo(root / "val" / "a.jpg")
    numbers = square(2, 3).astype(np.uint32) * 70_000 + square(10, 20) * np.uint32(5)
    numbers[25:, :] = 9
    rgb = np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16], axis=2).astype(np.uint8)
    (root / "panoptic_val").mkdir()
    (root / "panoptic_val" / "a.png").write_bytes(png(rgb))
    infos = [{"id": 70_000, "category_id": 1}, {"id": 5, "category_id": 200, "iscrowd": 1},
             {"id": 9, "category_id": 40}]  # fmt: skip
    categories = [{"id": 200, "name": "sky", "color": [70, 130, 180]}, {"id": 1, "name": "person"},
                  {"id": 40, "name": "road"}]  # fmt: skip
    write_json(
        root / "panoptic_val.json",
        {
            "images": [{"id": 1, "file_name": "a.jpg", "height": 30, "width": 40}],
            "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": infos}],
            "categories": categories,
        },
    )
    return root


def labelme(root: Path, shapes: list[dict[str, Any]] | None = None) -> Path:
    """One photo beside its file, one inside of it."""
    photo(root / "a.jpg")
    mask = base64.b64encode(png(square(0, 0, (6, 8), 4) * 255)).decode()
    every = shapes or [
        {"label": "road", "points": OUTLINE, "shape_type": "polygon"},
        {"label": "car", "points": [[8, 6], [12, 9]], "shape_type": "rectangle"},
        {"label": "car", "points": [[30, 20], [33, 20]], "shape_type": "circle"},
        {"label": "wire", "points": [[2, 25], [38, 28]], "shape_type": "line"},
        {"label": "pole", "points": [[30, 5]], "shape_type": "point"},
        {"label": "road", "points": [[20, 2], [27, 7]], "shape_type": "mask", "mask": mask},
        {"label": "__ignore__", "points": [[0, 0], [3, 0], [0, 3]], "group_id": 1},
    ]
    document = {"version": "5.0", "shapes": every, "imageHeight": 30, "imageWidth": 40}
    write_json(root / "a.json", document | {"imagePath": "a.jpg", "imageData": None})
    inside = base64.b64encode((root / "a.jpg").read_bytes()).decode()
    write_json(root / "b.json", document | {"imagePath": "b.jpg", "imageData": inside})
    return root


def cvat_xml(root: Path) -> Path:
    """Two subsets, every kind of shape, layers that are not in order."""
    photo(root / "images" / "train" / "a.jpg")
    photo(root / "images" / "val" / "b.jpg")
    shapes = """
    <box label="car" xtl="8.0" ytl="6.0" xbr="12.0" ybr="9.0" z_order="2"/>
    <polygon label="road" points="5.00,4.00;17.00,4.00;17.00,14.00;5.00,14.00" z_order="1"/>
    <mask label="car" rle="2, 3, 1, 4" left="20" top="15" width="5" height="2" z_order="0"/>
    <ellipse label="sign" cx="30.0" cy="20.0" rx="4.0" ry="2.0" rotation="30.0" z_order="0"/>
    <polyline label="road" points="1.0,1.0;2.0,2.0" z_order="0"/>
    <points label="road" points="1.0,1.0" z_order="0"/>"""
    images = "".join(
        f'<image id="{n}" name="{name}.jpg" subset="{subset}" width="40" height="30">{shapes}\n'
        "</image>\n"
        for n, (name, subset) in enumerate([("a", "Train"), ("b", "Validation")])
    )
    labels = "".join(
        f"<label><name>{name}</name><color>{color}</color><attributes/></label>"
        for name, color in (("road", "#804080"), ("car", "#00008e"), ("sign", "#dcdc00"))
    )
    (root / "annotations.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        f"<meta><task><labels>{labels}</labels></task></meta>\n{images}</annotations>\n"
    )
    return root


def pack_brush(values: Any) -> list[int]:
    """Label Studio's packing, in the simplest way: words of 8 bits, counts of 4, 8, 12 or 16."""
    bits = f"{len(values):032b}{7:05b}{3:04b}{7:04b}{11:04b}{15:04b}"
    first = 0
    while first < len(values):
        last = first + 1
        while last < min(len(values), first + 65536) and values[last] == values[first]:
            last += 1
        if last - first > 3:
            bits += f"1{3:02b}{last - first - 1:016b}{values[first]:08b}"
        else:
            last = min(first + 5, len(values))
            bits += f"0{0:02b}{last - first - 1:04b}"
            bits += "".join(f"{value:08b}" for value in values[first:last])
        first = last
    bits += "0" * (-len(bits) % 8)
    return [int(bits[place : place + 8], 2) for place in range(0, len(bits), 8)]


def brush(mask: Any) -> list[int]:
    """A mask as Label Studio keeps it: opaque black where it is set."""
    rgba = np.zeros((*mask.shape, 4), dtype=np.uint8)
    rgba[..., 3] = mask * 255
    return pack_brush(rgba.reshape(-1).tolist())


def label_studio(root: Path) -> Path:
    """Two tasks: one drawn by two people, one that nobody has finished."""
    for name in ("street 1", "street 2"):
        photo(root / "upload" / f"{name}.jpg")
    where = {"original_width": 40, "original_height": 30, "from_name": "tag", "to_name": "image"}
    percent = [[x / 40 * 100, y / 30 * 100] for x, y in OUTLINE]
    regions: list[dict[str, Any]] = [
        {"value": {"points": percent, "polygonlabels": ["road"]}, "type": "polygonlabels"},
        {"value": {"rle": brush(square(20, 2)), "format": "rle"}, "type": "brush"},
        {"value": {"brushlabels": ["car"]}, "type": "brushlabels"},
        {"value": {"x": 50, "y": 50, "width": 10, "height": 20, "rotation": 0,
                   "rectanglelabels": ["car"]}, "type": "rectanglelabels"},
        {"value": {"x": 80, "y": 20, "radiusX": 10, "radiusY": 8, "rotation": 0,
                   "ellipselabels": ["sign"]}, "type": "ellipselabels"},
        {"value": {"x": 80, "y": 20, "width": 1, "keypointlabels": ["sign"]}, "type": "keypoint"},
    ]  # fmt: skip
    for number, region in enumerate(regions):
        region |= where | {"id": "stroke" if number in (1, 2) else f"r{number}"}
    done = {"id": 2, "completed_by": 1, "result": regions, "was_cancelled": False}
    tasks = [
        {"id": 1, "data": {"image": "/data/upload/1/0123abcd-street%201.jpg"},
         "annotations": [done | {"was_cancelled": True, "result": []}, done, done]},
        {"id": 2, "data": {"image": "/data/local-files/?d=upload/street%202.jpg"},
         "annotations": []},
    ]  # fmt: skip
    write_json(root / "project.json", tasks)
    return root


def yolo(root: Path) -> Path:
    """Two splits, an empty text file, a photo without one."""
    outline = " ".join(f"{x / 40:.6f} {y / 30:.6f}" for x, y in OUTLINE)
    small = "0.25 0.25 0.3 0.25 0.3 0.35 0.25 0.35"
    texts = {"train/a": f"1 {small}\n0 {outline}\n1 0.5 0.5 0.1 0.1\n", "val/b": "", "val/c": None}
    for name, text in texts.items():
        photo(root / "images" / f"{name}.jpg")
        path = root / "labels" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text)
    (root / "data.yaml").write_text("train: images/train\nnames:\n  0: road\n  1: car\n")
    return root


def supervisely(root: Path) -> Path:
    """A bitmap over an outline with a hole."""
    photo(root / "ds" / "img" / "a.jpg")
    classes = [{"title": "road", "shape": "polygon", "color": "#804080"},
               {"title": "car", "shape": "bitmap", "color": "#00008E"}]  # fmt: skip
    write_json(root / "meta.json", {"classes": classes, "tags": []})
    outline = {"exterior": [[5, 4], [17, 4], [17, 14], [5, 14]],
               "interior": [[[8, 6], [12, 6], [12, 10], [8, 10]]]}  # fmt: skip
    packed = base64.b64encode(zlib.compress(png(square(0, 0, (6, 8), 4) * 255))).decode()
    objects = [
        {"classTitle": "road", "geometryType": "polygon", "points": outline},
        {"classTitle": "car", "geometryType": "bitmap",
         "bitmap": {"data": packed, "origin": [20, 15]}},
        {"classTitle": "car", "geometryType": "rectangle",
         "points": {"exterior": [[30, 2], [35, 5]], "interior": []}},
        {"classTitle": "car", "geometryType": "point",
         "points": {"exterior": [[30, 2]], "interior": []}},
    ]  # fmt: skip
    size = {"height": 30, "width": 40}
    write_json(root / "ds" / "ann" / "a.jpg.json", {"size": size, "objects": objects})
    return root


# By name of format.
PROJECTS = {
    "coco": coco,
    "coco-panoptic": coco_panoptic,
    "cvat": cvat_xml,
    "label-studio": label_studio,
    "labelme": labelme,
    "supervisely": supervisely,
    "yolo": yolo,
}
