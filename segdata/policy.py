"""Which rules speak, and from which level on a check fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segdata import rules
from segdata.errors import UserError
from segdata.findings import Finding, Level

# Rules that are proposed for a misspelt one.
_NAMED = 3


@dataclass(frozen=True)
class Policy:
    """Which rules speak, and from which level on the exit code is 1.

    Rules are named by id (``L01``, ``l7``), by the beginning of ids (``L`` is every rule about
    labels, ``L1`` is L10 to L19), or by several of these with commas between them.

    Args:
        fail_on: None never fails.
        select: only these rules; empty means all.
        ignore: all but these.

    Raises:
        UserError: there is no such rule; names the nearest.
    """

    fail_on: Level | None = Level.ERROR
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "select", tuple(dict.fromkeys(_meant(self.select))))
        object.__setattr__(self, "ignore", tuple(dict.fromkeys(_meant(self.ignore))))

    def lets(self, finding: Finding) -> bool:
        return self.hears(finding.rule)

    def hears(self, rule: str) -> bool:
        """Whether the rule of that id speaks."""
        return rule not in self.ignore and (not self.select or rule in self.select)


def _meant(words: Iterable[str]) -> Iterator[str]:
    known = [rule.id for rule in rules.all_rules()]
    for word in (part.strip() for words_ in words for part in words_.split(",")):
        if word:
            yield from _ids(word, known)


def _ids(word: str, known: list[str]) -> list[str]:
    """The ids that a word stands for: those it begins, or else the one it spells shortly."""
    wanted = word.upper()
    found = [rule for rule in known if rule.startswith(wanted)]
    short = wanted[:1] + wanted[1:].zfill(2)
    if found or short in known:
        return found or [short]
    near = [rule for rule in known if _alike(rule, short) >= 2]
    near.sort(key=lambda rule: -_alike(rule, short))
    hint = f"did you mean {', '.join(near[:_NAMED])}? " if near else ""
    raise UserError(f"there is no rule {word!r}", f"{hint}segdata rules lists them all")


def _alike(one: str, other: str) -> int:
    """Characters that stand at the same place."""
    return sum(a == b for a, b in zip(one, other, strict=False))
