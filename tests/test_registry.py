"""Names: found where they should be, never lost, never given away unasked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from segdata import builtin
from segdata.classes import VOID_COLOR, ClassMap, SegClass, pascal_color
from segdata.dataset import load_dataset
from segdata.errors import UserError
from segdata.registry import NewDescriptor, descriptor, find, known, register, unregister
from segdata.registry.file import user_file


def folder(path: Path, name: str | None = "own-name") -> Path:
    """A folder in VOC layout, with a descriptor if it is given a name."""
    for part in ("JPEGImages", "SegmentationClass"):
        (path / part).mkdir(parents=True)
    if name:
        (path / "dataset.toml").write_text(f'name = "{name}"\nnum_classes = 2\n')
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without anything in it."""
    path = tmp_path / "elsewhere"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


def test_a_registered_name_works_from_anywhere(tmp_path: Path, elsewhere: Path) -> None:
    register(folder(tmp_path / "data"), "street")
    assert find("street").root == (tmp_path / "data").resolve()


def test_a_folder_registered_by_a_relative_path_is_found(
    tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(elsewhere / "data")
    register(Path("data"), "street")
    monkeypatch.chdir(tmp_path)
    assert find("street").root == (elsewhere / "data").resolve()


def test_without_a_name_the_data_sets_own_is_taken(tmp_path: Path) -> None:
    assert register(folder(tmp_path / "data")).name == "own-name"
    assert find("own-name").name == "own-name"


def test_a_path_comes_before_a_name(tmp_path: Path, elsewhere: Path) -> None:
    register(folder(tmp_path / "far"), "street")
    folder(elsewhere / "street", "near")
    assert find("street").name == "near"


def test_the_project_comes_before_the_user(tmp_path: Path, elsewhere: Path) -> None:
    register(folder(tmp_path / "users"), "street")
    folder(tmp_path / "projects", "projects")
    (tmp_path / "segdata.toml").write_text('[datasets]\nstreet = "projects"\n')
    assert find("street").name == "projects"
    origins = [entry.origin for entry in known() if entry.name == "street"]
    assert origins == ["project", "user"]


def test_the_nearest_project_counts(tmp_path: Path, elsewhere: Path) -> None:
    folder(tmp_path / "outer", "outer")
    folder(elsewhere / "inner", "inner")
    (tmp_path / "segdata.toml").write_text('[datasets]\nstreet = "outer"\n')
    (elsewhere / "segdata.toml").write_text('[datasets]\nstreet = "inner"\n')
    assert find("street").name == "inner"


def test_an_unknown_name_is_told_its_neighbor_and_the_way_out(
    tmp_path: Path, elsewhere: Path
) -> None:
    register(folder(tmp_path / "data"), "street")
    with pytest.raises(UserError) as caught:
        find("streat")
    assert "did you mean 'street'" in caught.value.remedy
    assert "segdata register FOLDER --name streat" in caught.value.remedy


def test_a_name_longer_than_files_may_have_is_unknown_like_any_other(elsewhere: Path) -> None:
    for look in (find, descriptor):
        with pytest.raises(UserError, match="neither a folder nor the name"):
            look("x" * 300)


def test_a_mistyped_path_is_not_called_a_name(elsewhere: Path) -> None:
    with pytest.raises(UserError, match=r"data/steet does not exist"):
        find("data/steet")


def test_a_builtin_name_has_no_images(elsewhere: Path) -> None:
    with pytest.raises(UserError, match=r"knows the classes of cityscapes.*\n.*--name cityscapes"):
        find("cityscapes")


def test_a_name_whose_folder_is_gone_says_so(tmp_path: Path, elsewhere: Path) -> None:
    register(folder(tmp_path / "data"), "street")
    (tmp_path / "data").rename(tmp_path / "moved")
    with pytest.raises(UserError, match=r"does not exist any more.*\n.*--overwrite"):
        find("street")
    assert [e.exists for e in known() if e.name == "street"] == [False]


# --- giving names --------------------------------------------------------------------------------


def test_a_taken_name_is_not_given_away_unasked(tmp_path: Path) -> None:
    first, second = folder(tmp_path / "one"), folder(tmp_path / "two")
    register(first, "street")
    with pytest.raises(UserError, match=r"belongs to .*one\n.*--overwrite"):
        register(second, "street")
    assert find("street").root == first.resolve()
    assert register(second, "street", overwrite=True).replaced == first.resolve()
    assert find("street").root == second.resolve()


def test_registering_the_same_folder_again_is_fine(tmp_path: Path) -> None:
    register(folder(tmp_path / "one"), "street")
    assert register(tmp_path / "one", "street").replaced is None


@pytest.mark.parametrize("name", ["a/b", "-x", "with space", "straße"])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be a name"):
        register(folder(tmp_path / "data"), name)
    assert not user_file().exists()


def test_a_name_can_be_taken_back(tmp_path: Path, elsewhere: Path) -> None:
    register(folder(tmp_path / "data"), "street")
    assert unregister("street") == (tmp_path / "data").resolve()
    assert (tmp_path / "data/dataset.toml").exists()
    with pytest.raises(UserError, match="neither a folder nor the name"):
        find("street")
    with pytest.raises(UserError, match="no 'street'"):
        unregister("street")


def test_other_tables_of_the_users_file_stay(tmp_path: Path) -> None:
    user_file().write_text('[other]\nkey = 3\n[datasets]\nold = "/nowhere"\n')
    register(folder(tmp_path / "data"), "street")
    assert "key = 3" in user_file().read_text()
    assert {e.name for e in known() if e.origin == "user"} == {"old", "street"}


@pytest.mark.parametrize("text", ["[datasets", "[datasets]\nx = 3", "datasets = 1"])
def test_a_damaged_registry_is_named_and_not_overwritten(tmp_path: Path, text: str) -> None:
    user_file().write_text(text)
    with pytest.raises(UserError, match=r"datasets\.toml"):
        register(folder(tmp_path / "data"), "street")
    assert user_file().read_text() == text


def test_two_processes_at_once_lose_no_name(tmp_path: Path) -> None:
    folder(tmp_path / "data")
    script = (
        "import sys; from pathlib import Path; from segdata.registry import register\n"
        "for n in range(25): register(Path(sys.argv[1]), f'{sys.argv[2]}{n}')"
    )
    root = Path(__file__).parent.parent
    started = [
        subprocess.Popen([sys.executable, "-c", script, tmp_path / "data", who], cwd=root)
        for who in "ab"
    ]
    assert [process.wait(60) for process in started] == [0, 0]
    assert len([e for e in known() if e.origin == "user"]) == 50


# --- making a descriptor -------------------------------------------------------------------------


def test_a_folder_without_descriptor_gets_one(tmp_path: Path) -> None:
    made = register(folder(tmp_path / "data", None), "street", NewDescriptor(3, 255))
    assert made.made_descriptor
    descriptor = load_dataset(tmp_path / "data").descriptor
    assert (descriptor.name, descriptor.num_classes, descriptor.ignore_label) == ("street", 3, 255)


def test_ignoring_nothing_is_not_ignoring_class_0(tmp_path: Path) -> None:
    register(folder(tmp_path / "data", None), "street", NewDescriptor(3))
    assert load_dataset(tmp_path / "data").descriptor.ignore_label is None


def test_a_class_map_gives_names_and_colors(tmp_path: Path) -> None:
    classes = ClassMap((SegClass(0, "sky", (1, 2, 3)), SegClass(1, "void")), ignore=1)
    register(folder(tmp_path / "data", None), "street", NewDescriptor(class_map=classes))
    assert load_dataset(tmp_path / "data").class_map == classes


def test_contradicting_numbers_of_classes_are_refused(tmp_path: Path) -> None:
    classes = ClassMap((SegClass(0, "sky"), SegClass(1, "ground")))
    with pytest.raises(UserError, match="has 2 classes, not 3"):
        register(folder(tmp_path / "data", None), "street", NewDescriptor(3, class_map=classes))


@pytest.mark.parametrize("new", [NewDescriptor(0), NewDescriptor(ignore=255), NewDescriptor(2, -1)])
def test_impossible_descriptions_are_refused(tmp_path: Path, new: NewDescriptor) -> None:
    with pytest.raises(UserError):
        register(folder(tmp_path / "data", None), "street", new)
    assert not (tmp_path / "data/dataset.toml").exists()


def test_a_descriptor_is_never_overwritten(tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    before = (data / "dataset.toml").read_bytes()
    with pytest.raises(UserError, match="already, and it is not changed"):
        register(data, "street", NewDescriptor(3), overwrite=True)
    assert (data / "dataset.toml").read_bytes() == before


def test_nothing_is_made_when_the_name_is_taken(tmp_path: Path) -> None:
    register(folder(tmp_path / "one"), "street")
    with pytest.raises(UserError, match="belongs to"):
        register(folder(tmp_path / "two", None), "street", NewDescriptor(3))
    assert not (tmp_path / "two/dataset.toml").exists()


def test_a_folder_of_another_layout_is_told_how_its_folders_are_named(tmp_path: Path) -> None:
    (tmp_path / "data/images").mkdir(parents=True)
    with pytest.raises(UserError, match=r"no folder .*JPEGImages") as caught:
        register(tmp_path / "data", "street", NewDescriptor(3))
    assert "--images" in caught.value.remedy
    assert "segdata convert" in caught.value.remedy


def test_folders_of_any_name_become_a_data_set(tmp_path: Path) -> None:
    for folder in ("data/images", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.png").touch()
    named = NewDescriptor(2, images=tmp_path / "data/images", labels=tmp_path / "elsewhere")
    register(tmp_path / "data", "street", named)
    made = load_dataset(tmp_path / "data")
    assert made.descriptor.images == "images"
    assert Path(made.descriptor.labels) == (tmp_path / "elsewhere").resolve()
    (pair,) = made.splits["all"].pairs
    assert pair.image.name == "a.png"


def test_a_folder_without_anything_said_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--num-classes"):
        register(folder(tmp_path / "data", None), "street")


def test_a_builtin_name_brings_its_classes(tmp_path: Path) -> None:
    register(folder(tmp_path / "VOC2012", None), "pascal_voc_seg")
    assert load_dataset(tmp_path / "VOC2012").class_map.names[15] == "person"
    assert find("pascal_voc_seg").root == (tmp_path / "VOC2012").resolve()


# --- what everybody knows ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "channels", "ignore", "trained"),
    [
        ("pascal_voc_seg", 21, 255, 21),
        ("cityscapes", 19, 255, 19),
        ("ade20k", 151, 0, 150),
        ("camvid", 11, 11, 11),
        ("kitti", 19, 255, 19),
    ],
)
def test_builtin_classes_are_the_originals(
    name: str, channels: int, ignore: int, trained: int
) -> None:
    descriptor = builtin.descriptor(name)
    assert (descriptor.name, descriptor.num_classes) == (name, channels)
    assert descriptor.class_map.ignore == ignore
    assert descriptor.class_map.num_classes == channels
    assert len(descriptor.class_map.trained) == trained
    names = [c.name for c in descriptor.classes]
    assert len(set(names)) == len(names)
    assert ignore in descriptor.class_map.names


def test_pascals_colors_are_its_bit_pattern() -> None:
    descriptor = builtin.descriptor("pascal_voc_seg")
    colors = {c.id: c.color for c in descriptor.classes}
    assert colors == {i: pascal_color(i) for i in range(21)} | {255: VOID_COLOR}
    # What everybody has seen: an aeroplane is dark red, a person skin-colored.
    assert (colors[1], colors[15]) == ((128, 0, 0), (192, 128, 128))


def test_published_sizes_are_the_originals() -> None:
    """deeplab/datasets/data_generator.py, splits_to_sizes."""
    assert builtin.published("pascal_voc_seg").splits == {
        "train": 1464,
        "train_aug": 10582,
        "trainval": 2913,
        "val": 1449,
    }
    assert builtin.published("ade20k").splits == {"train": 20210, "val": 2000}
    assert builtin.published("cityscapes").splits["train_fine"] == 2975


def test_camvids_classes_are_those_of_its_files(shared: Path) -> None:
    lines = (shared / "camvid/classes.csv").read_text().split()[1:]
    rows = [line.split(",") for line in lines]
    expected = [(i, name, tuple(map(int, rgb))) for i, (name, *rgb) in enumerate(rows)]
    assert [(c.id, c.name, c.color) for c in builtin.descriptor("camvid").classes] == expected


def test_every_name_is_listed_and_can_be_said_in_json(tmp_path: Path, elsewhere: Path) -> None:
    register(folder(tmp_path / "data"), "street")
    listed = [entry.to_json() for entry in known()]
    assert [entry["name"] for entry in listed] == ["street", *builtin.names()]
    assert json.loads(json.dumps(listed))[0]["exists"]


def test_a_builtin_that_does_not_exist_names_the_others() -> None:
    with pytest.raises(UserError, match="camvid"):
        builtin.descriptor("coco")
