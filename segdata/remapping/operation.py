"""Carrying out a table of ids: every label read, changed and written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segdata import __version__, rules
from segdata.classes import ClassMap
from segdata.dataset import (
    DESCRIPTOR_FILE,
    Dataset,
    DatasetDescriptor,
    Split,
    list_files,
    save_descriptor,
)
from segdata.errors import BadData, UserError
from segdata.executors import Executor, Serial
from segdata.file_index import refuse_strangers, walk
from segdata.files import output_folder, write_file
from segdata.findings import CheckReport, Finding
from segdata.progress import Track, silently
from segdata.remapping.making import Remapped, RemapTask, remap_pair
from segdata.remapping.plan import RemapPlan, RemapRequest, plan_remap

# How the data set was made.
RECORD = "remapping.json"
_LISTS = Path("ImageSets", "Segmentation")
# A pair's first split and its number there, and the names of all the splits that it is in.
_Member = tuple[Split, int, tuple[str, ...]]


@dataclass(frozen=True)
class Remapping:
    """What was remapped.

    Args:
        before: pixels by old id, for each split.
        after: pixels by new id, for each split.
        moved: for each new id the old ids that it holds, where they are others than itself.
        emptied: ids of classes below ``num_classes`` that no old id becomes.
        unused: ids of the table that no label holds.
    """

    dataset: Dataset
    request: RemapRequest
    class_map: ClassMap
    labels: int
    before: Mapping[str, Mapping[int, int]]
    after: Mapping[str, Mapping[int, int]]
    moved: Mapping[int, tuple[int, ...]]
    emptied: tuple[int, ...]
    unused: tuple[int, ...]


@dataclass
class _Tally:
    """Adds up what became of pairs; nothing is kept of one but what is wrong with it."""

    before: Mapping[str, Counter[int]]
    after: Mapping[str, Counter[int]]
    pairs: int = 0
    labels: int = 0
    damaged: list[Finding] = field(default_factory=list)

    def add(self, done: Remapped, lists: tuple[str, ...]) -> None:
        self.pairs += 1
        self.labels += done.pair.label is not None
        for name in lists:
            self.before[name].update(done.before)
            self.after[name].update(done.after)
        if done.unreadable is not None:
            said = rules.Statement(
                message=done.why,
                path=str(done.unreadable),
                fix="mend or remove the file, then remap again",
            )
            self.damaged.append(rules.get("L27").finding(said))


def remap(
    dataset: Dataset, request: RemapRequest, *, executor: Executor | None = None,
    track: Track = silently,
) -> Remapping:  # fmt: skip
    """Make a new data set with other ids. The old one is only read.

    Raises:
        UserError: the table cannot be carried out, two pairs have one name, or the folder cannot be
            written or holds files that would become part of the new data set.
        BadData: files cannot be read; no data set was made.
    """
    plan = plan_remap(dataset, request)
    _refuse_in_place(dataset, request.out)
    descriptor = DatasetDescriptor.for_classes(dataset.name, plan.class_map)
    if request.photos == "symlink":
        descriptor = descriptor.model_copy(update={"allow_outside": True})
    members = _members(dataset)
    if not members:
        raise UserError(f"{dataset.root} has no photos", "check its lists: segdata validate")
    lists = {n: s.entries for n, s in dataset.splits.items() if s.path is not None}

    def tasks() -> Iterator[RemapTask]:
        for split, index, _ in members.values():
            pair = split.pairs[index]
            yield RemapTask(pair, request.out, descriptor, plan, request.photos, request.palette)

    _check_output(request.out, descriptor, tasks(), lists)
    tally = _Tally({n: Counter() for n in dataset.splits}, {n: Counter() for n in dataset.splits})
    with output_folder(request.out, overwrite=request.overwrite, whole=DESCRIPTOR_FILE) as out:
        results = (executor or Serial()).imap(remap_pair, tasks())
        for done in track(results, "remapping", len(members)):
            tally.add(done, members[done.pair.key][2])
        _refuse_damaged(tally)
        for name, entries in lists.items():
            text = "".join(f"{key}\n" for key in entries)
            write_file(out / _LISTS / f"{name}.txt", text.encode())
        result = _told(dataset, request, plan, tally)
        write_file(out / RECORD, _record(result, plan).encode())
        save_descriptor(out, descriptor)
    return result


def _members(dataset: Dataset) -> dict[str, _Member]:
    """Every pair once, by its key.

    Raises:
        UserError: a table joins two pairs of one name: one would take the other's place.
    """
    members: dict[str, _Member] = {}
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    for split in dataset.splits.values():
        for index, pair in enumerate(split.pairs):
            first, place, names = members.get(pair.key, (split, index, ()))
            other = first.pairs[place]
            if (other.image, other.label) != (pair.image, pair.label):
                raise UserError(
                    f"two pairs are named {pair.key}: {other.image} with {other.label}, and "
                    f"{pair.image} with {pair.label}",
                    "files of the new data set are called by these names: give each its own",
                )
            joined = (*names, split.name)
            members[pair.key] = first, place, known.setdefault(joined, joined)
    return members


def _told(dataset: Dataset, request: RemapRequest, plan: RemapPlan, tally: _Tally) -> Remapping:
    moved: dict[int, tuple[int, ...]] = {}
    for source, target in sorted(plan.ids.items()):
        if source != target:
            moved[target] = (*moved.get(target, ()), source)
    seen = {number for counts in tally.before.values() for number in counts}
    ids = {entry.id for entry in plan.class_map.trained}
    return Remapping(
        dataset=dataset,
        request=request,
        class_map=plan.class_map,
        labels=tally.labels,
        before=tally.before,
        after=tally.after,
        moved=moved,
        emptied=tuple(
            number
            for number in range(plan.class_map.num_classes)
            if number not in ids and number != plan.class_map.ignore
        ),
        unused=tuple(sorted(set(request.table) - seen)),
    )


def _refuse_in_place(dataset: Dataset, out: Path) -> None:
    if out.resolve().is_relative_to(dataset.root.resolve()):
        raise UserError(
            f"{out} is the data set itself or inside it", "remap into a folder of its own"
        )


def _check_output(
    out: Path,
    descriptor: DatasetDescriptor,
    tasks: Iterator[RemapTask],
    lists: Mapping[str, object],
) -> None:
    """What lies in the folders of the new data set and is not of it would become a part of it.

    Raises:
        UserError: there are photos, labels or lists that are not written now.
    """
    folders = [out / descriptor.images, out / descriptor.labels]
    there = {folder / file.place for folder in folders for file in walk(folder)}
    if there:
        for task in tasks:
            there -= {task.new_photo, task.new_label if task.pair.label else task.new_photo}
    there |= {path for name, path in list_files(out).items() if name not in lists}
    refuse_strangers(out, there)


def _refuse_damaged(tally: _Tally) -> None:
    if tally.damaged:
        report = CheckReport(tuple(tally.damaged), {"pairs": tally.pairs})
        what = f"{len(tally.damaged)} files cannot be read: no data set was made"
        raise BadData(report, what)


def _record(result: Remapping, plan: RemapPlan) -> str:
    data = {
        "segdata": __version__,
        "of": {"name": result.dataset.name, "classes": result.dataset.class_map.digest},
        "classes": result.class_map.digest,
        "ids": {str(source): target for source, target in sorted(plan.ids.items())},
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
