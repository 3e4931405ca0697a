"""Convert: labels as people have them -> a dataset folder with exact class ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from segdata import rules
from segdata.classes import ClassMap, Label, UnknownColor
from segdata.dataset import DESCRIPTOR_FILE, DatasetDescriptor, save_descriptor
from segdata.errors import BadData, UserError
from segdata.executors import Executor, Serial
from segdata.facts import count_values
from segdata.facts.colors import UnknownColorFacts
from segdata.files import output_folder, write_file
from segdata.findings import CheckReport, Finding, Level
from segdata.images import (
    ImageHeader,
    NoIds,
    Unreadable,
    encode_label,
    encode_photo,
    read_header,
    read_photo,
)
from segdata.listing import hashed_lists
from segdata.progress import Track, silently
from segdata.sources import Hints, Item, Reader, Source
from segdata.sources.detection import Detection, open_source

OnUnknown = Literal["error", "ignore"]

# Files named in a finding; the count beside them says how many there are.
_NAMED = 5
# EXIF orientations that swap width and height (EXIF 2.3, tag 0x0112).
_SIDEWAYS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, kw_only=True)
class ConversionRequest:
    """What to convert and how.

    Args:
        source: the user's folder.
        out: the dataset folder to make.
        classes: the class file; None looks for one in the source.
        images: the folder of photos, where it cannot be found.
        labels: the folder of masks, where it cannot be found.
        format: how the labels are stored; None finds it out.
        name: of the data set; None takes the output folder's.
        on_unknown: what happens to pixels of a color that no class has: an error that lists them
            all, or the ignore label.
        palette: write label PNGs that look like their colors (and still carry ids).
        overwrite: write into a folder that holds other things.
    """

    source: Path
    out: Path
    classes: Path | None = None
    images: Path | None = None
    labels: Path | None = None
    format: str | None = None
    name: str | None = None
    on_unknown: OnUnknown = "error"
    palette: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class ConversionPlan:
    """The list of work: what was found and what will be written. Nothing is written yet."""

    request: ConversionRequest
    source: Source
    detection: Detection
    descriptor: DatasetDescriptor
    lists: dict[str, tuple[str, ...]]
    lists_made: bool

    @property
    def class_map(self) -> ClassMap:
        return self.source.class_map


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Args:
        plan: the plan that was carried out.
        report: findings about the source: unknown colors, unreadable files, lonely files.
        pixels: label pixels per class id.
        turned: photos whose EXIF orientation was applied to the pixels of the copy.
    """

    plan: ConversionPlan
    report: CheckReport
    pixels: dict[int, int] = field(default_factory=dict)
    turned: tuple[str, ...] = ()


@dataclass(frozen=True)
class _LabelTask:
    item: Item
    read: Reader
    target: Path
    class_map: ClassMap
    palette: bool


@dataclass(frozen=True)
class _LabelResult:
    item: Item
    unknown: tuple[UnknownColor, ...] = ()
    pixels: tuple[tuple[int, int], ...] = ()
    problem: str = ""
    rule: str = "L27"


def plan_conversion(request: ConversionRequest) -> ConversionPlan:
    """Find photos, masks, classes and lists; write nothing.

    Raises:
        UserError: something is missing or ambiguous; names the option that settles it.
    """
    if not request.source.is_dir():
        what = "is no folder" if request.source.exists() else "does not exist"
        raise UserError(f"{request.source} {what}", "name the folder with photos and masks")
    if request.out.resolve() == request.source.resolve():
        raise UserError("source and output are the same folder", "choose another output folder")
    hints = Hints(request.classes, request.images, request.labels)
    source, detection = open_source(request.source, hints, request.format)
    class_map = source.class_map
    name = request.name or request.out.resolve().name
    descriptor = DatasetDescriptor.for_classes(_clean_name(name), class_map)
    if request.on_unknown == "ignore" and class_map.ignore is None:
        raise UserError(
            "--on-unknown ignore needs an ignore label, and no class is named void or ignore",
            "add a line  void,r,g,b  to the class file",
        )
    for folder in (source.images, source.labels):
        if request.out.resolve().is_relative_to(folder.resolve()):
            raise UserError(
                f"{request.out} is inside {folder}, which is read", "choose another output folder"
            )
    lists = dict(source.lists) or hashed_lists([item.key for item in source.items])
    return ConversionPlan(request, source, detection, descriptor, lists, not source.lists)


