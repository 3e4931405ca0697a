"""Which files a path stands for: people give prefixes, folders, and files of a checkpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from model.importing.bundle import index_of
from model.importing.not_found import KINDS_READ, SAVED_MODEL, content_of, not_found
from model.importing.tables import is_table
from model.run_folder import CHECKPOINTS, DESCRIPTION, STEP
from segdata.errors import UserError
from segdata.sources.archives import APPLE_DOUBLE

Kind = Literal["ours", "bundle", "single file", "graph", "safetensors"]

# What stands beside a prefix; people give these names, too.
_PART = re.compile(r"(?P<prefix>.+)\.(?:index|meta|data-\d{5}-of-\d{5})")
_SHARD = re.compile(r"(?P<prefix>.+)-(?:\d{5}|\?{5})-of-(?P<count>\d{5})")
_STATE = "checkpoint"
_NAMED = re.compile(r'^\s*model_checkpoint_path:\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
# A state file lists a few names.
_LARGEST_STATE = 1 << 16
_GRAPHS = ("frozen_inference_graph.pb", "*.pb")


@dataclass(frozen=True)
class Place:
    """What a path stands for.

    Args:
        kind: how it is read.
        paths: the prefix, the folder or the files.
        notes: what a person should know of how it was found.
    """

    kind: Kind
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def find(path: Path) -> Place:
    """What a path stands for; archives are unpacked before.

    Raises:
        UserError: nothing that can be read, or several things; what is near, and what to give.
    """
    if path.is_dir():
        return _in_folder(path)
    if path.name == _STATE and path.is_file() and not is_table(path):
        return _named_by(path)
    exact = _exact(path)
    if exact:
        return exact
    part = _PART.fullmatch(path.name)
    if part and index_of(path.with_name(part["prefix"])).is_file():
        prefix = path.with_name(part["prefix"])
        note = f"{path.name} is one file of a checkpoint; its name is {prefix}"
        return Place("bundle", (prefix,), (note,))
    there = prefixes_in(path.parent) if path.parent.is_dir() else []
    raise not_found(path, there, part["prefix"] if part else None)


def _exact(path: Path) -> Place | None:
    """The checkpoint, graph or file of exactly this name."""
    if index_of(path).is_file():
        return Place("bundle", (path,))
    shards = _shards(path)
    if shards:
        return Place("single file", shards)
    if not path.is_file() or path.stat().st_size == 0:
        return None
    if path.suffix == ".safetensors":
        is_ours = (path.parent / DESCRIPTION).is_file()
        return Place("ours", (path.parent,)) if is_ours else Place("safetensors", (path,))
    if path.suffix == ".pb":
        if path.name == SAVED_MODEL:
            return _saved_model(path.parent)
        return None if content_of(path) else Place("graph", (path,))
    if not _PART.fullmatch(path.name) and is_table(path):
        return Place("single file", (path,))
    return None


def _shards(path: Path) -> tuple[Path, ...]:
    """The files of a V1 checkpoint in several, of which one, or the prefix, is given."""
    if _PART.fullmatch(path.name):
        return ()
    found = _SHARD.fullmatch(path.name)
    stem = found["prefix"] if found else path.name
    count = re.escape(found["count"]) if found else r"\d{5}"
    pattern = re.compile(rf"{re.escape(stem)}-\d{{5}}-of-{count}")
    if not path.parent.is_dir():
        return ()
    return tuple(sorted(p for p in path.parent.iterdir() if pattern.fullmatch(p.name)))


def _in_folder(folder: Path) -> Place:
    if is_ours(folder):
        return Place("ours", (folder,))
    state = folder / _STATE
    if state.is_file():
        return _named_by(state)
    prefixes = prefixes_in(folder)
    if len(prefixes) > 1:
        names = ", ".join(p.name for p in prefixes[:8])
        raise UserError(
            f"{folder} holds {len(prefixes)} checkpoints: {names}",
            f"give the one to read: {prefixes[-1]}",
        )
    if prefixes:
        found = _exact(prefixes[0])
        assert found is not None
        return replace(found, notes=(f"{prefixes[0].name} is the only checkpoint there",))
    return _saved_model(folder) or _lone_file(folder)


def is_ours(folder: Path) -> bool:
    """Whether a folder holds checkpoints of segdata, or is one."""
    if (folder / DESCRIPTION).is_file() or (folder / CHECKPOINTS).is_dir():
        return True
    return any(STEP.fullmatch(entry.name) for entry in folder.iterdir())


def _named_by(state: Path) -> Place:
    """The checkpoint that TensorFlow's state file names; only its own folder is looked into."""
    with state.open("rb") as file:
        named = _NAMED.search(file.read(_LARGEST_STATE).decode("utf-8-sig", "replace"))
    name = named[1].replace("\\", "/").rpartition("/")[2] if named else ""
    found = _exact(state.with_name(name)) if name else None
    if not found:
        there = prefixes_in(state.parent)
        told = f"{name!r}, which is not in its folder" if name else "no checkpoint"
        raise UserError(
            f"{state} names {told}",
            f"give the prefix of one that is there: {there[-1]}" if there else KINDS_READ,
        )
    return replace(found, notes=(f"{state.name} names {name} as the newest",))


def prefixes_in(folder: Path) -> list[Path]:
    """Checkpoints of a folder, in the order of their numbers."""
    found: set[Path] = set()
    for entry in _entries(folder):
        part, shard = _PART.fullmatch(entry.name), _SHARD.fullmatch(entry.name)
        if entry.name.endswith(".index"):
            found.add(entry.with_suffix(""))
        elif shard and not part:
            found.add(entry.with_name(shard["prefix"]))
        elif not part and entry.suffix != ".pb" and entry.is_file() and is_table(entry):
            found.add(entry)
    return sorted(found, key=lambda p: (_number(p), p.name))


def _entries(folder: Path) -> list[Path]:
    """What a folder holds, without what macOS adds."""
    return sorted(e for e in folder.iterdir() if not e.name.startswith(APPLE_DOUBLE))


def _number(prefix: Path) -> int:
    number = re.search(r"-(\d+)$", prefix.name)
    return int(number[1]) if number else -1


def _saved_model(folder: Path) -> Place | None:
    """TensorFlow's SavedModel keeps its weights as a checkpoint in a folder below."""
    prefix = folder / "variables" / "variables"
    is_one = (folder / SAVED_MODEL).is_file() and index_of(prefix).is_file()
    return Place("bundle", (prefix,)) if is_one else None


def _lone_file(folder: Path) -> Place:
    """The graph or safetensors of a folder without a checkpoint, or the only checkpoint below."""
    for pattern in (*_GRAPHS, "*.safetensors"):
        found = [entry for entry in _entries(folder) if entry.match(pattern)]
        if len(found) > 1:
            raise UserError(f"{folder} holds {len(found)} {pattern} files", f"give one: {found[0]}")
        if found:
            return replace(find(found[0]), notes=(f"{found[0].name} is read",))
    below = [e for e in _entries(folder) if e.is_dir() and (prefixes_in(e) or is_ours(e))]
    if len(below) == 1:
        place = find(below[0])
        return replace(place, notes=(f"only {below[0].name} holds a checkpoint", *place.notes))
    raise UserError(
        f"{folder} holds no checkpoint",
        f"there is one in {below[0]}" if below else KINDS_READ,
    )
