"""A command line as absl reads it: traps do what they do there, and are told.

``segdata.original_flags.reading`` refuses traps where somebody types a command to us; here the
command was given to the original's program long ago, and what it made of it is what counts.
Compared with absl-py 2: positional words are passed over, unknown flags are tolerated
(tensorflow/python/platform/app.py), a list flag takes its last value.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from segdata.evidence.scripts import Trap
from segdata.original_flags.flag import Flag, Script
from segdata.original_flags.table import flags_of, known_elsewhere
from segdata.original_flags.values import FALSE, TRUE, WrongValue, value_of

_LONG = "–—−"


@dataclass
class AbslWords:
    """Reads the words behind the program's name.

    Args:
        script: whose flags they are.
        pending: the words that are still to be read.
        values: of the flags, as the program has them in the end.
        traps: what does not do what it looks like.
        corrected: the words as they should be.
    """

    script: Script
    pending: deque[str]
    values: dict[str, Any] = field(default_factory=dict)
    traps: list[Trap] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    _texts: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, script: Script, words: Sequence[str]) -> AbslWords:
        """Read all of them."""
        reader = cls(script, deque(words))
        while reader.pending:
            reader._next()
        for name, texts in reader._texts.items():
            reader._convert(flags_of(script)[name], texts)
        return reader

    def _next(self) -> None:
        word = self.pending.popleft()
        if word[:1] and word[0] in _LONG:
            spelled = "--" + word.lstrip("-" + _LONG)
            self._trap("long dash", word, "begins with a long dash and is not read", spelled)
            self.corrected.append(spelled)
        elif word.startswith("-") and len(word) > 1:
            self._flag(word)
        else:
            self.corrected.append(word)

    def _flag(self, word: str) -> None:
        name, equals, text = word.lstrip("-").partition("=")
        flags = flags_of(self.script)
        flag = flags.get(name)
        denied = flags.get(name[2:]) if name.startswith("no") else None
        if flag is None and denied is not None and denied.kind == "boolean":
            self._texts.setdefault(name[2:], []).append("False")
            self.corrected.append(word)
        elif flag is None:
            self._unknown(name, equals + text)
        elif not text and self._behind_blanks(flag, equals):
            pass
        elif flag.kind == "boolean" and not equals:
            self._said_alone(flag)
        elif not equals and not self.pending:
            self._trap("no value", word, "has no value, with which the program ends", f"{word}=")
        else:
            self._take(flag, text if equals else self.pending.popleft())

    def _unknown(self, name: str, behind: str) -> None:
        if name in known_elsewhere(self.script):
            # Many paste the flags of one script to another; it ignores them.
            self.corrected.append(f"--{name}{behind}")
            return
        known = flags_of(self.script)
        near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.75)
        corrected = f"--{near[0]}{behind}" if near else ""
        meant = f"; the nearest is --{near[0]}" if near else ""
        effect = f"there is no flag of that name, so it is ignored{meant}"
        self._trap("unknown flag", f"--{name}{behind}", effect, corrected)
        self.corrected.append(corrected or f"--{name}{behind}")

    def _behind_blanks(self, flag: Flag, equals: str) -> bool:
        """``--flag = value``, ``--flag =value``, ``--flag= value``."""
        following = self.pending[0] if self.pending else ""
        if not equals and not following.startswith("="):
            return False
        if equals and following.startswith("-"):
            return False
        said = [f"--{flag.name}{equals}"]
        if not equals:
            said.append(self.pending.popleft())
        if said[-1] in ("=", f"--{flag.name}=") and self.pending:
            said.append(self.pending.popleft())
        meant = " ".join(said).partition("=")[2].strip()
        read = {"boolean": "True", "string": "'='" if not equals else "nothing"}
        effect = f"has blanks beside the =, so the program reads {read.get(flag.kind, 'no number')}"
        if flag.kind != "boolean" or meant.lower() not in TRUE:
            self._trap("spaces", " ".join(said), effect, f"--{flag.name}={meant}")
        self.corrected.append(f"--{flag.name}={meant}")
        if flag.kind == "boolean":
            self._texts.setdefault(flag.name, []).append("True")
        return True

    def _said_alone(self, flag: Flag) -> None:
        following = self.pending[0] if self.pending else ""
        self._texts.setdefault(flag.name, []).append("True")
        if following.lower() not in TRUE + FALSE:
            self.corrected.append(f"--{flag.name}")
            return
        self.pending.popleft()
        corrected = f"--{flag.name}={following}"
        self.corrected.append(corrected)
        if following.lower() in FALSE:
            effect = "is read as True: a boolean takes its value behind = only"
            self._trap("boolean apart", f"--{flag.name} {following}", effect, corrected)

    def _take(self, flag: Flag, text: str) -> None:
        more: list[str] = []
        while flag.repeats and self.pending and self.pending[0].strip(",.").isdigit():
            more.append(self.pending.popleft())
        if more:
            parts = [part.strip(",") for part in (text, *more)]
            joined = [f"--{flag.name}={part}" for part in parts]
            if flag.kind == "list":
                joined = [f"--{flag.name}={','.join(parts)}"]
            said = f"--{flag.name}={' '.join((text, *more))}"
            effect = f"is read as {text} alone; the rest is ignored"
            self._trap("several values", said, effect, " ".join(joined))
            self.corrected += joined
        else:
            self.corrected.append(f"--{flag.name}={text}")
        self._texts.setdefault(flag.name, []).append(text)

    def _convert(self, flag: Flag, texts: list[str]) -> None:
        """What the flag holds in the end; of a list flag said twice, the last."""
        if flag.kind == "list" and len(texts) > 1:
            joined = f"--{flag.name}={','.join(texts)}"
            said = " ".join(f"--{flag.name}={text}" for text in texts)
            effect = f"newer code (since 2019) reads only the last of them, {texts[-1]}"
            self._trap("repeated flag", said, effect, joined)
            self._say_once(flag, joined)
        try:
            self.values[flag.name] = value_of(flag, texts)
        except WrongValue as problem:
            said = f"--{flag.name}={texts[-1]}"
            self._trap("wrong value", said, str(problem), f"--{flag.name}={problem.instead}")

    def _say_once(self, flag: Flag, joined: str) -> None:
        at = next(n for n, w in enumerate(self.corrected) if w.startswith(f"--{flag.name}="))
        others = [w for w in self.corrected if not w.startswith(f"--{flag.name}=")]
        self.corrected = [*others[:at], joined, *others[at:]]

    def _trap(self, kind: str, text: str, effect: str, corrected: str) -> None:
        self.traps.append(Trap(kind, text, effect, corrected))
