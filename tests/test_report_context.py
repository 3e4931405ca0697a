"""What stands beside the scores: the course of the training, and what is wrong with the data."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from segdata.cli import run
from segdata.errors import UserError
from segdata.images import encode_label
from segdata.progress import Silence
from segdata.workflows.report_context import context_of_run, read_course, read_findings
from segdata.workflows.runs import Run


def test_a_training_is_read_as_far_as_it_was_written(tmp_path: Path) -> None:
    lines = [
        {"step": 1, "loss": 2.0, "learning_rate": 0.1, "images_per_second": 3.0},
        {"step": 2, "loss": float("nan"), "learning_rate": 0.05},
        {"step": 2, "val_miou": 0.25, "val_pixel_accuracy": 0.5},
        ["no", "entry"],
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    path = tmp_path / "metrics.jsonl"
    path.write_text(text + '\n{"step": 3, "lo')
    course = read_course(path)
    assert course is not None
    assert course.loss == [(1, 2.0)]
    assert course.learning_rate == [(1, 0.1), (2, 0.05)]
    assert course.miou == [(2, 0.25)]


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"{}\n[]\n"])
def test_no_training_is_no_chart(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "metrics.jsonl").write_bytes(content)
    assert read_course(tmp_path / "metrics.jsonl") is None


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"findings": [1]}', '{"findings": 3}'])
def test_what_is_no_report_of_findings_is_refused(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "checks.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=r"checks\.json") as caught:
        read_findings(path)
    assert "segdata validate" in caught.value.remedy


def run_of(folder: Path, size: int) -> Run:
    """A run whose shards say that they have so many bytes."""
    manifest = SimpleNamespace(shards=[SimpleNamespace(bytes=size)], name="streets")
    return Run(folder, folder / "shards", manifest)  # type: ignore[arg-type]


def test_shards_that_are_gone_or_broken_cost_no_scores(tmp_path: Path) -> None:
    context = context_of_run(run_of(tmp_path, 1), None, Silence())
    assert context.findings is None
    assert context.remark.startswith("The shards could not be checked: ")


def test_many_shards_are_not_checked_and_it_is_said_how_they_are(tmp_path: Path) -> None:
    context = context_of_run(run_of(tmp_path, 5_000_000_000), None, Silence())
    assert context.findings is None
    assert "The 5,000 MB of shards were not checked" in context.remark
    assert f"segdata validate {tmp_path / 'shards'} --report findings.json" in context.remark


def write_masks(folder: Path) -> None:
    folder.mkdir()
    for number in range(3):
        label = np.zeros((8, 8), np.uint8)
        label[: number + 2] = 1
        (folder / f"{number}.png").write_bytes(encode_label(label))


def test_findings_of_validate_come_to_the_report(
    tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("labels", "predictions"):
        write_masks(tmp_path / name)
    bad = next((samples / "broken").glob("L01*/bad"))
    assert run(["validate", str(bad), "--report", "checks.json", "--executor", "serial"]) == 1
    line = ["eval", "--predictions", "predictions", "--labels", "labels", "--num-classes", "2",
            "--executor", "serial", "--findings", "checks.json", "--report", "r.html",
            "--report", "r.md", "--report", "r.csv"]  # fmt: skip
    assert run(line) == 0
    text = (tmp_path / "r.html").read_text("utf-8")
    assert '<section id="findings">' in text
    assert "From checks.json." in text
    assert "segdata eval --predictions predictions --labels labels" in text
    assert {p.name for p in tmp_path.iterdir()} >= {"r.html", "r.md", "r.csv"}


def test_wrong_findings_stop_before_anything_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("labels", "predictions"):
        write_masks(tmp_path / name)
    line = ["eval", "--predictions", "predictions", "--labels", "labels", "--num-classes", "2",
            "--findings", "none.json", "--report", "r.html"]  # fmt: skip
    assert run(line) == 2
    assert "none.json" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_a_line_of_metrics_that_is_no_entry_is_left_out(tmp_path: Path) -> None:
    lines = ['{"step": 1e999, "loss": 1.0}', "[" * 100_000, "[1]", '{"step": 2, "loss": 0.5}']
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    course = read_course(tmp_path / "metrics.jsonl")
    assert course is not None
    assert course.loss == [(2, 0.5)]
