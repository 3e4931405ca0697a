"""Rules about logs, commands and settings: the smallest case of each, and what must stay silent."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from segdata import rules
from segdata.evidence import (
    CaseFacts,
    LabelEvidence,
    LogFacts,
    ScriptFacts,
    Series,
    SettingsFacts,
    Trap,
)  # fmt: skip
from segdata.evidence.predictions import PredictionFacts
from segdata.evidence.scripts import Registration
from segdata.findings import Certainty, Finding, Level

LABELS = LabelEvidence(
    where="data", num_classes=2, ignore=255, names={0: "background", 1: "object"}, labels=100,
    pixels={0: 860_000, 1: 140_000}, samples={"train": 100}, sizes={(299, 299): 100},
)  # fmt: skip
H = LABELS.entropy
DEEPLAB = SettingsFacts(
    where="train.sh", tool="deeplab", variant="xception_65", dataset="mine", output_stride=16,
    atrous_rates=(6, 12, 18), decoder_output_stride=(4,), crop_size=(321, 321), batch_size=4,
    steps=30000, learning_rate=1e-4, fine_tune_batch_norm=False, initial_checkpoint="a/model.ckpt",
    said=frozenset({"dataset", "fine_tune_batch_norm"}),
)  # fmt: skip
BLACK = PredictionFacts(
    where="out", files=9, read=9, pixels={0: 900}, constant=9, brightest=0, truth={0: 800, 1: 100}
)
SOUND = replace(BLACK, pixels={0: 800, 1: 100}, constant=0)


def said(case: CaseFacts, rule: str) -> list[Finding]:
    return [found for found in rules.judge_case(case) if found.rule == rule]


def alarms(case: CaseFacts) -> list[Finding]:
    found = rules.judge_case(case)
    return [one for one in found if one.level >= Level.WARNING and one.rule != "I11"]


def log(values: list[float], **more: Any) -> LogFacts:
    points = tuple((10 * n, value) for n, value in enumerate(values, 1))
    return LogFacts(where="t.log", kind="text", loss=Series(points), **more)


def falling(end: float, *, points: int = 200, start: float = 0.7) -> list[float]:
    """Falls fast and lies flat, with a little noise."""
    return [end + (start - end) * math.exp(-n / 8) + end * 0.01 * (n % 3) for n in range(points)]


def case(**parts: Any) -> CaseFacts:
    return CaseFacts(**{"labels": LABELS, **parts})


WELL = falling(0.05 * H)


def test_a_flat_loss_at_the_entropy_means_that_photos_and_labels_do_not_match() -> None:
    flat = case(log=log(falling(0.92 * H)))
    (found,) = said(flat, "T17")
    assert found.certainty < Certainty.PROOF
    assert "batch" in " ".join(found.missing)
    unproven = replace(flat, labels=replace(LABELS, clean=False))
    assert said(unproven, "P01")
    assert not said(unproven, "T17")


@pytest.mark.parametrize(
    "values",
    [
        WELL,
        [value * (1.6 if n % 5 else 0.5) for n, value in enumerate(WELL)],
        falling(0.06 * H, points=60, start=0.2),
        falling(0.6 * H),
    ],
)
def test_a_healthy_log_raises_no_alarm(values: list[float]) -> None:
    assert alarms(case(log=log(values))) == []


def test_predictions_that_work_silence_what_the_log_hints_at() -> None:
    for values in (falling(0.92 * H), [0.69] * 100, [0.69 - n / 300 for n in range(100)]):
        assert alarms(case(log=log(values), predictions=SOUND)) == []


def test_weights_of_classes_make_the_loss_another_one() -> None:
    weighed = replace(DEEPLAB, class_weights={0: 1.0, 1: 6.0})
    assert alarms(case(log=log(falling(0.92 * H)), training=weighed)) == []


def test_a_loss_of_nothing_at_once_is_a_mask_that_was_scaled() -> None:
    values = [0.7, 0.1, 0.01, *[0.0005] * 50]
    (found,) = said(case(log=log(values)), "L09")
    assert found.level is Level.ERROR
    assert said(CaseFacts(log=log(values)), "L01")[0].missing
    assert not said(case(log=log(values), predictions=SOUND), "L09")


def test_a_loss_that_dives_and_grows_is_out_of_range_labels() -> None:
    values = [0.7 * 0.5**n for n in range(12)] + [0.01 * 1.2**n for n in range(60)]
    assert said(case(log=log(values)), "L07")


def test_a_loss_that_never_moved_is_a_rate_too_low() -> None:
    still = log([0.693] * 60, learning_rate=Series(((1, 1e-7),)))
    (found,) = said(case(log=still), "T03")
    assert found.certainty is Certainty.STRONG
    assert not said(case(log=still), "T17")


def test_a_loss_that_jumped_is_a_rate_too_high() -> None:
    jumped = case(log=log([0.69, 30.0, 5.0, *falling(1.01 * H)]))
    assert said(jumped, "T03")
    assert not said(jumped, "T17")


def test_a_loss_that_still_falls_asks_for_more_steps() -> None:
    values = [0.69 - 0.008 * n for n in range(50)]
    (found,) = said(case(log=log(values), predictions=BLACK), "T02")
    assert found.certainty is Certainty.STRONG
    assert "train longer" in found.message


def test_a_loss_that_grows_to_the_end_is_a_rate_too_high() -> None:
    grown = case(log=log([0.7 * math.exp(n / 25) for n in range(160)]))
    (found,) = said(grown, "T03")
    assert "grows" in found.message
    noisy = [0.05 + 0.05 * ((7 * n) % 11) / 11 for n in range(160)]
    assert not alarms(case(log=log(noisy)))


def test_black_after_a_loss_that_fell_far_is_no_short_training() -> None:
    values = [0.7 * math.exp(-n / 60) + 0.02 for n in range(200)]
    learned = case(log=log(values), predictions=BLACK)
    assert learned.log is not None
    assert learned.log.loss.falls
    assert not said(learned, "T02")
    (found,) = said(learned, "I11")
    assert "how it predicts" in found.fix


def test_palette_labels_are_suspected_where_one_class_is_predicted() -> None:
    labels = replace(LABELS, misread={"L03": (0, 38)})
    (found,) = said(case(labels=labels, predictions=BLACK), "L03")
    assert found.certainty is Certainty.MEDIUM
    assert "0, 38" in found.message
    (surer,) = said(case(labels=labels, predictions=BLACK, training=DEEPLAB), "L03")
    assert surer.certainty is Certainty.STRONG
    ours = replace(DEEPLAB, tool="segdata")
    for silent in (
        case(labels=labels, predictions=SOUND),
        case(labels=labels),
        case(predictions=BLACK),
        case(labels=labels, predictions=BLACK, training=ours),
    ):
        assert not said(silent, "L03")


def test_sound_labels_are_not_to_be_checked_first_where_the_loss_became_nan() -> None:
    broken = case(log=log([*WELL[:40], *[math.nan] * 10]))
    assert "segdata validate" not in said(broken, "T12")[0].fix
    assert "segdata validate" in said(replace(broken, labels=None), "T12")[0].fix


def test_nan_is_a_proof_and_16_bit_floats_its_cause() -> None:
    values = [*WELL[:40], *[math.nan] * 10]
    half = log(values, notes={"hardware": "NVIDIA GeForce GTX 1660", "mixed_precision": "amp=True"})
    assert said(case(log=log(values)), "T12")[0].certainty is Certainty.PROOF
    assert not said(case(log=log(values)), "T13")
    assert said(case(log=half), "T13")[0].certainty is Certainty.STRONG
    assert not said(case(log=replace(half, loss=log(WELL).loss)), "T13")
    recovered = case(log=log([0.7, math.inf, *WELL]))
    assert [found.level for found in said(recovered, "T12")] == [Level.INFO]


def test_nan_from_the_start_on_a_card_that_cuda_does_not_know() -> None:
    notes = {"hardware": "GeForce RTX 3080", "old_cuda": "libcudart.so.10.0"}
    assert said(case(log=log([math.nan] * 20, notes=notes)), "T14")
    assert not said(case(log=log(WELL, notes=notes)), "T14")
    assert not said(case(log=log([math.nan] * 20, notes={**notes, "hardware": "GTX 1080"})), "T14")


def test_a_checkpoint_in_the_folder_is_a_fault_only_where_training_failed() -> None:
    notes = {"init_ignored": "Ignoring initialization; other checkpoint exists"}
    (bad,) = said(case(log=log(falling(0.9 * H), notes=notes)), "T06")
    (fine,) = said(case(log=log(WELL, notes=notes)), "T06")
    assert (bad.level, fine.level) == (Level.ERROR, Level.INFO)


def test_from_random_weights_the_loss_crawls() -> None:
    notes = {"init_missing": "Not initializing the model from a checkpoint."}
    crawls = [0.75 - 0.0005 * n for n in range(100)]
    assert said(case(log=log(crawls, notes=notes)), "T05")
    assert not said(case(log=log(WELL, notes=notes)), "T05")


RARE = replace(LABELS, pixels={0: 997_000, 1: 3_000})


def test_rare_classes_are_blamed_only_where_all_else_is_sound() -> None:
    black = case(labels=RARE, predictions=BLACK)
    assert said(black, "T01")[0].certainty is Certainty.MEDIUM
    unclean = replace(black, labels=replace(RARE, clean=False))
    assert said(unclean, "T01")[0].certainty is Certainty.HINT
    assert not said(case(predictions=BLACK), "T01")
    assert not said(replace(black, predictions=SOUND), "T01")
    assert not said(replace(black, training=replace(DEEPLAB, balanced=True)), "T01")


def test_few_passes_come_before_rare_classes() -> None:
    few = case(labels=RARE, predictions=BLACK, training=replace(DEEPLAB, steps=100))
    assert said(few, "T02")[0].certainty > said(few, "T01")[0].certainty
    assert not said(replace(few, predictions=SOUND), "T02")
    assert not said(replace(few, training=DEEPLAB), "T02")


@pytest.mark.parametrize(
    ("batch", "tuned", "level"),
    [(1, True, Level.INFO), (4, None, Level.INFO), (1, False, None), (16, True, None)],
)
def test_norms_are_not_tuned_on_few_pictures(
    batch: int, tuned: bool | None, level: Level | None
) -> None:
    told = replace(DEEPLAB, batch_size=batch, fine_tune_batch_norm=tuned)
    expected = [] if level is None else [level]
    assert [found.level for found in said(case(training=told), "T04")] == expected
    useless = said(case(training=told, predictions=BLACK), "T04")
    assert [found.level for found in useless] == [Level.ERROR] * len(expected)
    assert not said(case(training=told, predictions=SOUND), "T04")


@pytest.mark.parametrize(
    ("weights", "labels", "fires"),
    [
        ({0: 0.0, 1: 1.0}, LABELS, True),
        ({1: 10.0, 2: 15.0}, LABELS, True),
        ({0: 1.0, 1: 500.0}, LABELS, True),
        ({0: 1.0, 1: 10.0}, LABELS, False),
        ({0: 1.0, 1: 330.0}, RARE, False),
        ({0: 1.0, 1: 1.0}, LABELS, False),
    ],
)
def test_weights_of_classes(weights: dict[int, float], labels: LabelEvidence, fires: bool) -> None:
    told = replace(DEEPLAB, class_weights=weights)
    assert bool(said(case(labels=labels, training=told), "T09")) == fires


@pytest.mark.parametrize(
    ("crop", "fires"),
    [((1025, 1025), True), ((33, 33), True), ((321, 321), False), ((513, 513), False)],
)
def test_crops(crop: tuple[int, int], fires: bool) -> None:
    told = replace(DEEPLAB, crop_size=crop)
    found = said(case(training=told, predictions=BLACK), "T10")
    assert bool(found) == fires
    assert all("305x305" in one.fix for one in found)
    assert not said(case(training=told, predictions=SOUND), "T10")


def test_mining_of_few_pixels_from_the_first_step() -> None:
    hard = replace(DEEPLAB, top_k=0.01)
    assert said(case(training=hard, predictions=BLACK), "T11")
    assert not said(case(training=replace(hard, hard_mining_steps=2500), predictions=BLACK), "T11")
    assert not said(case(training=replace(hard, top_k=0.25), predictions=BLACK), "T11")


def script(act: Any = "train", *, traps: tuple[Trap, ...] = (), **changes: Any) -> ScriptFacts:
    told = replace(DEEPLAB, **changes)
    return ScriptFacts(
        where="a.sh, line 1", act=act, settings=told, traps=traps, command=f"python {act}.py"
    )


def test_a_flag_read_wrongly_is_a_proof_and_an_old_list_a_doubt() -> None:
    spaced = Trap("spaces", "--a = False", "reads True", "--a=False")
    old = Trap("repeated flag", "--c=1 --c=1", "reads the last", "--c=1,1")
    (sure,) = said(case(scripts=(script(traps=(spaced, old)),)), "T07")
    (doubt,) = said(case(scripts=(script(traps=(old,)),)), "T07")
    assert (sure.level, sure.certainty) == (Level.ERROR, Certainty.PROOF)
    assert (doubt.level, doubt.certainty) == (Level.INFO, Certainty.MEDIUM)
    assert sure.fix.endswith("\npython train.py")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("C03", {"variant": "mobilenet_v2"}),
        ("C04", {"decoder_output_stride": ()}),
        ("C05", {"atrous_rates": ()}),
        ("C05", {"output_stride": 8}),
    ],
)
def test_a_command_that_builds_another_network(rule: str, changes: dict[str, Any]) -> None:
    (found,) = said(case(scripts=(script(), script("vis", **changes))), rule)
    assert "--" in found.fix


def test_twice_the_rates_at_half_the_stride_are_the_same_network() -> None:
    used = script("eval", output_stride=8, atrous_rates=(12, 24, 36))
    assert alarms(case(scripts=(script(), used))) == []


@pytest.mark.parametrize(
    ("classes", "given", "fires"), [(21, set(), True), (2, {"num_classes"}, False)]
)
def test_an_export_without_its_classes(classes: int, given: set[str], fires: bool) -> None:
    used = script("export", num_classes=classes, said=frozenset(given))
    found = said(case(scripts=(script(), used)), "C06")
    assert bool(found) == fires
    assert all("--num_classes=2" in one.fix for one in found)


def test_masks_divided_by_255_are_right_where_they_are_painted_so() -> None:
    trap = Trap("masks scaled", "mask / 255", "ids become 0", "leave them", 3)
    code = (replace(script(traps=(trap,)), command=""),)
    assert said(case(scripts=code), "L09")[0].certainty is Certainty.STRONG
    painted = replace(LABELS, pixels={0: 9, 255: 1}, ignore=None)
    assert not said(case(scripts=code, labels=painted), "L09")
    assert [one.level for one in said(CaseFacts(scripts=code), "L09")] == [Level.INFO]


@pytest.mark.parametrize(
    ("labels", "classes", "fires"),
    [
        (LABELS, 2, True),
        (replace(LABELS, ignore=0), 2, False),
        (replace(LABELS, pixels={1: 9, 2: 9}, num_classes=3), 2, False),
        (replace(LABELS, num_classes=3), 2, False),
    ],
)
def test_reduce_zero_label(labels: LabelEvidence, classes: int, fires: bool) -> None:
    told = SettingsFacts(
        where="c.py", tool="mmseg", num_classes=classes, reduce_zero_label=True, ignore=255
    )
    assert bool(said(case(labels=labels, training=told), "D05")) == fires


def test_the_default_data_set_with_other_labels() -> None:
    default = replace(DEEPLAB, dataset="pascal_voc_seg", said=frozenset())
    assert said(case(training=default), "D06")
    assert not said(case(training=default, labels=replace(LABELS, num_classes=21)), "D06")
    assert not said(case(training=DEEPLAB), "D06")


def registering(file: str, **told: Any) -> ScriptFacts:
    one = Registration("mine", told.get("classes", 2), 255, told.get("sizes", {}), "segm" in file)
    return replace(script("other"), where=file, registers=(one,))


def test_registered_in_the_file_that_is_not_read() -> None:
    old = registering("datasets/segmentation_dataset.py")
    new = replace(registering("datasets/data_generator.py"), registers=())
    assert said(case(scripts=(old, new)), "D07")[0].certainty is Certainty.PROOF
    assert said(case(scripts=(old,)), "D07")[0].level is Level.INFO
    both = (old, registering("datasets/data_generator.py"))
    assert not said(case(scripts=both), "D07")


def test_sizes_and_classes_of_a_registration() -> None:
    wrong = registering("datasets/data_generator.py", sizes={"train": 7}, classes=1)
    found = case(scripts=(wrong,))
    assert [one.level for one in said(found, "D08")] == [Level.INFO]
    assert said(found, "D01")
    right = registering("datasets/data_generator.py", sizes={"train": 100})
    assert alarms(case(scripts=(right,))) == []


def test_a_sound_command_raises_no_alarm() -> None:
    assert alarms(case(training=DEEPLAB, scripts=(script(), script("vis")))) == []


def test_rare_objects_of_sound_labels_are_a_note_before_training() -> None:
    (note,) = said(case(labels=RARE), "T01")
    assert (note.level, note.certainty) == (Level.INFO, Certainty.HINT)
    assert "background" in note.message
    assert not said(case(), "T01")
    assert not said(case(labels=replace(RARE, clean=False)), "T01")
    assert not said(case(labels=RARE, training=replace(DEEPLAB, balanced=True)), "T01")
    assert not said(case(labels=RARE, log=log(WELL)), "T01")
    assert not said(case(labels=RARE, predictions=SOUND), "T01")


FROM_NOTHING = replace(DEEPLAB, initial_checkpoint=None, num_classes=11)
# Fault catalogue, T05.
CRAWLS = [5.8 - 1.1 * n / 600 for n in range(600)]


def test_a_loss_that_stays_far_above_knowing_nothing_began_with_random_weights() -> None:
    crawls = case(log=log(CRAWLS, with_decay=True), training=FROM_NOTHING)
    (found,) = (one for one in said(crawls, "T05") if one.level >= Level.WARNING)
    assert "ln(11) = 2.4" in found.message


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        (CRAWLS, {"initial_checkpoint": "a/model.ckpt"}),
        (CRAWLS, {"class_weights": {0: 1.0, 1: 9.0}}),
        (CRAWLS, {"top_k": 0.25}),
        (CRAWLS, {"tool": "pytorch"}),
        # Too early to tell.
        (CRAWLS[:100], {}),
        # A sum of three losses begins at three times ln(11), and falls.
        (falling(3.6, points=600, start=7.2), {}),
        # Two classes, and a weight decay of 1.
        (falling(1.15, points=600, start=1.7), {"num_classes": 2}),
        # Frequencies are learned.
        (falling(2.2, points=600, start=2.9), {}),
    ],
)
def test_losses_that_are_high_for_other_reasons_began_with_nothing_wrong(
    values: list[float], changes: dict[str, Any]
) -> None:
    told = replace(FROM_NOTHING, **changes)
    found = said(case(log=log(values, with_decay=True), training=told), "T05")
    assert not [one for one in found if one.level >= Level.WARNING]


def test_the_end_of_a_curve_does_not_say_that_it_crawls() -> None:
    points = tuple((50_000 + 10 * n, value) for n, value in enumerate(CRAWLS))
    late = LogFacts(where="t.log", kind="text", loss=Series(points), with_decay=True)
    found = said(case(log=late, training=FROM_NOTHING), "T05")
    assert not [one for one in found if one.level >= Level.WARNING]
