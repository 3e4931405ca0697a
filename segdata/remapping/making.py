"""One label with its new ids, and its photo, in any process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from segdata.classes import Label
from segdata.dataset import DatasetDescriptor, Pair
from segdata.facts import count_values
from segdata.files import link_file, write_file
from segdata.images import NoIds, Unreadable, encode_label, read_label
from segdata.remapping.plan import LARGEST, Photos, RemapPlan


@dataclass(frozen=True)
class RemapTask:
    """One pair to remap."""

    pair: Pair
    out: Path
    descriptor: DatasetDescriptor
    plan: RemapPlan
    photos: Photos
    palette: bool

    @property
    def new_photo(self) -> Path:
        suffix = self.pair.image.suffix.lower()
        return self.out / self.descriptor.images / f"{self.pair.key}{suffix}"

    @property
    def new_label(self) -> Path:
        return self.out / self.descriptor.labels / f"{self.pair.key}.png"


@dataclass(frozen=True)
class Remapped:
    """What became of a pair: pixels by old and by new id, or what cannot be read, and why."""

    pair: Pair
    before: Mapping[int, int] = field(default_factory=dict)
    after: Mapping[int, int] = field(default_factory=dict)
    unreadable: Path | None = None
    why: str = ""


def remap_pair(task: RemapTask) -> Remapped:
    """Write one label with its new ids, and bring its photo."""
    pair = task.pair
    done = Remapped(pair)
    if pair.label is not None:
        try:
            label = read_label(pair.label)
        except (Unreadable, NoIds) as error:
            return Remapped(pair, unreadable=pair.label, why=error.message)
        new = _renumbered(label, task.plan)
        palette = task.plan.class_map.color_table() if task.palette else None
        write_file(task.new_label, encode_label(new, palette))
        done = Remapped(pair, count_values(label), count_values(new))
    if task.photos != "copy":
        link_file(pair.image, task.new_photo, symbolic=task.photos == "symlink")
        return done
    try:
        photo = pair.image.read_bytes()
    except OSError as error:
        why = f"{pair.image} cannot be read: {error.strerror or error}"
        return Remapped(pair, unreadable=pair.image, why=why)
    write_file(task.new_photo, photo)
    return done


def _renumbered(label: Label, plan: RemapPlan) -> Label:
    table = np.arange(LARGEST + 1, dtype=np.uint16)
    table[list(plan.ids)] = list(plan.ids.values())
    new = table[label]
    largest = max([int(label.max(initial=0)), *plan.ids.values()])
    narrow = plan.class_map.dtype is np.uint8 and largest <= np.iinfo(np.uint8).max
    return new.astype(np.uint8) if narrow else new