def convert(
    request: ConversionRequest, *, executor: Executor | None = None, track: Track = silently
) -> Conversion:
    """Make a dataset folder of class-id PNGs from photos and masks.

    Every mask is read before any photo is copied, so all unknown colors are reported at once. The
    source is only read. The descriptor is written last: without it the folder is no data set.

    Raises:
        UserError: the request cannot be carried out.
        BadData: masks hold colors that no class has, or cannot be read; no data set was made.
    """
    plan = plan_conversion(request)
    executor = executor or Serial()
    with output_folder(request.out, overwrite=request.overwrite, whole=DESCRIPTOR_FILE) as out:
        items = plan.source.items
        tasks = [_label_task(plan, out, item) for item in items]
        results = track(executor.imap(_convert_label, tasks), "reading masks", len(tasks))
        report, pixels = _collect(plan, results)
        if report.exit_code:
            _remove(tasks)
            raise BadData(report, f"nothing was converted: {request.source} needs a fix first")
        photos = [
            (task.item.image, _image_target(plan, out, task.item), task.target) for task in tasks
        ]
        copied = track(executor.imap(_copy_photo, photos), "copying photos", len(photos))
        turned = tuple(name for name in copied if name)
        _write_lists(out, plan.lists)
        save_descriptor(out, plan.descriptor)
    return Conversion(plan, report, pixels, turned)


def _clean_name(name: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name)
    return kept.lstrip("._-") or "dataset"


def _label_task(plan: ConversionPlan, out: Path, item: Item) -> _LabelTask:
    target = out / plan.descriptor.labels / f"{item.key}.png"
    return _LabelTask(item, plan.source.read, target, plan.class_map, plan.request.palette)


def _image_target(plan: ConversionPlan, out: Path, item: Item) -> Path:
    return out / plan.descriptor.images / f"{item.key}{item.image.suffix.lower()}"


def _convert_label(task: _LabelTask) -> _LabelResult:
    """Read one mask and write its ids; unknown colors are counted, and become no class."""
    try:
        reading = task.read(task.item)
        photo = read_header(task.item.image)
    except Unreadable as error:
        return _LabelResult(task.item, problem=str(error))
    except NoIds as error:
        lossy = error.kind == "lossy"
        return _LabelResult(task.item, problem=str(error), rule="L11" if lossy else "L27")
    if not _fits(photo, reading.label):
        height, width = reading.label.shape
        sizes = f"the mask is {width}×{height}, its photo {photo.width}×{photo.height}"
        return _LabelResult(task.item, problem=f"{task.item.label}: {sizes}", rule="L23")
    palette = task.class_map.color_table() if task.palette else None
    write_file(task.target, encode_label(reading.label, palette))
    pixels = tuple(count_values(reading.label).items())
    return _LabelResult(task.item, reading.unknown, pixels)


def _copy_photo(job: tuple[Path, Path, Path]) -> str:
    """Copy one photo's bytes; a turned one is set upright. Returns the name of a turned one.

    A photo whose label has the size of the pixels as they are stored was labelled as it lies: it is
    left as it is.
    """
    source, target, label = job
    header, drawn_on = read_header(source), read_header(label)
    as_stored = (header.width, header.height) == (drawn_on.width, drawn_on.height)
    lies = header.orientation in _SIDEWAYS and as_stored and header.width != header.height
    if header.orientation == 1 or lies:
        write_file(target, source.read_bytes())
        return ""
    try:
        upright = read_photo(source, upright=True)
    except Unreadable:
        # Cut off behind a sound header: it is copied as it is, and validate names it (L27).
        write_file(target, source.read_bytes())
        return ""
    write_file(target, encode_photo(upright, "jpeg" if header.format == "jpeg" else "png"))
    return source.name


