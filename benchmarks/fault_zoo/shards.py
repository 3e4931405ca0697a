"""Shards that are stale, mixed, cut off, or say something else than they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from fault_zoo.cases import FAULT, Build, Case, rules
from fault_zoo.labels import PASCAL
from fault_zoo.patients import Patient, patient, png, shard, write_all
from fault_zoo.sources import load
from segdata.images import encode_label
from segdata.workflows.doctoring import DoctorRequest

Files = dict[str, bytes]


def _split(sick: Patient, name: str) -> bytes:
    return sick.records(name)


def _both(sick: Patient) -> Files:
    return {f"{n}-00000-of-00001.tfrecord": _split(sick, n) for n in ("train", "val")}


def older_labels(sick: Patient, severe: bool) -> Files:
    """The folder was mended after the shards had been made."""
    changed = sick.keys[:: 1 if severe else 12]
    old = patient(sick.source)
    for key in changed:
        old.labels[key] = np.zeros_like(old.labels[key])
    return _both(old)


def two_builds(sick: Patient, severe: bool) -> Files:
    files = _both(sick)
    samples = [sick.sample(key) for key in sick.split("train")]
    if severe:
        files |= {f"train-0000{n}-of-00004.tfrecord": shard(samples[n::4]) for n in range(4)}
    else:
        files["train-00001-of-00002.tfrecord"] = shard(samples[1::2])
    return files


def missing_shard(sick: Patient, severe: bool) -> Files:
    samples = [sick.sample(key) for key in sick.split("train")]
    kept = (0,) if severe else (0, 1, 3)
    made = {f"train-0000{n}-of-00004.tfrecord": shard(samples[n::4]) for n in kept}
    return {**made, "val-00000-of-00001.tfrecord": _split(sick, "val")}


def prefix(sick: Patient, severe: bool) -> Files:
    extra = [sick.sample(key) for key in sick.split("val")]
    name = "train-extra" if severe else "val-hard"
    return {**_both(sick), f"{name}-00000-of-00001.tfrecord": shard(extra)}


def colors_inside(sick: Patient, severe: bool) -> Files:
    sick.change(lambda label: png(PASCAL[label]), 1 if severe else 3)
    return _both(sick)


def sixteen_bits_inside(sick: Patient, severe: bool) -> Files:
    sick.change(lambda label: encode_label(label.astype(np.uint16)), 1 if severe else 3)
    return _both(sick)


def no_records(sick: Patient, severe: bool) -> Files:
    files = _both(sick)
    files["val-00000-of-00001.tfrecord"] = b""
    if severe:
        files["train-00000-of-00001.tfrecord"] = b""
    return files


def cut_off(sick: Patient, severe: bool) -> Files:
    files = _both(sick)
    name = "train-00000-of-00001.tfrecord"
    files[name] = files[name][: len(files[name]) // 2] if severe else files[name][:-3]
    return files


def changed_bytes(sick: Patient, severe: bool) -> Files:
    files = _both(sick)
    data = bytearray(files["val-00000-of-00001.tfrecord"])
    for place in range(500, len(data) if severe else 501, 50_000):
        data[place] ^= 0x55
    files["val-00000-of-00001.tfrecord"] = bytes(data)
    return files


def wrong_sizes(sick: Patient, severe: bool) -> Files:
    samples = [sick.sample(key) for key in sick.split("train")]
    for number in range(0, len(samples), 1 if severe else 6):
        one = samples[number]
        samples[number] = replace(one, height=one.width, width=one.height)
    return {**_both(sick), "train-00000-of-00001.tfrecord": shard(samples)}


# A fault; what may come first; what is true as well; whether the data set lies beside.
_FAULTS = (
    ("S01", older_labels, "S01", "L08 L26 L33 P09", True),
    ("S02", two_builds, "S02", "P08 S02", False),
    ("S02", missing_shard, "S02", "", False),
    ("S03", prefix, "S03", "P08 P09", False),
    ("S04", colors_inside, "S04 L04", "L02 L07", False),
    ("S04", sixteen_bits_inside, "S04 L14", "L08", False),
    ("S05", no_records, "S05", "S06", False),
    ("S06", cut_off, "S06", "L27", False),
    ("S06", changed_bytes, "S06", "L27 S05", False),
    ("S07", wrong_sizes, "S07", "", False),
)


def cases() -> Iterable[Case]:
    for kind, break_it, accept, also, beside in _FAULTS:
        for source in ("streets", "camvid"):
            for severe in (False, True):
                name = f"{kind} {break_it.__name__} {source} {'severe' if severe else 'mild'}"
                build = _build(break_it, source, severe=severe, beside=beside)
                verdicts = rules(f"{FAULT} healthy" if kind == "S07" else FAULT)
                yield Case(name, kind, build, rules(accept), rules(also), verdicts)


def _build(break_it: object, source: str, *, severe: bool, beside: bool) -> Build:
    def build(root: Path) -> DoctorRequest:
        sick = patient(load(source))
        files = break_it(sick, severe)  # type: ignore[operator]
        write_all(root / "shards", files)
        paths = [str(root / "shards")]
        if beside:
            patient(load(source)).write(root / "data", "folder")
            paths.insert(0, str(root / "data"))
        return DoctorRequest(paths=tuple(paths), num_classes=sick.num_classes)

    return build
