"""What containers and batch systems leave a process (Linux, cgroups of version 1 and 2)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Controller = Literal["memory", "cpu"]


def folders(controller: Controller, root: Path = Path("/")) -> Iterator[Path]:
    """The groups of this process that may limit it, from its own to the outermost.

    Args:
        root: of the files below ``proc`` and ``sys``.
    """
    for line in text_of(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, name = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        # Version 2 has one tree; in version 1 each controller has its own, by its name.
        top = root / "sys" / "fs" / "cgroup" / (controller if controllers else "")
        own = top / name.lstrip("/")
        # In a container the name may be that outside of it; the outermost folder is then its own.
        for folder in (own, *own.parents):
            if folder.is_relative_to(top):
                yield folder


def cores(root: Path = Path("/")) -> int | None:
    """Cores whose time the groups of this process give it; None where they limit none."""
    shares = [share for folder in folders("cpu", root) if (share := _share(folder)) is not None]
    return max(1, math.ceil(min(shares))) if shares else None


def _share(folder: Path) -> float | None:
    words = text_of(folder / "cpu.max").split()
    if not words:
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        words = [text_of(folder / name).strip() for name in names]
    quota, period = (int(word) if word.isdecimal() else 0 for word in words[:2])
    return quota / period if quota and period else None


def text_of(path: Path) -> str:
    """What a file of the system says; nothing where there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""
