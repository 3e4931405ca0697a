"""``segdata predict``: what it writes, skips, refuses and survives."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segdata.classes import ClassMap, SegClass
from segdata.cli import run
from segdata.files import INCOMPLETE
from segdata.images import read_label, read_palette

pytest.importorskip("torch")

CLASSES = ClassMap(
    (SegClass(0, "sky", (1, 2, 3)), SegClass(1, "road", (200, 0, 0)), SegClass(2, "tree", None)),
    ignore=255,
)


def checkpoint(folder: Path, seed: int = 0) -> Path:
    """A run of a small network with random weights."""
    import torch

    from model import checkpoint as checkpoints
    from model.checkpoint import Checkpoint
    from model.config import TrainSettings
    from model.network.deeplab import DeepLab

    fields = [
        "num_classes=3", "depth_multiplier=0.1", "aspp_filters=8", "decoder_filters=8",
        "precision=fp32", "threads=1", f"seed={seed}",
    ]  # fmt: skip
    settings = TrainSettings().updated(fields)
    torch.manual_seed(seed)
    weights = DeepLab(settings.network).state_dict()
    checkpoints.save(folder / "checkpoints", Checkpoint(7, settings, CLASSES, "", weights))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("model") / "run")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two photos, one of them in a folder below."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, size in (("a.jpg", (40, 60)), ("sub/b.png", (33, 20))):
        pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def predicted(*arguments: Path | str) -> int:
    return run(["predict", *map(str, arguments)])


def test_every_photo_gets_a_png_of_ids_under_its_own_name(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import segdata

    before = {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()}
    assert predicted(photos, "--model", model, "--out", tmp_path / "out") == 0
    assert files(tmp_path / "out") == {"a.png", "sub/b.png", "predictions.json"}
    predictor = segdata.load_predictor(model)
    for name in ("a.jpg", "sub/b.png"):
        image = np.asarray(Image.open(photos / name))
        result = Path(tmp_path / "out" / name).with_suffix(".png")
        label = read_label(result)
        assert read_palette(result) is None
        assert np.array_equal(label, predictor.predict(image))
    out = capsys.readouterr().out
    assert f"2 predicted in {tmp_path / 'out'}" in out
    assert "--palette" in out
    assert {path: path.read_bytes() for path in before} == before


def test_the_run_may_also_stand_before_the_images(
    model: Path, photos: Path, tmp_path: Path
) -> None:
    assert predicted(model, photos / "a.jpg", "--out", tmp_path / "out") == 0
    assert files(tmp_path / "out") == {"a.png", "predictions.json"}


def test_where_the_newest_checkpoint_is_damaged_that_is_told_and_the_one_before_it_predicts(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run" / "checkpoints"
    for step in (7, 8):
        shutil.copytree(model / "checkpoints" / "step-00000007", folder / f"step-{step:08d}")
    (folder / "step-00000008" / "weights.safetensors").write_bytes(b"cut off")
    assert predicted(photos, "--model", tmp_path / "run", "--out", tmp_path / "out") == 0
    told = capsys.readouterr().err
    assert "step-00000008 is damaged: weights.safetensors" in told
    assert "that of step 7 is taken instead" in told


def test_palette_pngs_look_right_and_carry_ids(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predicted(photos, "--model", model, "--out", tmp_path / "plain") == 0
    capsys.readouterr()
    assert predicted(photos, "--model", model, "--out", tmp_path / "out", "--palette") == 0
    result = tmp_path / "out" / "a.png"
    assert np.array_equal(read_label(result), read_label(tmp_path / "plain" / "a.png"))
    found = read_palette(result)
    assert found is not None
    assert found[1][1].tolist() == [200, 0, 0]
    shown = np.asarray(Image.open(result).convert("RGB"))
    assert np.array_equal(shown, CLASSES.to_colors(read_label(result)))
    assert "--palette" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["float16", "float32"])
def test_probabilities_are_written_beside_the_ids(
    kind: str, model: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert predicted(photos, "--model", model, "--out", out, "--probabilities", kind) == 0
    assert files(out) == {"a.png", "a.npz", "sub/b.png", "sub/b.npz", "predictions.json"}
    with np.load(out / "a.npz", allow_pickle=False) as data:
        probabilities = data["probabilities"]
    assert probabilities.dtype == kind
    assert probabilities.shape == (3, 40, 60)
    np.testing.assert_allclose(probabilities.astype(np.float64).sum(axis=0), 1, atol=2e-3)
    if kind == "float32":
        assert np.array_equal(probabilities.argmax(axis=0), read_label(out / "a.png"))


def test_scales_flip_and_tiles_reach_the_network(model: Path, photos: Path, tmp_path: Path) -> None:
    import segdata

    line = [photos / "a.jpg", "--model", model, "--out", tmp_path / "out", "--probabilities"]
    line += ["float32", "--scales", "0.5,1", "--flip", "--tile", "97"]
    assert predicted(*line) == 0
    options = segdata.PredictionOptions(scales=(0.5, 1.0), flip=True, tile=97)
    predictor = segdata.load_predictor(model, options=options)
    expected = predictor.probabilities(np.asarray(Image.open(photos / "a.jpg")))
    with np.load(tmp_path / "out" / "a.npz") as data:
        np.testing.assert_array_equal(data["probabilities"], expected)


def test_the_crop_size_reaches_the_network(model: Path, photos: Path, tmp_path: Path) -> None:
    import segdata

    line = [photos / "a.jpg", "--model", model, "--out", tmp_path / "out"]
    assert predicted(*line, "--crop-size", "129,161", "--probabilities", "float32") == 0
    image = np.asarray(Image.open(photos / "a.jpg"))
    options = segdata.PredictionOptions(crop_size=(129, 161))
    padded = segdata.load_predictor(model, options=options).probabilities(image)
    with np.load(tmp_path / "out" / "a.npz") as data:
        np.testing.assert_array_equal(data["probabilities"], padded)
    assert not np.array_equal(padded, segdata.load_predictor(model).probabilities(image))


@pytest.mark.parametrize("multiplies", [True, False])
def test_where_bf16_would_be_faster_that_is_told_once_unless_fp32_was_asked_for(
    multiplies: bool, model: Path, photos: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("model.hardware._multiplies_bf16", lambda device: (multiplies, "it"))
    line = [photos, "--model", model, "--device", "cpu", "--out"]
    assert predicted(*line, tmp_path / "default") == 0
    told = capsys.readouterr().err
    assert told.count("--precision bf16 is faster on this processor") == multiplies
    for precision in ("fp32", "bf16"):
        assert predicted(*line, tmp_path / precision, "--precision", precision) == 0
        assert "faster" not in capsys.readouterr().err
    assert predicted(*line, tmp_path / "default", "--precision", "bf16") == 2
    assert "precision fp32 there, bf16 now" in capsys.readouterr().err


def test_large_images_are_cut_into_tiles_and_that_is_told(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(tmp_path / "a.png")
    line = [tmp_path / "a.png", "--model", model, "--out", tmp_path / "out"]
    assert predicted(*line, "--tile", "129") == 0
    assert "images of 300×200 are cut: 8 tiles of 129×129: as set" in capsys.readouterr().err


def test_the_same_line_again_predicts_only_what_is_missing(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    line = [photos, "--model", model, "--out", out, "--format", "json"]
    assert predicted(*line) == 0
    whole = (out / "sub" / "b.png").read_bytes()
    (out / "sub" / "b.png").write_bytes(whole[:40])
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(photos / "new.png")
    times = (out / "a.png").stat().st_mtime_ns
    capsys.readouterr()
    assert predicted(*line) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["written"], result["skipped"]) == (2, 1)
    assert (out / "sub" / "b.png").read_bytes() == whole
    assert (out / "a.png").stat().st_mtime_ns == times
    # A photo that was changed since is predicted again.
    future = time.time() + 60
    os.utime(photos / "a.jpg", (future, future))
    assert predicted(*line) == 0
    assert json.loads(capsys.readouterr().out)["written"] == 1


def test_a_photo_that_an_older_one_has_replaced_is_predicted_again(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [photos / "a.jpg", "--model", model, "--out", tmp_path / "out", "--format", "json"]
    Image.fromarray(np.zeros((9, 8, 3), np.uint8)).save(tmp_path / "old.jpg")
    os.utime(tmp_path / "old.jpg", (1, 1))
    assert predicted(*line) == 0
    time.sleep(0.05)
    (tmp_path / "old.jpg").replace(photos / "a.jpg")
    assert predicted(*line) == 0
    assert read_label(tmp_path / "out" / "a.png").shape == (9, 8)


def test_predictions_of_two_networks_are_not_mixed(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, out = checkpoint(tmp_path / "other", seed=1), tmp_path / "out"
    assert predicted(photos, "--model", model, "--out", out) == 0
    first = (out / "a.png").read_bytes()
    assert predicted(photos, "--model", other, "--out", out) == 2
    assert "holds other predictions: network" in capsys.readouterr().err
    assert predicted(photos, "--model", model, "--out", out, "--flip") == 2
    assert "flip False there, True now" in capsys.readouterr().err
    assert (out / "a.png").read_bytes() == first
    assert predicted(photos, "--model", other, "--out", out, "--overwrite") == 0
    assert (out / "a.png").read_bytes() != first
    assert predicted(photos, "--model", other, "--out", out) == 0


def test_what_another_network_has_left_is_never_taken_for_a_result(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--overwrite with another network, of one photo of two: the other one is still the first's."""
    other, out = checkpoint(tmp_path / "other", seed=1), tmp_path / "out"
    assert predicted(photos, "--model", model, "--out", out) == 0
    assert predicted(photos / "a.jpg", "--model", other, "--out", out, "--overwrite") == 0
    capsys.readouterr()
    assert predicted(photos, "--model", other, "--out", out, "--format", "json") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["written"], result["skipped"]) == (1, 1)
    assert predicted(photos, "--model", other, "--out", tmp_path / "fresh") == 0
    for name in ("a.png", "sub/b.png"):
        assert (out / name).read_bytes() == (tmp_path / "fresh" / name).read_bytes()


