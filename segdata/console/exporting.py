"""How exported files look: what they take and give, how they compare with the network, speed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from model.exporting import Export, Exported
from segdata.console.paragraphs import paragraph


def to_json(result: Export) -> dict[str, Any]:
    return {
        "files": [_file(exported) for exported in result.files],
        "skipped": dict(result.skipped),
    }


def render(result: Export, console: Console) -> None:
    for exported in result.files:
        console.print(Text(str(exported.path), style="bold"))
        for line in _lines(exported):
            paragraph(Text(line), console, indent=2, hang=2)
    for name, reason in result.skipped.items():
        paragraph(Text(f"skipped {name}: {reason}"), console, hang=2)


def _lines(exported: Exported) -> list[str]:
    shapes = [_times(c.shape) for c in exported.comparisons if not c.is_image]
    *_, photo = exported.comparisons
    speed, said = exported.speed, exported.description
    return [
        f"{exported.format}, {exported.bytes / 1e6:.1f} MB, made in {exported.seconds:.0f} s",
        f"takes {said['input']['type']}, {said['input']['values']}",
        f"gives {said['output']['name']}: {said['output']['type']}",
        f"compared with the network on {', '.join(shapes)}, and a photo: {_difference(exported)}",
        f"the photo ({_times(photo.shape)}): IoU of both {photo.iou:.4f}, "
        f"{speed.torch:.0f} ms in torch, {speed.exported:.0f} ms from the file",
    ]


def _difference(exported: Exported) -> str:
    """The largest of all comparisons."""
    apart = max(c.disagreement for c in exported.comparisons)
    iou = min(c.iou for c in exported.comparisons)
    classes = f"other classes at no more than {apart:.3%} of the pixels, IoU {iou:.4f} or more"
    differences = [
        (c.difference, c.largest) for c in exported.comparisons if c.difference is not None
    ]
    if not differences:
        return classes
    difference, largest = max(differences)
    return f"scores differ by at most {difference:.1e} (of {largest:.3g}), {classes}"


def _file(exported: Exported) -> dict[str, Any]:
    return {
        "format": exported.format,
        "path": str(exported.path),
        "bytes": exported.bytes,
        "seconds": exported.seconds,
        "comparisons": [
            {
                "shape": list(c.shape),
                "is_image": c.is_image,
                "difference": c.difference,
                "largest": c.largest,
                "disagreement": c.disagreement,
                "iou": c.iou,
            }
            for c in exported.comparisons
        ],
        "ms_torch": exported.speed.torch,
        "ms_exported": exported.speed.exported,
        "description": dict(exported.description),
    }


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
