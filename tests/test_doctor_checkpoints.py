"""``segdata doctor`` on checkpoints: folders of the original, graphs, archives, PyTorch's files."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import checkpoint_files as files
import numpy as np
import pytest

from segdata.cli import run
from segdata.diagnosis import Diagnosis, Verdict
from segdata.workflows import DoctorRequest, diagnose
from segdata.workflows.doctoring.weight_places import damaged_after

STEP = "global_step"


def network(seed: int = 0, step: int = 500, classes: int = 2) -> dict[str, np.ndarray]:
    """Variables of a small MobileNetV2 with ASPP and decoder, as the original names them."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {STEP: np.array(step, np.int64)}
    scopes = {"MobilenetV2/Conv": (3, 3, 3, 8), "aspp1_depthwise": (1, 1, 8, 8),
              "decoder/feature_projection0": (1, 1, 8, 8)}  # fmt: skip
    for scope, shape in scopes.items():
        arrays[f"{scope}/weights"] = rng.normal(0, 0.1, shape).astype(np.float32)
        for leaf in ("gamma", "beta", "moving_mean", "moving_variance"):
            arrays[f"{scope}/BatchNorm/{leaf}"] = rng.uniform(0.1, 2, 8).astype(np.float32)
    arrays["logits/semantic/weights"] = rng.normal(0, 0.1, (1, 1, 8, classes)).astype(np.float32)
    arrays["MobilenetV2/Conv/weights/Momentum"] = np.full((3, 3, 3, 8), 1e9, np.float32)
    return arrays


def logdir(folder: Path, *arrays: dict[str, np.ndarray]) -> Path:
    """A folder as the original leaves it: checkpoints and the file that names the newest."""
    for one in arrays:
        files.write_bundle(folder / f"model.ckpt-{one[STEP]}", one)
    names = [f"model.ckpt-{one[STEP]}" for one in arrays]
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "/elsewhere/{names[-1]}"\n')
    return folder


def look(*paths: Path, **request: Any) -> Diagnosis:
    return diagnose(DoctorRequest(paths=tuple(map(str, paths)), **request))


def causes(diagnosis: Diagnosis) -> list[str]:
    return [cause.finding.rule for cause in diagnosis.causes]


def test_a_sound_folder_of_the_original_is_healthy(tmp_path: Path) -> None:
    found = look(logdir(tmp_path / "log", network(0, 400), network(1, 500)))
    assert found.verdict is Verdict.HEALTHY
    assert "of step 500" in found.looked_at[0]
    assert causes(found) == []


def test_two_checkpoints_that_are_the_same_are_told(tmp_path: Path) -> None:
    found = look(logdir(tmp_path / "log", network(0, 400), network(0, 500)))
    assert causes(found) == ["T18"]
    assert found.causes[0].finding.evidence["steps"] == [400, 500]


def single(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    return files.write_single_file(folder / "old.ckpt", arrays)


def archive(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    logdir(folder / "inside", arrays)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as file:
        file.add(folder / "inside", "inside")
    return folder / "model.tar.gz"


def graph(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    nodes: Iterable[bytes] = (
        files.constant(name, array)
        for name, array in arrays.items()
        if name != STEP and "Momentum" not in name
    )
    (folder / "frozen_inference_graph.pb").write_bytes(files.graph(nodes))
    return folder / "frozen_inference_graph.pb"


@pytest.mark.parametrize("make", [logdir, single, archive, graph])
def test_nan_is_found_in_every_form_of_the_original(make: Any, tmp_path: Path) -> None:
    arrays = network()
    assert look(make(tmp_path, arrays)).verdict is Verdict.HEALTHY
    arrays["MobilenetV2/Conv/weights"][0, 0, 0, 0] = np.nan
    broken = look(make(tmp_path, arrays))
    assert causes(broken) == ["C07"]
    assert broken.causes[0].finding.evidence["variables"] == ["MobilenetV2/Conv/weights"]


def test_a_graph_of_other_classes_than_its_checkpoint_is_told(tmp_path: Path) -> None:
    exported = graph(tmp_path, network(classes=21))
    trained = logdir(tmp_path / "log", network(classes=2))
    assert causes(look(trained, exported)) == ["C06"]
    assert causes(look(trained, graph(tmp_path, network(classes=2)))) == []


@pytest.mark.parametrize("missing", ["model.ckpt-500.index", "model.ckpt-500.data-00000-of-00001"])
def test_a_checkpoint_that_lacks_a_file_cannot_be_read(missing: str, tmp_path: Path) -> None:
    folder = logdir(tmp_path / "log", network())
    (folder / missing).unlink()
    assert causes(look(folder)) == ["C11"]


def test_values_that_were_changed_on_disk_are_damage(tmp_path: Path) -> None:
    folder = logdir(tmp_path / "log", network())
    data = folder / "model.ckpt-500.data-00000-of-00001"
    data.write_bytes(b"\x7f" + data.read_bytes()[1:])
    assert causes(look(folder)) == ["C11"]


def train_command(folder: Path, initial: Path) -> tuple[Path]:
    script = folder / "train.sh"
    script.write_text(
        "python deeplab/train.py --model_variant=mobilenet_v2 --training_number_of_steps=9000 "
        f"--initialize_last_layer=False --tf_initial_checkpoint={initial}\n"
    )
    return (script,)


def test_a_first_layer_unlike_the_initial_one_was_never_loaded(tmp_path: Path) -> None:
    initial = files.write_bundle(tmp_path / "init" / "first.ckpt", network(1))
    scripts = train_command(tmp_path, initial)
    unlike = look(logdir(tmp_path / "a", network(2)), scripts=scripts)
    assert "T05" in causes(unlike)
    tuned = network(1)
    tuned["MobilenetV2/Conv/weights"] *= np.float32(1.1)
    assert "T05" not in causes(look(logdir(tmp_path / "b", tuned), scripts=scripts))


def test_weights_of_pytorch_are_judged_without_believing_the_file(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8))
    torch.nn.init.normal_(model[1].weight)
    path = tmp_path / "w.pth"
    model(torch.rand(2, 3, 9, 9))
    torch.save({"state_dict": model.state_dict()}, path)
    assert look(path).verdict is Verdict.HEALTHY
    model[1].running_mean.zero_()
    model[1].running_var.fill_(1)
    torch.save({"state_dict": model.state_dict()}, path)
    assert causes(look(checkpoint=path)) == ["C08"]


def test_two_files_of_one_network_under_other_names(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3)).state_dict()
    torch.save({f"module.{name}": t for name, t in state.items()}, tmp_path / "trained.pth")
    other = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3)).state_dict()
    torch.save(other, tmp_path / "network.pth")
    assert causes(look(tmp_path / "network.pth", tmp_path / "trained.pth")) == ["C02"]