def test_a_folder_of_other_things_is_left_alone(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "labels"
    out.mkdir()
    (out / "a.png").write_bytes(b"mine")
    assert predicted(photos, "--model", model, "--out", out) == 2
    assert "not empty" in capsys.readouterr().err
    assert files(out) == {"a.png"}
    assert (out / "a.png").read_bytes() == b"mine"


def test_nothing_is_written_among_the_images(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(tmp_path)
    for images, out in (
        (photos, photos / "out"),
        (photos, photos),
        (photos / "a.jpg", photos),
        # Keys of two folders begin with the folders: the results would be the photos.
        (photos / "sub" / "b.png", photos / "sub"),
    ):
        assert predicted(images, "--model", model, "--out", out, "--overwrite") == 2
        assert "read" in capsys.readouterr().err
    assert files(tmp_path) == before


def test_results_that_would_be_the_photos_of_two_folders_are_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("p", "q"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / name / "1.png")
    before = (tmp_path / "p" / "1.png").read_bytes()
    line = [tmp_path / "p", tmp_path / "q", "--model", model, "--out", tmp_path, "--overwrite"]
    assert predicted(*line) == 2
    assert "holds images that are read" in capsys.readouterr().err
    assert (tmp_path / "p" / "1.png").read_bytes() == before


def test_damaged_files_are_named_and_counted(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "c.jpg").write_bytes((photos / "a.jpg").read_bytes()[:200])
    line = [photos, "--model", model, "--out", tmp_path / "out"]
    assert predicted(*line, "--format", "json") == 1
    result = json.loads(capsys.readouterr().out)
    assert result["exit_code"] == 1
    assert (result["written"], result["skipped"]) == (2, 0)
    assert [entry["path"] for entry in result["damaged"]] == [str(photos / "c.jpg")]
    assert sum(entry["share"] for entry in result["classes"]) == pytest.approx(1)
    assert files(tmp_path / "out") == {"a.png", "sub/b.png", "predictions.json"}
    assert predicted(*line) == 1
    told = capsys.readouterr().out
    assert "1 could not be read:" in told
    assert "c.jpg" in told


def test_where_no_image_can_be_read_nothing_is_made(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jpg").write_text("no image")
    assert predicted(tmp_path / "a.jpg", "--model", model, "--out", tmp_path / "out") == 2
    assert "a.jpg is not an image" in capsys.readouterr().err
    assert files(tmp_path) == {"a.jpg"}
    assert not (tmp_path / "out").exists()


def test_frames_of_a_video_are_predicted(model: Path, tmp_path: Path) -> None:
    from test_frames import video

    video(tmp_path / "clip.avi", frames=4)
    assert predicted(tmp_path / "clip.avi", "--model", model, "--out", tmp_path / "out") == 0
    frames = {f"clip/{n:06d}.png" for n in range(4)}
    assert files(tmp_path / "out") == frames | {"predictions.json"}
    assert read_label(tmp_path / "out" / "clip" / "000003.png").shape == (24, 32)


class Pipe(io.TextIOWrapper):
    """A standard stream of these bytes."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(io.BytesIO(data))


def test_one_photo_goes_through_a_pipe(
    model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert predicted(photos, "--model", model, "--out", tmp_path / "out") == 0
    out = Pipe()
    monkeypatch.setattr(sys, "stdin", Pipe((photos / "a.jpg").read_bytes()))
    monkeypatch.setattr(sys, "stdout", out)
    assert predicted("-", "--model", model, "--out", "-") == 0
    assert out.buffer.getvalue() == (tmp_path / "out" / "a.png").read_bytes()


def test_a_photo_from_a_pipe_is_never_taken_for_the_one_before_it(
    model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, shape in (("a.jpg", (40, 60)), ("sub/b.png", (33, 20))):
        monkeypatch.setattr(sys, "stdin", Pipe((photos / name).read_bytes()))
        assert predicted("-", "--model", model, "--out", tmp_path / "out") == 0
        assert read_label(tmp_path / "out" / "stdin.png").shape == shape


def test_a_list_of_paths_goes_through_a_pipe(
    model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = "".join(f"{photos / name}\n" for name in ("a.jpg", "sub/b.png"))
    monkeypatch.setattr(sys, "stdin", Pipe(listed.encode()))
    assert predicted("-", "--model", model, "--out", tmp_path / "out") == 0
    assert files(tmp_path / "out") == {"a.png", "b.png", "predictions.json"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "-", "--model", "MODEL", "PHOTOS"], "stdout takes one photo"),
        (["--out", "-", "--model", "MODEL", "PHOTO", "--format", "json"], "nothing else"),
        (["--out", "OUT", "PHOTO"], "say which network predicts"),
        (["--out", "OUT", "--model", "nowhere", "PHOTO"], "there is no checkpoint nowhere"),
        (["--out", "OUT", "--model", "PHOTOS", "PHOTO"], "holds no checkpoint"),
        (["--out", "OUT", "--model", "MODEL", "nowhere"], "nowhere does not exist"),
        (["--out", "OUT", "--model", "MODEL", "PHOTO", "--tile", "big"], "neither a number"),
        (["--out", "OUT", "--model", "MODEL", "PHOTO", "--scales", "a"], "are no numbers"),
        (["--out", "OUT", "--model", "MODEL", "PHOTO", "--scales", "-1"], "above 0"),
        (["--out", "PHOTO", "--model", "MODEL", "PHOTO"], "labels are PNGs"),
        (["--out", "label.jpg", "--model", "MODEL", "PHOTO"], "--out label.png"),
        (["--out", "FILE", "--model", "MODEL", "PHOTO"], "is a file"),
        (["--out", "OUT.png", "--model", "MODEL", "PHOTOS"], "is one file, and these are 2"),
        (
            ["--out", "OUT.png", "--model", "MODEL", "PHOTO", "--probabilities", "float16"],
            "probabilities are written beside it",
        ),
        (["--out", "OUT", "--model", "MODEL", "PHOTO", "--tile", "7"], "the least are 97"),
    ],
)
def test_a_wrong_request_is_told(
    options: list[str],
    message: str,
    model: Path,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {
        "MODEL": model, "PHOTOS": photos, "PHOTO": photos / "a.jpg", "OUT": tmp_path / "out",
        "OUT.png": tmp_path / "out.png", "FILE": tmp_path / "file",
    }  # fmt: skip
    places["FILE"].touch()
    assert predicted(*[places.get(word, word) for word in options]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "mistake in segdata" not in told
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.png").exists()


def test_one_photo_is_written_as_the_file_that_out_names(
    model: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "label.PNG"
    assert predicted(photos, "--model", model, "--out", tmp_path / "folder") == 0
    expected = (tmp_path / "folder" / "a.png").read_bytes()
    line = [photos / "a.jpg", "--model", model, "--out", out]
    capsys.readouterr()
    assert predicted(*line, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["written"] == 1
    assert out.read_bytes() == expected
    assert files(out.parent) == {"label.PNG"}
    assert predicted(*line) == 2
    assert "label.PNG exists" in capsys.readouterr().err
    assert predicted(*line, "--palette", "--overwrite") == 0
    assert read_palette(out) is not None


def test_the_photo_itself_is_never_written_to(
    model: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = photos / "sub" / "b.png"
    before = photo.read_bytes()
    assert predicted(photo, "--model", model, "--out", photo, "--overwrite") == 2
    assert "is the photo that is read" in capsys.readouterr().err
    assert photo.read_bytes() == before


@pytest.mark.slow
def test_ctrl_c_leaves_whole_results_and_the_same_line_goes_on(model: Path, tmp_path: Path) -> None:
    photos, out = tmp_path / "many", tmp_path / "out"
    photos.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(photos / "0.jpg")
    for number in range(1, 25):
        os.link(photos / "0.jpg", photos / f"{number}.jpg")
    line = ["predict", str(photos), "--model", str(model), "--out", str(out)]
    process = subprocess.Popen([sys.executable, "-m", "segdata", *line], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(out.glob("*.png"))) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert b"Traceback" not in error
    assert (out / INCOMPLETE).exists()
    found = list(out.glob("*.png"))
    assert 3 <= len(found) < 25
    assert all(read_label(path).shape == (600, 800) for path in found)
    assert run(line) == 0
    assert files(out) == {f"{n}.png" for n in range(25)} | {"predictions.json"}
