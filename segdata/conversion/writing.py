"""What a conversion writes beside photos and labels, and what it takes away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from segdata import __version__
from segdata.conversion.plan import ConversionPlan
from segdata.conversion.reading import Tally
from segdata.dataset import DESCRIPTOR_FILE
from segdata.errors import UserError
from segdata.facts.colors import MaskColorsFacts
from segdata.file_index import refuse_strangers, walk, without_suffix
from segdata.files import INCOMPLETE, machine_fault, write_file
from segdata.listing import index_folder

# How this data set was made; the lists named in it may be replaced by the next conversion.
RECORD = "conversion.json"
_STAGED = ".segdata-labels"
_LISTS = Path("ImageSets", "Segmentation")


def check_lists(out: Path, plan: ConversionPlan) -> None:
    """Refuse to leave lists of another data set beside the new ones: they would be its splits.

    Raises:
        UserError: there are lists that no conversion wrote.
    """
    foreign = [name for name in _stale_lists(out, plan) if name not in _own_lists(out)]
    if foreign:
        raise UserError(
            f"{out / _LISTS} has lists that the new data set does not have: "
            f"{', '.join(f'{name}.txt' for name in foreign)}",
            "they would become splits of it: move them away, or choose another folder",
        )


def check_pictures(out: Path, plan: ConversionPlan) -> None:
    """Refuse to leave photos and labels of another data set beside the new ones: whoever looks at
    the folders, and not at the lists, would take them for a part of it.

    Raises:
        UserError: there are files that the new data set has no name for.
    """
    keys = {item.key for item in plan.source.items}
    folders = (out / plan.descriptor.images, out / plan.descriptor.labels)
    places = ((folder, file.place) for folder in folders for file in walk(folder))
    pictures = ((folder / place, without_suffix(place)) for folder, place in places)
    strange = [path for path, key in pictures if key not in keys and path.name != Path(key).name]
    refuse_strangers(out, strange)


def remove_stale(out: Path, plan: ConversionPlan, photos: Iterable[Path]) -> None:
    """Take away the lists of an earlier conversion, and photos that are replaced.

    A photo of the same name with another suffix would be read instead of the new one.

    Args:
        photos: those of the new data set.
    """
    for name in _stale_lists(out, plan):
        (out / _LISTS / f"{name}.txt").unlink(missing_ok=True)
    folder = out / plan.descriptor.images
    if folder.is_dir():
        new = {path.relative_to(folder).with_suffix("").as_posix(): path for path in photos}
        for twin in _twins(folder, new):
            twin.unlink()


def write_lists(out: Path, lists: Mapping[str, tuple[str, ...]]) -> None:
    for name, keys in lists.items():
        text = "".join(f"{key}\n" for key in keys)
        write_file(out / _LISTS / f"{name}.txt", text.encode())


def write_record(out: Path, plan: ConversionPlan, tally: Tally, colors: MaskColorsFacts) -> None:
    """Write ``conversion.json``: the same bytes for the same source and request."""
    text = json.dumps(record(plan, tally, colors), indent=1, ensure_ascii=False)
    write_file(out / RECORD, f"{text}\n".encode())


def record(plan: ConversionPlan, tally: Tally, colors: MaskColorsFacts) -> dict[str, Any]:
    """How the data set was made; it names no folder outside the source."""
    request, source = plan.request, plan.source
    repair: dict[str, Any] = {"on_unknown": request.on_unknown}
    if request.on_unknown == "nearest":
        repair |= {"max_distance": request.max_distance, "areas": request.areas}
    postures = list(tally.postures.values())
    return {
        "segdata": __version__,
        "format": source.format,
        "forced": request.format is not None,
        "images": _below(source.images, request.source),
        "labels": _below(source.labels, request.source),
        "decisions": dict(source.decisions),
        "classes": plan.class_map.digest,
        "repair": repair,
        "unknown_colors": {
            group.kind: {"colors": group.colors, "pixels": group.pixels, **group.fates}
            for group in colors.groups
        },
        "photos": {
            "how": request.photos,
            "turned": postures.count("turn"),
            "turned_by_assumption": postures.count("assumed"),
            "left_as_they_lie": postures.count("lies"),
        },
        "palette": request.palette,
        "pairs": len(source.items),
        "pixels": {str(i): n for i, n in sorted(tally.pixels.items())},
        "lists": {name: len(keys) for name, keys in plan.lists.items()},
        "lists_made": plan.lists_made,
    }


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A folder for labels until all of them are known to be good.

    Until then an earlier data set in ``out`` is as it was, and stays so if the block ends with an
    error.
    """
    folder = out / _STAGED
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    except BaseException:
        if (out / DESCRIPTOR_FILE).exists():
            (out / INCOMPLETE).unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_labels(moves: Iterable[tuple[Path, Path]], out: Path) -> None:
    """Bring good labels to their places; from here on the folder is no data set until the end.

    Raises:
        UserError: the folder cannot be written to.
    """
    try:
        (out / DESCRIPTOR_FILE).unlink(missing_ok=True)
        for source, target in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
    except OSError as error:
        raise machine_fault(out, error) from error


def _stale_lists(out: Path, plan: ConversionPlan) -> list[str]:
    return [p.stem for p in sorted((out / _LISTS).glob("[!.]*.txt")) if p.stem not in plan.lists]


def _own_lists(out: Path) -> frozenset[str]:
    """The lists that an earlier conversion wrote here."""
    try:
        lists = json.loads((out / RECORD).read_text("utf-8"))["lists"]
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
    return frozenset(lists) if isinstance(lists, dict) else frozenset()


def _twins(folder: Path, new: Mapping[str, Path]) -> Iterator[Path]:
    names = {path.name for path in new.values()}
    for key, path in index_folder(folder).items():
        if key in new and path.name not in names:
            yield path


def _below(path: Path, root: Path) -> str:
    """A path below the source; of one elsewhere only its name."""
    resolved, base = path.resolve(), root.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else path.name
