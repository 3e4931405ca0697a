"""Rules about code: labels as it reads them, and predicting code beside training code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from segdata import rules
from segdata.evidence import (
    BatchFacts,
    CaseFacts,
    LabelEvidence,
    ScriptFacts,
    SettingsFacts,
    Tensor,
    Trap,
    WeightFacts,
)
from segdata.evidence.label_fit import LabelFit
from segdata.evidence.picture_reads import PictureRead, Step
from segdata.evidence.predictions import PredictionFacts
from segdata.findings import Certainty, Finding, Level
from segdata.rules.code.as_read import labels_as_read, settled

PAINTED = LabelEvidence(
    where="data", num_classes=2, ignore=255, labels=9, pixels={0: 700}, holding={0: 9, 255: 9},
    sizes={(10, 10): 9}, clean=False,
)  # fmt: skip
IDS = replace(PAINTED, pixels={0: 700, 1: 200}, holding={0: 9, 1: 9}, clean=True)
L01 = Finding(rule="L01", level=Level.ERROR, certainty=Certainty.PROOF, message="255 is ignored")
L14 = Finding(rule="L14", level=Level.WARNING, certainty=Certainty.PROOF, message="16 bits")
MASK = PictureRead(what="mask", reader="pillow", text="Image.open(p)", line=3)
PHOTO = PictureRead(what="photo", reader="pillow", text="open", line=2, beside_mask=True)
DIVIDED = Step("divided", "m / 255", 4)
BLACK = PredictionFacts(where="out", files=9, read=9, pixels={0: 900}, constant=9, brightest=0)


def code(
    *pictures: PictureRead, act: Any = "train", traps: tuple[Trap, ...] = (), **told: Any
) -> ScriptFacts:
    settings = SettingsFacts(where="a.py", tool="pytorch", **told)
    return ScriptFacts(where="a.py", act=act, settings=settings, traps=traps, pictures=pictures)


def case(*scripts: ScriptFacts, labels: LabelEvidence = IDS, **more: Any) -> CaseFacts:
    return CaseFacts(labels=labels, scripts=scripts, **more)


def said(facts: CaseFacts, rule: str) -> list[Finding]:
    return [found for found in rules.judge_case(facts) if found.rule == rule]


@pytest.mark.parametrize(
    ("step", "holding", "level"),
    [
        (DIVIDED, {0: 9, 255: 9}, Level.INFO),
        (Step("of 255", "m[m == 255] = 1", 4), {0: 9, 255: 9}, Level.INFO),
        (Step("of 255", "m[m == 255] = 1", 4), {0: 9, 1: 4, 255: 5}, Level.INFO),
        (Step("threshold", "m > 127", 4, 127), {0: 9, 255: 9}, Level.INFO),
        (Step("threshold", "m > 127", 4, 127), {0: 9, 1: 4, 255: 5}, Level.ERROR),
        (DIVIDED, {0: 9, 1: 4, 255: 5}, Level.ERROR),
        (DIVIDED, {0: 9, 2: 4, 255: 5}, Level.ERROR),
        (Step("smooth", "m.resize()", 4), {0: 9, 255: 9}, Level.ERROR),
    ],
)
def test_masks_of_0_and_255_are_right_where_code_makes_one_of_255(
    step: Step, holding: dict[int, int], level: Level
) -> None:
    facts = case(code(MASK.then(step)), labels=replace(PAINTED, holding=holding))
    (found,) = settled([L01], facts)
    assert found.level is level


def test_labels_are_taken_as_the_code_makes_them() -> None:
    facts = case(code(MASK.then(DIVIDED)), labels=PAINTED)
    labels = labels_as_read(facts, settled([L01], facts))
    assert labels is not None
    assert (labels.pixels, labels.ignore, labels.clean) == ({0: 700, 1: 200}, None, True)
    assert labels_as_read(case(code(MASK), labels=PAINTED), [L01]) == PAINTED
    assert not said(facts, "L09")


@pytest.mark.parametrize(
    ("reader", "level"),
    [("pillow", Level.INFO), ("opencv stored", Level.INFO), ("other", Level.WARNING)],
)
def test_labels_of_16_bits_are_right_where_code_reads_what_is_stored(
    reader: Any, level: Level
) -> None:
    facts = case(code(replace(MASK, reader=reader)))
    (found,) = settled([L14], facts)
    assert found.level is level


@pytest.mark.parametrize(
    ("rule", "read", "fires"),
    [
        ("L14", replace(MASK, reader="opencv", grey=True), True),
        ("L14", replace(MASK, reader="tensorflow", grey=True), True),
        ("L14", replace(MASK, grey=True), False),
        ("L15", replace(MASK, reader="opencv", grey=True), True),
        ("L15", replace(MASK, reader="opencv", grey=True).then(DIVIDED), False),
        ("L15", replace(MASK, grey=True), True),
        ("L15", MASK, False),
        ("L03", replace(MASK, reader="opencv", grey=True), True),
        ("L03", replace(MASK, grey=True), True),
        ("L03", MASK, False),
    ],
)
def test_code_that_misreads_how_labels_are_stored(
    rule: str, read: PictureRead, fires: bool
) -> None:
    facts = case(code(read), labels=replace(IDS, misread={rule: (0, 38)}))
    found = said(facts, rule)
    assert [one.certainty for one in found] == [Certainty.STRONG] * fires
    assert bool(settled([replace(L14, rule=rule)], facts)) != fires


def test_a_threshold_above_all_ids_empties_labels() -> None:
    above = code(MASK.then(Step("threshold", "m > 127", 4, 127)))
    assert said(case(above), "L09")[0].level is Level.ERROR
    assert not said(case(above, labels=PAINTED), "L09")
    assert not said(case(code(MASK.then(Step("threshold", "m > 0", 4, 0)))), "L09")


def test_predicting_code_that_prepares_photos_otherwise() -> None:
    learned = PHOTO.then(DIVIDED).then(Step("normalized", "(x - MEAN) / STD", 5))
    training = code(learned, MASK)
    same = replace(learned, beside_mask=False, fed=True)
    raw, twice = replace(same, steps=()), same.then(DIVIDED)
    assert not said(case(training, code(same, act="predict")), "I01")
    for other in (raw, twice):
        (found,) = said(case(training, code(other, act="predict")), "I01")
        assert found.level is Level.INFO
    hidden = raw.then(Step("unknown", "prepare(x)", 4))
    assert not said(case(training, code(hidden, act="predict")), "I01")
    swapped = case(training, code(replace(same, swapped=True), act="predict"))
    assert said(swapped, "I02")
    assert not said(case(training, code(same, act="predict")), "I02")
    wrong = replace(BLACK, fit=LabelFit(9, {(0, 0): 700, (1, 0): 200}, {0: 700, 1: 200}))
    (bad,) = said(replace(swapped, predictions=replace(wrong, pixels={0: 9})), "I02")
    assert (bad.level, bad.certainty) == (Level.ERROR, Certainty.STRONG)


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("V03", "probabilities cut"),
        ("I04", "scores as probabilities"),
        ("I05", "wrong axis"),
        ("C01", "not loaded"),
        ("C02", "not strict"),
        ("C08", "not evaluating"),
        ("T18", "no step"),
        ("T03", "rate"),
    ],
)
def test_code_is_a_hint_until_the_network_proves_useless(rule: str, kind: str) -> None:
    odd = code(traps=(Trap(kind, "text", "effect", "mend", 7),))
    assert [found.level for found in said(case(odd), rule)] == [Level.INFO]
    assert [one.level for one in said(case(odd, predictions=BLACK), rule)] == [Level.ERROR]
    works = replace(BLACK, pixels={0: 700, 1: 200}, constant=0)
    assert not [f for f in said(case(odd, predictions=works), rule) if f.level > Level.INFO]


def test_ids_times_255_are_right_for_two_classes() -> None:
    odd = code(traps=(Trap("ids stretched", "p * 255", "effect", "mend", 7),))
    assert not said(case(odd), "V04")
    assert said(case(odd, labels=replace(IDS, num_classes=3)), "V04")


DEEPLAB = SettingsFacts(
    where="t.sh", tool="deeplab", dataset="mine", batch_size=16, steps=30000, learning_rate=0.007,
    initial_checkpoint="a/xception_65/model.ckpt", initialize_last_layer=False,
    fine_tune_batch_norm=True, said=frozenset({"dataset"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("T02", {"steps": 1000, "batch_size": 1}),
        ("T03", {"learning_rate": 1.0}),
        ("T03", {"learning_rate": 1e-9}),
        ("T05", {"initial_checkpoint": "init/deeplabv3_pascal_train_aug"}),
        ("T08", {"initial_checkpoint": "a/deeplabv3_pascal_train_aug/model.ckpt",
                 "initialize_last_layer": True}),
        ("T09", {"class_weights": {0: 0.0, 1: 1.0}}),
        ("T09", {"class_weights": {0: 1.0, 1: 5000.0}}),
        ("D06", {"dataset": "pascal_voc_seg", "said": frozenset()}),
    ],
)  # fmt: skip
def test_a_setting_that_is_odd_in_itself_is_a_hint(rule: str, changes: dict[str, Any]) -> None:
    told = CaseFacts(training=replace(DEEPLAB, **changes))
    assert [found.level for found in said(told, rule)] == [Level.INFO]
    useless = replace(told, predictions=BLACK)
    assert Level.ERROR in [found.level for found in said(useless, rule)]
    assert [f.rule for f in rules.judge_case(CaseFacts(training=DEEPLAB))] == []


def test_the_data_set_whose_0_is_nothing_may_be_lowered_by_one() -> None:
    told = SettingsFacts(where="c.py", tool="mmseg", num_classes=150, reduce_zero_label=True)
    ade = replace(IDS, num_classes=150, pixels={0: 30, 1: 500, 150: 20})
    assert not said(CaseFacts(labels=ade, training=told), "D05")
    meant = replace(ade, pixels={0: 700, 1: 200, 149: 20})
    assert said(CaseFacts(labels=meant, training=told), "D05")


def test_the_ignore_label_of_the_training_is_no_class_that_a_network_lacks() -> None:
    weights = WeightFacts(where="w", kind="segdata", classes=9)
    labels = replace(IDS, num_classes=10, ignore=255, pixels={0: 9, 8: 9, 9: 9})
    told = SettingsFacts(where="run", tool="segdata", ignore=9)
    assert not said(CaseFacts(labels=labels, weights=weights, training=told), "C10")
    assert said(CaseFacts(labels=labels, weights=weights), "C10")


def test_a_few_unnamed_pixels_of_0_may_be_left_out_on_purpose() -> None:
    told = SettingsFacts(where="c.py", tool="mmseg", num_classes=150, reduce_zero_label=True)
    few = replace(IDS, num_classes=150, pixels={0: 30, 6: 500, 129: 20})
    assert [f.level for f in said(CaseFacts(labels=few, training=told), "D05")] == [Level.INFO]
    ade = replace(told, dataset="ADE20KDataset")
    assert not said(CaseFacts(labels=few, training=ade), "D05")
    named = replace(few, names={0: "wall"})
    assert [f.level for f in said(CaseFacts(labels=named, training=told), "D05")] == [Level.ERROR]


BATCH = BatchFacts(
    where="b.npz", image_shape=(8, 3, 9, 9), label_shape=(8, 9, 9), image_type="float32",
    label_type="int64", image_low=-2, image_high=2, image_mean=0, image_deviation=1, images=8,
    label_values={0: 300, 255: 348},
)  # fmt: skip


def test_a_batch_whose_labels_are_lowered_by_one() -> None:
    assert said(CaseFacts(labels=IDS, batch=BATCH), "D05")
    padded = replace(BATCH, label_values={0: 300, 1: 40, 255: 308})
    assert not said(CaseFacts(labels=IDS, batch=padded), "D05")
    void = replace(IDS, holding={0: 9, 1: 9, 255: 9})
    assert not said(CaseFacts(labels=void, batch=BATCH), "D05")


def test_one_channel_with_a_softmax_is_a_proof_and_with_a_sigmoid_none() -> None:
    weights = WeightFacts(where="m.h5", kind="keras", classes=1, activation="softmax")
    (found,) = said(CaseFacts(weights=weights), "D09")
    assert found.certainty is Certainty.PROOF
    (hint,) = said(CaseFacts(weights=replace(weights, activation="sigmoid")), "D09")
    assert hint.level is Level.INFO


def test_skipped_checkpoints_are_told() -> None:
    weights = WeightFacts(where="run", kind="segdata", step=200, skipped=("run/step-300",))
    (found,) = said(CaseFacts(weights=weights), "C11")
    assert found.level is Level.WARNING
    assert "run/step-300" in found.message
    assert not said(CaseFacts(weights=replace(weights, skipped=())), "C11")


def test_a_network_of_one_or_two_more_classes_is_a_hint() -> None:
    weights = WeightFacts(where="w.pth", kind="pytorch", classes=4)
    (found,) = said(CaseFacts(labels=IDS, weights=weights), "C10")
    assert (found.level, found.certainty) == (Level.INFO, Certainty.HINT)


def test_loaders_of_one_project_that_differ_prove_nothing() -> None:
    grey = replace(MASK, reader="opencv", grey=True)
    labels = replace(IDS, misread={"L14": (0,)})
    facts = case(code(MASK), code(grey), labels=labels)
    assert not said(facts, "L14")
    assert settled([L14], facts) == [L14]
    divides = code(MASK, traps=(Trap("masks scaled", "m / 255", "effect", "mend", 7),))
    assert said(case(divides), "L09")[0].level is Level.ERROR
    assert said(case(divides, code(replace(MASK, used=True))), "L09")[0].level is Level.INFO


def counter(name: str, batches: float) -> Tensor:
    return Tensor(f"{name}.num_batches_tracked", (), 1.0, batches, batches, batches, 0.0)


def test_layers_that_never_saw_a_picture_beside_others_that_did() -> None:
    def said_of(*tensors: Tensor, **more: Any) -> list[Finding]:
        weights = WeightFacts(where="w.pth", kind="pytorch", tensors=tensors)
        return said(CaseFacts(weights=weights, **more), "C02")

    partly = counter("enc", 60), counter("head", 0)
    assert [f.level for f in said_of(*partly)] == [Level.INFO]
    assert [f.level for f in said_of(*partly, predictions=BLACK)] == [Level.ERROR]
    assert not said_of(counter("enc", 60), counter("head", 60))
    # Frozen norms count nothing at all, and auxiliary heads are often left as they are.
    assert not said_of(counter("enc", 0), counter("head", 0))
    assert not said_of(counter("enc", 60), counter("aux_classifier.1", 0))


def test_a_division_that_is_not_seen_on_the_way_counts_too() -> None:
    hidden = MASK.then(Step("unknown", "transform(mask)", 4))
    scaled = Trap("masks scaled", "mask / 255", "effect", "mend", 7)
    (found,) = settled([L01], case(code(hidden, traps=(scaled,)), labels=PAINTED))
    assert found.level is Level.INFO
    (kept,) = settled([L01], case(code(hidden), labels=PAINTED))
    assert kept == L01


def test_how_code_reads_decides_whether_storage_explains_black_predictions() -> None:
    labels = replace(IDS, misread={"L14": (0,)})
    unknown = case(labels=labels, predictions=BLACK)
    assert [f.certainty for f in said(unknown, "L14")] != []
    stored = case(code(MASK), labels=labels, predictions=BLACK)
    assert said(stored, "L14") == []
    decoded = case(code(replace(MASK, reader="opencv", grey=True)), labels=labels,
                   predictions=BLACK)  # fmt: skip
    (found,) = said(decoded, "L14")
    assert (found.level, found.certainty) == (Level.ERROR, Certainty.STRONG)
