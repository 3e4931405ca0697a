"""Rules about what frameworks print when weights do not fit the network."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from segdata.findings import Certainty
from segdata.rules import Statement
from segdata.rules.outcome import outcome
from segdata.rules.printed.lines import Told, numbers_of, speaks_for, stated

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts
    from segdata.evidence.log_messages import Message

# A whole backbone has hundreds of variables; a few may be missing in any.
_BACKBONE = 10
# Of the keys that are missing, so many have to be there with a prefix.
_MOST = 0.5
# What wrappers put before names: DataParallel, Lightning, torch.compile, and people's own. Of other
# prefixes only many names are none by chance: a last layer may stand under ``aux.`` as well.
_WRAPPERS, _MANY = ("module.", "model.", "net.", "network.", "_orig_mod.", "module.model."), 8
_VARIANTS = (("MobilenetV2", "mobilenet_v2"), ("xception_", "xception_65"), ("resnet_v1", "resnet"))
# What an optimizer keeps.
_OF_OPTIMIZER = re.compile(r"Momentum|Adam|RMSProp|power$|ExponentialMovingAverage|global_step")
_LAST_LAYER = (
    "--initialize_last_layer=False --last_layers_contain_logits_only=True, and train into a new, "
    "empty folder"
)


@speaks_for("T08", "C10", "C03")
def shapes_differ(case: CaseFacts) -> Told:
    """A layer of the checkpoint has another shape than the network's."""
    log = case.log
    if log is None:
        return
    if (line := log.messages.get("shapes")) is not None:
        yield _of_shapes(case, line, began="Restoring" not in log.notes.get("restored", ""))
    if (line := log.messages.get("size mismatch")) is not None:
        # mmsegmentation tells it and goes on: usual where a network is trained on other classes.
        raised = "state dict" in log.messages or "RuntimeError" in line.text
        if raised or not log.loss.points:
            yield _of_shapes(case, line, began=False)


def _of_shapes(case: CaseFacts, line: Message, *, began: bool) -> tuple[str, Statement]:
    network, checkpoint = (numbers_of(line.values[key]) for key in ("network", "checkpoint"))
    differing = [(a, b) for a, b in zip(network, checkpoint, strict=False) if a != b]
    if len(network) == len(checkpoint) and len(differing) == 1 and any(n % 8 for n in differing[0]):
        here, there = differing[0]
        what = f"the checkpoint tells {there} classes apart, and the network {here}"
        if began:
            return "T08", stated(case, line, what, Certainty.STRONG, _LAST_LAYER)
        fix = (
            "train the last layer anew (leave it out of the weights that are loaded), or use the "
            f"checkpoint that was trained on {here} classes"
        )
        return "C10", stated(case, line, what, Certainty.STRONG, fix)
    what = f"a layer is {checkpoint} in the checkpoint and {network} in the network"
    fix = "build the network as it was trained: --model_variant, --decoder_output_stride, classes"
    return "C03", stated(case, line, what, Certainty.MEDIUM, fix)


@speaks_for("C02")
def keys_with_another_prefix(case: CaseFacts) -> Told:
    """The keys that are missing are there, with a prefix."""
    messages = case.log.messages if case.log is not None else {}
    missing, unexpected = messages.get("missing keys"), messages.get("unexpected keys")
    if missing is None or unexpected is None:
        return
    wanted, there = _names(missing), _names(unexpected)
    prefix = _prefix(wanted, there)
    if prefix is None:
        return
    yield "C02", stated(
        case, missing, f"nothing was loaded into {len(wanted)} layers or more: their names differ "
        f"by {prefix!r} from those in the checkpoint, such as {there[0]}",
        Certainty.STRONG, f"take {prefix!r} off the names (or put it before), and load with "
        "strict=True",
    )  # fmt: skip


def _prefix(wanted: list[str], there: list[str]) -> str | None:
    """What stands before all names in one of the lists and not in the other."""
    for short, long in ((wanted, there), (there, wanted)):
        ends = next((n for n in long if short and n.endswith("." + short[0])), None)
        if ends is None:
            continue
        prefix = ends.removesuffix(short[0])
        matched = {prefix + name for name in short} & set(long)
        sure = prefix in _WRAPPERS or len(matched) >= _MANY
        if sure and len(matched) >= _MOST * len(wanted):
            return prefix
    return None


@speaks_for("C03", "C05")
def variable_not_found(case: CaseFacts) -> Told:
    """The network asks for a variable that the checkpoint does not have."""
    line = case.log.messages.get("key not found") if case.log is not None else None
    if line is None or _OF_OPTIMIZER.search(line.values["name"]):
        return
    name = line.values["name"]
    if re.match(r"(?:decoder|aspp\d)", name):
        flag = "decoder_output_stride" if name.startswith("decoder") else "atrous_rates"
        yield "C05", stated(
            case, line, f"the network has a part that the checkpoint was trained without: {name}",
            Certainty.STRONG, f"give --{flag} as in training",
        )  # fmt: skip
        return
    variant = next((v for start, v in _VARIANTS if name.startswith(start)), None)
    asked = f"of {variant}, which the checkpoint is not" if variant else "of another network"
    yield "C03", stated(
        case, line, f"the command builds a network {asked}: {name} is not in the checkpoint",
        Certainty.STRONG if variant else Certainty.MEDIUM,
        "give --model_variant as in training (its default is mobilenet_v2)",
    )  # fmt: skip


@speaks_for("T05")
def backbone_not_in_checkpoint(case: CaseFacts) -> Told:
    """The initial checkpoint has not the variables of the backbone."""
    line = case.log.messages.get("backbone missing") if case.log is not None else None
    if line is None or line.count < _BACKBONE or outcome(case) == "works":
        return
    # It is said before the training, which goes on with random weights.
    yield "T05", stated(
        case, replace(line, losses_after=0), f"{line.count} variables of the backbone are not in "
        "the initial checkpoint, and began with random weights",
        Certainty.STRONG, "give the checkpoint of the same --model_variant",
    )  # fmt: skip


def _names(line: Message) -> list[str]:
    text = line.values.get("names") or line.values.get("more", "")
    return [name for part in text.split(",") if (name := part.strip(" '\"[].)\t"))]