def test_old_files_are_left_undecided_and_other_files_too(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    old = tmp_path / "old.pth"
    torch.save({"w": torch.ones(2)}, old, _use_new_zipfile_serialization=False)
    found = look(checkpoint=old)
    assert found.verdict is Verdict.NOT_ENOUGH
    assert "save_file" in found.missing[0]
    (tmp_path / "notes.txt").write_text("no weights")
    assert look(checkpoint=tmp_path / "notes.txt").verdict is Verdict.NOT_ENOUGH


def test_a_checkpoint_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--checkpoint", str(tmp_path / "model.ckpt-1")]) == 2
    assert "there is no checkpoint" in capsys.readouterr().err


def test_without_time_it_says_what_was_left_out(tmp_path: Path) -> None:
    found = look(logdir(tmp_path / "log", network()), budget=0.0)
    assert "there was no time for" in found.looked_at[0]


@pytest.mark.parametrize("name", ["mobilenet_v2/model.ckpt-0"])
def test_published_networks_are_healthy(name: str, shared: Path) -> None:
    found = look(checkpoint=shared / "parity" / name)
    assert found.verdict is Verdict.HEALTHY
    assert found.causes == ()


def test_a_file_of_weights_is_found_in_a_folder_with_other_things(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    work = tmp_path / "work"
    work.mkdir()
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Conv2d(8, 2, 1)).state_dict()
    torch.save(state, work / "epoch_1.pth")
    (work / "train.log").write_text("step 1 loss 0.69\nstep 100 loss 0.1\n")
    found = look(work)
    assert any("4 variables" in line and "epoch_1.pth" in line for line in found.looked_at)
    state["1.weight"] *= 1e6
    torch.save(state, work / "epoch_2.pth")
    assert causes(look(tmp_path / "work")) == ["C07"]


def test_the_last_layer_is_known_by_its_place(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from segdata.evidence.pytorch_files import open_pytorch
    from segdata.evidence.weight_names import classes_of

    layers = [torch.nn.Conv2d(3, 8, 3), torch.nn.Conv2d(8, 5, 1)]
    for model, classes in (
        (layers, 5),
        (layers[:1], None),
        ([*layers, torch.nn.Linear(5, 9)], None),
    ):
        torch.save(torch.nn.Sequential(*model).state_dict(), tmp_path / "w.pth")
        assert classes_of(open_pytorch(tmp_path / "w.pth").shapes, "pytorch") == classes


def test_later_checkpoints_that_are_damaged_are_named(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        (tmp_path / "checkpoints" / f"step-0000000{step}").mkdir(parents=True)
    whole = tmp_path / "checkpoints" / "step-00000002"
    later = (str(tmp_path / "checkpoints" / "step-00000003"),)
    assert damaged_after(tmp_path, whole) == later
    assert damaged_after(tmp_path / "checkpoints", whole) == later
    assert damaged_after(whole, whole) == ()
    assert damaged_after(tmp_path, Path(later[0])) == ()


def test_the_last_layer_is_known_by_its_name_wherever_it_stands() -> None:
    from segdata.evidence.weight_names import classes_of

    body = {"enc.0.weight": (8, 3, 3, 3), "norm.weight": (8,)}
    head = {"head.weight": (11, 8, 1, 1), "head.bias": (11,)}
    assert classes_of({**head, **body}, "pytorch") == 11
    assert classes_of({"model.out.conv.weight": (4, 8, 3, 3), "model.out.conv.bias": (4,), **body},
                      "safetensors") == 4  # fmt: skip
    inner = {"enc.1.blocks.out.weight": (64, 8, 1, 1), "enc.1.blocks.out.bias": (64,)}
    assert classes_of({**inner, **body}, "pytorch") is None