def _fits(photo: ImageHeader, label: Label) -> bool:
    """Whether a label has the size of its photo, as it is stored or as it is seen."""
    height, width = label.shape
    seen = photo.orientation in _SIDEWAYS and (photo.height, photo.width) == (width, height)
    return seen or (photo.width, photo.height) == (width, height)


def _collect(
    plan: ConversionPlan, results: Iterable[_LabelResult]
) -> tuple[CheckReport, dict[int, int]]:
    pixels: dict[int, int] = {}
    unknown: dict[tuple[int, int, int], list[tuple[UnknownColor, Path]]] = {}
    findings: list[Finding] = []
    for result in results:
        for class_id, count in result.pixels:
            pixels[class_id] = pixels.get(class_id, 0) + count
        for color in result.unknown:
            unknown.setdefault(color.color, []).append((color, result.item.label))
        if result.problem:
            findings.append(_unreadable(result))
    total = sum(pixels.values())
    colors = [_unknown_facts(plan, places, total) for places in unknown.values()]
    findings += rules.run("conversion", sorted(colors, key=lambda c: -c.pixels))
    findings += _lonely(plan.source)
    checked = {"pairs": len(plan.source.items), "pixels": total}
    return CheckReport(tuple(findings), checked), dict(sorted(pixels.items()))


def _unreadable(result: _LabelResult) -> Finding:
    said = rules.Statement(
        message=result.problem.splitlines()[0],
        path=str(result.item.label),
        fix=result.problem.partition("\n")[2]
        or "fetch or export the file again, or take it and its photo out of the folder",
    )
    return rules.get(result.rule).finding(said)


def _unknown_facts(
    plan: ConversionPlan, places: list[tuple[UnknownColor, Path]], total: int
) -> UnknownColorFacts:
    first, _ = places[0]
    pixels = sum(color.count for color, _ in places)
    nearest, distance = _nearest(first, plan.class_map)
    return UnknownColorFacts(
        color=first.color,
        pixels=pixels,
        share=pixels / max(1, total),
        files=len(places),
        first=tuple(str(path) for _, path in places[:_NAMED]),
        x=first.x,
        y=first.y,
        nearest=nearest,
        distance=distance,
        ignored=plan.request.on_unknown == "ignore",
        ignorable=plan.class_map.ignore is not None,
    )


def _nearest(color: UnknownColor, class_map: ClassMap) -> tuple[str, float]:
    """The class with the nearest color, and the Euclidean distance in RGB."""
    distances = [
        (float(np.linalg.norm(np.subtract(c.color, color.color))), c.name)
        for c in class_map.classes
        if c.color is not None
    ]
    distance, name = min(distances)
    return name, distance


def _lonely(source: Source) -> Iterator[Finding]:
    """Photos without masks and masks without photos are left out, and said to be."""
    for what, other, keys in (
        ("photos", "mask", source.images_only),
        ("masks", "photo", source.labels_only),
    ):
        if keys:
            named = ", ".join(keys[:_NAMED]) + (", ..." if len(keys) > _NAMED else "")
            said = rules.Statement(
                message=f"{len(keys)} {what} have no {other} and are left out: {named}",
                level=Level.WARNING,
                path=str(source.images if what == "photos" else source.labels),
                count=len(keys),
                evidence={"pairs": len(source.items), what: len(keys), "names": keys[:_NAMED]},
                fix="add what is missing, or leave them out knowingly",
            )
            yield rules.get("P07").finding(said)


def _remove(tasks: list[_LabelTask]) -> None:
    """Take back the labels of a conversion that failed, so that nothing half-done stays."""
    for task in tasks:
        task.target.unlink(missing_ok=True)
    for folder in sorted({task.target.parent for task in tasks}, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _write_lists(out: Path, lists: dict[str, tuple[str, ...]]) -> None:
    for name, keys in lists.items():
        text = "".join(f"{key}\n" for key in keys)
        write_file(out / "ImageSets" / "Segmentation" / f"{name}.txt", text.encode())
