"""The card as README.md: YAML front matter as Hugging Face reads it, then tables.

Source: Hugging Face Hub documentation, "Dataset Cards".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from segdata.accepted import Fingerprint
from segdata.dataset import Dataset
from segdata.findings import CheckReport, Level
from segdata.statistics import Statistics

README_FILE = "README.md"

# Hugging Face's size categories: the first whose end is above the number of pictures.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
_HUGE = "100M<n<1B"
_OPEN = "*(please fill in)*"
# Sizes of photos that are listed; findings of a rule that are written out.
_SHOWN_SIZES, _SHOWN = 10, 3


def readme(dataset: Dataset, statistics: Statistics, report: CheckReport) -> str:
    """The whole text."""
    sections = (
        _front_matter(statistics),
        _head(statistics),
        _classes(statistics),
        _splits(statistics),
        _storage(dataset, statistics),
        _problems(report, str(dataset.root)),
        _before_training(statistics),
        _loading(dataset),
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _front_matter(statistics: Statistics) -> Iterator[str]:
    photos = statistics.whole.photos
    yield "---"
    yield "license: unknown  # please fill in: who may use the photos and labels, and how"
    yield "task_categories:\n- image-segmentation"
    yield "task_ids:\n- semantic-segmentation"
    yield f"pretty_name: {json.dumps(statistics.name)}"
    yield f"size_categories:\n- {next((n for end, n in _SIZES if photos < end), _HUGE)}"
    yield "---"


def _head(statistics: Statistics) -> Iterator[str]:
    whole = statistics.whole
    yield f"# {statistics.name}\n"
    yield (
        f"{whole.photos:,} photos and {whole.labels:,} label images for semantic segmentation, "
        f"{len(whole.classes):,} classes.\n"
    )
    yield f"- License: {_OPEN}"
    yield f"- Where the photos are from: {_OPEN}"
    yield f"- Who drew the labels, and how: {_OPEN}"


def _classes(statistics: Statistics) -> Iterator[str]:
    class_map = statistics.class_map
    rows = []
    for entry in statistics.whole.classes:
        color = "#{:02x}{:02x}{:02x}".format(*class_map.color(entry.id))
        median = "" if entry.median_object is None else f"{entry.median_object:,.0f}"
        rows.append(
            (str(entry.id), _cell(entry.name), f"`{color}`", f"{entry.share:.3%}",
             f"{entry.images:,}", f"{entry.objects or 0:,}", median)
        )  # fmt: skip
    yield "## Classes\n"
    yield from _table(
        ("id", "name", "color", "share of pixels", "labels", "objects", "median object (pixels)"),
        rows,
    )
    total = max(1, statistics.whole.pixels + statistics.whole.ignored + statistics.whole.strays)
    if class_map.ignore is not None:
        share = statistics.whole.ignored / total
        yield f"\nPixels of id {class_map.ignore} are ignored: {share:.3%} of all."
    if statistics.whole.strays:
        yield f"\n{statistics.whole.strays:,} pixels hold an id that no class has."


def _splits(statistics: Statistics) -> Iterator[str]:
    yield "## Splits\n"
    rows = [
        (_cell(split.name), f"{split.photos:,}", f"{split.labels:,}", f"{split.pixels:,}")
        for split in statistics.splits
    ]
    yield from _table(("split", "photos", "labels", "pixels of classes"), rows)


def _storage(dataset: Dataset, statistics: Statistics) -> Iterator[str]:
    descriptor = dataset.descriptor
    yield "## Files\n"
    yield f"- `{descriptor.images}/`: photos"
    yield f"- `{descriptor.labels}/`: one PNG per photo; the stored number of a pixel is its class"
    yield "- `dataset.toml`: names, colors and ids of the classes"
    sizes = statistics.whole.sizes
    listed = ", ".join(f"{w}×{h} ({n:,})" for w, h, n in sizes[:_SHOWN_SIZES])
    more = len(sizes) - _SHOWN_SIZES
    yield f"\nSizes of photos: {listed}" + (f" and {more:,} more." if more > 0 else ".")


def _problems(report: CheckReport, root: str) -> Iterator[str]:
    yield "## Known problems\n"
    found = report.at_least(Level.WARNING)
    if not found:
        yield "`segdata validate` finds nothing at warning level or above."
        return
    for rule in dict.fromkeys(finding.rule for finding in found):
        group = [finding for finding in found if finding.rule == rule]
        for finding in group[:_SHOWN]:
            place = Fingerprint.of(finding, root).path
            where = f" `{place}`" if place else ""
            yield f"- **{rule}** ({finding.level.label}){where}: {_line(finding.message)}"
        if len(group) > _SHOWN:
            yield f"- **{rule}**: {len(group) - _SHOWN} more"


def _before_training(statistics: Statistics) -> Iterator[str]:
    yield "## What a constant prediction scores\n"
    rows = [
        (_cell(split.name), _cell(split.constant.name), f"{split.constant.miou:.4f}",
         f"{split.constant.accuracy:.4f}", split.constant.rule)
        for split in statistics.splits if split.constant
    ]  # fmt: skip
    yield from _table(("split", "class", "mIoU", "pixel accuracy", "rule of the mIoU"), rows)
    for entry in statistics.unmeasured:
        if entry.absent:
            yield f"\n{entry.split} cannot measure {', '.join(entry.absent)}: no pixel."
        if entry.single:
            yield f"\n{entry.split} hardly measures {', '.join(entry.single)}: in one label only."


def _loading(dataset: Dataset) -> Iterator[str]:
    yield "## How to load it\n"
    yield "```python"
    yield "from pathlib import Path"
    yield "import segdata"
    yield "from segdata.images import read_label, read_photo\n"
    yield 'dataset = segdata.load_dataset(Path("."))  # this folder'
    yield f'for pair in dataset.split("{next(iter(dataset.splits))}").pairs:'
    yield "    image = read_photo(pair.image)  # uint8 H×W×3, RGB"
    yield "    label = read_label(pair.label)  # uint8 or uint16 H×W, class ids"
    yield "```\n"
    yield "Or train: `segdata train . --out run`."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")
