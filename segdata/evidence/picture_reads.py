"""Picture files that somebody's code reads, and what becomes of them before a network sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

What = Literal["mask", "photo", "unknown"]
# ``pillow`` reads what is stored; ``opencv`` and ``tensorflow`` decode it, to brightness where
# ``grey``; ``opencv stored`` is IMREAD_UNCHANGED, which keeps 16 bits and paints palettes.
Reader = Literal["pillow", "opencv", "opencv stored", "tensorflow", "keras", "matplotlib", "other"]
# ``divided`` by 255; ``undivided``, times 255; ``normalized``, by mean and deviation; ``prepared``,
# by a backbone's own function; ``unknown``, by code that is not here; ``threshold``, into 0 and 1;
# ``of 255``, where 255 becomes 1; ``renumbered``, each value becomes its rank; ``smooth``, resized
# with interpolation.
StepKind = Literal[
    "divided", "undivided", "normalized", "prepared", "unknown", "threshold", "of 255",
    "renumbered", "smooth",
]  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One thing that code does to the values of a picture.

    Args:
        kind: what.
        text: as it stands there.
        line: where.
        bound: of a threshold: what is above it becomes 1.
    """

    kind: StepKind
    text: str
    line: int
    bound: float | None = None


@dataclass(frozen=True, kw_only=True)
class PictureRead:
    """A picture from its file to where it is used.

    Args:
        what: what its names say it is.
        reader: which library opens it.
        text: the call that opens it.
        line: of that call.
        place: the function that does; empty outside of functions.
        chain: lines of the calls that lead to it, of functions in the same file.
        grey: one channel of brightness is asked for.
        swapped: its channels are blue, green, red.
        floats: its values are no longer whole numbers of 8 bits, so ToTensor does not divide them.
        steps: in their order.
        beside_mask: the same function reads a mask, as a loader for training does.
        fed: it is given to a network there.
        used: it is, or the function gives it back; others are only looked at, as far as one sees.
    """

    what: What
    reader: Reader
    text: str
    line: int
    place: str = ""
    chain: tuple[int, ...] = ()
    grey: bool = False
    swapped: bool = False
    floats: bool = False
    steps: tuple[Step, ...] = ()
    beside_mask: bool = False
    fed: bool = False
    used: bool = False

    def then(self, step: Step) -> PictureRead:
        """With one more step."""
        whole = step.kind in ("smooth", "of 255", "undivided")
        return replace(self, steps=(*self.steps, step), floats=self.floats or not whole)

    def has(self, *kinds: StepKind) -> Step | None:
        """The first step of one of these kinds."""
        return next((step for step in self.steps if step.kind in kinds), None)

    def count(self, kind: StepKind) -> int:
        return sum(step.kind == kind for step in self.steps)

    @property
    def makes_one_of_255(self) -> Step | None:
        """What turns 0 and 255 into 0 and 1; None where nothing does."""
        divided = self.has("divided")
        if divided is not None and self.count("divided") > self.count("undivided"):
            return divided
        thresholds = (s for s in self.steps if s.kind == "threshold" and (s.bound or 0) < _FULL)
        return next(thresholds, None) or self.has("of 255", "renumbered")


_FULL = 255
