"""What is done to one pair, in any process: decide, write, and say what was done."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from segdata.classes import Label
from segdata.dataset import DatasetDescriptor, Pair
from segdata.facts import Look, gather_pair
from segdata.facts.label import gather_label
from segdata.files import whole_file, write_file
from segdata.images import (
    Unreadable,
    encode_label,
    encode_photo,
    read_header,
    read_photo,
    read_stored,
)
from segdata.mending.planning import Job
from segdata.mending.steps import CannotMend, LabelState, LabelStep
from segdata.mending.treatment import LeaveOut, PairStep, TurnUpright


@dataclass(frozen=True)
class Change:
    """One file that is not what it was.

    Args:
        source: the file it was made from.
        target: the new file.
        rules: whose remedies changed it, with the pixels that each changed.
        before: sha256 of the source.
        after: sha256 of the new file.
        data: the new file, where it is not written.
    """

    source: Path
    target: Path
    rules: tuple[tuple[str, int], ...]
    before: str
    after: str
    data: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """What became of one pair.

    Args:
        job: what was asked for.
        changes: files that are not what they were.
        left_out: the rule and why; None where the pair is in the new tree.
        refused: rules whose remedy could not be applied to this label, and why.
        label: the new label's file.
    """

    job: Job
    changes: tuple[Change, ...] = ()
    left_out: tuple[str, str] | None = None
    refused: tuple[tuple[str, str], ...] = ()
    label: Path | None = None


@dataclass(frozen=True)
class Mended:
    """A new file: what is in it, which rules made it so, and how its name ends if that changes."""

    data: bytes
    rules: tuple[tuple[str, int], ...]
    suffix: str = ""


@dataclass(frozen=True)
class Treater:
    """Does to a pair what the remedies say.

    Args:
        descriptor: of the data set as it is.
        pairs: what becomes of a pair, by rule.
        labels: what is done to labels, by rule.
        write: write files; otherwise only say what would be done.
        link: hard links instead of copies of files that stay as they are.
        lonely: the rule that leaves out what has no partner.
        looks: what ``pairs`` need to see of a pair.
    """

    descriptor: DatasetDescriptor
    pairs: tuple[tuple[str, PairStep], ...] = ()
    labels: tuple[tuple[str, LabelStep], ...] = ()
    write: bool = True
    link: bool = False
    lonely: str = ""
    looks: Look = Look.NONE

    def __call__(self, job: Job) -> Outcome:
        if job.omit is not None:
            return self._left_out(job, *job.omit)
        if self.lonely and (job.photo is None or job.label is None):
            what = "photo" if job.photo is None else "label"
            return self._left_out(job, self.lonely, f"it has no {what}")
        verdicts = dict(self._verdicts(job))
        for rule, verdict in verdicts.items():
            if isinstance(verdict, LeaveOut):
                return self._left_out(job, rule, verdict.why)
        photo = self._photo(job, next(iter(verdicts), None))
        changed, refused, target = self._label(job)
        changes = tuple(change for change in (photo, changed) if change)
        return Outcome(job, changes, None, refused, target)

    def _verdicts(self, job: Job) -> Iterator[tuple[str, TurnUpright | LeaveOut]]:
        if not self.pairs or job.photo is None:
            return
        pair = Pair(job.key, job.splits[0] if job.splits else "", job.photo, job.label)
        facts = gather_pair(pair, self.descriptor, self.looks)
        for rule, step in self.pairs:
            verdict = step(facts)
            if verdict is not None:
                yield rule, verdict

    def _left_out(self, job: Job, rule: str, why: str) -> Outcome:
        if self.write:
            for path in (job.new_photo, job.new_label):
                if path is not None:
                    path.unlink(missing_ok=True)
        return Outcome(job, left_out=(rule, why))

    def _photo(self, job: Job, turns: str | None) -> Change | None:
        if job.photo is None or job.new_photo is None:
            return None
        if turns is None:
            self._copy(job.photo, job.new_photo)
            return None
        before = job.photo.read_bytes()
        upright = read_photo(before, upright=True)
        jpeg = read_header(before).format == "jpeg"
        after = encode_photo(upright, "jpeg" if jpeg else "png")
        pixels = upright.shape[0] * upright.shape[1]
        mended = Mended(after, ((turns, pixels),), "" if jpeg else ".png")
        return self._change(job.photo, job.new_photo, before, mended)

    def _label(self, job: Job) -> tuple[Change | None, tuple[tuple[str, str], ...], Path | None]:
        if job.label is None or job.new_label is None:
            return None, (), None
        refused: list[tuple[str, str]] = []
        if self.labels:
            before = job.label.read_bytes()
            mended = mend_label(before, job, self, refused)
            if mended is not None:
                change = self._change(job.label, job.new_label, before, mended)
                return change, tuple(refused), change.target
        self._copy(job.label, job.new_label)
        return None, tuple(refused), job.new_label

    def _change(self, source: Path, place: Path, before: bytes, mended: Mended) -> Change:
        target = place.with_suffix(mended.suffix) if mended.suffix else place
        if self.write:
            write_file(target, mended.data)
            if target != place:
                # What an earlier round copied there under its old name.
                place.unlink(missing_ok=True)
        return Change(
            source,
            target,
            mended.rules,
            _sha(before),
            _sha(mended.data),
            b"" if self.write else mended.data,
        )

    def _copy(self, source: Path, target: Path) -> None:
        if self.write:
            copy(source, target, link=self.link)


def mend_label(
    data: bytes, job: Job, treater: Treater, refused: list[tuple[str, str]]
) -> Mended | None:
    """A label's file after all steps; None where none concerns it.

    Args:
        data: the file.
        refused: gets the rules whose step cannot mend it, and why.
    """
    assert job.label is not None
    facts, label = gather_label(job.label, data, treater.descriptor)
    try:
        stored = read_stored(data)
    except Unreadable:
        return None
    state = LabelState(stored, facts, label, job.splits)
    touched: list[tuple[str, int]] = []
    for rule, step in treater.labels:
        try:
            new = step(state)
        except CannotMend as why:
            refused.append((rule, str(why)))
            continue
        pixels = 0 if new is None else _changed(state.label, new)
        if new is not None and (pixels or step.rereads):
            touched.append((rule, pixels))
            state = replace(state, label=new, reread=state.reread or step.rereads)
    if not touched or state.label is None:
        return None
    return Mended(encode_label(state.label), tuple(touched), ".png")


def copy(source: Path, target: Path, *, link: bool = False) -> None:
    """The same bytes under another name; a hard link where that is asked for and possible."""
    if source == target:
        return
    if link:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source.resolve(), target)
        except OSError:
            # Another disk, or a file system without links: a copy does as well.
            copy(source, target)
        return
    with source.open("rb") as old, whole_file(target) as new:
        shutil.copyfileobj(old, new)


def _changed(old: Label | None, new: Label) -> int:
    """Pixels that differ; all of them where there were no ids before."""
    return new.size if old is None else int(np.count_nonzero(old != new))


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
