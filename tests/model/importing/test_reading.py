"""Checkpoints of both forms and frozen graphs: what was written is read, and nothing else is."""

from __future__ import annotations

import math
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import checkpoint_files as files
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.importing.graph import Graph
from model.importing.source import opened
from segdata.errors import UserError
from segdata.wire import Malformed

SMALL = {
    "MobilenetV2/Conv/weights": np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4),
    "logits/semantic/biases": np.array([1.5, -2.0], np.float32),
    "global_step": np.array(7, np.int64),
    "a": np.zeros((0, 3), np.float32),
    "b": np.float64([[0.1]]),
}


def read(path: Path) -> dict[str, np.ndarray]:
    with opened(path) as source:
        return {name: source.read(name) for name in source.shapes}


def assert_equal(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype, name
        assert found[name].shape == array.shape, name
        assert (found[name] == array).all(), name


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert_equal(read(files.write_bundle(tmp_path / "model.ckpt-7", SMALL)), SMALL)


def test_a_checkpoint_in_a_single_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    kept = {name: array for name, array in SMALL.items() if array.dtype != np.float64}
    assert_equal(read(files.write_single_file(tmp_path / "model.ckpt", kept)), kept)


def test_the_weights_of_a_graph_are_read_by_the_names_of_their_variables(tmp_path: Path) -> None:
    weights = SMALL["MobilenetV2/Conv/weights"]
    nodes = [
        files.constant("MobilenetV2/Conv/weights", weights),
        files.node("MobilenetV2/Conv/weights/read", "Identity", ["MobilenetV2/Conv/weights"]),
        files.constant("aspp0/BatchNorm/gamma/read/_12__cf__12", weights[0, 0]),
        files.constant("aspp0/BatchNorm/beta/read", weights[0, 0]),
        files.constant("ResizeBilinear/size", np.array([5, 5], np.int32)),
    ]
    (tmp_path / "graph.pb").write_bytes(files.graph(nodes))
    found = {
        "MobilenetV2/Conv/weights": weights,
        "aspp0/BatchNorm/gamma": weights[0, 0],
        "aspp0/BatchNorm/beta": weights[0, 0],
    }
    assert_equal(read(tmp_path / "graph.pb"), found)


def test_one_value_of_a_constant_stands_for_all(tmp_path: Path) -> None:
    tensor = files.field(1, 1) + files.field(2, files.shape((2, 3)))
    tensor += files.field(5, struct.pack("<2f", 4.0, 5.0))
    node = files.node("x/BatchNorm/gamma", "Const", value=files.field(8, tensor))
    (tmp_path / "graph.pb").write_bytes(files.graph([node]))
    assert read(tmp_path / "graph.pb")["x/BatchNorm/gamma"].tolist() == [[4, 5, 5], [5, 5, 5]]


def test_halves_are_read(tmp_path: Path) -> None:
    tensor = files.field(1, 19) + files.field(2, files.shape((2,)))
    tensor += files.field(13, files.varint(0x3C00) + files.varint(0xC000))
    brain = files.field(1, 14) + files.field(2, files.shape((1,))) + files.field(4, b"\x80\x3f")
    nodes = [
        files.node("x/gamma", "Const", value=files.field(8, tensor)),
        files.node("x/beta", "Const", value=files.field(8, brain)),
    ]
    (tmp_path / "graph.pb").write_bytes(files.graph(nodes))
    found = read(tmp_path / "graph.pb")
    assert found["x/gamma"].tolist() == [1.0, -2.0]
    assert found["x/beta"].tolist() == [1.0]


@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_checkpoint_that_is_cut_off_is_told(tmp_path: Path, part: str, share: float) -> None:
    prefix = files.write_bundle(tmp_path / "model.ckpt", SMALL)
    path = Path(f"{prefix}.{part}")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(UserError, match=r"is damaged: ") as error:
        read(prefix)
    assert "fetch it again" in error.value.remedy


def test_a_changed_weight_is_told(tmp_path: Path) -> None:
    prefix = files.write_bundle(tmp_path / "model.ckpt", SMALL)
    path = Path(f"{prefix}.data-00000-of-00001")
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"MobilenetV2/Conv/weights .* does not fit its checksum"):
        read(prefix)


