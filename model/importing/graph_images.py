"""What a frozen graph does to images around the network: it resizes, pads, scales and mirrors them.

The original's export_model.py and core/preprocess_utils.py leave these operations.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.importing.graph import Graph, Node
from model.importing.graph_facts import pooled_sizes

_RANGE = "resize_to_range"
_LARGEST = 1 << 16
# What may stand between a constant and its use.
_PASSING = ("Cast", "Identity")


@dataclass(frozen=True)
class GraphImages:
    """What happens to an image.

    Args:
        resize: ``min_resize_value`` and what goes with it; empty where nothing is resized, None
            where it is and cannot be read.
        crop: height and width to which images are padded; None where it cannot be made out.
        scales: at which predictions are averaged; None where it cannot be made out.
        flip: they are averaged with those of the mirrored image.
        pyramid: the network itself looks at several sizes of an image, and merges its logits.
    """

    resize: dict[str, int] | None
    crop: tuple[int, ...] | None
    scales: tuple[float, ...] | None
    flip: bool
    pyramid: bool

    @property
    def notes(self) -> list[str]:
        """What a person should know of it, in sentences."""
        found = []
        if self.resize is None:
            found.append(
                "the graph resizes images first, which could not be read and is not taken over: "
                "give it as the export had it, with --set min_resize_value=N, and max_resize_value "
                "and resize_factor where there were any"
            )
        elif self.resize:
            told = ", ".join(f"{key} = {value}" for key, value in self.resize.items())
            found.append(f"the graph resizes images first, and so do we: {told}")
        if self.crop:
            size = ",".join(map(str, self.crop))
            found.append(f"the graph pads images to {size}: with --crop-size {size} ours are, too")
        if self.pyramid:
            found.append("the graph has an image pyramid, which is not taken over: give it as the "
                         "export had it, with --set image_pyramid=0.5,1.0, say, and --set "
                         "merge_method=avg if it had that")  # fmt: skip
        return [*found, *self._averaged()]

    def _averaged(self) -> list[str]:
        mirrored = " and of the mirrored image" if self.flip else ""
        if self.scales is None:
            return [f"the graph averages predictions at several scales{mirrored}; the scales could "
                    "not be read: give them to predict and eval with --scales"]  # fmt: skip
        sizes = ",".join(f"{scale:g}" for scale in self.scales)
        if sizes == "1" and not self.flip:
            return []
        same = f"--scales {sizes}{' --flip' if self.flip else ''}"
        return [f"the graph averages predictions at scale {sizes}{mirrored}; "
                f"predict and eval do so with {same}"]  # fmt: skip


def images_of(graph: Graph, stride: int) -> GraphImages:
    """What a graph does to images.

    Args:
        stride: the network's output stride.
    """
    crop = _padded(graph) or _pooled(graph, stride)
    flip = any(node.kind == "ReverseV2" for node in graph.nodes.values())
    # A graph for several scales has a softmax for each prediction, and one for their mean.
    count = sum(node.kind == "Softmax" for node in graph.nodes.values()) - 1
    sizes = _image_sizes(graph)
    if count < 1:
        return GraphImages(_resize(graph), crop, (1.0,), flip, pyramid=bool(sizes))
    scales = _scales(sizes, crop, count // (2 if flip else 1))
    return GraphImages(_resize(graph), crop, scales, flip, pyramid=False)


def _padded(graph: Graph) -> tuple[int, ...] | None:
    """The sizes in max(size - side, 0), which is what is padded to height and width."""
    found = []
    for node in graph.nodes.values():
        below = _input(graph, node, 0) if node.kind == "Maximum" else None
        side = _input(graph, below, 1) if below and below.kind == "Sub" else None
        if below and side and side.kind == "StridedSlice":
            found.append(_number(graph, below.inputs[0]))
    sizes = tuple(size for size in found if size)
    return sizes if len(found) == len(sizes) == 2 else None


def _pooled(graph: Graph, stride: int) -> tuple[int, ...] | None:
    """The size of which image pooling's map is, unless there are several."""
    sizes = set(pooled_sizes(graph))
    return tuple((n - 1) * stride + 1 for n in sizes.pop()) if len(sizes) == 1 else None


