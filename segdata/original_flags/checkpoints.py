"""Where a run of ours keeps what the original calls ``train_logdir/model.ckpt-N``."""

from __future__ import annotations

import re
from pathlib import Path

from segdata.errors import UserError

_PREFIX = re.compile(r"(model\.ckpt(?:-(\d+))?)(?:\.index|\.meta|\.data-\d+-of-\d+)?")
_STEP = re.compile(r"step-(\d+)")
# What the folder of a run, of an imported checkpoint, or of one of a run's checkpoints holds.
_OURS = ("config.json", "checkpoints", "checkpoint.json")


def is_run(path: str) -> bool:
    """Whether a path is the folder of a run of ours."""
    return (Path(path) / "config.json").is_file()


def is_ours(path: str) -> bool:
    """Whether a path is a run or a checkpoint of ours, so that it knows its training's settings."""
    folder = Path(path)
    return any((folder / name).exists() for name in _OURS) or any(folder.glob("step-*"))


def checkpoint_in(path: str) -> str:
    """The same path; of a run of ours, ``model.ckpt-N`` is its checkpoint of that step.

    Where that is the newest, it is the run itself, which also knows its shards.

    Raises:
        UserError: the run has no checkpoint of that step; with the steps that it has.
    """
    folder, match = Path(path).parent, _PREFIX.fullmatch(Path(path).name)
    if match is None or not is_run(str(folder)) or any(folder.glob(f"{match[1]}*")):
        return path
    steps = _steps(folder)
    if match[2] is None or not steps or int(match[2]) == max(steps):
        return str(folder)
    if int(match[2]) in steps:
        return str(steps[int(match[2])])
    said = ", ".join(map(str, sorted(steps)))
    raise UserError(
        f"the run {folder} has no checkpoint of step {int(match[2])}, only of {said}",
        f"name the run itself, for its newest: {folder}",
    )


def _steps(run: Path) -> dict[int, Path]:
    found = ((_STEP.fullmatch(path.name), path) for path in (run / "checkpoints").glob("step-*"))
    return {int(match[1]): path for match, path in found if match}
