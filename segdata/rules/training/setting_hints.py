"""Rules about settings that are odd whatever the data: hints, until the network proves useless."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further
from segdata.rules.outcome import graded, samples
from segdata.rules.told import trainings

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, ScriptFacts, SettingsFacts

# train.py's own default shows 240000 pictures; the first reported black runs, some thousands.
_FEW_SHOWN = 5000
# Fault catalogue, T03: 1e-4 to 7e-3 are DeepLab's; mmsegmentation's are up to 0.1 with momentum.
_LEAST_RATE = 1e-7
_MOST_RATE = {"deeplab": 0.1, "mmseg": 1.0}
# Fault catalogue, T09: weights of more than 100 to 1; 500 was cured with 5.
_RATIO = 100
_STOCK = frozenset({"pascal_voc_seg", "cityscapes", "ade20k"})
_DEFAULT, _VOC = "pascal_voc_seg", 21
# What the original's checkpoints of other classes are called.
_OF_OTHERS = ("pascal", "voc", "cityscapes", "ade20k", "coco")


@further("T02")
def few_pictures_shown(case: CaseFacts) -> Iterator[Statement]:
    """The command shows few pictures in all, however many there are."""
    for told in _of(case, "deeplab"):
        steps, batch = told.steps, told.batch_size
        if not steps or not batch or samples(case) or steps * batch >= _FEW_SHOWN:
            continue
        message = f"{steps} steps of {batch} show {steps * batch} pictures in all"
        yield from _hint(case, told, message, "--training_number_of_steps=30000")


@further("T03")
def rate_told(case: CaseFacts) -> Iterator[Statement]:
    """The learning rate of the settings is far off."""
    for told in _of(case, "deeplab", "mmseg"):
        rate = told.learning_rate
        if rate is None or _LEAST_RATE < rate < _MOST_RATE[told.tool]:
            continue
        far = "high: weights are thrown off" if rate > 1e-3 else "low: nothing is learned"
        usual = "1e-4 to fine-tune, 7e-3 with batches of 16" if told.tool == "deeplab" else "0.01"
        yield from _hint(case, told, f"a learning rate of {rate:g} is far too {far}", usual)


@further("T05")
def folder_for_a_checkpoint(case: CaseFacts) -> Iterator[Statement]:
    """The initial checkpoint is named as a folder is."""
    for told in _of(case, "deeplab"):
        last = (told.initial_checkpoint or "").rstrip("/").rpartition("/")[2]
        if not last or "." in last or "ckpt" in last or "$" in last or "%" in last:
            continue
        message = f"--tf_initial_checkpoint={told.initial_checkpoint} looks like a folder"
        fix = f"the prefix of its files: {told.initial_checkpoint}/model.ckpt"
        yield from _hint(case, told, message, fix)


@further("T08")
def last_layer_of_a_stock_checkpoint(case: CaseFacts) -> Iterator[Statement]:
    """The last layer is restored from a checkpoint that is called as one of other classes."""
    for told in _of(case, "deeplab"):
        given = (told.initial_checkpoint or "").lower().replace("\\", "/")
        name = "/".join(given.split("/")[-2:])
        other = next((one for one in _OF_OTHERS if one in name), None)
        own = "dataset" in told.said and told.dataset not in _STOCK
        if other is None or not own or told.initialize_last_layer is False:
            continue
        unsaid = "" if "initialize_last_layer" in told.said else ", its default,"
        message = (
            f"--initialize_last_layer is true{unsaid} and the initial checkpoint, {name}, tells "
            f"other classes apart than {told.dataset}"
        )
        fix = "--initialize_last_layer=False --last_layers_contain_logits_only=True"
        yield from _hint(case, told, message, fix)


@further("T09")
def odd_weights(case: CaseFacts) -> Iterator[Statement]:
    """A class weighs nothing, or more than a hundred times as much as another."""
    for told in trainings(case):
        weights = told.class_weights or {}
        if case.labels is not None or len(set(weights.values())) < 2:
            continue
        none = [i for i, weight in weights.items() if weight == 0]
        some = [weight for weight in weights.values() if weight > 0]
        if not none and (not some or max(some) <= _RATIO * min(some)):
            continue
        message = (
            f"class {none[0]} weighs 0: whatever is predicted in its place costs nothing"
            if none
            else f"weights go from {min(some):g} to {max(some):g}: the heavy class is predicted "
            "everywhere"
        )
        fix = "the square root of 1 / share of each class, at most 10 to 1"
        yield from _hint(case, told, message, fix)


@further("D06")
def no_dataset_named(case: CaseFacts) -> Iterator[Statement]:
    """The command names no data set, so PASCAL VOC is meant."""
    for told in _of(case, "deeplab"):
        if "dataset" in told.said or told.dataset != _DEFAULT or case.labels is not None:
            continue
        message = f"without --dataset the training is of {_DEFAULT} with {_VOC} classes"
        fix = "--dataset=NAME of your own, registered in datasets/data_generator.py"
        yield from _hint(case, told, message, fix)


@further("D03")
def ignored_class_registered(case: CaseFacts) -> Iterator[Statement]:
    """The code is told to ignore 0."""
    for script in case.scripts:
        for one in script.registers:
            if case.labels is not None or one.ignore != 0 or not one.num_classes:
                continue
            yield from _hint(
                case, script, f"ignore_label of {one.name} is 0, as a rule the background: the "
                "loss never sees it", "ignore_label=255, unless 0 is what nobody labelled",
            )  # fmt: skip


@further("C06")
def export_of_another_data_set(case: CaseFacts) -> Iterator[Statement]:
    """The export leaves 21 classes, and the training is of a data set of one's own."""
    trained = next(_of(case, "deeplab"), None)
    if trained is None or case.weights is not None or case.labels is not None:
        return
    if "dataset" not in trained.said or trained.dataset in _STOCK or trained.num_classes:
        return
    for script in case.scripts:
        if script.act == "export" and "num_classes" not in script.settings.said:
            yield from _hint(
                case, script, f"export builds a network of {_VOC} classes, its default, and "
                f"{trained.dataset} was trained", "--num_classes=N, as many as were trained",
            )  # fmt: skip