def _scales(
    sizes: set[tuple[int, ...]], crop: tuple[int, ...] | None, count: int
) -> tuple[float, ...] | None:
    """As many scales as are averaged; those that there are sizes for, and 1, which needs none."""
    scales = {_scale(size, crop) for size in sizes} if crop else set()
    if len(sizes) < count:
        scales.add(1.0)
    known = tuple(sorted(scale for scale in scales if scale))
    return known if len(known) == count else None


def _image_sizes(graph: Graph) -> set[tuple[int, ...]]:
    """To what the padded image, or its mirror image, is resized."""
    found = set()
    for node in graph.nodes.values():
        image = _input(graph, node, 0) if node.kind == "ResizeBilinear" else None
        if image and image.kind == "ReverseV2":
            image = _input(graph, image, 0)
        size = graph.constant(node.inputs[1]) if image and len(node.inputs) > 1 else None
        if image and image.kind == "ExpandDims" and size is not None and size.shape == (2,):
            found.add(tuple(int(n) for n in size))
    return found


def _scale(size: tuple[int, ...], crop: tuple[int, ...]) -> float | None:
    """The roundest factor that makes a size of the crop, as the original calculates it."""
    for digits in range(1, 5):
        scale = round((max(size) - 1) / max(1, max(crop) - 1), digits)
        if tuple(int((n - 1) * scale + 1) for n in crop) == size:
            return scale
    return None


def _resize(graph: Graph) -> dict[str, int] | None:
    inside = [node for name, node in graph.nodes.items() if _RANGE in name]
    if not inside:
        return {}
    # The factors of the size: the least over the shorter side, the most over the longer one.
    parts: dict[str, str] = {}
    for node in inside:
        side = _input(graph, node, 1) if node.kind == "RealDiv" else None
        if side and side.kind in ("Minimum", "Maximum"):
            parts[side.kind] = node.inputs[0]
    values = {"min_resize_value": _number(graph, parts.get("Minimum", ""))}
    if "Maximum" in parts:
        values["max_resize_value"] = _number(graph, _uncut(graph, parts["Maximum"]))
    factors = {_number(graph, n.inputs[1]) for n in inside if n.kind == "FloorMod" and n.inputs[1:]}
    if factors:
        values["resize_factor"] = factors.pop()
    told = {key: value for key, value in values.items() if value}
    is_clear = len(told) == len(values) and not factors
    return told if is_clear and not any(_is_square(graph, node) for node in inside) else None


def _uncut(graph: Graph, name: str) -> str:
    """The maximum before it is cut to a multiple of the factor plus one."""
    node = graph.nodes.get(name)
    return node.inputs[0] if node and node.kind == "Sub" and node.inputs else name


def _is_square(graph: Graph, node: Node) -> bool:
    """Whether a size has the longer side twice: the original's way without the aspect ratio."""
    size = _input(graph, node, 1) if node.kind == "ResizeBilinear" else None
    side = _input(graph, size, 0) if size and size.kind == "Pack" else None
    return bool(side and side.kind == "Max")


def _input(graph: Graph, node: Node | None, number: int) -> Node | None:
    inputs = node.inputs if node else ()
    return graph.nodes.get(inputs[number]) if number < len(inputs) else None


def _number(graph: Graph, name: str) -> int | None:
    """A whole number above 0 that is a constant; None if it is anything else."""
    node = graph.nodes.get(name)
    for _ in _PASSING:
        if node and node.kind in _PASSING and node.inputs:
            name = node.inputs[0]
            node = graph.nodes.get(name)
    value = graph.constant(name)
    if value is None or value.size != 1:
        return None
    number = float(value.flat[0])
    return int(number) if 0 < number <= _LARGEST and number.is_integer() else None
