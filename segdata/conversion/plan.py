"""What was found and what will be written. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from segdata.classes import ClassMap
from segdata.conversion.request import ConversionRequest
from segdata.conversion.unpacking import named_source, opened
from segdata.dataset import DatasetDescriptor
from segdata.errors import UserError
from segdata.listing import hashed_lists
from segdata.sources import Hints, Item, Source, Survey, detection
from segdata.sources.detection import Detection, open_source
from segdata.sources.survey import leads_out


@dataclass(frozen=True)
class ConversionPlan:
    """The list of work.

    Args:
        lists: names by split, of those pairs that there are.
        lists_made: the source has no lists; these were made by a hash of the names.
        unpaired: names in the source's lists that belong to no pair.
        outside: files that are links out of the source, which are passed over.
    """

    request: ConversionRequest
    source: Source
    detection: Detection
    descriptor: DatasetDescriptor
    lists: dict[str, tuple[str, ...]]
    lists_made: bool
    unpaired: tuple[str, ...] = ()
    outside: tuple[Path, ...] = ()

    @property
    def class_map(self) -> ClassMap:
        return self.source.class_map

    def label_path(self, out: Path, item: Item) -> Path:
        return out / self.descriptor.labels / f"{item.key}.png"

    def photo_path(self, out: Path, item: Item, *, rewritten: bool = False) -> Path:
        """Where the photo goes; one that is encoded anew is a PNG unless it was a JPEG."""
        suffix = {"png": ".png", "jpeg": ".jpg"}.get(self.request.photos, item.image.suffix.lower())
        if rewritten and suffix not in (".jpg", ".jpeg"):
            suffix = ".png"
        return out / self.descriptor.images / f"{item.key}{suffix}"


def plan_conversion(request: ConversionRequest) -> ConversionPlan:
    """Find photos, masks, classes and lists; write nothing.

    Raises:
        UserError: something is missing or ambiguous; names the option that settles it.
    """
    with opened(request) as inside:
        plan = _plan(inside)
        source = named_source(plan.source, inside.source, request.source)
    return replace(plan, request=request, source=source)


def _plan(request: ConversionRequest) -> ConversionPlan:
    if not request.source.is_dir():
        what = "is no folder or archive" if request.source.exists() else "does not exist"
        raise UserError(f"{request.source} {what}", "name the folder with photos and masks")
    if request.out.resolve() == request.source.resolve():
        raise UserError("source and output are the same folder", "choose another output folder")
    hints = Hints(request.classes, request.images, request.labels, request.allow_outside)
    source, found = open_source(request.source, hints, request.format)
    source, outside = _without_outside(source, hints, request.source)
    outside = tuple(dict.fromkeys([*outside, *found.outside]))
    _check_ignorable(request, source.class_map)
    _check_output(request, source)
    name = _clean_name(request.name or request.out.resolve().name)
    descriptor = DatasetDescriptor.for_classes(name, source.class_map)
    if request.photos == "symlink":
        # Links to the photos where they lie are wanted here, and refused in data of others.
        descriptor = descriptor.model_copy(update={"allow_outside": True})
    lists, unpaired = _paired(source.lists, [item.key for item in source.items])
    made = not any(lists.values())
    if made:
        lists = hashed_lists([item.key for item in source.items])
    return ConversionPlan(request, source, found, descriptor, lists, made, unpaired, outside)


def _without_outside(source: Source, hints: Hints, root: Path) -> tuple[Source, tuple[Path, ...]]:
    """The source without items that are links out of it, and out of what the user named."""
    if hints.follow:
        return source, ()
    named = [folder for folder in (root, hints.images, hints.labels) if folder is not None]
    kept: list[Item] = []
    outside: list[Path] = []
    for item in source.items:
        away = [
            file
            for file in {item.image, item.label}
            if all(leads_out(file, folder) for folder in named)
        ]
        outside += away
        if not away:
            kept.append(item)
    if not kept and outside:
        raise UserError(
            f"all photos or labels in {root} are links out of it, such as {outside[0]}",
            "convert the folder that they lead to, or follow them with --allow-outside",
        )
    return replace(source, items=tuple(kept)), tuple(outside)


def examine(request: ConversionRequest) -> Iterator[str]:
    """A line for each format: whether the source may be of it, or why not.

    Raises:
        UserError: the source is no folder or archive.
    """
    hints = Hints(request.classes, request.images, request.labels, request.allow_outside)
    with opened(request) as inside:
        reasons = detection.examine(Survey.of(inside.source, follow=hints.follow), hints)
    for name, reason in reasons.items():
        yield f"{name}: {reason or 'may be'}"


def _check_ignorable(request: ConversionRequest, class_map: ClassMap) -> None:
    asked = [
        option
        for option, value in (("--on-unknown", request.on_unknown),
                              ("--areas", request.areas))
        if value == "ignore"
    ]  # fmt: skip
    if asked and class_map.ignore is None:
        colored = any(entry.color is not None for entry in class_map.classes)
        raise UserError(
            f"{asked[0]} ignore needs an ignore label, and no class is named void or ignore",
            f"add a line  {'void,r,g,b' if colored else 'void'}  to the class file",
        )


def _check_output(request: ConversionRequest, source: Source) -> None:
    for path in (source.images, source.labels):
        folder = path if path.is_dir() else path.parent
        if folder.resolve() != request.source.resolve() and request.out.resolve().is_relative_to(
            folder.resolve()
        ):
            raise UserError(
                f"{request.out} is inside {folder}, which is read", "choose another output folder"
            )


def _paired(
    lists: Mapping[str, tuple[str, ...]], keys: list[str]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The lists by the keys of pairs, and the names that belong to none.

    A name with a folder before it (``JPEGImages/a``) means the one pair of its last part.
    """
    known = set(keys)
    by_stem: dict[str, list[str]] = {}
    for key in keys:
        by_stem.setdefault(PurePosixPath(key).name, []).append(key)
    found: dict[str, tuple[str, ...]] = {}
    unpaired: dict[str, None] = {}
    for split, names in lists.items():
        mine: dict[str, None] = {}
        for name in names:
            stem = PurePosixPath(name.replace("\\", "/")).name
            candidates = [name] if name in known else by_stem.get(stem, [])
            if len(candidates) == 1:
                mine[candidates[0]] = None
            else:
                unpaired[name] = None
        found[split] = tuple(mine)
    return found, tuple(unpaired)


def _clean_name(name: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name)
    return kept.lstrip("._-") or "dataset"
