"""What a path is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from segdata.dataset import DESCRIPTOR_FILE
from segdata.errors import UserError
from segdata.files import refuse_incomplete
from segdata.listing import index_folder
from segdata.manifest import MANIFEST_FILE
from segdata.workflows.runs import is_run

Kind = Literal["dataset", "shards", "run", "pictures"]


def parts_of(path: str) -> list[str]:
    """The path itself, or what a folder with several things holds.

    Raises:
        UserError: it is a folder that holds nothing of these.
    """
    folder = Path(path)
    refuse_incomplete(folder)
    if not folder.is_dir() or _marked(folder) or _pictures_at_top(folder):
        return [path]
    parts = [str(part) for part in sorted(folder.iterdir()) if part.is_dir() and _marked(part)]
    if not parts:
        raise UserError(
            f"{folder} holds no data set, shards, run or predictions" if any(folder.iterdir())
            else f"{folder} is empty",
            "name a dataset folder, a folder of shards, a run, or a folder of predicted PNGs",
        )  # fmt: skip
    return parts


def kind_of(path: str) -> Kind:
    """What it is; a name that is no folder means a data set."""
    folder = Path(path)
    return (_marked(folder) or "pictures") if folder.is_dir() else "dataset"


def _marked(folder: Path) -> Kind | None:
    if (folder / DESCRIPTOR_FILE).is_file():
        return "dataset"
    if (folder / MANIFEST_FILE).is_file() or any(folder.glob("*.tfrecord")):
        return "shards"
    return "run" if is_run(folder) else None


def _pictures_at_top(folder: Path) -> bool:
    return any("/" not in key for key in index_folder(folder))
