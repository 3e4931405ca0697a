"""Shards without a manifest, as the original's scripts make them, are trained on and scored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from segdata import builtin, records
from segdata.cli import run
from segdata.dataset import DatasetDescriptor
from segdata.errors import BadData, UserError
from segdata.images import encode_label, encode_photo, read_label
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.workflows import EvaluationRequest, PictureRequest, evaluate, train, visualize
from segdata.workflows.foreign_shards import adopted, described, is_foreign, refuse_others

TINY = ["depth_multiplier=0.1", "aspp_filters=8", "atrous_rates=[]", "decoder_output_stride=[]",
        "batch_size=2", "crop_size=[33,33]", "recalibrate_batches=1", "steps=1"]  # fmt: skip
THREE = DatasetDescriptor(name="three", num_classes=3, ignore_label=255)


def write(path: Path, labels: list[np.ndarray | None]) -> None:
    with path.open("wb") as file:
        writer = records.RecordWriter(file)
        for number, label in enumerate(labels):
            rng = np.random.default_rng(number)
            photo = rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)
            encoded = None if label is None else encode_label(label)
            key = f"{path.stem}_{number}"
            sample = records.Sample(key, encode_photo(photo), "png", 40, 50, encoded)
            writer.write(records.encode(sample))


def label(*, stray: int | None = None, seed: int = 0) -> np.ndarray:
    out = np.random.default_rng(seed).integers(0, 3, (4, 5), dtype=np.uint8)
    out = np.kron(out, np.ones((10, 10), dtype=np.uint8))
    out[:2] = 255 if stray is None else stray
    return out


def write_foreign(folder: Path) -> Path:
    """What build_voc2012_data.py leaves of five pictures: files of records, one of them empty."""
    folder.mkdir()
    write(folder / "train-00000-of-00003.tfrecord", [label(seed=1), label(seed=2)])
    write(folder / "train-00001-of-00003.tfrecord", [label(seed=3)])
    (folder / "train-00002-of-00003.tfrecord").touch()
    write(folder / "val-00000-of-00001.tfrecord", [label(seed=4), label(seed=5)])
    return folder


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    return write_foreign(tmp_path / "tfrecord")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Shards of others and a run on them; both are only read."""
    folder = tmp_path_factory.mktemp("trained")
    shards = write_foreign(folder / "tfrecord")
    before = contents(shards)
    train(str(shards), folder / "run", TINY, dataset="pascal_voc_seg")
    assert contents(shards) == before
    return shards, folder / "run"


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.iterdir()}


def test_a_manifest_is_made_of_what_the_records_hold(foreign: Path) -> None:
    manifest = described(foreign, THREE)
    assert list(manifest.splits) == ["train", "val"]
    train_ = manifest.splits["train"]
    assert (train_.samples, train_.labelled) == (3, 3)
    assert (train_.max_height, train_.max_width) == (40, 50)
    assert train_.pixels[-1] == 3 * 2 * 50
    assert sum(train_.pixels) == 3 * 40 * 50
    assert [len(s.offsets) for s in manifest.of_split("train")] == [2, 1, 0]
    assert manifest.num_classes == 3


def test_the_manifest_is_that_of_segdata_s_own_shards(samples: Path, tmp_path: Path) -> None:
    from segdata.conversion import ConversionRequest, convert
    from segdata.dataset import load_dataset
    from segdata.sharding import ShardRequest, shard

    convert(ConversionRequest(source=samples / "portrait", out=tmp_path / "data"))
    dataset = load_dataset(tmp_path / "data")
    shard(dataset, tmp_path / "shards", ShardRequest(shards=3))
    own = ShardManifest.load(tmp_path / "shards")
    (tmp_path / "shards" / MANIFEST_FILE).unlink()
    assert is_foreign(tmp_path / "shards")
    found = described(tmp_path / "shards", dataset.descriptor)
    assert found.digest == own.digest
    assert found.splits == own.splits
    assert found.class_map == own.class_map


