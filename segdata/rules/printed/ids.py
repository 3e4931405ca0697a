"""Rules about what frameworks print when the ids of labels do not fit the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segdata.findings import Certainty
from segdata.rules.printed.lines import Told, numbers_of, speaks_for, stated

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts
    from segdata.evidence.log_messages import Message, MessageKind

# In the order of how much they say: those with a number first.
_OUTSIDE: tuple[MessageKind, ...] = (
    "label value", "target", "out of bound", "categorical", "one-hot", "assertion", "device assert",
)  # fmt: skip
_VOID = 255
# Ids are few and count up; a value this far beyond the classes was chosen for the eye.
_FOR_THE_EYE = 20
_LOOK = "segdata validate DATASET lists the ids of all labels; "
_LABELS = ("the labels: --labels DIR, which ids they hold and in which files",)


@speaks_for("L02", "L07", "L20", "D01", "C10")
def ids_outside_the_classes(case: CaseFacts) -> Told:
    """A label held an id that the network has no output for."""
    messages = case.log.messages if case.log is not None else {}
    line = next((messages[kind] for kind in _OUTSIDE if kind in messages), None)
    if line is None:
        return
    value, classes = _value(line), int(line.values.get("classes", 0)) or None
    if line.kind == "categorical" and (value is None or value > _VOID or value == classes):
        # Any program may miss an array's end by one.
        return
    if line.values.get("what") == "predictions":
        yield "C10", stated(
            case, line, "the network answers a class that the evaluation does not count: the "
            "checkpoint tells more classes apart than the data set has",
            Certainty.MEDIUM, "give eval the num_classes of the training, or the checkpoint that "
            "was trained on this data set",
        )  # fmt: skip
        return
    clean = case.labels is not None and case.labels.clean
    unsure = clean or line.kind in ("device assert", "categorical")
    certainty = Certainty.MEDIUM if unsure else Certainty.STRONG
    count = f"the network has {classes} classes" if classes else "the network has fewer classes"
    name, what, fix = _reading(value, classes)
    yield name, stated(
        case, line, what.format(value=value, count=count), certainty, _LOOK + fix,
        *(() if case.labels is not None else _LABELS),
    )  # fmt: skip


def _value(line: Message) -> int | None:
    """The id that does not fit, where the line tells it."""
    if "value" in line.values:
        return int(line.values["value"])
    classes = int(line.values.get("classes", 0))
    beyond = [value for value in numbers_of(line.values.get("x", "")) if value >= classes]
    return max(beyond) if classes and beyond else None


def _reading(value: int | None, classes: int | None) -> tuple[str, str, str]:
    """The rule, what it says, and what to do."""
    largest = "ids go from 0 to num_classes - 1, and the ignore label is told to the loss"
    if value is None or value < 0:
        held = "an id" if value is None else "the id {value}"
        return "L07", f"a label holds {held} that no class has", largest
    if value == _VOID:
        fix = "set ignore_label (ignore_index) to 255; where 255 is the object, write 1 instead"
        return "L20", "a label holds {value}, and {count}: it is not told to ignore it", fix
    if value == classes:
        fix = "num_classes = largest id + 1; or ids that begin with 1 have to begin with 0"
        return "D01", "a label holds the id {value}, and {count}, 0 to " + str(value - 1), fix
    if value >= max(_FOR_THE_EYE, 2 * (classes or 0)):
        fix = (
            "write class ids instead: segdata remap turns them into 0, 1, 2 (38, 75 and 113 are "
            "colors of a palette that were read as grey)"
        )
        return "L02", "a label holds {value}, and {count}: a grey level instead of an id", fix
    return "L07", "a label holds the id {value}, and {count}", largest


@speaks_for("L02", "L04", "L09")
def masks_of_another_kind(case: CaseFacts) -> Told:
    """The loss was given colors, fractions, or more than 1 where it takes 0 and 1."""
    messages = case.log.messages if case.log is not None else {}
    if (line := messages.get("binary target")) is not None:
        yield "L02", stated(
            case, line, "a binary loss was given masks above 1, such as 255",
            Certainty.STRONG, "write 1 instead of 255: (mask > 0).astype('float32'), or segdata "
            "remap", *(() if case.labels is not None else _LABELS),
        )  # fmt: skip
    colored, floats = messages.get("color masks"), messages.get("float masks")
    if colored is not None:
        size = numbers_of(colored.values["size"])
        if len(size) == 4 and {size[1], size[3]} & {3, 4}:
            yield "L04", stated(
                case, colored, "the loss was given masks with colors, not with one id a pixel",
                Certainty.STRONG, "turn colors into ids first: segdata import, with a class file",
            )  # fmt: skip
    if floats is not None:
        yield "L09", stated(
            case, floats, "the loss was given masks of fractions: ToTensor or / 255 makes them, "
            "and as whole numbers they are all 0",
            Certainty.MEDIUM, 'load masks as they are: np.array(mask, dtype="int64")',
            "the script that loads photos and labels: --script FILE",
        )  # fmt: skip
