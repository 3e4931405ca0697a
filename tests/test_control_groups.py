"""What a container leaves is read of both versions of control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from segdata.control_groups import cores, folders

V1, V2 = "7:cpu,cpuacct:/job\n4:memory:/other\n0::/\n", "0::/box/job\n"


def system(root: Path, groups: str, **files: str) -> Path:
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_groups_are_read_from_their_own_to_the_outermost(tmp_path: Path) -> None:
    top = tmp_path / "sys" / "fs" / "cgroup"
    found = list(folders("cpu", system(tmp_path, V2)))
    assert found == [top / "box" / "job", top / "box", top]
    found = list(folders("memory", system(tmp_path, V1)))
    assert found == [top / "memory" / "other", top / "memory", top]


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", None), ("200000 100000", 2), ("150000 100000", 2), ("5000 100000", 1)],
)
def test_a_share_of_time_is_so_many_cores(tmp_path: Path, quota: str, expected: int | None) -> None:
    root = system(tmp_path, V2, **{"sys/fs/cgroup/box/cpu.max": quota + "\n"})
    assert cores(root) == expected


def test_the_narrowest_group_counts(tmp_path: Path) -> None:
    below = {"sys/fs/cgroup/box/cpu.max": "300000 100000", "sys/fs/cgroup/cpu.max": "800000 100000"}
    assert cores(system(tmp_path, V2, **below)) == 3


@pytest.mark.parametrize(("quota", "expected"), [("-1", None), ("400000", 4)])
def test_version_1_has_two_files(tmp_path: Path, quota: str, expected: int | None) -> None:
    place = "sys/fs/cgroup/cpu/job/cpu.cfs_"
    files = {f"{place}quota_us": f"{quota}\n", f"{place}period_us": "100000\n"}
    assert cores(system(tmp_path, V1, **files)) == expected


def test_systems_without_groups_limit_nothing(tmp_path: Path) -> None:
    assert cores(tmp_path) is None
