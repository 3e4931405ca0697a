"""The journal: every file that is not what it was, by what rule, and every pair that is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nlargest
from pathlib import Path
from typing import Any

from segdata.mending.treating import Change, Outcome

JOURNAL_FILE = "segdata-fixes.json"
# Files that are shown for each rule.
EXAMPLES = 4


@dataclass(frozen=True)
class Applied:
    """What one rule's remedy did to a file.

    Args:
        rule: its id.
        does: in words.
        pixels: that changed.
    """

    rule: str
    does: str
    pixels: int

    def to_json(self) -> dict[str, Any]:
        return {"rule": self.rule, "does": self.does, "pixels_changed": self.pixels}


@dataclass(frozen=True)
class FileRecord:
    """A file that is not what it was.

    Args:
        source: the user's file.
        target: the new one.
        steps: what was done, in order.
        before: sha256 of the user's file.
        after: sha256 of the new one.
        data: the new file of an example that was not written.
    """

    source: Path
    target: Path
    steps: tuple[Applied, ...]
    before: str
    after: str
    data: bytes = b""

    @property
    def pixels(self) -> int:
        return max((step.pixels for step in self.steps), default=0)


@dataclass(frozen=True)
class LeftOut:
    """A name that is not in the new tree, or not in one of its lists any more.

    Args:
        name: the key.
        rule: whose remedy left it out.
        why: in words.
        split: the list it was taken off; None where the pair itself was left out.
    """

    name: str
    rule: str
    why: str
    split: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "rule": self.rule, "why": self.why, "list": self.split}


@dataclass(frozen=True)
class NotMended:
    """A label that a remedy could not mend; it is in the new tree as it was."""

    path: Path
    rule: str
    why: str

    def to_json(self) -> dict[str, Any]:
        return {"path": str(self.path), "rule": self.rule, "why": self.why}


@dataclass
class Journal:
    """What happened, over all rounds.

    Args:
        source: the user's folder.
        out: the new one.
        records: by new file.
        left_out: pairs, and names in lists.
        not_mended: labels that stayed as they were although a rule speaks about them.
        refusals: rule -> why it has no safe remedy here.
        whole: rules whose remedy changed the descriptor, a list or names of files.
        does: rule -> what its remedy does, in words.
        pairs: that were looked at, each time.
    """

    source: Path
    out: Path
    records: dict[Path, FileRecord] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    not_mended: dict[tuple[Path, str], NotMended] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    does: dict[str, str] = field(default_factory=dict)
    pairs: int = 0
    _kept: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Note what became of a pair."""
        job = outcome.job
        self.pairs += 1
        if outcome.left_out is not None:
            rule, why = outcome.left_out
            self.left_out.append(LeftOut(job.key, rule, self.as_the_users(why)))
            for path in (job.new_photo, job.new_label):
                self.records.pop(path, None)  # type: ignore[arg-type]
        for change in outcome.changes:
            self._change(change)
        for rule, why in outcome.refused:
            assert job.label is not None
            place = self.users_file(job.label)
            self.not_mended[place, rule] = NotMended(place, rule, why)

    def users_file(self, path: Path) -> Path:
        """The user's file that a file of the new tree was made of."""
        if path in self.records:
            return self.records[path].source
        return self.source / path.relative_to(self.out) if path.is_relative_to(self.out) else path

    def as_the_users(self, text: str) -> str:
        """A sentence about a file of the new tree as one about the user's."""
        return text.replace(str(self.out), str(self.source))

    def applied(self) -> dict[str, tuple[str, int, int]]:
        """Rule -> what it did, files and pixels changed."""
        files: dict[str, set[Path | str]] = {rule: set() for rule in self.whole}
        pixels: dict[str, int] = {}
        for record in self.records.values():
            for step in record.steps:
                files.setdefault(step.rule, set()).add(record.target)
                pixels[step.rule] = pixels.get(step.rule, 0) + step.pixels
        for lost in self.left_out:
            files.setdefault(lost.rule, set()).add(lost.name)
        return {
            rule: (self.does[rule], len(files[rule]), pixels.get(rule, 0)) for rule in sorted(files)
        }

    def files_json(self) -> list[dict[str, Any]]:
        return [
            {
                "path": record.target.relative_to(self.out).as_posix(),
                "was": self._place(record.source),
                "steps": [step.to_json() for step in record.steps],
                "sha256_before": record.before,
                "sha256_after": record.after,
            }
            for record in self._ordered()
        ]

    def _place(self, source: Path) -> str:
        """Below the user's folder, or the whole path of a file that the descriptor fetched."""
        inside = source.is_relative_to(self.source)
        return (source.relative_to(self.source) if inside else source).as_posix()

    def _ordered(self) -> Iterable[FileRecord]:
        return sorted(self.records.values(), key=lambda record: record.target)

    def _change(self, change: Change) -> None:
        old = self.records.pop(change.source, None)
        steps = tuple(Applied(rule, self.does[rule], pixels) for rule, pixels in change.rules)
        self.records[change.target] = FileRecord(
            old.source if old else self.users_file(change.source),
            change.target,
            (*(old.steps if old else ()), *steps),
            old.before if old else change.before,
            change.after,
            change.data if self._wanted(steps) else b"",
        )

    def _wanted(self, steps: tuple[Applied, ...]) -> bool:
        """Of files that are not written, a few for each rule are kept to be shown."""
        for step in steps:
            self._kept[step.rule] = self._kept.get(step.rule, 0) + 1
        return any(self._kept[step.rule] <= EXAMPLES for step in steps)

    def examples(self, rule: str) -> list[FileRecord]:
        """A few files that a rule's remedy changed, those with most changed pixels first."""
        mine = [r for r in self.records.values() if any(s.rule == rule for s in r.steps)]
        shown = [record for record in mine if record.data or record.target.exists()]
        return nlargest(EXAMPLES, shown, key=lambda record: record.pixels)
