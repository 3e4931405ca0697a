"""Fix: what validate finds is gone, nothing else changed, and the source is as it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segdata import mending, rules
from segdata.cli import run
from segdata.dataset import (
    DESCRIPTOR_FILE,
    Dataset,
    DatasetDescriptor,
    load_dataset,
    save_descriptor,
)
from segdata.errors import UserError
from segdata.executors import Processes
from segdata.files import INCOMPLETE
from segdata.findings import Level
from segdata.images import encode_label, encode_photo
from segdata.mending import JOURNAL_FILE, FixRequest, Mending
from segdata.policy import Policy
from segdata.validation import validate
from segdata.workflows.mending import fix, write_diff

BROKEN = Path(__file__).parents[1] / "sample_data" / "broken"
FOLDER_SAMPLES = sorted(
    path.name for path in BROKEN.iterdir() if (path / "bad" / DESCRIPTOR_FILE).is_file()
    and path.name[0] in "LPD"
)  # fmt: skip
FIXABLE = [name for name in FOLDER_SAMPLES if name in mending.remedies()]
# What only a person can mend; a rule that gets a remedy leaves this list.
LEFT = {name for name in FOLDER_SAMPLES if name not in mending.remedies()}


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def found(root: Path, least: Level = Level.WARNING) -> set[str]:
    return {finding.rule for finding in validate(load_dataset(root)).at_least(least)}


def mended(root: Path, out: Path, **options: object) -> Mending:
    return fix(load_dataset(root), FixRequest(out=out, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", FIXABLE)
def test_a_fixable_fault_is_gone_and_no_other_came(rule: str, tmp_path: Path) -> None:
    source, out = BROKEN / rule / "bad", tmp_path / "out"
    before = tree(source)
    result = mended(source, out)
    assert rule in result.journal.applied()
    assert found(out) == set()
    assert result.remaining.exit_code == 0
    assert tree(source) == before


@pytest.mark.parametrize("rule", FOLDER_SAMPLES)
def test_a_sound_data_set_is_only_copied(rule: str, tmp_path: Path) -> None:
    source, out = BROKEN / rule / "sound", tmp_path / "out"
    result = mended(source, out)
    after = tree(out)
    assert not result.changed
    assert json.loads(after.pop(JOURNAL_FILE))["files"] == []
    before = tree(source)
    assert {name: before.get(name) for name in after} == after


@pytest.mark.parametrize("rule", sorted(LEFT))
def test_what_has_no_safe_remedy_is_left_with_the_rules_own_words(
    rule: str, tmp_path: Path
) -> None:
    result = mended(BROKEN / rule / "bad", tmp_path / "out")
    left = [finding for finding in result.remaining if finding.rule == rule]
    assert left
    assert all(finding.fix for finding in left)


def test_every_remedy_is_of_a_rule_and_says_what_it_does() -> None:
    known = {rule.id for rule in rules.all_rules()}
    for rule, remedy in mending.remedies().items():
        assert rule in known
        assert remedy.__doc__


class TestJournal:
    def test_it_names_every_changed_file_with_both_hashes(self, tmp_path: Path) -> None:
        source, out = BROKEN / "L07" / "bad", tmp_path / "out"
        mended(source, out)
        journal = json.loads((out / JOURNAL_FILE).read_text("utf-8"))
        (entry,) = journal["files"]
        for root, key in ((source / entry["was"], "before"), (out / entry["path"], "after")):
            assert entry[f"sha256_{key}"] == hashlib.sha256(root.read_bytes()).hexdigest()
        assert [step["rule"] for step in entry["steps"]] == ["L07"]
        assert entry["steps"][0]["pixels_changed"] == 4
        different = {name for name, data in tree(source).items() if tree(out).get(name) != data}
        assert different == {entry["path"]}

    def test_steps_of_several_rounds_are_told_in_order(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        mended(BROKEN / "L13" / "bad", out)
        journal = json.loads((out / JOURNAL_FILE).read_text("utf-8"))
        assert [step["rule"] for step in journal["files"][0]["steps"]] == ["L13", "L02"]

    def test_a_pair_that_is_left_out_is_named_with_the_reason(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        mended(BROKEN / "L23" / "bad", out)
        journal = json.loads((out / JOURNAL_FILE).read_text("utf-8"))
        (lost,) = journal["left_out"]
        assert lost["name"] == "scene_1"
        assert "24×32" in lost["why"]
        assert not (out / "JPEGImages" / "scene_1.jpg").exists()
        assert "scene_1" not in (out / "ImageSets/Segmentation/train.txt").read_text()

    def test_the_descriptor_is_told_before_and_after(self, tmp_path: Path) -> None:
        mended(BROKEN / "D01" / "bad", tmp_path / "out")
        told = json.loads((tmp_path / "out" / JOURNAL_FILE).read_text("utf-8"))["descriptor"]
        assert (told["before"]["num_classes"], told["after"]["num_classes"]) == (2, 3)


class TestRequest:
    def test_a_dry_run_writes_nothing_and_tells_the_same(self, tmp_path: Path) -> None:
        source = BROKEN / "L02" / "bad"
        told = mended(source, tmp_path / "out", dry_run=True)
        assert not (tmp_path / "out").exists()
        assert told.journal.applied() == mended(source, tmp_path / "out").journal.applied()

    def test_the_output_may_not_be_in_the_source(self, tmp_path: Path) -> None:
        source = tmp_path / "data"
        shutil.copytree(BROKEN / "L01" / "bad", source)
        before = tree(source)
        for out in (source, source / "fixed", tmp_path):
            with pytest.raises(UserError):
                mended(source, out, overwrite=True)
        assert tree(source) == before

    @pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
    def test_no_link_leads_back_into_the_source(self, tmp_path: Path) -> None:
        source, out = tmp_path / "data", tmp_path / "out"
        shutil.copytree(BROKEN / "L01" / "bad", source)
        out.mkdir()
        (out / "SegmentationClass").symlink_to(source / "SegmentationClass")
        before = tree(source)
        with pytest.raises(UserError, match="never written to"):
            mended(source, out, overwrite=True)
        assert tree(source) == before

    def test_a_data_set_of_the_users_is_never_written_over(self, tmp_path: Path) -> None:
        other = tmp_path / "other"
        shutil.copytree(BROKEN / "D01" / "sound", other)
        before = tree(other)
        with pytest.raises(UserError, match="fix did not make"):
            mended(BROKEN / "L01" / "bad", other, overwrite=True)
        assert tree(other) == before

    @pytest.mark.parametrize(
        ("rule", "refused"), [("L11", False), ("L03", False), ("L24", True), ("P07", True)]
    )
    def test_nothing_of_an_earlier_run_becomes_part_of_the_next(
        self, rule: str, refused: bool, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        mended(BROKEN / rule / "bad", out)
        first = tree(out)
        mended(BROKEN / rule / "bad", out, overwrite=True)
        assert tree(out) == first
        if refused:
            with pytest.raises(UserError, match="files that the new data set does not have"):
                mended(BROKEN / rule / "sound", out, overwrite=True)
            assert tree(out) == first
        else:
            mended(BROKEN / rule / "sound", out, overwrite=True)
            mended(BROKEN / rule / "sound", tmp_path / "fresh")
            assert {*tree(out)} == {*tree(tmp_path / "fresh")}

    def test_labels_that_the_descriptor_fetches_from_elsewhere_are_brought_home(
        self, tmp_path: Path
    ) -> None:
        source = shutil.copytree(BROKEN / "L03" / "bad", tmp_path / "in")
        old = load_dataset(source)
        old.labels_folder.rename(tmp_path / "labels")
        changes = {"labels": (tmp_path / "labels").as_posix(), "allow_outside": True}
        save_descriptor(source, old.descriptor.model_copy(update=changes))
        result = mended(source, tmp_path / "out")
        assert "L03" in result.journal.applied()
        assert found(tmp_path / "out") == set()
        told = json.loads((tmp_path / "out" / JOURNAL_FILE).read_text())["files"]
        assert {Path(file["was"]).parent for file in told} == {tmp_path / "labels"}

    @pytest.mark.skipif(os.name == "nt", reason="links need a permission on Windows")
    def test_small_files_go_along_and_links_out_do_not(self, tmp_path: Path) -> None:
        source = shutil.copytree(BROKEN / "L03" / "bad", tmp_path / "in")
        (source / "LICENSE").write_text("free")
        (tmp_path / "secret").write_text("mine")
        (source / "README").symlink_to(tmp_path / "secret")
        mended(source, tmp_path / "out")
        assert (tmp_path / "out" / "LICENSE").read_text() == "free"
        assert not (tmp_path / "out" / "README").exists()

    def test_nor_does_what_an_interrupted_run_of_another_data_set_left(
        self, tmp_path: Path
    ) -> None:
        mended(BROKEN / "L03" / "bad", tmp_path / "out")
        photo = min((tmp_path / "out" / "JPEGImages").iterdir())
        photo.rename(photo.with_name("of_another.jpg"))
        (tmp_path / "out" / DESCRIPTOR_FILE).unlink()
        (tmp_path / "out" / INCOMPLETE).touch()
        with pytest.raises(UserError, match=r"1 files .*of_another\.jpg"):
            mended(BROKEN / "L03" / "bad", tmp_path / "out")

    def test_a_list_of_an_earlier_run_becomes_no_split(self, tmp_path: Path) -> None:
        mended(BROKEN / "L03" / "bad", tmp_path / "out")
        (left,) = (tmp_path / "out").rglob("train.txt")
        left.with_name("old.txt").write_bytes(left.read_bytes())
        with pytest.raises(UserError, match=r"1 files .*old\.txt"):
            mended(BROKEN / "L03" / "bad", tmp_path / "out", overwrite=True)

    def test_hard_links_share_what_stays_and_never_what_changes(self, tmp_path: Path) -> None:
        source, out = tmp_path / "data", tmp_path / "out"
        shutil.copytree(BROKEN / "L13" / "bad", source)
        before = tree(source)
        mended(source, out, link=True)
        photo = Path("JPEGImages/scene_0.jpg")
        assert (source / photo).samefile(out / photo)
        label = Path("SegmentationClass/scene_0.png")
        assert not (source / label).samefile(out / label)
        assert tree(source) == before

    def test_only_selected_rules_are_acted_on_also_below_warning(self, tmp_path: Path) -> None:
        source = tmp_path / "data"
        shutil.copytree(BROKEN / "L07" / "bad", source)
        train = source / "ImageSets/Segmentation/train.txt"
        train.write_bytes(train.read_bytes().replace(b"\n", b"\r\n"))
        policy = Policy(select=("P05",))
        result = mended(source, tmp_path / "out", policy=policy)
        assert set(result.journal.applied()) == {"P05"}
        assert b"\r" not in (tmp_path / "out/ImageSets/Segmentation/train.txt").read_bytes()
        assert result.remaining.exit_code == 1
        assert {finding.rule for finding in result.remaining} == {"L07"}

    def test_nothing_to_keep_is_an_error_and_leaves_no_data_set(self, tmp_path: Path) -> None:
        source = tmp_path / "data"
        shutil.copytree(BROKEN / "L27" / "bad", source)
        for label in (source / "SegmentationClass").iterdir():
            label.write_bytes(b"no image")
        with pytest.raises(UserError, match="nothing would be left"):
            mended(source, tmp_path / "out")
        assert not (tmp_path / "out" / DESCRIPTOR_FILE).exists()

    def test_what_was_interrupted_is_done_again(self, tmp_path: Path) -> None:
        source, out = BROKEN / "L02" / "bad", tmp_path / "out"
        whole = mended(source, tmp_path / "whole")

        def cut_off(items: Iterator[object], what: str, total: int) -> Iterator[object]:
            for number, item in enumerate(items):
                if what == "fixing" and number == 1:
                    raise KeyboardInterrupt
                yield item

        with pytest.raises(KeyboardInterrupt):
            fix(load_dataset(source), FixRequest(out=out), track=cut_off)  # type: ignore[arg-type]
        with pytest.raises(UserError, match="incomplete"):
            load_dataset(out)
        again = mended(source, out)
        assert again.journal.applied() == whole.journal.applied()
        first, second = tree(tmp_path / "whole"), tree(out)
        del first[JOURNAL_FILE], second[JOURNAL_FILE]
        assert first == second

    def test_processes_write_the_same_bytes(self, tmp_path: Path) -> None:
        source = BROKEN / "L04" / "bad"
        mended(source, tmp_path / "serial")
        fix(load_dataset(source), FixRequest(out=tmp_path / "two"), executor=Processes(2))
        assert tree(tmp_path / "serial").keys() == tree(tmp_path / "two").keys()
        for name, data in tree(tmp_path / "serial").items():
            if name != JOURNAL_FILE:
                assert (tmp_path / "two" / name).read_bytes() == data


SHAPES = np.zeros((40, 60), np.uint8)
SHAPES[8:30, 8:24] = 1
SHAPES[12:34, 34:54] = 2


def dataset(root: Path, labels: list[bytes], suffix: str = ".png", **settings: object) -> Dataset:
    """Photos with these labels, in one train list."""
    values = {"name": "made", "num_classes": 3, "ignore_label": 255, **settings}
    rng = np.random.default_rng(3)
    for number, data in enumerate(labels):
        photo = rng.integers(0, 255, (*SHAPES.shape, 3), np.uint8)
        for folder, name, content in (
            ("JPEGImages", f"p{number}.png", encode_photo(photo)),
            ("SegmentationClass", f"p{number}{suffix}", data),
        ):
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / name).write_bytes(content)
    names = "".join(f"p{number}\n" for number in range(len(labels)))
    (root / "ImageSets/Segmentation").mkdir(parents=True, exist_ok=True)
    (root / "ImageSets/Segmentation/train.txt").write_text(names)
    (root / DESCRIPTOR_FILE).write_text(DatasetDescriptor.model_validate(values).to_toml())
    return load_dataset(root)


def label_of(root: Path, number: int = 0) -> np.ndarray:
    return np.asarray(Image.open(root / "SegmentationClass" / f"p{number}.png"))


class TestEvidence:
    """A remedy decides on what the data set as a whole says, or says that it cannot."""

    def test_what_255_means_is_not_guessed_among_several_classes(self, tmp_path: Path) -> None:
        labels = [encode_label((SHAPES > 0).astype(np.uint8) * np.uint8(255))] * 2
        dataset(tmp_path / "in", labels, num_classes=5)
        result = mended(tmp_path / "in", tmp_path / "out")
        assert "any of 4 classes" in result.journal.refusals["L01"]
        assert result.remaining.exit_code == 1
        assert np.array_equal(label_of(tmp_path / "out"), label_of(tmp_path / "in"))

    def test_levels_without_a_class_for_each_are_not_numbered(self, tmp_path: Path) -> None:
        labels = [encode_label(np.array([0, 90], np.uint8)[(SHAPES > 0).astype(int)])] * 2
        dataset(tmp_path / "in", labels, num_classes=4)
        result = mended(tmp_path / "in", tmp_path / "out")
        assert "L02" in result.journal.refusals

    def test_evenly_spaced_levels_are_numbered_though_one_is_missing(self, tmp_path: Path) -> None:
        levels = np.array([0, 85, 255], np.uint8)
        labels = [encode_label(levels[SHAPES])] * 2
        dataset(tmp_path / "in", labels, num_classes=4, ignore_label=False)
        mended(tmp_path / "in", tmp_path / "out")
        assert np.array_equal(label_of(tmp_path / "out"), np.array([0, 1, 3])[SHAPES])

    def test_ids_from_one_move_down_where_the_names_start_at_zero(self, tmp_path: Path) -> None:
        named = [{"id": i, "name": name} for i, name in enumerate(("sky", "car", "road"))]
        dataset(tmp_path / "in", [encode_label(SHAPES + np.uint8(1))] * 2, classes=named)
        mended(tmp_path / "in", tmp_path / "out")
        assert np.array_equal(label_of(tmp_path / "out"), SHAPES)

    def test_ids_from_one_stay_where_the_last_of_them_has_a_name(self, tmp_path: Path) -> None:
        named = [{"id": i, "name": name} for i, name in enumerate(("void", "car", "road", "sky"))]
        dataset(tmp_path / "in", [encode_label(SHAPES + np.uint8(1))] * 2, classes=named)
        result = mended(tmp_path / "in", tmp_path / "out")
        assert result.descriptor.num_classes == 4
        assert np.array_equal(label_of(tmp_path / "out"), SHAPES + 1)

    def test_ids_from_one_are_left_where_nothing_tells(self, tmp_path: Path) -> None:
        gapped = np.array([1, 2, 5], np.uint8)[SHAPES]
        dataset(tmp_path / "in", [encode_label(gapped)] * 2, num_classes=5)
        result = mended(tmp_path / "in", tmp_path / "out")
        assert "counted from 1" in result.journal.refusals["L06"]

    def test_a_tenth_of_the_pixels_is_no_slip_of_a_brush(self, tmp_path: Path) -> None:
        label = SHAPES.copy()
        label[:3] = 9
        dataset(tmp_path / "in", [encode_label(SHAPES)] * 9 + [encode_label(label)],
                num_classes=3)  # fmt: skip
        result = mended(tmp_path / "in", tmp_path / "out")
        left = {finding.rule for finding in result.remaining}
        assert "L07" in result.journal.applied() or left == {"L07"}

    def test_strays_get_an_ignore_label_where_there_was_none(self, tmp_path: Path) -> None:
        label = SHAPES.copy()
        label[2, 2:5] = 200
        dataset(tmp_path / "in", [encode_label(SHAPES), encode_label(label)], ignore_label=False)
        result = mended(tmp_path / "in", tmp_path / "out")
        assert result.descriptor.ignore_label == 255
        assert (label_of(tmp_path / "out", 1)[2, 2:5] == 255).all()

    def test_an_unknown_color_never_becomes_a_class(self, tmp_path: Path) -> None:
        colors = np.array([[0, 0, 0], [200, 0, 0], [0, 200, 0]], np.uint8)
        named = [{"id": i, "name": f"c{i}", "color": c.tolist()} for i, c in enumerate(colors)]
        odd = colors[SHAPES]
        odd[0, :20] = (1, 2, 3)
        labels = [encode_photo(colors[SHAPES]), encode_photo(odd)]
        dataset(tmp_path / "in", labels, classes=named)
        mended(tmp_path / "in", tmp_path / "out")
        assert (label_of(tmp_path / "out", 1)[0, :20] == 255).all()
        assert np.array_equal(label_of(tmp_path / "out", 0), SHAPES)

    def test_a_mask_with_a_class_nobody_listed_is_left_as_it_is(self, tmp_path: Path) -> None:
        colors = np.array([[0, 0, 0], [200, 0, 0], [0, 200, 0]], np.uint8)
        named = [{"id": i, "name": f"c{i}", "color": c.tolist()} for i, c in enumerate(colors)]
        odd = colors[SHAPES]
        odd[20:] = (9, 9, 200)
        labels = [encode_photo(colors[SHAPES]), encode_photo(odd)]
        dataset(tmp_path / "in", labels, classes=named)
        result = mended(tmp_path / "in", tmp_path / "out")
        (kept,) = result.journal.not_mended.values()
        assert kept.path.name == "p1.png"
        assert "(9, 9, 200)" in kept.why
        assert result.remaining.exit_code == 1

    def test_ids_that_jpeg_mixed_are_not_guessed(self, tmp_path: Path) -> None:
        import io

        buffer = io.BytesIO()
        Image.fromarray(SHAPES).save(buffer, "JPEG", quality=80)
        dataset(tmp_path / "in", [buffer.getvalue()] * 2, ".jpg")
        result = mended(tmp_path / "in", tmp_path / "out")
        assert "cannot be told" in result.journal.refusals["L11"]

    def test_a_jpeg_mask_becomes_a_png_that_the_descriptor_finds(self, tmp_path: Path) -> None:
        import io

        buffer = io.BytesIO()
        Image.fromarray((SHAPES == 1).astype(np.uint8) * np.uint8(255)).save(buffer, "JPEG")
        dataset(tmp_path / "in", [buffer.getvalue()] * 2, "_mask.jpg", num_classes=2,
                ignore_label=False, label_suffix="_mask.jpg")  # fmt: skip
        result = mended(tmp_path / "in", tmp_path / "out")
        assert result.descriptor.label_suffix == "_mask.png"
        label = np.asarray(Image.open(tmp_path / "out/SegmentationClass/p0_mask.png"))
        assert np.array_equal(label, SHAPES == 1)
        assert found(tmp_path / "out") == set()

    def test_numbers_stretched_to_16_bits_are_divided(self, tmp_path: Path) -> None:
        stretched = encode_label(SHAPES.astype(np.uint16) * np.uint16(257))
        dataset(tmp_path / "in", [stretched] * 2)
        mended(tmp_path / "in", tmp_path / "out")
        assert label_of(tmp_path / "out").dtype == np.uint8
        assert np.array_equal(label_of(tmp_path / "out"), SHAPES)


def test_a_photo_that_exif_turns_is_set_upright(tmp_path: Path) -> None:
    dataset(tmp_path / "in", [encode_label(SHAPES)] * 3)
    photo = tmp_path / "in/JPEGImages/p1.png"
    upright = np.asarray(Image.open(photo))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(upright).copy()).save(photo, exif=exif)
    result = mended(tmp_path / "in", tmp_path / "out")
    assert {"L23", "L24"} & result.journal.applied().keys()
    turned = Image.open(tmp_path / "out/JPEGImages/p1.png")
    assert np.array_equal(np.asarray(turned), upright)
    assert turned.getexif().get(0x0112) is None


def test_a_table_of_pairs_is_written_anew(tmp_path: Path) -> None:
    dataset(tmp_path / "in", [encode_label(SHAPES)] * 3, pairs="pairs.csv")
    rows = [f"JPEGImages/p{i}.png,SegmentationClass/p{i}.png,train" for i in range(3)]
    (tmp_path / "in/pairs.csv").write_text("\n".join(["image,label,split", *rows]))
    (tmp_path / "in/SegmentationClass/p1.png").write_bytes(b"cut off")
    mended(tmp_path / "in", tmp_path / "out")
    assert len(load_dataset(tmp_path / "out").split("train").pairs) == 2
    assert found(tmp_path / "out") == set()


def test_a_name_in_two_splits_of_a_table_leaves_the_train_split(tmp_path: Path) -> None:
    dataset(tmp_path / "in", [encode_label(SHAPES)] * 3, pairs="pairs.csv")
    rows = [f"JPEGImages/p{i}.png,SegmentationClass/p{i}.png" for i in range(3)]
    table = [f"{rows[0]},train", f"{rows[1]},train", f"{rows[1]},val", f"{rows[2]},val"]
    (tmp_path / "in/pairs.csv").write_text("\n".join(["image,label,split", *table]))
    result = mended(tmp_path / "in", tmp_path / "out")
    assert "P08" in result.journal.applied()
    after = load_dataset(tmp_path / "out").splits
    assert {name: split.entries for name, split in after.items()} == {
        "train": ("p0",),
        "val": ("p1", "p2"),
    }


def test_the_page_shows_what_changed_and_fetches_nothing(tmp_path: Path) -> None:
    page = tmp_path / "fix.html"
    for dry_run in (True, False):
        result = mended(BROKEN / "L07" / "bad", tmp_path / "out", dry_run=dry_run)
        write_diff(result, page)
        text = page.read_text("utf-8")
        assert text.count("<figure>") == 4
        assert "what changed" in text
        assert "http://" not in text
        assert "https://" not in text


class TestCommand:
    def test_it_exits_with_one_only_if_errors_are_left(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        line = ["fix", "--executor", "serial"]
        assert run([*line, str(BROKEN / "L01/bad"), str(tmp_path / "a")]) == 0
        assert "became the object's id 1" in capsys.readouterr().out
        assert run([*line, str(BROKEN / "L08/bad"), str(tmp_path / "b")]) == 1
        assert "left to you" in capsys.readouterr().out

    def test_json_is_the_journal(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "out"
        line = ["fix", str(BROKEN / "P07/bad"), str(out), "--executor", "serial"]
        assert run([*line, "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out) == json.loads((out / JOURNAL_FILE).read_text())

    def test_a_page_that_no_browser_opens_is_refused_first(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        line = ["fix", str(BROKEN / "L01/bad"), str(tmp_path / "out"), "--diff", "x.pdf"]
        assert run(line) == 2
        assert "fix.html" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []


class TestIdsThatMayBeCountedFromOne:
    """Of three classes and an ignore label behind them; no class has a name."""

    def labels(self, tmp_path: Path, *shifts: int) -> Path:
        truth = np.indices(SHAPES.shape).sum(axis=0) // 26
        made = [
            encode_label(np.roll(truth + shift, 5 * number, axis=1).astype(np.uint8))
            for number, shift in enumerate(shifts)
        ]
        dataset(tmp_path / "in", made, num_classes=3, ignore_label=3)
        return tmp_path / "in"

    def test_the_ignore_label_moves_along(self, tmp_path: Path) -> None:
        root = self.labels(tmp_path, 1, 1, 1)
        assert mended(root, tmp_path / "out").journal.applied().keys() == {"L06"}
        assert sorted(np.unique(label_of(tmp_path / "out"))) == [0, 1, 2, 3]
        assert found(tmp_path / "out") == set()

    def test_where_only_some_are_nothing_is_changed(self, tmp_path: Path) -> None:
        root = self.labels(tmp_path, 0, 1, 0, 1)
        result = mended(root, tmp_path / "out")
        assert not result.changed
        assert "counted from 1" in result.journal.refusals["L06"]

    def test_one_such_label_is_enough_not_to_count_a_class_more(self, tmp_path: Path) -> None:
        root = self.labels(tmp_path, 0, 1, 0, 0)
        result = mended(root, tmp_path / "out")
        assert not result.changed
        assert "counted from 1" in result.journal.refusals["D01"]


def test_grey_levels_without_an_order_are_not_numbered(tmp_path: Path) -> None:
    """Ids by brightness would give classes each other's names."""
    grey = np.repeat(np.array([[0, 61, 203]], np.uint8), 20, axis=1).repeat(40, axis=0)
    root = dataset(tmp_path / "in", [encode_label(grey)] * 2, num_classes=3).root
    assert found(root) >= {"L02"}
    mended(root, tmp_path / "out")
    assert "L02" in found(tmp_path / "out")


def test_colors_read_as_grey_become_the_ids_they_were(tmp_path: Path) -> None:
    ids = np.repeat(np.array([[0, 4, 1, 3]], np.uint8), 15, axis=1).repeat(40, axis=0)
    as_read = np.array([0, 38, 75, 113, 14], np.uint8)  # TensorFlow, of PASCAL VOC's colors 0 to 4
    root = dataset(tmp_path / "in", [encode_label(as_read[ids])] * 2, num_classes=5).root
    mended(root, tmp_path / "out")
    assert np.array_equal(label_of(tmp_path / "out"), ids)
