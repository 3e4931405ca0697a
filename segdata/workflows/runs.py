"""What a run folder says of itself, and the pictures of the shards it was trained on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from segdata import registry
from segdata.classes import ClassMap, Label
from segdata.dataset import DESCRIPTOR_FILE, DatasetDescriptor
from segdata.errors import MissingExtra, UserError
from segdata.images import read_label, read_photo
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.progress import Track, silently
from segdata.records import Sample as Record
from segdata.records import decode, scan
from segdata.rules.wording import command
from segdata.workflows.claimed_classes import refuse_other_classes
from segdata.workflows.foreign_shards import classes_of_foreign, described, is_foreign

if TYPE_CHECKING:
    from model.prediction.predictor import TrainedPredictor
    from segdata.predictor import PredictionOptions

CONFIG_FILE = "config.json"
METRICS_FILE = "metrics.jsonl"

Sample = tuple[str, npt.NDArray[np.uint8], Label]


@dataclass(frozen=True)
class ShardPlace:
    """Where the shards of a run lie.

    Args:
        folder: None takes the ones it learned from.
        dataset: whose classes shards without a manifest have; None takes those of the run.
        splits: those of them that are looked at; None takes all.
        track: follows the look at them.
    """

    folder: Path | None = None
    dataset: str | None = None
    splits: tuple[str, ...] | None = None
    track: Track = silently

    def manifest(self, shards: Path, classes: ClassMap | None = None) -> ShardManifest:
        """What there is to know of the shards in a folder.

        Args:
            classes: those of the run.
        """
        if not is_foreign(shards):
            manifest = ShardManifest.load(shards)
            refuse_other_classes(self.dataset, manifest.class_map, shards)
            return manifest
        descriptor = (
            classes_of_foreign(shards, self.dataset)
            if self.dataset is not None or classes is None
            else DatasetDescriptor.for_classes("unnamed", classes)
        )
        return described(shards, descriptor, self.splits, track=self.track)


@dataclass(frozen=True)
class Run:
    """A run folder and the shards that it learned from.

    Args:
        imported: the folder is no run of ours but a checkpoint, perhaps of others, and the shards
            are those it is tried on.
    """

    folder: Path
    shards: Path
    manifest: ShardManifest
    imported: bool = False

    def predictor(
        self,
        options: PredictionOptions | None = None,
        settings: Iterable[str] = (),
        note: Callable[[str], None] = lambda sentence: None,
    ) -> TrainedPredictor:
        """The trained network.

        Args:
            options: how images are predicted.
            settings: of the network that differ from those of its training, ``KEY=VALUE``.
            note: is told what else they change, and what is assumed of a checkpoint of others.

        Raises:
            UserError: there is no whole checkpoint, or its weights do not fit the settings.
            MissingExtra: torch is not installed.
        """
        try:
            from model.prediction.predictor import load_predictor
        except ModuleNotFoundError as missing:
            raise MissingExtra(missing.name or "torch", "train") from missing
        if not self.imported:
            return load_predictor(self.folder, options=options, settings=settings, note=note)
        from model.importing.operation import ImportRequest, import_checkpoint

        with TemporaryDirectory(prefix="segdata-") as scratch:
            request = ImportRequest(
                path=self.folder,
                out=Path(scratch) / "checkpoint",
                assignments=tuple(settings),
                class_map=self.manifest.class_map,
                to_predict=True,
            )
            for sentence in import_checkpoint(request).notes:
                note(sentence)
            return load_predictor(request.out, options=options)

    def unfinished(self, step: int | None) -> str:
        """What to say of a checkpoint that is not the run's last; empty where it is."""
        if self.imported or step is None:
            return ""
        steps = read_config(self.folder)["settings"]["run"]["steps"]
        return f"step {step} of {steps}: the run is not finished" if step < steps else ""

    def samples(self, split: str, step: int = 1) -> Iterator[Sample]:
        """Key, photo and truth of every labelled sample of a split, or of every ``step``-th.

        Raises:
            UserError: there is no such split, or a shard is damaged.
        """
        return samples_of(self.shards, self.manifest, split, step)

    def keys(self, split: str) -> list[str]:
        """The names of the labelled samples of a split, in their order."""
        found = records_of(self.shards, self.manifest, split)
        return [record.key for record in found if record.label is not None]


