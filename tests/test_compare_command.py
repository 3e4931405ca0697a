"""``segdata compare``: every pair of kinds, what is refused, and the page."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import segdata
from segdata.classes import ClassMap, SegClass
from segdata.cli import run
from segdata.executors import Processes
from segdata.images import encode_label, encode_photo, read_label
from segdata.pairing import FilePair
from segdata.scores import Bootstrap
from segdata.workflows.runs import Run, ShardPlace

CLASSES = ["sky <b>", "a class with quite a long name that must not run over", "Straße", "人行道"]
IMAGES = 9
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def put(path: Path, label: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_label(label))


def damaged(truth: npt.NDArray[np.uint8], share: float, seed: int) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    other = rng.integers(0, 4, truth.shape).astype(np.uint8)
    return np.where((rng.random(truth.shape) < share) & (truth != 255), other, truth)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Labels, photos, and three predictors: the first is the worst, the second and third alike."""
    rng = np.random.default_rng(0)
    for i in range(IMAGES):
        truth = np.repeat(rng.integers(0, 4, (24, 8)), 4, axis=1).astype(np.uint8)
        truth[:2] = 255
        put(tmp_path / "labels" / f"scene{i % 3}" / f"{i}.png", truth)
        photo = tmp_path / "photos" / f"scene{i % 3}" / f"{i}.jpg"
        photo.parent.mkdir(parents=True, exist_ok=True)
        photo.write_bytes(encode_photo(rng.integers(0, 256, (24, 32, 3), np.uint8), "jpeg"))
        for n, (name, share) in enumerate({"a": 0.4, "b": 0.2, "c": 0.2}.items()):
            put(tmp_path / name / f"scene{i % 3}" / f"{i}.png", damaged(truth, share, 9 * i + n))
    (tmp_path / "classes.csv").write_text("id,name\n" + "".join(
        f'{i},"{name}"\n' for i, name in enumerate(CLASSES)), "utf-8")  # fmt: skip
    monkeypatch.chdir(tmp_path)
    return tmp_path


LABELS = [
    "--labels",
    "labels",
    "--classes",
    "classes.csv",
    "--ignore",
    "255",
    "--executor",
    "serial",
]


