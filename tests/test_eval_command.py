"""``segdata eval`` of two folders: what does not fit is named, with a remedy that works."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from segdata.classes import ClassMap, Label, SegClass
from segdata.cli import run
from segdata.images import encode_label, encode_photo

Eval = Callable[..., int]


def put(path: Path, label: Label) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_label(label))


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """``true`` and ``pred``: four images of two videos, three classes."""
    rng = np.random.default_rng(0)
    for i in range(4):
        truth = rng.integers(0, 3, (12, 16)).astype(np.uint8)
        put(tmp_path / "true" / f"v{i // 2}_{i}.png", truth)
        guess = np.where(rng.random(truth.shape) < 0.7, truth, 0).astype(np.uint8)
        put(tmp_path / "pred" / f"v{i // 2}_{i}.png", guess)
    return tmp_path


@pytest.fixture
def score(folders: Path, monkeypatch: pytest.MonkeyPatch) -> Eval:
    """Runs the command in the folder of the folders."""
    monkeypatch.chdir(folders)

    def command(*options: str, classes: int = 3, pred: str = "pred", true: str = "true") -> int:
        return run(["eval", "--predictions", pred, "--labels", true, "--num-classes", str(classes),
                    "--executor", "serial", *options])  # fmt: skip

    return command


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def error(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "mistake in segdata" not in captured.err
    return captured.err


def test_a_size_mismatch_names_both_files_and_resizes_nothing(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folders / "pred" / "v0_1.png", np.zeros((16, 12), np.uint8))
    assert score() == 2
    assert "pred/v0_1.png is 12×16, but true/v0_1.png is 16×12" in error(capsys)


def test_missing_predictions_fail_unless_that_is_meant(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders / "pred" / "v0_0.png").unlink()
    (folders / "pred" / "v0_1.png").rename(folders / "pred" / "other.png")
    assert score() == 1
    captured = capsys.readouterr()
    assert "2 label(s) have no prediction and were not scored: v0_0, v0_1." in captured.out
    assert "1 prediction(s) have no label: other." in captured.out
    assert "--allow-missing" in captured.err
    assert score("--allow-missing", "--format", "json") == 0
    assert told(capsys)["pairing"] == {
        "paired": 2, "missing": ["v0_0", "v0_1"], "extra": ["other"], "how": "",
    }  # fmt: skip


def test_extra_predictions_are_named_and_harm_nothing(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folders / "pred" / "more.png", np.zeros((3, 3), np.uint8))
    assert score() == 0
    assert "1 prediction(s) have no label: more." in capsys.readouterr().out


def test_how_names_were_joined_is_told(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted((folders / "pred").iterdir()):
        path.rename(path.with_name(f"{path.stem}_pred.png"))
    assert score() == 0
    assert (
        "4 pairs joined by file name without “_pred” of the predictions" in capsys.readouterr().out
    )


def test_palette_and_16_bit_files_hold_ids(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score("--format", "json")
    expected = told(capsys)
    for path in sorted((folders / "pred").iterdir()):
        picture = Image.open(path).convert("L")
        ids = np.asarray(picture)
        colored = Image.fromarray(ids)
        colored.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
        (folders / "palette").mkdir(exist_ok=True)
        colored.save(folders / "palette" / path.name)
        put(folders / "wide" / path.name, ids.astype(np.uint16))
        truth = np.asarray(Image.open(folders / "true" / path.name))
        put(folders / "far" / path.name, ids.astype(np.uint16) * 300)
        put(folders / "far-true" / path.name, truth.astype(np.uint16) * 300)
    for pred in ("palette", "wide"):
        assert score("--format", "json", pred=pred) == 0
        assert told(capsys)["confusion"] == expected["confusion"]
    assert score("--format", "json", pred="far", true="far-true", classes=601) == 0
    far = told(capsys)
    assert far["miou"] == expected["miou"]
    assert [c["iou"] for c in far["per_class"] if c["id"] % 300 == 0] == [
        c["iou"] for c in expected["per_class"]
    ]


def test_colors_instead_of_ids_are_refused_with_how_to_convert(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    (folders / "true" / "v1_2.png").write_bytes(encode_photo(rgb))
    assert score() == 2
    assert "true/v1_2.png is a color picture, not class ids" in (text := error(capsys))
    assert "segdata convert" in text


@pytest.fixture
def masks(folders: Path) -> Path:
    """``white-true`` and ``white``: the same as masks of 0 and 255; ``ids``: of 0 and 1."""
    for kind, name in (("true", "white-true"), ("pred", "white")):
        for path in sorted((folders / kind).iterdir()):
            found = (np.asarray(Image.open(path)) > 0).astype(np.uint8)
            put(folders / name / path.name, found * np.uint8(255))
            put(folders / f"{name}-ids" / path.name, found)
    return folders


@pytest.mark.parametrize(
    ("pred", "true", "remedies"),
    [
        ("white", "white-true-ids", ["--prediction-ids 255:1"]),
        ("white-ids", "white-true", ["--label-ids 255:1"]),
        ("white", "white-true", ["--label-ids 255:1", "--prediction-ids 255:1"]),
    ],
)
def test_masks_of_0_and_255_are_refused_with_a_remedy_that_works(
    score: Eval,
    masks: Path,
    capsys: pytest.CaptureFixture[str],
    pred: str,
    true: str,
    remedies: list[str],
) -> None:
    score("--format", "json", pred="white-ids", true="white-true-ids", classes=2)
    expected = told(capsys)["confusion"]
    added: list[str] = []
    for remedy in remedies:
        assert score(*added, pred=pred, true=true, classes=2) == 2
        assert remedy in error(capsys)
        added += remedy.split()
    assert score(*added, "--format", "json", pred=pred, true=true, classes=2) == 0
    assert told(capsys)["confusion"] == expected


def test_predictions_that_are_ignored_on_purpose_are_no_masks(score: Eval, masks: Path) -> None:
    options = ["--ignore", "255", "--prediction-ids", "1:ignore"]
    assert score(*options, pred="white-ids", true="white-true-ids", classes=2) == 0


def test_white_that_is_ignored_in_labels_of_two_classes_is_told(
    score: Eval, masks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but the background is left to score, which looks perfect."""
    assert score("--ignore", "255", pred="white", true="white-true", classes=2) == 0
    assert "--label-ids 255:1" in capsys.readouterr().out


