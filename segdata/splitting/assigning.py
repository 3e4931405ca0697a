"""Which group goes into which list: by a hash of its name, or by the classes that it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.listing import draw

# Groups up to which single moves are tried that even out what the first pass left; each move looks
# at all of them.
_POLISHED = 5000
_MOVES = 300
# Moves that gain less are not worth the difference to what another seed gives.
_GAIN = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Groups:
    """What is assigned: groups of pictures that stay together.

    Args:
        names: G, each of which stands for its group in every run.
        sizes: ``float64 G``, pictures.
        pixels: ``float64 G×K``, of each class.
        fixed: split of groups that stay where an earlier run put them, by index.
    """

    names: tuple[str, ...]
    sizes: Floats
    pixels: Floats
    fixed: Mapping[int, int]


def at_random(groups: Groups, shares: Sequence[float], seed: int) -> list[int]:
    """A hash of seed and name decides, so adding pictures moves none from one list to another.

    Args:
        shares: of the lists, train first; what measures is drawn from the low end, val before
            test, so that another share of test moves nothing into or out of val.

    Returns:
        The list of each group, as an index into ``shares``.
    """
    draws = [_draw(seed, name) for name in groups.names]
    chosen = [_by_draw(drawn, shares) for drawn in draws]
    for index, split in groups.fixed.items():
        chosen[index] = split
    for split in range(1, len(shares)):
        # Of few groups the hash may leave a list without any.
        free = [i for i in range(len(chosen)) if i not in groups.fixed and chosen[i] == 0]
        if split not in chosen and len(free) > 1:
            chosen[min(free, key=lambda i: draws[i])] = split
    return chosen


def by_classes(groups: Groups, shares: Sequence[float], seed: int) -> list[int]:
    """Each list gets its share of the pixels of every class.

    The rarest class is dealt out first, its largest group to the list that lacks most of it
    (iterative stratification: Sechidis, Tsoumakas and Vlahavas 2011, ECML PKDD, on pixels). A class
    that is in as many groups as there are lists is in every list, in two groups in train and the
    first list that measures, unless rarer classes have dealt these groups out already. Then single
    groups are moved as long as that evens out the rest, and none takes a class out of a list.

    Args:
        shares: of the lists, train first.

    Returns:
        The list of each group, as an index into ``shares``.
    """
    table = _Table(groups, shares)
    draws = np.array([_draw(seed, name) for name in groups.names])
    for fixed, place in groups.fixed.items():
        table.put(fixed, place)
    has = groups.pixels > 0
    for column in sorted(range(has.shape[1]), key=lambda c: (int(has[:, c].sum()), c)):
        mine = [int(i) for i in np.flatnonzero(has[:, column]) if table.chosen[i] < 0]
        mine.sort(key=lambda i: (-groups.pixels[i, column], draws[i]))
        for left, index in zip(range(len(mine), 0, -1), mine, strict=True):
            table.put(index, table.neediest(column, left, int(has[:, column].sum())))
    for index in sorted(np.flatnonzero(table.chosen < 0).tolist(), key=lambda i: draws[i]):
        table.put(index, table.smallest())
    if len(groups.names) <= _POLISHED:
        _polish(table)
    return [int(split) for split in table.chosen]


class _Table:
    """What each list holds and should hold."""

    def __init__(self, groups: Groups, shares: Sequence[float]) -> None:
        self.groups = groups
        self.shares = np.asarray(shares, np.float64)
        # Pictures count as one class more: lists are to have their share of them, too.
        weights = np.column_stack([groups.pixels, groups.sizes])
        total = weights.sum(axis=0)
        self.weights = weights / np.where(total > 0, total, 1.0)
        self.there = np.append((groups.pixels > 0).sum(axis=0), len(groups.names))
        self.held = np.zeros((len(shares), weights.shape[1]))
        self.count = np.zeros((len(shares), weights.shape[1]), np.int64)
        self.chosen = np.full(len(groups.names), -1)

    def put(self, index: int, split: int) -> None:
        old = self.chosen[index]
        if old >= 0:
            self.held[old] -= self.weights[index]
            self.count[old] -= self.weights[index] > 0
        self.held[split] += self.weights[index]
        self.count[split] += self.weights[index] > 0
        self.chosen[index] = split

    def neediest(self, column: int, left: int, groups: int) -> int:
        """The list that lacks most of a class, or one that has none where groups run short."""
        wanted = range(min(groups, len(self.shares)))
        without = [split for split in wanted if self.count[split, column] == 0]
        among = without if left <= len(without) else range(len(self.shares))
        need = self.shares - self.held[:, column]
        size = self.shares - self.held[:, -1]
        return max(among, key=lambda split: (round(float(need[split]), 12), size[split], -split))

    def smallest(self) -> int:
        """The list that lacks most pictures."""
        return int(np.argmax(self.shares - self.held[:, -1]))


def _polish(table: _Table) -> None:
    """Move the group that evens out most, again and again."""
    free = np.array([i for i in range(len(table.chosen)) if i not in table.groups.fixed], np.intp)
    if not len(free):
        return
    weights = table.weights[free]
    least = np.minimum(table.there, len(table.shares))
    for _ in range(_MOVES):
        off = table.held - table.shares[:, None]
        own = table.chosen[free]
        # Squared distances before and after taking weights out of one list and into another.
        out = ((off[own] - weights) ** 2 - off[own] ** 2).sum(axis=1)
        into = np.stack([((off[s] + weights) ** 2 - off[s] ** 2).sum(axis=1)
                         for s in range(len(table.shares))])  # fmt: skip
        change = into + out
        change[own, np.arange(len(free))] = 0.0
        last = table.count[own] == 1
        needed = np.arange(len(table.shares))[:, None] < least[None]
        change[:, ((weights > 0) & last & needed[own]).any(axis=1)] = 0.0
        split, best = np.unravel_index(int(change.argmin()), change.shape)
        if change[split, best] > -_GAIN:
            return
        table.put(int(free[best]), int(split))


def _draw(seed: int, name: str) -> float:
    return draw(name if seed == 0 else f"{seed}:{name}")


def _by_draw(drawn: float, shares: Sequence[float]) -> int:
    end = 0.0
    for split in range(1, len(shares)):
        end += shares[split]
        if drawn < end:
            return split
    return 0
