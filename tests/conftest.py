"""Fixtures that more than one test file needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real photos and the original's numbers; the folder is named by ``SEGDATA_SHARED``."""
    folder = os.environ.get("SEGDATA_SHARED", "")
    if not folder or not Path(folder, "data").is_dir():
        pytest.skip("SEGDATA_SHARED is not set: checks on real data are left out")
    return Path(folder) / "data"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample data of the checkout."""
    return Path(__file__).parent.parent / "sample_data"


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's registry."""
    monkeypatch.setenv("SEGDATA_HOME", str(tmp_path_factory.mktemp("home")))
