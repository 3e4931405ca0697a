"""Frozen graphs (``frozen_inference_graph.pb``): the weights among their constants.

tensorflow/core/framework/graph.proto. The graph is only looked at: nothing of it is run. What a
checkpoint does not tell can be read from it: strides, rates and the pooling window.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.importing.tensors import MOST_PARTS, Array, Variables, at_most, described, from_constant
from segdata.wire import Malformed, fields, integers, submessages

# It is read as a whole; the largest of the original's has 220 MiB.
_LARGEST = 512 << 20
# The largest of the original's graphs has 12,000 operations.
_MOST_NODES = 50_000
# All that is asked for later; an operation between them may have any name.
_KEPT = frozenset(
    {"Const", "Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool", "ResizeBilinear", "Relu6",
     "Sigmoid", "Softmax", "Cast", "Identity", "ExpandDims", "ReverseV2", "StridedSlice", "Pack",
     "Sub", "RealDiv", "FloorMod", "Minimum", "Maximum", "Max"}
)  # fmt: skip
_WEIGHTS = re.compile(
    r"(?P<variable>.*(?:weights|biases|gamma|beta|moving_mean|moving_variance))"
    # What reads a variable, and what folding constants leaves of that.
    r"(?:/read)?(?:/_\d+__cf__\d+)?"
)


@dataclass(frozen=True)
class Node:
    """An operation: its kind, and the message that tells the rest, which is read when asked for."""

    kind: str
    message: memoryview

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names that it reads."""
        return tuple(_text(name) for name in submessages(self.message, 3))

    def attribute(self, name: str) -> memoryview | None:
        """The ``AttrValue`` of a name."""
        for entry in submessages(self.message, 5):
            values = dict(fields(entry))
            key, value = values.get(1), values.get(2)
            if not (isinstance(key, memoryview) and isinstance(value, memoryview)):
                continue
            if bytes(key) == name.encode():
                return value
        return None

    def integers(self, name: str) -> tuple[int, ...]:
        """An attribute that is a list of integers; empty where there is none."""
        message = self.attribute(name)
        return () if message is None else tuple(_integers(message))

    def constant(self) -> memoryview:
        """The tensor of a constant.

        Raises:
            Malformed: it has none.
        """
        message = self.attribute("value")
        for tensor in () if message is None else submessages(message, 8):
            return tensor
        raise Malformed("a constant has no value")


@dataclass(frozen=True)
class Graph:
    """The operations of a graph that matter here, by name."""

    nodes: dict[str, Node]

    @classmethod
    def open(cls, path: Path) -> Graph:
        """Read a graph.

        Raises:
            Malformed: it is none, or damaged.
            OSError: it cannot be read.
        """
        size = path.stat().st_size
        if size > _LARGEST:
            raise Malformed(f"a graph of {size >> 20} MiB is none of a network that segdata has")
        nodes: dict[str, Node] = {}
        for number, message in at_most(_MOST_NODES, fields(memoryview(path.read_bytes()))):
            if number != 1 or not isinstance(message, memoryview):
                continue
            name, node = _node(message)
            if node.kind in _KEPT:
                nodes[name] = node
        return cls(nodes)

    def below(self, scope: str, *kinds: str) -> Iterator[tuple[str, Node]]:
        """The operations of these kinds in a scope."""
        for name, node in self.nodes.items():
            if name.startswith(f"{scope}/") and node.kind in kinds:
                yield name, node

    def constant(self, name: str) -> Array | None:
        """A constant's value; None if there is none of that name.

        Raises:
            Malformed: it is damaged.
        """
        node = self.nodes.get(name)
        return None if node is None or node.kind != "Const" else from_constant(node.constant())

    def variables(self) -> Variables:
        """Its weights, by the names of the variables that they were.

        Raises:
            Malformed: one has no type or shape.
        """
        places: dict[str, str] = {}
        for name, node in self.nodes.items():
            found = _WEIGHTS.fullmatch(name)
            if found and node.kind == "Const":
                places.setdefault(found["variable"], name)
        shapes = {v: described(self.nodes[name].constant())[1] for v, name in places.items()}

        def read(variable: str) -> Array:
            try:
                return from_constant(self.nodes[places[variable]].constant())
            except Malformed as error:
                raise Malformed(f"{variable}: {error}") from None

        return Variables(shapes, read)


def _node(message: memoryview) -> tuple[str, Node]:
    texts = {1: "", 2: ""}
    for number, value in at_most(MOST_PARTS, fields(message)):
        if number in texts and isinstance(value, memoryview):
            texts[number] = _text(value)
    return texts[1], Node(texts[2], message)


def _text(name: memoryview) -> str:
    return bytes(name).decode("utf-8", "backslashreplace")


def _integers(message: memoryview) -> Iterator[int]:
    """``AttrValue.list.i``."""
    for items in submessages(message, 1):
        yield from integers(items, 3)
