"""A data set in memory, to be broken in one place and written in one of four forms."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from fault_zoo.sources import IGNORE, Bytes, Source
from segdata.dataset import ClassEntry, DatasetDescriptor
from segdata.images import encode_label, encode_photo
from segdata.records import RecordWriter, Sample, encode
from segdata.workflows.doctoring import DoctorRequest

Form = Literal["folder", "plain", "shards", "unknown"]
# Every sixth picture is measured with.
VALIDATED = 6


@dataclass
class Patient:
    """Photos, labels, lists and a descriptor.

    Args:
        labels: arrays, until something stores them in a special way: then bytes.
        label_names: names of label files without suffix, where they are not the keys.
        lists: text of the list files; made of the keys where nothing is said.
        descriptor: what differs from the right one.
        files: further files by path; None deletes one.
    """

    source: Source
    photos: dict[str, Any]
    labels: dict[str, Any]
    names: tuple[str, ...]
    num_classes: int
    ignore: int | None = IGNORE
    decoder: str = "indices"
    descriptor: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        return list(self.source.keys)

    def split(self, name: str) -> list[str]:
        """Keys of ``train`` or ``val``."""
        validated = set(self.keys[::VALIDATED])
        return [key for key in self.keys if (key in validated) == (name == "val")]

    def change(self, change: Callable[[Bytes], Any], every: int = 1) -> None:
        """Change every nth label; an array stays one, bytes are a file."""
        for key in self.keys[::every]:
            self.labels[key] = change(self.labels[key])

    def write(self, root: Path, form: Form) -> DoctorRequest:
        """Write it; what the doctor is asked about it."""
        writer = {
            "folder": self._folder,
            "plain": self._plain,
            "shards": self._shards,
            "unknown": self._unknown,
        }[form]
        return writer(root)

    def texts(self) -> dict[str, str]:
        made = {name: "".join(f"{k}\n" for k in self.split(name)) for name in ("train", "val")}
        return made | self.lists

    def toml(self) -> str:
        entries = tuple(ClassEntry(id=i, name=name) for i, name in enumerate(self.names))
        settings = {
            "name": self.source.name, "num_classes": self.num_classes, "classes": entries,
            "ignore_label": False if self.ignore is None else self.ignore,
            "label_decoder": self.decoder, **self.descriptor,
        }  # fmt: skip
        return DatasetDescriptor.model_validate(settings).to_toml()

    def _folder(self, root: Path) -> DoctorRequest:
        files: dict[str, bytes | None] = {"dataset.toml": self.toml().encode()}
        for name, text in self.texts().items():
            files[f"ImageSets/Segmentation/{name}.txt"] = text.encode()
        for key in self.keys:
            files[f"JPEGImages/{key}.jpg"] = photo_file(self.photos[key])
            files[f"SegmentationClass/{key}.png"] = label_file(self.labels[key])
        write_all(root, files | self.files)
        return DoctorRequest(paths=(str(root),))

    def _plain(self, root: Path) -> DoctorRequest:
        files: dict[str, bytes | None] = {}
        for key in self.keys:
            files[f"photos/{key}.jpg"] = photo_file(self.photos[key])
            files[f"masks/{key}.png"] = label_file(self.labels[key])
        write_all(root, files)
        return DoctorRequest(
            labels=root / "masks",
            photos=root / "photos",
            num_classes=self.num_classes,
            ignore=self.ignore,
        )

    def _shards(self, root: Path) -> DoctorRequest:
        """As the original's builder writes them: without a manifest; the descriptor is beside."""
        write_all(root, {f"{n}-00000-of-00001.tfrecord": self.records(n) for n in self.texts()})
        return DoctorRequest(
            paths=(str(root),), num_classes=self.num_classes, ignore=self.ignore,
        )  # fmt: skip

    def _unknown(self, root: Path) -> DoctorRequest:
        """Shards of which nobody says what their ids mean."""
        return replace(self._shards(root), num_classes=None, ignore=None)

    def records(self, split: str) -> bytes:
        return shard([self.sample(key) for key in self.texts()[split].split()])

    def sample(self, key: str) -> Sample:
        photo, label = self.photos[key], self.labels[key]
        like = self.source.photos[self.keys.index(key)] if isinstance(photo, bytes) else photo
        height, width = like.shape[:2]
        return Sample(key, photo_file(photo), "jpeg", height, width, label_file(label))


def patient(source: Source) -> Patient:
    """A healthy one."""
    return Patient(
        source,
        dict(zip(source.keys, source.photos, strict=True)),
        dict(zip(source.keys, source.labels, strict=True)),
        source.names,
        len(source.names),
    )


def each(sick: Patient, make: Callable[[str], bytes]) -> dict[str, bytes]:
    """A PNG for each picture."""
    return {f"{key}.png": make(key) for key in sick.keys}


def shard(samples: list[Sample]) -> bytes:
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for sample in samples:
        writer.write(encode(sample))
    return buffer.getvalue()


def photo_file(photo: Any) -> bytes:
    return photo if isinstance(photo, bytes) else encode_photo(photo, "jpeg", 90)


def label_file(label: Any) -> bytes:
    return label if isinstance(label, bytes) else encode_label(np.ascontiguousarray(label))


def png(pixels: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def jpeg(pixels: Bytes, quality: int, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def write_all(root: Path, files: dict[str, bytes | None] | dict[str, bytes]) -> None:
    for name, data in files.items():
        if data is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