def test_scoring_writes_nothing_where_the_shards_lie(trained: tuple[Path, Path]) -> None:
    shards, run_folder = trained
    before = contents(shards)
    request = EvaluationRequest(run=run_folder, shards=shards, dataset="pascal_voc_seg")
    report = evaluate(request)
    assert contents(shards) == before
    assert len(report.images) == 2
    assert report.class_map == builtin.descriptor("pascal_voc_seg").class_map


def test_the_run_keeps_a_manifest_and_links_and_is_scored_by_itself(
    trained: tuple[Path, Path],
) -> None:
    shards, run_folder = trained
    own = {path.name for path in (run_folder / "shards").iterdir()}
    assert own == {*(path.name for path in shards.iterdir()), MANIFEST_FILE}
    assert len(evaluate(EvaluationRequest(run=run_folder)).images) == 2


def test_the_same_line_again_goes_on(trained: tuple[Path, Path]) -> None:
    shards, run_folder = trained
    assert train(str(shards), run_folder, TINY, dataset="pascal_voc_seg").first_step == 1


def test_other_shards_under_the_same_names_are_another_run(foreign: Path, tmp_path: Path) -> None:
    into = adopted(foreign, described(foreign, THREE), tmp_path / "run" / "shards")
    refuse_others(foreign, into)
    write(foreign / "train-00001-of-00003.tfrecord", [label(seed=8), label(seed=9)])
    with pytest.raises(UserError, match="was trained on other shards"):
        refuse_others(foreign, into)


def test_a_run_does_not_go_on_with_other_classes(trained: tuple[Path, Path]) -> None:
    shards, run_folder = trained
    with pytest.raises(UserError, match="was trained on the classes of pascal_voc_seg, not of kit"):
        train(str(shards), run_folder, TINY, dataset="kitti")


def test_classes_that_were_named_wrongly_may_be_named_anew(foreign: Path, tmp_path: Path) -> None:
    """The run has not begun: only its shards were looked at."""
    wrong = [*TINY, "split=nowhere"]
    with pytest.raises(UserError, match="no split 'nowhere'"):
        train(str(foreign), tmp_path / "run", wrong, dataset="kitti")
    train(str(foreign), tmp_path / "run", TINY, dataset="pascal_voc_seg")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["classes"]["classes"][1]["name"] == "aeroplane"


