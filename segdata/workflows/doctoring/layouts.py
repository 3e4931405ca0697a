"""Photos and masks in whatever folders people keep them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from segdata.dataset import ALL, Dataset, Split
from segdata.errors import UserError
from segdata.facts.affixes import common_affix, without
from segdata.file_index import LABEL_SUFFIXES, ChosenFiles, FileIndex, index_files
from segdata.images import Unreadable, read_photo
from segdata.listing import ListText
from segdata.sources import Survey
from segdata.sources.folders import Joined, join_by_name
from segdata.sources.mask_folders import PictureGroup, join, masks_beside, picture_groups
from segdata.sources.split_folders import lists_by_folder
from segdata.workflows.doctoring.tables import pair_tables

# What people call their folders.
PHOTOS = (
    "jpegimages", "images", "imgs", "image", "img", "img_dir", "photos", "photo", "pictures",
    "leftimg8bit", "image_2", "camerargb", "rgb", "inputs", "input",
)  # fmt: skip
LABELS = (
    "segmentationclass", "segmentationclassraw", "segmentationclasspng", "labels", "label", "masks",
    "mask", "annotations", "annotation", "annots", "annot", "ann_dir", "gt", "gtfine", "targets",
    "groundtruth", "ground_truth", "cameramask", "segmentation", "segmentations", "seg",
)  # fmt: skip
PREDICTIONS = (
    "predictions", "prediction", "preds", "pred", "predicted", "results", "result", "outputs",
    "output", "out", "vis", "raw_segmentation_results", "segmentation_results", "inference",
)  # fmt: skip
# A picture with more colors is a photo; masks of the largest public sets have fewer.
_COLORS, _LOOKED_AT = 300, 3

Role = Literal["photos", "labels", "predictions", ""]


@dataclass(frozen=True)
class Layout:
    """Photos and masks that belong together.

    Args:
        root: the folder that holds both.
        images: the photos' own folder; the root where they have none.
        labels: the masks'.
        photos: by key.
        masks: by the key of their photo.
        ending: what masks have behind the name of their photo.
    """

    root: Path
    images: Path
    labels: Path
    photos: Mapping[str, Path]
    masks: Mapping[str, Path]
    ending: str = ""

    @property
    def pairs(self) -> int:
        return len(self.photos.keys() & self.masks.keys())


@dataclass(frozen=True)
class GatheredDataset(Dataset):
    """A data set whose files lie as a layout says.

    Args:
        counted: it has as many classes as its ids seem to be; nobody said so.
    """

    layout: Layout
    counted: bool = False

    @cached_property
    def image_files(self) -> FileIndex:
        return _indexed(self.layout.images, self.layout.photos)

    @cached_property
    def label_files(self) -> FileIndex:
        return _indexed(self.layout.labels, self.layout.masks)

    @cached_property
    def splits(self) -> Mapping[str, Split]:
        listed = super().splits
        # Lists of other names are not of these files.
        if any(split.path is not None and split.pairs for split in listed.values()):
            return listed
        tables = {name: self._of_table(name, rows)
                  for name, rows in pair_tables(self.layout.root).items()}  # fmt: skip
        if tables and all(split.pairs for split in tables.values()):
            return tables
        folders = lists_by_folder(self.layout.photos)
        named = {name: self._resolve(name, None, k, ListText()) for name, k in folders.items()}
        everything = {ALL: self._resolve(ALL, None, tuple(self.layout.photos), ListText())}
        return named or everything

    def _of_table(self, name: str, rows: Sequence[tuple[str, str]]) -> Split:
        """The split of a table's rows; which masks it names is kept as written."""
        path = self.layout.root / f"{name}.csv"
        split = self._resolve(name, path, tuple(photo for photo, _ in rows), ListText())
        return replace(split, pathed=tuple(f"{photo} {mask}" for photo, mask in rows))


def _indexed(folder: Path, files: Mapping[str, Path]) -> FileIndex:
    return files if isinstance(files, FileIndex) else ChosenFiles(folder, files)


def role_by_name(name: str) -> Role:
    """What a folder is, if its name tells."""
    low = name.lower()
    if low in PREDICTIONS:
        return "predictions"
    if low in LABELS:
        return "labels"
    return "photos" if low in PHOTOS else ""


def are_photos(files: Iterable[Path]) -> bool:
    """Whether one of the first pictures has more colors than masks have."""
    for path in islice(files, _LOOKED_AT):
        try:
            picture = read_photo(path)
        except Unreadable:
            continue
        packed = picture.reshape(-1, 3).astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16])
        if len(np.unique(packed)) > _COLORS:
            return True
    return False


def two_folders(photos: Path, labels: Path) -> Layout:
    """Photos and masks in folders of their own; their names may begin or end differently."""
    files, masks = index_files(photos), index_files(labels, order=LABEL_SUFFIXES)
    layout = Layout(labels.parent, photos, labels, files, masks)
    if layout.pairs:
        return layout
    with suppress(UserError):
        joined = _by_photo(join_by_name(photos, labels))
        return replace(layout, masks=joined, ending=_ending(files, joined))
    return _without_affix(layout)


def layout_beside(folder: Path) -> Layout | None:
    """Photos with masks beside them: ``a.jpg`` and ``a_mask.png``; None where there are none."""
    found = masks_beside(Survey.of(folder, follow=True), lambda path: not are_photos([path]))
    if found is None or not are_photos(item.image for item in found.joined.items):
        return None
    photos = {item.key: item.image for item in found.joined.items}
    return Layout(folder, folder, folder, photos, _by_photo(found.joined))


def layout_below(folder: Path) -> Layout | None:
    """Photos and masks below a folder: ``train/images`` and ``train/masks``, ``train`` and
    ``train_labels``, ...; None where there are no such."""
    groups = picture_groups(Survey.of(folder, follow=True))
    roles = [(group, _role(group)) for group in groups]
    found = [
        _of_groups(folder, photo, mask)
        for photo, is_photo in roles if is_photo == "photos"
        for mask, is_mask in roles if is_mask == "labels"
    ]  # fmt: skip
    joined = max((one for one in found if one.pairs), key=lambda one: one.pairs, default=None)
    return joined or layout_beside(folder)


def _role(group: PictureGroup) -> Role:
    files = list(group.files.values())
    return role_by_name(group.name) or ("photos" if are_photos(files) else "labels")


def _of_groups(folder: Path, photo: PictureGroup, mask: PictureGroup) -> Layout:
    joined = join(photo, mask)
    masks = _by_photo(joined) | {key: mask.files[key] for key in joined.labels_only}
    ending = _ending(photo.files, masks)
    layout = Layout(folder, folder, folder, photo.files, masks, ending)
    return layout if layout.pairs else _without_affix(layout)


def _without_affix(layout: Layout) -> Layout:
    """``a_leftImg8bit`` and ``a_gtFine_labelIds`` -> ``a``."""
    affix = common_affix(layout.photos, layout.masks)
    if affix is None:
        return layout
    photos = {without(key, affix.image): path for key, path in layout.photos.items()}
    masks = {without(key, affix.label): path for key, path in layout.masks.items()}
    return replace(layout, photos=photos, masks=masks, ending=affix.label[1])


def _by_photo(joined: Joined) -> dict[str, Path]:
    return {item.key: item.label for item in joined.items}


def _ending(photos: Mapping[str, Path], masks: Mapping[str, Path]) -> str:
    """What most masks have behind the name of their photo."""
    both = photos.keys() & masks.keys()
    endings = Counter(masks[key].stem.removeprefix(photos[key].stem) for key in both)
    return endings.most_common(1)[0][0] if endings else ""
