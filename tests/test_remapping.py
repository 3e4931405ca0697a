"""Ids to ids: exact on every pixel, names that follow them, losses told, nothing in place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from segdata.classes import ClassMap, SegClass
from segdata.cli import run
from segdata.dataset import Dataset, DatasetDescriptor, load_dataset, save_descriptor
from segdata.errors import BadData, UserError
from segdata.executors import Processes
from segdata.images import read_label
from segdata.remapping import Remapping, RemapRequest, plan_remap, read_table, remap, table_of

CLASSES = tuple(
    SegClass(i, name, (i * 50, 0, 0)) for i, name in enumerate(("sky", "road", "car", "tree"))
)
Label = npt.NDArray[np.uint8]


def label_of(number: int) -> Label:
    ids = np.random.default_rng(number).integers(0, 5, (12, 16)).astype(np.uint8)
    ids[ids == 4] = 255
    return ids


def dataset(root: Path, ignore: int | None = 255) -> Dataset:
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for number in range(4):
        label = label_of(number)
        Image.fromarray(label).save(root / "SegmentationClass" / f"{number}.png")
        Image.new("RGB", (16, 12), (number, 2, 3)).save(root / "JPEGImages" / f"{number}.jpg")
    (root / "ImageSets/Segmentation/train.txt").write_text("0\n1\n2\n")
    (root / "ImageSets/Segmentation/val.txt").write_text("3\n")
    save_descriptor(root, DatasetDescriptor.for_classes("four", ClassMap(CLASSES, ignore)))
    return load_dataset(root)


def remapped(root: Path, *entries: str, **asked: object) -> Remapping:
    data = load_dataset(root / "in") if (root / "in").exists() else dataset(root / "in")
    return remap(data, RemapRequest(out=root / "out", table=table_of(entries), **asked))  # type: ignore[arg-type]


def names(result: Remapping) -> dict[int, str]:
    return {c.id: c.name for c in load_dataset(result.request.out).class_map.classes}


def written(root: Path, number: int) -> Label:
    return read_label(root / "out" / "SegmentationClass" / f"{number}.png")  # type: ignore[return-value]


def test_merging_keeps_the_name_of_the_class_that_stays(tmp_path: Path) -> None:
    result = remapped(tmp_path, "3:2")
    assert names(result) == {0: "sky", 1: "road", 2: "car"}
    old = label_of(1)
    assert np.array_equal(written(tmp_path, 1), np.where(old == 3, 2, old))


def test_swapping_takes_names_and_colors_along(tmp_path: Path) -> None:
    result = remapped(tmp_path, "0:1", "1:0")
    assert names(result) == {0: "road", 1: "sky", 2: "car", 3: "tree"}
    assert result.class_map.color(0) == (50, 0, 0)
    old = label_of(2)
    assert np.array_equal(written(tmp_path, 2), np.array([1, 0, 2, 3, *range(4, 256)])[old])


def test_dropping_makes_pixels_ignored_and_says_how_many(tmp_path: Path) -> None:
    result = remapped(tmp_path, "3:ignore")
    train = np.concatenate([label_of(n).ravel() for n in range(3)])
    assert result.before["train"][3] == (train == 3).sum()
    assert result.after["train"][255] == np.isin(train, (3, 255)).sum()
    assert 3 not in result.after["train"]
    assert sum(result.after["val"].values()) == sum(result.before["val"].values())


def test_an_ignored_value_can_become_a_class(tmp_path: Path) -> None:
    result = remapped(tmp_path, "255:4", names={4: "object"})
    assert names(result)[4] == "object"
    assert (written(tmp_path, 0) == 4).sum() == (label_of(0) == 255).sum()


def test_a_target_that_is_no_class_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="id 9 is no class") as caught:
        remapped(tmp_path, "3:9")
    assert "--name 9:" in caught.value.remedy
    assert not (tmp_path / "out").exists()
    assert names(remapped(tmp_path, "3:9", names={9: "plants"}))[9] == "plants"


def test_several_classes_that_take_anothers_id_need_a_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="loses its own"):
        remapped(tmp_path, "0:1", "2:1", "1:0")


def test_nothing_becomes_ignored_where_nothing_is(tmp_path: Path) -> None:
    data = dataset(tmp_path / "in", ignore=None)
    request = RemapRequest(out=tmp_path / "out", table={3: None})
    with pytest.raises(UserError, match="--ignore"):
        plan_remap(data, request)
    plan = plan_remap(data, RemapRequest(out=tmp_path / "out", table={3: None}, ignore=255))
    assert plan.class_map.ignore == 255


def test_gaps_and_unused_ids_are_told(tmp_path: Path) -> None:
    result = remapped(tmp_path, "1:0", "77:0")
    assert result.emptied == (1,)
    assert result.unused == (77,)


def test_lists_and_photos_come_along_and_the_source_is_only_read(tmp_path: Path) -> None:
    dataset(tmp_path / "in")
    before = {p: p.read_bytes() for p in (tmp_path / "in").rglob("*") if p.is_file()}
    remapped(tmp_path, "3:2", photos="hardlink")
    assert {p: p.read_bytes() for p in (tmp_path / "in").rglob("*") if p.is_file()} == before
    new = load_dataset(tmp_path / "out")
    assert {name: split.entries for name, split in new.splits.items()} == {
        "train": ("0", "1", "2"), "val": ("3",)
    }  # fmt: skip
    photo = tmp_path / "out" / "JPEGImages" / "0.jpg"
    assert photo.samefile(tmp_path / "in" / "JPEGImages" / "0.jpg")


def test_nothing_is_remapped_in_place(tmp_path: Path) -> None:
    data = dataset(tmp_path / "in")
    for out in (tmp_path / "in", tmp_path / "in" / "new"):
        with pytest.raises(UserError, match="inside it"):
            remap(data, RemapRequest(out=out, table={3: 2}))


def test_labels_that_cannot_be_read_are_all_told_and_leave_no_data_set(tmp_path: Path) -> None:
    data = dataset(tmp_path / "in")
    for number in (1, 3):
        (tmp_path / "in" / "SegmentationClass" / f"{number}.png").write_bytes(b"no png")
    with pytest.raises(BadData) as caught:
        remap(data, RemapRequest(out=tmp_path / "out", table={3: 2}))
    assert [finding.rule for finding in caught.value.report] == ["L27", "L27"]
    assert not (tmp_path / "out" / "dataset.toml").exists()


def test_every_executor_makes_the_same_bytes(tmp_path: Path) -> None:
    data = dataset(tmp_path / "in")
    request = RemapRequest(out=tmp_path / "one", table={3: 2})
    remap(data, request)
    remap(data, RemapRequest(out=tmp_path / "two", table={3: 2}), executor=Processes(2))
    for path in (tmp_path / "one").rglob("*.png"):
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert twin.read_bytes() == path.read_bytes()


def test_ids_past_255_widen_the_labels(tmp_path: Path) -> None:
    remapped(tmp_path, "3:300", names={300: "far"})
    label = written(tmp_path, 0)
    assert label.dtype == np.uint16
    assert (label == 300).sum() == (label_of(0) == 3).sum()


def test_a_table_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("\ufefffrom,to,name\r\n3,2,moving\r\n1,ignore,\r\n\r\n", encoding="utf-8")
    assert read_table(file) == ({3: 2, 1: None}, {2: "moving"})
    file.write_text("from,to\n\n3,2\n\n3,1\n")
    with pytest.raises(UserError, match="line 5: id 3 is given twice"):
        read_table(file)
    file.write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="columns from,to"):
        read_table(file)


@pytest.mark.parametrize("entry", ["", "3", "3:", ":2", "a:1", "1:b", "-1:2", "1:70000"])
def test_entries_that_are_none_are_told(tmp_path: Path, entry: str) -> None:
    with pytest.raises(UserError):
        remapped(tmp_path, entry)


def test_the_command_line_remaps_and_reports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset(tmp_path / "in")
    line = ["remap", str(tmp_path / "in"), str(tmp_path / "out"), "3:2", "--name", "2:thing",
            "--executor", "serial", "--format", "json"]  # fmt: skip
    assert run(line) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["moved"] == {"2": [3]}
    assert told["pixels_after"]["val"]["2"] == int(np.isin(label_of(3), (2, 3)).sum())
    line[-1] = "text"
    assert run([*line, "--overwrite"]) == 0
    assert "thing" in capsys.readouterr().out


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(0, 3), st.integers(0, 3) | st.none(), max_size=4))
def test_pixels_are_neither_lost_nor_made(table: dict[int, int | None]) -> None:
    """Whatever the table says of classes, each pixel's new id is the table's."""
    data = Dataset(Path("nowhere"), DatasetDescriptor.for_classes("x", ClassMap(CLASSES, 255)))
    names = {target: f"new {target}" for target in table.values() if target is not None}
    plan = plan_remap(data, RemapRequest(out=Path("out"), table=table, names=names))
    for old in (0, 1, 2, 3):
        new = plan.ids.get(old, old)
        assert new == (255 if table.get(old, old) is None else table.get(old, old))
        assert new == 255 or new in plan.class_map.names


def test_two_pairs_of_one_name_are_refused_and_none_is_lost(tmp_path: Path) -> None:
    data = dataset(tmp_path / "in")
    (tmp_path / "in" / "JPEGImages" / "left").mkdir()
    Image.new("RGB", (16, 12)).save(tmp_path / "in" / "JPEGImages" / "left" / "0.jpg")
    table = ["image,label"]
    table += [f"JPEGImages/{place}0.jpg,SegmentationClass/0.png" for place in ("", "left/")]
    (tmp_path / "in" / "pairs.csv").write_text("\n".join(table))
    save_descriptor(data.root, data.descriptor.model_copy(update={"pairs": "pairs.csv"}))
    with pytest.raises(UserError, match=r"two pairs are named 0: .*left"):
        remapped(tmp_path, "3:2")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "left", ["JPEGImages/0.png", "SegmentationClass/x.png", "ImageSets/Segmentation/test.txt"]
)
def test_files_of_another_data_set_never_become_part_of_the_new_one(
    tmp_path: Path, left: str
) -> None:
    remapped(tmp_path, "3:2")
    remapped(tmp_path, "3:1", overwrite=True)
    (tmp_path / "out" / left).write_bytes(b"of another")
    with pytest.raises(UserError, match=f"1 files .*{Path(left).name}"):
        remapped(tmp_path, "3:2", overwrite=True)
    assert np.array_equal(written(tmp_path, 1), np.where(label_of(1) == 3, 1, label_of(1)))


def test_a_photo_that_cannot_be_read_is_told_like_a_label(tmp_path: Path) -> None:
    data = dataset(tmp_path / "in")
    photo = tmp_path / "in" / "JPEGImages" / "2.jpg"
    photo.unlink()
    photo.symlink_to("nowhere.jpg")
    with pytest.raises(BadData) as caught:
        remap(data, RemapRequest(out=tmp_path / "out", table={3: 2}))
    assert [finding.path for finding in caught.value.report] == [str(photo)]
