"""``segdata vis --effect``: which class stays, which photos are taken, and what is refused."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segdata import records
from segdata.classes import ClassMap, SegClass
from segdata.cli import run
from segdata.drawing import effects
from segdata.errors import UserError
from segdata.images import encode_label, encode_photo, read_photo
from segdata.progress import Silence
from segdata.workflows.subjects import subject_of

CLASSES = "name,r,g,b\nsky,1,2,3\ncar,200,0,0\nperson,0,200,0\n"
SKY, CAR, PERSON = 0, 1, 2


def scene(folder: Path, name: str, subject: int = PERSON, suffix: str = ".png") -> Path:
    """A photo of noise, and its label with one square of a class."""
    pixels = np.random.default_rng(len(name)).integers(0, 256, (60, 90, 3), np.uint8)
    label = np.zeros((60, 90), np.uint8)
    label[20:50, 30:60] = subject
    photo = folder / "photos" / f"{name}{suffix}"
    photo.parent.mkdir(parents=True, exist_ok=True)
    photo.write_bytes(encode_photo(pixels, "jpeg" if suffix == ".jpg" else "png"))
    (folder / "ids" / f"{name}.png").parent.mkdir(parents=True, exist_ok=True)
    (folder / "ids" / f"{name}.png").write_bytes(encode_label(label))
    (folder / "classes.csv").write_text(CLASSES)
    return photo


def vis(folder: Path, *options: str) -> int:
    """The effect with labels beside the photos."""
    return run([
        "vis", str(folder / "ids"), "--images", str(folder / "photos"),
        "--classes", str(folder / "classes.csv"), "--out", str(folder / "out"), *options,
    ])  # fmt: skip


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_photos_keep_their_names_sizes_and_subjects(tmp_path: Path) -> None:
    photo = read_photo(scene(tmp_path, "a"))
    scene(tmp_path, "trip/b", suffix=".jpg")
    assert vis(tmp_path, "--effect", "blur", "--keep", "person") == 0
    assert files(tmp_path / "out") == {"blur/a.png", "blur/trip/b.jpg"}
    out = read_photo(tmp_path / "out/blur/a.png")
    assert np.array_equal(out[24:46, 34:56], photo[24:46, 34:56])
    assert out[:10].std() < photo[:10].std() / 2
    assert read_photo(tmp_path / "out/blur/trip/b.jpg").shape == photo.shape


def test_what_is_cut_out_is_transparent_outside_of_all_kept_classes(tmp_path: Path) -> None:
    scene(tmp_path, "a", CAR, ".jpg")
    scene(tmp_path, "b", PERSON)
    assert vis(tmp_path, "--effect", "cutout", "--keep", "car,PERSON") == 0
    for name in ("a", "b"):
        alpha = np.asarray(Image.open(tmp_path / f"out/cutout/{name}.png"))[..., 3]
        assert (alpha[24:46, 34:56] == 255).all()
        assert (alpha[:10] == 0).all()


def test_the_background_is_a_color_or_a_picture(tmp_path: Path) -> None:
    scene(tmp_path, "a")
    sand, beach = (240, 220, 130), tmp_path / "beach.png"
    beach.write_bytes(encode_photo(np.full((8, 8, 3), sand, np.uint8)))
    for background, color in (("#0080ff", (0, 128, 255)), (str(beach), sand)):
        options = ("--effect", "replace", "--background", background, "--overwrite")
        assert vis(tmp_path, *options) == 0
        out = read_photo(tmp_path / "out/replace/a.png")
        assert (out[:10, :10] == color).all()


def test_photos_are_turned_as_predict_turns_them(tmp_path: Path) -> None:
    photo = scene(tmp_path, "a", suffix=".jpg")
    lying = Image.open(photo).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(photo, exif=exif)
    assert vis(tmp_path, "--effect", "blur") == 0
    assert read_photo(tmp_path / "out/blur/a.jpg").shape == (60, 90, 3)


def test_a_person_is_kept_unless_another_class_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(tmp_path, "a")
    assert vis(tmp_path, "--effect", "blur") == 0
    told = capsys.readouterr()
    assert "person is kept; --keep NAME keeps another class" in told.err
    assert "kept: person" in told.out


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["background", "cat"], "cat"), (["cat", "bg"], "cat"),
        (["road", "pedestrian", "car"], "pedestrian"), (["road", "car"], None),
        (["person", "people"], None),
    ],
)  # fmt: skip
def test_what_is_kept_without_a_name(names: list[str], kept: str | None) -> None:
    classes = ClassMap(tuple(SegClass(i, name) for i, name in enumerate(names)), 255)
    if kept is None:
        with pytest.raises(UserError, match=", ".join(names)):
            subject_of(classes, [], Silence())
    else:
        assert [entry.name for entry in subject_of(classes, [], Silence())] == [kept]


def test_a_class_is_also_named_by_its_id() -> None:
    classes = ClassMap((SegClass(0, "7"), SegClass(7, "seven")))
    assert [entry.id for entry in subject_of(classes, ["7", "0"], Silence())] == [0]


def test_an_unknown_class_is_answered_with_the_likeliest_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(tmp_path, "a")
    assert vis(tmp_path, "--effect", "blur", "--keep", "parson") == 2
    told = capsys.readouterr().err
    assert "there is no class 'parson'" in told
    assert "likeliest first: person, " in told
    assert not (tmp_path / "out").exists()


def test_that_no_photo_shows_the_class_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(tmp_path, "a", CAR)
    assert vis(tmp_path, "--effect", "blur", "--keep", "person") == 0
    assert "none of them shows person: there all is blurred" in capsys.readouterr().out


def test_a_damaged_photo_is_named_and_the_others_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(tmp_path, "a")
    damaged = scene(tmp_path, "b")
    damaged.write_bytes(damaged.read_bytes()[:300])
    assert vis(tmp_path, "--effect", "blur") == 1
    assert files(tmp_path / "out") == {"blur/a.png"}
    assert "b.png" in capsys.readouterr().out


def test_a_label_of_another_size_is_refused_with_both_sizes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(tmp_path, "a")
    (tmp_path / "ids/a.png").write_bytes(encode_label(np.zeros((30, 90), np.uint8)))
    assert vis(tmp_path, "--effect", "blur") == 2
    told = capsys.readouterr().err
    assert "90×60" in told
    assert "90×30" in told


def test_photos_without_a_label_are_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(tmp_path, "a")
    scene(tmp_path, "b")
    (tmp_path / "ids/b.png").unlink()
    assert vis(tmp_path, "--effect", "blur") == 0
    assert files(tmp_path / "out") == {"blur/a.png"}
    assert "1 photos have no label, such as b" in capsys.readouterr().err
    (tmp_path / "ids/a.png").rename(tmp_path / "ids/c.png")
    assert vis(tmp_path, "--effect", "blur", "--overwrite") == 2
    assert "no name is both" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--keep", "car"], "--keep needs --effect"),
        (["--effect", "blur", "--kind", "color"], "--kind does nothing with --effect"),
        (["--effect", "cutout", "--blur", "0.1"], "--blur does nothing with --effect cutout"),
        (["--effect", "replace"], "say what replaces the background"),
        (["--effect", "replace", "--background", "colour"], "neither a color nor the file"),
        (["--effect", "blur", "--background", "red"], "has no effect on blur"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene(tmp_path, "a")
    source = ["vis", str(tmp_path / "ids"), "--out", str(tmp_path / "out")]
    if "--effect" in options:
        source += ["--images", str(tmp_path / "photos"), "--classes", str(tmp_path / "classes.csv")]
    assert run([*source, *options]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_among_the_photos(tmp_path: Path) -> None:
    scene(tmp_path, "a")
    before = files(tmp_path)
    assert vis(tmp_path, "--effect", "blur", "--out", str(tmp_path / "photos/out")) == 2
    assert files(tmp_path) == before


def test_a_data_set_needs_no_network(samples: Path, tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    assert run(["convert", str(samples / "portrait"), data, "--executor", "serial"]) == 0
    options = ["--effect", "cutout", "--limit", "2", "--out", str(tmp_path / "out")]
    assert run(["vis", data, *options]) == 0
    assert len(files(tmp_path / "out")) == 2
    assert run(["vis", data, *options, "--images", data, "--overwrite"]) == 2


def test_written_probabilities_make_the_edges_of_id_pngs(tmp_path: Path) -> None:
    image = read_photo(scene(tmp_path, "a"))
    likely = np.random.default_rng(1).random((3, 60, 90), np.float32)
    likely /= likely.sum(axis=0)
    np.savez_compressed(tmp_path / "a.npz", probabilities=likely)
    options = ["--effect", "cutout", "--keep", "car,person", "--probabilities", str(tmp_path)]
    assert vis(tmp_path, *options) == 0
    alpha = np.asarray(Image.open(tmp_path / "out/cutout/a.png"))[..., 3]
    expected = effects.matte(image, likely[1:].sum(axis=0))
    assert np.array_equal(alpha, np.rint(expected * 255).astype(np.uint8))


def test_a_network_s_probabilities_decide(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from test_predicting import checkpoint

    from model.prediction.predictor import load_predictor

    model = checkpoint(tmp_path / "run")
    photo = scene(tmp_path, "a", suffix=".jpg")
    options = ["--effect", "cutout", "--keep", "road,tree", "--out", str(tmp_path / "out")]
    assert run(["vis", str(model), "--images", str(photo), *options]) == 0
    image = read_photo(photo)
    likely = load_predictor(model).probabilities(image)[[1, 2]].sum(axis=0)
    alpha = np.asarray(Image.open(tmp_path / "out/cutout/a.png"))[..., 3]
    assert np.array_equal(alpha, np.rint(effects.matte(image, likely) * 255).astype(np.uint8))


def test_a_split_that_the_run_s_shards_lack_is_told_with_those_that_there_are(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    from test_predicting import checkpoint

    model, data, shards = checkpoint(tmp_path / "run"), tmp_path / "data", tmp_path / "shards"
    serial = ["--executor", "serial"]
    assert run(["convert", str(samples / "portrait"), str(data), *serial]) == 0
    assert run(["shard", str(data), str(shards), *serial]) == 0
    line = ["--effect", "blur", "--split", "nope", "--out", str(tmp_path / "out")]
    assert run(["vis", str(model), "--shards", str(shards), *line]) == 2
    assert "the shards have no split 'nope'" in capsys.readouterr().err


def test_a_record_whose_name_is_an_absolute_path_writes_nothing_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shards, target = tmp_path / "shards", tmp_path / "elsewhere" / "a"
    shards.mkdir()
    photo, label = np.full((8, 9, 3), 100, np.uint8), np.eye(8, 9, dtype=np.uint8)
    sample = records.Sample(str(target), encode_photo(photo), "png", 8, 9, encode_label(label))
    with (shards / "val-00000-of-00001.tfrecord").open("wb") as file:
        records.RecordWriter(file).write(records.encode(sample))
    (tmp_path / "dataset.toml").write_text('name = "d"\nnum_classes = 2\nignore_label = 255\n')
    line = ["--effect", "cutout", "--keep", "1", "--out", str(tmp_path / "out")]
    assert run(["vis", str(shards), "--dataset", str(tmp_path), *line]) == 2
    assert "leads outside" in capsys.readouterr().err
    assert not target.parent.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no shell that closes streams")
def test_closed_streams_keep_nobody_from_work(tmp_path: Path) -> None:
    """As a daemon or a scheduler starts a command: with no input and no output."""
    scene(tmp_path, "a")
    line = [sys.executable, "-m", "segdata", "vis", "ids", "--images", "photos", "--classes",
            "classes.csv", "--out", "out", "--effect", "blur", "--keep", "person"]  # fmt: skip
    closed = ["sh", "-c", f"{shlex.join(line)} <&- >&- 2>&-"]
    assert subprocess.run(closed, cwd=tmp_path, check=False).returncode == 0
    assert files(tmp_path / "out") == {"blur/a.png"}
