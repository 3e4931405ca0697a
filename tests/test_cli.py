"""The command line: exit codes, clear errors, no traceback, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segdata.cli import COMMANDS, cli, run


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


@pytest.fixture
def portrait(samples: Path, tmp_path: Path) -> Path:
    """The portraits as a dataset folder."""
    assert run(["convert", str(samples / "portrait"), str(tmp_path / "data"),
                "--executor", "serial"]) == 0  # fmt: skip
    return tmp_path / "data"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_a_sentence(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 5


def test_group_help_lists_commands_in_the_order_of_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["--help"])
    listed = capsys.readouterr().out.split("Commands:")[1].split("\n")
    assert [line.split()[0] for line in listed if line.strip()] == list(COMMANDS)


@pytest.mark.parametrize(
    "line",
    [
        ["convert", "nowhere", "out"],
        ["validate", "nowhere"],
        ["register", "nowhere"],
        ["shard", "nowhere", "out"],
        ["train", "nowhere", "--out", "out"],
        ["eval", "nowhere"],
        ["eval"],
        ["eval", "--predictions", "nowhere", "--labels", "nowhere", "--num-classes", "2"],
        ["compare", "nowhere", "elsewhere"],
        ["vis", "nowhere", "--out", "out"],
        ["worklist", "nowhere", "--out", "out"],
        ["worklist", "--out", "out"],
        ["doctor", "nowhere"],
        ["doctor"],
        ["rules", "L99"],
        ["convert"],
        ["nonsense"],
        ["shard", "nowhere", "out", "--executor", "cloud"],
    ],
    ids=" ".join,
)
def test_a_wrong_request_is_told_and_exits_with_two(
    line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(line) == 2
    error = told(capsys)
    assert "rror: " in error
    assert "Traceback" not in error
    assert "mistake in segdata" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["convert", "validate", "shard", "train", "vis", "doctor"])
def test_an_empty_folder_is_told(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    out = ["--out", str(tmp_path / "out")] if command in ("train", "vis") else []
    if command in ("convert", "shard"):
        out = [str(tmp_path / "out")]
    assert run([command, str(tmp_path / "empty"), *out]) == 2
    assert "Traceback" not in told(capsys)
    assert not (tmp_path / "out").exists()


def test_findings_exit_with_one_and_are_json_on_request(
    portrait: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label = next((portrait / "SegmentationClass").iterdir())
    label.write_bytes(label.read_bytes()[:60])
    capsys.readouterr()
    assert run(["validate", str(portrait), "--executor", "serial", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["exit_code"] == 1
    assert report["findings"][0]["rule"] == "L27"
    assert report["findings"][0]["path"] == str(label)
    quiet = ["validate", str(portrait), "--executor", "serial", "--fail-on", "never"]
    assert run(quiet) == 0


def test_a_text_file_named_png_is_named(portrait: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label = next((portrait / "SegmentationClass").iterdir())
    label.write_text("not a picture")
    capsys.readouterr()
    assert run(["validate", str(portrait), "--executor", "serial"]) == 1
    assert label.name in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_output_is_told(samples: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert run(["convert", str(samples / "portrait"), str(tmp_path / "out")]) == 2


def test_an_output_that_is_a_file_is_told(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("mine")
    assert run(["convert", str(samples / "portrait"), str(tmp_path / "out")]) == 2
    assert "is a file" in told(capsys)
    assert (tmp_path / "out").read_text() == "mine"


def test_results_go_to_stdout_and_errors_to_stderr(
    portrait: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["validate", str(portrait), "--executor", "serial"]) == 0
    captured = capsys.readouterr()
    assert "exit code 0: nothing is at or above" in captured.out
    assert captured.err == ""


def test_a_name_works_from_anywhere(
    portrait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["register", str(portrait), "--name", "faces"]) == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run(["validate", "faces", "--executor", "serial"]) == 0


def test_a_users_own_model_py_does_not_stand_in_for_ours(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("raise SystemExit('the wrong model')")
    out = subprocess.run(
        [sys.executable, "-m", "segdata", "train", "nowhere", "--out", "run"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert out.returncode == 2
    assert "nowhere" in out.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", ["convert", "shard"])
def test_ctrl_c_leaves_nothing_that_looks_whole_and_can_be_run_again(
    command: str, samples: Path, tmp_path: Path
) -> None:
    source = tmp_path / "many"
    (source / "images").mkdir(parents=True)
    (source / "masks").mkdir()
    shutil.copy(samples / "streets" / "classes.csv", source)
    for number in range(20):
        for folder, ending in (("images", ".jpg"), ("masks", ".png")):
            for path in sorted((samples / "streets" / folder).iterdir())[:40]:
                shutil.copy(path, source / folder / f"{path.stem}_{number}{ending}")
    data = tmp_path / "data"
    if command == "shard":
        assert run(["convert", str(source), str(data)]) == 0
    line = {
        "convert": ["convert", str(source), str(tmp_path / "out")],
        "shard": ["shard", str(data), str(tmp_path / "out"), "--shards", "8"],
    }[command]
    process = subprocess.Popen(
        [sys.executable, "-m", "segdata", *line], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (tmp_path / "out").exists():
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert not (tmp_path / "out" / "dataset.toml").exists()
    assert not (tmp_path / "out" / "manifest.json").exists()
    assert run(line) == 0


def test_options_of_the_commands_are_pinned() -> None:
    """A new option is a promise: it is added here knowingly."""
    import click

    context = click.Context(cli)
    options = {}
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        options[name] = sorted(p.name or "" for p in command.params)
    assert options == {
        "demo": ["form", "out"],
        "colors": ["draft", "executor", "form", "full", "labels", "overwrite", "source", "workers"],
        "convert": ["allow_outside", "areas", "classes", "dry_run", "executor", "form",
                    "form_of_labels", "images", "labels", "max_distance", "name", "on_unknown",
                    "out", "overwrite", "palette", "photos", "reports", "source",
                    "verbose", "workers"],
        "remap": ["dataset", "executor", "file", "form", "ignore", "names", "out", "overwrite",
                  "palette", "photos", "table", "workers"],
        "validate": ["baseline", "dataset", "executor", "fail_on", "form", "full", "ignore",
                     "made_of", "reports", "select", "splits", "workers", "write_baseline"],
        "fix": ["dataset", "diff", "dry_run", "executor", "form", "ignore", "link", "out",
                "overwrite", "select", "workers"],
        "split": ["by", "dataset", "dry_run", "executor", "form", "group_by", "keep", "out",
                  "overwrite", "seed", "test", "val", "workers"],
        "stats": ["dataset", "executor", "form", "reports", "splits", "workers"],
        "card": ["dataset", "executor", "form", "out", "overwrite", "workers"],
        "register": ["classes", "folder", "form", "ignore", "images", "labels", "lists", "name",
                     "num_classes", "overwrite"],
        "datasets": ["form"],
        "shard": ["dataset", "dry_run", "executor", "form", "images", "labels", "like", "lists",
                  "num_classes", "out", "overwrite", "seed", "shards", "splits", "workers"],
        "import-checkpoint": ["atrous_rates", "classes", "dataset", "form", "multi_grid", "out",
                              "output_stride", "overwrite", "partial", "settings", "source",
                              "variant"],
        "train": ["batch_size", "crop", "data", "dataset", "form", "out", "settings", "steps",
                  "variant"],
        "eval": ["allow_missing", "bootstrap", "boundary", "calibration", "classes", "crop_size",
                 "dataset", "executor", "fail_under", "findings", "flip", "form", "group_by",
                 "ignore", "label_ids", "label_pattern", "labels", "miou_rule", "num_classes",
                 "objects",
                 "photos", "precision", "prediction_ids", "prediction_pattern", "predictions",
                 "probabilities", "reports", "run", "scales", "seed", "settings", "shards", "split",
                 "upsampled_logits", "workers"],
        "compare": ["a", "b", "bootstrap", "boundary", "classes", "executor", "fail_if_worse",
                    "flip", "form", "group_by", "ignore", "label_ids", "label_pattern", "labels",
                    "miou_rule", "num_classes", "photos", "precision", "prediction_ids",
                    "prediction_pattern", "reports", "scales", "seed", "shards", "split",
                    "workers"],
        "predict": ["crop_size", "device", "flip", "form", "images", "model", "out", "overwrite",
                    "palette", "precision", "probabilities", "scales", "tile"],
        "vis": ["background", "blur", "by_class", "classes", "colors", "crop_size", "dataset",
                "effect", "executor", "flip", "form", "images", "keep", "kinds", "labels", "limit",
                "num_classes", "opacity", "order", "out", "overwrite", "precision",
                "probabilities", "scales", "settings", "shards", "source", "split", "style",
                "upsampled_logits", "workers"],
        "package": ["classes", "competition", "flip", "form", "names", "num_classes", "out",
                    "overwrite", "precision", "predictions", "scales", "server", "shards", "split"],
        "worklist": ["classes", "even_if_trained", "flip", "form", "labels", "limit", "out",
                     "photos", "precision", "probabilities", "programs", "run", "scales", "shards",
                     "split"],
        "export": ["crop_size", "flip", "form", "image", "out", "output", "overwrite",
                   "preprocess", "run", "scales", "settings", "size", "to"],
        "doctor": ["batch", "budget", "checkpoint", "classes", "executor", "fix", "form", "full",
                   "ignore", "labels", "log", "logits", "num_classes", "paths", "photos",
                   "predictions", "reports", "scripts", "workers"],
        "rules": ["form", "rule_id"],
    }  # fmt: skip


@pytest.mark.parametrize("line", [["rules"], ["convert", "NOWHERE", "out", "--format", "json"]])
def test_a_reader_that_has_seen_enough_gets_no_traceback(line: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "segdata", *line],
        stdout=writing, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    os.close(writing)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
    assert process.returncode in (0, 1, 2)


def test_a_terminal_without_our_letters_shows_their_numbers(portrait: Path) -> None:
    out = subprocess.run(
        [sys.executable, "-m", "segdata", "stats", str(portrait)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=False,
    )  # fmt: skip
    assert out.returncode == 0, out.stderr
    assert b"\\u201c" in out.stdout
    assert out.stdout.isascii()


@pytest.mark.parametrize(
    "line",
    [
        "eval --predictions p --labels l --num-classes 2 --fail-under nan",
        "eval --predictions p --labels l --num-classes 2 --seed -1",
        "compare a b --seed -1",
        "vis p --num-classes 2 --out o --opacity nan",
        "vis p --num-classes 2 --out o --effect blur --blur nan",
        "doctor p --budget nan",
        "export RUN --out a.onnx --size ²,3",
    ],
)
def test_what_is_no_number_in_the_range_is_refused_by_its_option(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 2
    option = next(word for word in reversed(line.split()) if word.startswith("--"))
    assert f"Invalid value for '{option}'" in capsys.readouterr().err
