"""The chain: every rule judges one link of it."""

from __future__ import annotations

import pytest

from segdata import rules
from segdata.chain import Link, link_of


def test_every_rule_has_a_link() -> None:
    assert all(isinstance(link_of(rule.id), Link) for rule in rules.all_rules())


def test_links_are_in_the_order_in_which_data_becomes_a_picture() -> None:
    assert [link.label for link in Link] == [
        "labels", "pairs", "descriptor", "shards", "loader", "loss", "weights", "logits", "argmax",
        "file", "viewer",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "link"),
    [
        ("L01", Link.LABELS), ("L09", Link.LOADER), ("P02", Link.PAIRS), ("D03", Link.DESCRIPTOR),
        ("D09", Link.ARGMAX), ("S04", Link.SHARDS), ("T01", Link.LOSS), ("T06", Link.WEIGHTS),
        ("C07", Link.WEIGHTS), ("C06", Link.LOGITS), ("I01", Link.LOGITS), ("I11", Link.ARGMAX),
        ("V01", Link.VIEWER), ("V05", Link.FILE),
    ],
)  # fmt: skip
def test_a_rule_belongs_to_the_link_that_it_judges(rule: str, link: Link) -> None:
    assert link_of(rule) is link


def test_a_letter_that_no_rule_has_is_an_error() -> None:
    with pytest.raises(KeyError):
        link_of("X01")
