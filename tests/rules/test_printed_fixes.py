"""The command lines that rules print can be pasted: what they make is sound."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from segdata.cli import run
from segdata.dataset import load_dataset
from segdata.findings import Level
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


@pytest.mark.parametrize("rule", ["L01", "L02", "L06", "L12", "L18", "L19"])
def test_the_printed_command_mends_the_sample(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = next(iter(validate(load_dataset(BROKEN / rule / "bad"))))
    assert found.rule == rule
    out = paste(found.fix)
    assert validate(load_dataset(out)).at_least(Level.WARNING) == ()
