"""What lists are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segdata.errors import UserError

How = Literal["random", "stratified"]


@dataclass(frozen=True, kw_only=True)
class SplitRequest:
    """What lists to make.

    Args:
        out: the folder of a new data set that refers to the photos and labels of the old one;
            None writes the lists into the data set itself.
        val: share of the pictures that is measured with while training.
        test: share that is measured with at the end; 0 makes no such list.
        by: a hash of the name, or the pixels of each class.
        group_by: ``video``, ``scene``, or a regular expression; what it captures stays together.
        seed: another one gives other lists.
        keep: a folder with lists, or a data set: the pictures they name stay where they are.
        dry_run: write nothing.
        overwrite: replace lists; those of the data set itself are kept in a folder beside.
    """

    out: Path | None = None
    val: float = 0.2
    test: float = 0.0
    by: How = "random"
    group_by: str | None = None
    seed: int = 0
    keep: Path | None = None
    dry_run: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.val < 1 and 0 <= self.test < 1 and 0 < self.val + self.test < 1):
            raise UserError(
                f"shares of {self.val:g} (val) and {self.test:g} (test) leave no sensible lists",
                "shares are between 0 and 1, and together below 1: --val 0.2 --test 0.1",
            )

    @property
    def shares(self) -> dict[str, float]:
        """The lists that are made, train first, and their shares."""
        rest = {"val": self.val, "test": self.test}
        asked = {name: share for name, share in rest.items() if share > 0}
        return {"train": 1.0 - sum(asked.values()), **asked}
