"""The original's programs in the place of a command's name: ``segdata deeplab/train.py …``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

from segdata.errors import UserError

_COMMANDS = {
    "train.py": "train", "eval.py": "eval", "vis.py": "vis", "export_model.py": "export",
    "build_voc2012_data.py": "shard", "build_cityscapes_data.py": "shard",
    "build_ade20k_data.py": "shard", "remove_gt_colormap.py": "shard",
}  # fmt: skip


def refuse_program(words: Sequence[str]) -> None:
    """Raise a UserError if a line begins with one of the original's programs, after ``python``."""
    names = [PurePath(word).name for word in words[:2]]
    if not names or (names[0] not in _COMMANDS and not names[0].startswith("python")):
        return
    for place, name in enumerate(names):
        if name in _COMMANDS:
            command = _COMMANDS[name]
            raise UserError(
                f"{name} is a program of the original DeepLab's; segdata {command} stands in its "
                "place",
                shlex.join(["segdata", command, *words[place + 1 :]]),
            )
