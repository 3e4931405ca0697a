"""Finds the lines of a log that name a cause: what frameworks print when something does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from segdata.evidence.log_messages import Message, MessageKind

_PICTURE = r"\.(?:png|jpe?g|bmp|tiff?|gif)"
_SHAPE = r"[\[(]+(?P<{}>[\d, ]+)[\])]+"
_NETWORK, _CHECKPOINT = _SHAPE.format("network"), _SHAPE.format("checkpoint")
# Words that a line must hold, and what is read out of it. Words are looked for first: most lines
# have none of them, and a log may have a million lines. Sources: TensorFlow's assign_op.h,
# save_restore_tensor.cc, confusion_matrix.py, padding_fifo_queue.cc, sparse_xent_op.h; DeepLab's
# build_data.py, data_generator.py; slim's variables.py; PyTorch's module.py, NLLLoss2d.cu,
# OneHot.cpp, LossNLL2d.cpp; mmcv's checkpoint.py; apex' scaler.py; OpenCV's loadsave.cpp;
# milesial's Pytorch-UNet, utils/data_loading.py.
_PATTERNS: tuple[tuple[MessageKind, str, str], ...] = (
    ("shapes", "shapes of both tensors to match",
     rf"lhs shape= ?{_NETWORK} rhs shape= ?{_CHECKPOINT}"),
    ("shapes", "match with shape of tensor",
     rf"Shape of variable (?P<name>\S+?)(?::0)? {_NETWORK} doesn't match with shape of tensor \S+ "
     rf"{_CHECKPOINT}"),
    ("size mismatch", "size mismatch for ",
     rf"size mismatch for (?P<name>\S+): copying a param with shape torch\.Size\(?{_CHECKPOINT} "
     rf"from checkpoint, the shape in current model is torch\.Size\(?{_NETWORK}"),
    ("state dict", "state", r"Error\(s\) in loading state_dict|"
     r"RuntimeError: The model and loaded state dict do not match"),
    ("missing keys", "issing", r"(?:missing_keys=\[(?P<names>[^\]]+)\]|"
     r"issing key(?:\(s\)|s) in (?:source )?state_dict: (?P<more>.+))"),
    ("unexpected keys", "nexpected", r"(?:unexpected_keys=\[(?P<names>[^\]]+)\]|"
     r"nexpected key(?:\(s\)|s)? in (?:source )?state_dict: (?P<more>.+))"),
    ("key not found", "not found in checkpoint", r"Key (?P<name>\S+) not found in checkpoint"),
    ("backbone missing", " missing in checkpoint ",
     r"Variable (?P<name>(?:xception|resnet|[Mm]obilenet)\S*?/(?!\S*Momentum)\S+) missing in "
     r"checkpoint (?P<checkpoint>\S+)"),
    ("out of bound", "out of bound]", r"\[`(?P<what>labels|predictions)` out of bound\]"
     r"(?:.*?[\[:]x [^\]]*\] ?\[(?P<x>[^\]]*)\])?(?:.*?\[y[^\]]*\] ?\[(?P<classes>\d{1,18})\])?"),
    ("label value", "label value of", r"label value of (?P<value>-?\d{1,18}) which is outside the "
     r"valid range of \[0, (?P<classes>\d{1,18})\)"),
    ("target", "Target ", r"Target (?P<value>-?\d{1,18}) is out of bounds"),
    ("assertion", "n_classes",
     r"Assertion .?(?:cur_target|t) >= 0 && (?:cur_target|t) < n_classes"),
    ("device assert", "device-side assert", r"device-side assert triggered"),
    ("one-hot", "Class values must be", r"Class values must be (?:smaller than|non-negative)"),
    ("one-hot", "out of bounds for dimension 1",
     r"RuntimeError: index (?P<value>\d{1,18}) is out of bounds for dimension 1 with size "
     r"(?P<classes>\d{1,18})"),
    ("one-hot", "index_size", r"Assertion .?idx_dim >= 0 && idx_dim < index_size"),
    ("binary target", "target", r"all elements of target should be between 0 and 1|"
     r"Assertion .?target_val >= zero && target_val <= one"),
    ("categorical", "out of bounds for axis 1",
     r"index (?P<value>\d{1,18}) is out of bounds for axis 1 with size (?P<classes>\d{1,18})"),
    ("float masks", "Long", r"Found dtype (?:Float|Double) but expected Long|"
     r"[Ee]xpected (?:object of )?(?:scalar )?type (?:torch\.)?(?:cuda\.)?Long(?:Tensor)? but "
     r"(?:found|got) (?:scalar )?(?:type )?(?:torch\.)?(?:cuda\.)?(?:Float|Double)"),
    ("color masks", "only batches of spatial targets",
     r"only batches of spatial targets supported.*?size:[ :]*\[(?P<size>[\d, ]+)\]"),
    ("crop", "Shape mismatch in tuple component", r"Shape mismatch in tuple component \d+\. "
     r"Expected \[(?P<expected>[\d,]+)\], got \[(?P<got>[\d,]+)\]"),
    ("sizes differ", "Shape mismatched", r"Shape mismatched between image and label"),
    ("no file", "No such file", rf"NotFoundError:? (?P<name>\S.*?{_PICTURE})\s*; No such file"),
    ("no file", "No such file or directory: ",
     rf"No such file or directory: b?['\"](?P<name>[^'\"]+?{_PICTURE}(?:\\r| )*)['\"]"),
    ("no file", "can't open", rf"imread_\(['\"](?P<name>[^'\"]+{_PICTURE})['\"]\): can't open"),
    ("no mask", "no mask or multiple masks",
     r"no mask or multiple masks found for the ID (?P<name>.+?): \[\]"),
    ("unknown dataset", "is not supported yet", r"The specified dataset is not supported yet"),
    ("loss scale", "oss scal",
     r"(?:oss scale to:?|oss scale reached \() ?(?P<scale>\d+\.?\d*(?:e[+-]?\d+)?)"),
)  # fmt: skip
_COMPILED = tuple((kind, word, re.compile(pattern)) for kind, word, pattern in _PATTERNS)
# The last line of a traceback. Those of a loop that ends, or of somebody who ended it, are none.
_ERROR = re.compile(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception))\b[^:\n]{0,40}(?::|$)")
_NO_ERRORS = ("OutOfRangeError", "CancelledError", "BrokenPipeError", "AbortedError")
_LONGEST, _LONGEST_VALUE = 240, 20_000
# What is looked through of a line; a bar of progress may have written a megabyte into one.
_READ = 1 << 16


@dataclass
class Messages:
    """What was found so far."""

    found: dict[MessageKind, Message] = field(default_factory=dict)
    before: dict[MessageKind, int] = field(default_factory=dict)
    error: tuple[str, int] | None = None

    def line(self, line: str, number: int, losses: int) -> None:
        """The next line, and how many losses came before it."""
        line = line.rstrip("\r\n")[-_READ:]
        error = _ERROR.match(line)
        if error and error[1] not in _NO_ERRORS:
            self.error = line[:_LONGEST], losses
        for kind, word, pattern in _COMPILED:
            said = pattern.search(line) if word in line else None
            if said:
                self._add(kind, said, number, losses)

    def _add(self, kind: MessageKind, said: re.Match[str], number: int, losses: int) -> None:
        values = {n: v[:_LONGEST_VALUE] for n, v in said.groupdict().items() if v is not None}
        known = self.found.get(kind)
        self.before[kind] = losses
        if known is not None:
            self.found[kind] = replace(known, count=known.count + 1)
            if kind == "loss scale":
                self.found[kind] = replace(self.found[kind], values=values)
            return
        text = _printable(said.string[max(0, said.start() - 40) :].strip())[:_LONGEST]
        self.found[kind] = Message(kind=kind, text=text, line=number, values=values)

    def all(self, losses: int) -> dict[MessageKind, Message]:
        """All messages, with how many losses came after them."""
        return {
            kind: replace(one, losses_after=losses - self.before[kind])
            for kind, one in self.found.items()
        }

    def ended_by(self, losses: int) -> str | None:
        """The error with which the program ended, if no loss came after it."""
        return self.error[0] if self.error is not None and self.error[1] == losses else None


def _printable(text: str) -> str:
    return text.replace("\r", "\\r").replace("\t", " ")
