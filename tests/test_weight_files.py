"""Weights of other frameworks are read as numbers, and nothing that a file says is executed."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.errors import UserError
from segdata.evidence.keras_files import open_keras
from segdata.evidence.pickles import read_pickle
from segdata.evidence.pytorch_files import open_pytorch
from segdata.evidence.safetensors_files import open_safetensors
from segdata.evidence.weights import measured
from segdata.wire import Malformed
from segdata.workflows.doctoring.weight_places import opened

torch = pytest.importorskip("torch")


class Attack:
    """What a hostile file holds: reading it as PyTorch does would make a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.target,)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))


def saved(path: Path, value: object, **how: object) -> Path:
    torch.save(value, path, **how)
    return path


def assert_same(path: Path, state: dict[str, torch.Tensor]) -> None:
    stored = open_pytorch(path)
    assert dict(stored.shapes) == {name: tuple(t.shape) for name, t in state.items()}
    for name, tensor in state.items():
        np.testing.assert_array_equal(stored.read(name), tensor.float().numpy())


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_a_state_dict_is_read_in_every_precision(kind: torch.dtype, tmp_path: Path) -> None:
    state = {name: t.to(kind) for name, t in network().state_dict().items()}
    assert_same(saved(tmp_path / "w.pth", state), state)


def test_a_trainers_checkpoint_gives_its_network_and_step(tmp_path: Path) -> None:
    model = network()
    model(torch.zeros(1, 3, 8, 8)).sum().backward()
    optimizer = torch.optim.Adam(model.parameters())
    optimizer.step()
    checkpoint = {"epoch": 2, "optimizer": optimizer.state_dict(), "meta": {"iter": 40},
                  "state_dict": model.state_dict()}  # fmt: skip
    path = saved(tmp_path / "w.pth", checkpoint)
    assert_same(path, model.state_dict())
    assert open_pytorch(path).step == 40


def test_a_whole_module_is_read_without_its_class(tmp_path: Path) -> None:
    model = network()
    assert_same(saved(tmp_path / "w.pt", model), model.state_dict())


def test_views_of_one_storage_are_told_apart(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    state = {"rows": whole[1:], "turned": whole.T}
    assert_same(saved(tmp_path / "w.pth", state), state)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    target = tmp_path / "made"
    state = network().state_dict()
    path = saved(tmp_path / "w.pth", {"state_dict": state, "more": Attack(target)})
    assert_same(path, state)
    assert not target.exists()
    torch.load(path, weights_only=False)
    assert target.exists(), "the attack works where a file is believed"


def test_old_files_and_scripts_are_refused_with_how_to_convert(tmp_path: Path) -> None:
    state = network().state_dict()
    old = saved(tmp_path / "old.pth", state, _use_new_zipfile_serialization=False)
    bare = tmp_path / "bare.pth"
    bare.write_bytes(pickle.dumps(Attack(tmp_path / "made")))
    script = tmp_path / "script.pt"
    torch.jit.script(network()).save(str(script))
    for path in (old, bare, script):
        with pytest.raises(UserError) as refused:
            open_pytorch(path)
        assert "safetensors.torch.save_file" in refused.value.remedy
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_damaged(share: float, tmp_path: Path) -> None:
    data = saved(tmp_path / "w.pth", network().state_dict()).read_bytes()
    cut = tmp_path / "cut.pth"
    cut.write_bytes(data[: int(share * len(data))])
    with pytest.raises(Malformed):
        open_pytorch(cut)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_damaged_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        read_pickle(data)


@given(st.data())
def test_a_changed_pickle_is_a_value_or_damaged_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(pickle.dumps({"a": [1, (2.5, "b")], "c": {"d": None}}, protocol=2))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        read_pickle(bytes(whole))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
        max_leaves=20,
    ),
    st.sampled_from([0, 2, 4, 5]),
)
def test_plain_values_come_back(value: object, protocol: int) -> None:
    assert read_pickle(pickle.dumps(value, protocol=protocol)) == value


