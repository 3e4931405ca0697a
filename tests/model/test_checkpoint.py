import errno
import json
import os

import pytest
import torch

from model import checkpoint as checkpoints
from model.checkpoint import Checkpoint, DamagedCheckpoint, latest, load, save
from model.restoring import newest
from segdata.errors import UserError

from .conftest import CLASSES


def example(settings, step=3):
    weights = {"a.weight": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor(step)}
    return Checkpoint(step, settings, CLASSES, "feed", weights, {"a.weight": torch.ones(3, 2)})


def test_a_checkpoint_comes_back_as_it_was(tmp_path, settings):
    path = save(tmp_path, example(settings))
    found = load(path)
    assert path.name == "step-00000003"
    assert (found.step, found.settings, found.class_map) == (3, settings, CLASSES)
    assert found.data_digest == "feed"
    assert torch.equal(found.weights["a.weight"], torch.arange(6.0).reshape(2, 3).T)
    assert torch.equal(found.optimizer["a.weight"], torch.ones(3, 2))
    assert {p.name for p in path.iterdir()} == {
        "weights.safetensors",
        "optimizer.safetensors",
        "checkpoint.json",
    }


def test_equal_states_are_equal_files(tmp_path, settings):
    first, second = (save(tmp_path / name, example(settings)) for name in "ab")
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes()


def test_the_newest_two_are_kept(tmp_path, settings):
    for step in (1, 2, 10, 9):
        save(tmp_path, example(settings, step))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00000009", "step-00000010"]
    assert latest(tmp_path).checkpoint.step == 10


def test_a_folder_without_checkpoints_has_none(tmp_path):
    assert latest(tmp_path) is None
    assert latest(tmp_path / "absent") is None


@pytest.mark.parametrize(
    "file", ["weights.safetensors", "optimizer.safetensors", "checkpoint.json"]
)
@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "empty"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(tmp_path, settings, file, damage):
    save(tmp_path, example(settings, 1))
    path = save(tmp_path, example(settings, 2)) / file
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        middle = len(data) // 2
        path.write_bytes(
            {
                "cut": data[:middle],
                "changed": data[:-2] + bytes([data[-2] ^ 1]) + data[-1:],
                "empty": b"",
            }[damage]
        )
    with pytest.raises(DamagedCheckpoint, match="step-00000002"):
        load(path.parent)
    found = latest(tmp_path)
    assert found.checkpoint.step == 1
    assert len(found.damaged) == 1


def test_if_all_are_damaged_nothing_is_made_up(tmp_path, settings):
    (save(tmp_path, example(settings)) / "weights.safetensors").write_bytes(b"no")
    with pytest.raises(UserError, match="damaged"):
        latest(tmp_path)


@pytest.mark.parametrize("dies_at", ["save_file", "_sync_file", "_sync_folder", "rename"])
def test_a_kill_while_saving_leaves_the_last_checkpoint(tmp_path, settings, monkeypatch, dies_at):
    save(tmp_path, example(settings, 1))

    class Killed(BaseException):
        pass

    def die(*args):
        raise Killed

    target = type(tmp_path) if dies_at == "rename" else checkpoints
    with monkeypatch.context() as patch:
        patch.setattr(target, dies_at, die)
        with pytest.raises(Killed):
            save(tmp_path, example(settings, 2))
    assert latest(tmp_path).checkpoint.step == (2 if dies_at == "_sync_folder" else 1)
    save(tmp_path, example(settings, 3))
    assert not list(tmp_path.glob(".*"))


def test_nothing_in_a_checkpoint_is_a_pickle(tmp_path, settings):
    path = save(tmp_path, example(settings))
    json.loads((path / "checkpoint.json").read_text())
    for file in path.glob("*.safetensors"):
        header = int.from_bytes(file.read_bytes()[:8], "little")
        json.loads(file.read_bytes()[8 : 8 + header])


def test_a_full_disk_leaves_nothing_of_a_checkpoint(tmp_path, settings):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(UserError, match=r"cannot write .*: File too large"):
            save(tmp_path, example(settings))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_others_may_read_a_checkpoint_as_any_file(tmp_path, settings):
    other = tmp_path / "other"
    other.touch()
    path = save(tmp_path, example(settings))
    assert {file.stat().st_mode for file in path.iterdir()} == {other.stat().st_mode}


def test_a_disk_that_cannot_be_written_is_the_users_to_mend(tmp_path, settings):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        save(tmp_path / "file", example(settings))


@pytest.mark.parametrize(("version", "who"), [(1, "an older"), (99, "a newer")])
def test_a_checkpoint_of_another_version_is_told_as_such(tmp_path, settings, version, who):
    path = save(tmp_path, example(settings))
    file = path / "checkpoint.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": version}))
    with pytest.raises(UserError, match=f"{who} segdata"):
        load(path)


def test_an_old_one_that_cannot_be_dropped_does_no_harm(tmp_path, settings, monkeypatch):
    for step in (1, 2):
        save(tmp_path, example(settings, step))
    old = tmp_path / "step-00000001"
    monkeypatch.setattr(os, "unlink", lambda *_, **__: _refuse())
    assert save(tmp_path, example(settings, 3)).name == "step-00000003"
    assert old.is_dir()


def _refuse():
    raise PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize("read", [load, lambda path, **how: latest(path.parent, **how).checkpoint])
def test_the_optimizer_is_read_only_where_it_is_asked_for(tmp_path, settings, read):
    path = save(tmp_path, example(settings))
    (path / "optimizer.safetensors").unlink()
    found = read(path, optimizer=False)
    assert torch.equal(found.weights["b"], torch.tensor(3))
    assert not found.optimizer
    with pytest.raises(DamagedCheckpoint):
        read(path)


def test_a_predictor_reads_no_optimizer(tmp_path, settings):
    path = save(tmp_path / "checkpoints", example(settings))
    (path / "optimizer.safetensors").unlink()
    for place in (tmp_path, tmp_path / "checkpoints", path):
        assert newest(place).step == 3
