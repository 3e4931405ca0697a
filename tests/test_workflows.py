"""The way from a folder to a diagnosis, on the portraits."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from segdata import rules
from segdata.cli import run
from segdata.conversion import ConversionRequest, convert
from segdata.dataset import load_dataset
from segdata.diagnosis import Verdict
from segdata.errors import BadData, UserError
from segdata.evidence import CaseFacts, LabelEvidence, SettingsFacts
from segdata.evidence.predictions import PredictionFacts
from segdata.findings import Finding
from segdata.images import encode_label, read_label, read_photo
from segdata.manifest import ShardManifest
from segdata.sharding import shard
from segdata.workflows import (
    DoctorRequest,
    EvaluationRequest,
    PictureRequest,
    diagnose,
    evaluate,
    train,
    visualize,
)
from segdata.workflows.runs import ShardPlace, load_run

TINY = ["depth_multiplier=0.1", "aspp_filters=8", "decoder_filters=8", "low_level_filters=8",
        "batch_size=2", "crop_size=[65,65]", "recalibrate_batches=2"]  # fmt: skip


@pytest.fixture(scope="module")
def portrait(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("portrait") / "data"
    convert(ConversionRequest(source=samples / "portrait", out=out))
    return out


@pytest.fixture(scope="module")
def shards(portrait: Path) -> Path:
    shard(load_dataset(portrait), portrait.parent / "shards")
    return portrait.parent / "shards"


@pytest.fixture(scope="module")
def trained(shards: Path) -> Path:
    train(str(shards), shards.parent / "run", ["steps=2", *TINY])
    return shards.parent / "run"


@pytest.fixture
def twin(portrait: Path, tmp_path: Path) -> Path:
    """The portraits with labels 0 and 255, as half the tutorials make them."""
    twin = tmp_path / "twin"
    for path in portrait.rglob("*.*"):
        target = twin / path.relative_to(portrait)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    for path in (twin / "SegmentationClass").iterdir():
        path.write_bytes(encode_label(read_label(path) * np.uint8(255)))
    toml = twin / "dataset.toml"
    toml.write_text(toml.read_text().replace("ignore_label = false", "ignore_label = 255"))
    return twin


def test_the_crop_for_299_is_chosen_and_explained(shards: Path, tmp_path: Path) -> None:
    from model.config import TrainSettings
    from model.crops import choose_crop_size

    info = ShardManifest.load(shards).splits["train"]
    choice = choose_crop_size([(info.max_height, info.max_width)], 16)
    assert choice.size == (305, 305)
    assert "305" in choice.reason
    notes: list[str] = []

    class Notes:
        def __call__(self, items, what, total):  # type: ignore[no-untyped-def]
            return iter(items)

        def at(self, done: int, total: int, what: str) -> None:
            """Nothing is shown."""

        def note(self, sentence: str) -> None:
            notes.append(sentence)

    tiny = [value for value in TINY if "crop" not in value]
    train(str(shards), tmp_path / "run", ["steps=1", *tiny], watch=Notes())
    assert any("305×305" in note for note in notes)
    assert TrainSettings().data.crop_size is None


def test_labels_0_and_255_are_refused_by_train(twin: Path, tmp_path: Path) -> None:
    with pytest.raises(BadData) as caught:
        train(str(twin), tmp_path / "run", ["steps=1", *TINY])
    assert caught.value.report.findings[0].rule == "L01"
    assert not (tmp_path / "run").exists()


def test_a_refusal_by_train_leaves_the_folder_as_it_was(twin: Path, tmp_path: Path) -> None:
    mine, new = tmp_path / "mine", tmp_path / "new"
    mine.mkdir()
    (mine / "notes").touch()
    for out in (mine, new):
        with pytest.raises(BadData):
            train(str(twin), out, TINY)
    assert [path.name for path in mine.iterdir()] == ["notes"]
    assert not new.exists()


def test_labels_0_and_255_are_explained_by_the_doctor(twin: Path) -> None:
    diagnosis = diagnose(DoctorRequest(paths=(str(twin),)))
    assert diagnosis.verdict is Verdict.FAULT
    first = diagnosis.to_json()["diagnosis"][0]
    assert first["rule"] == "L01"
    assert first["certainty"] == "proof"
    assert "segdata convert" in first["fix"]


def test_the_doctor_finds_the_cause_of_black_predictions_in_the_labels(
    twin: Path, tmp_path: Path
) -> None:
    black = tmp_path / "predictions"
    black.mkdir()
    for path in (twin / "SegmentationClass").iterdir():
        (black / path.name).write_bytes(encode_label(np.zeros((299, 299), dtype=np.uint8)))
    diagnosis = diagnose(DoctorRequest(paths=(str(twin),), predictions=black)).to_json()[
        "diagnosis"
    ]
    assert [(d["rule"], d["explains"]) for d in diagnosis] == [("L01", ["I10"])]


def test_a_healthy_set_is_healthy_and_what_was_read_is_told(portrait: Path) -> None:
    diagnosis = diagnose(DoctorRequest(paths=(str(portrait),)))
    assert diagnosis.verdict is Verdict.HEALTHY
    assert "24 of 24 pairs" in diagnosis.looked_at[0]


def test_a_run_is_scored_with_baselines_and_reports(trained: Path, tmp_path: Path) -> None:
    files = (tmp_path / "r.html", tmp_path / "r.json")
    report = evaluate(EvaluationRequest(run=trained, split="val", reports=files))
    saved = json.loads(files[1].read_text("utf-8"))
    assert saved["miou"] == report.miou
    assert saved["miou_rule"] == "cityscapes"
    assert len(saved["baselines"]) == 2
    assert len(saved["images"]) == 6
    assert saved["provenance"]["precision"] == "fp32"
    assert "training" not in saved["provenance"]
    assert "portrait" in files[0].read_text("utf-8")


def test_the_precision_that_scores_is_chosen_and_told(trained: Path) -> None:
    report = evaluate(EvaluationRequest(run=trained, split="val", precision="bf16"))
    assert report.provenance["precision"] == "bf16"


def test_a_run_that_is_not_finished_is_told_with_its_scores(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, report = tmp_path / "run", tmp_path / "r.json"
    shutil.copytree(trained, folder)
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["run"]["steps"] = 500
    (folder / "config.json").write_text(json.dumps(config))
    assert run(["eval", str(folder), "--report", str(report)]) == 0
    told = "step 2 of 500: the run is not finished"
    assert told in capsys.readouterr().err
    assert json.loads(report.read_text())["provenance"]["training"] == told


def test_two_folders_are_scored_without_a_model(portrait: Path) -> None:
    labels = portrait / "SegmentationClass"
    request = EvaluationRequest(predictions=labels, labels=labels, num_classes=2)
    assert evaluate(request).miou == 1.0


def test_a_split_that_is_not_there_is_told(trained: Path) -> None:
    with pytest.raises(UserError, match="no split 'test'"):
        evaluate(EvaluationRequest(run=trained, split="test"))


def test_pictures_keep_names_and_color_files_keep_ids(trained: Path, tmp_path: Path) -> None:
    request = PictureRequest(source=str(trained), out=tmp_path / "vis", limit=2)
    pictures = visualize(request)
    assert dict(pictures.written) == {"overlay": 2, "side_by_side": 2, "color": 2}
    for path in (tmp_path / "vis" / "color").iterdir():
        assert set(np.unique(read_label(path))) <= {0, 1}
        assert read_photo(path).shape == (299, 299, 3)


def test_labels_are_drawn_before_any_training(portrait: Path, tmp_path: Path) -> None:
    request = PictureRequest(source=str(portrait), out=tmp_path / "vis", kinds=("color",))
    assert visualize(request).images == 6


def test_moved_shards_are_asked_for(trained: Path, shards: Path, tmp_path: Path) -> None:
    config = json.loads((trained / "config.json").read_text("utf-8"))
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    (run_folder / "config.json").write_text(json.dumps({**config, "shards": "/gone"}))
    with pytest.raises(UserError, match="--shards"):
        evaluate(EvaluationRequest(run=run_folder))


def test_shards_that_are_named_are_those_that_are_read(
    trained: Path, shards: Path, portrait: Path, tmp_path: Path
) -> None:
    """A descriptor beside them says what ids mean; it does not lead back to the run's own."""
    copy = shutil.copytree(shards, tmp_path / "copy")
    shutil.copy(portrait / "dataset.toml", copy)
    assert load_run(trained, ShardPlace(copy)).shards == copy
    # The data set itself, as the original's command lines name it, stands for what it became.
    assert load_run(trained, ShardPlace(portrait)).shards == shards


