"""What a path stands for, and what is said where it leads to nothing."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import checkpoint_files as files
import numpy as np
import pytest
import torch

from model.importing.places import find
from model.importing.source import opened
from segdata.errors import UserError

ONE = {"MobilenetV2/Conv/weights": np.zeros((3, 3, 3, 4), np.float32)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A training's folder with two checkpoints."""
    for step in (100, 2000):
        files.write_bundle(tmp_path / f"model.ckpt-{step}", ONE)
    return tmp_path


def state(folder: Path, name: str) -> None:
    (folder / "checkpoint").write_text(
        f'model_checkpoint_path: "{name}"\nall_model_checkpoint_paths: "model.ckpt-1"\n'
    )


@pytest.mark.parametrize("ending", ["", ".index", ".data-00000-of-00001", ".meta"])
def test_every_file_of_a_checkpoint_stands_for_it(folder: Path, ending: str) -> None:
    place = find(folder / f"model.ckpt-100{ending}")
    assert place.paths == (folder / "model.ckpt-100",)
    assert bool(place.notes) == bool(ending)


def test_a_folder_stands_for_the_checkpoint_that_its_state_file_names(folder: Path) -> None:
    state(folder, "model.ckpt-100")
    assert find(folder).paths == (folder / "model.ckpt-100",)


def test_a_state_file_of_another_machine_names_a_file_of_this_folder(folder: Path) -> None:
    state(folder, "/home/someone/train/model.ckpt-2000")
    assert find(folder).paths == (folder / "model.ckpt-2000",)


@pytest.mark.parametrize(
    "text",
    [
        'model_checkpoint_path: "C:\\\\Users\\\\x\\\\model.ckpt-100"\r\n',
        'model_checkpoint_path: "C:\\Users\\x\\model.ckpt-100"',
        '\ufeffmodel_checkpoint_path: "model.ckpt-100"\n',
    ],
)
def test_a_state_file_of_windows_is_read(folder: Path, text: str) -> None:
    (folder / "checkpoint").write_text(text, encoding="utf-8")
    assert find(folder).paths == (folder / "model.ckpt-100",)


def test_a_state_file_itself_stands_for_what_it_names(folder: Path) -> None:
    state(folder, "model.ckpt-100")
    assert find(folder / "checkpoint").paths == (folder / "model.ckpt-100",)


def test_a_state_file_that_names_nothing_leads_to_what_is_there(folder: Path) -> None:
    (folder / "checkpoint").write_text("")
    with pytest.raises(UserError, match="names no checkpoint") as told:
        find(folder)
    assert str(folder / "model.ckpt-2000") in told.value.remedy


@pytest.mark.parametrize(
    "name", ["../secret/model.ckpt", "/etc/passwd", "model.ckpt-3", "", "..", ".", "a\0b"]
)
def test_a_state_file_leads_out_of_no_folder(folder: Path, name: str) -> None:
    files.write_bundle(folder.parent / "secret" / "model.ckpt", ONE)
    state(folder, name)
    with pytest.raises(UserError), opened(folder):
        pass


def test_a_folder_with_one_checkpoint_stands_for_it(tmp_path: Path) -> None:
    files.write_bundle(tmp_path / "model.ckpt", ONE)
    assert find(tmp_path).paths == (tmp_path / "model.ckpt",)


def test_a_folder_stands_for_the_only_checkpoint_below_it(tmp_path: Path) -> None:
    files.write_bundle(tmp_path / "deeplab" / "model.ckpt", ONE)
    (tmp_path / "LICENSE").write_text("Apache")
    place = find(tmp_path)
    assert place.paths == (tmp_path / "deeplab" / "model.ckpt",)
    assert place.notes[0] == "only deeplab holds a checkpoint"


def test_what_macos_adds_is_no_checkpoint(tmp_path: Path) -> None:
    files.write_bundle(tmp_path / "model.ckpt", ONE)
    for ending in (".index", ".data-00000-of-00001"):
        (tmp_path / f"._model.ckpt{ending}").write_bytes(b"\0\x05\x16\x07")
    assert find(tmp_path).paths == (tmp_path / "model.ckpt",)
    for path in tmp_path.glob("model.ckpt.*"):
        path.unlink()
    (tmp_path / "._graph.pb").write_bytes(b"\0\x05\x16\x07")
    (tmp_path / "graph.pb").write_bytes(b"\x0a\0")
    assert find(tmp_path).paths == (tmp_path / "graph.pb",)


