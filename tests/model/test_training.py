import gc
import json
import os
import signal
import threading
import weakref

import pytest
import torch

from model import checkpoint as checkpoints
from model.network.deeplab import DeepLab
from model.training import session
from model.training.data import TrainingData
from model.training.loop import train
from model.training.loss import PixelLoss
from model.training.progress import Listener
from segdata.errors import UserError

from .conftest import picture, write_shards


def losses(out):
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [(line["step"], line["loss"]) for line in lines if "loss" in line]


def weights(out):
    return checkpoints.latest(out / "checkpoints").checkpoint.weights


def assert_same_run(first, second):
    assert losses(first) == losses(second)
    ours, theirs = weights(first), weights(second)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture
def straight(shards, settings, tmp_path):
    train(shards, tmp_path / "straight", settings)
    return tmp_path / "straight"


class Dies(Exception):
    pass


def listener_that(action, at):
    def progress(p):
        if p.step == at:
            action()

    return Listener(progress=progress)


def die():
    raise Dies


def test_a_run_leaves_its_settings_metrics_and_checkpoints(straight, settings):
    config = json.loads((straight / "config.json").read_text())
    assert config["settings"]["network"]["num_classes"] == 3
    assert config["settings"]["data"]["crop_size"] == [33, 49]
    assert [step for step, _ in losses(straight)] == list(range(1, 9))
    names = sorted(p.name for p in (straight / "checkpoints").iterdir())
    assert names == ["step-00000006", "step-00000008"]


def test_two_runs_of_the_same_line_are_equal(straight, shards, settings, tmp_path):
    train(shards, tmp_path / "again", settings)
    assert_same_run(straight, tmp_path / "again")
    train(shards, tmp_path / "other", settings.updated(["seed=1"]))
    assert losses(tmp_path / "other") != losses(straight)


def test_a_killed_run_resumes_exactly_with_momentum(shards, settings, tmp_path):
    settings = settings.updated(["optimizer=momentum", "base_learning_rate=0.1"])
    train(shards, tmp_path / "straight", settings)
    with pytest.raises(Dies):
        train(shards, tmp_path / "killed", settings, listener_that(die, 5))
    train(shards, tmp_path / "killed", settings)
    assert_same_run(tmp_path / "straight", tmp_path / "killed")


@pytest.mark.parametrize("at", [1, 4, 7])
def test_a_killed_run_resumes_exactly(straight, shards, settings, tmp_path, at):
    out = tmp_path / "killed"
    with pytest.raises(Dies):
        train(shards, out, settings, listener_that(die, at))
    result = train(shards, out, settings)
    assert result.first_step == at // 3 * 3
    assert_same_run(straight, out)


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_an_interrupted_run_saves_says_so_and_resumes_exactly(
    straight, shards, settings, tmp_path, number, raised
):
    out, notes = tmp_path / "interrupted", []
    handler = signal.getsignal(number)
    listener = listener_that(lambda: os.kill(os.getpid(), number), at=5)
    with pytest.raises(raised):
        train(shards, out, settings, Listener(listener.progress, notes.append))
    assert signal.getsignal(number) is handler
    assert any("saved at step 5 of 8" in note for note in notes)
    assert train(shards, out, settings).first_step == 5
    assert_same_run(straight, out)


def test_a_finished_run_says_so_and_changes_nothing(straight, shards, settings):
    before = {p: p.read_bytes() for p in straight.rglob("*") if p.is_file()}
    notes = []
    result = train(shards, straight, settings, Listener(note=notes.append))
    assert (result.first_step, result.loss) == (8, None)
    assert any("finished" in note for note in notes)
    assert before == {p: p.read_bytes() for p in straight.rglob("*") if p.is_file()}


def test_other_settings_are_refused_with_what_differs(straight, shards, settings):
    with pytest.raises(UserError, match=r"run\.steps = 8 there, 9 now") as error:
        train(shards, straight, settings.updated(["steps=9", "seed=3", "batch_size=2"]))
    assert "run.seed = 0 there, 3 now" in error.value.message
    assert "data.batch_size = 3 there, 2 now" in error.value.message
    assert "--out" in error.value.remedy


def test_what_does_not_change_the_result_may_change(straight, shards, settings):
    changed = settings.updated(["threads=2", "workers=1", "save_every=100", "precision=auto"])
    assert train(shards, straight, changed).first_step == 8


