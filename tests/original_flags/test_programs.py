"""A line in which only ``python`` was replaced, or nothing."""

from __future__ import annotations

import shlex

import pytest

from segdata.cli import run


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("deeplab/train.py --logtostderr --train_logdir=a", "train --logtostderr --train_logdir=a"),
        ("python deeplab/eval.py --logtostderr", "eval --logtostderr"),
        ("python3.7 ./export_model.py --logtostderr", "export --logtostderr"),
        ("vis.py", "vis"),
        ("../datasets/build_voc2012_data.py --image_format=jpg", "shard --image_format=jpg"),
    ],
)
def test_the_command_that_stands_in_a_program_s_place_is_told(
    line: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shlex.split(line)) == 2
    told = capsys.readouterr().err
    assert "is a program of the original DeepLab's; segdata" in told
    assert f"fix:   segdata {meant}\n" in told


@pytest.mark.parametrize("line", ["python", "python other.py", "trian", "deeplab/model.py"])
def test_other_words_are_no_commands(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 2
    assert f"No such command {line.split()[0]!r}" in capsys.readouterr().err
