"""Train on shards, or on a data set that is sharded into the run folder first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from segdata import registry
from segdata.errors import BadData, MissingExtra, UserError
from segdata.executors import Serial
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.progress import Silence, Watch
from segdata.sharding import ShardRequest, shard
from segdata.workflows.claimed_classes import refuse_other_classes
from segdata.workflows.foreign_shards import (
    adopted,
    classes_of_foreign,
    described,
    is_foreign,
    refuse_others,
)
from segdata.workflows.runs import is_run

if TYPE_CHECKING:
    from model.config import TrainSettings
    from model.training.progress import TrainResult

# Where a run keeps the shards that were made for it.
OWN_SHARDS = "shards"


def train(
    data: str,
    out: Path,
    assignments: Iterable[str] = (),
    *,
    dataset: str | None = None,
    watch: Watch | None = None,
) -> TrainResult:
    """Train, or go on training.

    Args:
        data: a folder of shards, a dataset folder, or a data set's name.
        out: the run folder.
        assignments: settings as ``KEY=VALUE``.
        dataset: whose classes shards without a manifest have: a folder or a name. Other data say
            their classes themselves, and may not contradict it.

    Raises:
        UserError: the data, a setting, or the run folder does not fit.
        BadData: the data set has errors that training would suffer from.
        MissingExtra: torch is not installed.
    """
    from model.config import TrainSettings

    settings = TrainSettings().updated(assignments)
    return train_with(data, out, settings, dataset=dataset, watch=watch)


def train_with(
    data: str,
    out: Path,
    settings: TrainSettings,
    *,
    dataset: str | None = None,
    watch: Watch | None = None,
) -> TrainResult:
    """The same with settings as an object."""
    try:
        from model.training.loop import train
        from model.training.progress import Listener
    except ModuleNotFoundError as missing:
        raise MissingExtra(missing.name or "torch", "train") from missing
    watch = watch or Silence()
    _refuse_theirs(out)
    listener = Listener(
        progress=lambda p: watch.at(
            p.step,
            p.steps,
            f"training, loss {p.loss:.3f}, {p.images_per_second:.1f} images/s",
        ),
        note=watch.note,
    )
    return train(shards_of(data, out, watch, dataset), out, settings, listener)


def shards_of(data: str, run: Path, watch: Watch, dataset: str | None = None) -> Path:
    """The shards to train on.

    They are ``data`` itself, or lie in the run folder: made of a data set, or as links to shards of
    others with a manifest.
    """
    folder, own = Path(data), run / OWN_SHARDS
    if (folder / MANIFEST_FILE).is_file():
        refuse_other_classes(dataset, ShardManifest.load(folder).class_map, folder)
        return folder
    if is_foreign(folder):
        return _adopted(folder, run, watch, dataset)
    if (own / MANIFEST_FILE).is_file():
        refuse_other_classes(dataset, ShardManifest.load(own).class_map, data)
    else:
        found = registry.find(data)
        refuse_other_classes(dataset, found.class_map, data)
        watch.note(f"sharding {data} into {own}")
        made = not run.exists()
        try:
            shard(found, own, ShardRequest(), executor=Serial(), track=watch)
        except BadData:
            # The data was refused: no empty run folder is left behind.
            if made and run.is_dir() and not any(run.iterdir()):
                run.rmdir()
            raise
    return own


def _adopted(folder: Path, run: Path, watch: Watch, dataset: str | None) -> Path:
    """Shards of others; looked at when the run begins."""
    own = run / OWN_SHARDS
    if is_run(run) and (own / MANIFEST_FILE).is_file():
        refuse_others(folder, own, dataset)
        return own
    descriptor = classes_of_foreign(folder, dataset)
    watch.note(
        f"{folder} has no {MANIFEST_FILE}: every record is looked at once, for the "
        f"{descriptor.num_classes} classes of {descriptor.name}"
    )
    return adopted(folder, described(folder, descriptor, track=watch), own)


def _refuse_theirs(out: Path) -> None:
    """A folder in which the original has trained; nobody goes on there."""
    theirs = {
        int(found[1]): path.with_suffix("")
        for path in out.glob("model.ckpt-*.index")
        if (found := re.fullmatch(r"model\.ckpt-(\d+)\.index", path.name))
    }
    if theirs:
        newest = theirs[max(theirs)]
        raise UserError(
            f"{out} holds checkpoints of the original's training, which segdata does not continue",
            "begin with the weights of the newest, in a new run folder: "
            f"--tf_initial_checkpoint={newest}",
        )