def load_run(folder: Path, place: ShardPlace | None = None) -> Run:
    """Read a run folder.

    Args:
        folder: a run; where ``place`` names shards, also a checkpoint of ours or of others.
        place: where its shards lie now, if they were moved or are others'.

    Raises:
        UserError: it is no run, its shards are gone, or they are not those it learned from.
        BadData: shards of others have errors.
    """
    place = place or ShardPlace()
    if place.folder is not None and not is_run(folder):
        return Run(folder, place.folder, place.manifest(place.folder), imported=True)
    config = read_config(folder)
    shards = place.folder or Path(config["shards"])
    if _is_dataset(shards):
        shards = _made_of(shards, Path(config["shards"]))
    if not shards.is_dir() and place.folder is not None:
        raise UserError(
            f"there is no folder {shards}", "name the one with the shards: --shards DIR"
        )
    if not shards.is_dir():
        raise UserError(
            f"the shards of {folder} are not in {shards} any more",
            "say where they are now: --shards DIR",
        )
    manifest = place.manifest(shards, ClassMap.from_json(config["classes"]))
    if manifest.class_map.to_json() != config["classes"]:
        raise UserError(
            f"{shards} has other classes ({manifest.name}) than the run {folder} was trained for",
            "name the shards that it was trained on: --shards DIR"
            if place.dataset is None
            else f"leave --dataset {place.dataset} out: the run knows its classes",
        )
    return Run(folder, shards, manifest)


def _is_dataset(folder: Path) -> bool:
    """Whether a folder holds a data set and no shards."""
    is_shards = (folder / MANIFEST_FILE).is_file() or is_foreign(folder)
    return (folder / DESCRIPTOR_FILE).is_file() and not is_shards


def _made_of(dataset: Path, own: Path) -> Path:
    """The shards that a run made of a data set, or of one of its name.

    Raises:
        UserError: they are of another one.
    """
    made = (own / MANIFEST_FILE).is_file() and ShardManifest.load(own).name
    if made != registry.descriptor(dataset).name:
        raise UserError(
            f"{dataset} is a data set, and not the one of which the run's shards were made",
            f"make shards of it: {command('shard', str(dataset), 'SHARDS')}, and then --shards "
            "SHARDS",
        )
    return own


def is_run(folder: Path) -> bool:
    return (folder / CONFIG_FILE).is_file()


def read_config(folder: Path) -> dict[str, Any]:
    """The run's ``config.json``.

    Raises:
        UserError: the folder is missing, is no run, or the file is damaged.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UserError(f"{folder} {what}", "name the run folder: the --out of segdata train")
    if not is_run(folder):
        raise UserError(
            f"{folder} is no run: there is no {CONFIG_FILE}",
            f"train one: segdata train SHARDS --out {folder}",
        )
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
        ClassMap.from_json(config["classes"])
        _ = Path(config["shards"]), config["settings"]["run"]["steps"]
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise UserError(f"{folder / CONFIG_FILE} is damaged: {error}") from error
    return config


def labelled(manifest: ShardManifest, split: str) -> int:
    """How many samples of a split have a label.

    Raises:
        UserError: there is no such split.
    """
    manifest.of_split(split)
    return manifest.splits[split].labelled


def records_of(shards: Path, manifest: ShardManifest, split: str) -> Iterator[Record]:
    """The samples in the shards of a split, nothing of them decoded.

    Raises:
        UserError: there is no such split, or a shard is damaged.
    """
    for info in manifest.of_split(split):
        for offset, data in scan(shards / info.file):
            yield decode(data, f"{info.file} at byte {offset}")


def labels_of(shards: Path, manifest: ShardManifest, split: str) -> Iterator[Label]:
    """The labels in the shards of a split; photos are not decoded."""
    for record in records_of(shards, manifest, split):
        if record.label is not None:
            yield read_label(record.label)


def photos_of(
    shards: Path, manifest: ShardManifest, split: str
) -> Iterator[tuple[str, Callable[[], npt.NDArray[np.uint8]]]]:
    """Key and photo of every sample in the shards of a split, also of those without a label.

    A photo, ``uint8 H×W×3, RGB``, is decoded when it is asked for.
    """
    for record in records_of(shards, manifest, split):
        yield record.key, partial(read_photo, record.image)


def samples_of(
    shards: Path, manifest: ShardManifest, split: str, step: int = 1
) -> Iterator[Sample]:
    """Key, photo and truth of every labelled sample in the shards of a split, or of every
    ``step``-th; the others are not decoded."""
    count = 0
    for record in records_of(shards, manifest, split):
        if record.label is None:
            continue
        if count % step == 0:
            yield record.key, read_photo(record.image), read_label(record.label)
        count += 1
