"""Which rules speak: ids, beginnings of ids, comma lists; the nearest for a misspelt one."""

from __future__ import annotations

import pytest

from segdata import rules
from segdata.errors import UserError
from segdata.policy import Policy

KNOWN = [rule.id for rule in rules.all_rules()]


def test_nothing_chosen_lets_every_rule_speak() -> None:
    assert all(Policy().hears(rule) for rule in KNOWN)


def test_a_letter_is_every_rule_of_that_letter() -> None:
    assert Policy(select=("P",)).select == tuple(r for r in KNOWN if r.startswith("P"))


def test_a_letter_and_a_digit_are_the_ten_ids_that_begin_so() -> None:
    assert Policy(select=("l1",)).select == tuple(r for r in KNOWN if r.startswith("L1"))
    assert "L01" not in Policy(select=("L1",)).select


def test_an_id_may_be_spelled_short_and_small() -> None:
    assert Policy(select=("l7", "l07", "L07")).select == ("L07",)


def test_commas_and_repeats_say_the_same() -> None:
    assert Policy(select=("L07, P04",)) == Policy(select=("L07", "P04"))


def test_what_is_ignored_stays_silent_though_it_is_selected() -> None:
    policy = Policy(select=("L",), ignore=("L07",))
    assert not policy.hears("L07")
    assert policy.hears("L01")
    assert not policy.hears("P04")


@pytest.mark.parametrize(("word", "near"), [("L0l", "L01"), ("PO4", "P04"), ("L077", "L07")])
def test_a_misspelt_rule_is_answered_with_the_nearest(word: str, near: str) -> None:
    with pytest.raises(UserError, match=repr(word)) as caught:
        Policy(ignore=(word,))
    assert near in caught.value.remedy