def test_a_safetensors_file_lists_and_gives_its_arrays(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    arrays = {"a.weight": np.arange(6, dtype=np.float16).reshape(2, 3), "n": np.array(7)}
    save_file(arrays, tmp_path / "w.safetensors")
    stored = open_safetensors(tmp_path / "w.safetensors")
    assert dict(stored.shapes) == {"a.weight": (2, 3), "n": ()}
    np.testing.assert_array_equal(stored.read("a.weight"), arrays["a.weight"])


@pytest.mark.parametrize(
    "header",
    [b"", b"{", b"[]", b'{"a": 1}', b'{"a": {"dtype": "F32"}}'],
)
def test_a_damaged_list_is_told(header: bytes, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(Malformed):
        open_safetensors(path)


@pytest.mark.parametrize("offsets", [[0, 400], [-4, 4], [8, 4], "x", [0.0, 4.0]])
def test_a_place_outside_of_the_file_is_told(offsets: object, tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [1], "data_offsets": offsets}
    header = json.dumps({"a": entry}).encode()
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(Malformed):
        open_safetensors(path).read("a")


def test_a_keras_file_gives_its_layers_names(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    layers = [{"class_name": "Conv2D", "config": {"filters": 8}},
              {"class_name": "Lambda", "config": {"function": "import os"}},
              {"class_name": "Conv2D", "config": {"filters": 3}}]  # fmt: skip
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["model_config"] = json.dumps({"config": {"layers": layers}})
        file["model_weights/conv/conv/kernel:0"] = np.ones((3, 3, 3, 8), np.float32)
        file["layers/batch_normalization/vars/2"] = np.zeros(8, np.float32)
        file["layers/conv2d/vars/0"] = np.ones((1, 1, 8, 3), np.float32)
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/secret")
    with open_keras(tmp_path / "w.h5") as stored:
        assert set(stored.shapes) == {
            "conv/conv/kernel",
            "layers/batch_normalization/moving_mean",
            "layers/conv2d/kernel",
        }
        assert stored.classes == 3
        assert stored.read("conv/conv/kernel").sum() == 216


def test_numbers_of_a_variable() -> None:
    array = np.array([[1.0, -4.0], [np.nan, 1.0]], np.float32)
    found = measured("w", array, np.array([[1.0, -3.5], [np.nan, 1.0]], np.float32))
    assert (found.finite, found.least, found.largest) == (0.75, -4.0, 4.0)
    assert found.mean == pytest.approx(-2 / 3)
    assert found.variance == pytest.approx(np.nanvar(array))
    assert found.changed == np.inf
    assert measured("w", np.ones(3), np.ones(3)).changed == 0
    assert measured("w", np.ones(3), np.ones(4)).changed is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_mean_and_variance_are_numpys(values: list[float]) -> None:
    array = np.array(values)
    found = measured("w", array)
    assert found.mean == pytest.approx(array.mean(), abs=1e-6)
    assert found.variance == pytest.approx(array.var(), rel=1e-6, abs=1e-6 * (array.max() ** 2 + 1))


def test_constants_have_no_variance_at_all() -> None:
    assert measured("w", np.full(1_500_000, 0.1, np.float32)).variance == 0


def test_shapes_without_end_are_damage(tmp_path: Path) -> None:
    header = b'{"a": {"dtype": "F32", "shape": [Infinity], "data_offsets": [0, 4]}}'
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(Malformed):
        open_safetensors(path)


def rewritten(archive: bytes) -> bytes:
    """An archive with its members packed, as other programs than PyTorch and Keras write it."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for info in source.infolist():
            target.writestr(info.filename, source.read(info))
    return out.getvalue()


def of_pytorch() -> bytes:
    out = io.BytesIO()
    torch.save(network().state_dict(), out)
    return out.getvalue()


def of_keras() -> bytes:
    h5py = pytest.importorskip("h5py")
    weights, out = io.BytesIO(), io.BytesIO()
    with h5py.File(weights, "w") as file:
        file["layers/conv2d/vars/0"] = np.random.default_rng(0).normal(size=(3, 3, 3, 8))
        file["layers/conv2d/vars/1"] = np.zeros(8)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", weights.getvalue())
    return out.getvalue()


@pytest.mark.parametrize("kind", ["pth", "packed pth", "keras", "packed keras", "h5"])
def test_damaged_files_are_told_and_never_an_error_of_ours(kind: str, tmp_path: Path) -> None:
    whole = of_pytorch() if kind.endswith("pth") else of_keras()
    if kind == "h5":
        whole = zipfile.ZipFile(io.BytesIO(whole)).read("model.weights.h5")
    whole = rewritten(whole) if kind.startswith("packed") else whole
    path, rng = tmp_path / f"w.{kind.split()[-1]}", random.Random(0)
    told = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 3, 20))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            with opened(path) as weights:
                for name in weights.stored.shapes:
                    weights.stored.read(name)
        except (UserError, ValueError, OSError):
            told += 1
    assert told > 3
