"""What a run folder says of itself, and the pictures of the shards it was trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.errors import MissingExtra, UserError
from segdata.images import read_label, read_photo
from segdata.manifest import ShardManifest
from segdata.records import decode, scan

if TYPE_CHECKING:
    from segdata.predictor import PredictionOptions, Predictor

CONFIG_FILE = "config.json"
METRICS_FILE = "metrics.jsonl"

Sample = tuple[str, npt.NDArray[np.uint8], Label]


@dataclass(frozen=True)
class Run:
    """A run folder and the shards that it learned from."""

    folder: Path
    shards: Path
    manifest: ShardManifest

    def predictor(self, options: PredictionOptions | None = None) -> Predictor:
        """The trained network.

        Raises:
            UserError: there is no whole checkpoint.
            MissingExtra: torch is not installed.
        """
        try:
            from model.prediction import load_predictor
        except ModuleNotFoundError as missing:
            raise MissingExtra(missing.name or "torch", "train") from missing
        return load_predictor(self.folder, options=options)

    def samples(self, split: str) -> Iterator[Sample]:
        """Key, photo and truth of every labelled sample of a split.

        Raises:
            UserError: there is no such split, or a shard is damaged.
        """
        return samples_of(self.shards, self.manifest, split)


def load_run(folder: Path, shards: Path | None = None) -> Run:
    """Read a run folder.

    Args:
        shards: where its shards lie now, if they were moved.

    Raises:
        UserError: it is no run, its shards are gone, or they are not those it learned from.
    """
    config = read_config(folder)
    place = shards or Path(config["shards"])
    if not place.is_dir():
        raise UserError(
            f"the shards of {folder} are not in {place} any more",
            "say where they are now: --shards DIR",
        )
    manifest = ShardManifest.load(place)
    if manifest.class_map.to_json() != config["classes"]:
        raise UserError(
            f"{place} has other classes than the run {folder} was trained for",
            "name the shards that it was trained on: --shards DIR",
        )
    return Run(folder, place, manifest)


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
        _ = config["shards"], config["classes"]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UserError(f"{folder / CONFIG_FILE} is damaged: {error}") from error
    return config


def labels_of(shards: Path, manifest: ShardManifest, split: str) -> Iterator[Label]:
    """The labels in the shards of a split; photos are not decoded."""
    for info in manifest.of_split(split):
        for offset, data in scan(shards / info.file):
            sample = decode(data, f"{info.file} at byte {offset}")
            if sample.label is not None:
                yield read_label(sample.label)


def samples_of(shards: Path, manifest: ShardManifest, split: str) -> Iterator[Sample]:
    """Key, photo and truth of every labelled sample in the shards of a split."""
    for info in manifest.of_split(split):
        for offset, data in scan(shards / info.file):
            sample = decode(data, f"{info.file} at byte {offset}")
            if sample.label is not None:
                yield sample.key, read_photo(sample.image), read_label(sample.label)
