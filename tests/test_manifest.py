"""Manifests: what is written is read, and what is damaged is not believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.files import INCOMPLETE
from segdata.manifest import ShardInfo, ShardManifest, SplitInfo

CLASSES = ClassMap((SegClass(0, "sky", (1, 2, 3)), SegClass(1, "ground"), SegClass(9, "void")), 9)


def shard(file: str, split: str, sha256: str = "0" * 64) -> ShardInfo:
    return ShardInfo(file=file, split=split, samples=2, bytes=99, sha256=sha256, offsets=(0, 50))


def manifest(sha256: str = "0" * 64) -> ShardManifest:
    sizes = {"min_height": 4, "min_width": 5, "max_height": 6, "max_width": 7}
    measured = SplitInfo(samples=2, labelled=2, pixels=(1, 2, 3), **sizes)
    return ShardManifest(
        tool_version="1.0",
        name="tiny",
        num_classes=2,
        classes=CLASSES.to_json(),
        class_digest=CLASSES.digest,
        seed=0,
        splits={"train": measured, "val": measured},
        shards=(shard("train-0", "train", sha256), shard("val-0", "val"), shard("val-1", "val")),
    )


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    manifest().save(tmp_path)
    assert ShardManifest.load(tmp_path) == manifest()
    assert ShardManifest.load(tmp_path).class_map == CLASSES
    assert ShardManifest.load(tmp_path).ignore_label == 9


def test_the_schema_is_said_under_its_name(tmp_path: Path) -> None:
    manifest().save(tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text())["schema"] == "deeplab/1"


def test_the_digest_changes_with_any_shard() -> None:
    assert manifest().digest == manifest().digest
    assert manifest().digest != manifest("1" * 64).digest


def test_a_split_has_its_shards_in_order() -> None:
    assert [s.file for s in manifest().of_split("val")] == ["val-0", "val-1"]
    with pytest.raises(UserError, match=r"no split 'test'\nthey have: train, val"):
        manifest().of_split("test")


def test_a_folder_without_manifest_is_not_finished(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no finished shards.*\n.*segdata shard DATASET"):
        ShardManifest.load(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        ShardManifest.load(tmp_path / "nowhere")


def test_a_manifest_in_an_unfinished_folder_is_not_believed(tmp_path: Path) -> None:
    manifest().save(tmp_path)
    (tmp_path / INCOMPLETE).touch()
    with pytest.raises(UserError, match="incomplete"):
        ShardManifest.load(tmp_path)


def drop_seed(content: dict[str, Any]) -> None:
    del content["seed"]


def misspell(content: dict[str, Any]) -> None:
    content["shards"][0]["ofsets"] = []


def put_text_for_a_number(content: dict[str, Any]) -> None:
    content["shards"][0]["bytes"] = "many"


def take_classes_away(content: dict[str, Any]) -> None:
    content["classes"] = {}


def come_from_the_future(content: dict[str, Any]) -> None:
    content["schema"] = "deeplab/2"


def lead_out(content: dict[str, Any]) -> None:
    content["shards"][0]["file"] = "../train-0"


def give_two_classes_one_id(content: dict[str, Any]) -> None:
    content["classes"]["classes"][1]["id"] = 0


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (drop_seed, "seed"),
        (misspell, "did you mean 'offsets'"),
        (put_text_for_a_number, "bytes"),
        (come_from_the_future, "deeplab/1"),
        (lead_out, "file"),
        (take_classes_away, "classes"),
        (give_two_classes_one_id, "classes"),
    ],
)
def test_damage_is_named_with_its_place(
    tmp_path: Path, damage: Callable[[dict[str, Any]], None], why: str
) -> None:
    manifest().save(tmp_path)
    content = json.loads((tmp_path / "manifest.json").read_text())
    damage(content)
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=why) as caught:
        ShardManifest.load(tmp_path)
    assert str(tmp_path / "manifest.json") in caught.value.message


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff"])
def test_a_file_that_is_no_json_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match="is damaged"):
        ShardManifest.load(tmp_path)
