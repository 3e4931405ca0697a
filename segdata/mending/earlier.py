"""What an earlier run left in the folder of the new data set, and would become a part of it."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from segdata.dataset import list_files
from segdata.file_index import refuse_strangers, walk, without_suffix
from segdata.files import INCOMPLETE
from segdata.mending.journal import JOURNAL_FILE
from segdata.mending.planning import Plan, placed


def changed_before(out: Path) -> frozenset[Path]:
    """Files that an earlier run made otherwise than by copying, as its journal says."""
    try:
        content = json.loads((out / JOURNAL_FILE).read_bytes())
        places = [PurePosixPath(file["path"]) for file in content["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
    inside = [place for place in places if not place.is_absolute() and ".." not in place.parts]
    return frozenset(out / place for place in inside)


def check_output(first: Plan, out: Path) -> None:
    """Refuse to leave photos, labels or lists beside the new ones that these do not replace.

    Raises:
        UserError: there are some.
    """
    refuse_strangers(out, _pictures(first, out) | _lists(first, out))


def _pictures(first: Plan, out: Path) -> set[Path]:
    folders = {out / first.descriptor.images, out / first.descriptor.labels}
    there = {
        folder / file.place
        for folder in folders
        for file in walk(folder)
        if without_suffix(file.place) != file.place
    } - changed_before(out)
    if there:
        interrupted = (out / INCOMPLETE).exists()
        for job in first.jobs():
            mine = {path for path in (job.new_photo, job.new_label) if path is not None}
            there -= mine
            if interrupted:
                # What later rounds made of them, and no journal tells of yet.
                there -= {path.with_suffix(".png") for path in mine}
    return there


def _lists(first: Plan, out: Path) -> set[Path]:
    dataset = first.dataset
    if dataset.descriptor.pairs is not None:
        return set()
    paths = [split.path for split in dataset.splits.values() if split.path is not None]
    there = set(list_files(out, dataset.descriptor.lists).values())
    return there - {placed(path, dataset, out) for path in paths}
