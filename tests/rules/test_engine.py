"""The engine: registration, ids, levels, the manual."""

from __future__ import annotations

import subprocess
import sys

import pytest

from segdata import rules
from segdata.errors import UserError
from segdata.findings import Certainty, Level
from segdata.rules import Rule, Statement


def test_ids_are_in_order_and_each_stands_once() -> None:
    ids = [found.id for found in rules.all_rules()]
    assert ids == sorted(set(ids))


def test_a_misspelt_id_is_answered_with_the_nearest() -> None:
    assert rules.get("l01").id == rules.get("L1").id == "L01"
    with pytest.raises(UserError, match="did you mean L01, L02"):
        rules.get("L0l")


def test_a_statement_may_be_milder_than_its_rule() -> None:
    def judge(facts: str) -> list[Statement]:
        return [Statement(message=facts), Statement(message=facts, level=Level.INFO)]

    rule = Rule("X01", "labels.ids", Level.ERROR, "title", "page", judge)
    strict, mild = rule.apply("said")
    assert (strict.level, strict.certainty) == (Level.ERROR, Certainty.PROOF)
    assert (mild.level, mild.rule) == (Level.INFO, "X01")


def test_the_manual_has_all_pages_or_one() -> None:
    assert [found.id for found in rules.manual("L01").rules] == ["L01"]
    assert rules.manual().rules == rules.all_rules()
    page = rules.manual("D03").to_json()[0]
    assert page["scope"] == "dataset.descriptor"
    assert page["level"] == "error"


def test_the_engine_itself_loads_nothing_heavy() -> None:
    code = "import segdata.rules, sys; print('numpy' in sys.modules or 'pydantic' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
