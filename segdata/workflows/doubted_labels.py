"""Labels with what a network says of them: from the shards of a run, or from folders of files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import read_label
from segdata.listing import index_folder
from segdata.probability_files import read_probabilities
from segdata.progress import Watch
from segdata.workflows.runs import Run, labelled, records_of
from segdata.worklist import Look, Shown

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor


@dataclass(frozen=True, eq=False)
class RunImages:
    """A split of a run's shards, predicted by the run."""

    run: Run
    split: str
    predictor: TrainedPredictor
    has_photos: bool = True

    @property
    def class_map(self) -> ClassMap:
        return self.predictor.class_map

    @property
    def total(self) -> int:
        return labelled(self.run.manifest, self.split)

    def looks(self, every: int = 1) -> Iterator[Look]:
        """Every so many-th sample in the order of the shards, predicted."""
        for key, image, truth in self.run.samples(self.split, every):
            yield Look(key, self.predictor.probabilities(image), truth)

    def shown(self, keys: Collection[str]) -> Iterator[Shown]:
        """The samples of these keys; photos are not decoded."""
        for record in records_of(self.run.shards, self.run.manifest, self.split):
            if record.label is not None and record.key in keys:
                yield Shown(record.key, record.image, read_label(record.label))


@dataclass(frozen=True)
class LabelFolders:
    """Folders whose files are paired by name; photos are not needed."""

    probabilities: Path
    labels: Path
    photos: Path | None = None


@dataclass(frozen=True, eq=False)
class FileImages:
    """Label files with the probabilities of the same names.

    Args:
        class_map: of the labels.
        labels: files by key.
        probabilities: likewise.
        photos: likewise; empty where there are none.
    """

    class_map: ClassMap
    labels: Mapping[str, Path]
    probabilities: Mapping[str, Path]
    photos: Mapping[str, Path]

    @classmethod
    def of(cls, folders: LabelFolders, class_map: ClassMap, watch: Watch) -> FileImages:
        """Pair the files: by sub-folder and stem, or else by the stem alone.

        Raises:
            UserError: a folder is missing or empty, no name is in both, or a label has no photo.
        """
        labels = _filled(index_folder(folders.labels), folders.labels, "label PNGs")
        arrays = _filled(_arrays(folders.probabilities), folders.probabilities, ".npz files")
        paired = _paired(labels, arrays)
        if not paired:
            raise UserError(
                f"no name is both in {folders.probabilities} (such as {next(iter(arrays))!r}) and "
                f"in {folders.labels} (such as {next(iter(labels))!r})",
                "name the probabilities as the labels, apart from the suffix",
            )
        if len(paired) < len(labels):
            watch.note(f"{len(labels) - len(paired)} of {len(labels)} labels have no probabilities")
        photos: dict[str, Path] = {}
        if folders.photos is not None:
            found = _filled(index_folder(folders.photos), folders.photos, "photos")
            photos = _paired({key: labels[key] for key in paired}, found)
            _refuse_missing(paired, photos, folders.photos)
        else:
            watch.note("without --photos DIR pictures show labels only, and there are no tasks")
        return cls(class_map, {key: labels[key] for key in paired}, paired, photos)

    @property
    def total(self) -> int:
        return len(self.labels)

    @property
    def has_photos(self) -> bool:
        return bool(self.photos)

    def looks(self, every: int = 1) -> Iterator[Look]:
        """Every so many-th label in order of name, with its probabilities."""
        for key in list(self.labels)[::every]:
            found = read_probabilities(self.probabilities[key]).astype(np.float32, copy=False)
            yield Look(key, found, self._label(key))

    def shown(self, keys: Collection[str]) -> Iterator[Shown]:
        """The labels of these keys, with the bytes of their photos."""
        for key in (key for key in self.labels if key in keys):
            photo = self.photos[key].read_bytes() if self.photos else None
            yield Shown(key, photo, self._label(key))

    def _label(self, key: str) -> npt.NDArray[np.uint8 | np.uint16]:
        return read_label(self.labels[key])


def _arrays(folder: Path) -> dict[str, Path]:
    files = sorted(path for path in folder.rglob("*.npz") if not path.name.startswith("."))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def _filled(files: dict[str, Path], folder: Path, kind: str) -> dict[str, Path]:
    if not files:
        what = f"holds no {kind}" if folder.is_dir() else "is no folder"
        raise UserError(f"{folder} {what}", f"name the folder of {kind}")
    return files


def _paired(labels: Mapping[str, Path], others: Mapping[str, Path]) -> dict[str, Path]:
    """The others by the keys of labels, in their order."""
    if labels.keys() & others.keys():
        return {key: others[key] for key in labels if key in others}
    stems = {PurePosixPath(key).name: path for key, path in others.items()}
    mine = [PurePosixPath(key).name for key in labels]
    if len(stems) < len(others) or len(set(mine)) < len(mine):
        return {}
    return {key: stems[stem] for key, stem in zip(labels, mine, strict=True) if stem in stems}


def _refuse_missing(paired: Mapping[str, Path], photos: Mapping[str, Path], folder: Path) -> None:
    missing = [key for key in paired if key not in photos]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(paired)} labels have no photo in {folder}, "
            f"such as {missing[0]!r}",
            "name the folder of their photos, or leave --photos out: pictures show labels then",
        )
