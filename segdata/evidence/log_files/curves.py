"""Collects numbers of a log while it streams by; memory does not grow with its length."""

from __future__ import annotations

from dataclasses import dataclass, field

from segdata.evidence.log_messages import Message, MessageKind
from segdata.evidence.logs import Series

# Points that are kept; a median of a fifth of them is sure to a few percent.
_KEPT = 4000
# Names of values that are kept; where each line has one of its own it is none.
_NAMES = 1000
# No run has as many steps; a larger number is another one.
_STEPS = 10**12


@dataclass
class Curve:
    """One value over the steps: every n-th point, and the first one that is no number."""

    points: list[tuple[int, float]] = field(default_factory=list)
    every: int = 1
    seen: int = 0
    broken: tuple[int, float] | None = None
    newest: tuple[int, float] | None = None

    def add(self, step: int, value: float) -> None:
        """The next point; where steps begin anew (a run was started again), the later ones go."""
        if not 0 <= step < _STEPS:
            return
        if self.newest is not None and step < self.newest[0]:
            while self.points and self.points[-1][0] >= step:
                self.points.pop()
            self.broken = self.broken if self.broken and self.broken[0] < step else None
        if value - value != 0 and self.broken is None:
            self.broken = (step, value)
        self.newest = (step, value)
        if self.seen % self.every == 0:
            self.points.append((step, value))
        self.seen += 1
        if len(self.points) >= 2 * _KEPT:
            self.points, self.every = self.points[::2], self.every * 2

    def series(self) -> Series:
        """What was collected, with the last point and the first one that is no number."""
        extra = {point for point in (self.broken, self.newest) if point is not None}
        return Series(tuple(sorted({*self.points, *extra}, key=lambda point: point[0])))


@dataclass
class Counter:
    """Numbers steps on where they are counted anew in every epoch."""

    newest: int = 0
    base: int = 0

    def of_all_epochs(self, step: int) -> int:
        if step < self.newest:
            self.base += self.newest
        self.newest = step
        return self.base + step


@dataclass
class Curves:
    """What a log holds, as far as it was read."""

    loss: Curve = field(default_factory=Curve)
    learning_rate: Curve = field(default_factory=Curve)
    metrics: dict[str, Curve] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    class_scores: dict[str, Curve] = field(default_factory=dict)
    messages: dict[MessageKind, Message] = field(default_factory=dict)
    ended_by: str | None = None
    config: str = ""
    with_decay: bool = False
    by_epochs: bool = False

    def metric(self, name: str, step: int, value: float) -> None:
        _of_name(self.metrics, name).add(step, value)

    def class_score(self, name: str, step: int, value: float) -> None:
        _of_name(self.class_scores, name).add(step, value)

    def note(self, meaning: str, line: str) -> None:
        """The first line of a meaning is kept."""
        self.notes.setdefault(meaning, line.strip()[:200])


def _of_name(curves: dict[str, Curve], name: str) -> Curve:
    """The curve of that name; of too many names one that nobody keeps."""
    known = curves.get(name)
    if known is None and len(curves) < _NAMES:
        known = curves[name] = Curve()
    return known or Curve()
