"""What lists are for, told by their names: to learn from, or to measure with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

_WORDS = re.compile(
    r"(?P<trained>train(?:ing)?)|(?P<measured>validation|valid|val|testing|test|evaluation|eval"
    r"|dev|holdout)"
)


def crossings(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a training list and a list that measures what was learned from it.

    The words of a name that stand for its role are set aside; what is left must agree:
    ``train_fold1`` is measured with ``val_fold1`` and not with ``val_fold2``. A training list
    whose rest no measuring list shares (``train_aug``) belongs to the plain ones. A list with both
    roles (``trainval``) or none (``all``) is a union, which no list leaks into.
    """
    known = [(name, *_role(name)) for name in dict.fromkeys(names)]
    trained = [(name, rest) for name, role, rest in known if role == "trained"]
    measured = [(name, rest) for name, role, rest in known if role == "measured"]
    for (train, rest), (val, other) in product(trained, measured):
        own = any(rest == its for _, its in measured)
        if other == (rest if own else ""):
            yield train, val


def _role(name: str) -> tuple[str, str]:
    """``trained``, ``measured``, or neither; and the name without the word that says so."""
    lower = name.lower()
    roles = {match.lastgroup for match in _WORDS.finditer(lower)}
    if len(roles) != 1:
        return "", lower
    return str(roles.pop()), _WORDS.sub("", lower).strip("-_. ")