LIES = {
    "a negative size": {"sizes": (-1,)},
    "more than memory": {"sizes": (1 << 62, 4)},
    "more than the file": {"size": 1 << 40},
    "before the file": {"offset": -8},
    "behind the file": {"offset": 1 << 62},
    "another type": {"code": 99},
    "text": {"code": 7},
    "too many axes": {"sizes": (1,) * 300},
    "another file": {"shard": 5},
    "a file before the first": {"shard": -1},
    "fewer values": {"sizes": (3,)},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_index_that_lies_is_told_without_taking_memory(tmp_path: Path, lie: str) -> None:
    # TensorFlow 2.21 aborts the process on some of these, and fills the memory on others.
    prefix = files.write_bundle(tmp_path / "model.ckpt", {})
    array = np.zeros(24, np.float32)
    entries = {b"": files.field(1, 1), b"x": files.place(array, 0, **LIES[lie])}
    Path(f"{prefix}.index").write_bytes(files.table(entries))
    Path(f"{prefix}.data-00000-of-00001").write_bytes(array.tobytes())
    tracemalloc.start()
    with pytest.raises(UserError):
        read(prefix)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_blocks_that_overlap_are_told(tmp_path: Path) -> None:
    part = files.block([(b"a", b"")])
    place = files.varint(0) + files.varint(len(part) - 5)
    names = files.block([(b"a", place), (b"b", place)])
    footer = files.varint(0) + files.varint(len(part) - 5)
    footer += files.varint(len(part)) + files.varint(len(names) - 5)
    index = part + names + footer.ljust(40, b"\0") + files.MAGIC
    (tmp_path / "model.ckpt.index").write_bytes(index)
    with pytest.raises(UserError, match="two of its blocks overlap"):
        read(tmp_path / "model.ckpt")


def test_arrays_that_overlap_are_told(tmp_path: Path) -> None:
    # A hundred arrays that lie in the same place would take a hundred times the file's memory.
    prefix = files.write_bundle(tmp_path / "model.ckpt", {"a": np.zeros(24, np.float32)})
    place = files.place(np.zeros(24, np.float32), 0)
    entries = {b"": files.field(1, 1), b"a": place, b"b": place}
    Path(f"{prefix}.index").write_bytes(files.table(entries))
    with pytest.raises(UserError, match="two of its arrays overlap"):
        read(prefix)


def test_an_array_without_values_overlaps_nothing(tmp_path: Path) -> None:
    arrays = {"a": np.ones(2, np.float32), "b": np.ones(0, np.float32), "c": np.ones(3, np.float32)}
    found = read(files.write_bundle(tmp_path / "model.ckpt", arrays))
    assert {name: array.size for name, array in found.items()} == {"a": 2, "b": 0, "c": 3}


def test_an_array_that_is_larger_than_its_shape_is_not_read(tmp_path: Path) -> None:
    prefix = files.write_bundle(tmp_path / "model.ckpt", {})
    entry = files.place(np.zeros(24, np.float32), 0, size=8 << 20)
    Path(f"{prefix}.index").write_bytes(files.table({b"": files.field(1, 1), b"x": entry}))
    Path(f"{prefix}.data-00000-of-00001").write_bytes(bytes(8 << 20))
    tracemalloc.start()
    with pytest.raises(UserError, match="x: 8388608 bytes are not what its shape takes"):
        read(prefix)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def _constant(*parts: bytes) -> bytes:
    return files.node("x/gamma", "Const", value=files.field(8, b"".join(parts)))


HALF = files.field(1, 19) + files.field(2, files.shape((4,)))
SWOLLEN = {
    "zeros": (bytes(1 << 20), "numbered from 1"),
    "parts of no graph": (files.field(2, b"") * 60_000, "more than 50000 parts"),
    "attributes": (files.graph([files.node("x", "Const") + b"\x2a\0" * 2000]), "1000 parts"),
    "values one by one": (
        files.graph([_constant(HALF, files.field(13, 0) * 2000)]), "1000 parts",
    ),
    "values": (files.graph([_constant(HALF, files.field(13, bytes(1 << 20)))]), "9 values"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SWOLLEN)
def test_a_graph_of_more_parts_than_any_is_told_after_the_first_of_them(
    tmp_path: Path, kind: str
) -> None:
    data, words = SWOLLEN[kind]
    (tmp_path / "graph.pb").write_bytes(data)
    with pytest.raises(UserError, match=words):
        read(tmp_path / "graph.pb")


def test_a_constant_is_not_filled_beyond_what_a_network_needs(tmp_path: Path) -> None:
    tensor = files.field(1, 1) + files.field(2, files.shape((1 << 31,)))
    tensor += files.field(5, struct.pack("<f", 1.0))
    node = files.node("x/gamma", "Const", value=files.field(8, tensor))
    (tmp_path / "graph.pb").write_bytes(files.graph([node]))
    with pytest.raises(UserError, match="it has 1 values, which is not 2147483648"):
        read(tmp_path / "graph.pb")


def test_a_graph_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "graph.pb").write_bytes(b"\xff" * 100)
    with pytest.raises(Malformed):
        Graph.open(tmp_path / "graph.pb")


def _whole(folder: Path, kind: str) -> Path:
    kept = {name: array for name, array in SMALL.items() if array.dtype == np.float32}
    if kind == "bundle":
        return Path(f"{files.write_bundle(folder / 'model.ckpt', kept)}.index")
    if kind == "single file":
        return files.write_single_file(folder / "model.ckpt", kept)
    (folder / "g.pb").write_bytes(files.graph(files.constant(n, a) for n, a in kept.items()))
    return folder / "g.pb"


@st.composite
def damages(draw: Callable[..., int]) -> Callable[[bytes], bytes]:
    """Bytes that are cut out, put in, or changed."""
    place, length = draw(st.floats(0, 1)), draw(st.integers(0, 12))
    new = draw(
        st.one_of(
            st.binary(max_size=12),
            st.sampled_from([-1, 1 << 31, 1 << 62, (1 << 63) - 1]).map(files.varint),
        )
    )

    def change(data: bytes) -> bytes:
        at = math.floor(place * len(data))
        return data[:at] + new + data[at + length :]

    return change


@pytest.mark.parametrize("kind", ["bundle", "single file", "graph"])
@settings(
    max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damage=damages())
def test_damaged_bytes_are_read_or_refused_in_words(
    tmp_path: Path, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    path = _whole(tmp_path, kind)
    path.write_bytes(damage(path.read_bytes()))
    try:
        read(path)
    except UserError as error:
        if str(path.parent) not in error.message:
            raise


@pytest.mark.slow
@pytest.mark.tensorflow
def test_what_tensorflow_writes_is_read_bit_by_bit(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)
    kinds = (np.float32, np.float64, np.float16, np.int32, np.int64)
    arrays = {
        f"scope_{index}/{index * 'long_name_'}weights": rng.normal(size=(3, index + 1)).astype(kind)
        for index, kind in enumerate(kinds * 20)
    }
    names = sorted(arrays)
    tensors = [tf.constant(arrays[name]) for name in names]
    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "two"), tensor_names=names,
        shape_and_slices=[""] * len(names), tensors=tensors,
    )  # fmt: skip
    tf.raw_ops.Save(filename=str(tmp_path / "one"), tensor_names=names, data=tensors)
    assert_equal(read(tmp_path / "two"), arrays)
    assert_equal(read(tmp_path / "one"), arrays)
