"""Every rule about a folder: its sample breaks it, its sound twin does not, its page is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segdata import rules
from segdata.findings import Certainty, CheckReport, Level
from segdata.rules import Rule
from segdata.validation import find, validate

BROKEN = Path(__file__).parents[2] / "sample_data" / "broken"
FOLDER_RULES = [found for found in rules.all_rules() if found.scope in rules.FOLDER_SCOPES]
each_rule = pytest.mark.parametrize("rule", FOLDER_RULES, ids=lambda found: found.id)
SMALL = 20_000


def report(rule: Rule, kind: str) -> CheckReport:
    folder = BROKEN / rule.id / kind
    shards = folder / "shards"
    return validate(find(shards if shards.is_dir() else folder))


def test_the_first_twenty_rules_are_there() -> None:
    expected = "L01 L02 L03 L04 L06 L07 L08 L11 L13 L14 L15 L20 L23 L27 P03 P04 P05 P07 D01 D03"
    assert set(expected.split()) <= {found.id for found in FOLDER_RULES}


@each_rule
def test_the_broken_sample_is_explained_by_its_rule_alone(rule: Rule) -> None:
    found = report(rule, "bad")
    assert {finding.rule for finding in found.at_least(min(rule.level, Level.WARNING))} == {rule.id}
    first = next(iter(found))
    assert first.rule == rule.id
    assert first.level is rule.level
    assert first.certainty >= (Certainty.STRONG if rule.level is Level.ERROR else Certainty.MEDIUM)
    assert found.exit_code == (rule.level is Level.ERROR)


@each_rule
def test_what_is_found_is_located_counted_and_mendable(rule: Rule) -> None:
    for finding in report(rule, "bad"):
        assert finding.path is not None
        assert Path(finding.path.partition(", record ")[0]).exists()
        assert finding.fix
        assert finding.message[-1] not in ".\n"


@each_rule
def test_the_sound_twin_is_not_suspected(rule: Rule) -> None:
    found = report(rule, "sound")
    assert found.at_least(Level.WARNING) == ()
    assert rule.id not in {finding.rule for finding in found}
    assert found.exit_code == 0
    assert found.checked["pairs"] >= 2


@each_rule
def test_the_manual_page_says_what_why_and_how(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]\d\d", rule.id)
    assert rule.title
    assert not rule.title.endswith(".")
    for part in ("What: ", "Why it hurts: ", "How to fix: "):
        assert f"\n{part}" in rule.page


@each_rule
@pytest.mark.parametrize("kind", ["bad", "sound"])
def test_samples_are_small(rule: Rule, kind: str) -> None:
    files = [path for path in (BROKEN / rule.id / kind).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < SMALL


def test_the_script_renders_the_committed_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BROKEN.parent))
    import render_broken

    render_broken.main(tmp_path)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(BROKEN) for path in BROKEN.rglob("*") if path.is_file()}
    assert made == kept
    texts = [path for path in made if path.suffix in (".txt", ".toml")]
    assert all((tmp_path / path).read_bytes() == (BROKEN / path).read_bytes() for path in texts)
