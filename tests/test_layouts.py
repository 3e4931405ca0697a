"""The doctor finds photos and masks in the folders that people keep them in."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from segdata.cli import run
from segdata.diagnosis import Verdict
from segdata.images import encode_label, encode_photo
from segdata.workflows import DoctorRequest, diagnose

NUMBERS = range(6)


def write(root: Path, photo: str, mask: str, foreground: int = 255) -> Path:
    """Photos and masks under patterns with the number ``{}`` and a split ``{split}``."""
    rng = np.random.default_rng(1)
    for number in NUMBERS:
        picture = rng.integers(0, 90, (48, 64, 3), np.uint8)
        label = np.zeros((48, 64), np.uint8)
        top, left = rng.integers(5, 20, 2)
        label[top : top + 20, left : left + 25] = foreground
        picture[label > 0] += 120
        split = "val" if number < 2 else "train"
        for pattern, data in ((photo, encode_photo(picture)), (mask, encode_label(label))):
            path = root / pattern.format(number, split=split)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return root


LAYOUTS = {
    "side by side": ("images/{}.png", "masks/{}.png"),
    "splits inside": ("images/{split}/{}.png", "masks/{split}/{}.png"),
    "splits outside": ("{split}/images/{}.png", "{split}/masks/{}.png"),
    "mmsegmentation": ("img_dir/{split}/{}.png", "ann_dir/{split}/{}.png"),
    "split in the name": ("{split}/{}.png", "{split}_labels/{}.png"),
    "SegNet": ("{split}/{}.png", "{split}annot/{}.png"),
    "one folder": ("{}.png", "{}_mask.png"),
    "masks with an ending": ("images/{}.png", "masks/{}_mask.png"),
    "names of nothing": ("a/{}.png", "b/{}.png"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_labels_are_judged_in_every_usual_layout(tmp_path: Path, layout: str) -> None:
    root = write(tmp_path / "data", *LAYOUTS[layout])
    found = diagnose(DoctorRequest(paths=(str(root),)))
    assert found.causes[0].finding.rule == "L01"
    assert "6 of 6 pairs" in found.looked_at[0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sound_labels_are_sound_in_every_usual_layout(tmp_path: Path, layout: str) -> None:
    root = write(tmp_path / "data", *LAYOUTS[layout], foreground=1)
    found = diagnose(DoctorRequest(paths=(str(root),)))
    assert found.verdict is Verdict.HEALTHY
    assert found.exhibits.facts.labels is not None
    splits = dict(found.exhibits.facts.labels.samples)
    assert splits == ({"train": 4, "val": 2} if "{split}" in LAYOUTS[layout][0] else {"all": 6})


@pytest.mark.parametrize("layout", ["side by side", "splits outside", "masks with an ending"])
def test_the_printed_commands_mend_plain_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    root = write(tmp_path / "data", *LAYOUTS[layout], foreground=1)
    for path in root.rglob("*.png"):
        if "mask" in str(path):
            soften(path)
    monkeypatch.chdir(tmp_path)
    found = diagnose(DoctorRequest(paths=("data",), num_classes=2)).causes[0].finding
    assert found.rule == "L12"
    for command in found.fix.splitlines():
        assert run([*shlex.split(command)[1:], *serial(command)]) == 0, command
    assert diagnose(DoctorRequest(paths=(shlex.split(command)[3],))).verdict is Verdict.HEALTHY


def serial(command: str) -> list[str]:
    return [] if " register " in command else ["--executor", "serial"]


def soften(path: Path) -> None:
    """Greys along the edges of a mask, as a soft brush leaves them."""
    import cv2

    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) * 200
    path.write_bytes(encode_label(cv2.GaussianBlur(mask, (3, 3), 0)))


def test_masks_with_an_ending_are_no_fault_of_their_own_and_are_told(tmp_path: Path) -> None:
    root = write(tmp_path, "images/{}.png", "masks/{}_mask.png", foreground=1)
    told = {c.finding.rule: c.finding for c in diagnose(DoctorRequest(paths=(str(root),))).causes}
    assert "'_mask'" in told["P10"].message


def test_masks_with_an_ending_are_a_cause_where_nothing_was_learned(tmp_path: Path) -> None:
    root = write(tmp_path, "images/{}.png", "masks/{}_mask.png", foreground=1)
    for number in NUMBERS:
        path = root / "predictions" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode_label(np.zeros((48, 64), np.uint8)))
    found = diagnose(DoctorRequest(paths=(str(root),)))
    assert found.verdict is Verdict.FAULT
    assert "P10" in [cause.finding.rule for cause in found.causes]


def test_a_descriptor_of_other_folders_never_makes_a_healthy_data_set(tmp_path: Path) -> None:
    root = write(tmp_path, "images/{}.png", "masks/{}.png", foreground=1)
    (root / "dataset.toml").write_text('name = "data"\nnum_classes = 2\n')
    found = diagnose(DoctorRequest(paths=(str(root),)))
    assert found.verdict is Verdict.NOT_ENOUGH
    assert any("no folder JPEGImages" in line for line in found.missing)


def test_photos_beside_masks_of_other_names_are_not_taken_for_predictions(tmp_path: Path) -> None:
    root = write(tmp_path, "images/{}.png", "masks/{}.png")
    for number, path in enumerate(sorted((root / "masks").iterdir())):
        path.rename(path.with_name(f"scan{number + 70}.png"))
    found = diagnose(DoctorRequest(paths=(str(root / "images"), str(root / "masks"))))
    assert "L01" in [cause.finding.rule for cause in found.causes]


def test_some_labels_with_an_ending_are_told_as_such_and_not_as_missing(tmp_path: Path) -> None:
    root = write(tmp_path, "JPEGImages/{}.png", "SegmentationClass/{}.png", foreground=1)
    (root / "dataset.toml").write_text('name = "data"\nnum_classes = 2\n')
    for number in (1, 4):
        path = root / "SegmentationClass" / f"{number}.png"
        path.rename(path.with_stem(f"{number}_mask"))
    found = diagnose(DoctorRequest(paths=(str(root),))).causes
    assert [cause.finding.rule for cause in found if cause.finding.level.label == "error"] == [
        "P10"
    ]
    assert "'_mask'" in found[0].finding.message
    (root / "SegmentationClass" / "4_mask.png").unlink()
    lost = {cause.finding.rule for cause in diagnose(DoctorRequest(paths=(str(root),))).causes}
    assert {"P07", "P10"} <= lost


def test_labels_of_other_names_are_judged_beside_what_is_wrong_with_the_names(
    tmp_path: Path,
) -> None:
    root = write(tmp_path, "JPEGImages/{}.png", "SegmentationClass/{}_mask.png")
    (root / "dataset.toml").write_text(
        'name = "data"\nnum_classes = 2\nignore_label = 255\n', "utf-8"
    )
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("\n".join(map(str, NUMBERS)))
    found = {c.finding.rule for c in diagnose(DoctorRequest(paths=(str(root),))).causes}
    assert {"L01", "P10"} <= found
