"""Reads a command line as the original's scripts (absl) do, and stops where they are a trap.

absl takes ``--flag=value``, ``--flag value``, one dash or two, ``--flag`` and ``--noflag``. What
it does not understand it leaves aside: ``--flag = False`` makes a boolean true, and the scripts
never look at the rest, nor at a flag that is misspelt. Here every such place is an error with the
corrected line (rule T07).
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segdata.errors import UserError
from segdata.original_flags.flag import Flag, Script
from segdata.original_flags.table import flags_of, known_elsewhere
from segdata.original_flags.values import FALSE, QUOTES, TRUE, WrongValue, placeholder, value_of

_DASHES = "-–—−"
_NUMBERS = re.compile(r"[\d.,]+")
# Below it a name is no misspelling but another word: global_step is 0.70 like log_steps.
_MISSPELT = 0.71


@dataclass(frozen=True)
class Reading:
    """What a command line says."""

    values: dict[str, Any]
    """The flags that were given, by name."""
    rest: list[str]
    """What is ours: options with their values, and arguments."""
    arguments: list[str]
    """Of these, the arguments."""
    options: list[str]
    """What was said with dashes, spelled as the original reads it rightly."""
    elsewhere: dict[str, tuple[Script, ...]]
    """Flags that only other scripts have, and which."""


def read(
    script: Script, arguments: Sequence[str], own: Mapping[str, bool] | None = None
) -> Reading:
    """The original's flags among ``arguments``.

    ``own`` names the options of our command, with dashes, and whether each takes a value.

    Raises:
        UserError: every trap, misspelt flag and wrong value, at once, with the corrected line.
    """
    reader = _Reader(script, deque(arguments), own or {})
    while reader.pending:
        reader.next()
    values = {}
    for name, texts in reader.texts.items():
        try:
            values[name] = value_of(reader.flags[name], texts)
        except WrongValue as problem:
            reader.problems.append(str(problem))
            reader.correct(reader.flags[name], problem.instead)
    if reader.problems:
        line = shlex.join(["segdata", script, *reader.arguments, *reader.corrected])
        raise UserError("\n".join(dict.fromkeys(reader.problems)), line)
    return Reading(values, reader.rest, reader.arguments, reader.corrected, reader.elsewhere)


@dataclass
class _Reader:
    script: Script
    pending: deque[str]
    own: Mapping[str, bool]
    texts: dict[str, list[str]] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    elsewhere: dict[str, tuple[Script, ...]] = field(default_factory=dict)
    corrected: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.flags = flags_of(self.script)

    def next(self) -> None:
        """Read one argument, and those that belong to it."""
        argument = self.pending.popleft()
        if not argument:
            self.problems.append("there is an empty argument; is a variable of the shell not set?")
        elif not argument.strip():
            self._blank()
        elif argument[0] not in _DASHES or len(argument) == 1:
            self._argument(argument)
        elif self._is_own(argument.partition("=")[0]):
            self._ours(argument)
            if "=" not in argument and self.own[argument] and self.pending:
                self._ours(self.pending.popleft())
        else:
            self._flag(argument)

    def correct(self, flag: Flag, value: str) -> None:
        """Let the corrected line give the flag once, with this value."""
        said = [word.partition("=")[0] == f"--{flag.name}" for word in self.corrected]
        first = said.index(True)
        others = [word for word, is_it in zip(self.corrected, said, strict=True) if not is_it]
        self.corrected = [*others[:first], *_spelled(flag, value), *others[first:]]

    def _is_own(self, spelling: str) -> bool:
        """Where both have an option, the original's meaning counts."""
        return spelling in self.own and spelling.lstrip("-") not in self.flags

    def _ours(self, argument: str) -> None:
        self.rest.append(argument)
        self.corrected.append(argument)

    def _argument(self, argument: str) -> None:
        self.arguments.append(argument)
        if argument.endswith(".py"):
            # With what led to it: python, python3 -u.
            line = " ".join(self.arguments)
            self.problems.append(f"{line}: segdata {self.script} stands in its place")
            self.arguments.clear()
            self.rest.clear()
        else:
            self.rest.append(argument)

    def _blank(self) -> None:
        self.problems.append(
            "a backslash has a blank behind it, so the command ended there, and the lines below it "
            "were not passed on: take the blank away, and paste all of them again"
        )

    def _flag(self, argument: str) -> None:
        name, equals, text = argument.lstrip(_DASHES).partition("=")
        if argument[0] != "-":
            self.problems.append(f"{argument!r} begins with a long dash; a flag begins with --")
        flag = self._found(name)
        if flag is None:
            self._unknown(name, equals + text)
            return
        text = self._parted(text)
        negated = flag.name != name
        if negated and equals:
            self.problems.append(f"--{name} takes no value")
        value = "False" if negated else self._value(flag, equals, text)
        if value is None:
            self._empty(flag, name)
            return
        value = value.strip(QUOTES)
        if value.startswith("~/"):
            # A shell leaves it as it is behind =, and the original makes a folder of that name.
            value = str(Path(value).expanduser())
        if flag.name in self.flags:
            self.texts.setdefault(flag.name, []).append(value)
            self.corrected += _spelled(flag, value)
        else:
            self.elsewhere[flag.name] = flag.scripts

    def _parted(self, text: str) -> str:
        """The value in ``value--flag=…``; the flag is read next."""
        value, dashes, rest = text.partition("--")
        name = rest.partition("=")[0]
        if not dashes or not (name in self.flags or name in known_elsewhere(self.script)):
            return text
        self.problems.append(
            f"--{name} begins in the middle of a word: a backslash at the end of a line needs a "
            "blank before it"
        )
        self.pending.appendleft(f"--{rest}")
        return value

    def _empty(self, flag: Flag, name: str) -> None:
        self.problems.append(f"--{name} has no value; is a variable of the shell not set?")
        if not any(word.partition("=")[0] == f"--{flag.name}" for word in self.corrected):
            self.corrected += _spelled(flag, placeholder(flag))

    def _found(self, name: str) -> Flag | None:
        if name not in self.flags and f"--{name.replace('_', '-')}" in self.own:
            # Our own option with an underscore, though another script has such a flag.
            return None
        for flags in (self.flags, known_elsewhere(self.script)):
            if name in flags:
                return flags[name]
            positive = flags.get(name.removeprefix("no"))
            if name.startswith("no") and positive and positive.kind == "boolean":
                return positive
        return None

    def _unknown(self, name: str, behind: str) -> None:
        names = [*self.flags, *(option.lstrip("-") for option in self.own)]
        near = difflib.get_close_matches(
            name.lower().replace("-", "_"), names, n=1, cutoff=_MISSPELT
        )
        if not near:
            self.problems.append(f"there is no flag --{name}; the original would ignore it")
            self._pass_over(behind)
            return
        nearest = f"--{near[0]}"
        ignored = ". The original would ignore it" if near[0] in self.flags else ""
        self.problems.append(f"there is no flag --{name}; the nearest is {nearest}{ignored}")
        takes_value = self.own.get(nearest, True) or near[0] in self.flags
        self.pending.appendleft(nearest + behind if takes_value else nearest)

    def _pass_over(self, behind: str) -> None:
        """What stands behind an unknown flag goes with it."""
        while not behind and self.pending and self.pending[0][:1] not in _DASHES:
            behind = self.pending.popleft().strip("=")

    def _value(self, flag: Flag, equals: str, text: str) -> str | None:
        """The text that belongs to the flag; a trap on the way is noted."""
        if text:
            return self._continued(flag, text)
        following = self.pending[0] if self.pending else ""
        if following.startswith("=") or (equals and following and following[0] not in _DASHES):
            return self._behind_blanks(flag, equals)
        if flag.kind == "boolean":
            return None if equals else self._said_apart(flag, following)
        if equals:
            # Where nothing is done with a text, an empty one does no harm: --master=
            return "" if flag.kind == "string" and not (flag.option or flag.setting) else None
        if not following or re.match(r"-\D", following):
            return None
        return self._continued(flag, self.pending.popleft())

    def _behind_blanks(self, flag: Flag, equals: str) -> str | None:
        """``--flag = value``, ``--flag =value`` or ``--flag= value``."""
        text = "" if equals else self.pending.popleft()[1:]
        if not text and self.pending and self.pending[0][0:1] not in _DASHES:
            text = self.pending.popleft()
        read_as = "True" if flag.kind == "boolean" else repr("=") if not equals else "nothing"
        self.problems.append(
            f"--{flag.name} = {text} has blanks beside the =, and the original would read "
            f"{read_as} instead of {text}"
        )
        return text or None

    def _said_apart(self, flag: Flag, following: str) -> str:
        if following.lower() not in TRUE + FALSE:
            return "True"
        self.pending.popleft()
        self.problems.append(
            f"--{flag.name} {following} is read as True by the original, which takes the value of "
            "a boolean behind = only"
        )
        return following

    def _continued(self, flag: Flag, text: str) -> str:
        """``--atrous_rates 6 12 18`` and ``--train_crop_size=513, 513``."""
        parts = [text]
        while flag.repeats and self.pending and _NUMBERS.fullmatch(self.pending[0].strip(QUOTES)):
            parts.append(self.pending.popleft().strip(QUOTES))
        if len(parts) > 1:
            self.problems.append(
                f"--{flag.name} {' '.join(parts)}: the original would read {text} only"
            )
        return ",".join(part.strip(",") for part in parts) if len(parts) > 1 else text


def _spelled(flag: Flag, value: str) -> list[str]:
    """The flag as it is read rightly by the original, too."""
    if flag.kind in ("integers", "floats"):
        return [f"--{flag.name}={part}" for part in value.split(",")]
    if flag.kind == "boolean" and value == "True":
        return [f"--{flag.name}"]
    return [f"--{flag.name}={value}"]