def test_other_shards_are_refused(straight, settings, tmp_path):
    other = write_shards(tmp_path / "other", {"train": [picture(9)]})
    with pytest.raises(UserError, match="other shards"):
        train(other, straight, settings)


def test_a_folder_with_something_else_is_refused(shards, settings, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds no training run"):
        train(shards, tmp_path, settings)
    with pytest.raises(UserError, match="is a file"):
        train(shards, tmp_path / "notes.txt", settings)


def test_shards_in_the_run_folder_are_no_stranger(settings, tmp_path):
    own = write_shards(tmp_path / "run" / "shards", {"train": [picture(9)]})
    assert train(own, tmp_path / "run", settings.updated(["steps=1"])).first_step == 0


def test_a_damaged_checkpoint_is_passed_over_with_a_word(straight, shards, settings):
    path = straight / "checkpoints" / "step-00000008" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    notes = []
    result = train(shards, straight, settings, Listener(note=notes.append))
    assert result.first_step == 6
    assert any("damaged" in note and "step-00000006" in note for note in notes)
    assert [step for step, _ in losses(straight)] == list(range(1, 9))


def test_a_loss_that_is_not_finite_ends_the_run_with_the_records(
    shards, settings, tmp_path, monkeypatch
):
    whole = PixelLoss.__call__
    calls = []

    def broken(self, logits, labels):
        calls.append(None)
        return whole(self, logits, labels) * (float("nan") if len(calls) == 5 else 1)

    monkeypatch.setattr(PixelLoss, "__call__", broken)
    with pytest.raises(UserError, match="nan at step 5") as error:
        train(shards, tmp_path / "run", settings)
    assert "train_" in error.value.message
    assert checkpoints.latest(tmp_path / "run" / "checkpoints").checkpoint.step == 3


def test_a_label_outside_the_classes_stops_the_run(settings, tmp_path):
    photo, label = picture(0)
    label[10, 10] = 9
    shards = write_shards(tmp_path / "shards", {"train": [(photo, label)]})
    with pytest.raises(UserError, match=r"train_0 .*\[9\]"):
        train(shards, tmp_path / "run", settings)


def test_a_crop_that_is_all_void_does_no_harm(settings, tmp_path):
    photo, label = picture(0)
    label[:] = 255
    shards = write_shards(tmp_path / "shards", {"train": [(photo, label)]})
    train(shards, tmp_path / "run", settings)
    assert {loss for _, loss in losses(tmp_path / "run")} == {0.0}


@pytest.mark.parametrize(
    "changes",
    [
        ["batch_size=1"],
        ["batch_size=16"],
        ["output_stride=8"],
        ["decoder_output_stride=none", "atrous_rates=[]", "faithful=true"],
        ["class_weights=balanced", "top_k_fraction=0.5", "hard_example_mining_steps=4"],
        ["class_weights=1,2,0"],
        ["crop_size=none", "channels_last=false"],
        ["precision=bf16"],
        ["num_classes=5"],
    ],
)
def test_it_trains_with(shards, settings, tmp_path, changes):
    result = train(shards, tmp_path / "run", settings.updated([*changes, "steps=2"]))
    assert result.steps == 2
    assert all(loss > 0 for _, loss in losses(tmp_path / "run"))


def test_contradicting_settings_are_refused_before_anything_is_written(shards, settings, tmp_path):
    for change, message in [
        ("num_classes=2", "num_classes = 2"),
        ("class_weights=1,2", "2 values for 3 classes"),
        ("split=test", "no split 'test'"),
    ]:
        with pytest.raises(UserError, match=message):
            train(shards, tmp_path / "run", settings.updated([change]))
    assert not (tmp_path / "run").exists()


def test_the_chosen_crop_size_is_explained(shards, settings, tmp_path):
    notes = []
    result = train(
        shards,
        tmp_path / "run",
        settings.updated(["crop_size=none", "steps=1"]),
        Listener(note=notes.append),
    )
    assert result.settings.data.crop_size == (49, 65)
    assert any("49×65" in note and "k·16+1" in note for note in notes)


def test_the_precision_that_was_chosen_is_written_down(shards, settings, tmp_path):
    """Elsewhere auto may choose otherwise, and the run is to go on as it began."""
    train(shards, tmp_path / "run", settings.updated(["precision=auto", "steps=1"]))
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["settings"]["run"]["precision"] in ("fp32", "bf16")


def test_validation_while_training_changes_no_weight(straight, shards, settings, tmp_path):
    out = tmp_path / "validated"
    train(shards, out, settings.updated(["validate_every=4"]))
    scores = [
        json.loads(line)
        for line in (out / "metrics.jsonl").read_text().splitlines()
        if "val_miou" in line
    ]
    assert [score["step"] for score in scores] == [4, 8]
    assert all(0 <= score["val_miou"] <= 1 for score in scores)
    assert_same_run(straight, out)


def workers():
    return [t for t in threading.enumerate() if t.name.startswith("segdata-data")]


def test_worker_threads_end_with_the_run(shards, settings, tmp_path):
    def die_at_work():
        assert workers()
        die()

    # While the error is held, and with it every frame of the run.
    with pytest.raises(Dies) as died:
        train(shards, tmp_path / "run", settings, listener_that(die_at_work, 2))
    assert died.value is not None
    assert not workers()


def test_it_learns(shards, settings, tmp_path):
    """Seeds 0 to 5: 0.47 to 0.74 of the first loss; with the labels of other photos 0.98, without
    a rate 1.00."""
    fast = ["steps=60", "save_every=100", "base_learning_rate=0.03"]
    result = train(shards, tmp_path / "run", settings.updated(fast))
    assert result.loss < 0.86 * losses(tmp_path / "run")[0][1]


@pytest.mark.parametrize("left", ["checkpoints", "metrics.jsonl"])
def test_a_run_without_its_configuration_does_not_go_on(straight, shards, settings, left):
    (straight / "config.json").unlink()
    for other in {"checkpoints", "metrics.jsonl"} - {left}:
        (straight / other).rename(straight.parent / other)
    with pytest.raises(UserError, match=rf"holds {left} of a training, and no config.json"):
        train(shards, straight, settings)


def test_the_speed_counts_the_wait_for_data(shards, settings, tmp_path, monkeypatch):
    """On a clock that moves only while somebody waits for a batch: 2 s for each of 3 images."""
    now = [100.0]
    batches = TrainingData.batches

    def slow(self, step, steps):
        for batch in batches(self, step, steps):
            now[0] += 2.0
            yield batch

    monkeypatch.setattr(TrainingData, "batches", slow)
    monkeypatch.setattr(session.time, "perf_counter", lambda: now[0])
    shown = []
    listener = Listener(progress=lambda p: shown.append(p.images_per_second))
    result = train(shards, tmp_path / "run", settings, listener)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    logged = [json.loads(line)["images_per_second"] for line in lines]
    assert {*shown, *logged, result.images_per_second} == {1.5}


def test_a_step_that_the_memory_does_not_hold_is_told(shards, settings, tmp_path, monkeypatch):
    def full(self, images):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(DeepLab, "at_scales", full)
    with pytest.raises(UserError, match="memory does not hold this training") as told:
        train(shards, tmp_path / "run", settings)
    assert "batch_size" in told.value.remedy
    assert "crop_size" in told.value.remedy


def test_a_resumed_run_keeps_no_copy_of_what_it_read(shards, settings, tmp_path, monkeypatch):
    with pytest.raises(Dies):
        train(shards, tmp_path / "run", settings, listener_that(die, 4))
    read, alive = [], []

    def latest(folder):
        found = newest(folder)
        tensors = (*found.checkpoint.weights.values(), *found.checkpoint.optimizer.values())
        read.extend(weakref.ref(tensor) for tensor in tensors)
        return found

    def count():
        gc.collect()
        alive.append(sum(reference() is not None for reference in read))

    newest = checkpoints.latest
    monkeypatch.setattr(checkpoints, "latest", latest)
    train(shards, tmp_path / "run", settings, listener_that(count, 5))
    assert len(read) > 500
    assert alive == [0]


def test_cudnn_may_try_out_its_algorithms_in_steps_alone(shards, settings, tmp_path, monkeypatch):
    seen = []
    whole = DeepLab.at_scales

    def at_scales(self, images):
        seen.append((self.training, torch.backends.cudnn.benchmark))
        return whole(self, images)

    monkeypatch.setattr(DeepLab, "at_scales", at_scales)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    train(shards, tmp_path / "run", settings.updated(["validate_every=4", "recalibrate_batches=0"]))
    assert set(seen) == {(True, True), (False, False)}
    assert not torch.backends.cudnn.benchmark
