"""The output folder between runs: what may be continued, what is replaced, what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from segdata.errors import UserError
from segdata.files import INCOMPLETE, output_folder, write_file
from segdata.manifest import MANIFEST_FILE
from segdata.sharding.making import note_file
from segdata.sharding.plan import ShardPlan

PLAN_FILE = "plan.json"
_SHARD_NAME = re.compile(r"(?P<split>.+)-\d{5}-of-\d{5}\.tfrecord")


@contextmanager
def shard_folder(out: Path, plan: ShardPlan) -> Iterator[Path]:
    """The folder that a plan fills, cleared of an earlier one's shards if that was asked for.

    While it is filled it holds ``plan.json``; a run of the same plan then goes on. When the block
    ends without an error, the working files are taken away.

    Raises:
        UserError: it holds finished shards, an unfinished other plan, or shards of unknown origin.
    """
    if not _continues(out, plan):
        _clear(out, plan.request.overwrite)
    _refuse_strangers(out, plan)
    with output_folder(out, overwrite=plan.request.overwrite, whole=MANIFEST_FILE):
        text = json.dumps({"digest": plan.digest, "shards": [s.file for s in plan.shards]})
        write_file(out / PLAN_FILE, text.encode())
        yield out
    _tidy(out, plan)


def take_back(out: Path, plan: ShardPlan) -> None:
    """Remove what was made of a plan that cannot be finished."""
    _remove(out, _names([shard.file for shard in plan.shards]))


def _continues(out: Path, plan: ShardPlan) -> bool:
    """Whether the folder is an unfinished one of this very plan."""
    return (out / INCOMPLETE).exists() and _planned(out)[0] == plan.digest


def _planned(out: Path) -> tuple[str, list[str]]:
    """Digest and shards of the plan that lies in a folder; nothing if there is none."""
    try:
        content = json.loads((out / PLAN_FILE).read_bytes())
        return str(content["digest"]), [Path(name).name for name in content["shards"]]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []


def _finished(out: Path) -> list[str]:
    """The shards that a manifest in the folder lists; an unreadable manifest lists none."""
    try:
        content = json.loads((out / MANIFEST_FILE).read_bytes())
        return [Path(shard["file"]).name for shard in content["shards"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _clear(out: Path, overwrite: bool) -> None:
    """Remove the shards that an earlier plan or manifest lists; nothing else is touched."""
    old = _planned(out)[1] + _finished(out)
    if not overwrite and (old or _unfinished(out)):
        raise _refusal(out)
    if not old:
        return
    (out / INCOMPLETE).touch()
    _remove(out, _names(old))


def _unfinished(out: Path) -> bool:
    """Whether a command was interrupted here after it had written something."""
    marked = (out / INCOMPLETE).exists()
    return marked and any(not path.name.startswith(".") for path in out.iterdir())


def _refusal(out: Path) -> UserError:
    if (out / INCOMPLETE).exists():
        return UserError(
            f"{out} holds the unfinished output of another run: the data set or the request has "
            "changed since, or it was another command",
            "add --overwrite to begin anew, or choose another folder",
        )
    return UserError(
        f"{out} holds finished shards already",
        "add --overwrite to replace them, or choose another folder",
    )


def _refuse_strangers(out: Path, plan: ShardPlan) -> None:
    """Shards that this plan does not list would be read as part of the split (S02)."""
    ours = {shard.file for shard in plan.shards}
    splits = {split.name for split in plan.splits}
    names = [path.name for path in sorted(out.glob("*.tfrecord"))] if out.is_dir() else []
    strange = [
        name
        for name in names
        if (match := _SHARD_NAME.fullmatch(name)) and match["split"] in splits and name not in ours
    ]
    if strange:
        raise UserError(
            f"{out} holds {len(strange)} other shards of the same splits, such as {strange[0]}; "
            "readers would mix them with the new ones",
            "move them away, or choose another folder",
        )


def _names(shards: list[str]) -> list[str]:
    """All files that belong to shards, and the plan; the plan last, so that it can be repeated."""
    return [name for shard in shards for name in (shard, note_file(shard))] + [PLAN_FILE]


def _tidy(out: Path, plan: ShardPlan) -> None:
    """Take away the working files."""
    shards = [shard.file for shard in plan.shards]
    working = [name for name in _names(shards) if name not in shards]
    _remove(out, [*shards, *working, MANIFEST_FILE], keep={*shards, MANIFEST_FILE})


def _remove(out: Path, names: list[str], keep: Collection[str] = ()) -> None:
    """Remove files, and what killed workers left of them under temporary names."""
    mine = set(names)
    left = [path for path in out.glob(".*") if path.name[1:].rpartition(".")[0] in mine]
    for path in [*left, *(out / name for name in names if name not in keep)]:
        path.unlink(missing_ok=True)
