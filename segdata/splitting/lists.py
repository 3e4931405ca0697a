"""Where lists are written, and what is never written over.

Into a new folder: a data set of its own that refers to the photos and labels of the old one, so
nothing is copied. Into the data set itself: only beside what is there; lists that are in the way
are kept in a folder with a number.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segdata.dataset import DESCRIPTOR_FILE, Dataset, save_descriptor
from segdata.errors import UserError
from segdata.file_index import without_suffix
from segdata.files import machine_fault, output_folder, write_file

REPORT_FILE = "split.json"
_LISTS = "ImageSets/Segmentation"


@dataclass(frozen=True)
class Written:
    """What was written.

    Args:
        dataset: the data set that has the lists.
        lists: the folder of the lists.
        backup: where the lists are that were there before; None where there were none.
    """

    dataset: Path
    lists: Path
    backup: Path | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "dataset": str(self.dataset),
            "lists": str(self.lists),
            "backup": str(self.backup) if self.backup else None,
        }


def check_target(dataset: Dataset, out: Path | None, *, overwrite: bool) -> None:
    """Refuse before any work what could not be written.

    Raises:
        UserError: lists are in the way, or a table joins the pairs.
    """
    if dataset.descriptor.pairs is not None:
        raise UserError(
            f"the pairs of {dataset.root} are joined by {dataset.descriptor.pairs}, not by lists",
            "give the table a third column, split, or ask for --dry-run and read the lists as JSON",
        )
    if out is not None:
        if out.resolve() == dataset.root.resolve():
            raise UserError(f"{out} is the data set itself", "without OUT lists go into it")
        for folder in (dataset.images_folder, dataset.labels_folder):
            if out.resolve().is_relative_to(folder.resolve()):
                raise UserError(f"{out} is inside {folder}, which is read", "choose another folder")
        if (out / DESCRIPTOR_FILE).exists() and not (out / _LISTS / REPORT_FILE).exists():
            raise UserError(f"{out} is a data set that split did not make", "choose another folder")
        return
    _refuse_more_than_lists(_folder(dataset))
    listed = [s for s in dataset.splits.values() if s.path is not None]
    if listed and not overwrite:
        names = ", ".join(f"{s.name} ({len(s.entries)})" for s in listed)
        target = _folder(dataset)
        stay = _free_name(target) if target.exists() else listed[0].path.parent  # type: ignore[union-attr]
        raise UserError(
            f"{dataset.root} has lists: {names}",
            "name a folder OUT for the new ones, or add --overwrite, which puts new ones into "
            f"{target} and keeps those in {stay}",
        )


def _refuse_more_than_lists(target: Path) -> None:
    """The folder of lists is exchanged as a whole: nothing else may be moved away with it."""
    more = sorted(path.name for path in target.glob("[!.]*") if path.is_dir() or _is_image(path))
    if more:
        raise UserError(
            f"{target} holds more than lists: {more[0]}",
            "name a folder OUT for the new lists, or give lists a folder of their own in "
            f'{DESCRIPTOR_FILE}: lists = "{_LISTS}"',
        )


def _is_image(path: Path) -> bool:
    return without_suffix(path.name) != path.name


def write(
    dataset: Dataset,
    out: Path | None,
    lists: Mapping[str, tuple[str, ...]],
    report: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> Written:
    """Write lists, and a report beside them.

    Args:
        out: the new folder; None writes into the data set.

    Raises:
        UserError: the folder cannot be written to, or holds other things.
    """
    texts = {f"{name}.txt": "".join(f"{key}\n" for key in keys) for name, keys in lists.items()}
    texts |= _predicted_only(dataset, texts)
    texts[REPORT_FILE] = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    if out is None:
        target = _folder(dataset)
        return Written(dataset.root, target, _exchange(target, texts))
    with output_folder(out, overwrite=overwrite, whole=DESCRIPTOR_FILE):
        backup = _exchange(out / _LISTS, texts)
        changes = {
            "images": _relative(dataset.images_folder, out),
            "labels": _relative(dataset.labels_folder, out),
            "lists": _LISTS,
            "allow_outside": True,
        }
        save_descriptor(out, dataset.descriptor.model_copy(update=changes))
    return Written(out, out / _LISTS, backup)


def _exchange(target: Path, texts: Mapping[str, str]) -> Path | None:
    """Write a whole folder under another name, and then exchange the two.

    Returns:
        Where the files are that were there before.
    """
    backup = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".segdata-") as temporary:
            new = Path(temporary, "lists")
            for name, text in texts.items():
                write_file(new / name, text.encode())
            if target.exists():
                backup = _free_name(target)
                target.rename(backup)
            new.rename(target)
    except OSError as error:
        raise machine_fault(target, error) from error
    return backup


def _folder(dataset: Dataset) -> Path:
    return dataset.root / (dataset.descriptor.lists or _LISTS)


def _free_name(folder: Path) -> Path:
    """The folder's name with the first number that is free."""
    number = 1
    while folder.with_name(f"{folder.name}-{number}").exists():
        number += 1
    return folder.with_name(f"{folder.name}-{number}")


def _predicted_only(dataset: Dataset, texts: Mapping[str, str]) -> dict[str, str]:
    """Lists of photos none of which has a label (a test list that is only predicted) go along."""
    return {
        f"{split.name}.txt": "".join(f"{key}\n" for key in split.entries)
        for split in dataset.splits.values()
        if split.path is not None
        and f"{split.name}.txt" not in texts
        and split.pairs
        and len(split.without_label) == len(split.pairs)
    }


def _relative(folder: Path, out: Path) -> str:
    """A way from the new folder, so that both can be moved together; absolute on another drive."""
    try:
        return Path(os.path.relpath(folder.resolve(), out.resolve())).as_posix()
    except ValueError:
        return folder.resolve().as_posix()
