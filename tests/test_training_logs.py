"""Training logs: whoever wrote them, the same curve comes out."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.errors import UserError
from segdata.evidence import Series
from segdata.evidence.log_files import holds_log, read_log
from segdata.evidence.log_files.curves import Curve
from segdata.records import RecordWriter

CURVE = [(10 * n, round(0.02 + 0.7 / n, 4)) for n in range(1, 41)]


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def scalar(tag: str, value: float, *, tensor: bool = False) -> bytes:
    """One value of a summary, as TensorFlow 1 (simple_value) and 2 (a tensor) write it."""
    number = struct.pack("<f", value)
    if tensor:
        return field(1, field(1, tag.encode()) + field(8, b"\x08\x01" + field(4, number)))
    return field(1, field(1, tag.encode()) + b"\x15" + number)


def write_events(path: Path, rows: list[tuple[int, float]], tag: str, tensor: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(b"\x09" + struct.pack("<d", 1.0) + field(3, b"brain.Event:2"))
        for step, value in rows:
            other = scalar("global_step/sec", 3.0)
            summary = other + scalar(tag, value, tensor=tensor) + scalar("learning_rate", 0.007)
            writer.write(b"\x10" + varint(step) + field(5, summary))


TEXTS = {
    "deeplab": lambda s, v: f"INFO:tensorflow:global step {s}: loss = {v} (0.31 sec/step)",
    "mmseg": lambda s, v: (
        f"2024-01-01 - mmseg - INFO - Iter [{s}/4000]\tlr: 7.000e-03, eta: 1:00:00, memory: 900, "
        f"decode.loss_ce: {v}, decode.acc_seg: 80.1, aux.loss_ce: 0.9, loss: 1.9"
    ),
    "mmengine": lambda s, v: (
        f"01/01 10:00:00 - mmengine - INFO - Iter(train) [{s:6d}/40000]  lr: 7e-03  "
        f"time: 0.2  data_time: 0.01  loss: 1.9  decode.loss_ce: {v}"
    ),
    "pytorch": lambda s, v: f"step {s} | train loss {v} | lr 0.007",
    "brackets": lambda s, v: f"[{s}] global_step={s} loss={v} lr=0.007",
    "json": lambda s, v: json.dumps({"mode": "train", "iter": s, "lr": 0.007, "loss": v}),
    "ours": lambda s, v: json.dumps({"step": s, "loss": v, "learning_rate": 0.007}),
}


@pytest.mark.parametrize("form", TEXTS)
def test_the_same_curve_comes_out_of_every_text(form: str, tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_text("".join(TEXTS[form](*row) + "\n" for row in CURVE))
    log = read_log(path)
    assert log.loss.points == tuple(CURVE)
    assert log.counts == "steps"
    if form != "deeplab":
        assert log.learning_rate.points[-1] == (400, 0.007)
    assert log.with_decay == (form == "deeplab")


def test_keras_prints_epochs_and_validation(tmp_path: Path) -> None:
    lines = [
        f"Epoch {n}/40\n30/30 [=====] - 3s 30ms/step - loss: {v} - acc: 0.9 - val_loss: 9.5\n"
        for n, (_, v) in enumerate(CURVE, 1)
    ]
    (tmp_path / "log.txt").write_text("".join(lines))
    log = read_log(tmp_path / "log.txt")
    assert log.loss.points == tuple((n, v) for n, (_, v) in enumerate(CURVE, 1))
    assert log.counts == "epochs"
    assert log.metrics["val_loss"].points[-1] == (40, 9.5)


def test_steps_counted_anew_in_every_epoch_go_on(tmp_path: Path) -> None:
    lines = [f"Epoch [{e}/3], Step [{s}/20], Loss: 0.5\n" for e in (1, 2, 3) for s in (10, 20)]
    (tmp_path / "a.log").write_text("".join(lines))
    steps = [step for step, _ in read_log(tmp_path / "a.log").loss.points]
    assert steps == [10, 20, 30, 40, 50, 60]


def test_lightning_writes_a_table_with_gaps(tmp_path: Path) -> None:
    rows = [f"{n // 10},{s},{v},\n{n // 10},{s},,0.3\n" for n, (s, v) in enumerate(CURVE)]
    (tmp_path / "metrics.csv").write_text("epoch,step,train_loss,val_miou\n" + "".join(rows))
    log = read_log(tmp_path)
    assert log.loss.points == tuple(CURVE)
    assert log.metrics["val_miou"].points[-1] == (400, 0.3)


def test_a_history_of_keras_is_columns(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text('{"loss": [0.5, 0.4, NaN], "val_loss": [0.6, 0.5, 0.5]}')
    log = read_log(tmp_path / "history.json")
    assert log.loss.points[:2] == ((1, 0.5), (2, 0.4))
    assert log.loss.broken_at == 3
    assert log.loss.ends_broken


@pytest.mark.parametrize("tensor", [False, True])
def test_events_are_read_without_tensorflow(tensor: bool, tmp_path: Path) -> None:
    write_events(tmp_path / "events.out.tfevents.1.host", CURVE, "losses/clone_0/value", tensor)
    log = read_log(tmp_path)
    assert log.kind == "tensorboard"
    assert [step for step, _ in log.loss.points] == [step for step, _ in CURVE]
    assert log.loss.last == pytest.approx(Series(tuple(CURVE)).last, rel=1e-6)
    assert log.learning_rate.points[-1][1] == pytest.approx(0.007)


def test_validation_is_no_training_loss(tmp_path: Path) -> None:
    write_events(tmp_path / "train" / "events.out.tfevents.1", CURVE, "epoch_loss", True)
    write_events(tmp_path / "validation" / "events.out.tfevents.1", [(1, 9.0)], "epoch_loss", True)
    log = read_log(tmp_path)
    assert max(log.loss.finite) < 1
    assert log.metrics["validation/epoch_loss"].points == ((1, 9.0),)


def test_the_cross_entropy_is_taken_before_the_total(tmp_path: Path) -> None:
    write_events(tmp_path / "events.out.tfevents.1", [(10, 2.0)], "total_loss_1")
    assert read_log(tmp_path).with_decay
    write_events(tmp_path / "events.out.tfevents.2", [(10, 0.5)], "losses/softmax_loss")
    log = read_log(tmp_path)
    assert (log.loss.first, log.with_decay) == (0.5, False)


def test_a_killed_runs_events_end_where_they_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    write_events(path, CURVE, "loss")
    path.write_bytes(path.read_bytes()[:-30])
    assert read_log(path).loss.last_step == 390
    path.write_bytes(b"\0" * 300)
    with pytest.raises(UserError, match="no event file"):
        read_log(path)


def test_lines_that_say_more_than_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.log").write_text(
        "Ignoring initialization; other checkpoint exists\n"
        "Restoring parameters from /x/model.ckpt-7000\n"
        "name: GeForce GTX 1660, compute 7.5\nNamespace(amp=True)\nMixed Precision: True\n"
        "Loaded libcudart.so.10.0\nLoss is inf or nan. : Tensor had NaN values\n"
    )
    notes = read_log(tmp_path / "t.log").notes
    assert set(notes) == {
        "init_ignored", "restored", "hardware", "mixed_precision", "old_cuda", "nan",
    }  # fmt: skip
    assert "model.ckpt-7000" in notes["restored"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.log", b"hello\nworld\n", "holds no losses"),
        ("a.log", b"", "holds no losses"),
        ("a.pkl", b"\x80\x04\x95abc", "is no text"),
        ("a.json", b"{}", "holds no losses"),
        ("a.json", b'{"loss": ', "holds no losses"),
    ],
)
def test_what_is_no_log_is_refused(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=message):
        read_log(tmp_path / name)
    with pytest.raises(UserError, match="there is no log"):
        read_log(tmp_path / "absent")


def test_powershells_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("step 1 loss: 0.5\nstep 2 loss: 0.4\n", "utf-16")
    assert read_log(tmp_path / "a.log").loss.points == ((1, 0.5), (2, 0.4))


def test_a_folder_of_labels_holds_no_log(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text("a,b\n")
    assert not holds_log(tmp_path)
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    assert holds_log(tmp_path)


def test_a_long_log_takes_no_more_memory_and_keeps_its_ends() -> None:
    curve = Curve()
    for step in range(1, 100_001):
        curve.add(step, math.nan if step == 77_777 else 1 / step)
    series = curve.series()
    assert len(series.points) <= 8002
    assert series.points[0] == (1, 1.0)
    assert series.points[-1][0] == 100_000
    assert series.broken_at == 77_777


@given(st.lists(st.floats(0.01, 10), min_size=10, max_size=300))
def test_a_curve_does_not_fall_and_lie_flat_at_once(values: list[float]) -> None:
    series = Series(tuple(enumerate(values)))
    assert not (series.falls and series.flat and abs(series.trend or 0) > 0.1)
    assert min(values) <= (series.last or 0) <= max(values)


def test_the_shape_of_a_curve() -> None:
    falling = Series(tuple((n, 1 - n / 200) for n in range(100)))
    flat = Series(tuple((n, 0.4 + 0.001 * (n % 2)) for n in range(100)))
    assert (falling.falls, falling.flat) == (True, False)
    assert (flat.falls, flat.flat) == (False, True)
    assert Series(((1, 0.5),)).trend is None
    assert Series().last is None


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_json_that_is_nested_without_end_is_refused(bracket: str, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(bracket * 200_000)
    with pytest.raises(UserError, match="holds no losses"):
        read_log(tmp_path / "a.log")


def test_a_list_of_rows_may_be_indented(tmp_path: Path) -> None:
    rows = [{"epoch": n, "loss": 1 / n} for n in range(1, 21)]
    (tmp_path / "history.json").write_text(json.dumps(rows, indent=2))
    facts = read_log(tmp_path / "history.json")
    assert facts.loss.points == tuple((n, 1 / n) for n in range(1, 21))
    assert facts.counts == "epochs"


def test_what_came_after_the_step_from_which_a_run_was_started_again_is_forgotten() -> None:
    curve = Curve()
    for step, value in [(1, 0.5), (2, 0.4), (3, math.nan), (2, 0.3)]:
        curve.add(step, value)
    assert curve.series().points == ((1, 0.5), (2, 0.3))
    assert not curve.series().ends_broken


def test_of_a_line_without_end_its_end_counts(tmp_path: Path) -> None:
    line = "step 7 loss 9.0 " + "x" * 100_000 + " step 1 loss 0.5\n"
    (tmp_path / "a.log").write_text(line + "step 2 loss 0.4\n")
    assert read_log(tmp_path / "a.log").loss.points == ((1, 0.5), (2, 0.4))


def test_names_that_never_end_take_no_memory(tmp_path: Path) -> None:
    lines = (f"step {n} loss 0.5 val_miou_{n} = 0.5\n" for n in range(3000))
    (tmp_path / "a.log").write_text("".join(lines))
    facts = read_log(tmp_path / "a.log")
    assert len(facts.loss.points) == 3000
    assert 0 < len(facts.metrics) <= 1000
