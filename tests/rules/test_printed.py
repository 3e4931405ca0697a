"""Lines that frameworks print: each names its cause, and what is usual is no cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from segdata import rules
from segdata.evidence import CaseFacts
from segdata.evidence.log_files import read_log
from segdata.evidence.predictions import PredictionFacts
from segdata.findings import Certainty, Finding, Level

SLIM = "".join(f"global step {n}0: loss = {0.1 + 1 / n:.4f} (0.3 sec/step)\n" for n in range(1, 60))
BOUND = (
    "InvalidArgumentError: assertion failed: [`{what}` out of bound] [Condition x < y did not hold "
    "element-wise:] [x (mean_iou/control_dependency:0) = ] [{x}] [y (mean_iou/ToInt64_2:0) = ] [2]"
)
SIZES = (
    "size mismatch for {name}: copying a param with shape torch.Size([{there}]) from checkpoint, "
    "the shape in current model is torch.Size([{here}])."
)
NOT_FOUND = "NotFoundError: ./VOC2012/{}; No such file or directory"
NO_FILE = "FileNotFoundError: [Errno 2] No such file or directory: '{}'"


def case(text: str, tmp_path: Path, **more: object) -> CaseFacts:
    (tmp_path / "a.log").write_text(text, newline="")
    return CaseFacts(log=read_log(tmp_path / "a.log"), **more)  # type: ignore[arg-type]


def errors(case: CaseFacts) -> list[Finding]:
    return [one for one in rules.judge_case(case) if one.level >= Level.WARNING]


CAUSES = {
    # Ids that no class has.
    BOUND.format(what="labels", x="0 0 128..."): "L02",
    BOUND.format(what="labels", x="0 0 255..."): "L20",
    BOUND.format(what="labels", x="0 0 0..."): "L07",
    BOUND.format(what="labels", x="0 0 2..."): "D01",
    BOUND.format(what="predictions", x="3 3 3..."): "C10",
    # TensorFlow 1.3 has no bracket before x.
    BOUND.format(what="labels", x="0 0 128...").replace("] [x", "x"): "L02",
    "Received a label value of 78 which is outside the valid range of [0, 2).": "L02",
    "Received a label value of 3 which is outside the valid range of [0, 2).": "L07",
    "IndexError: Target 78 is out of bounds.": "L02",
    "IndexError: Target 255 is out of bounds.": "L20",
    "IndexError: Target -1 is out of bounds.": "L07",
    "NLLLoss2d.cu:103: block: [3,0,0] Assertion `t >= 0 && t < n_classes` failed.": "L07",
    "Assertion `cur_target >= 0 && cur_target < n_classes' failed.": "L07",
    "RuntimeError: CUDA error: device-side assert triggered": "L07",
    "RuntimeError: Class values must be smaller than num_classes.": "L07",
    "IndexError: index 255 is out of bounds for axis 1 with size 2": "L20",
    "RuntimeError: index 4 is out of bounds for dimension 1 with size 4": "D01",
    "Assertion `idx_dim >= 0 && idx_dim < index_size && \"index out of bounds\"` failed.": "L07",
    # Masks of another kind.
    "RuntimeError: all elements of target should be between 0 and 1": "L02",
    "Loss.cu:118: Assertion `target_val >= zero && target_val <= one` failed.": "L02",
    "RuntimeError: Found dtype Float but expected Long": "L09",
    "RuntimeError: expected scalar type Long but found Float": "L09",
    "RuntimeError: Expected object of scalar type Long but got scalar type Float": "L09",
    "RuntimeError: only batches of spatial targets supported (3D tensors) but got targets of size: "
    ": [4, 512, 512, 3]": "L04",
    # Files.
    NOT_FOUND.format("JPEGImages/IMG_2031.png"): "P03",
    NOT_FOUND.format("JPEGImages/.jpg"): "P04",
    NOT_FOUND.format("JPEGImages/IMG_2031\r.jpg"): "P05",
    NO_FILE.format("data/imgs/a.jpg\\r"): "P05",
    NO_FILE.format("data/imgs/a.jpg.jpg"): "P06",
    NO_FILE.format("JPEGImages/JPEGImages/a.jpg"): "P06",
    NO_FILE.format("data/masks/a.png"): "P07",
    "[ WARN:0@0.1] loadsave.cpp:248 imread_('data/masks/a.png'): can't open/read file": "P07",
    "AssertionError: Either no mask or multiple masks found for the ID a: []": "P10",
    "RuntimeError: Shape mismatched between image and label.": "L23",
    "ValueError: The specified dataset is not supported yet.": "D07",
    "Shape mismatch in tuple component 1. Expected [513,513,3], got [513,683,3]": "I03",
    # Weights.
    "Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [21]": "T08",
    "Restoring parameters from train/model.ckpt-9\n"
    "Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [21]": "C10",
    "Assign requires shapes of both tensors to match. lhs shape= [1,1,256,48] rhs shape= "
    "[1,1,512,48]": "C03",
    "Error(s) in loading state_dict for DeepLabV3:\n\t"
    + SIZES.format(name="classifier.4.weight", there="21, 256, 1, 1", here="2, 256, 1, 1"): "C10",
    "Key MobilenetV2/Conv/BatchNorm/beta not found in checkpoint": "C03",
    "Key decoder/feature_projection0/weights not found in checkpoint": "C05",
    "_IncompatibleKeys(missing_keys=['enc.a', 'enc.b'], unexpected_keys=['module.enc.a', "
    "'module.enc.b'])": "C02",
    'Missing key(s) in state_dict: "module.a.w".\nUnexpected key(s) in state_dict: "a.w".': "C02",
    "".join(f"Variable xception_65/u{n}/weights missing in checkpoint m.ckpt\n" for n in range(99)):
        "T05",
    # 16-bit floats.
    "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 0.0": "T13",
}  # fmt: skip


@pytest.mark.parametrize("line", CAUSES, ids=lambda line: CAUSES[line] + " " + line[:40])
def test_a_line_that_names_a_cause_is_evidence_without_losses(line: str, tmp_path: Path) -> None:
    found = errors(case(f"Traceback\n{line}\n", tmp_path))
    assert [one.rule for one in found] == [CAUSES[line]]
    assert found[0].certainty < Certainty.PROOF
    assert "(line 2:" in found[0].message or "(line 3:" in found[0].message
    assert found[0].fix


USUAL = [
    # The last layer of other classes is left out where a network is trained anew.
    "Variable logits/semantic/weights missing in checkpoint m.ckpt\n" * 20,
    "Variable xception_65/entry_flow/conv1_1/weights/Momentum missing in checkpoint m.ckpt\n" * 99,
    "unexpected key in source state_dict: fc.weight, fc.bias\n",
    "unexpected key in source state_dict: auxiliary_head.conv.weight\n"
    "missing keys in source state_dict: decode_head.conv_seg.weight, decode_head.conv_seg.bias\n",
    "_IncompatibleKeys(missing_keys=['classifier.weight'], unexpected_keys=['fc.weight'])\n",
    "_IncompatibleKeys(missing_keys=['classifier.w'], unexpected_keys=['aux.classifier.w'])\n",
    "_IncompatibleKeys(missing_keys=[], unexpected_keys=['aux_classifier.0.weight'])\n",
    SIZES.format(name="decode_head.conv_seg.weight", there="19, 512, 1, 1", here="2, 512, 1, 1")
    + "\n",
    # mmsegmentation's and apex' first steps.
    "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 32768.0\n" * 3,
    "Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.13GiB\n",
    "2020: W tensorflow: Summary name /clone_loss is illegal; using clone_loss instead.\n",
    "IndexError: index 2 is out of bounds for axis 1 with size 2\n",
    "IndexError: index 4 is out of bounds for dimension 1 with size 4\n",
    "Loading labels: target 3 of 5 is done\n",
]


@pytest.mark.parametrize("line", USUAL, ids=lambda line: line[:50])
def test_lines_that_are_usual_in_a_sound_training_are_no_cause(line: str, tmp_path: Path) -> None:
    assert errors(case(line + SLIM, tmp_path)) == []


@pytest.mark.parametrize("line", [one for one in CAUSES if CAUSES[one] not in ("T05", "T13")])
def test_a_program_that_went_on_after_an_error_is_no_alarm(line: str, tmp_path: Path) -> None:
    assert errors(case(f"{SLIM}{line}\n{SLIM}", tmp_path)) == []


def test_predictions_that_tell_classes_apart_outweigh_an_old_error(tmp_path: Path) -> None:
    sound = PredictionFacts(
        where="out", files=9, read=9, pixels={0: 800, 1: 100}, truth={0: 800, 1: 100},
        constant=0, brightest=1,
    )  # fmt: skip
    text = "IndexError: Target 78 is out of bounds.\n"
    assert errors(case(text, tmp_path, predictions=sound)) == []


def test_a_crop_is_rounded_up_to_what_the_original_takes(tmp_path: Path) -> None:
    (line,) = (one for one in CAUSES if CAUSES[one] == "I03")
    (found,) = errors(case(line, tmp_path))
    assert "--eval_crop_size=513,689" in found.fix
    assert "683x513" in found.message


def test_numbers_come_out_of_the_line(tmp_path: Path) -> None:
    line = "Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [21]"
    (found,) = errors(case(SLIM[:40] + "\n" + line, tmp_path))
    assert "tells 21 classes apart, and the network 2" in found.message


def test_other_files_that_are_missing_say_nothing_about_the_data(tmp_path: Path) -> None:
    assert errors(case(NO_FILE.format("report/curve.png") + "\n" + SLIM[:400], tmp_path)) == []


@pytest.mark.parametrize("end", ["0.5...", "1024.0.", "8192.0, trying again"])
def test_a_loss_scale_is_read_whatever_follows_it(end: str, tmp_path: Path) -> None:
    line = f"Gradient overflow. Skipping step, reducing loss scale to {end}\n"
    assert errors(case(SLIM + line, tmp_path)) == []


def test_numbers_longer_than_any_program_prints_are_no_error(tmp_path: Path) -> None:
    many = "9" * 6000
    lines = (
        f"Shape mismatch in tuple component 1. Expected [{many},1,3], got [1,2,3]",
        f"Received a label value of {many} which is outside the valid range of [0, {many}).",
        f"only batches of spatial targets supported (3D) but got targets of size: [{many}]",
    )
    assert errors(case("\n".join(lines), tmp_path)) == []
