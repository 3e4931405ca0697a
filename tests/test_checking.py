"""validate as a person and as continuous integration use it: forms, baselines, reports, codes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from segdata.cli import run

SERIAL = ["--executor", "serial"]


@pytest.fixture
def bad(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five pairs, one of them with pixels of id 7; the working directory is beside it."""
    shutil.copytree(samples / "broken" / "L07" / "bad", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return Path("data")


def out_of(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_the_text_says_what_the_exit_code_means(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", str(bad), *SERIAL]) == 1
    assert "exit code 1: something is at or above --fail-on error" in out_of(capsys)
    assert run(["validate", str(bad), *SERIAL, "--fail-on", "never"]) == 0
    assert "exit code 0: --fail-on never" in out_of(capsys)
    assert run(["validate", str(bad), *SERIAL, "--ignore", "L"]) == 0
    assert "exit code 0: nothing is at or above --fail-on error" in out_of(capsys)


def test_the_outlook_is_told_and_is_no_finding(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["validate", str(bad), *SERIAL])
    assert "one class everywhere already scores (mIoU rule cityscapes): train" in out_of(capsys)
    run(["validate", str(bad), *SERIAL, "--format", "json"])
    data = json.loads(out_of(capsys))
    before = data["before_training"]
    assert before["constant"]["val"]["miou_rule"] == "cityscapes"
    assert before["class_weights"]["split"] == "train"
    assert len(before["class_weights"]["enet"]) == 3
    assert [finding["rule"] for finding in data["findings"]] == ["L07"]


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_forms_of_json_are_json_and_exit_as_the_text_does(
    bad: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", str(bad), *SERIAL, "--format", form]) == 1
    json.loads(out_of(capsys))


def test_junit_and_github_on_stdout(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(bad), *SERIAL, "--format", "junit"]) == 1
    assert Xml.fromstring(out_of(capsys)).get("failures") == "1"
    assert run(["validate", str(bad), *SERIAL, "--format", "github"]) == 1
    assert out_of(capsys).startswith("::error file=data/SegmentationClass/scene_1.png,title=L07 ")


@pytest.mark.parametrize(
    "line",
    [
        ["validate", "nowhere"],
        ["validate"],
        ["validate", "data", "--no-such-option"],
        ["validate", "data", "--select", "L99"],
        ["validate", "data", "--baseline", "nowhere.json"],
        ["validate", "data", "--report", "r.pdf"],
        ["validate", "data", "--fail-on", "sometimes"],
        ["stats", "nowhere"],
    ],
    ids=" ".join,
)
def test_json_is_json_also_when_the_request_is_wrong(
    bad: Path, line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*line, "--format", "json"]) == 2
    captured = capsys.readouterr()
    data = json.loads(captured.out)
    assert data["exit_code"] == 2
    assert data["error"]["message"]
    assert isinstance(data["error"]["fix"], str)
    assert "rror: " in captured.err


def test_a_baseline_lets_only_new_problems_fail(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", str(bad), *SERIAL, "--write-baseline", "known.json"]) == 0
    assert "1 findings are accepted from now on: known.json" in out_of(capsys)
    moved = bad.rename("moved")
    line = ["validate", str(moved), *SERIAL, "--baseline", "known.json"]
    assert run(line) == 0
    text = out_of(capsys)
    assert "accepted in known.json and do not count" in text
    assert "nothing is new and at or above" in text
    (moved / "ImageSets" / "Segmentation" / "train.txt").write_text("scene_0\nnot_there\n")
    assert run(line) == 1
    text = out_of(capsys)
    assert "P07 error" in text
    assert "L07" not in text.split("gone since")[0].split("P07")[0]


def test_what_a_baseline_holds_and_is_gone_is_said(
    bad: Path, samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["validate", str(bad), *SERIAL, "--write-baseline", "known.json"])
    shutil.rmtree(bad)
    shutil.copytree(samples / "broken" / "L07" / "sound", bad)
    capsys.readouterr()
    assert run(["validate", str(bad), *SERIAL, "--baseline", "known.json"]) == 0
    assert "gone since: L07 SegmentationClass/scene_1.png" in out_of(capsys)
    run(["validate", str(bad), *SERIAL, "--baseline", "known.json", "--format", "json"])
    assert json.loads(out_of(capsys))["baseline"]["gone"][0]["rule"] == "L07"


def test_reports_of_every_form_are_written_and_nothing_else(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["r.html", "r.json", "r.sarif", "r.xml"]
    before = sorted(path for path in bad.rglob("*"))
    words = [word for name in names for word in ("--report", name)]
    assert run(["validate", str(bad), *SERIAL, *words, "--format", "json"]) == 1
    assert json.loads(Path("r.json").read_text("utf-8")) == json.loads(out_of(capsys))
    json.loads(Path("r.sarif").read_text("utf-8"))
    Xml.fromstring(Path("r.xml").read_text("utf-8"))
    page = Path("r.html").read_text("utf-8")
    assert not re.search(r"https?://", page)
    assert sorted(path for path in bad.rglob("*")) == before
    assert sorted(path.name for path in Path().iterdir()) == ["data", *names]


def test_selecting_a_rule_shows_all_of_it(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = "".join(f"n{number}\n" for number in range(3))
    lists = bad / "ImageSets" / "Segmentation"
    for number in range(7):
        (lists / f"more{number}.txt").write_text(f"scene_0\n{names}")
    run(["validate", str(bad), *SERIAL])
    assert "more of P07; see all with --select P07" in out_of(capsys)
    run(["validate", str(bad), *SERIAL, "--select", "P07"])
    assert out_of(capsys).count("have no photo") == 7


def test_a_sample_is_said_to_be_one_and_full_looks_at_all(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = samples / "broken" / "L07" / "sound"
    for number in range(25):
        for file in (*source.glob("JPEGImages/*"), *source.glob("SegmentationClass/*")):
            target = tmp_path / "data" / file.parent.name / f"{number:02}_{file.name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    shutil.copy(source / "dataset.toml", tmp_path / "data")
    line = ["validate", str(tmp_path / "data"), *SERIAL, "--fail-on", "never"]
    run(line)
    assert "were looked at in 96 of 125 labels; --full looks at all" in out_of(capsys)
    run([*line, "--full"])
    assert "--full" not in out_of(capsys)