def compared(capsys: pytest.CaptureFixture[str], *line: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert run(["compare", *line, "--bootstrap", "500", "--format", "json"]) == code
    return json.loads(capsys.readouterr().out)


def reports(*names: str) -> None:
    for name in names:
        line = ["--predictions", name, *LABELS, "--report", f"{name}.json", "--allow-missing"]
        assert run(["eval", *line]) == 0


def refused(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    before = sorted(Path().rglob("*"))
    assert run(["compare", *line]) == 2
    error = capsys.readouterr().err
    assert "mistake in segdata" not in error
    assert sorted(Path().rglob("*")) == before
    return error


def test_folders_reports_and_a_mixture_tell_the_same(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports("a", "b")
    of_folders = compared(capsys, "a", "b", *LABELS)
    of_reports = compared(capsys, "a.json", "b.json")
    mixed = compared(capsys, "a.json", "b", *LABELS)
    assert of_folders["outcome"] == "better"
    for key in ("means", "per_class", "images", "deciding", "verdict"):
        assert of_folders[key] == of_reports[key] == mixed[key]
    assert any("no pictures" in note for note in of_reports["notes"])


def test_the_scores_are_those_of_eval(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports("a", "b")
    found = compared(capsys, "a", "b", *LABELS)
    for side in "ab":
        one = json.loads(Path(f"{side}.json").read_text("utf-8"))
        for name, mean in found["means"].items():
            assert mean[side] == pytest.approx(one[name])
        assert [row["iou"][side] for row in found["per_class"]] == pytest.approx(
            [row["iou"] for row in one["per_class"]]
        )


def test_what_is_compared_with_itself_has_no_difference(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = compared(capsys, "a", "a", *LABELS)
    assert found["verdict"] == "no difference: A and B score the same in every image"
    assert {image["difference"] for image in found["images"]} == {0.0}


def test_a_worse_b_fails_only_if_that_is_asked_for(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(capsys, "b", "a", *LABELS)["outcome"] == "worse"
    assert compared(capsys, "b", "a", *LABELS, "--fail-if-worse", code=1)["outcome"] == "worse"
    assert compared(capsys, "a", "b", *LABELS, "--fail-if-worse")["outcome"] == "better"
    assert compared(capsys, "b", "b", *LABELS, "--fail-if-worse")["outcome"] == "same"


def test_processes_find_what_one_process_finds(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segdata.executors._FEW", 0)

    def found(**more: Any) -> Any:
        return segdata.compare(
            segdata.ComparisonRequest(
                a=Path("a"), b=Path("b"), labels=Path("labels"), classes=Path("classes.csv"),
                ignore=255, bootstrap=Bootstrap(200), boundary=True, **more,
            )
        ).to_json()  # fmt: skip

    assert found(executor=Processes(2)) == found()


def test_a_truth_is_read_once_for_both(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read: list[Path] = []

    def counting(pair: FilePair) -> npt.NDArray[Any]:
        read.append(pair.truth)
        return original(pair)

    original: Callable[[FilePair], npt.NDArray[Any]] = FilePair.read_truth
    monkeypatch.setattr(FilePair, "read_truth", counting)
    # For a page, the few that changed most would be read again for their pictures.
    compared(capsys, "a", "b", *LABELS)
    assert len(read) == len(set(read)) == IMAGES


def test_images_of_one_only_are_named_and_left_out(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a/scene0/0.png").unlink()
    Path("b/scene1/1.png").unlink()
    for name in "abc":
        Path(f"{name}/scene2/2.png").unlink()
    found = compared(capsys, "a", "b", *LABELS)
    assert found["compared_images"] == IMAGES - 3
    assert found["a"]["images_alone"] == ["scene1/1"]
    assert found["b"]["images_alone"] == ["scene0/0"]
    assert "1 label(s) have a prediction in neither" in found["notes"]
    reports("a", "b")
    again = compared(capsys, "a.json", "b.json")
    assert again["a"]["images_alone"] == ["scene1/1"]
    assert again["means"] == found["means"]


def test_few_images_and_few_groups_tell_nothing(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grouped = compared(capsys, "a", "b", *LABELS, "--group-by", "folder")
    assert grouped["verdict"].startswith("too few groups to tell (N = 3)")
    assert [group["images"] for group in grouped["groups"]] == [3, 3, 3]
    for path in sorted(Path("a").rglob("*.png"))[4:]:
        path.unlink()
    few = compared(capsys, "a", "b", *LABELS)
    assert few["verdict"].startswith("too few images to tell (N = 4)")
    assert few["means"]["miou"]["interval"] is None


def test_other_classes_labels_and_rules_are_refused(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports("a", "b")
    tree = json.loads(Path("b.json").read_text("utf-8"))

    def changed(change: Callable[[Any], None]) -> str:
        other = json.loads(json.dumps(tree))
        change(other)
        Path("other.json").write_text(json.dumps(other), "utf-8")
        return refused(capsys, "a.json", "other.json")

    def more_truth(other: Any) -> None:
        other["images"][3]["cells"][0][2] += 1

    assert "id 2 is 'Straße' in A and 'Weg' in B" in changed(
        lambda o: o["classes"]["classes"][2].update(name="Weg")
    )
    assert "ignore label of A is 255, that of B None" in changed(
        lambda o: o["classes"].update(ignore_label=None)
    )
    assert "B has 3" in changed(lambda o: (o["classes"]["classes"].pop(), o.update(images=[])))
    assert "--miou-rule" in changed(lambda o: o.update(miou_rule="voc"))
    assert f"other labels for {tree['images'][3]['key']}" in changed(more_truth)
    assert "no image is" in changed(lambda o: o.update(images=[]))


def test_a_number_of_classes_fits_any_names(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports("a")
    line = ["--labels", "labels", "--num-classes", "4", "--ignore", "255", "--executor", "serial"]
    found = compared(capsys, "b", "a.json", *line)
    assert [row["name"] for row in found["per_class"]] == CLASSES
    # Without any word on the classes those of the other one hold.
    assert compared(capsys, "b", "a.json", "--labels", "labels")["means"] == found["means"]


def test_what_cannot_be_compared_is_told(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    Path("cut.json").write_text('{"images": [')
    for line, told in (
        (["a", "nowhere", *LABELS], "nowhere does not exist"),
        (["empty", "a", *LABELS], "empty holds no images and is no run"),
        (["a", "classes.csv", *LABELS], "classes.csv is nothing to compare"),
        (["a", "b"], "--labels"),
        (["a", "b", "--labels", "labels"], "--classes"),
        (["a", "b", "--labels", "nowhere", "--num-classes", "4"], "nowhere is no folder"),
        (["cut.json", "a", *LABELS], "cut.json cannot be read"),
        (["gone.json", "a", *LABELS], "gone.json cannot be read"),
        (["a", "b", *LABELS, "--report", "x.pdf"], "x.pdf"),
        (["a", "b", *LABELS, "--miou-rule", "magic"], "no mIoU rule 'magic'"),
        (["a", "b", *LABELS, "--bootstrap", "3"], "100"),
    ):
        assert told in refused(capsys, *line)


def test_labels_without_a_counted_pixel_are_nothing_to_compare(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in Path("labels").rglob("*.png"):
        put(path, np.full((24, 32), 255, np.uint8))
    assert "nothing to compare" in refused(capsys, "a", "b", *LABELS)


def test_every_report_is_written_and_says_the_same(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"out/r.{suffix}" for suffix in ("html", "json", "md", "csv")]
    wanted = [word for name in names for word in ("--report", name)]
    found = compared(capsys, "a", "b", *LABELS, "--photos", "photos", *wanted)
    assert json.loads(Path(names[1]).read_text("utf-8")) == found
    markdown = Path(names[2]).read_text("utf-8")
    assert markdown.startswith("**B is better: +")
    assert r"sky \<b\>" in markdown
    rows = list(csv.DictReader(Path(names[3]).read_text("utf-8").splitlines()))
    assert [row["name"] for row in rows] == [*found["means"], *CLASSES]
    assert float(rows[0]["low"]) == pytest.approx(found["means"]["miou"]["interval"][0], abs=1e-6)
    page = Path(names[0]).read_text("utf-8")
    assert "sky <b>" not in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    pictures = re.findall(r'alt="(photo|truth|A|B|what changed) of ', page)
    assert pictures
    assert set(pictures) == {"photo", "truth", "A", "B", "what changed"}
    data = re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert json.loads(data[1]) == found


def test_the_text_ends_with_the_answer(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "a", "b", *LABELS]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("B is better: +")
    assert any("really better" in line for line in lines)
    assert any(line.split()[:2] == ["2", "Straße"] for line in lines)


class Network:
    """Stands for a network: it knows the labels, and makes a share of them wrong."""

    step, precision, digest = 7, "fp32", "0123456789abcdef"

    def __init__(self, run: Run, share: float) -> None:
        self.class_map, self.share = run.manifest.class_map, share
        self.truth = [truth for _, _, truth in run.samples("val")]
        self.calls = 0

    def predict(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.integer]:
        truth = self.truth[self.calls]
        self.calls += 1
        wrong = np.random.default_rng(self.calls).random(truth.shape) < self.share
        return np.where(wrong, 1 - truth, truth).astype(truth.dtype)


@pytest.fixture
def two_runs(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs ``good`` and ``poor`` on shards of the portraits; only their networks are made up."""
    monkeypatch.chdir(tmp_path)
    serial = ["--executor", "serial"]
    assert run(["convert", str(samples / "portrait"), "data", *serial]) == 0
    assert run(["shard", "data", "shards", *serial]) == 0
    classes = ShardPlace().manifest(Path("shards")).class_map.to_json()
    for name in ("good", "poor"):
        Path(name).mkdir()
        config = {"shards": "shards", "classes": classes, "settings": {"run": {"steps": 7}}}
        Path(name, "config.json").write_text(json.dumps(config), "utf-8")
    monkeypatch.setattr(
        Run, "predictor", lambda self, *_: Network(self, 0.3 if self.folder.name == "poor" else 0.1)
    )
    return tmp_path


def test_one_prediction_is_never_two_images_of_a_run(
    two_runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two photos of one name in two sub-folders, with equal labels: whose is the prediction?"""
    data = two_runs / "twice"
    truth = np.repeat(np.arange(2, dtype=np.uint8), 48).reshape(8, 12)
    for folder in ("a", "b"):
        put(data / "SegmentationClass" / folder / "x.png", truth)
        (data / "JPEGImages" / folder).mkdir(parents=True)
        photo = np.full((8, 12, 3), ord(folder), np.uint8)
        (data / "JPEGImages" / folder / "x.png").write_bytes(encode_photo(photo))
    (data / "ImageSets" / "Segmentation").mkdir(parents=True)
    (data / "ImageSets" / "Segmentation" / "val.txt").write_text("a/x\nb/x\n")
    shutil.copy("data/dataset.toml", data)
    assert run(["shard", "twice", "shards2", "--executor", "serial"]) == 0
    put(two_runs / "flat" / "x.png", truth)
    line = ["compare", "good", "flat", "--shards", "shards2", "--labels", "flat"]
    assert run(line) == 2
    assert "no image is both in good and in flat" in capsys.readouterr().err


def test_what_neither_of_both_heeds_is_refused(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports("a", "b")
    told = refused(capsys, "a.json", "b.json", "--labels", "labels")
    assert "neither A nor B is a folder of predictions" in told
    assert "neither A nor B is a run" in refused(capsys, "a", "b", *LABELS, "--flip")


def test_groups_that_cannot_be_told_are_refused_before_anything_is_predicted(
    two_runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(Network, "predict", never)
    assert run(["compare", "poor", "good", "--group-by", "folder"]) == 2
    assert "images lie in one folder" in capsys.readouterr().err
    assert run(["eval", "good", "--group-by", "folder"]) == 2
    assert "images lie in one folder" in capsys.readouterr().err


def test_an_ignore_label_that_is_named_counts_for_recorded_classes(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = ClassMap(tuple(SegClass(i, name) for i, name in enumerate(CLASSES)), None)
    for name in ("a", "b"):
        (folders / name / "predictions.json").write_text(json.dumps(recorded.to_json()))
    line = ["--labels", "labels", "--executor", "serial"]
    assert "ids [255], outside 0..3" in refused(capsys, "a", "b", *line)
    assert compared(capsys, "a", "b", *line, "--ignore", "255")["outcome"] == "better"


def test_masks_of_0_and_255_are_refused_as_eval_refuses_them(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(IMAGES):
        truth = read_label(folders / "labels" / f"scene{i % 3}" / f"{i}.png") % 2
        put(folders / "two" / f"{i}.png", truth)
        put(folders / "masks" / f"{i}.png", (truth * 255).astype(np.uint8))
    line = ["--labels", "two", "--num-classes", "2", "--executor", "serial"]
    told = refused(capsys, "two", "masks", *line)
    assert "masks/0.png holds 0 and 255 only" in told
    found = compared(capsys, "masks", "masks", *line, "--prediction-ids", "255:1")
    assert found["means"]["miou"]["b"] == 1.0


def test_two_runs_are_compared_in_one_pass(
    two_runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    passes: list[str] = []

    def counting(self: Run, split: str) -> Iterator[Any]:
        passes.append(split)
        return samples_of(self, split)

    samples_of = Run.samples
    found = compared(capsys, "poor", "good", "--report", "r.html")
    assert found["outcome"] == "better"
    assert found["a"]["facts"]["run"] == "poor"
    assert "what changed of" in Path("r.html").read_text("utf-8")
    before = Network(Run(Path("good"), Path("shards"), ShardPlace().manifest(Path("shards"))), 0)
    monkeypatch.setattr(Run, "predictor", lambda self, *_: before)
    monkeypatch.setattr(Run, "samples", counting)
    before.truth = [truth for truth in before.truth for _ in "ab"]
    compared(capsys, "poor", "good")
    assert passes == ["val"]


def test_a_run_and_a_folder_are_compared_on_the_run_s_labels(
    two_runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["--labels", "data/SegmentationClass", "--executor", "serial"]
    found = compared(capsys, "good", "data/SegmentationClass", *line)
    assert found["means"]["miou"]["b"] == 1.0
    assert found["outcome"] == "better"
    assert len(found["b"]["images_alone"]) == 18
    mirrored = compared(capsys, "data/SegmentationClass", "good", *line)
    assert mirrored["means"]["miou"]["difference"] == -found["means"]["miou"]["difference"]
    shutil.copytree("data/SegmentationClass", "other")
    for path in Path("other").glob("*.png"):
        put(path, (1 - read_label(path)).astype(np.uint8))
    assert "have other labels for portrait_" in refused(
        capsys, "good", "other", "--labels", "other"
    )


def test_a_run_is_compared_with_a_report(
    two_runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", "poor", "--report", "poor.json", "--no-calibration"]) == 0
    of_runs = compared(capsys, "poor", "good")
    assert compared(capsys, "poor.json", "good")["means"] == of_runs["means"]


def test_runs_on_other_shards_need_a_place_to_meet(
    two_runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(["shard", "data", "again", "--seed", "3", "--shards", "2", "--executor", "serial"]) == 0
    )
    config = json.loads(Path("poor/config.json").read_text("utf-8"))
    Path("poor/config.json").write_text(json.dumps(config | {"shards": "again"}), "utf-8")
    assert "--shards DIR" in refused(capsys, "poor", "good")
    assert compared(capsys, "poor", "good", "--shards", "shards")["outcome"] == "better"


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(segdata.UserError, match="50 draws"):
        segdata.ComparisonRequest(a=Path("a"), b=Path("b"), bootstrap=Bootstrap(50))
