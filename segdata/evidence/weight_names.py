"""What the name of a variable says of it, in whatever framework it was made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Shape = tuple[int, ...]

# Beside a variable, what an optimizer keeps of it.
_SLOT = re.compile(
    r"(?:^|[/.])(?:Momentum|Adam|Adam_1|RMSProp|RMSProp_1|Adagrad|Adadelta|Adadelta_1|Ftrl|Ftrl_1"
    r"|ExponentialMovingAverage|LARS)$|beta[12]_power$|(?:^|/)optimizer(?:_weights)?/|optimizer"
)
_MEAN = re.compile(r"(?:moving_mean|running_mean)$")
_VARIANCE = re.compile(r"(?:moving_variance|moving_var|running_var)$")
_LEARNED = re.compile(
    r"(?:^|[/._])(?:weights?|kernel|bias(?:es)?|gamma|beta|depthwise_kernel|pointwise_kernel"
    r"|depthwise_weights|pointwise_weights)$"
)
# What comes behind the backbone: of DeepLab, torchvision, mmsegmentation,
# segmentation_models_pytorch and the usual U-Nets.
_HEAD = re.compile(
    r"^(?:logits|decoder|aspp|image_pooling|concat_projection|meta_architecture|decode_head"
    r"|auxiliary_head|segmentation_head|classifier|outc|last_conv|final|head|up\d*)[/._\d]"
)
# The last layer, which tells the classes apart, by the tools that name it so.
_LOGITS = re.compile(
    r"(?:logits/semantic(?:_\d+)?/weights|logits\.semantic\.(?:conv\.)?weight"
    r"|decode_head\.conv_seg\.weight|segmentation_head\.0\.weight|outc\.conv\.weight"
    r"|(?<!aux_)classifier\.4\.weight|last_conv\.8\.weight|final(?:_conv)?\.weight"
    r"|decode_head\.classifier\.weight)$"
)
# What people call it in networks of their own, whatever else is defined behind it.
_LAST = re.compile(
    r"^(?:\w+\.)?(?:seg_?|segmentation_?)?(?:head|logits|out|outc|out_?conv|conv_?out|output|last|score"
    r"|final|final_?conv|last_?conv|conv_?last|cls_?seg|conv_?seg|predict|prediction|classifier)"
    r"(?:\.(?:conv|\d))?\.weight$"
)
# What wrappers of PyTorch put before every name.
WRAPPERS = ("module.", "_orig_mod.", "model.", "net.", "network.")


def is_slot(name: str) -> bool:
    """Whether it is kept by an optimizer."""
    return _SLOT.search(name) is not None


def is_mean(name: str) -> bool:
    """Whether it is a mean that batch norm collects."""
    return _MEAN.search(name) is not None


def is_variance(name: str) -> bool:
    return _VARIANCE.search(name) is not None


def is_learned(name: str) -> bool:
    """Whether a gradient changes it."""
    return _LEARNED.search(name) is not None and not is_slot(name)


def scales_of(variance: str) -> tuple[str, str]:
    """What the scale of the batch norm may be called that collects this variance."""
    start = _VARIANCE.sub("", variance)
    return f"{start}weight", f"{start}gamma"


def is_head(name: str) -> bool:
    """Whether it lies behind the backbone."""
    return _HEAD.match(unwrapped(name)) is not None


def is_logits(name: str) -> bool:
    """Whether it is the kernel of the last layer."""
    return _LOGITS.search(unwrapped(name)) is not None


def unwrapped(name: str) -> str:
    """The name without what a wrapper put before it."""
    for wrapper in WRAPPERS:
        name = name.removeprefix(wrapper)
    return name


def wrapper_of(names: Iterable[str]) -> str:
    """What stands before every name; empty where nothing does."""
    all_names = list(names)
    found = (
        w for w in (*WRAPPERS, "encoder.") if all_names and all(n.startswith(w) for n in all_names)
    )
    return next(found, "")


def _last_of(shapes: Mapping[str, Shape]) -> list[Shape]:
    """The kernel of the last layer, by its place: of 1×1, with an offset, and nothing behind it.

    PyTorch keeps variables in the order of the layers.
    """
    last = list(shapes)[-2:]
    if [name.rpartition(".")[2] for name in last] != ["weight", "bias"]:
        return []
    shape = shapes[last[0]]
    return [shape] if len(shape) == 4 and shape[2:] == (1, 1) else []


def _offset(kernel: str) -> str:
    return kernel.removesuffix("weight") + "bias"


def _called_last(shapes: Mapping[str, Shape]) -> list[Shape]:
    """Kernels of 1×1 or 3×3 with an offset whose layer is called as people call their last one."""
    return [
        shape
        for name, shape in shapes.items()
        if _LAST.search(unwrapped(name))
        and shape[2:] in ((1, 1), (3, 3))
        and shapes.get(_offset(name)) == shape[:1]
    ]


def classes_of(shapes: Mapping[str, Shape], kind: str) -> int | None:
    """How many classes the last layer tells apart; None where none is known as the last one."""
    named: list[Shape] = [s for name, s in shapes.items() if is_logits(name) and len(s) == 4]
    if not named and kind == "pytorch":
        named = _last_of(shapes)
    if not named and kind in ("pytorch", "safetensors"):
        named = _called_last(shapes)
    if not named:
        return None
    # PyTorch lays a kernel out with the outputs first, TensorFlow and Keras with them last.
    return named[-1][-1 if kind in ("tensorflow", "graph", "keras") else 0]
