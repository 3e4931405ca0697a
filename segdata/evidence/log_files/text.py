"""Any text with steps and losses: the original's, mmsegmentation's, Keras', a script's prints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from segdata.evidence.log_files.classes import Tables, class_of, mean_of
from segdata.evidence.log_files.columns import Columns
from segdata.evidence.log_files.configs import Config
from segdata.evidence.log_files.curves import Counter, Curves
from segdata.evidence.log_files.messages import Messages
from segdata.evidence.log_files.names import meaning_of, preference

_NUMBER = r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|nan|inf(?:inity)?)"
# Between a name and its number; a blank is enough behind a few names.
_IS = r"(?:['\"]?\s*[:=]\s*|(?:(?<=loss)|(?<=\blr)|(?<=rate))\s+)"
_VALUE = re.compile(
    rf"([A-Za-z][\w./ -]{{0,40}}?){_IS}\(?({_NUMBER})(?![\w.]*[A-Za-z_])",
    re.IGNORECASE,
)
# tf.contrib.slim's learning.py: what the original prints.
_ORIGINAL = re.compile(rf"global step (\d{{1,12}}):? ?[:=]?.*?loss ?= ?({_NUMBER})", re.IGNORECASE)
_STEP = re.compile(
    r"(?:\b(?:global[ _]step|step|iter(?:ation)?|batch)\b|\bIter\(train\))[\s:#=\[(]*(\d{1,12})",
    re.IGNORECASE,
)
_EPOCH = re.compile(
    r"\bepoch\b\s*[\s:#=\[(]*(\d{1,12})(?:\]\[(\d{1,12})/(\d{1,12}))?", re.IGNORECASE
)
_BAR = re.compile(r"^(train|valid): *\d+%\|[^|]*\|[^\[]*\[(.* - .*)\]?", re.IGNORECASE)
_ON_BAR = re.compile(rf"([A-Za-z_]\w*(?: \+ \w+)*) - ({_NUMBER})(?=[,\]\s]|$)", re.IGNORECASE)
# What is looked through of a line: no logger writes longer ones, and programs print arrays.
_READ = 1 << 12
# As many losses after a line that ends a run say that another began.
_WENT_ON = 10
# Lines that say more than numbers; words are looked for first, as most lines have none. The
# original's: deeplab/utils/train_utils.py, train.py; Saver's.
_NOTES = tuple(
    (meaning, words.split("|"), re.compile(pattern, re.IGNORECASE))
    for meaning, words, pattern in (
    ("init_ignored", "ignoring init", r"Ignoring initialization; other checkpoint exists"),
    ("init_missing", "not initializing", r"Not initializing the model from a checkpoint"),
    ("restored", "from",
     r"Initializing model from path|Restoring parameters from|Load(?:ed|s|ing)? (?:checkpoint|"
     r"weights|pretrained)\b.*\bfrom|load checkpoint from|Model loaded from"),
    ("nan", "nan|inf ",
     r"Loss is inf or nan|NaN loss during training|Model diverged with loss = NaN|"
     r"LossTensor is inf or nan|Tensor had (?:NaN|Inf)|Loss is nan, stopping|"
     r"loss returned in `?training_step`? is nan or inf|Loss became infinite or NaN|"
     r"returned nan values in its|autodetected range of \[nan, nan\]"),
    ("nan", "invalid loss", r"Invalid loss, terminating training"),
    ("finished", "training", r"Finished training|Stopping Training"),
    ("overflow", "overflow|skipping step", r"gradient overflow|skipping step, loss scaler"),
    ("mixed_precision", "precision|fp16|16bit|ampoptim",
     r"\bmixed[_ ]precision\b:?\s*(?:=\s*)?(?:true|enabled|mixed_float16|fp16|16)|"
     r"precision=16\b|16bit (?:native )?automatic mixed|AmpOptimWrapper|\bfp16 ?= ?dict|"
     r"Using 16bit"),
    ("hardware", "geforce|quadro|tesla|nvidia",
     r"(?:GeForce|Quadro|Tesla|NVIDIA) ?[^,\n]{0,40}?(?:GTX|RTX|[A-Z]\d{2,4})"),
    ("old_cuda", "cud|tensorflow",
     r"libcudart\.so\.(?:9|10)\b|cudart64_(?:9\d?|10\d?)\.dll|libcudnn\.so\.7|"
     r"CUDA[ _]?(?:9|10)\.\d|"
     r"tensorflow[-_ ]?(?:gpu)?(?:==| version:? ?)1\.1\d"),
))  # fmt: skip


def read_text(lines: Iterable[str]) -> Curves:
    """The values and notes of all lines."""
    reader, config, messages = _Text(), Config(), Messages()
    curves, nan_at = reader.curves, 0
    for number, line in enumerate(lines, 1):
        messages.line(line, number, curves.loss.seen)
        # A bar of progress rewrites its line; what stands last on it is what counts.
        shown = line.rstrip().rpartition("\r")[2][-_READ:]
        if config.line(shown):
            reader.notes(shown)
            continue
        nan_known = "nan" in curves.notes
        reader.line(shown)
        nan_at = nan_at if nan_known else curves.loss.seen
    curves.messages = messages.all(curves.loss.seen)
    curves.ended_by = messages.ended_by(curves.loss.seen)
    curves.config = "\n".join(config.lines)
    if curves.loss.seen > nan_at + _WENT_ON:
        # The run was started again.
        curves.notes.pop("nan", None)
    return curves


class _Text:
    def __init__(self) -> None:
        self.curves = Curves()
        self.chosen: str | None = None
        self.epoch: int | None = None
        self.count = 0
        self.counter = Counter()
        # Whether the step of a line is its epoch, and whether losses have steps of their own.
        self.by_epoch, self.by_step = False, False
        self.tables = Tables()
        self.columns = Columns()

    def notes(self, line: str) -> None:
        """What a line says in words."""
        lowered = line.lower()
        for meaning, words, pattern in _NOTES:
            if any(word in lowered for word in words) and pattern.search(line):
                self.curves.note(meaning, line)

    def line(self, line: str) -> None:
        """The next line."""
        self.notes(line)
        for name, score in self.tables.line(line):
            self.curves.class_score(name, self.at, score)
        mean = mean_of(line)
        if mean is not None:
            self.curves.metric("miou_1.0", self.at, mean)
        row = self.columns.line(line)
        if row:
            step = int(next(iter(row.values())))
            self.by_epoch = next(iter(row)).lower() == "epoch"
            self._values(list(row.items())[1:], step)
            return
        bar = _BAR.match(line)
        if bar:
            self._bar(bar[1].lower() == "train", bar[2])
            return
        original = _ORIGINAL.search(line)
        if original:
            self.curves.with_decay = True
            self.curves.loss.add(int(original[1]), float(original[2]))
            return
        epoch = _EPOCH.search(line)
        self.epoch = int(epoch[1]) if epoch else self.epoch
        said = _VALUE.findall(line.replace("loss (batch)", "loss"))
        values = [(name.strip(), float(text)) for name, text in said]
        self._values(
            [(_last_words(name), value) for name, value in values], self._step(line, epoch)
        )

    @property
    def at(self) -> int:
        """The step that was logged last."""
        newest = self.curves.loss.newest
        return newest[0] if newest is not None else self.epoch or 0

    def _bar(self, training: bool, said: str) -> None:
        """segmentation_models_pytorch: ``train: 100%|###| 9/9 [..., dice_loss - 0.9, ...]``."""
        step = self.count if self.epoch is None else self.epoch
        self.curves.by_epochs |= training
        for name, text in _ON_BAR.findall(said):
            if name.endswith("loss") and training:
                self.curves.loss.add(step, float(text))
            elif not training:
                self.curves.metric(f"valid {name}", step, float(text))

    def _values(self, values: list[tuple[str, float]], step: int | None) -> None:
        losses = [name for name, _ in values if meaning_of(name) == "loss"]
        self.chosen = self.chosen or min(losses, key=preference, default=None)
        said = False
        for name, value in values:
            meaning = meaning_of(name)
            if meaning == "loss" and name == self.chosen and not said:
                said = True
                self._loss(step, value)
            elif (of := class_of(name)) is not None:
                self.curves.class_score(of, self.at, value)
            elif meaning == "learning_rate":
                self.curves.learning_rate.add(step or self.count, value)
            elif meaning in ("score", "validation_loss"):
                self.curves.metric(name, step or self.count, value)

    def _loss(self, step: int | None, value: float) -> None:
        """A loss; the summary of an epoch is left out where its steps were told."""
        self.count += 1
        self.by_step |= step is not None and not self.by_epoch
        if not (self.by_step and self.by_epoch):
            self.curves.by_epochs = self.by_epoch
            self.curves.loss.add(self.count if step is None else step, value)

    def _step(self, line: str, epoch: re.Match[str] | None) -> int | None:
        self.by_epoch = False
        if epoch and epoch[2]:
            # mmsegmentation: Epoch [2][50/100] counts anew in every epoch.
            return (int(epoch[1]) - 1) * int(epoch[3]) + int(epoch[2])
        step = _STEP.search(line)
        if step:
            at = int(step[1])
            return at if self.epoch is None else self.counter.of_all_epochs(at)
        self.by_epoch = self.epoch is not None
        return self.epoch


@lru_cache(maxsize=4096)
def _last_words(name: str) -> str:
    """What stands right before a value: ``- val_loss``, ``Epoch 3 train loss``."""
    words = re.split(r"\s*[-|,;]\s+|\s{2,}|\d+\s+", name)[-1].strip(" -")
    if meaning_of(words):
        return words
    parts = words.split()
    return next((" ".join(parts[n:]) for n in range(len(parts)) if meaning_of(" ".join(parts[n:]))),
                words)  # fmt: skip
