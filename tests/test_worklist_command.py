"""``segdata worklist``: what it writes and prints, and what it says where it cannot."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from doubted import sure_of

from segdata.cli import run
from segdata.errors import UserError
from segdata.files import INCOMPLETE
from segdata.images import encode_label, encode_photo, read_header
from segdata.manifest import ShardManifest
from segdata.progress import Silence
from segdata.workflows.runs import Run
from segdata.workflows.worklisting import WorklistRequest, _refuse_trained

SIZE = 60, 80


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Three labels, one of them with a car that is called a tree, and what a network says."""
    true = np.zeros(SIZE, np.uint8)
    true[10:30, 10:40] = 1
    true[40:55, 50:75] = 2
    for key in "abc":
        label = np.where(true == 1, np.uint8(2), true) if key == "b" else true
        put(tmp_path / "labels" / f"{key}.png", encode_label(label))
        put(
            tmp_path / "photos" / f"{key}.jpg", encode_photo(np.zeros((*SIZE, 3), np.uint8), "jpeg")
        )
        (tmp_path / "said").mkdir(exist_ok=True)
        seen = sure_of(true).astype(np.float16)
        np.savez_compressed(tmp_path / "said" / f"{key}.npz", probabilities=seen)
    (tmp_path / "classes.csv").write_text("name,r,g,b\nroad,9,9,9\ncar,0,0,200\ntree,0,150,0\n")
    return tmp_path


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def line(folders: Path, *more: str) -> list[str]:
    return ["worklist", "--probabilities", str(folders / "said"), "--labels",
            str(folders / "labels"), "--classes", str(folders / "classes.csv"), "--out",
            str(folders / "out"), *more]  # fmt: skip


def test_a_worklist_of_files_has_a_table_pictures_and_tasks(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line(folders, "--photos", str(folders / "photos"))) == 0
    out = folders / "out"
    (row,) = csv.DictReader((out / "worklist.csv").read_text().splitlines())
    assert row == {
        "rank": "1", "image": "b", "label": "tree", "suggestion": "car", "score": row["score"],
        "confidence": "0.8999", "pixels": "600", "left": "10", "top": "10", "width": "30",
        "height": "20",
    }  # fmt: skip
    assert 0.1 < float(row["score"]) < 0.2
    assert read_header(out / "sheets" / "page_001.png").width > 1200
    assert {p.name for p in (out / "labelme").iterdir()} == {"b.jpg", "b.json"}
    assert {p.name for p in (out / "cvat").iterdir()} == {
        "annotations.xml", "images", "raw_labels.json"
    }  # fmt: skip
    assert not (out / INCOMPLETE).exists()
    told = capsys.readouterr().out
    assert "tree that looks like car" in told
    assert f"segdata convert {out / 'labelme'} corrected --classes" in told
    assert run(line(folders)) == 2
    told = capsys.readouterr().err
    assert "is not empty" in told
    assert "--overwrite" not in told


