"""The baseline: only new problems fail, whatever their counts and wherever the folder lies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.accepted import Fingerprint, compare, read_baseline, write_baseline
from segdata.errors import UserError
from segdata.findings import Certainty, Finding, Level


def stray(root: str = "data", **changes: object) -> Finding:
    """A finding about id 12 in three files."""
    files = [f"{root}/SegmentationClass/{name}.png" for name in "abc"]
    finding = Finding(
        rule="L07", level=Level.ERROR, certainty=Certainty.PROOF, message="id 12 in 3 files",
        path=files[0], x=3, y=5, count=70,
        evidence={"values": {"12": 70}, "files": 3, "first_files": files},
    )  # fmt: skip
    return replace(finding, **changes)  # type: ignore[arg-type]


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    path = tmp_path / "baseline.json"
    write_baseline([stray()], "data", path)
    return path


def known(finding: Finding, baseline: Path, root: str = "data") -> bool:
    return bool(compare([finding], root, baseline).known)


def test_what_was_accepted_is_known(baseline: Path) -> None:
    result = compare([stray()], "data", baseline)
    assert (result.new, len(result.known), result.gone) == ((), 1, ())


def test_counts_places_in_the_picture_messages_and_levels_may_change(baseline: Path) -> None:
    grown = stray(
        message="id 12 in 9 files", count=999, x=1, y=1, level=Level.WARNING,
        evidence={"values": {"12": 999}, "files": 9, "first_files": []},
    )  # fmt: skip
    assert known(grown, baseline)


def test_the_folder_may_be_moved(baseline: Path, tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "other place")
    assert known(stray(elsewhere), baseline, elsewhere)


def test_mending_the_first_file_makes_no_new_finding_of_the_others(baseline: Path) -> None:
    assert known(stray(path="data/SegmentationClass/b.png"), baseline)
    assert not known(stray(path="data/SegmentationClass/z.png", evidence={"values": {"12": 1}}),
                     baseline)  # fmt: skip


def test_another_value_another_rule_and_another_file_are_new(baseline: Path) -> None:
    other_value = stray(evidence={"values": {"13": 70}, "files": 3, "first_files": []})
    assert not known(other_value, baseline)
    assert not known(stray(rule="L20"), baseline)


def test_what_is_gone_is_said(baseline: Path) -> None:
    (gone,) = compare([], "data", baseline).gone
    assert (gone.rule, gone.path) == ("L07", "SegmentationClass/a.png")


def test_words_in_an_evidence_are_no_files() -> None:
    finding = stray(path=None, evidence={"reason": "cut off", "first_files": ["data/a.png"]})
    mine = Fingerprint.of(finding, "data")
    assert mine.path == ""
    assert mine.others == ("a.png",)


def test_files_that_are_named_without_their_folder_are_recognized(tmp_path: Path) -> None:
    def specks(first: str, names: list[str]) -> Finding:
        path = f"data/SegmentationClass/{first}"
        return stray(path=path, evidence={"kinds": {f"a in {first}": 3}, "first_files": names})

    file = tmp_path / "b.json"
    write_baseline([specks("a.png", ["a.png", "b.png"])], "data", file)
    assert known(specks("b.png", ["b.png", "c.png"]), file)
    assert not known(specks("c.png", ["d.png"]), file)


def test_a_finding_outside_the_folder_keeps_its_path() -> None:
    assert Fingerprint.of(stray(path="/elsewhere/x.png"), "data").path == "/elsewhere/x.png"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        pytest.param("[" * 100_000, id="nested without end"),
        '{"schema": "other/1", "findings": []}',
        '{"schema": "segdata-baseline/1", "findings": [{}]}',
    ],
)
def test_a_file_that_is_no_baseline_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(UserError, match="baseline"):
        read_baseline(path)


def test_a_missing_baseline_is_refused_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read") as caught:
        read_baseline(tmp_path / "none.json")
    assert "--write-baseline" in caught.value.remedy


def test_the_file_is_made_for_people_to_review(baseline: Path) -> None:
    data = json.loads(baseline.read_text("utf-8"))
    assert data["findings"][0]["message"] == "id 12 in 3 files"
    assert data["findings"][0]["path"] == "SegmentationClass/a.png"


def shares_a_place(one: list[str], other: list[str]) -> bool:
    """The rule in the words of the module's docstring, pair by pair."""

    def same(a: str, b: str) -> bool:
        name, its = PurePath(a).name, PurePath(b).name
        return a == b or (name == its != "" and (a == name or b == name))

    return any(same(a, b) for a in one for b in other)


PLACES = st.lists(st.sampled_from(["", "a", "b", "x/a", "x/b", "y/a", "x/y/a"]), min_size=1)


@given(PLACES, PLACES)
def test_findings_are_the_same_that_share_a_path_or_a_bare_name(
    accepted: list[str], found: list[str]
) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "b.json"
        entry = {"rule": "L07", "path": accepted[0], "others": accepted[1:], "message": ""}
        kind = Fingerprint.of(stray(), "data").kind
        entries = [{**entry, "kind": kind}, {**entry, "kind": "another"}]
        file.write_text(json.dumps({"schema": "segdata-baseline/1", "findings": entries}))
        mine = Fingerprint("L07", found[0], tuple(found[1:]), kind, "")
        with patch.object(Fingerprint, "of", return_value=mine):
            result = compare([stray()], "data", file)
        assert bool(result.known) == shares_a_place(accepted, found)
        assert len(result.gone) == (1 if result.known else len({*read_baseline(file)}))
