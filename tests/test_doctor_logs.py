"""The doctor with logs and commands: as options, as paths, beside other things."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.diagnosis import Verdict
from segdata.errors import UserError
from segdata.evidence.script_files.deeplab import read_deeplab
from segdata.evidence.script_files.lines import command_lines
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
