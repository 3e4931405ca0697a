"""Split: lists that share nothing, are stable, and never replace what a user has."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import resize

from segdata.cli import run
from segdata.dataset import DatasetDescriptor, load_dataset
from segdata.errors import UserError
from segdata.executors import Serial
from segdata.findings import Level
from segdata.images import encode_label, encode_photo
from segdata.progress import silently
from segdata.splitting import SplitRequest, Splitting, split
from segdata.splitting.assigning import Groups, at_random, by_classes
from segdata.splitting.grouping import PRESETS, Unions, group_by_name
from segdata.splitting.pictures import Pictures, _candidates, look_at_pictures
from segdata.validation import validate

SIZE = (48, 64)


def photo(seed: int) -> np.ndarray:
    """A picture with large shapes, of which no two are alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((7, 9, 3))
    fine: np.ndarray = resize(coarse, SIZE, order=1) * 255
    return fine.astype(np.uint8)


def label(*ids: int) -> np.ndarray:
    """Vertical stripes of these ids."""
    row = np.repeat(np.array(ids, np.uint8), SIZE[1] // len(ids))
    return np.tile(row, (SIZE[0], 1))


def add(root: Path, key: str, seed: int, ids: Sequence[int] = (0, 1)) -> None:
    for folder, data in (
        ("JPEGImages", encode_photo(photo(seed))),
        ("SegmentationClass", encode_label(label(*ids))),
    ):
        path = root / folder / f"{key}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def describe(root: Path, num_classes: int = 3) -> Path:
    descriptor = DatasetDescriptor(name="made", num_classes=num_classes, ignore_label=255)
    (root / "dataset.toml").write_text(descriptor.to_toml())
    return root


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Forty pictures; the third class is in four of them."""
    for number in range(40):
        add(tmp_path / "data", f"p{number:02}", number, (0, 2) if number % 10 == 3 else (0, 1))
    return describe(tmp_path / "data")


def made(root: Path, **options: object) -> Splitting:
    return split(load_dataset(root), SplitRequest(**options))  # type: ignore[arg-type]


def place_of(result: Splitting) -> dict[str, str]:
    return {key: name for name, keys in result.lists.items() for key in keys}


class TestLists:
    @pytest.mark.parametrize("by", ["random", "stratified"])
    def test_every_picture_is_in_exactly_one_list(self, data: Path, by: str) -> None:
        result = made(data, dry_run=True, by=by, test=0.2)
        listed = [key for keys in result.lists.values() for key in keys]
        assert sorted(listed) == [f"p{number:02}" for number in range(40)]
        assert set(result.lists) == {"train", "val", "test"}
        assert all(result.lists.values())

    def test_pictures_that_are_added_move_no_other(self, data: Path) -> None:
        before = place_of(made(data, dry_run=True, test=0.1))
        for number in range(40, 60):
            add(data, f"p{number}", number)
        after = place_of(made(data, dry_run=True, test=0.1))
        assert {key: after[key] for key in before} == before

    def test_a_test_list_leaves_the_val_list_as_it_was(self, data: Path) -> None:
        without, with_test = made(data, dry_run=True), made(data, dry_run=True, test=0.3)
        assert without.lists["val"] == with_test.lists["val"]

    def test_another_seed_gives_other_lists_and_the_same_the_same(self, data: Path) -> None:
        one, again = made(data, dry_run=True, seed=1), made(data, dry_run=True, seed=1)
        assert one.lists == again.lists
        assert one.lists != made(data, dry_run=True, seed=2).lists

    def test_stratified_lists_have_their_share_of_a_rare_class(self, data: Path) -> None:
        result = made(data, dry_run=True, by="stratified", val=0.25)
        rare = result.classes[2]
        assert rare.groups == 4
        assert rare.shares == {"train": 0.75, "val": 0.25}
        assert result.worst is not None
        assert abs(result.worst[2]) < 0.03

    @given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 9)), min_size=3, max_size=14))
    def test_a_class_is_in_every_list_where_it_has_groups_for_each(
        self, drawn: list[tuple[int, int]]
    ) -> None:
        pixels, sizes = np.array(drawn, np.float64).T
        names = tuple(f"g{number}" for number in range(len(drawn)))
        groups = Groups(names, sizes, pixels[:, None], {})
        lists = np.array(by_classes(groups, (0.7, 0.2, 0.1), 0))
        held = set(lists[pixels > 0].tolist())
        count = int((pixels > 0).sum())
        assert held == set(range(min(count, 3)))

    def test_ignored_pixels_are_of_no_class(self, data: Path) -> None:
        text = (data / "dataset.toml").read_text()
        (data / "dataset.toml").write_text(text.replace("ignore_label = 255", "ignore_label = 1"))
        pictures = look_at_pictures(load_dataset(data), Serial(), silently)
        assert not pictures.pixels[:, 1].any()
        assert pictures.pixels[:, 0].any()

    def test_a_photo_without_a_label_is_in_no_list_and_named(self, data: Path) -> None:
        (data / "SegmentationClass/p07.png").unlink()
        (data / "JPEGImages/p08.png").write_bytes(b"no image")
        result = made(data, dry_run=True)
        assert set(result.unusable) == {"p07", "p08"}
        assert "p07" not in place_of(result)

    def test_nothing_to_split_is_told(self, tmp_path: Path) -> None:
        add(tmp_path / "data", "only", 1)
        root = describe(tmp_path / "data")
        with pytest.raises(UserError, match="too few"):
            made(root, dry_run=True)
        (root / "SegmentationClass/only.png").unlink()
        with pytest.raises(UserError, match="nothing to split"):
            made(root, dry_run=True)

    @pytest.mark.parametrize(("val", "test"), [(0, 0), (1, 0), (0.6, 0.5), (-0.1, 0)])
    def test_shares_that_leave_no_sensible_lists_are_refused(self, val: float, test: float) -> None:
        with pytest.raises(UserError, match="shares"):
            SplitRequest(val=val, test=test)


class TestDuplicates:
    def test_the_same_file_never_crosses(self, data: Path) -> None:
        for number in range(20):
            shutil.copy(data / f"JPEGImages/p{number:02}.png", data / f"JPEGImages/z{number}.png")
            name = f"SegmentationClass/p{number:02}.png"
            shutil.copy(data / name, data / f"SegmentationClass/z{number}.png")
        for by in ("random", "stratified"):
            result = made(data, dry_run=True, by=by)
            assert result.alike.exact == 20
            assert result.crossing == 0
            place = place_of(result)
            assert all(place[f"p{n:02}"] == place[f"z{n}"] for n in range(20))

    def test_of_any_number_of_near_pictures_the_nearest_are_compared(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("segdata.splitting.pictures._HELD", 50)
        monkeypatch.setattr("segdata.splitting.pictures._COMPARED", 10)
        hashes = np.zeros((30, 64), np.uint8)
        hashes[np.arange(30), np.arange(30) + 2] = 0xFF
        hashes[7], hashes[9] = hashes[3], hashes[4]
        hashes[7, 63] = 1
        unions = Unions()
        unions.join(4, 9)
        none: Pictures = Pictures(
            (), np.zeros((0, 1), np.uint32), (), hashes, np.ones(30, np.bool_), {}
        )
        chosen, more = _candidates(none, unions)
        assert chosen[0] == (3, 7)
        assert (4, 9) not in chosen
        assert (len(chosen), more) == (10, 30 * 29 // 2 - 1 - 10)

    def test_the_same_picture_in_other_bytes_never_crosses(self, tmp_path: Path) -> None:
        root = tmp_path / "data"
        for number in range(12):
            add(root, f"p{number:02}", number)
            again = encode_photo(photo(number), "jpeg", 60)
            (root / f"JPEGImages/z{number:02}.jpg").write_bytes(again)
            (root / f"SegmentationClass/z{number:02}.png").write_bytes(encode_label(label(0, 1)))
        result = made(describe(root), dry_run=True)
        assert result.alike.near == 12
        place = place_of(result)
        assert all(place[f"p{n:02}"] == place[f"z{n:02}"] for n in range(12))

    def test_validate_finds_no_leak_in_the_lists(self, data: Path, tmp_path: Path) -> None:
        for number in range(20):
            add(data, f"z{number}", number)
        made(data, out=tmp_path / "out", by="stratified")
        report = validate(load_dataset(tmp_path / "out"), select=["P"])
        assert report.at_least(Level.WARNING) == ()


class TestGroups:
    def test_a_group_is_never_torn_apart(self, tmp_path: Path) -> None:
        root = tmp_path / "data"
        for number in range(40):
            add(root, f"v{number % 8}_{number:03}", number)
        for by in ("random", "stratified"):
            place = place_of(made(describe(root), dry_run=True, by=by, group_by="video"))
            videos = {key.split("_")[0]: set() for key in place}  # type: ignore[var-annotated]
            for key, name in place.items():
                videos[key.split("_")[0]].add(name)
            assert all(len(lists) == 1 for lists in videos.values())
            assert set(place.values()) == {"train", "val"}

    @pytest.mark.parametrize(
        ("preset", "key", "group"),
        [
            ("video", "0016E5_07959", "0016E5"),
            ("video", "Seq05VD_f00030", "Seq05VD"),
            ("video", "aachen/aachen_000000_000019_leftImg8bit", "aachen/aachen_000000"),
            ("scene", "0016E5_07959", "0016E5"),
            ("scene", "tile_0_256", "tile"),
            ("scene", "austin12_x100_y200", "austin12"),
            ("scene", "aachen_000000_000019", "aachen"),
        ],
    )
    def test_presets_read_names_as_people_write_them(
        self, preset: str, key: str, group: str
    ) -> None:
        assert preset in PRESETS
        assert group_by_name([key, "other_1"], preset).names[0] == group

    def test_several_groups_of_a_pattern_count_together(self) -> None:
        found = group_by_name(["a_1_x", "a_2_x", "b_1_x"], r"^(\w)_(\d)")
        assert found.names == ("a/1", "a/2", "b/1")

    @pytest.mark.parametrize("preset", PRESETS)
    def test_no_name_takes_forever(self, preset: str) -> None:
        odd = "a" + "__1" * 80 + "z"
        assert group_by_name([odd, "b_1", "c_1"], preset).unmatched == (odd,)

    @pytest.mark.parametrize(
        ("pattern", "said"), [("(", "no regular expression"), ("zz", "none"), ("p", "one group")]
    )
    def test_a_pattern_that_groups_nothing_is_refused(
        self, data: Path, pattern: str, said: str
    ) -> None:
        with pytest.raises(UserError, match=said):
            made(data, dry_run=True, group_by=pattern)

    def test_names_that_do_not_match_stay_single_and_are_counted(self, data: Path) -> None:
        result = made(data, dry_run=True, group_by="^p(0)")
        assert any("30 names do not match" in note for note in result.notes)

    @given(st.lists(st.integers(0, 8), min_size=1, max_size=30))
    def test_what_has_an_equal_mark_is_one_set(self, marks: list[int]) -> None:
        unions = Unions()
        unions.join_equal(marks)
        for i, one in enumerate(marks):
            for j, other in enumerate(marks):
                assert (unions.root(i) == unions.root(j)) == (one == other)


class TestKeeping:
    def test_what_was_placed_stays_where_it_was(self, data: Path, tmp_path: Path) -> None:
        before = place_of(made(data, out=tmp_path / "one", by="stratified", seed=5))
        for number in range(40, 60):
            add(data, f"p{number}", number, (0, 2))
        options = {"by": "stratified", "seed": 9, "keep": tmp_path / "one"}
        after = place_of(made(data, dry_run=True, **options))
        assert {key: after[key] for key in before} == before
        assert len(after) == 60

    def test_a_copy_of_what_is_measured_with_leaves_the_train_list(self, tmp_path: Path) -> None:
        root = tmp_path / "data"
        for number in range(8):
            add(root, f"p{number}", number)
        add(root, "copy", 0)
        describe(root)
        lists = tmp_path / "lists"
        lists.mkdir()
        (lists / "train.txt").write_text("copy\n" + "".join(f"p{n}\n" for n in range(1, 7)))
        (lists / "val.txt").write_text("p0\np7\n")
        result = made(root, dry_run=True, keep=lists)
        assert {"p0", "copy", "p7"} == set(result.lists["val"])
        assert any("copy" in note for note in result.notes)

    def test_lists_to_keep_must_be_there(self, data: Path, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="no lists to keep"):
            made(data, dry_run=True, keep=tmp_path)


class TestWriting:
    def test_a_new_data_set_refers_to_the_files_of_the_old_one(
        self, data: Path, tmp_path: Path
    ) -> None:
        before = sorted(path for path in data.rglob("*"))
        made(data, out=tmp_path / "out")
        assert sorted(path for path in data.rglob("*")) == before
        assert not list((tmp_path / "out").rglob("*.png"))
        loaded = load_dataset(tmp_path / "out")
        assert len(loaded.split("train").pairs) + len(loaded.split("val").pairs) == 40
        assert all(pair.label for pair in loaded.split("val").pairs)
        told = json.loads((tmp_path / "out/ImageSets/Segmentation/split.json").read_text())
        assert told["duplicates"]["crossing"] == 0

    def test_without_lists_the_data_set_gets_some(self, data: Path) -> None:
        result = made(data)
        assert result.written is not None
        assert result.written.backup is None
        assert set(load_dataset(data).splits) == {"train", "val"}

    def test_lists_are_never_replaced_unasked_and_never_lost(self, data: Path) -> None:
        made(data)
        lists = data / "ImageSets/Segmentation"
        first = (lists / "train.txt").read_bytes()
        with pytest.raises(UserError, match="has lists"):
            made(data, seed=3)
        assert (lists / "train.txt").read_bytes() == first
        for number in (1, 2):
            result = made(data, seed=number, overwrite=True)
            assert result.written is not None
            assert result.written.backup == data / f"ImageSets/Segmentation-{number}"
        assert (data / "ImageSets/Segmentation-1/train.txt").read_bytes() == first
        assert set(load_dataset(data).splits) == {"train", "val"}

    @pytest.mark.parametrize("lists", [".", "ImageSets", "JPEGImages"])
    def test_nothing_but_lists_is_moved_away(self, data: Path, lists: str) -> None:
        text = (data / "dataset.toml").read_text()
        (data / "dataset.toml").write_text(f'lists = "{lists}"\n{text}')
        (data / "ImageSets" / "Main").mkdir(parents=True)
        before = sorted(data.rglob("*"))
        for overwrite in (False, True):
            with pytest.raises(UserError, match="holds more than lists"):
                made(data, overwrite=overwrite)
        assert sorted(data.rglob("*")) == before

    def test_a_data_set_of_the_users_is_never_written_over(
        self, data: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        shutil.copytree(data, other)
        with pytest.raises(UserError, match="split did not make"):
            made(data, out=other, overwrite=True)
        with pytest.raises(UserError, match="the data set itself"):
            made(data, out=data, overwrite=True)

    def test_a_list_that_is_only_predicted_goes_along(self, data: Path, tmp_path: Path) -> None:
        for number in (0, 1):
            (data / f"SegmentationClass/p0{number}.png").unlink()
        lists = data / "ImageSets/Segmentation"
        lists.mkdir(parents=True)
        (lists / "test.txt").write_text("p00\np01\n")
        made(data, out=tmp_path / "out")
        assert load_dataset(tmp_path / "out").split("test").entries == ("p00", "p01")

    def test_a_list_of_photos_with_labels_does_not_go_along(
        self, data: Path, tmp_path: Path
    ) -> None:
        (data / "SegmentationClass/p00.png").unlink()
        lists = data / "ImageSets/Segmentation"
        lists.mkdir(parents=True)
        (lists / "test.txt").write_text("p00\np01\n")
        made(data, out=tmp_path / "out")
        assert set(load_dataset(tmp_path / "out").splits) == {"train", "val"}


class TestAssigning:
    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 10_000), st.integers(4, 40), st.integers(1, 6))
    def test_a_class_in_two_groups_is_in_train_and_val(
        self, seed: int, groups: int, classes: int
    ) -> None:
        rng = np.random.default_rng(seed)
        pixels = rng.integers(0, 50, (groups, classes)) * (rng.random((groups, classes)) < 0.3)
        made_of = Groups(
            tuple(f"g{i}" for i in range(groups)), np.ones(groups), pixels.astype(float), {}
        )
        chosen = np.array(by_classes(made_of, (0.8, 0.2), seed))
        for column in range(classes):
            if (pixels[:, column] > 0).sum() == 2:
                lists = set(chosen[pixels[:, column] > 0].tolist())
                others = (pixels[pixels[:, column] > 0] > 0).sum(axis=0)
                # Two classes that share their two groups ask for the same; one alone is served.
                assert lists == {0, 1} or others.max() > 1

    def test_what_is_fixed_stays(self) -> None:
        groups = Groups(("a", "b", "c", "d"), np.ones(4), np.eye(4), {0: 1, 2: 0})
        for deal in (at_random, by_classes):
            chosen = deal(groups, (0.5, 0.5), 0)
            assert chosen[0] == 1
            assert chosen[2] == 0


class TestCommand:
    def test_it_shows_the_shares_and_the_proof(
        self, data: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        line = ["split", str(data), "--dry-run", "--executor", "serial"]
        assert run([*line, "--by", "stratified"]) == 0
        text = capsys.readouterr().out
        assert "0 are in two lists" in text
        assert "nothing written" in text
        assert run([*line, "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["splits"]["train"] + told["splits"]["val"] == 40
        assert not (data / "ImageSets").exists()

    def test_a_wrong_request_is_told_before_any_picture_is_read(
        self, data: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["split", str(data), "--val", "1.5"]) == 2
        assert "--val 0.2" in capsys.readouterr().err
