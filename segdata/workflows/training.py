"""Train on shards, or on a data set that is sharded into the run folder first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from segdata import registry
from segdata.errors import BadData, MissingExtra
from segdata.executors import Serial
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.progress import Silence, Watch
from segdata.sharding import ShardRequest, shard

if TYPE_CHECKING:
    from model.config import TrainSettings
    from model.training import TrainResult

# Where a run keeps the shards that were made for it.
OWN_SHARDS = "shards"


def train(
    data: str, out: Path, assignments: Iterable[str] = (), *, watch: Watch | None = None
) -> TrainResult:
    """Train, or go on training.

    Args:
        data: a folder of shards, a dataset folder, or a data set's name.
        out: the run folder.
        assignments: settings as ``KEY=VALUE``.

    Raises:
        UserError: the data, a setting, or the run folder does not fit.
        BadData: the data set has errors that training would suffer from.
        MissingExtra: torch is not installed.
    """
    from model.config import TrainSettings

    return train_with(data, out, TrainSettings().updated(assignments), watch=watch)


def train_with(
    data: str, out: Path, settings: TrainSettings, *, watch: Watch | None = None
) -> TrainResult:
    """The same with settings as an object."""
    try:
        from model.training import Listener, train
    except ModuleNotFoundError as missing:
        raise MissingExtra(missing.name or "torch", "train") from missing
    watch = watch or Silence()
    listener = Listener(
        progress=lambda p: watch.at(
            p.step,
            p.steps,
            f"training, loss {p.loss:.3f}, {p.images_per_second:.1f} images/s",
        ),
        note=watch.note,
    )
    return train(shards_of(data, out, watch), out, settings, listener)


def shards_of(data: str, run: Path, watch: Watch) -> Path:
    """The shards to train on: ``data`` itself, or its data set sharded into the run folder."""
    folder = Path(data)
    if (folder / MANIFEST_FILE).is_file() or (folder.is_dir() and any(folder.glob("*.tfrecord"))):
        ShardManifest.load(folder)
        return folder
    own = run / OWN_SHARDS
    if not (own / MANIFEST_FILE).is_file():
        watch.note(f"sharding {data} into {own}")
        try:
            shard(registry.find(data), own, ShardRequest(), executor=Serial(), track=watch)
        except BadData:
            # The data was refused: no empty run folder is left behind.
            run.rmdir()
            raise
    return own
