"""Cards say what was measured, leave open what nobody measured, and replace nothing unasked."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from segdata.cli import run
from segdata.dataset import load_dataset
from segdata.errors import UserError
from segdata.workflows import CardRequest, describe


@pytest.fixture(scope="module")
def converted(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("converted") / "data"
    line = ["convert", str(samples / "portrait"), str(data), "--name", "portrait"]
    assert run([*line, "--executor", "serial"]) == 0
    return data


@pytest.fixture
def portrait(converted: Path, tmp_path: Path) -> Path:
    """Portraits as a dataset folder."""
    return Path(shutil.copytree(converted, tmp_path / "data"))


def written(data: Path) -> tuple[str, dict[str, Any]]:
    describe(CardRequest(dataset=str(data)))
    return (
        (data / "README.md").read_text("utf-8"),
        json.loads((data / "croissant.json").read_text("utf-8")),
    )


def test_the_front_matter_is_what_hugging_face_reads(portrait: Path) -> None:
    text, _ = written(portrait)
    front = text.split("---\n")[1]
    assert text.startswith("---\n")
    assert "task_categories:\n- image-segmentation\n" in front
    assert "size_categories:\n- n<1K\n" in front
    assert 'pretty_name: "portrait"' in front


def test_what_nobody_measured_is_left_open_visibly(portrait: Path) -> None:
    text, croissant = written(portrait)
    assert "license: unknown  # please fill in" in text
    assert text.count("*(please fill in)*") == 3
    assert "license" not in croissant
    assert "not stated" in croissant["description"]


def test_tables_have_every_class_and_every_split(portrait: Path) -> None:
    text, _ = written(portrait)
    dataset = load_dataset(portrait)
    for entry in dataset.class_map.trained:
        assert re.search(rf"^\| {entry.id} \| {entry.name} \|", text, re.MULTILINE)
    for name, split in dataset.splits.items():
        assert f"| {name} | {len(split.pairs)} | {len(split.pairs)} |" in text


def test_known_problems_are_those_of_validate_below_the_folder(portrait: Path) -> None:
    assert "finds nothing at warning level or above" in written(portrait)[0]
    label = next((portrait / "SegmentationClass").iterdir())
    label.write_bytes(b"broken")
    describe(CardRequest(dataset=str(portrait), overwrite=True))
    text = (portrait / "README.md").read_text("utf-8")
    assert f"- **L27** (error) `SegmentationClass/{label.name}`: " in text


def test_the_python_in_it_runs(portrait: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = written(portrait)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(portrait)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["label"].shape == names["image"].shape[:2]


def test_croissant_lists_files_with_their_digests(portrait: Path) -> None:
    _, croissant = written(portrait)
    files = [f for f in croissant["distribution"] if f["@type"] == "cr:FileObject"]
    assert "dataset.toml" in {f["@id"] for f in files}
    assert "ImageSets/Segmentation/train.txt" in {f["@id"] for f in files}
    for file in files:
        content = (portrait / file["contentUrl"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["contentSize"] == f"{len(content)} B"


def test_croissant_refers_only_to_what_it_defines(portrait: Path) -> None:
    _, croissant = written(portrait)
    assert croissant["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert croissant["@context"]["conformsTo"] == "dct:conformsTo"
    files = {f["@id"] for f in croissant["distribution"]}
    fields = {f["@id"]: f for r in croissant["recordSet"] for f in r["field"]}
    for record_set in croissant["recordSet"]:
        assert all(f["@id"].startswith(f"{record_set['@id']}/") for f in record_set["field"])
        assert record_set.get("key", {}).get("@id", record_set["field"][0]["@id"]) in fields
    for field in fields.values():
        source = field.get("source", {})
        for kind in ("fileObject", "fileSet"):
            assert source.get(kind, {}).get("@id", "images") in files
    assert "image_records/image" in fields
    assert "label_records/label" in fields


def test_the_regular_expression_of_croissant_gives_the_names_of_the_lists(portrait: Path) -> None:
    _, croissant = written(portrait)
    dataset = load_dataset(portrait)
    for name, files in (("image", dataset.image_files), ("label", dataset.label_files)):
        records = next(r for r in croissant["recordSet"] if r["@id"] == f"{name}_records")
        expression = records["field"][0]["source"]["transform"]["regex"]
        for key, path in files.items():
            found = re.search(expression, path.relative_to(portrait).as_posix())
            assert found
            assert found[1] == key


@pytest.mark.parametrize("name", ["README.md", "croissant.json"])
def test_a_file_that_is_there_is_never_replaced_unasked(portrait: Path, name: str) -> None:
    (portrait / name).write_text("mine")
    with pytest.raises(UserError, match=name) as caught:
        describe(CardRequest(dataset=str(portrait)))
    assert "--overwrite" in caught.value.remedy
    assert (portrait / name).read_text() == "mine"
    assert len({"README.md", "croissant.json"} & {p.name for p in portrait.iterdir()}) == 1


def test_a_card_may_lie_elsewhere(
    portrait: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(portrait.rglob("*"))
    out = tmp_path / "out"
    capsys.readouterr()
    line = ["card", str(portrait), str(out), "--executor", "serial", "--format", "json"]
    assert run(line) == 0
    data = json.loads(capsys.readouterr().out)
    assert sorted(data["files"]) == sorted(str(path) for path in out.iterdir())
    assert sorted(portrait.rglob("*")) == before


def test_an_empty_data_set_has_no_card(portrait: Path) -> None:
    for path in (portrait / "JPEGImages").iterdir():
        path.unlink()
    for path in (portrait / "ImageSets" / "Segmentation").iterdir():
        path.write_text("")
    with pytest.raises(UserError, match="nothing to check"):
        describe(CardRequest(dataset=str(portrait)))
    assert not (portrait / "README.md").exists()


def test_a_card_that_was_written_is_no_problem_for_validate(portrait: Path) -> None:
    written(portrait)
    assert run(["validate", str(portrait), "--executor", "serial", "--fail-on", "warning"]) == 0
