"""Folders of photos, labels and lists that no ``dataset.toml`` describes, as a data set.

The original's build_voc2012_data.py is told three folders and nothing of classes: records hold
whatever ids the labels have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from segdata import registry, validation
from segdata.dataset import DESCRIPTOR_FILE, Dataset, DatasetDescriptor, list_files
from segdata.errors import UserError
from segdata.executors import Executor
from segdata.facts import Look
from segdata.progress import Watch
from segdata.validation import Looks
from segdata.validation.shards import VOID, guessed

_BRIEFLY = Looks(every=Look.NONE, sampled=Look.NONE)
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+|^[._-]+")


@dataclass(frozen=True, kw_only=True)
class PlainFolders:
    """What a person says of folders without a descriptor.

    Args:
        root: the folder that holds the others.
        images: the photos' folder; None takes JPEGImages below the root.
        labels: the labels' folder; None takes SegmentationClass.
        lists: the lists' folder; None takes the usual ones.
        dataset: whose classes they have, by folder or name.
        num_classes: or how many; 255 is ignored.
    """

    root: Path
    images: Path | None = None
    labels: Path | None = None
    lists: Path | None = None
    dataset: str | None = None
    num_classes: int | None = None

    @property
    def silent(self) -> bool:
        """Whether nothing is said: then a descriptor is needed."""
        return self == PlainFolders(root=self.root)


def dataset_of(folders: PlainFolders, executor: Executor, watch: Watch) -> Dataset:
    """The data set in the folders.

    Raises:
        UserError: a folder is missing or there is no such data set.
    """
    told, is_known = described(folders)
    dataset = Dataset(folders.root, told)
    if is_known:
        return dataset
    descriptor = counted(dataset, executor, watch)
    tell_count(descriptor, watch)
    return Dataset(folders.root, descriptor)


def described(folders: PlainFolders) -> tuple[DatasetDescriptor, bool]:
    """What is said of the folders, and whether that names the classes.

    Raises:
        UserError: a folder is missing or there is no such data set.
    """
    plain = DatasetDescriptor(
        name=_NO_NAME.sub("", folders.root.resolve().name) or "data",
        num_classes=folders.num_classes or 1,
        ignore_label=VOID,
    )
    descriptor = _told(folders) or plain
    placed = descriptor.model_copy(update=_places(folders, descriptor))
    return placed, descriptor is not plain or folders.num_classes is not None


def _told(folders: PlainFolders) -> DatasetDescriptor | None:
    if folders.dataset is not None:
        return registry.descriptor(folders.dataset)
    if folders.num_classes is None and (folders.root / DESCRIPTOR_FILE).is_file():
        return registry.descriptor(folders.root)
    return None


def _places(folders: PlainFolders, descriptor: DatasetDescriptor) -> dict[str, object]:
    """Where photos, labels and lists lie; they may lie anywhere, as they were named one by one."""
    images = (folders.images or folders.root / "JPEGImages").absolute()
    labels = (folders.labels or folders.root / "SegmentationClass").absolute()
    _check(images, "photos")
    _check(labels, "labels")
    lists = folders.lists.absolute() if folders.lists else None
    if lists is not None and not list_files(folders.root, str(lists)):
        raise _no_lists(lists)
    return {
        "images": str(images),
        "labels": str(labels),
        "lists": str(lists) if lists else descriptor.lists,
        "image_suffix": None,
        "label_suffix": None,
        "pairs": None,
        "allow_outside": True,
    }


def _no_lists(place: Path) -> UserError:
    if place.is_file():
        return UserError(f"{place} is a file", f"name the folder that it is in: {place.parent}")
    return UserError(
        f"{place} holds no lists: no file NAME.txt", "name the folder with train.txt and val.txt"
    )


def _check(folder: Path, what: str) -> None:
    if folder.is_dir():
        return
    # The original's tutorial makes SegmentationClassRaw of SegmentationClass.
    bare = folder.name.removesuffix("Raw")
    beside = folder.with_name(bare if bare != folder.name else f"{bare}Raw")
    if what == "labels" and beside.is_dir():
        raise UserError(
            f"there is no folder {folder}, but there is {beside.name} beside it, which serves: "
            "labels with a palette are read as ids here, and those without one are ids",
            f"name it in its place: {beside}",
        )
    raise UserError(f"there is no folder {folder}", f"name the folder with the {what}")


def counted(dataset: Dataset, executor: Executor, watch: Watch) -> DatasetDescriptor:
    """With as many classes as ids are counted up in the labels."""
    splits = list(dataset.splits.values())
    facts = validation.gather(dataset, splits, executor, watch, _BRIEFLY)
    found = guessed(facts)
    return dataset.descriptor.model_copy(update={"num_classes": found.num_classes})


def tell_count(descriptor: DatasetDescriptor, watch: Watch) -> None:
    """That classes were counted, and how to say how many there are."""
    count = descriptor.num_classes
    watch.note(
        f"nothing says which classes there are: ids are counted up to {count - 1}, so there are "
        f"{count}, and {VOID} is ignored; if not, add --num-classes N or --dataset NAME"
    )
