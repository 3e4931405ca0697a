"""What a frozen graph does to images around the network."""

from __future__ import annotations

from pathlib import Path

import checkpoint_files as files
import graph_nodes
import numpy as np
import pytest

from model.importing.graph import Graph
from model.importing.graph_images import GraphImages, images_of


def images(folder: Path, nodes: list[bytes]) -> GraphImages:
    (folder / "graph.pb").write_bytes(files.graph(nodes))
    return images_of(Graph.open(folder / "graph.pb"), 16)


@pytest.mark.parametrize("values", [(97, 161, 16), (97, 161), (97,), (97, None, None)])
def test_the_range_to_which_images_are_resized_is_read(
    tmp_path: Path, values: tuple[int | None, ...]
) -> None:
    keys = ("min_resize_value", "max_resize_value", "resize_factor")
    expected = {key: value for key, value in zip(keys, values, strict=False) if value}
    found = images(tmp_path, graph_nodes.resizing(*values))
    assert found.resize == expected
    assert "max_resize_value = 161" in found.notes[0] or len(expected) == 1


@pytest.mark.parametrize(
    "strange",
    [
        [graph_nodes.number("resize_to_range/mod_2/y", 8),
         files.node("resize_to_range/mod_2", "FloorMod", ["x", "resize_to_range/mod_2/y"])],
        [files.node("resize_to_range/mod_2", "FloorMod", ["x", "fed"])],
        [files.node("resize_to_range/truediv_1", "RealDiv", ["fed", "resize_to_range/Maximum"])],
        [files.node("resize_to_range/stack", "Pack", ["longer", "longer"]),
         files.node("longer", "Max", ["x"])],
        [graph_nodes.number("resize_to_range/Cast/x", 96.5, np.float32)],
        [graph_nodes.number("resize_to_range/Cast/x", -1)],
        [files.node("resize_to_range/Cast/x", "Cast", ["resize_to_range/Cast"])],
    ],
    ids=["two factors", "a factor from elsewhere", "a maximum from elsewhere", "squares",
         "half a pixel", "less than nothing", "a circle"],
)  # fmt: skip
def test_a_resize_that_is_not_understood_is_told_and_not_taken_over(
    tmp_path: Path, strange: list[bytes]
) -> None:
    found = images(tmp_path, [*graph_nodes.resizing(97, 161, 16), *strange])
    assert found.resize is None
    assert "not taken over" in found.notes[0]
    assert "--set min_resize_value=N" in found.notes[0]


def test_a_graph_that_does_nothing_to_images_has_no_notes(tmp_path: Path) -> None:
    found = images(tmp_path, [files.node("Softmax", "Softmax", ["x"])])
    assert found == GraphImages({}, None, (1.0,), flip=False, pyramid=False)
    assert found.notes == []


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("scales", [(0.5, 1, 1.75), (1, 1.25), (0.75,), (0.3, 0.65, 2), (1,)])
@pytest.mark.parametrize("crop", [(161, 257), (513, 513), (500, 333)])
def test_crop_scales_and_mirroring_are_read(
    tmp_path: Path, crop: tuple[int, int], scales: tuple[float, ...], flip: bool
) -> None:
    nodes = [*graph_nodes.padding(*crop), *graph_nodes.looks(crop, scales, flip)]
    # Image pooling tells the crop of the first scale only.
    nodes += [files.node("ResizeBilinear", "ResizeBilinear", ["image_pooling/Relu", "pooled"]),
              files.constant("pooled", np.array([6, 9], np.int32))]  # fmt: skip
    found = images(tmp_path, nodes)
    assert (found.crop, found.scales, found.flip) == (crop, scales, flip)


def test_the_options_that_do_the_same_are_told(tmp_path: Path) -> None:
    nodes = graph_nodes.looks((161, 257), (0.5, 1, 1.75), flip=True)
    notes = images(tmp_path, [*graph_nodes.padding(161, 257), *nodes]).notes
    assert "with --crop-size 161,257" in notes[0]
    assert notes[1].endswith("with --scales 0.5,1,1.75 --flip")


def test_scales_that_cannot_be_made_out_are_told(tmp_path: Path) -> None:
    notes = images(tmp_path, graph_nodes.looks((161, 257), (0.5, 1.75), flip=True)).notes
    assert notes[0].startswith("the graph averages predictions at several scales")
    assert "--scales" in notes[0]


def test_of_a_graph_that_pads_otherwise_image_pooling_tells_the_crop(tmp_path: Path) -> None:
    nodes = [files.node("ResizeBilinear", "ResizeBilinear", ["image_pooling/Relu", "size"]),
             files.constant("size", np.array([11, 17], np.int32))]  # fmt: skip
    assert images(tmp_path, nodes).crop == (161, 257)
    more = [files.node("ResizeBilinear_1", "ResizeBilinear", ["image_pooling_1/Relu", "size_1"]),
            files.constant("size_1", np.array([6, 9], np.int32))]  # fmt: skip
    assert images(tmp_path, [*nodes, *more]).crop is None


def test_an_image_pyramid_is_no_averaging_and_is_told(tmp_path: Path) -> None:
    nodes = [files.node("ExpandDims", "ExpandDims", ["padded"]),
             files.node("Resize", "ResizeBilinear", ["ExpandDims", "size"]),
             files.constant("size", np.array([81, 129], np.int32)),
             files.node("Softmax", "Softmax", ["merged"])]  # fmt: skip
    found = images(tmp_path, [*graph_nodes.padding(161, 257), *nodes])
    assert found.pyramid
    assert "--set image_pyramid" in found.notes[-1]
