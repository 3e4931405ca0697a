"""A wheel in an empty environment, core only: data preparation without a framework."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(out), str(ROOT)]
    subprocess.run(pip, check=True)
    (found,) = out.glob("segdata-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of scripts of an environment that holds the wheel and its core dependencies."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    lock = str(ROOT / "requirements.lock")
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", "-c", lock, str(wheel)], check=True
    )
    return scripts


def run(scripts: Path, *line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [scripts / "segdata", *line], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_the_packages_and_the_samples_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"segdata", "model"}
    assert "segdata/py.typed" in names
    assert "model/py.typed" in names
    assert any(name.startswith("segdata/sample_data/streets/images/") for name in names)
    assert any(name.endswith(".jinja") for name in names)


def test_core_alone_converts_and_validates(installed: Path, samples: Path, tmp_path: Path) -> None:
    assert run(installed, "--help", cwd=tmp_path).returncode == 0
    source = str(samples / "portrait")
    done = run(installed, "convert", source, "data", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    checked = run(installed, "validate", "data", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "exit code 0: nothing is at or above --fail-on error" in checked.stdout


@pytest.mark.parametrize("line", [["demo"], ["train", "data", "--out", "run"]], ids=" ".join)
def test_a_command_that_needs_an_extra_says_which_and_how(
    installed: Path, samples: Path, tmp_path: Path, line: list[str]
) -> None:
    run(installed, "convert", str(samples / "portrait"), "data", cwd=tmp_path)
    failed = run(installed, *line, cwd=tmp_path)
    assert failed.returncode == 2
    assert 'pip install "segdata[train]"' in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not (tmp_path / "run").exists()
