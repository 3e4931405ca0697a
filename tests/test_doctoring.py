"""The doctor's rounds: plain folders, and a fix that is diagnosed again."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from segdata.cli import run
from segdata.diagnosis import Verdict
from segdata.errors import UserError
from segdata.images import encode_label, encode_photo, read_label
from segdata.workflows import DoctorRequest, diagnose, treat

BROKEN = Path(__file__).parents[1] / "sample_data" / "broken"


def write_pairs(photos: Path, masks: Path, foreground: int) -> None:
    """Photos with a bright box, and masks of it."""
    rng = np.random.default_rng(0)
    photos.mkdir(parents=True)
    masks.mkdir(parents=True)
    for number in range(6):
        photo = rng.integers(0, 90, (48, 64, 3), np.uint8)
        mask = np.zeros((48, 64), np.uint8)
        top, left = rng.integers(5, 20, 2)
        mask[top : top + 20, left : left + 25] = foreground
        photo[mask > 0] += 120
        (photos / f"{number}.png").write_bytes(encode_photo(photo))
        (masks / f"{number}.png").write_bytes(encode_label(mask))


@pytest.mark.parametrize("names", [("images", "masks"), ("x", "y"), ("JPEGImages", "gt")])
def test_photos_and_masks_are_told_apart_by_name_or_by_their_pictures(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    photos, masks = tmp_path / names[0], tmp_path / names[1]
    write_pairs(photos, masks, 255)
    for paths in ((str(photos), str(masks)), (str(masks), str(photos))):
        diagnosis = diagnose(DoctorRequest(paths=paths))
        assert diagnosis.verdict is Verdict.FAULT
        assert diagnosis.causes[0].finding.rule == "L01"


def test_photos_may_be_named_beside_the_option_for_labels(tmp_path: Path) -> None:
    write_pairs(tmp_path / "x", tmp_path / "y", 255)
    diagnosis = diagnose(DoctorRequest(paths=(str(tmp_path / "x"),), labels=tmp_path / "y"))
    assert diagnosis.causes[0].finding.rule == "L01"
    assert diagnosis.looked_at[0].startswith("6 of 6 pairs")


def test_what_only_says_something_of_other_things_is_nothing_to_look_at(tmp_path: Path) -> None:
    for request in (DoctorRequest(photos=tmp_path), DoctorRequest(num_classes=3, ignore=255)):
        with pytest.raises(UserError, match="nothing to look at"):
            diagnose(request)


def test_the_printed_command_names_folders_that_were_named_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, masks = tmp_path / "my photos", tmp_path / "drawn" / "by hand"
    write_pairs(photos, masks, 128)
    fix = diagnose(DoctorRequest(labels=masks, photos=photos)).causes[0].finding.fix
    _, *table, command = fix.splitlines()
    monkeypatch.chdir(tmp_path)
    Path("classes.csv").write_text("\n".join(table), "utf-8")
    assert run([*shlex.split(command)[1:], "--executor", "serial"]) == 0
    assert diagnose(DoctorRequest(paths=(f"{masks.parent}-ids",))).verdict is Verdict.HEALTHY


def test_palette_labels_are_named_where_the_network_answers_one_class(tmp_path: Path) -> None:
    write_pairs(tmp_path / "images", tmp_path / "masks", 1)
    palette = np.array([[0, 0, 0], [128, 0, 0]], dtype=np.uint8)
    (tmp_path / "black").mkdir()
    for mask in sorted((tmp_path / "masks").iterdir()):
        mask.write_bytes(encode_label(read_label(mask), palette))
        empty = np.zeros((48, 64), np.uint8)
        (tmp_path / "black" / mask.name).write_bytes(encode_label(empty))
    folders = {"labels": tmp_path / "masks", "photos": tmp_path / "images"}
    assert diagnose(DoctorRequest(**folders)).verdict is Verdict.HEALTHY
    found = diagnose(DoctorRequest(**folders, predictions=tmp_path / "black"))
    assert [cause.finding.rule for cause in found.causes[:2]] == ["L03", "I11"]


def test_a_folder_with_photos_and_masks_in_it_is_looked_into(tmp_path: Path) -> None:
    write_pairs(tmp_path / "images", tmp_path / "masks", 1)
    diagnosis = diagnose(DoctorRequest(paths=(str(tmp_path),)))
    assert diagnosis.verdict is Verdict.HEALTHY
    assert "6 of 6 pairs" in diagnosis.looked_at[0]


def test_labels_alone_are_judged_by_what_they_say_of_themselves(tmp_path: Path) -> None:
    write_pairs(tmp_path / "photos", tmp_path / "masks", 128)
    request = DoctorRequest(labels=tmp_path / "masks", num_classes=2)
    found = diagnose(request)
    assert found.causes[0].finding.rule == "L02"
    declared = DoctorRequest(labels=tmp_path / "masks", num_classes=2, ignore=128)
    assert diagnose(declared).causes[0].finding.rule == "L01"


def test_photos_alone_ask_for_their_labels(tmp_path: Path) -> None:
    write_pairs(tmp_path / "photos", tmp_path / "masks", 1)
    with pytest.raises(UserError, match="holds photos"):
        diagnose(DoctorRequest(paths=(str(tmp_path / "photos"),)))


def test_masks_beside_labels_that_are_known_are_predictions(tmp_path: Path) -> None:
    write_pairs(tmp_path / "photos", tmp_path / "labels", 1)
    shutil.copytree(tmp_path / "labels", tmp_path / "y")
    paths = tuple(str(tmp_path / name) for name in ("photos", "labels", "y"))
    assert diagnose(DoctorRequest(paths=paths)).verdict is Verdict.DISPLAY_ONLY


def test_a_treatment_mends_into_a_new_folder_and_looks_again(tmp_path: Path) -> None:
    sick, out = tmp_path / "sick", tmp_path / "mended"
    shutil.copytree(BROKEN / "L01" / "bad", sick)
    before = {path: path.read_bytes() for path in sick.rglob("*") if path.is_file()}
    done = treat(DoctorRequest(paths=(str(sick),)), out)
    assert done.before.causes[0].finding.rule == "L01"
    assert done.after is not None
    assert done.after.verdict is Verdict.HEALTHY
    assert done.exit_code == 0
    assert before == {path: path.read_bytes() for path in sick.rglob("*") if path.is_file()}
    labels = [read_label(path) for path in (out / "SegmentationClass").iterdir()]
    assert {int(v) for label in labels for v in np.unique(label)} == {0, 1}


def test_a_healthy_set_is_not_treated_and_nothing_is_written(tmp_path: Path) -> None:
    done = treat(DoctorRequest(paths=(str(BROKEN / "L01" / "sound"),)), tmp_path / "out")
    assert done.mending is None
    assert not (tmp_path / "out").exists()


def test_plain_folders_are_treated_as_a_data_set(tmp_path: Path) -> None:
    write_pairs(tmp_path / "plain" / "photos", tmp_path / "plain" / "masks", 255)
    done = treat(DoctorRequest(paths=(str(tmp_path / "plain"),)), tmp_path / "out")
    assert done.before.causes[0].finding.rule == "L01"
    assert done.after is not None
    assert done.after.verdict is Verdict.HEALTHY
    assert not (tmp_path / "plain" / "dataset.toml").exists()


def test_masks_of_other_names_are_sent_to_convert_first(tmp_path: Path) -> None:
    write_pairs(tmp_path / "photos", tmp_path / "masks", 255)
    for mask in (tmp_path / "masks").iterdir():
        mask.rename(mask.with_stem(f"{mask.stem}_mask"))
    with pytest.raises(UserError) as caught:
        treat(DoctorRequest(paths=(str(tmp_path),)), tmp_path / "out")
    assert "segdata convert" in caught.value.remedy


def test_only_one_data_set_can_be_treated(tmp_path: Path) -> None:
    sick = str(BROKEN / "L01" / "bad")
    with pytest.raises(UserError, match="2 were named"):
        treat(DoctorRequest(paths=(sick, sick)), tmp_path / "out")