def test_json_has_every_region_and_class(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line(folders, "--format", "json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["images"] == 3
    assert [region["image"] for region in found["regions"]] == ["b"]
    assert [entry["name"] for entry in found["classes"]] == ["road", "car", "tree"]
    assert found["tasks"] == {}


def test_without_photos_there_are_pictures_and_no_tasks(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line(folders)) == 0
    assert {p.name for p in (folders / "out").iterdir()} == {"sheets", "worklist.csv"}
    assert "--photos" in capsys.readouterr().err


def test_only_the_program_that_is_named_gets_tasks(folders: Path) -> None:
    photos = str(folders / "photos")
    assert run(line(folders, "--photos", photos, "--tasks", "labelme")) == 0
    assert not (folders / "out" / "cvat").exists()


def test_right_labels_are_told_to_be_right(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders / "labels" / "b.png").unlink()
    assert run(line(folders, "--photos", str(folders / "photos"))) == 0
    assert "no region of 2 images looks wrong" in capsys.readouterr().out
    assert [p.name for p in (folders / "out").iterdir()] == ["worklist.csv"]


def wrong_class_count(folders: Path) -> None:
    np.savez(folders / "said" / "b.npz", probabilities=np.zeros((5, *SIZE), np.float16))


def wrong_size(folders: Path) -> None:
    np.savez(folders / "said" / "b.npz", probabilities=np.zeros((3, 30, 40), np.float16))


def other_array(folders: Path) -> None:
    np.savez(folders / "said" / "b.npz", logits=np.zeros((3, *SIZE)))


def whole_numbers(folders: Path) -> None:
    np.savez(folders / "said" / "b.npz", probabilities=np.zeros((3, *SIZE), np.uint8))


def cut_off(folders: Path) -> None:
    path = folders / "said" / "b.npz"
    path.write_bytes(path.read_bytes()[:-200])


def a_flipped_byte(folders: Path) -> None:
    path = folders / "said" / "b.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def an_object(folders: Path) -> None:
    np.savez(folders / "said" / "b.npz", probabilities=np.array([print, None], dtype=object))


def text(folders: Path) -> None:
    (folders / "said" / "b.npz").write_text("no archive")


def no_names_in_common(folders: Path) -> None:
    for path in (folders / "said").iterdir():
        path.rename(path.with_name(f"x{path.name}"))


def empty(folders: Path) -> None:
    for path in (folders / "said").iterdir():
        path.unlink()


def a_photo_of_another_size(folders: Path) -> None:
    put(folders / "photos" / "b.jpg", encode_photo(np.zeros((9, 9, 3), np.uint8), "jpeg"))


def a_photo_less(folders: Path) -> None:
    (folders / "photos" / "b.jpg").unlink()


def no_photos(folders: Path) -> None:
    for path in (folders / "photos").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (wrong_class_count, "probabilities of b are 5×60×80, and there are 3 classes"),
        (wrong_size, "of 40×30 pixels, and its label has 80×60"),
        (other_array, "b.npz holds no array 'probabilities'"),
        (whole_numbers, "b.npz holds uint8 (3, 60, 80), not float16 or float32 K×H×W"),
        (cut_off, "b.npz cannot be read"),
        (a_flipped_byte, "b.npz cannot be read"),
        (an_object, "b.npz cannot be read"),
        (text, "b.npz cannot be read"),
        (no_names_in_common, "no name is both in"),
        (empty, "said holds no .npz files"),
        (a_photo_of_another_size, "the photo of b has 9×9 pixels, and its label 80×60"),
        (a_photo_less, "1 of 3 labels have no photo"),
        (no_photos, "photos holds no photos"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_wrong_is_told_and_nothing_looks_finished(
    damage: object, what: str, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(damage)
    damage(folders)
    assert run(line(folders, "--photos", str(folders / "photos"))) == 2
    told = capsys.readouterr().err
    assert what in told
    assert "fix:" in told
    assert "Traceback" not in told
    assert not (folders / "out" / "worklist.csv").exists()


def test_options_that_would_do_nothing_are_refused(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line(folders, "--flip")) == 2
    assert "no network predicts now" in capsys.readouterr().err
    assert run(["worklist", "RUN", "--labels", "x", "--out", str(folders / "out")]) == 2
    assert "RUN is a run: it knows its labels and photos" in capsys.readouterr().err


def test_a_folder_with_other_things_is_left_alone(folders: Path) -> None:
    put(folders / "out" / "mine.txt", b"mine")
    assert run(line(folders)) == 2
    assert [p.name for p in (folders / "out").iterdir()] == ["mine.txt"]


def trained(folder: Path, split: str) -> Run:
    config = {"settings": {"data": {"split": split}, "run": {"steps": 1}}, "shards": "x",
              "classes": {"ignore_label": None, "classes": []}}  # fmt: skip
    put(folder / "config.json", json.dumps(config).encode())
    manifest = ShardManifest.model_construct()
    return Run(folder, folder, manifest)


@pytest.mark.parametrize(
    ("learned", "asked", "refused"),
    [
        ("train", "val", False),
        ("train", "train", True),
        ("trainval", "val", True),
        ("train", "trainval", True),
        ("all", "val", True),
        ("val", "train", False),
    ],
)
def test_labels_that_the_run_learned_are_refused(
    learned: str, asked: str, refused: bool, tmp_path: Path
) -> None:
    request = WorklistRequest(out=tmp_path / "out", split=asked)
    made = trained(tmp_path / "run", learned)
    if not refused:
        _refuse_trained(made, request, Silence())
        return
    with pytest.raises(UserError, match="repeats the labels that it learned") as told:
        _refuse_trained(made, request, Silence())
    assert "--even-if-trained" in told.value.remedy


def test_with_a_word_they_are_taken_and_a_note_says_so(tmp_path: Path) -> None:
    notes: list[str] = []

    class Listening(Silence):
        def note(self, sentence: str) -> None:
            notes.append(sentence)

    request = WorklistRequest(out=tmp_path / "out", split="train", even_if_trained=True)
    _refuse_trained(trained(tmp_path / "run", "train"), request, Listening())
    assert "many errors are missed" in notes[0]