def test_a_folder_of_the_original_s_training_is_not_gone_on_with(
    foreign: Path, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    for step in (0, 30000):
        (tmp_path / "run" / f"model.ckpt-{step}.index").touch()
    with pytest.raises(UserError, match="checkpoints of the original's training") as raised:
        train(str(foreign), tmp_path / "run", TINY, dataset="pascal_voc_seg")
    assert raised.value.remedy.endswith(f"--tf_initial_checkpoint={tmp_path}/run/model.ckpt-30000")


def test_shards_that_are_gone_are_others(foreign: Path, tmp_path: Path) -> None:
    into = adopted(foreign, described(foreign, THREE), tmp_path / "run" / "shards")
    shutil.move(foreign, tmp_path / "moved")
    with pytest.raises(UserError, match="choose another run folder"):
        refuse_others(foreign, into)


def test_ids_outside_the_classes_are_a_finding(
    foreign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(foreign / "train-00001-of-00003.tfrecord", [label(stray=77)])
    with pytest.raises(BadData) as raised:
        described(foreign, THREE)
    (finding,) = [f for f in raised.value.report if f.level.name == "ERROR"]
    assert "77" in finding.message
    line = ["train", f"--dataset_dir={foreign}", f"--train_logdir={tmp_path}/run",
            "--dataset=pascal_voc_seg"]  # fmt: skip
    assert run(line) == 1
    told = capsys.readouterr().err
    assert "77" in told
    assert "Traceback" not in told
    assert not (tmp_path / "run").exists()


def test_a_damaged_record_is_a_finding(foreign: Path) -> None:
    path = foreign / "val-00000-of-00001.tfrecord"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadData) as raised:
        described(foreign, THREE)
    assert "S06" in {finding.rule for finding in raised.value.report}


def test_only_the_split_that_is_scored_is_looked_at(foreign: Path) -> None:
    write(foreign / "train-00001-of-00003.tfrecord", [label(stray=77)])
    assert list(described(foreign, THREE, ["val"]).splits) == ["val"]


def test_without_a_name_nobody_knows_what_the_ids_mean(foreign: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="what their ids mean is unknown") as raised:
        train(str(foreign), tmp_path / "run", TINY)
    assert "--dataset pascal_voc_seg" in raised.value.remedy


def test_a_descriptor_beside_the_shards_serves(foreign: Path, tmp_path: Path) -> None:
    (tmp_path / "dataset.toml").write_text(THREE.to_toml())
    train(str(foreign), tmp_path / "run", TINY)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert len([c for c in config["classes"]["classes"] if c["id"] != 255]) == 3


def test_a_dataset_with_other_classes_than_the_run_s_is_refused(
    trained: tuple[Path, Path],
) -> None:
    shards, run_folder = trained
    with pytest.raises(UserError, match="other classes") as raised:
        evaluate(EvaluationRequest(run=run_folder, shards=shards, dataset="cityscapes"))
    assert raised.value.remedy == "leave --dataset cityscapes out: the run knows its classes"


def test_the_classes_of_the_run_serve_where_no_data_set_is_named(
    trained: tuple[Path, Path],
) -> None:
    shards, run_folder = trained
    report = evaluate(EvaluationRequest(run=run_folder, shards=shards))
    assert report.class_map.names[1] == "aeroplane"


def test_their_labels_are_drawn(foreign: Path, tmp_path: Path) -> None:
    request = PictureRequest(
        source=str(foreign), out=tmp_path / "drawn", dataset="pascal_voc_seg", kinds=("color",)
    )
    assert visualize(request).images == 2


def test_records_without_labels_are_counted_and_not_measured(foreign: Path) -> None:
    write(foreign / "test-00000-of-00001.tfrecord", [None, None])
    info = described(foreign, THREE).splits["test"]
    assert (info.samples, info.labelled, sum(info.pixels)) == (2, 0, 0)


@pytest.mark.slow
def test_the_original_s_own_shards_are_read(shared: Path) -> None:
    folder = shared / "parity" / "tfrecords_original" / "tfrecord"
    manifest = described(folder, builtin.descriptor("pascal_voc_seg"))
    assert {name: info.samples for name, info in manifest.splits.items()} == {
        "train": 4, "trainval": 6, "val": 2,
    }  # fmt: skip
    labels = shared / "parity/tfrecords_original/VOCdevkit/VOC2012/SegmentationClassRaw"
    pixels = np.zeros(256, dtype=np.int64)
    for path in labels.iterdir():
        pixels += np.bincount(read_label(path).ravel(), minlength=256)
    assert list(manifest.splits["trainval"].pixels) == [*pixels[:21], pixels[255]]


@pytest.mark.slow
def test_the_original_s_eval_line_gives_the_original_s_score(shared: Path, tmp_path: Path) -> None:
    """Its checkpoint, its shards, its flags; 0.01316 with TensorFlow's JPEG decoder."""
    parity = shared / "parity"
    line = [
        "eval", "--logtostderr", "--eval_split=val", "--model_variant=mobilenet_v2",
        "--eval_crop_size=257,481", f"--checkpoint_dir={parity}/mobilenet_v2",
        f"--dataset_dir={parity}/tfrecords_original/tfrecord", f"--eval_logdir={tmp_path}",
    ]  # fmt: skip
    assert run(line) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["miou"] == pytest.approx(0.01100, abs=1e-5)
