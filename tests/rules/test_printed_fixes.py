"""The command lines that rules print can be pasted: what they make is sound."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from segdata.cli import run
from segdata.dataset import DESCRIPTOR_FILE, load_dataset
from segdata.findings import Level
from segdata.rules.wording import command
from segdata.validation import validate

BROKEN = Path(__file__).parents[2] / "sample_data" / "broken"


def paste(fix: str) -> Path:
    """Do what a fix says, in the current folder; returns the folder that its command makes."""
    *lines, line = fix.splitlines()
    if "save these lines" in fix:
        says, *table = lines
        Path(says.partition("save these lines as ")[2].partition(",")[0]).write_text(
            "".join(f"{row}\n" for row in table), "utf-8"
        )
    program, verb, source, _, *options = shlex.split(line)
    assert program == "segdata"
    assert run([verb, source, "out", *options, "--executor", "serial"]) == 0
    return Path("out")


@pytest.mark.parametrize("rule", ["L01", "L02", "L04", "L06", "L12", "L18", "L19"])
def test_the_printed_command_mends_the_sample(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = next(iter(validate(load_dataset(BROKEN / rule / "bad"))))
    assert found.rule == rule
    out = paste(found.fix)
    assert validate(load_dataset(out)).at_least(Level.WARNING) == ()


def test_colors_that_no_class_has_are_drafted_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(BROKEN / "L04" / "bad", "data")
    descriptor = Path("data", DESCRIPTOR_FILE)
    text = descriptor.read_text("utf-8")
    descriptor.write_text(re.sub(r"color = \[.*?\]\n", "", text, flags=re.DOTALL), "utf-8")
    found = next(iter(validate(load_dataset(Path("data")))))
    assert "a class file has to" in found.fix
    _, draft, convert = found.fix.splitlines()
    assert run(shlex.split(draft)[1:]) == 0
    assert validate(load_dataset(paste(convert))).at_least(Level.WARNING) == ()


def test_the_lossy_format_is_named(tmp_path: Path) -> None:
    shutil.copytree(BROKEN / "L11" / "bad", tmp_path / "data")
    for path in (tmp_path / "data" / "SegmentationClass").iterdir():
        with Image.open(path) as image:
            image.convert("RGB").save(path, "WEBP", quality=80)
    found = next(iter(validate(load_dataset(tmp_path / "data"))))
    assert (found.rule, "WebP" in found.message, "JPEG" in found.message) == (
        "L11", True, False,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="there is no POSIX shell")
@pytest.mark.parametrize(
    "name", ["a b", "a$(touch x)b", "`id`", 'c"d', "$HOME", "it's", "plain-1.2_3", "ümlaut"]
)
def test_a_shell_reads_a_printed_name_as_it_is(name: str, tmp_path: Path) -> None:
    line = command("fix", name).replace("segdata fix", "printf %s")
    told = subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, capture_output=True, check=True)
    assert told.stdout.decode() == name
    assert list(tmp_path.iterdir()) == []
