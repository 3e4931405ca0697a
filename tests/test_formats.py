"""Findings for other programs: SARIF, JUnit XML, GitHub's workflow commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from segdata.accepted import Compared, Fingerprint
from segdata.checked import Checked
from segdata.dataset import DatasetDescriptor
from segdata.facts import DatasetFacts
from segdata.findings import Certainty, CheckReport, Finding, Level
from segdata.policy import Policy
from segdata.reports import as_github, as_junit, as_sarif
from segdata.rules import get
from segdata.statistics import statistics_of

NASTY = "data/a b/50 %, ü:[x]\x01.png"


def finding(rule: str = "L07", level: Level = Level.ERROR, **changes: Any) -> Finding:
    given: dict[str, Any] = {
        "certainty": Certainty.PROOF,
        "message": "said, 5 %: so\nand so",
        "path": NASTY,
        "x": 3,
        "y": 4,
        "count": 9,
        "evidence": {"values": {"12": 9}},
        "fix": "do this\nsegdata stats data",
    }
    return Finding(rule=rule, level=level, **(given | changes))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)


def checked(*findings: Finding, fail_on: Level | None = Level.ERROR, **changes: Any) -> Checked:
    facts = DatasetFacts(DatasetDescriptor(name="tiny", num_classes=3), "data")
    report = CheckReport(findings, {"pairs": 3}, fail_on)
    return Checked(Policy(fail_on, **changes), report, statistics_of(facts))


def run_of(result: Checked) -> dict[str, Any]:
    log = json.loads(as_sarif(result))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    run: dict[str, Any] = log["runs"][0]
    return run


def test_sarif_has_the_manual_of_every_rule_that_judged() -> None:
    rules = run_of(checked(select=("L",)))["tool"]["driver"]["rules"]
    assert {rule["id"][0] for rule in rules} == {"L"}
    page = next(rule for rule in rules if rule["id"] == "L07")
    assert page["help"]["text"] == get("L07").page
    assert page["shortDescription"]["text"] == get("L07").title
    assert page["defaultConfiguration"]["level"] == "error"


def test_sarif_points_to_the_rule_and_the_file() -> None:
    run = run_of(checked(finding()))
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "L07"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "data/a%20b/50%20%25%2C%20%C3%BC%3A%5Bx%5D%01.png"
    assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
    assert run["originalUriBaseIds"]["BASE"]["uri"].startswith("file:///")
    assert run["originalUriBaseIds"]["BASE"]["uri"].endswith("/")
    assert "region" not in place, "a pixel is no line"
    assert (result["properties"]["x"], result["properties"]["y"]) == (3, 4)


def test_sarif_has_a_region_where_a_line_is_meant() -> None:
    listed = finding("P04", path="data/train.txt", x=None, y=None, evidence={"lines": [7, 9]})
    place = run_of(checked(listed))["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 7}


def test_sarif_without_a_path_has_no_location() -> None:
    (result,) = run_of(checked(finding(path=None)))["results"]
    assert "locations" not in result


def test_sarif_levels_and_exit_code() -> None:
    run = run_of(checked(*(finding(level=level) for level in Level), fail_on=None))
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    assert run["invocations"][0]["exitCode"] == 0


def test_sarif_fingerprints_do_not_change_with_counts() -> None:
    def print_of(result: Finding) -> Any:
        return run_of(checked(result))["results"][0]["partialFingerprints"]

    assert print_of(finding()) == print_of(finding(count=1, message="other", x=0, y=0))
    assert print_of(finding()) != print_of(finding(evidence={"values": {"13": 9}}))


def test_sarif_says_what_is_new_against_a_baseline() -> None:
    new, known = finding("L01"), finding("L07")
    gone = Fingerprint("P04", "x", (), "", "")
    compared = Compared("b.json", (new,), (known,), (gone,))
    base = checked(new, known)
    with_states = Checked(base.policy, base.found, base.statistics, None, compared)
    states = {r["ruleId"]: r["baselineState"] for r in run_of(with_states)["results"]}
    assert states == {"L01": "new", "L07": "unchanged"}


def test_junit_has_a_case_per_rule_and_fails_as_the_exit_code_does() -> None:
    text = as_junit(checked(finding(), finding(), finding("P05", Level.INFO), select=("L", "P")))
    suite = Xml.fromstring(text).find("testsuite")
    assert suite is not None
    cases = {case.get("name", "")[:3]: case for case in suite.findall("testcase")}
    assert suite.get("tests") == str(len(cases))
    assert suite.get("failures") == "1"
    assert {name[0] for name in cases} == {"L", "P"}
    (failure,) = cases["L07"].findall("failure")
    assert failure.get("type") == "error"
    assert "(and 1 more)" in (failure.get("message") or "")
    assert "data/a b/50 %, ü:[x]\ufffd.png: said" in (failure.text or "")
    assert "fix: do this" in (failure.text or "")
    mild = cases["P05"].findtext("system-out") or ""
    assert mild.startswith("info: ")
    assert cases["P05"].find("failure") is None
    assert list(cases["L01"]) == []


def test_junit_never_fails_where_nothing_is_to_fail() -> None:
    suite = Xml.fromstring(as_junit(checked(finding(), fail_on=None))).find("testsuite")
    assert suite is not None
    assert suite.get("failures") == "0"


def test_github_commands_are_one_line_each_and_escaped() -> None:
    lines = as_github(checked(finding(), finding("P04", Level.WARNING, path="data/train.txt",
                                                 x=None, y=None, evidence={"lines": [7]}),
                              finding("P05", Level.INFO, path=None, x=None, y=None)))  # fmt: skip
    error, warning, notice = lines.splitlines()
    assert error.startswith("::error file=data/a b/50 %25%2C ü%3A[x]")
    assert ",title=L07 Some pixels hold an id that no class has::said, 5 %25: so%0Aand so" in error
    assert error.endswith("%0Afix: do this%0Asegdata stats data")
    assert warning.startswith("::warning file=data/train.txt,title=P04 ")
    assert ",line=7::" in warning
    assert notice.startswith("::notice title=P05 ")


def test_nothing_found_is_nothing_printed_for_github() -> None:
    assert as_github(checked()) == ""


def test_data_outside_the_working_directory_is_named_below_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    facts = DatasetFacts(DatasetDescriptor(name="tiny", num_classes=3), str(data))
    report = CheckReport((finding(path=str(data / "labels" / "a.png")),))
    result = Checked(Policy(), report, statistics_of(facts))
    assert "file=labels/a.png," in as_github(result)
    run = run_of(result)
    assert run["originalUriBaseIds"]["BASE"]["uri"] == f"{data.resolve().as_uri()}/"
