"""Python code that trains, loads or predicts: Keras, PyTorch, or no network's at all."""

from __future__ import annotations

import ast
import re

from segdata.evidence.script_files.code import Code, keyword, last_name, words_of
from segdata.evidence.script_files.generators import generator_reads
from segdata.evidence.script_files.loaders import loader_traps, scaled_masks
from segdata.evidence.script_files.pictures import follow
from segdata.evidence.script_files.predict_code import prediction_traps
from segdata.evidence.script_files.training_code import training_traps, weights_of_classes
from segdata.evidence.scripts import Act, ScriptFacts, Trap
from segdata.evidence.settings import SettingsFacts

_KERAS = re.compile(r"\b(?:keras|tensorflow)\b")
_TORCH = re.compile(r"\b(?:torch|pytorch_lightning|lightning)\b")
_SMP = re.compile(r"\bsegmentation_models_pytorch\b")
# 16-bit floats whose range is small; bfloat16 has that of 32 bits.
_HALF = re.compile(r"\b(?:autocast|GradScaler|mixed_float16)\b|precision\s*=\s*['\"]?16\b|"
                   r"\b(?:amp|fp16|use_amp|mixed_precision)\s*=\s*True")  # fmt: skip
_TRAINS = re.compile(
    r"\.(?:fit|fit_generator|backward|train_on_batch|fit_one_cycle|fine_tune)\(|\bTrainer\(|"
    r"\bTrainEpoch\(|optimizer\s*=.*optim\."
)
_OF_PREDICTING = frozenset({
    "probabilities cut", "ids stretched", "saved as JPEG", "scores as probabilities", "wrong axis",
    "not loaded", "not evaluating", "not strict",
})  # fmt: skip
_THRESHOLDS = re.compile(r"sigmoid|bce|binary_cross|BinaryCross", re.I)
_NETWORK = re.compile(r"(?:net|deeplab\w*|fcn|fpn)$", re.I)
_BFLOAT = re.compile(r"bfloat16|bf16")


def read_python(code: Code, where: str) -> ScriptFacts | None:
    """Its settings and traps; None where it reads no pictures and uses no network."""
    tool = _tool(code.text)
    pictures = (*follow(code), *generator_reads(code))
    traps = [*_one_channel(code), *loader_traps(code), *prediction_traps(code)]
    lines = {trap.line for trap in traps if trap.kind == "masks scaled"}
    traps += [trap for trap in scaled_masks(pictures) if trap.line not in lines]
    trains = bool(_TRAINS.search(code.text))
    if trains:
        traps += training_traps(code)
    if not traps and not pictures and (tool is None or not trains):
        return None
    half = bool(_HALF.search(code.text)) and not _BFLOAT.search(code.text)
    settings = SettingsFacts(
        where=where,
        tool=tool or "python",
        num_classes=_number(
            code.value("classes", "num_classes", "n_classes", "NUM_CLASSES", "num_labels")
        ),
        ignore=_number(code.value("ignore_index", "ignore_label")),
        batch_size=_number(code.value("batch_size", "BATCH_SIZE")),
        learning_rate=_real(code.value("lr", "learning_rate", "LR")),
        class_weights=weights_of_classes(code),
        mixed_precision=half or None,
        reduce_zero_label=True in code.values("do_reduce_labels", "reduce_labels") or None,
        one_channel=any(trap.kind == "one channel" for trap in traps) or None,
    )
    act: Act = "other"
    if trains or any(read.what == "mask" and read.beside_mask for read in pictures):
        act = "train"
    elif any(read.fed for read in pictures) or any(trap.kind in _OF_PREDICTING for trap in traps):
        act = "predict"
    return ScriptFacts(
        where=where, act=act, settings=settings, traps=tuple(traps), pictures=pictures
    )


def _tool(text: str) -> str | None:
    for tool, pattern in (("smp", _SMP), ("pytorch", _TORCH), ("keras", _KERAS)):
        if pattern.search(text):
            return tool
    return None


def _one_channel(code: Code) -> list[Trap]:
    """A head with one channel, of which the largest, the softmax or the cross entropy is taken.

    A sigmoid anywhere speaks for a threshold; then nothing is said.
    """
    calls = [node for node in code.nodes if isinstance(node, ast.Call)]
    heads = [call for call in calls if _is_head(call)]
    softmaxed = [call for call in heads if last_name(call.func) == "Conv2D"]
    if softmaxed:
        return [_one_channel_trap(softmaxed[-1])]
    if _THRESHOLDS.search(code.text):
        return []
    over = any(_axis(call) for call in code.calls("argmax"))
    entropy = any(True for _ in code.calls("CrossEntropyLoss", "cross_entropy"))
    softmax = "softmax" in code.text.lower()
    if not (over or entropy):
        # Attention has a softmax of its own, so it counts where the head says its channel by name.
        heads = [call for call in heads if softmax and not _is_network_of_one(call)]
    return [_one_channel_trap(heads[-1])] if heads else []


def _one_channel_trap(head: ast.Call) -> Trap:
    return Trap(
        "one channel",
        ast.unparse(head)[:80],
        "there is one channel, so softmax makes it 1 everywhere and argmax takes class 0",
        "two channels, or a sigmoid with a threshold of 0.5",
        head.lineno,
    )


def _is_head(call: ast.Call) -> bool:
    """``smp.Unet(classes=1)``, ``UNet(3, 1)``, a last ``Conv2D(1, ..., 'softmax')``."""
    if keyword(call, "classes", "num_classes", "n_classes", "out_classes") == 1:
        return last_name(call.func) not in ("dict",)
    if last_name(call.func) == "Conv2D":
        first = call.args[0] if call.args else None
        one = isinstance(first, ast.Constant) and first.value == 1
        return (one or keyword(call, "filters") == 1) and "softmax" in words_of(call)
    return _is_network_of_one(call)


def _is_network_of_one(call: ast.Call) -> bool:
    """``UNet(3, 1)``: channels of the photo, then those of the scores."""
    last = call.args[-1] if len(call.args) == 2 else None
    one = isinstance(last, ast.Constant) and last.value == 1 and last.value is not True
    one = one or keyword(call, "out_channels") == 1
    return one and _NETWORK.search(last_name(call.func)) is not None


def _axis(call: ast.Call) -> bool:
    """An argmax over an axis, not over a whole array."""
    return bool({word.arg for word in call.keywords} & {"axis", "dim"}) or (
        len(call.args) > (0 if isinstance(call.func, ast.Attribute) and not _module(call) else 1)
    )


def _module(call: ast.Call) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return owner is not None and last_name(owner) in ("np", "numpy", "torch", "tf", "K", "math")


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _real(value: object) -> float | None:
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if real else None  # type: ignore[arg-type]
