"""The six questions that stand under every DeepLab tutorial: a folder and a command answer them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from commandline import command_lines
from PIL import Image

from segdata.cli import run
from segdata.conversion import ConversionRequest, convert
from segdata.dataset import load_dataset
from segdata.images import encode_label, encode_photo, read_label
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.sharding import shard

# A network of some thousand weights, in the original's flags and in ours.
TINY = (
    "--depth_multiplier=0.1 --aspp_convs_filters=8 --decoder_filters=8 --train_batch_size=2 "
    "--training_number_of_steps=1 --set low_level_filters=4 --set recalibrate_batches=1 "
    "--set precision=fp32 --set threads=1"
)
SPLITS = {"train": (0, 300), "trainval": (300, 330), "val": (330, 350)}


def told(line: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[str, str]:
    """What a command prints: its result and its notes."""
    capsys.readouterr()
    assert run(shlex.split(line)) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return out, err


@pytest.fixture(scope="module")
def portraits(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("six") / "data"
    convert(ConversionRequest(source=samples / "portrait", out=out))
    return out


@pytest.fixture(scope="module")
def shards(portraits: Path) -> Path:
    shard(load_dataset(portraits), portraits.parent / "shards")
    return portraits.parent / "shards"


def two_classes(root: Path, background: int, foreground: int) -> int:
    """350 pictures of 40×40 with a bright box; returns the pixels of the boxes."""
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    rng, inside = np.random.default_rng(0), 0
    names = [f"portrait_{number:03}" for number in range(350)]
    for name in names:
        mask = np.zeros((40, 40), dtype=bool)
        (y, x), (height, width) = rng.integers(4, 18, 2), rng.integers(8, 18, 2)
        mask[y : y + height, x : x + width] = True
        photo = rng.integers(0, 90, (40, 40, 3), dtype=np.uint8)
        photo[mask] += 120
        label = np.where(mask, foreground, background).astype(np.uint8)
        (root / "JPEGImages" / f"{name}.jpg").write_bytes(encode_photo(photo, "jpeg"))
        (root / "SegmentationClass" / f"{name}.png").write_bytes(encode_label(label))
        inside += int(mask.sum())
    for split, (first, last) in SPLITS.items():
        text = "".join(f"{name}\n" for name in names[first:last])
        (root / "ImageSets" / "Segmentation" / f"{split}.txt").write_text(text)
    return inside


@pytest.mark.parametrize(
    ("values", "rule", "answer"),
    [
        (
            (0, 255), "L01",
            "the labels hold only 0 and 255, and 255 is the ignore label: all {inside} foreground "
            "pixels (9.9 %) are left out of training",
        ),
        ((0, 128), "L02", "label values 0, 128 are grey levels, not class ids 0 to 1"),
        (
            (0, 38), "L02",
            "label values 0, 38 are grey levels, not class ids 0 to 1; they are the brightness of "
            "PASCAL VOC's palette as TensorFlow or OpenCV reads it: color labels were read as grey",
        ),
        (
            (1, 2), "L06",
            "ids run from 1 to 2 and 0 is nowhere, with num_classes = 2: 2 is out of range",
        ),
        ((0, 1), None, ""),
    ],
    ids=["0 and 255", "0 and 128", "0 and 38", "1 and 2", "0 and 1"],
)  # fmt: skip
def test_1_why_two_classes_come_out_black(
    values: tuple[int, int],
    rule: str | None,
    answer: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    inside = two_classes(tmp_path / "faces", *values)
    told(f"register {tmp_path}/faces --name faces --num-classes 2 --ignore 255", capsys)
    out, _ = told(
        "validate faces --executor serial --format json", capsys, code=0 if rule is None else 1
    )
    errors = [f for f in json.loads(out)["findings"] if f["level"] == "error"]
    assert [f["rule"] for f in errors] == ([] if rule is None else [rule])
    assert [f["message"] for f in errors] == (
        [] if rule is None else [answer.format(inside=inside)]
    )


@pytest.mark.slow
def test_1_the_printed_fix_ends_it_and_sizes_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    inside = two_classes(tmp_path / "faces", 0, 255)
    told("register faces --name faces --num-classes 2 --ignore 255", capsys)
    out, _ = told("validate faces --executor serial --format json", capsys, code=1)
    (finding,) = json.loads(out)["findings"]
    table = finding["fix"].partition("\n")[2].partition("segdata ")[0]
    Path("classes.csv").write_text(table)
    (line,) = command_lines(finding["fix"])
    told(f"{line.removeprefix('segdata ')} --executor serial", capsys)
    told("validate faces-ids --executor serial", capsys)
    told("shard faces-ids tfrecord --executor serial", capsys)
    splits = ShardManifest.load(Path("tfrecord")).splits
    assert {name: info.samples for name, info in splits.items()} == {
        "train": 300, "val": 20, "trainval": 30,
    }  # fmt: skip
    assert sum(info.pixels[1] for info in splits.values()) == inside


def train_line(shards: Path, run_folder: Path, more: str) -> str:
    return f"train --logtostderr --dataset_dir={shards} --train_logdir={run_folder} {TINY} {more}"


@pytest.mark.slow
def test_2_which_crop_size_suits_299(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = told(train_line(shards, tmp_path / "a", "--train_crop_size=513,513"), capsys)
    assert (
        "crops of 513×513 are 66% padding around the largest image, 299×299; 305,305 holds it whole"
    ) in err.splitlines()
    _, err = told(train_line(shards, tmp_path / "b", "--train_crop_size=299,299"), capsys)
    assert (
        "crops of 299×299: the corners of image and logits coincide where sides are k·16+1, such "
        "as 305,305"
    ) in err.splitlines()
    _, err = told(train_line(shards, tmp_path / "c", "--train_crop_size=305,305"), capsys)
    assert not re.search("crops of", err)


def test_3_the_evaluation_ends_and_knows_the_network(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Decoder and rates are left out, whose branches the original would bypass without a word."""
    line = train_line(shards, tmp_path / "run", "--atrous_rates=6 --atrous_rates=12")
    told(f"{line} --decoder_output_stride=4 --train_crop_size=65 --train_crop_size=65", capsys)
    crop = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]["data"]
    assert crop["crop_size"] == [65, 65]
    line = (
        f"eval --logtostderr --checkpoint_dir={tmp_path}/run --eval_logdir={tmp_path}/eval "
        f"--dataset_dir={shards} --eval_crop_size=305,305 --max_number_of_evaluations=0"
    )
    scores = []
    for flags in (
        "--decoder_output_stride=4 --atrous_rates=6 --atrous_rates=12",
        f"--checkpoint_dir={tmp_path}/run/model.ckpt-1",
    ):
        out, err = told(f"{line} {flags}", capsys)
        assert "mIoU" in out
        assert (
            "--max_number_of_evaluations: the command goes once through the split and ends; it "
            "waits for no new checkpoint"
        ) in err.splitlines()
        scores.append(json.loads((tmp_path / "eval" / "report.json").read_text())["miou"])
    assert scores[0] == scores[1]


