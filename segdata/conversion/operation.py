"""The conversion itself: every label is read before any photo is brought over."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from segdata.conversion.labels import LabelTask, Repair, convert_label
from segdata.conversion.photos import PhotoTask, bring_photo
from segdata.conversion.plan import ConversionPlan, plan_conversion
from segdata.conversion.reading import Tally, read_all
from segdata.conversion.request import ConversionRequest
from segdata.conversion.unpacking import named_report, named_source, opened
from segdata.conversion.writing import (
    check_lists,
    check_pictures,
    move_labels,
    remove_stale,
    staged,
    write_lists,
    write_record,
)
from segdata.dataset import save_descriptor
from segdata.errors import BadData
from segdata.executors import Executor, Serial
from segdata.facts.colors import MaskColorsFacts
from segdata.files import output_folder
from segdata.findings import CheckReport
from segdata.progress import Track, silently


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Args:
        plan: the plan that was carried out.
        report: findings about the source: unknown colors, unreadable files, lonely files.
        colors: what the colors of all masks show.
        pixels: label pixels per class id.
        turned: keys of photos whose EXIF orientation was applied to the pixels of the copy.
    """

    plan: ConversionPlan
    report: CheckReport
    colors: MaskColorsFacts
    pixels: Mapping[int, int] = field(default_factory=dict)
    turned: tuple[str, ...] = ()


class Refused(BadData):
    """The source cannot be converted as it is; beside the findings, what its colors show."""

    def __init__(
        self, report: CheckReport, refused: str, plan: ConversionPlan, colors: MaskColorsFacts
    ) -> None:
        super().__init__(report, refused)
        self.plan = plan
        self.colors = colors

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.report, self.refused, self.plan, self.colors), vars(self)


def convert(
    request: ConversionRequest, *, executor: Executor | None = None, track: Track = silently
) -> Conversion:
    """Make a dataset folder of class-id PNGs from photos and labels.

    Every label is read before any photo is copied, so all unknown colors are reported at once. The
    source is only read; an archive is unpacked for as long. The descriptor is written last: without
    it the folder is no data set.

    Raises:
        UserError: the request cannot be carried out.
        Refused: masks hold colors that no class has, or cannot be read; no data set was made.
    """
    with opened(request) as inside:
        done = _convert(inside, executor or Serial(), track)
        source = named_source(done.plan.source, inside.source, request.source)
        plan = replace(done.plan, request=request, source=source)
        report = named_report(done.report, inside.source, request.source)
    return replace(done, plan=plan, report=report)


def _convert(request: ConversionRequest, executor: Executor, track: Track) -> Conversion:
    plan = plan_conversion(request)
    check_lists(request.out, plan)
    check_pictures(request.out, plan)
    with output_folder(request.out, overwrite=request.overwrite) as out:
        with staged(out) as folder:
            tasks = _label_tasks(plan, folder)
            results = track(executor.imap(convert_label, tasks), "reading labels", len(tasks))
            tally = read_all(plan, results)
            colors = tally.colors()
            report = tally.report(colors)
            if report.exit_code:
                what = f"nothing was converted: {request.source} needs a fix first"
                raise Refused(report, what, plan, colors)
            move_labels(((t.target, plan.label_path(out, t.item)) for t in tasks), out)
        photos = _photo_tasks(plan, out, tally)
        remove_stale(out, plan, [task.target for task in photos])
        brought = executor.imap(bring_photo, photos)
        deque(track(brought, f"photos ({request.photos})", len(photos)), maxlen=0)
        write_lists(out, plan.lists)
        write_record(out, plan, tally, colors)
        save_descriptor(out, plan.descriptor)
    turned = tuple(key for key, posture in tally.postures.items() if posture != "lies")
    return Conversion(plan, report, colors, dict(sorted(tally.pixels.items())), turned)


def _label_tasks(plan: ConversionPlan, out: Path) -> list[LabelTask]:
    source, request = plan.source, plan.request
    repair = Repair.of(request, plan.class_map)
    return [
        LabelTask(
            item, source.read, plan.label_path(out, item), plan.class_map, request.palette, repair
        )
        for item in source.items
    ]


def _photo_tasks(plan: ConversionPlan, out: Path, tally: Tally) -> list[PhotoTask]:
    tasks = []
    for item in plan.source.items:
        posture = tally.postures.get(item.key, "upright")
        target = plan.photo_path(out, item, rewritten=posture != "upright")
        tasks.append(PhotoTask(item, target, plan.request.photos, posture))
    return tasks
