"""What vis draws from: folders that belong together, and words where something is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from segdata import workflows
from segdata.cli import run
from segdata.conversion import ConversionRequest, convert
from segdata.errors import UserError
from segdata.executors import Processes
from segdata.images import encode_label, encode_photo, read_label
from segdata.workflows import PictureRequest

KEYS = ("a", "sub/ä b", "人行道")
IDS = np.array([[0, 1], [1, 1]], np.uint8)


@pytest.fixture(scope="module")
def portrait(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("portrait") / "data"
    convert(ConversionRequest(source=samples / "portrait", out=out))
    return out


def write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Predictions, labels, photos and probabilities of three images."""
    for key in KEYS:
        write(tmp_path / "predictions", f"{key}.png", encode_label(IDS))
        write(tmp_path / "labels", f"{key}.png", encode_label(IDS.T * 0))
        write(
            tmp_path / "photos", f"{key}.jpg", encode_photo(np.zeros((2, 2, 3), np.uint8), "jpeg")
        )
        path = tmp_path / "sure" / f"{key}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, probabilities=np.full((2, 2, 2), 0.5, np.float16))
    return tmp_path


def request(folders: Path, **options: object) -> PictureRequest:
    given = {"num_classes": 2, **options}
    return PictureRequest(source=str(folders / "predictions"), out=folders / "out", **given)  # type: ignore[arg-type]


def test_all_that_belongs_to_id_pngs_is_drawn_under_their_names(folders: Path) -> None:
    kinds = ("overlay", "side_by_side", "errors", "confidence", "entropy", "contact_sheet")
    drawn = workflows.visualize(
        request(
            folders,
            kinds=kinds,
            labels=folders / "labels",
            images=folders / "photos",
            probabilities=folders / "sure",
        )
    )
    assert drawn.written == {**dict.fromkeys(kinds, 3), "contact_sheet": 1}
    for kind in kinds[1:-1]:
        found = {
            p.relative_to(folders / "out" / kind) for p in (folders / "out" / kind).rglob("*.*")
        }
        assert found == {Path(f"{key}.png") for key in KEYS}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ("errors",)}, "of a there is only a prediction"),
        ({"kinds": ("confidence",)}, "confidence is drawn from probabilities, and of a"),
        ({"kinds": ("contact_sheet",), "order": "iou"}, "an order by IoU needs"),
        ({"kinds": ("contact_sheet",), "by_class": "cat"}, "there is no class 'cat'"),
        ({"by_class": "class 1", "order": "name"}, "does nothing with --sort name"),
    ],
)
def test_what_a_source_cannot_give_is_said_before_anything_is_drawn(
    folders: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        workflows.visualize(request(folders, **options))
    assert not (folders / "out").exists()


def test_missing_probabilities_and_photos_of_others_are_named(folders: Path) -> None:
    (folders / "sure" / "a.npz").unlink()
    with pytest.raises(UserError, match=r"no probabilities of a: .*a\.npz is missing"):
        workflows.visualize(request(folders, probabilities=folders / "sure"))
    write(folders / "others", "x.png", (folders / "predictions" / "a.png").read_bytes())
    with pytest.raises(UserError, match="no name is both in") as told:
        workflows.visualize(request(folders, labels=folders / "others"))
    assert told.value.remedy == "name the predictions as the labels, apart from the suffix"
    shutil.rmtree(folders / "photos")
    write(folders / "photos", "other.jpg", b"")
    with pytest.raises(UserError, match="no name is both an id PNG"):
        workflows.visualize(request(folders, images=folders / "photos"))


def test_a_damaged_file_is_named_and_the_folder_does_not_look_whole(folders: Path) -> None:
    path = folders / "predictions" / "sub" / "ä b.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:44])
    with pytest.raises(UserError, match=r"sub/ä b\.png"):
        workflows.visualize(request(folders))
    assert (folders / "out" / ".segdata-incomplete").exists()
    path.write_bytes(whole)
    assert workflows.visualize(request(folders)).images == 3
    assert not (folders / "out" / ".segdata-incomplete").exists()


def test_files_beside_each_other_must_have_one_size(folders: Path) -> None:
    write(folders / "photos", "a.jpg", encode_photo(np.zeros((3, 2, 3), np.uint8), "jpeg"))
    with pytest.raises(UserError, match=r"a\.jpg is 2×3, but .*a\.png is 2×2"):
        workflows.visualize(request(folders, images=folders / "photos"))


def test_folders_beside_a_data_set_are_refused(portrait: Path, tmp_path: Path) -> None:
    asked = PictureRequest(source=str(portrait), out=tmp_path / "out", labels=tmp_path)
    with pytest.raises(UserError, match="is a data set; --labels belongs to a folder of id PNGs"):
        workflows.visualize(asked)


def test_a_split_that_is_not_there_is_told_with_those_that_are(
    portrait: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="no split 'test'") as error:
        workflows.visualize(PictureRequest(source=str(portrait), out=tmp_path / "o", split="test"))
    assert "train" in error.value.remedy
    assert "val" in error.value.remedy


@pytest.mark.slow
def test_processes_draw_the_same_as_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(14):
        ids = rng.integers(0, 3, (30, 40), np.uint8)
        write(tmp_path / "predictions", f"{number:02}.png", encode_label(ids))
    kinds = ("overlay", "color", "contact_sheet")
    one = PictureRequest(
        source=str(tmp_path / "predictions"), out=tmp_path / "one", num_classes=3, kinds=kinds
    )
    two = PictureRequest(
        source=one.source, out=tmp_path / "two", num_classes=3, kinds=kinds, executor=Processes(2)
    )
    assert workflows.visualize(one).legend == workflows.visualize(two).legend
    names = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    assert len(names) == 14 * 2 + 1
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_ids_drawn_in_any_colors_come_back(folders: Path) -> None:
    for colors in ("own", "pascal", "colorblind", "cityscapes", "ade20k"):
        out = folders / colors
        assert run(["vis", str(folders / "predictions"), "--num-classes", "2", "--out", str(out),
                    "--kind", "color", "--colors", colors]) == 0  # fmt: skip
        assert np.array_equal(read_label(out / "color" / "sub" / "ä b.png"), IDS)


@pytest.mark.parametrize(
    "options", [["--sort", "name"], ["--class", "x"], ["--images", "a", "--images", "b"]]
)
def test_options_that_would_do_nothing_are_refused(folders: Path, options: list[str]) -> None:
    line = ["vis", str(folders / "predictions"), "--num-classes", "2", "--out", "nowhere"]
    assert run([*line, *options]) == 2


def test_no_network_looks_at_ids_and_data_sets_know_their_classes(
    folders: Path, portrait: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = ["vis", str(folders / "predictions"), "--num-classes", "2", "--out", "nowhere"]
    assert run([*ids, "--scales", "0.5,1"]) == 2
    assert "no network predicts" in capsys.readouterr().err
    data = ["vis", str(portrait), "--out", str(tmp_path / "out")]
    assert run([*data, "--num-classes", "7"]) == 2
    assert "--num-classes belongs to a folder of id PNGs" in capsys.readouterr().err


def test_pictures_are_never_written_over_the_ids_that_they_show(tmp_path: Path) -> None:
    folder = tmp_path / "drawn" / "color"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(encode_label(np.ones((4, 4), np.uint8)))
    for out in (tmp_path / "drawn", folder / "more", folder):
        request = PictureRequest(
            source=str(folder), out=out, num_classes=2, kinds=("color",), overwrite=True
        )
        with pytest.raises(UserError, match="lie in one another"):
            workflows.visualize(request)
