"""What else stands in logs: scores of classes, configurations, bars, errors; and what is a log."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from segdata.diagnosis import Verdict
from segdata.evidence.log_files import holds_log, is_log, read_log
from segdata.workflows.doctoring import DoctorRequest, diagnose

MMSEG = "2022-03-14 09:11:02,420 - mmseg - INFO - "
TABLE = f"""{MMSEG}per class results:
{MMSEG}
+------------+-------+-------+
|   Class    |  IoU  |  Acc  |
+------------+-------+-------+
| background | 97.40 | 99.90 |
|   polyp    |  0.00 |  0.00 |
+------------+-------+-------+
{MMSEG}Summary:
{MMSEG}
+-------+-------+-------+
|  aAcc |  mIoU |  mAcc |
+-------+-------+-------+
| 97.40 | 48.70 | 50.00 |
+-------+-------+-------+
"""
CONFIG = f"""{MMSEG}Config:
model = dict(
    type='EncoderDecoder',
    decode_head=dict(type='FCNHead', num_classes=2, loss_decode=dict(loss_weight=0.4)))
data = dict(train=dict(reduce_zero_label=True))
optimizer = dict(type='SGD', lr=0.5)

{MMSEG}Loaded 240 images
"""
LOSSES = "step 1 loss: 0.5\nstep 2 loss: 0.4\n"
ITER = MMSEG + "Iter [{0}/4000]\tlr: 1.000e-02, decode.loss_ce: {1}, loss: {1}\n"


def write(tmp_path: Path, text: str, name: str = "a.log") -> Path:
    (tmp_path / name).write_text(text, newline="")
    return tmp_path / name


def last(path: Path) -> dict[str, float]:
    return {name: one.points[-1][1] for name, one in read_log(path).class_scores.items()}


@pytest.mark.parametrize(
    "text",
    [
        ITER.format(50, 0.4) + TABLE.replace("polyp", "1"),
        "eval/miou_1.0_class_0[0.974]\neval/miou_1.0_class_1[0.0]\neval/miou_1.0_overall[0.487]\n",
        '{"mode": "val", "iter": 9, "mIoU": 0.487, "IoU.0x": 0.974, "IoU.1x": 0.0}\n',
        json.dumps({"log_history": [{"step": 9, "eval_iou_0x": 0.974, "eval_iou_1x": 0.0,
                                     "eval_mean_iou": 0.487, "val_iou_epoch": 0.3}]}),
    ],
)  # fmt: skip
def test_the_same_scores_come_out_of_every_form(text: str, tmp_path: Path) -> None:
    found = last(write(tmp_path, text))
    assert list(found.values()) == [pytest.approx(0.974), 0.0]
    metrics = read_log(tmp_path / "a.log").metrics
    assert any(one.points[-1][1] == 0.487 for one in metrics.values()) or "Class" in text


def test_a_table_ends_where_it_ends(tmp_path: Path) -> None:
    text = ITER.format(50, 0.4) + TABLE + "| other | 3.0 | 4.0 |\n" + ITER.format(100, 0.3)
    assert list(last(write(tmp_path, text))) == ["background", "polyp"]


def test_a_configuration_in_a_log_is_read_as_settings_and_not_as_numbers(tmp_path: Path) -> None:
    log = read_log(write(tmp_path, CONFIG + ITER.format(50, 0.4)))
    assert log.settings is not None
    assert (log.settings.num_classes, log.settings.reduce_zero_label) == (2, True)
    assert log.learning_rate.points == ((50, 0.01),)
    head = json.dumps({"config": CONFIG.split("Config:\n")[1].split("\n\n")[0]})
    row = json.dumps({"mode": "train", "iter": 50, "loss": 0.4})
    settings = read_log(write(tmp_path, f"{head}\n{row}\n", "a.log.json")).settings
    assert settings is not None
    assert settings.reduce_zero_label
    assert read_log(write(tmp_path, CONFIG.replace("))", ")") + ITER.format(5, 1))).settings is None


def test_bars_of_smp_are_read(tmp_path: Path) -> None:
    bar = "{}: 100%|████| 46/46 [00:20<00:00, 1.5it/s, dice_loss - {}, iou_score - {}]\n"
    text = "".join(
        f"\nEpoch: {n}\n" + bar.format("train", 1 / n, 0.5) + bar.format("valid", 9.0, 1e-9)
        for n in range(1, 5)
    )
    log = read_log(write(tmp_path, text))
    assert [step for step, _ in log.loss.points] == [1, 2, 3, 4]
    assert log.loss.finite[-1] == 0.25
    assert log.counts == "epochs"
    assert log.metrics["valid iou_score"].points[-1] == (4, 1e-9)
    assert read_log(
        write(tmp_path, text.replace("dice_loss - 0.25", "dice_loss - nan"))
    ).ends_broken


def test_what_transformers_prints_is_read(tmp_path: Path) -> None:
    rows = "".join(
        f"{{'loss': {1 / n}, 'learning_rate': 4.5e-05, 'epoch': {n / 2}}}\n" for n in range(1, 9)
    )
    ends = "{'eval_loss': 0.9, 'eval_mean_iou': 0.47, 'eval_iou_polyp': 0.0, 'epoch': 4.0}\n"
    log = read_log(write(tmp_path, rows + ends + "{'train_runtime': 321.2, 'epoch': 4.0}\n"))
    assert log.loss.finite[:2] == [1.0, 0.5]
    assert log.learning_rate.finite[0] == 4.5e-05
    assert log.metrics["eval_mean_iou"].points[-1][1] == 0.47
    assert log.class_scores["polyp"].points[-1][1] == 0.0


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (
            "epoch     train_loss  valid_loss  dice      time    ",
            "{n}         {v}  9.5  0.25  00:22",
        ),
        ("| Epoch | Training Loss | Validation Loss | Dice |", "| {n} | {v} | 9.5 | 0.25 |"),
    ],
)
def test_tables_of_fastai_and_of_notebooks_are_read(head: str, row: str, tmp_path: Path) -> None:
    rows = "".join(row.format(n=n, v=1 / (n + 1)) + "\n" for n in range(8))
    log = read_log(write(tmp_path, f"{head}\n{rows}Better model found at epoch 3\n"))
    assert log.loss.points[1] == (1, 0.5)
    assert len(log.loss.points) == 8
    assert log.counts == "epochs"
    assert {one.points[-1][1] for one in log.metrics.values()} == {9.5, 0.25}


PADDLE = (
    "2022-01-04 19:24:33 [INFO]\t[TRAIN] epoch: 1, iter: {s}/1000, loss: {v}, lr: 0.049996, "
    "batch_cost: 0.2763, reader_cost: 0.02104, ips: 28.9558 samples/sec | ETA 07:40:25\n"
)
NNUNET = (
    "2024-04-26 09:39:10.910043: Epoch {n}\n2024-04-26 09:39:10.914042: Current learning rate: "
    "0.01\n2024-04-26 09:41:39.493872: train_loss {v}\n2024-04-26 09:41:39.498914: val_loss "
    "0.4628\n2024-04-26 09:41:39.501914: Pseudo dice [0.6, 0.7]\n"
    "2024-04-26 09:41:39.505914: Epoch time: 148.59 s\n"
)


@pytest.mark.parametrize(("form", "every"), [(PADDLE, 10), (NNUNET, 1)])
def test_sound_logs_of_other_tools_are_read_and_raise_no_alarm(
    form: str, every: int, tmp_path: Path
) -> None:
    values = [round(0.1 + 2 * 0.9**n, 4) for n in range(100)]
    text = "".join(form.format(n=n, s=n * every, v=v) for n, v in enumerate(values, 1))
    log = read_log(write(tmp_path, text))
    assert log.loss.points == tuple((n * every, v) for n, v in enumerate(values, 1))
    assert log.learning_rate.finite[0] in (0.01, 0.049996)
    assert diagnose(DoctorRequest(log=tmp_path / "a.log")).verdict is Verdict.HEALTHY


def test_the_summary_of_an_epoch_is_no_step_of_the_curve(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch [{e}/3], Step [10/20], Loss: 0.5\nEpoch [{e}/3], Step [20/20], Loss: 0.4\n"
        f"Epoch {e} done. Loss: 9.0\n"
        for e in (1, 2, 3)
    )
    log = read_log(write(tmp_path, text))
    assert [step for step, _ in log.loss.points] == [10, 20, 30, 40, 50, 60]
    assert log.counts == "steps"
    assert max(log.loss.finite) == 0.5


@pytest.mark.parametrize("damage", ["3,0.\r3\n", '3,"' + "x" * 200_000 + '"\n', "3,\0\n"])
def test_a_damaged_table_is_read_as_far_as_it_goes(damage: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"epoch,loss\r\n1,0.5\r\n2,0.4\r\n{damage}", "log.csv")
    assert read_log(path).loss.points[:2] == ((1, 0.5), (2, 0.4))


@pytest.mark.parametrize(
    "line",
    [
        "step {0} loss: 0.5\n",
        "global step {0}: loss = 0.5\n",
        '{{"step": {0}, "loss": 0.5}}\n',
        '{{"epoch": 1e308, "loss": 0.5}}\n',
        '{{"step": -5, "loss": 0.5}}\n',
        "epoch  loss  lr\n{0}  0.5  1\n",
        "Epoch [{0}][{0}/{0}] loss: 0.5\n",
    ],
)
@pytest.mark.parametrize("digits", [20, 400, 5000])
def test_numbers_that_are_no_steps_do_no_harm(line: str, digits: int, tmp_path: Path) -> None:
    text = line.format("9" * digits) + LOSSES + '{"step": 1, "loss": 0.5}\n'
    assert diagnose(DoctorRequest(log=write(tmp_path, text))).verdict is not Verdict.FAULT


def test_results_of_ultralytics_are_read(tmp_path: Path) -> None:
    rows = "".join(f"{n:>9},{2 / n:>9},{1 / n:>9},{0.5:>9}\n" for n in range(1, 9))
    head = "    epoch, train/box_loss, train/seg_loss, metrics/mAP50(M)\n"
    log = read_log(write(tmp_path, head + rows, "results.csv"))
    assert log.loss.points[:2] == ((1, 1.0), (2, 0.5))
    assert log.counts == "epochs"
    assert log.metrics["metrics/mAP50(M)"].points[-1] == (8, 0.5)


@pytest.mark.parametrize(
    "line",
    [
        "InvalidArgumentError: Loss is inf or nan. : Tensor had NaN values",
        "Batch 3: Invalid loss, terminating training",
        "Loss is nan, stopping training",
    ],
)
def test_the_line_that_ends_a_run_of_nan_counts_until_the_run_is_started_again(
    line: str, tmp_path: Path
) -> None:
    losses = "".join(f"step {n} loss: 0.5\n" for n in range(1, 20))
    assert read_log(write(tmp_path, f"{losses}{line}\n")).ends_broken
    assert not read_log(write(tmp_path, f"{losses}{line}\n{losses}")).ends_broken


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("out.txt", LOSSES, True),
        ("results.csv", "epoch,train/seg_loss\n1,0.5\n2,0.4\n", True),
        ("slurm-7.out", "IndexError: Target 78 is out of bounds.\n", True),
        ("stderr.txt", "x\n" * 90_000 + "Loss is inf or nan. : Tensor had NaN values\n", True),
        ("train.txt", "2007_000032\n2007_000039\n", False),
        ("train.txt", "imgs/loss 1.jpg masks/loss 1.png\n" * 9, False),
        ("classes.txt", "0: background\n1: car\n2: loss\n", False),
        ("classes.csv", "name,r,g,b\ncar,1,2,3\n", False),
        ("results.csv", "image,iou\na,0.5\n", False),
        ("a.txt", "", False),
        ("a.png", LOSSES, False),
    ],
)
def test_what_stands_in_a_text_tells_whether_it_is_a_log(
    name: str, text: str, expected: bool, tmp_path: Path
) -> None:
    path = write(tmp_path, text, name)
    assert is_log(path) == expected
    if name.startswith(("out", "results", "train")):
        assert holds_log(tmp_path) == expected


def test_a_log_of_any_name_is_taken_as_a_path(tmp_path: Path) -> None:
    path = write(tmp_path, "".join(f"step {n} loss: nan\n" for n in range(1, 20)), "out.txt")
    assert diagnose(DoctorRequest(paths=(str(path),))).causes[0].finding.rule == "T12"


def test_a_log_that_ends_with_an_unknown_error_is_not_called_healthy(tmp_path: Path) -> None:
    losses = "".join(f"step {n} loss: {1 / n}\n" for n in range(1, 40))
    path = write(tmp_path, losses + "ValueError: Something new\n")
    diagnosis = diagnose(DoctorRequest(log=path))
    assert diagnosis.verdict is Verdict.NOT_ENOUGH
    assert "Something new" in diagnosis.missing[0]
    for end in ("KeyboardInterrupt\n", "OutOfRangeError: End of sequence\n", f"X\n{losses}"):
        path = write(tmp_path, losses + end)
        assert diagnose(DoctorRequest(log=path)).verdict is Verdict.HEALTHY


def test_a_long_log_is_read_in_seconds(tmp_path: Path) -> None:
    path = write(tmp_path, "".join(ITER.format(n, 0.5) for n in range(1, 30_000)))
    began = time.process_time()
    read_log(path)
    assert time.process_time() - began < 8
