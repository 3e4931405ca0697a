"""Rules about the commands and code with which somebody trains and predicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import graded, outcome

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, ScriptFacts, SettingsFacts, Trap

# Kinds of traps in a command line (segdata/evidence/scripts.py).
_FLAGS = frozenset({
    "spaces", "boolean apart", "long dash", "unknown flag", "repeated flag", "several values",
    "wrong value", "no value", "cut off",
})  # fmt: skip
# The tutorials of 2018 repeat list flags, which was right for the code of then.
_OLD_WAY = frozenset({"repeated flag"})
# A mask whose ids stay below this is not painted 0 and 255.
_IDS_BELOW = 128


@rule("T07", level=Level.ERROR)
def flags_silently_wrong(case: CaseFacts) -> Iterator[Statement]:
    """A flag of the command does not do what it looks like.

    What: blanks around the equals sign, a boolean's value behind a blank, a long dash, a name that
    is misspelt or in capitals, a list given twice, a line that the command does not get.

    Why it hurts: absl shows no error: it reads --initialize_last_layer = False as True, ignores
    names that it does not know, and trains with its defaults.

    How to fix: type the command as it is printed here: --flag=value without blanks.
    """
    for script in case.scripts:
        traps = [trap for trap in script.traps if trap.kind in _FLAGS]
        if not traps:
            continue
        old = all(trap.kind in _OLD_WAY or not trap.corrected for trap in traps)
        level = graded(case, unknown=Level.INFO) or Level.INFO
        worked = graded(case) is None
        yield Statement(
            message=_said(traps),
            certainty=Certainty.MEDIUM if old else Certainty.PROOF,
            level=level if old or worked else None,
            path=script.where,
            count=len(traps),
            evidence={
                "read_wrongly": [f"{trap.text}  ({trap.effect})" for trap in traps],
                "should_be": [trap.corrected for trap in traps if trap.corrected],
            },
            fix=f"give the command like this:\n{script.command}",
            missing=(
                "which code it is: that of before 2019 takes a list flag twice, and changed "
                "code may have flags of its own",
            )
            if old
            else (),
        )


def _said(traps: list[Trap]) -> str:
    first = traps[0]
    more = f", and {len(traps) - 1} more like it" if len(traps) > 1 else ""
    return f"{first.text} {first.effect}{more}"


def _pairs(case: CaseFacts) -> Iterator[tuple[SettingsFacts, ScriptFacts]]:
    """A training of the original's, and each command that uses what it trained.

    Where its weights are known they say more than the command that made them.
    """
    trained = next((s.settings for s in case.scripts if s.act == "train"), case.training)
    if trained is None or trained.tool != "deeplab" or case.weights is not None:
        return
    for script in case.scripts:
        if script.act in ("eval", "vis", "export") and script.settings.tool == "deeplab":
            yield trained, script


def _compared(
    case: CaseFacts, names: tuple[str, ...], differ: Callable[[SettingsFacts, SettingsFacts], bool]
) -> Iterator[Statement]:
    for trained, used in _pairs(case):
        if differ(trained, used.settings):
            flags = _flags(trained, names)
            told = {name: (getattr(trained, name), getattr(used.settings, name)) for name in names}
            yield Statement(
                message=f"{used.act} builds another network than the training: "
                + "; ".join(_differs(name, a, b) for name, (a, b) in told.items() if a != b),
                path=used.where,
                evidence={name: f"{_spelled(a)} in training, {_spelled(b)} in {used.act}"
                          for name, (a, b) in told.items()},
                fix=f"give the command like this:\n{_completed(used, flags)}",
            )  # fmt: skip


@further("C03")
def variants_differ(case: CaseFacts) -> Iterator[Statement]:
    """Training and use name other backbones."""
    yield from _compared(case, ("variant",), lambda a, b: a.variant != b.variant)


@further("C04")
def decoder_dropped(case: CaseFacts) -> Iterator[Statement]:
    """Training has a decoder, and the command that uses it builds none."""
    yield from _compared(
        case,
        ("decoder_output_stride",),
        lambda a, b: a.variant == b.variant and a.decoder_output_stride != b.decoder_output_stride,
    )


@further("C05")
def rates_differ(case: CaseFacts) -> Iterator[Statement]:
    """Training and use differ in atrous rates or output stride.

    At half the output stride twice the rates are the same network.
    """
    yield from _compared(
        case,
        ("atrous_rates", "output_stride"),
        lambda a, b: a.variant == b.variant and _reach(a) != _reach(b) and _has_rates(a, b),
    )


@further("C06")
def export_of_defaults(case: CaseFacts) -> Iterator[Statement]:
    """The export names no or another number of classes."""
    labels = case.labels
    for trained, used in _pairs(case):
        if used.act != "export":
            continue
        classes = trained.num_classes or (labels.num_classes if labels else None)
        told = used.settings.num_classes
        unsaid = "num_classes" not in used.settings.said
        if classes is None or told is None or told == classes or (not unsaid and told > classes):
            continue
        yield Statement(
            message=f"export builds a network of {told} classes"
            + (" (its default)" if unsaid else "")
            + f", and {classes} were trained",
            certainty=Certainty.STRONG,
            path=used.where,
            evidence={"classes_of_export": told, "classes_trained": classes},
            fix="give the command like this:\n"
            + _completed(used, [f"--num_classes={classes}", *_flags(trained, _NETWORK)]),
        )


_NETWORK = ("variant", "atrous_rates", "output_stride", "decoder_output_stride")
_NAMES = {"variant": "model_variant"}


def _reach(settings: SettingsFacts) -> tuple[int, ...]:
    """Rates times output stride: how far the branches see, in pixels."""
    return tuple(rate * (settings.output_stride or 16) for rate in settings.atrous_rates or ())


def _has_rates(trained: SettingsFacts, used: SettingsFacts) -> bool:
    return bool(trained.atrous_rates or used.atrous_rates)


def _flags(settings: SettingsFacts, names: tuple[str, ...]) -> list[str]:
    flags = []
    for name in names:
        value, flag = getattr(settings, name), _NAMES.get(name, name)
        values = value if isinstance(value, tuple) else (value,)
        flags += [f"--{flag}={one}" for one in values if one is not None]
    return flags


def _completed(used: ScriptFacts, flags: list[str]) -> str:
    """The command with these flags in place of its own of the same names."""
    names = {flag.partition("=")[0] for flag in flags}
    kept = [word for word in used.command.split(" ") if word.partition("=")[0] not in names]
    return " ".join([*kept, *flags])


def _differs(name: str, trained: Any, used: Any) -> str:
    return f"{_NAMES.get(name, name)} is {_spelled(used)}, and {_spelled(trained)} in training"


def _spelled(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "not given"
    return "not given" if value is None else str(value)


@further("D09")
def one_channel_in_code(case: CaseFacts) -> Iterator[Statement]:
    """Code makes a head with one channel and takes its argmax or softmax."""
    if outcome(case) == "works":
        return
    yield from _of_code(case, "one channel", Certainty.STRONG)


@further("L09")
def masks_divided_in_code(case: CaseFacts) -> Iterator[Statement]:
    """Code divides masks by 255; right for masks painted 0 and 255."""
    labels = case.labels
    if outcome(case) == "works":
        return
    # Ignored pixels count: 255 that is divided by 255 is 1.
    values = set(labels.holding or labels.pixels) if labels is not None else set()
    if labels is not None and (not values or "L15" in labels.misread):
        return
    ids = any(0 < value < _IDS_BELOW for value in values)
    if labels is not None and not ids:
        return
    sure = ids and not _leaves_masks(case)
    level = None if sure else Level.ERROR if outcome(case) == "useless" else Level.INFO
    certainty = Certainty.STRONG if sure else Certainty.HINT
    yield from _of_code(case, "masks scaled", certainty, level)


def _leaves_masks(case: CaseFacts) -> bool:
    """Whether other code that was given reads masks and does not divide them."""
    return any(
        read.what == "mask" and read.used and read.has("divided") is None
        for script in case.scripts
        if all(trap.kind != "masks scaled" for trap in script.traps)
        for read in script.pictures
    )


@further("P01")
def unsorted_in_code(case: CaseFacts) -> Iterator[Statement]:
    """Code lists photos and masks without sorting."""
    yield from _of_code(case, "unsorted lists", *_doubt(case))


@further("T17")
def randomness_of_its_own(case: CaseFacts) -> Iterator[Statement]:
    """Code turns or cuts photos at random, and masks otherwise."""
    yield from _of_code(case, "own randomness", *_doubt(case))


def _doubt(case: CaseFacts) -> tuple[Certainty, Level | None]:
    """What code suggests is a doubt, until the network turns out useless."""
    level = graded(case, unknown=Level.INFO) or Level.INFO
    return (Certainty.MEDIUM if level is Level.ERROR else Certainty.HINT), level


def _of_code(
    case: CaseFacts, kind: str, certainty: Certainty, level: Level | None = None
) -> Iterator[Statement]:
    for script in case.scripts:
        for trap in script.traps:
            if trap.kind == kind:
                yield Statement(
                    message=f"{trap.text}: {trap.effect}",
                    certainty=certainty,
                    level=level,
                    path=f"{script.where}, line {trap.line}" if trap.line else script.where,
                    evidence={"code": trap.text},
                    fix=trap.corrected,
                    missing=("--batch FILE.npz: one batch as the loader gives it",),
                )
                break
