"""What a frozen graph tells beside its weights: strides, rates, the pooling window, activations."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from model.importing.graph import Graph
from model.network_settings import NetworkSettings

# The strides of the whole backbone, where every one is taken.
_FULL_STRIDE = 32
# The copies for further scales have numbers.
_POOLED = re.compile(r"image_pooling(_\d+)?/")
# Scopes of the head whose activation use_bounded_activation changes (original's model.py).
_ACTIVATED = ("aspp0", "concat_projection", "decoder")
_LAST_UNITS = {
    "resnet_v1_18": "block4/unit_{}/lite_bottleneck_v1/conv2",
    "resnet": "block4/unit_{}/bottleneck_v1/conv2",
    "xception": "exit_flow/block2/unit_1/xception_module/separable_conv{}_depthwise",
}


def facts_of(graph: Graph, scope: str, branches: int) -> dict[str, Any]:
    """Settings that the operations tell; those that cannot be made out are left out.

    Args:
        scope: the backbone's.
        branches: of the ASPP.
    """
    facts: dict[str, Any] = {}
    stride = _output_stride(graph, scope)
    if stride in (4, 8, 16, 32):
        facts["output_stride"] = stride
        facts |= _multi_grid(graph, scope, stride) | _pooling(graph, scope, stride)
    rates = tuple(_branch_rate(graph, number) for number in range(1, branches + 1))
    if branches and all(rates):
        usual = NetworkSettings(output_stride=facts.get("output_stride", 16)).rates
        # Usual rates go along with an output stride that is set later.
        facts["atrous_rates"] = None if rates == usual else rates
    if any(True for _ in graph.below("image_pooling", "Relu6", "Sigmoid")):
        is_quantized = not any(True for _ in graph.below("image_pooling", "Sigmoid"))
        facts["quantized_sigmoid"] = is_quantized
    # MobileNetV2's own activation is ReLU6 in any case, and image pooling's a quantized sigmoid.
    bounded = (*_ACTIVATED, scope) if scope.startswith("xception") else _ACTIVATED
    facts["bounded_activation"] = any(True for s in bounded for _ in graph.below(s, "Relu6"))
    return facts


def _output_stride(graph: Graph, scope: str) -> int:
    """The product of all strides on the way; shortcuts take the same ones beside it."""
    kinds = ("Conv2D", "DepthwiseConv2dNative", "MaxPool")
    strides = [
        node.integers("strides")[1:2]
        for name, node in graph.below(scope, *kinds)
        if "/shortcut/" not in name
    ]
    return math.prod(stride[0] for stride in strides if stride and stride[0] > 0)


def _rate(graph: Graph, scope: str) -> int:
    """The rate of the one convolution in a scope; 0 if there is none.

    TensorFlow makes a rate by spreading the map over the batch, or leaves it to the convolution.
    """
    for name, _ in graph.below(scope, "Const"):
        if name.endswith("SpaceToBatchND/block_shape"):
            value = graph.constant(name)
            return int(value.flat[0]) if value is not None and value.size else 0
    for _, node in graph.below(scope, "Conv2D", "DepthwiseConv2dNative"):
        return next(iter(node.integers("dilations")[1:2]), 1)
    return 0


def _branch_rate(graph: Graph, number: int) -> int:
    rate = _rate(graph, f"aspp{number}_depthwise") or _rate(graph, f"aspp{number}")
    if rate or any(True for _ in graph.below("aspp0", "Conv2D")):
        return rate
    # Without an ASPP the branches make the logits (DeepLab V2).
    return _rate(graph, f"logits/semantic_{number - 1}" if number > 1 else "logits/semantic")


def _multi_grid(graph: Graph, scope: str, stride: int) -> dict[str, Any]:
    """The rates of the last block over those that the output stride alone would give it."""
    pattern = _LAST_UNITS.get(scope) or _LAST_UNITS.get(scope.partition("_")[0])
    if pattern is None:
        return {}
    count = 2 if scope == "resnet_v1_18" else 3
    rates = [_rate(graph, f"{scope}/{pattern.format(n)}") for n in range(1, count + 1)]
    grid = tuple(rate * stride // _FULL_STRIDE for rate in rates)
    return {"multi_grid": () if set(grid) == {1} else grid} if all(grid) else {}


def _pooling(graph: Graph, scope: str, stride: int) -> dict[str, Any]:
    """The window of image pooling, unless it covers the whole map."""
    pools = [node for name, node in graph.nodes.items()
             if node.kind == "AvgPool" and not name.startswith(f"{scope}/")]  # fmt: skip
    sizes = set(pooled_sizes(graph))
    windows = {(pool.integers("ksize")[1:3], pool.integers("strides")[1:3]) for pool in pools}
    # At several scales, a window that covers the whole map has several sizes.
    if len(windows) != 1 or not sizes:
        return {}
    window, steps = windows.pop()
    if sizes == {window} or len(window) != 2 or len(steps) != 2:
        return {}
    crop = tuple((n - 1) * stride + 1 for n in window)
    return {"image_pooling_crop_size": crop, "image_pooling_stride": steps}


def pooled_sizes(graph: Graph) -> Iterator[tuple[int, ...]]:
    """To what image pooling is resized: the backbone's map, at every scale; constants only."""
    for node in graph.nodes.values():
        if node.kind != "ResizeBilinear" or len(node.inputs) < 2:
            continue
        if _POOLED.match(node.inputs[0]):
            size = graph.constant(node.inputs[1])
            if size is not None and size.shape == (2,):
                yield tuple(int(n) for n in size)
