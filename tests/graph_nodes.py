"""Operations around a network in a frozen graph, as the original's export leaves them."""

from __future__ import annotations

import checkpoint_files as files
import numpy as np


def number(name: str, value: float, kind: type = np.int32) -> bytes:
    return files.constant(name, np.array(value, kind))


def resizing(least: int, most: int | None = None, factor: int | None = None) -> list[bytes]:
    """Images are resized to a range."""
    scope = "resize_to_range"
    nodes = [
        number(f"{scope}/Cast/x", least),
        files.node(f"{scope}/Cast", "Cast", [f"{scope}/Cast/x"]),
        files.node(f"{scope}/Minimum", "Minimum", ["height", "width"]),
        files.node(f"{scope}/truediv", "RealDiv", [f"{scope}/Cast", f"{scope}/Minimum"]),
        files.node(f"{scope}/stack", "Pack", ["new_height", "new_width"]),
        files.node(f"{scope}/resize/ResizeBilinear", "ResizeBilinear", ["x", f"{scope}/stack"]),
    ]
    if most:
        over = f"{scope}/sub_1" if factor else f"{scope}/Cast_1"
        nodes += [
            number(f"{scope}/Cast_1/x", most),
            files.node(f"{scope}/Cast_1", "Cast", [f"{scope}/Cast_1/x"]),
            files.node(f"{scope}/Maximum", "Maximum", ["height", "width"]),
            files.node(f"{scope}/truediv_1", "RealDiv", [over, f"{scope}/Maximum"]),
        ]
    if factor:
        nodes += [
            number(f"{scope}/mod/y", factor, np.float32),
            files.node(f"{scope}/mod", "FloorMod", [f"{scope}/sub", f"{scope}/mod/y"]),
            files.node(f"{scope}/sub_1", "Sub", [f"{scope}/Cast_1", f"{scope}/mod"]),
            number(f"{scope}/mod_1/y", factor),
            files.node(f"{scope}/mod_1", "FloorMod", [f"{scope}/sub_2", f"{scope}/mod_1/y"]),
        ]
    return nodes


def padding(height: int, width: int) -> list[bytes]:
    """Images are padded to a crop."""
    nodes = [number("Maximum/y", 0)]
    for end, side, size in (("", 0, height), ("_1", 1, width)):
        nodes += [
            files.node(f"side{side}", "StridedSlice", ["Shape_1"]),
            number(f"sub{end}/x", size),
            files.node(f"sub{end}", "Sub", [f"sub{end}/x", f"side{side}"]),
            files.node(f"Maximum{end}", "Maximum", [f"sub{end}", "Maximum/y"]),
        ]
    return nodes


def looks(crop: tuple[int, int], scales: tuple[float, ...], flip: bool) -> list[bytes]:
    """Predictions at several scales are averaged."""
    nodes = [files.node("ExpandDims", "ExpandDims", ["padded"]),
             files.node("Softmax", "Softmax", ["Mean"])]  # fmt: skip
    for number_, (scale, mirrored) in enumerate((s, f) for s in scales for f in (False, True)):
        if mirrored and not flip:
            continue
        image = "ExpandDims"
        if mirrored:
            image = f"ReverseV2_{number_}"
            nodes.append(files.node(image, "ReverseV2", ["ExpandDims", "axis"]))
        if scale != 1:
            size = np.array([int((n - 1) * scale + 1) for n in crop], np.int32)
            nodes += [
                files.constant(f"size_{number_}", size),
                files.node(f"Resize_{number_}", "ResizeBilinear", [image, f"size_{number_}"]),
            ]
        nodes.append(files.node(f"Softmax_{number_}", "Softmax", [f"logits_{number_}"]))
    return nodes
