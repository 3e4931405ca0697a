"""Annotation files that are damaged in every way: told or read as far as they go, never a crash."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labeled_projects import PROJECTS, SIZE

from segdata.errors import UserError
from segdata.sources import Hints, Survey
from segdata.sources.detection import _named

# Kept small in the suite; the property was tried on tens of thousands.
ROUNDS = 120
JUNK: list[Any] = [
    None, True, -1, 0, 1, 2**31, 2**63, 10**40, 1e9, -1e9, 1e308, float("nan"), float("inf"),
    "", "x", "\ud800", "../../etc/passwd", "C:\\a.jpg", "0" * 30, "nan", [], {}, [[]], [[[]]],
    [1, 2], [1, 2, 3], ["a", "b"] * 3, {"size": [10**6, 10**6], "counts": [1]}, [1e9] * 6,
    [float("nan")] * 6, [-1e9, 1e9] * 4, [[0, 0]] * 4,
]  # fmt: skip
ANNOTATIONS = (".json", ".xml", ".txt", ".yaml")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of every value in a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:20]):
            found += places(inner, (*path, number))
    return found


def with_junk(data: bytes, draw: random.Random) -> bytes:
    """A JSON document in which one value is another."""
    document = json.loads(data)
    *path, last = draw.choice(places(document))
    inner = document
    for key in path:
        inner = inner[key]
    if draw.random() < 0.3:
        del inner[last]
    else:
        inner[last] = draw.choice(JUNK)
    return json.dumps(document).encode()


def cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data))]


def flipped(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def other_digits(data: bytes, draw: random.Random) -> bytes:
    """Numbers are where it hurts: digits are put for digits, and beside them."""
    changed = bytearray(data)
    digits = [place for place, byte in enumerate(changed) if 48 <= byte < 58]
    for _ in range(draw.randint(1, 6)):
        if digits:
            place = draw.choice(digits)
            changed[place : place + 1] = draw.choice([b"9", b"0", b"-", b"e9", b"9999999", b"."])
    return bytes(changed)


def moved(data: bytes, draw: random.Random) -> bytes:
    first, last = sorted(draw.randrange(len(data)) for _ in range(2))
    target = draw.randrange(len(data))
    return data[:target] + data[first : min(last, first + 2000)] + data[target:]


def mutation(path: Path, draw: random.Random) -> Callable[[bytes, random.Random], bytes]:
    ways = [cut, flipped, other_digits, other_digits, moved]
    return draw.choice([*ways, *[with_junk] * 5] if path.suffix == ".json" else ways)


def read_all(root: Path, name: str) -> None:
    """Open and read as convert does; only what is told to the user may be raised."""
    form, survey = _named(name), Survey.of(root)
    try:
        form.reject(survey, Hints())
        source = form.open(survey, Hints())
    except UserError as error:
        str(error).encode()
        return
    str((source.images_only, source.labels_only, source.class_map)).encode()
    for item in source.items:
        try:
            reading = source.read(item)
        except UserError as error:
            str(error).encode()
            continue
        assert reading.label.shape == SIZE
        known = {entry.id for entry in source.class_map.classes}
        assert set(np.unique(reading.label).tolist()) <= known | {source.class_map.no_class}
        str((reading.left_out, reading.unlisted)).encode()


def damage(root: Path, sound: Path, name: str, seeds: range) -> None:
    """Damage one annotation file after another of a sound project."""
    shutil.copytree(sound, root)
    files = [path for path in sorted(root.rglob("*")) if path.suffix in ANNOTATIONS]
    for seed in seeds:
        draw = random.Random(seed)
        path = draw.choice(files)
        whole = path.read_bytes()
        path.write_bytes(mutation(path, draw)(whole or b" ", draw))
        try:
            read_all(root, name)
        except Exception as error:
            error.add_note(f"{name}, seed {seed}, {path.name}")
            raise
        finally:
            path.write_bytes(whole)


@pytest.mark.parametrize("name", PROJECTS)
def test_damaged_annotations_are_told_or_read_as_far_as_they_go(tmp_path: Path, name: str) -> None:
    sound = PROJECTS[name](tmp_path / "sound")
    damage(tmp_path / "damaged", sound, name, range(ROUNDS))


@pytest.mark.parametrize("name", PROJECTS)
def test_nesting_without_end_is_told(tmp_path: Path, name: str) -> None:
    sound = PROJECTS[name](tmp_path / "sound")
    for path in sorted(sound.rglob("*")):
        if path.suffix in (".json", ".xml"):
            opening = b'{"a":[' if path.suffix == ".json" else b"<a>"
            path.write_bytes(path.read_bytes()[:-20] + opening * 100_000)
    read_all(sound, name)
