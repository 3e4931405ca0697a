"""The doctor with logs and commands: as options, as paths, beside other things."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.diagnosis import Verdict
from segdata.errors import UserError
from segdata.evidence.script_files.deeplab import read_deeplab
from segdata.evidence.script_files.lines import command_lines
from segdata.findings import Level
from segdata.workflows.doctoring import DoctorRequest, diagnose

NAN = "".join(f"global step {n}0: loss = nan (0.3 sec/step)\n" for n in range(1, 20))
SPACED = "python deeplab/train.py --initialize_last_layer = False --dataset=mine\n"


def test_a_log_alone_is_evidence(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(NAN)
    diagnosis = diagnose(DoctorRequest(log=tmp_path / "train.log"))
    assert diagnosis.verdict is Verdict.FAULT
    assert [cause.finding.rule for cause in diagnosis.causes] == ["T12"]
    assert "19 losses to step 190" in diagnosis.looked_at[0]


def test_a_command_alone_is_evidence(tmp_path: Path) -> None:
    (tmp_path / "train.sh").write_text(SPACED)
    for request in (
        DoctorRequest(scripts=(tmp_path / "train.sh",)),
        DoctorRequest(paths=(str(tmp_path / "train.sh"),)),
    ):
        causes = diagnose(request).causes
        assert causes[0].finding.rule == "T07"
        assert "--initialize_last_layer=False" in causes[0].finding.fix


def test_a_folder_with_a_log_and_a_command(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(NAN)
    (tmp_path / "train.sh").write_text(SPACED)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "metrics.csv").write_text("step,loss\n1,0.5\n")
    diagnosis = diagnose(DoctorRequest(paths=(str(tmp_path),)))
    assert any(line.startswith("the log") for line in diagnosis.looked_at)
    assert any(line.startswith("1 command (train)") for line in diagnosis.looked_at)
    assert {"T07"} <= {cause.finding.rule for cause in diagnosis.causes}


def test_a_log_without_losses_beside_other_things_is_told_as_open(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("hello\n")
    diagnosis = diagnose(DoctorRequest(paths=(str(tmp_path),)))
    assert diagnosis.verdict is Verdict.NOT_ENOUGH
    assert "holds no losses" in diagnosis.missing[0]


def test_what_holds_no_losses_is_refused_where_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("hello\n")
    with pytest.raises(UserError, match="holds no losses"):
        diagnose(DoctorRequest(log=tmp_path / "train.log"))


def falling(last: int) -> str:
    """A healthy log of the original's, to a step."""
    steps = range(10, last + 1, 10)
    return "".join(f"global step {n}: loss = {0.02 + 7 / n:.4f} (0.3 sec/step)\n" for n in steps)


def said(*paths: Path) -> dict[str, Level]:
    diagnosis = diagnose(DoctorRequest(paths=tuple(map(str, paths))))
    return {cause.finding.rule: cause.finding.level for cause in diagnosis.causes}


def test_an_attempt_that_failed_says_nothing_of_the_one_that_went_well(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(falling(2000))
    (tmp_path / "b.log").write_text(falling(100) + "Loss is inf or nan\n")
    assert said(tmp_path) == {}


MISMATCH = (
    "RuntimeError: Error(s) in loading state_dict for Net:\n\tsize mismatch for outc.conv.weight: "
    "copying a param with shape torch.Size([21, 64, 1, 1]) from checkpoint, the shape in current "
    "model is torch.Size([2, 64, 1, 1]).\n"
)


@pytest.mark.parametrize(
    "names", [("train.out", "train.err"), ("slurm-7.out", "slurm-7.err"), ("log.txt", "err.txt")]
)
def test_both_outputs_of_a_program_are_one_log(names: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / names[0]).write_text("epoch 1 loss 0.7\nepoch 2 loss 0.6\n")
    (tmp_path / names[1]).write_text(MISMATCH)
    assert said(tmp_path) == {"C10": Level.ERROR}


def test_an_error_of_another_program_is_not_that_of_a_training(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(falling(2000))
    (tmp_path / "first_try.log").write_text(MISMATCH)
    assert said(tmp_path) == {}


def test_numbers_and_words_of_one_run_may_lie_in_two_logs(tmp_path: Path) -> None:
    rows = [{"step": n, "loss": 0.02 + 7 / n} for n in range(10, 2001, 10)]
    (tmp_path / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    line = "Ignoring initialization; other checkpoint exists\n"
    (tmp_path / "train.log").write_text(line + falling(1990))
    assert said(tmp_path) == {"T06": Level.INFO}


def test_a_log_that_cannot_be_read_beside_others_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(falling(2000))
    (tmp_path / "b.log").write_bytes(b"PK\x03\x04")
    (tmp_path / "events.out.tfevents.1").write_bytes(b"damaged" * 9)
    (line,) = diagnose(DoctorRequest(log=tmp_path)).looked_at
    assert "200 losses" in line
    assert "b.log is no text" in line
    assert "events.out.tfevents.1 is no event file" in line


def test_the_log_that_was_named_is_judged_and_the_other_is_told_as_left_out(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "train.log").write_text(falling(2000))
    (tmp_path / "mine.txt").write_text(NAN)
    request = DoctorRequest(paths=(str(tmp_path / "run"),), log=tmp_path / "mine.txt")
    diagnosis = diagnose(request)
    assert [cause.finding.rule for cause in diagnosis.causes] == ["T12"]
    assert "left out" in diagnosis.looked_at[1]


def test_a_script_that_says_nothing_is_told_as_open(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("ls\n")
    diagnosis = diagnose(DoctorRequest(scripts=(tmp_path / "a.sh",)))
    assert diagnosis.verdict is Verdict.NOT_ENOUGH
    assert "holds no command" in diagnosis.missing[0]


@given(st.text(alphabet="-– =\\\n\"'$ad{}%#,1;--train_crop_size", max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for command in command_lines("python deeplab/train.py --dataset=x " + text):
        facts = read_deeplab(command, "a.sh")
        assert facts is None or facts.act == "train"
