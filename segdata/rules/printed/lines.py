"""How rules speak from lines that frameworks print; a line may speak for one of several rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further
from segdata.rules.outcome import outcome

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts
    from segdata.evidence.log_messages import Message

# A rule's id, and what is said in its name.
Told = Iterator[tuple[str, Statement]]
# A program that logs as many losses after an error was started again, or passed over it.
WENT_ON = 10
# Values of a line that are worth a line of evidence; lists of names are not.
_SHORT, _QUOTED = 60, 160


def speaks_for(*rule_ids: str) -> Callable[[Callable[[CaseFacts], Told]], object]:
    """Register a function that reads printed lines for the rules that it may name."""

    def register(teller: Callable[[CaseFacts], Told]) -> object:
        for rule_id in rule_ids:
            further(rule_id)(_for_one(rule_id, teller))
        return teller

    return register


def _for_one(
    rule_id: str, teller: Callable[[CaseFacts], Told]
) -> Callable[[CaseFacts], Iterator[Statement]]:
    def judge(case: CaseFacts) -> Iterator[Statement]:
        yield from (said for told, said in teller(case) if told == rule_id)

    # Its scope is that of the function that reads.
    judge.__module__ = teller.__module__
    return judge


def numbers_of(text: str) -> list[int]:
    """The whole numbers in a text, of lengths that any program prints."""
    return [int(number) for number in re.findall(r"\d{1,18}", text)]


def stated(
    case: CaseFacts,
    line: Message,
    what: str,
    certainty: Certainty,
    fix: str,
    *missing: str,
) -> Statement:
    """A statement that quotes the line; mild where the program went on, or the network works."""
    where = case.log.where if case.log is not None else None
    shown = case.predictions is not None or case.logits is not None
    over = line.losses_after > WENT_ON or (shown and outcome(case) == "works")
    values = {name: value for name, value in line.values.items() if len(value) < _SHORT}
    text = line.text if len(line.text) <= _QUOTED else line.text[:_QUOTED].rstrip() + " ..."
    return Statement(
        message=f'{what} (line {line.line}: "{text}")',
        certainty=certainty,
        level=Level.INFO if over else None,
        path=where,
        count=line.count,
        evidence={"line": line.line, "text": text, **values},
        fix=fix,
        missing=missing,
    )
