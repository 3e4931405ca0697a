"""Carrying out a table of ids: every label read, changed and written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from segdata import __version__, rules
from segdata.classes import ClassMap
from segdata.dataset import DESCRIPTOR_FILE, Dataset, DatasetDescriptor, Pair, save_descriptor
from segdata.errors import BadData, UserError
from segdata.executors import Executor, Serial
from segdata.facts import count_values
from segdata.files import link_file, output_folder, write_file
from segdata.findings import CheckReport
from segdata.images import NoIds, Unreadable, encode_label, read_label
from segdata.progress import Track, silently
from segdata.remapping.plan import LARGEST, Photos, RemapPlan, RemapRequest, plan_remap

# How the data set was made.
RECORD = "remapping.json"


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


@dataclass(frozen=True)
class _Task:
    pair: Pair
    out: Path
    descriptor: DatasetDescriptor
    plan: RemapPlan
    photos: Photos
    palette: bool


@dataclass(frozen=True)
class _Done:
    pair: Pair
    before: Mapping[int, int] = field(default_factory=dict)
    after: Mapping[int, int] = field(default_factory=dict)
    problem: str = ""


def remap(
    dataset: Dataset, request: RemapRequest, *, executor: Executor | None = None,
    track: Track = silently,
) -> Remapping:  # fmt: skip
    """Make a new data set with other ids. The old one is only read.

    Raises:
        UserError: the table cannot be carried out, or the folder cannot be written.
        BadData: labels cannot be read; no data set was made.
    """
    plan = plan_remap(dataset, request)
    _refuse_in_place(dataset, request.out)
    descriptor = DatasetDescriptor.for_classes(dataset.name, plan.class_map)
    if request.photos == "symlink":
        descriptor = descriptor.model_copy(update={"allow_outside": True})
    pairs = {pair.key: pair for split in dataset.splits.values() for pair in split.pairs}
    if not pairs:
        raise UserError(f"{dataset.root} has no photos", "check its lists: segdata validate")
    tasks = [_Task(pair, request.out, descriptor, plan, request.photos, request.palette)
             for pair in pairs.values()]  # fmt: skip
    with output_folder(request.out, overwrite=request.overwrite, whole=DESCRIPTOR_FILE) as out:
        done = {
            result.pair.key: result
            for result in track((executor or Serial()).imap(_remap_one, tasks), "remapping",
                                len(tasks))
        }  # fmt: skip
        _refuse_damaged(list(done.values()))
        _write_lists(out, dataset)
        result = _told(dataset, request, plan, done)
        write_file(out / RECORD, _record(result, plan).encode())
        save_descriptor(out, descriptor)
    return result


def _remap_one(task: _Task) -> _Done:
    """Write one label with its new ids, and bring its photo."""
    pair = task.pair
    photo = task.out / task.descriptor.images / f"{pair.key}{pair.image.suffix.lower()}"
    if pair.label is None:
        _bring(pair.image, photo, task.photos)
        return _Done(pair)
    try:
        label = read_label(pair.label)
    except (Unreadable, NoIds) as error:
        return _Done(pair, problem=str(error))
    dtype = task.plan.class_map.dtype
    if max([int(label.max(initial=0)), *task.plan.ids.values()]) > np.iinfo(dtype).max:
        dtype = np.uint16
    table = np.arange(LARGEST + 1, dtype=np.uint16)
    table[list(task.plan.ids)] = list(task.plan.ids.values())
    remapped = table[label]
    if remapped.max(initial=0) <= np.iinfo(np.uint8).max and dtype is np.uint8:
        remapped = remapped.astype(np.uint8)
    palette = task.plan.class_map.color_table() if task.palette else None
    target = task.out / task.descriptor.labels / f"{pair.key}.png"
    write_file(target, encode_label(remapped, palette))
    _bring(pair.image, photo, task.photos)
    return _Done(pair, count_values(label), count_values(remapped))


def _bring(source: Path, target: Path, how: Photos) -> None:
    if how == "copy":
        write_file(target, source.read_bytes())
    else:
        link_file(source, target, symbolic=how == "symlink")


def _told(
    dataset: Dataset, request: RemapRequest, plan: RemapPlan, done: Mapping[str, _Done]
) -> Remapping:
    before: dict[str, Counter[int]] = {}
    after: dict[str, Counter[int]] = {}
    for name, split in dataset.splits.items():
        before[name], after[name] = Counter(), Counter()
        for pair in split.pairs:
            before[name].update(done[pair.key].before)
            after[name].update(done[pair.key].after)
    moved: dict[int, tuple[int, ...]] = {}
    for source, target in sorted(plan.ids.items()):
        if source != target:
            moved[target] = (*moved.get(target, ()), source)
    seen = {number for result in done.values() for number in result.before}
    ids = {entry.id for entry in plan.class_map.trained}
    return Remapping(
        dataset=dataset,
        request=request,
        class_map=plan.class_map,
        labels=sum(result.pair.label is not None for result in done.values()),
        before=before,
        after=after,
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


def _refuse_damaged(done: list[_Done]) -> None:
    damaged = [result for result in done if result.problem]
    if damaged:
        findings = tuple(
            rules.get("L27").finding(
                rules.Statement(
                    message=result.problem.splitlines()[0],
                    path=str(result.pair.label),
                    fix="mend or remove the label, then remap again",
                )
            )
            for result in damaged
        )
        report = CheckReport(findings, {"labels": len(done)})
        raise BadData(report, f"{len(damaged)} labels cannot be read: no data set was made")


def _write_lists(out: Path, dataset: Dataset) -> None:
    for name, split in dataset.splits.items():
        if split.path is not None:
            text = "".join(f"{key}\n" for key in split.entries)
            write_file(out / "ImageSets" / "Segmentation" / f"{name}.txt", text.encode())


def _record(result: Remapping, plan: RemapPlan) -> str:
    data = {
        "segdata": __version__,
        "of": {"name": result.dataset.name, "classes": result.dataset.class_map.digest},
        "classes": result.class_map.digest,
        "ids": {str(source): target for source, target in sorted(plan.ids.items())},
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
