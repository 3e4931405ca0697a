"""Fix: a new data set in which what validate found is mended, and a journal of what was done.

Findings are acted on in rounds, because one fault may hide another: colors become ids, and only
then the ids can be judged. Each round reads what the last one wrote; the user's folder is only
read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segdata.dataset import DESCRIPTOR_FILE, Dataset, DatasetDescriptor, save_descriptor
from segdata.errors import UserError
from segdata.executors import Executor
from segdata.facts import DatasetFacts, Look
from segdata.files import output_folder, write_file
from segdata.findings import CheckReport, Finding, Level
from segdata.mending.earlier import changed_before, check_output
from segdata.mending.journal import JOURNAL_FILE, Journal, LeftOut
from segdata.mending.planning import Plan, leads_out, placed, plan
from segdata.mending.tables import Kept, new_entries, write_lists
from segdata.mending.treating import Treater, copy
from segdata.policy import Policy
from segdata.progress import Track

# Colors -> levels -> ids -> strays is the longest chain of faults that hide each other.
_ROUNDS = 5
# Files beside the data's folders that go along (a license, a README), up to this size.
_SMALL_FILE = 1 << 20

# A data set -> its facts, and what the rules say of it.
Judge = Callable[[Dataset], tuple[DatasetFacts, Sequence[Finding]]]


@dataclass(frozen=True, kw_only=True)
class FixRequest:
    """What to fix and where the result goes.

    Args:
        out: the new folder.
        policy: which rules are acted on.
        dry_run: write nothing.
        overwrite: write into a folder that holds other things.
        link: hard links instead of copies of files that stay as they are.
        command: the command line, for the journal.
    """

    out: Path
    policy: Policy = field(default_factory=Policy)
    dry_run: bool = False
    overwrite: bool = False
    link: bool = False
    command: str = ""


@dataclass(frozen=True)
class Mending:
    """What was done, and what is left to do.

    Args:
        request: as it was asked.
        dataset: the user's.
        descriptor: of the new data set.
        journal: what was done to which file.
        remaining: findings about the new data set; of a dry run those that nothing is done about.
    """

    request: FixRequest
    dataset: Dataset
    descriptor: DatasetDescriptor
    journal: Journal
    remaining: CheckReport

    @property
    def changed(self) -> bool:
        """The new tree is not the old one."""
        journal = self.journal
        return bool(journal.whole or journal.records or journal.left_out)

    def to_json(self) -> dict[str, Any]:
        journal = self.journal
        return {
            "source": str(self.dataset.root),
            "out": str(self.request.out),
            "command": self.request.command,
            "dry_run": self.request.dry_run,
            "rules": [
                {"rule": rule, "does": does, "files": files, "pixels_changed": pixels}
                for rule, (does, files, pixels) in journal.applied().items()
            ],
            "descriptor": {
                "before": self.dataset.descriptor.model_dump(mode="json", exclude_defaults=True),
                "after": self.descriptor.model_dump(mode="json", exclude_defaults=True),
            },
            "files": journal.files_json(),
            "left_out": [lost.to_json() for lost in journal.left_out],
            "not_fixed": [kept.to_json() for kept in journal.not_mended.values()],
            "refused": [{"rule": r, "why": why} for r, why in sorted(journal.refusals.items())],
            "left_to_you": [finding.to_json() for finding in self.remaining],
            "exit_code": self.remaining.exit_code,
        }


def fix(
    dataset: Dataset, request: FixRequest, look: Judge, executor: Executor, track: Track
) -> Mending:
    """Make a new data set in which what the rules found is mended.

    Findings from ``warning`` on are acted on; those of ``info`` where the policy selects their
    rule. Rules without a safe remedy are handed back in ``remaining``.

    Args:
        look: gathers the facts of a data set and judges them.

    Raises:
        UserError: there is nothing to fix, the output is inside the source or holds files that
            would become a part of the new data set, or nothing would be left.
    """
    _refuse_same_place(dataset, request.out)
    facts, findings = look(dataset)
    first = _plan(dataset, facts, findings, request)
    journal = Journal(dataset.root, request.out)
    if request.dry_run:
        treater = _treater(first, request)
        descriptor, _ = _carry_out(first, treater, journal, executor, track)
        left = [f for f in findings if f.rule not in first.treatments]
        return _result(dataset, request, descriptor, journal, left)
    check_output(first, request.out)
    with output_folder(request.out, overwrite=request.overwrite, whole=DESCRIPTOR_FILE):
        for path in changed_before(request.out):
            path.unlink(missing_ok=True)
        now, findings = first, list(findings)
        for _ in range(_ROUNDS):
            descriptor, changed = _carry_out(now, _treater(now, request), journal, executor, track)
            mended = Dataset(request.out, descriptor)
            try:
                facts, findings = look(mended)
            except UserError as error:
                raise _nothing_left(journal) from error
            now = _plan(mended, facts, findings, request)
            if not (changed and now.treatments):
                break
        journal.refusals |= now.refusals
        _copy_small_files(dataset, request.out)
        result = _result(dataset, request, descriptor, journal, findings)
        write_file(request.out / JOURNAL_FILE, _json(result))
        if descriptor == dataset.descriptor and (dataset.root / DESCRIPTOR_FILE).is_file():
            copy(dataset.root / DESCRIPTOR_FILE, request.out / DESCRIPTOR_FILE)
        else:
            save_descriptor(request.out, descriptor)
    return result


def _plan(
    dataset: Dataset, facts: DatasetFacts, findings: Sequence[Finding], request: FixRequest
) -> Plan:
    policy = request.policy
    wanted = [finding for finding in findings if policy.lets(finding)]
    least = dict.fromkeys(policy.select, Level.INFO)
    return plan(dataset, facts, wanted, request.out, least)


def _treater(planned: Plan, request: FixRequest) -> Treater:
    treatments = planned.treatments.items()
    labels = [(rule, t.labels) for rule, t in treatments if t.labels is not None]
    return Treater(
        descriptor=planned.dataset.descriptor,
        pairs=tuple((rule, t.pairs) for rule, t in treatments if t.pairs is not None),
        # What is read out of another form is judged in the next round, not changed in this one.
        labels=tuple(sorted(labels, key=lambda step: not step[1].rereads)),
        looks=Look.ALIGNMENT if "L24" in planned.treatments else Look.NONE,
        write=not request.dry_run,
        link=request.link,
        lonely=next((rule for rule, t in treatments if t.lonely), ""),
    )


def _carry_out(
    planned: Plan, treater: Treater, journal: Journal, executor: Executor, track: Track
) -> tuple[DatasetDescriptor, bool]:
    """One round: every file, then the lists. Returns the new descriptor, and whether anything is
    not as it was."""
    journal.does |= {rule: t.does for rule, t in planned.treatments.items()}
    journal.refusals |= planned.refusals
    kept = Kept()
    before = len(journal.left_out), dict(journal.records)
    outcomes = executor.imap(treater, planned.jobs())
    for outcome in track(outcomes, "fixing", planned.total):
        journal.add(outcome)
        kept.add(outcome)
    if not kept.pairs:
        raise _nothing_left(journal)
    descriptor = _naming(planned, kept)
    for rule, treatment in planned.treatments.items():
        if treatment.descriptor or treatment.rewrite or treatment.adopt or treatment.settled:
            journal.whole.add(rule)
        for split, names in treatment.drop.items():
            journal.left_out += [LeftOut(n, rule, why, split) for n, why in names.items()]
    if treater.write:
        lists_changed = write_lists(planned, journal.out, kept)
    else:
        lists_changed = bool(new_entries(planned, kept))
    after = len(journal.left_out), dict(journal.records)
    settled = any(treatment.settled for treatment in planned.treatments.values())
    changed = lists_changed or before != after or descriptor != planned.dataset.descriptor
    changed |= settled
    return descriptor, changed


def _nothing_left(journal: Journal) -> UserError:
    last = journal.left_out[-1] if journal.left_out else None
    return UserError(
        "nothing would be left: every listed pair has a fault that cannot be mended",
        f"the last, {last.name}: {last.why}" if last else "no photo is in a list",
    )


def _naming(planned: Plan, kept: Kept) -> DatasetDescriptor:
    """The descriptor, which must find labels that became PNGs."""
    suffix = planned.descriptor.label_suffix
    renamed = any(old.suffix != new.suffix for old, new in kept.moved.items())
    if suffix is None or not renamed or suffix.endswith(".png"):
        return planned.descriptor
    png = suffix[: suffix.rfind(".")] + ".png"
    return planned.descriptor.model_copy(update={"label_suffix": png})


def _result(
    dataset: Dataset,
    request: FixRequest,
    descriptor: DatasetDescriptor,
    journal: Journal,
    findings: Sequence[Finding],
) -> Mending:
    left = tuple(finding for finding in findings if finding.rule not in request.policy.ignore)
    report = CheckReport(left, {"pairs": journal.pairs}, request.policy.fail_on)
    return Mending(request, dataset, descriptor, journal, report)


def _copy_small_files(dataset: Dataset, out: Path) -> None:
    """A license, a README, a class file: what stands beside the folders; no links out of it."""
    home = dataset.root.resolve()
    for path in sorted(dataset.root.iterdir()):
        own = path.name in (DESCRIPTOR_FILE, JOURNAL_FILE) or path.name.startswith(".")
        if own or not path.is_file() or not path.resolve().is_relative_to(home):
            continue
        if path.stat().st_size <= _SMALL_FILE:
            target = placed(path, dataset, out)
            if not target.exists():
                copy(path, target)


def _refuse_same_place(dataset: Dataset, out: Path) -> None:
    """Nothing may be written where the user's files are, not even through a link."""
    if (out / DESCRIPTOR_FILE).exists() and not (out / JOURNAL_FILE).exists():
        raise UserError(f"{out} is a data set that fix did not make", "choose another folder")
    descriptor = dataset.descriptor
    theirs = [f.resolve() for f in (dataset.root, dataset.images_folder, dataset.labels_folder)]
    written = [out, out / "ImageSets"]
    written += [
        out / name for name in (descriptor.images, descriptor.labels) if not leads_out(name)
    ]
    for folder in written:
        here = folder.resolve()
        for their in theirs:
            if here.is_relative_to(their) or their.is_relative_to(here):
                raise UserError(
                    f"{folder} and {their} lie in each other, and the source is never written to",
                    "choose another output folder",
                )


def _json(result: Mending) -> bytes:
    return (json.dumps(result.to_json(), ensure_ascii=False, indent=1) + "\n").encode()
