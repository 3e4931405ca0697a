"""What the flags of the scripts that make shards say: which folders, and into which."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from segdata.errors import UserError
from segdata.original_flags.table import flags_of

_PARTS = {
    "image_folder": "--images",
    "semantic_segmentation_folder": "--labels",
    "list_folder": "--lists",
}
_ADE20K = (
    "train_image_folder",
    "train_image_label_folder",
    "val_image_folder",
    "val_image_label_folder",
)
# build_voc2012_data.py, _NUM_SHARDS.
_SHARDS = 4


def shard_arguments(values: Mapping[str, Any]) -> Iterator[str]:
    """The arguments of ``segdata shard`` for build_voc2012_data's flags.

    Raises:
        UserError: the flags are those of the scripts for Cityscapes or ADE20K, whose folders are
            brought into our layout first; with the two commands. Or they are those of
            remove_gt_colormap.py.
    """
    if "original_gt_folder" in values:
        raise _needless(values["original_gt_folder"])
    out = values.get("output_dir", "./tfrecord")
    if "cityscapes_root" in values:
        raise _converted_first(values["cityscapes_root"], out)
    if any(name in values for name in _ADE20K):
        raise _converted_first(_common([values[n] for n in _ADE20K if n in values]), out)
    table = flags_of("shard")
    folders = {name: values.get(name, table[name].default) for name in _PARTS}
    yield _common(list(folders.values()))
    yield out
    for name, option in _PARTS.items():
        yield from (option, folders[name])
    for name, option in (("dataset", "--dataset"), ("num_classes", "--num-classes")):
        if name in values:
            yield from (option, str(values[name]))
    yield from ("--shards", str(_SHARDS))
    if (Path(out) / "manifest.json").is_file():
        # As there; shards of others, which have no manifest, stay.
        yield "--overwrite"


def shard_notes(values: Mapping[str, Any]) -> Iterator[str]:
    """Where the original would look for photos that are not there: ``JPEGImages/….png``."""
    said = str(values.get("image_format", ""))
    folder = Path(values.get("image_folder", flags_of("shard")["image_folder"].default))
    if not said or not folder.is_dir():
        return
    there = Counter(path.suffix.lower() for path in folder.iterdir() if path.is_file())
    if there and not there[f".{said}"]:
        most, count = there.most_common(1)[0]
        yield (
            f"--image_format={said}: none of the photos in {folder} ends in .{said}; the {count} "
            f"that end in {most} are taken. The original would look for {folder}/….{said} and end "
            "with NotFoundError"
        )


def _common(folders: list[str]) -> str:
    """The folder above all of them."""
    above = [Path(folder).parent for folder in folders] if len(folders) == 1 else folders
    try:
        return os.path.commonpath([os.path.normpath(folder) for folder in above]) or "."
    except ValueError:
        # On two drives, or some of them absolute: any of them will do as the name of the whole.
        return str(folders[0])


def _needless(folder: str) -> UserError:
    labels = f"--semantic_segmentation_folder={folder}"
    return UserError(
        "remove_gt_colormap.py is not needed: labels with a palette become ids in segdata shard",
        "leave this step out, and name the same folder where shards are made:\n"
        + shlex.join(["segdata", "shard", labels, "--image_format=jpg"]),
    )


def _converted_first(root: str, out: str) -> UserError:
    if not Path(root).is_dir():
        return UserError(f"there is no folder {root}", "check the path")
    return UserError(
        f"{root} is brought into one layout first, whose splits and ids are checked on the way",
        f"{shlex.join(['segdata', 'convert', root, 'converted'])}\n"
        f"{shlex.join(['segdata', 'shard', 'converted', out])}",
    )