@further("D05")
def zero_label_reduced_alone(case: CaseFacts) -> Iterator[Statement]:
    """reduce_zero_label is on, and the configuration names a background."""
    yield from _trap(case, "zero label reduced")


@further("T16")
def mean_of_another_scale(case: CaseFacts) -> Iterator[Statement]:
    """Mean and deviation of 0 to 1 are applied to 0 to 255."""
    yield from _trap(case, "mean of 0 to 1")


@further("D10")
def classes_in_another_order(case: CaseFacts) -> Iterator[Statement]:
    """The configuration lists its classes in several orders."""
    yield from _trap(case, "other order")


def _trap(case: CaseFacts, kind: str) -> Iterator[Statement]:
    for script in case.scripts:
        for trap in (trap for trap in script.traps if trap.kind == kind):
            yield from _hint(case, script, f"{trap.text}: {trap.effect}", trap.corrected)
            return


def _hint(
    case: CaseFacts, told: SettingsFacts | ScriptFacts, message: str, fix: str
) -> Iterator[Statement]:
    level = graded(case, unknown=Level.INFO)
    if level is not None:
        yield Statement(
            message=message,
            certainty=Certainty.MEDIUM if level is Level.ERROR else Certainty.HINT,
            level=level,
            path=told.where,
            evidence={"told_in": told.where},
            fix=fix,
            missing=("the predictions or the log: whether the network learned anything",),
        )


def _of(case: CaseFacts, *tools: str) -> Iterator[SettingsFacts]:
    yield from (told for told in trainings(case) if told.tool in tools)
