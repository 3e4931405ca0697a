"""What a frozen graph tells beside its weights."""

from __future__ import annotations

import checkpoint_files as files
import numpy as np
import pytest

from model.importing.graph import Graph
from model.importing.graph_facts import facts_of


def graph(tmp_path, nodes):
    (tmp_path / "graph.pb").write_bytes(files.graph(nodes))
    return Graph.open(tmp_path / "graph.pb")


def convolution(name, stride=1, rate=1, kind="Conv2D"):
    return files.node(
        name, kind, ["x"], strides=files.integers(1, stride, stride, 1),
        dilations=files.integers(1, rate, rate, 1),
    )  # fmt: skip


def spread(scope, rate):
    """A rate as TensorFlow makes it for depthwise convolutions."""
    name = f"{scope}/depthwise/SpaceToBatchND/block_shape"
    return [files.constant(name, np.array([rate, rate], np.int32)),
            convolution(f"{scope}/depthwise", kind="DepthwiseConv2dNative")]  # fmt: skip


def backbone(strides):
    """As many convolutions as there are strides, and a shortcut that strides beside the last."""
    nodes = [convolution(f"xception_65/entry_flow/block{i}/a", s) for i, s in enumerate(strides)]
    return [*nodes, convolution("xception_65/entry_flow/block9/shortcut/Conv2D", 2),
            convolution("xception_65_1/entry_flow/conv1_1/Conv2D", 2)]  # fmt: skip


@pytest.mark.parametrize("count", [3, 4, 5])
def test_the_output_stride_is_the_product_of_the_strides_on_the_way(tmp_path, count):
    facts = facts_of(graph(tmp_path, backbone([2] * count)), "xception_65", 0)
    assert facts["output_stride"] == 2**count


@pytest.mark.parametrize("how", ["spread over the batch", "left to the convolution"])
def test_rates_are_read_however_tensorflow_makes_them(tmp_path, how):
    nodes = backbone([2] * 4)
    for number, rate in enumerate((3, 7, 11), 1):
        scope = f"aspp{number}_depthwise"
        nodes += spread(scope, rate) if how.startswith("spread") else [
            convolution(f"{scope}/depthwise", rate=rate)]  # fmt: skip
    assert facts_of(graph(tmp_path, nodes), "xception_65", 3)["atrous_rates"] == (3, 7, 11)


def test_without_an_aspp_the_rates_are_those_of_the_logits(tmp_path):
    scopes = ("logits/semantic", "logits/semantic_1")
    plain = [node for scope, rate in zip(scopes, (2, 5), strict=True)
             for node in spread(scope, rate)]  # fmt: skip
    assert facts_of(graph(tmp_path, plain), "xception_65", 2)["atrous_rates"] == (2, 5)
    both = [*plain, convolution("aspp0/Conv2D"), *spread("aspp1_depthwise", 3)]
    assert "atrous_rates" not in facts_of(graph(tmp_path, both), "xception_65", 2)


def test_usual_rates_are_left_to_go_along_with_the_output_stride(tmp_path):
    nodes = backbone([2] * 3)
    for number, rate in enumerate((12, 24, 36), 1):
        nodes += spread(f"aspp{number}_depthwise", rate)
    facts = facts_of(graph(tmp_path, nodes), "xception_65", 3)
    assert (facts["output_stride"], facts["atrous_rates"]) == (8, None)


def test_the_multi_grid_is_what_the_last_block_has_beyond_its_rate(tmp_path):
    nodes = [convolution("resnet_v1_50/conv1/Conv2D", 2), convolution("resnet_v1_50/x", 2),
             convolution("resnet_v1_50/y", 2), convolution("resnet_v1_50/z", 2)]  # fmt: skip
    for unit, rate in enumerate((2, 4, 8), 1):
        nodes.append(convolution(f"resnet_v1_50/block4/unit_{unit}/bottleneck_v1/conv2/Conv2D",
                                 rate=rate))  # fmt: skip
    assert facts_of(graph(tmp_path, nodes), "resnet_v1_50", 0)["multi_grid"] == (1, 2, 4)


