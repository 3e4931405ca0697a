"""On what a network runs: device, threads, precision, memory format."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from model.config import RunSettings
from segdata.errors import UserError
from segdata.executors import usable_cores

# glibc, malloc.h: parameters of mallopt.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


@dataclass(frozen=True)
class Hardware:
    """The choice, with one sentence that says why the precision was chosen."""

    device: torch.device
    precision: Literal["fp32", "bf16"]
    channels_last: bool
    threads: int
    reason: str

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the network's forward pass runs."""
        enabled = self.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    @property
    def faster_in_bf16(self) -> bool:
        """Whether it calculates in fp32, and would predict faster in bf16: as auto chooses.

        Measured on MobileNetV2, 513×513, one thread, fp32 = 1: 3.4 (AMX), 1.6 with the original's
        head to 2.0 with ASPP and decoder (AVX512-BF16).
        """
        return self.precision == "fp32" and self.channels_last and _multiplies_bf16(self.device)[0]

    @property
    def memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def place(self, network: nn.Module) -> None:
        """Move a network to the device, in the memory format."""
        # torch's own annotation of Module.to lacks the argument that its documentation has.
        network.to(self.device, memory_format=self.memory_format)  # type: ignore[call-overload]

    def placed(self, images: Tensor) -> Tensor:
        """``images: uint8 N×3×H×W`` on the device, in the memory format."""
        return self.moved(images).contiguous(memory_format=self.memory_format)

    def moved(self, tensor: Tensor) -> Tensor:
        """A tensor on the device; the processor does not wait for a GPU to have copied it."""
        return tensor.to(self.device, non_blocking=self.device.type == "cuda")


@contextmanager
def telling_of_memory(what: str, remedy: str) -> Iterator[None]:
    """Turn a lack of memory, on a GPU or not, into an error for people.

    Args:
        what: is done within the block: what the memory does not hold.

    Raises:
        UserError: the memory is too small; with ``remedy``.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_of_memory(error):
            raise
        reason = (str(error) or "out of memory").splitlines()[0]
        raise UserError(f"the memory does not hold {what}: {reason}", remedy) from error


def _is_of_memory(error: BaseException) -> bool:
    """Whether memory was lacking; on CPUs torch has no class of its own for it."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(sign in str(error) for sign in ("can't allocate memory", "bad_alloc"))


def choose_hardware(settings: RunSettings) -> Hardware:
    """Choose by rule, so that the same machine always chooses alike.

    For the whole process it sets torch's threads, and on Linux keeps freed memory for new tensors.

    ``precision = "auto"`` takes bf16 where the processor multiplies it in hardware. Measured on
    training steps with channels_last, fp32 = 1: MobileNetV2 1.0 (AMX) to 1.4 (AVX512-BF16),
    Xception-65 1.4 (AMX). Without channels_last bf16 can be slower than fp32, without such
    instructions it always is.
    """
    _keep_freed_memory()
    device = _device(settings.device)
    threads = settings.threads or _told_threads() or usable_cores()
    torch.set_num_threads(threads)
    if settings.precision != "auto":
        reason = f"{settings.precision}: as set"
        return Hardware(device, settings.precision, settings.channels_last, threads, reason)
    fast, where = _multiplies_bf16(device)
    if fast and settings.channels_last:
        reason = f"bf16: {where} multiplies it in hardware"
        return Hardware(device, "bf16", True, threads, reason)
    reason = "fp32: channels_last is off" if fast else f"fp32: {where} does not multiply bf16"
    return Hardware(device, "fp32", settings.channels_last, threads, reason)


def _told_threads() -> int:
    """What the environment allows numerical libraries, as on machines that people share."""
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(told) if told.isdecimal() else 0


def _keep_freed_memory() -> None:
    """Let glibc keep the memory of freed tensors for the next ones.

    By default it gives large blocks back to the system, which hands them out again cleared, page by
    page: a third of the time of a training step on 480×360 photos (0.47 to 0.69 steps/s without).
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_MMAP_MAX, 0)
            libc.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with suppress(RuntimeError):
        device = torch.device(name)
        if device.type == "cuda":
            _check_gpu(device)
        if device.type in ("cpu", "cuda"):
            return device
    raise UserError(f"{name!r} is no device that segdata runs on", "choose cpu, cuda or auto")


def _check_gpu(device: torch.device) -> None:
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    instead = "--device cpu; of a training: --set device=cpu"
    if not there:
        raise UserError("device is cuda, but torch finds no GPU", instead)
    if (device.index or 0) >= there:
        raise UserError(f"device is {device}, but the last GPU is cuda:{there - 1}", instead)


def _multiplies_bf16(device: torch.device) -> tuple[bool, str]:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False), "the GPU"
    # Public since torch 2.10; an older one stays with fp32.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    fast = capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
    return fast, "the processor"
