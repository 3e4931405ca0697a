"""Folders in which files are damaged, missing, turned or named in odd ways."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from faults.folders import HEIGHT, WIDTH, Folder, make, scene
from faults.labels import interlaced, plain, png
from segdata.images import encode_label, encode_photo


def sixteen_bit_photos() -> Folder:
    folder = make({}, plain)
    for key in ("scene_0", "scene_1", "scene_2"):
        del folder.files[f"JPEGImages/{key}.jpg"]
        gray = scene(int(key[-1]) + 1)[0][..., 0].astype(np.uint16) * 257
        folder.files[f"JPEGImages/{key}.png"] = encode_label(gray)
    return folder


def transposed() -> Folder:
    folder = make({}, plain)
    folder.files["SegmentationClass/scene_1.png"] = encode_label(
        np.ascontiguousarray(scene(2)[1].T)
    )
    return folder


def turned_photo() -> Folder:
    """EXIF says "turn me", and the label fits the pixels as they are stored; sizes vary."""
    folder = make({}, plain)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(scene(1)[0]).save(buffer, "JPEG", quality=85, exif=exif)
    folder.files["JPEGImages/scene_0.jpg"] = buffer.getvalue()
    photo, label = scene(2, (WIDTH, HEIGHT + 7))
    folder.pair("scene_1", encode_photo(photo, "jpeg", 85), encode_label(label))
    return folder


def damaged() -> Folder:
    folder = make({}, plain, (1, 2, 3, 4))
    whole = folder.files["SegmentationClass/scene_1.png"]
    folder.files["SegmentationClass/scene_1.png"] = whole[: len(whole) // 2]
    folder.files["JPEGImages/scene_2.jpg"] = (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1234\n"
    )
    folder.files["SegmentationClass/scene_3.png"] = b"<!DOCTYPE html>\n<p>404 Not Found</p>\n"
    return folder


def strange_but_whole() -> Folder:
    """Interlace, gAMA, long texts, bytes behind the end, a progressive JPEG: all decode."""
    folder = make({}, plain)
    photo, label = scene(1)
    text = PngImagePlugin.PngInfo()
    text.add(b"gAMA", struct.pack(">I", 45455))
    text.add_text("Comment", "x" * 400)
    folder.files["SegmentationClass/scene_0.png"] = png(label, pnginfo=text)
    folder.files["SegmentationClass/scene_1.png"] = interlaced(scene(2)[1]) + b"\0trailing bytes"
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=85, progressive=True)
    folder.files["JPEGImages/scene_0.jpg"] = buffer.getvalue() + b"trailing bytes"
    return folder


def mixed_suffixes() -> Folder:
    folder = make({}, plain)
    files = folder.files
    files["JPEGImages/scene_0.JPG"] = files.pop("JPEGImages/scene_0.jpg")
    files["JPEGImages/scene_1.jpeg"] = files.pop("JPEGImages/scene_1.jpg")
    files["JPEGImages/scene_2.png"] = encode_photo(scene(3)[0])
    del files["JPEGImages/scene_2.jpg"]
    return folder


def with_list(text: str, **descriptor: Any) -> Folder:
    folder = make(descriptor, plain)
    folder.list("train", text)
    return folder


def windows_toml() -> Folder:
    """Windows line ends, where they do no harm: in a text beside the lists."""
    folder = with_list("scene_0\nscene_1")
    folder.files["README.txt"] = b"A sample.\r\nIts lists have Unix line ends.\r\n"
    return folder


def lonely() -> Folder:
    folder = with_list("scene_0\nscene_1\nscene_9\n")
    del folder.files["SegmentationClass/scene_1.png"]
    return folder


def complete_in_parts() -> Folder:
    """Names in sub-folders, a union of the lists, a label that nobody asks for."""
    folder = make({}, plain)
    for key in ("scene_0", "scene_1"):
        for top, suffix in (("JPEGImages", "jpg"), ("SegmentationClass", "png")):
            data = folder.files.pop(f"{top}/{key}.{suffix}")
            folder.files[f"{top}/day/{key}.{suffix}"] = data
    folder.list("train", "day/scene_0\nday/scene_1\n")
    folder.list("trainval", "day/scene_0\nscene_2\nday/scene_1\n")
    folder.files["SegmentationClass/spare.png"] = encode_label(scene(5)[1])
    return folder