def test_another_data_set_is_never_scored_on_the_run_s_own_shards(
    trained: Path, portrait: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(portrait, tmp_path / "other")
    toml = other / "dataset.toml"
    toml.write_text(re.sub('name = ".*"', 'name = "other"', toml.read_text(), count=1))
    with pytest.raises(UserError, match="other is a data set, and not the one") as told:
        evaluate(EvaluationRequest(run=trained, shards=other))
    assert f"segdata shard {other} SHARDS" in told.value.remedy


def test_training_goes_on_where_it_stopped(shards: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(str(shards), out, ["steps=2", *TINY])
    again = train(str(shards), out, ["steps=2", *TINY])
    assert again.first_step == again.steps == 2


def test_a_misspelt_setting_is_told_with_the_nearest(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["train", str(shards), "--out", str(tmp_path / "run"), "--set", "sed=7"]
    assert run(line) == 2
    assert "seed" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_training_begins_with_the_network_of_a_checkpoint_and_resumes_without_it(
    shards: Path, trained: Path, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    shutil.copytree(trained, first)
    line = [f"initialization.checkpoint={first}", "steps=1", "batch_size=2", "crop_size=65,65"]
    begun = train(str(shards), tmp_path / "next", line)
    assert begun.settings.network.depth_multiplier == 0.1
    shutil.rmtree(first)
    again = train(str(shards), tmp_path / "next", line)
    assert (again.first_step, again.settings) == (1, begun.settings)


def test_a_run_that_cannot_be_read_is_not_called_healthy(trained: Path, tmp_path: Path) -> None:
    config = json.loads((trained / "config.json").read_text("utf-8"))
    moved, empty = tmp_path / "moved", tmp_path / "empty"
    for folder, shards_at in ((moved, "/gone"), (empty, config["shards"])):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({**config, "shards": shards_at}))
    undecided = diagnose(DoctorRequest(paths=(str(moved),)))
    assert undecided.verdict is Verdict.NOT_ENOUGH
    assert "--shards" in undecided.missing[0]
    broken = diagnose(DoctorRequest(paths=(str(empty),)))
    assert broken.verdict is Verdict.FAULT
    assert broken.causes[0].finding.rule == "C11"


def test_an_interrupted_folder_is_not_mended_into_a_wrong_one(portrait: Path) -> None:
    half = portrait.parent / "half"
    (half / "SegmentationClass").mkdir(parents=True)
    (half / ".segdata-incomplete").touch()
    for line in (["validate", str(half)], ["register", str(half), "--num-classes", "2"],
                 ["doctor", str(half)]):  # fmt: skip
        assert run(line) == 2
    assert not (half / "dataset.toml").exists()


def test_a_collapsed_run_that_was_short_is_told_to_train_longer() -> None:
    def short(steps: int, ids: tuple[int, ...]) -> list[Finding]:
        pixels = dict.fromkeys(ids, 10)
        predictions = PredictionFacts(
            where="p", files=1, read=1, pixels=pixels, constant=1, brightest=0
        )
        labels = LabelEvidence(
            where="l", num_classes=2, ignore=255, samples={"train": 400, "val": 9}
        )
        training = SettingsFacts(where="run", tool="segdata", steps=steps, batch_size=2)
        case = CaseFacts(predictions=predictions, labels=labels, training=training)
        return [found for found in rules.judge_case(case) if found.rule == "T02"]

    (found,) = short(3, (0,))
    assert found.certainty.label == "medium"
    assert "--steps 10000" in found.fix
    assert not short(3, (0, 1))
    assert not short(9000, (0,))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="nested without end"),
        '{"shards": 5, "classes": {}, "settings": {"run": {"steps": 1}}}',
        '{"shards": "s", "classes": {}, "settings": {"run": {"steps": 1}}}',
        '{"shards": "s", "classes": {"classes": []}, "settings": {"run": {"steps": 1}}}',
    ],
)
def test_a_damaged_config_is_told_to_who_asks_the_doctor(
    text: str, shards: Path, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(text.replace('"s"', json.dumps(str(shards))))
    with pytest.raises(UserError, match="damaged"):
        diagnose(DoctorRequest(paths=(str(tmp_path / "run"),)))


def test_a_run_that_has_not_logged_anything_yet_is_looked_at(trained: Path, tmp_path: Path) -> None:
    run_folder = shutil.copytree(trained, tmp_path / "run")
    (run_folder / "metrics.jsonl").write_bytes(b"")
    diagnosis = diagnose(DoctorRequest(paths=(str(run_folder),), budget=1))
    assert any("holds no losses" in line for line in diagnosis.missing)
    assert any("records of the shards" in line for line in diagnosis.looked_at)