def test_ids_are_read_as_others_or_ignored(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = folders / "table.csv"
    table.write_text("from,to\n2,1\n")
    options = ["--format", "json", "--ignore", "255", "--label-ids", "0:ignore"]
    assert score(*options, "--label-ids", "2:1", "--prediction-ids", "table.csv", classes=2) == 0
    found = told(capsys)
    truth = np.stack([np.asarray(Image.open(p)) for p in sorted((folders / "true").iterdir())])
    guess = np.stack([np.asarray(Image.open(p)) for p in sorted((folders / "pred").iterdir())])
    held = truth > 0
    missed = int((held & (guess == 0)).sum())
    assert found["confusion"] == [[0, 0, 0], [missed, int(held.sum()) - missed, 0]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prediction-ids", "1:ignore"], "id 1 cannot be ignored"),
        (["--prediction-ids", "0:70000"], "70000 is no id: ids are 0 to 65535"),
        (["--label-ids", "70000:1"], "70000 is no id"),
        (["--label-ids", "1:0", "--label-ids", "1:2"], "id 1 is given twice"),
        (["--label-ids", "1-0"], "'1-0' is no entry of a table"),
        (["--label-ids", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["--label-ids", "0:7"], "of the truth have ids [7], outside 0..2"),
        (["--classes", "nowhere.csv"], "the class file nowhere.csv does not exist"),
        (["--miou-rule", "median"], "no mIoU rule 'median'"),
        (["--report", "report.txt"], "a report cannot be written as report.txt"),
        (["--photos", "nowhere"], "nowhere holds no photos"),
        (["--probabilities", "pred"], "pred holds no .npz"),
        (["--prediction-pattern", "*.png"], "does not say where the name stands"),
    ],
)
def test_wrong_options_are_refused_in_words(
    score: Eval, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert score(*options) == 2
    assert message in error(capsys)


@pytest.mark.parametrize(
    "options",
    [["--shards", "x"], ["--dataset", "x"], ["--set", "a=b"], ["--flip"], ["--crop-size", "9,9"],
     ["--precision", "bf16"], ["--no-upsampled-logits"]],
)  # fmt: skip
def test_options_of_runs_are_refused_for_folders(
    score: Eval, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert score(*options) == 2
    assert "pred holds predictions: no network predicts now" in error(capsys)


def test_calibration_of_folders_needs_probabilities(
    score: Eval, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score("--calibration") == 2
    assert "--probabilities DIR" in error(capsys)


@pytest.mark.parametrize(
    "options",
    [["--labels", "x"], ["--classes", "x"], ["--num-classes", "2"], ["--ignore", "0"],
     ["--photos", "x"], ["--probabilities", "x"], ["--label-ids", "1:0"]],
)  # fmt: skip
def test_options_of_folders_are_refused_for_runs(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert run(["eval", "RUN", *options]) == 2
    assert "RUN is a run: it knows its labels and classes" in error(capsys)


def test_the_classes_that_predict_has_recorded_serve(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ClassMap(tuple(SegClass(i, name) for i, name in enumerate(("a", "b", "c"))), None)
    (folders / "pred" / "predictions.json").write_text(json.dumps(names.to_json()))
    line = ["eval", "--predictions", "pred", "--labels", "true", "--format", "json"]
    assert run(line) == 0
    assert [entry["name"] for entry in told(capsys)["per_class"]] == ["a", "b", "c"]
    assert run([*line, "--ignore", "0"]) == 0
    assert [entry["name"] for entry in told(capsys)["per_class"]] == ["b", "c"]


def test_a_single_class_that_is_ignored_is_no_class(
    score: Eval, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score("--ignore", "0", classes=1) == 2
    assert "the only class, 0, is ignored" in error(capsys)


def test_folders_that_hold_nothing_or_are_none_are_named(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders / "empty").mkdir()
    for options, message in (
        ({"pred": "empty"}, "empty holds no images"),
        ({"true": "empty"}, "empty holds no images"),
        ({"pred": "nowhere"}, "nowhere is no folder"),
        ({"pred": "pred/v0_0.png"}, "pred/v0_0.png is no folder"),
    ):
        assert score(**options) == 2
        assert message in error(capsys)


def test_a_damaged_file_is_named_and_no_report_is_left(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folders / "pred" / "v1_3.png"
    path.write_bytes(path.read_bytes()[:60])
    assert score("--report", "report.html") == 2
    assert "pred/v1_3.png is damaged or cut off" in error(capsys)
    assert not (folders / "report.html").exists()


def test_one_folder_twice_is_told(score: Eval, capsys: pytest.CaptureFixture[str]) -> None:
    assert score(pred="true") == 0
    assert "predictions and labels are one folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("how", "groups"),
    [
        ("video", {"v0": 2, "v1": 2}),
        (r"_(\d)$", {"0": 1, "1": 1, "2": 1, "3": 1}),
        ("table.csv", {"a": 3, "not in the table": 1}),
    ],
)
def test_images_are_grouped(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str], how: str, groups: dict[str, int]
) -> None:
    """The table names files with suffix and without."""
    (folders / "table.csv").write_text("name,group,note\nv0_0.png,a,x\nv0_1,a\nv1_2,a,\nv1_3\n")
    assert score("--group-by", how, "--format", "json") == 0
    found = told(capsys)
    assert {g["name"]: g["images"] for g in found["groups"]} == groups
    assert (found["intervals"]["over"], found["intervals"]["units"]) == ("groups", len(groups))


def test_sub_folders_of_the_labels_are_groups_wherever_predictions_lie(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted((folders / "true").iterdir()):
        put(folders / "nested" / path.name[:2] / path.name, np.asarray(Image.open(path)))
    assert score("--group-by", "folder", "--format", "json", true="nested") == 0
    assert {g["name"]: g["images"] for g in told(capsys)["groups"]} == {"v0": 2, "v1": 2}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("folder", "all 4 images lie in one folder"),
        ("(", "is no regular expression"),
        ("nothing", "matches none of 4 names"),
        ("v", "puts all 4 pictures into one group"),
        ("nowhere.csv", "nowhere.csv cannot be read"),
        ("columns.csv", "needs the columns name,group"),
        ("empty.csv", "needs the columns name,group"),
        ("others.csv", "others.csv names none of 4 images, such as v0_0"),
    ],
)
def test_groups_that_cannot_be_told_are_refused_before_a_file_is_read(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str], how: str, message: str
) -> None:
    (folders / "columns.csv").write_text("file,video\nv0_0,a\n")
    (folders / "empty.csv").write_text("")
    (folders / "others.csv").write_text("name,group\nx,a\ny\n")
    (folders / "pred" / "v0_0.png").write_bytes(b"damaged")
    assert score("--group-by", how) == 2
    assert message in error(capsys)


def test_no_draws_make_no_intervals(score: Eval, capsys: pytest.CaptureFixture[str]) -> None:
    assert score("--bootstrap", "0") == 0
    assert "resampled" not in capsys.readouterr().out
    assert score("--bootstrap", "0", "--format", "json") == 0
    assert told(capsys)["intervals"] is None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--fail-under", "0.1"], 0),
        (["--fail-under", "0.99"], 1),
        (["--fail-under", "0", "--miou-rule", "voc"], 1),
    ],
    ids=["reached", "missed", "undefined"],
)
def test_fail_under_fails_what_does_not_reach_it(
    score: Eval, capsys: pytest.CaptureFixture[str], options: list[str], code: int
) -> None:
    """Of four classes one is nowhere, so the VOC rule has no mean."""
    assert score(*options, classes=4) == code
    assert ("--fail-under" in capsys.readouterr().err) == bool(code)


def test_an_undefined_mean_is_called_so(score: Eval, capsys: pytest.CaptureFixture[str]) -> None:
    assert score("--miou-rule", "voc", classes=4) == 0
    text = capsys.readouterr().out
    assert "mIoU undefined (rule voc)" in text
    assert "undefined to" not in text
    assert "nan" not in text


def test_every_form_of_report_is_written(score: Eval, folders: Path) -> None:
    names = ["a.html", "a.json", "a.md", "a.csv", "sub/B.JSON"]
    assert score(*(f"--report={name}" for name in names)) == 0
    assert all((folders / name).stat().st_size > 100 for name in names)
    assert json.loads((folders / "a.json").read_text("utf-8"))["pairing"]["paired"] == 4


def test_nothing_of_the_user_s_is_changed(score: Eval, folders: Path) -> None:
    before = {p: p.read_bytes() for p in sorted(folders.rglob("*")) if p.is_file()}
    score("--report", "r.html", "--boundary", "--objects", "--group-by", "video")
    after = {p: p.read_bytes() for p in sorted(folders.rglob("*")) if p.is_file()}
    assert after.pop(folders / "r.html")
    assert after == before


def test_nothing_to_score_is_said(
    score: Eval, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folders / "void" / "v1_2.png", np.full((12, 16), 255, np.uint8))
    put(folders / "seen" / "v1_2.png", np.zeros((12, 16), np.uint8))
    assert score("--ignore", "255", "--format", "text", pred="seen", true="void") == 0
    out = capsys.readouterr().out
    assert "note: No pixel could be scored: every pixel of the truth is ignored." in out
    assert "mIoU undefined (rule cityscapes), 1 image\n" in out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pipes that are files")
@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_an_interrupted_evaluation_leaves_no_report(folders: Path, executor: str) -> None:
    """A prediction is a pipe, so that it is known when it is being read."""
    pipe = folders / "pred" / "v1_2.png"
    for i in range(20):
        # Processes are started for many files only.
        for folder in ("true", "pred"):
            shutil.copy(folders / folder / pipe.name, folders / folder / f"w{i}.png")
    pipe.unlink()
    os.mkfifo(pipe)
    line = [sys.executable, "-m", "segdata", "eval", "--predictions", "pred", "--labels", "true",
            "--num-classes", "3", "--executor", executor, "--report", "report.json"]  # fmt: skip
    started = subprocess.Popen(
        line, cwd=folders, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    with pipe.open("wb"):
        os.killpg(started.pid, signal.SIGINT)
        out, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert out == ""
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not list(folders.glob("*report*"))