@pytest.mark.parametrize(("size", "crop"), [(33, None), (65, (513, 513))])
def test_a_pooling_window_is_kept_unless_it_covers_the_whole_map(tmp_path, size, crop):
    nodes = [
        *backbone([2] * 4),
        files.node("AvgPool2D/AvgPool", "AvgPool", ["x"], ksize=files.integers(1, 33, 33, 1),
                   strides=files.integers(1, 4, 5, 1)),
        files.node("ResizeBilinear", "ResizeBilinear", ["image_pooling/Relu", "size"]),
        files.constant("size", np.array([size, size], np.int32)),
    ]  # fmt: skip
    facts = facts_of(graph(tmp_path, nodes), "xception_65", 0)
    assert facts.get("image_pooling_crop_size") == crop
    assert facts.get("image_pooling_stride") == (crop and (4, 5))


@pytest.mark.parametrize("windows", [(5, 9), (9, 9)])
def test_at_several_scales_only_a_window_of_one_size_is_one(tmp_path, windows):
    nodes = backbone([2] * 4)
    for end, window, size in zip(("", "_1"), windows, (5, 9), strict=True):
        nodes += [
            files.node(f"AvgPool2D{end}/AvgPool", "AvgPool", ["x"],
                       ksize=files.integers(1, window, window, 1),
                       strides=files.integers(1, 1, 1, 1)),
            files.node(f"Resize{end}", "ResizeBilinear", [f"image_pooling{end}/Relu", f"s{end}"]),
            files.constant(f"s{end}", np.array([size, size], np.int32)),
        ]  # fmt: skip
    crop = facts_of(graph(tmp_path, nodes), "xception_65", 0).get("image_pooling_crop_size")
    assert crop == ((129, 129) if windows == (9, 9) else None)


def test_the_activations_are_told(tmp_path):
    nodes = [*backbone([2] * 4), files.node("image_pooling/Sigmoid", "Sigmoid", ["x"])]
    facts = facts_of(graph(tmp_path, nodes), "xception_65", 0)
    assert (facts["quantized_sigmoid"], facts["bounded_activation"]) == (False, False)
    bounded = [*nodes[:-1], files.node("xception_65/a/Relu6", "Relu6", ["x"]),
               files.node("image_pooling/Relu6", "Relu6", ["x"])]  # fmt: skip
    facts = facts_of(graph(tmp_path, bounded), "xception_65", 0)
    assert (facts["quantized_sigmoid"], facts["bounded_activation"]) == (True, True)


@pytest.mark.parametrize("place", ["aspp0", "concat_projection", "decoder/decoder_conv0_pointwise"])
def test_a_bounded_head_is_told_whatever_the_backbone(tmp_path, place):
    own = files.node("MobilenetV2/Conv/Relu6", "Relu6", ["x"])
    plain = [own, files.node(f"{place}/Relu", "Relu", ["x"])]
    assert not facts_of(graph(tmp_path, plain), "MobilenetV2", 0)["bounded_activation"]
    bounded = [own, files.node(f"{place}/Relu6", "Relu6", ["x"])]
    assert facts_of(graph(tmp_path, bounded), "MobilenetV2", 0)["bounded_activation"]


def test_operations_with_too_few_values_tell_nothing(tmp_path):
    nodes = [
        *backbone([2] * 4),
        files.node("aspp1/Conv2D", "Conv2D", ["x"], dilations=files.integers(3)),
        files.constant("aspp2/Conv2D/SpaceToBatchND/block_shape", np.array([], np.int32)),
        files.node("pool", "AvgPool", ["x"], ksize=files.integers(1)),
        files.node("resize", "ResizeBilinear"),
    ]
    facts = facts_of(graph(tmp_path, nodes), "xception_65", 2)
    assert facts == {"output_stride": 16, "bounded_activation": False}