def test_3_a_network_other_than_the_trained_one_is_refused_instead_of_black(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(train_line(shards, tmp_path / "run", "--train_crop_size=65,65"), capsys)
    _, err = told(
        f"eval --checkpoint_dir={tmp_path}/run --eval_logdir={tmp_path}/eval "
        "--decoder_output_stride=4 --output_stride=8",
        capsys, code=2,
    )  # fmt: skip
    assert "of another network than asked for: network.decoder_output_stride is [], not [4]" in err
    assert "leave it out: the checkpoint knows the network it is of" in err


def test_4_how_segmentation_class_images_are_made(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(f"convert {samples}/portrait {tmp_path}/data --executor serial", capsys)
    made = sorted((tmp_path / "data" / "SegmentationClass").iterdir())
    assert len(made) == 24
    for path in made:
        with Image.open(path) as picture:
            assert picture.mode == "L"
            assert picture.size == (299, 299)
        assert set(np.unique(read_label(path))) <= {0, 1}
    lists = {p.name for p in (tmp_path / "data" / "ImageSets" / "Segmentation").iterdir()}
    assert {"train.txt", "val.txt"} <= lists


@pytest.mark.parametrize("flag", ["--image_format=png", ""], ids=["said png", "png by default"])
def test_5_photos_are_found_whatever_the_format_that_is_said(
    flag: str, portraits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = told(
        f"shard --image_folder={portraits}/JPEGImages {flag} --output_dir={tmp_path}/tfrecord "
        f"--semantic_segmentation_folder={portraits}/SegmentationClass "
        f"--list_folder={portraits}/ImageSets/Segmentation --executor serial",
        capsys,
    )
    note = (
        f"--image_format=png: none of the photos in {portraits}/JPEGImages ends in .png; the 24 "
        f"that end in .jpg are taken. The original would look for {portraits}/JPEGImages/….png and "
        "end with NotFoundError"
    )
    assert (note in err.splitlines()) == bool(flag)
    written = ShardManifest.load(tmp_path / "tfrecord").splits
    assert written["train"].samples + written["val"].samples == 24


def test_6_a_data_set_is_registered_by_a_command(
    portraits: Path, shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shards that the original's scripts made, of a data set of one's own."""
    theirs = tmp_path / "tfrecord"
    theirs.mkdir()
    for path in shards.glob("*.tfrecord"):
        (theirs / path.name).write_bytes(path.read_bytes())
    assert not (theirs / MANIFEST_FILE).exists()
    line = train_line(theirs, tmp_path / "run", "--train_crop_size=65,65 --dataset=faces")
    _, err = told(line, capsys, code=2)
    assert "'faces' is neither a folder nor the name of a data set" in err
    assert "segdata register FOLDER --name faces" in err
    told(f"register {portraits} --name faces", capsys)
    told(line, capsys)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert [c["name"] for c in config["classes"]["classes"]] == ["background", "person"]
