"""Memory: what a small prediction takes is measured, what is free is read with its limits."""

import ctypes
import subprocess
import sys

import pytest
import torch

from model.prediction.memory import MemoryMeter, available_memory, system_memory

CPU = torch.device("cpu")


def system(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_what_a_pixel_takes_is_what_lives_at_the_same_time():
    def predict(side):
        first = torch.zeros(side, side, 10)
        second = first + 1
        del first
        # Two of three live together: 10 + 10 floats, then 10 + 5.
        return second[..., :5] + 1

    budget = MemoryMeter(predict, CPU).budget()
    assert budget.bytes_per_pixel == pytest.approx(2.0 * 4 * 20)
    assert budget.pixels == int(budget.available / budget.bytes_per_pixel)


def test_what_does_not_grow_with_the_image_does_not_count():
    def predict(side):
        constant = torch.zeros(1 << 20)
        return constant[:1] + torch.zeros(side, side, 10)

    assert MemoryMeter(predict, CPU).budget().bytes_per_pixel < 2.0 * 4 * 21


def test_a_network_is_measured_once():
    sides = []
    meter = MemoryMeter(lambda side: sides.append(side) or torch.zeros(side, side), CPU)
    meter.budget()
    meter.budget()
    assert sides == [129, 257]


def test_this_machine_has_memory():
    assert available_memory(CPU) > 1 << 20


# In a process of its own: where an allocation ever failed, glibc serves a thread in another way.
_KEPT = """
import torch
from model.config import RunSettings
from model.hardware import choose_hardware
from model.prediction.memory import _kept_by_malloc

choose_hardware(RunSettings(device="cpu", threads=1))
held = torch.ones(25_000_000)
taken = _kept_by_malloc()
del held
print(_kept_by_malloc() - taken)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"),
    reason="no glibc of 2.33 or later",
)
def test_memory_that_is_kept_for_the_next_tensors_is_free():
    done = subprocess.run([sys.executable, "-c", _KEPT], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 90_000_000


def test_free_memory_is_what_the_system_says(tmp_path):
    root = system(tmp_path, proc__meminfo="MemTotal: 99 kB\nMemAvailable: 64 kB\n")
    assert system_memory(root) == 64 * 1024


MUCH = "MemAvailable: 99000000 kB\n"


def test_a_container_s_limit_counts_with_its_file_cache_as_free(tmp_path):
    """Control groups 2: the process's group has no limit, the one around it has."""
    root = system(
        tmp_path,
        proc__meminfo=MUCH,
        proc__self__cgroup="0::/outer/inner\n",
        sys__fs__cgroup__outer__inner__memory_dot_max="max\n",
        sys__fs__cgroup__outer__inner__memory_dot_current="700\n",
        sys__fs__cgroup__outer__memory_dot_max="1000\n",
        sys__fs__cgroup__outer__memory_dot_current="800\n",
        sys__fs__cgroup__outer__memory_dot_stat="anon 500\ninactive_file 300\n",
    )
    assert system_memory(root) == 500


@pytest.mark.parametrize(
    ("limit", "left"), [("9000000", 9000000 - 5000 * 1024), ("unlimited", 99000000 * 1024)]
)
def test_the_process_s_own_limit_counts(tmp_path, limit, left):
    root = system(
        tmp_path,
        proc__meminfo=MUCH,
        proc__self__limits=f"Max cpu time   1   2  s\nMax address space   {limit}   99  bytes\n",
        proc__self__status="Name: python\nVmSize:\t    5000 kB\n",
    )
    assert system_memory(root) == left


def test_a_name_from_outside_the_container_leads_to_its_own_limit(tmp_path):
    root = system(
        tmp_path,
        proc__meminfo=MUCH,
        proc__self__cgroup="0::/docker/4f5e\n",
        sys__fs__cgroup__memory_dot_max="1000\n",
        sys__fs__cgroup__memory_dot_current="0\n",
    )
    assert system_memory(root) == 1000


def test_control_groups_of_version_1_count(tmp_path):
    root = system(
        tmp_path,
        proc__meminfo=MUCH,
        proc__self__cgroup="9:cpu:/job\n4:memory:/job\n0::/\n",
        sys__fs__cgroup__memory__job__memory_dot_limit_in_bytes="5000\n",
        sys__fs__cgroup__memory__job__memory_dot_usage_in_bytes="4000\n",
        sys__fs__cgroup__memory__job__memory_dot_stat="total_inactive_file 100\n",
        sys__fs__cgroup__memory__memory_dot_limit_in_bytes="9223372036854771712\n",
        sys__fs__cgroup__memory__memory_dot_usage_in_bytes="1\n",
    )
    assert system_memory(root) == 1100


def test_a_group_over_its_limit_leaves_nothing(tmp_path):
    root = system(
        tmp_path,
        proc__meminfo=MUCH,
        proc__self__cgroup="0::/\n",
        sys__fs__cgroup__memory_dot_max="1000\n",
        sys__fs__cgroup__memory_dot_current="1200\n",
    )
    assert system_memory(root) == 0


def test_without_such_files_something_is_assumed(tmp_path):
    assert system_memory(tmp_path) > 1 << 28
