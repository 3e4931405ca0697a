"""How much memory a prediction takes, by measuring a small one, and how much there is."""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from segdata import control_groups
from segdata.control_groups import text_of

# Sides of the two small predictions; the difference leaves out what does not grow with the size.
_PROBES = (129, 257)
# What a process takes over its tensors, for scratch space and gaps between freed blocks. Measured
# on CPUs 1.1 to 2.0 (benchmarks/prediction_memory.py).
_OVERHEAD = 2.0
# Share of the memory that is free now and may be taken.
_SHARE = 0.8
# Where the system does not tell: what a small machine has left.
_ASSUMED = 2 << 30
# No machine has as much.
_UNLIMITED = 1 << 60


@dataclass(frozen=True)
class Budget:
    """What a prediction may take.

    Args:
        bytes_per_pixel: of the network's input.
        available: bytes that may be taken.
    """

    bytes_per_pixel: float
    available: int

    @property
    def pixels(self) -> int:
        """How many pixels go through the network at once."""
        return int(self.available / self.bytes_per_pixel)


class MemoryMeter:
    """Measures a network once, and the free memory each time.

    Args:
        predict: predicts a square image of this side.
        device: where.
    """

    def __init__(self, predict: Callable[[int], object], device: torch.device) -> None:
        self._predict = predict
        self._device = device

    def budget(self) -> Budget:
        """What an image takes and may take, now."""
        return Budget(self._bytes_per_pixel, int(_SHARE * available_memory(self._device)))

    @cached_property
    def _bytes_per_pixel(self) -> float:
        peak = _peak_on_gpu if self._device.type == "cuda" else _peak
        small, large = (peak(self._predict, side, self._device) for side in _PROBES)
        return _OVERHEAD * max(1, large - small) / (_PROBES[1] ** 2 - _PROBES[0] ** 2)


def available_memory(device: torch.device) -> int:
    """Bytes that new tensors may take on a device: of its own memory, or of the machine's.

    On Linux the limits of the process (``ulimit -v``) and of its control groups (containers, batch
    systems) count, too. Memory of freed tensors that is kept for the next ones is free, so that a
    plan does not depend on what was predicted before.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + unused)
    return system_memory(Path("/")) + _kept_by_malloc()


def system_memory(root: Path) -> int:
    """Bytes that are free on this machine, by the files below ``root/proc`` and ``root/sys``."""
    free = _numbers(root / "proc" / "meminfo").get("MemAvailable:")
    if free is not None:
        return max(0, min(free * 1024, *_own_limits(root), *_group_limits(root), _UNLIMITED))
    try:
        # macOS and other Unix systems tell how much there is, not how much of it is free.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return _ASSUMED


class _Mallinfo2(ctypes.Structure):
    """glibc, malloc.h: struct mallinfo2."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
            "fordblks", "keepcost",
        )
    )  # fmt: skip


def _kept_by_malloc() -> int:
    """Bytes of freed blocks that the process keeps (``hardware._keep_freed_memory``)."""
    # OSError: Windows; AttributeError: another C library, or glibc before 2.33.
    with suppress(OSError, AttributeError, TypeError):
        mallinfo2 = ctypes.CDLL(None).mallinfo2
        mallinfo2.restype = _Mallinfo2
        return int(mallinfo2().fordblks)
    return 0


def _own_limits(root: Path) -> Iterator[int]:
    """What the process's own limit of addresses leaves it."""
    used = 1024 * _numbers(root / "proc" / "self" / "status").get("VmSize:", 0)
    for line in text_of(root / "proc" / "self" / "limits").splitlines():
        _, is_it, numbers = line.partition("Max address space")
        if is_it and (limit := numbers.split()[0]).isdecimal():
            yield int(limit) - used


def _group_limits(root: Path) -> Iterator[int]:
    """What the control groups of this process leave it."""
    return map(_left_in, control_groups.folders("memory", root))


def _left_in(folder: Path) -> int:
    """What a control group leaves, its file cache counted as free."""
    version_1 = (folder / "memory.limit_in_bytes").exists()
    limit = _number(folder / ("memory.limit_in_bytes" if version_1 else "memory.max"))
    used = _number(folder / ("memory.usage_in_bytes" if version_1 else "memory.current"))
    if limit is None or used is None:
        return _UNLIMITED
    parts = _numbers(folder / "memory.stat")
    cached = parts.get("inactive_file", parts.get("total_inactive_file", 0))
    return limit - used + cached


def _number(path: Path) -> int | None:
    text = text_of(path).strip()
    return int(text) if text.isdecimal() else None


def _numbers(path: Path) -> Mapping[str, int]:
    """First and second word of each line."""
    rows = (line.split() for line in text_of(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}


def _peak(predict: Callable[[int], object], side: int, device: torch.device) -> int:
    live = _Live()
    with live:
        predict(side)
    return live.most


def _peak_on_gpu(predict: Callable[[int], object], side: int, device: torch.device) -> int:
    # The first one also takes the libraries' workspaces.
    predict(side)
    before = int(torch.cuda.memory_allocated(device))
    torch.cuda.reset_peak_memory_stats(device)
    predict(side)
    peak = int(torch.cuda.max_memory_allocated(device))
    return peak - before


class _Live(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the bytes of the tensors that live at the same time."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._sizes: dict[int, int] = {}
        self.most = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._add(tensor.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        place = storage.data_ptr()
        if place and place not in self._sizes:
            self._sizes[place] = storage.nbytes()
            weakref.finalize(storage, self._sizes.pop, place, None)
            self.most = max(self.most, sum(self._sizes.values()))