def test_of_several_checkpoints_one_must_be_named(folder: Path) -> None:
    with pytest.raises(UserError, match=r"2 checkpoints: model\.ckpt-100, model\.ckpt-2000") as e:
        find(folder)
    assert str(folder / "model.ckpt-2000") in e.value.remedy


def test_a_checkpoint_in_a_single_file_is_found(tmp_path: Path) -> None:
    path = files.write_single_file(tmp_path / "resnet.ckpt", ONE)
    assert find(path).kind == find(tmp_path).kind == "single file"


@pytest.mark.parametrize("given", ["model.ckpt", "model.ckpt-00001-of-00002",
                                   "model.ckpt-?????-of-00002"])  # fmt: skip
def test_a_checkpoint_in_several_files_is_found_whole(tmp_path: Path, given: str) -> None:
    for number in range(2):
        arrays = {f"MobilenetV2/Conv/{number}": np.zeros(3, np.float32)}
        files.write_single_file(tmp_path / f"model.ckpt-{number:05d}-of-00002", arrays)
    with opened(tmp_path / given) as source:
        assert set(source.shapes) == {"MobilenetV2/Conv/0", "MobilenetV2/Conv/1"}


def test_a_saved_model_stands_for_its_variables(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    files.write_bundle(tmp_path / "variables" / "variables", ONE)
    for given in (tmp_path, tmp_path / "saved_model.pb"):
        assert find(given).paths == (tmp_path / "variables" / "variables",)


def test_an_archive_is_read_like_the_folder_that_it_holds(tmp_path: Path) -> None:
    files.write_bundle(tmp_path / "in" / "model.ckpt", ONE)
    (tmp_path / "in" / "frozen_inference_graph.pb").write_bytes(b"")
    with tarfile.open(tmp_path / "deeplab.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "in", "deeplab")
    with opened(tmp_path / "deeplab.tar.gz") as source:
        assert source.kind == "TensorFlow checkpoint"
        assert set(source.shapes) == set(ONE)


def test_an_archive_writes_nowhere_else(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("../model.ckpt.index")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    with pytest.raises(UserError, match="outside the folder"), opened(tmp_path / "bad.tar.gz"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tar.gz"]


def test_links_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    files.write_bundle(tmp_path / "secret" / "model.ckpt", ONE)
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as archive:
        for name in ("model.ckpt.index", "model.ckpt.data-00000-of-00001"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret" / name)
            archive.addfile(link)
    with pytest.raises(UserError) as told, opened(tmp_path / "bad.tar.gz"):
        pass
    archive = tmp_path / "bad.tar.gz"
    expected = f"{archive} holds no checkpoint; links in an archive are not followed"
    assert told.value.message == expected


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["m/model.ckpt-1", "m/model.ckpt-2"], "give the one to read: m/model.ckpt-2"),
        (["model.ckpt-1", "model.ckpt-2"], "give the one to read: model.ckpt-2"),
        (["m/README", "m/a/model.ckpt-1", "m/b/model.ckpt-1"], "there is one in m/a"),
    ],
)
def test_errors_name_the_archive_and_how_to_unpack_it(
    tmp_path: Path, names: list[str], words: str
) -> None:
    for name in names:
        if name.endswith("README"):
            (tmp_path / "all" / "m").mkdir(parents=True)
            (tmp_path / "all" / name).touch()
        else:
            files.write_bundle(tmp_path / "all" / name, ONE)
    with tarfile.open(tmp_path / "two.tar", "w") as archive:
        archive.add(tmp_path / "all", ".")
    with pytest.raises(UserError) as told, opened(tmp_path / "two.tar"):
        pass
    assert told.value.message.startswith(f"{tmp_path / 'two.tar'} holds ")
    assert told.value.remedy == f"unpack it: tar xf {tmp_path / 'two.tar'}; {words}"


MISTAKES = {
    "model.ckpt-20": "did you mean .*model.ckpt-2000",
    "modle.ckpt-100": "did you mean .*model.ckpt-100",
    "elsewhere/model.ckpt": "elsewhere does not exist",
    "weights.pth": "can run any code",
    "lightning.ckpt": "can run any code",
    "model.h5": "a Keras file",
    "graph.pbtxt": "a graph as text",
    "cut.data-00000-of-00001": "cut.index, which says what is in it, is not beside it",
    "cut": "cut.index, which says what is in it, is not beside it",
    "notes.txt": "is no checkpoint, or it is cut off",
    "empty": "holds no checkpoint",
    "zipped.pb": "zipped.pb looks like a pickle of PyTorch",
    "bare.pb": "bare.pb looks like a pickle of PyTorch",
    "pickle.npz": "pickle.npz looks like a pickle of PyTorch",
    "arrays.npz": "arrays.npz is a NumPy archive",
    "arrays.pb": "arrays.pb is a NumPy archive",
    "cut.npz": "cut.npz is a NumPy archive",
    "texts.ckpt": "texts.ckpt is a zip archive without a checkpoint",
    "nothing.pb": "nothing.pb is empty",
    "nothing.safetensors": "nothing.safetensors is empty",
    "outer": "there is one in .*outer/inner",
    "deeplab.tar.gz.1": "tar xf .*deeplab.tar.gz.1, and give what it holds",
    "weights.7z": "7z x .*weights.7z, and give what it holds",
    "frozen": "the folder variables, which holds its weights, is not beside it",
    "keras.ckpt": "keras.ckpt is a Keras file",
}


def write_others(folder: Path) -> None:
    """Files of other kinds under names of ours, and under their own."""
    for name in ("zipped.pb", "pickle.npz"):
        torch.save({"a": torch.zeros(3)}, folder / name)
    torch.save({"a": torch.zeros(3)}, folder / "bare.pb", _use_new_zipfile_serialization=False)
    for name in ("arrays.npz", "arrays.pb", "cut.npz"):
        with (folder / name).open("wb") as file:
            np.savez(file, a=np.zeros(3), b=np.ones(2))
    (folder / "cut.npz").write_bytes((folder / "arrays.npz").read_bytes()[:100])
    with zipfile.ZipFile(folder / "texts.ckpt", "w") as archive:
        archive.writestr("notes.txt", "nothing")
    for name in ("nothing.pb", "nothing.safetensors"):
        (folder / name).touch()
    (folder / "deeplab.tar.gz.1").write_bytes(gzip.compress(b"x"))
    (folder / "frozen").mkdir()
    (folder / "frozen" / "saved_model.pb").write_bytes(b"\x08\x01")
    (folder / "weights.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    (folder / "keras.ckpt").write_bytes(b"\x89HDF\r\n\x1a\n")


@pytest.mark.parametrize("given", MISTAKES)
def test_a_path_that_leads_to_nothing_is_explained(folder: Path, given: str) -> None:
    for name in ("weights.pth", "model.h5", "graph.pbtxt", "cut.data-00000-of-00001", "notes.txt"):
        (folder / name).write_bytes(b"x" * 100)
    (folder / "lightning.ckpt").write_bytes(b"PK\x03\x04" + bytes(100))
    (folder / "empty").mkdir()
    write_others(folder)
    for name in ("inner", "other"):
        files.write_bundle(folder / "outer" / name / "model.ckpt", ONE)
    with pytest.raises(UserError, match=MISTAKES[given].replace(".*", "(?s:.*)")):
        find(folder / given)


def test_a_web_address_is_told_to_be_fetched_first() -> None:
    with pytest.raises(UserError, match=r"^http://download\S+ is a web address"):
        find(Path("http://download.tensorflow.org/models/deeplabv3.tar.gz"))


def test_a_checkpoint_without_its_data_is_told(folder: Path) -> None:
    (folder / "model.ckpt-100.data-00000-of-00001").unlink()
    with (
        pytest.raises(UserError, match=r"data-00000-of-00001, which holds the weights, is not"),
        opened(folder / "model.ckpt-100"),
    ):
        pass
