"""Starting is quick: help and completion load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "PIL", "cv2", "pydantic", "rich", "ray", "torch", "tensorflow", "skimage",
         "jinja2", "importlib.metadata")  # fmt: skip


def loaded_after(code: str) -> set[str]:
    check = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


def test_the_command_line_imports_nothing_heavy() -> None:
    assert not loaded_after("import segdata.cli") & set(HEAVY)


def test_group_help_loads_every_command_and_nothing_heavy() -> None:
    code = (
        "import contextlib, io, segdata.cli\n"
        "with contextlib.redirect_stdout(io.StringIO()): segdata.cli.run(['--help'])"
    )
    loaded = loaded_after(code)
    assert "segdata.commands.doctor" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("package", ["segdata", "model", "model.config"])
def test_importing_a_package_does_not_load_a_framework(package: str) -> None:
    assert not loaded_after(f"import {package}") & {"torch", "tensorflow", "rich", "click"}


def test_workers_never_load_a_framework() -> None:
    code = "import segdata.conversion, segdata.sharding, segdata.validation, segdata.evaluation"
    assert not loaded_after(code) & {"torch", "tensorflow", "click", "rich"}
