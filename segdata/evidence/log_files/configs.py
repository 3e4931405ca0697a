"""The configuration that mmsegmentation prints into its logs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from segdata.evidence.script_files.code import Code
from segdata.evidence.script_files.mmseg import read_mmseg
from segdata.evidence.settings import SettingsFacts

_BEGINS = re.compile(r" - INFO - Config:\s*$")
# The next line of the logger ends it: its date stands first.
_ENDS = re.compile(r"^\d{2,4}[-/]\d\d")
_MOST_LINES = 10_000


@dataclass
class Config:
    """Collects the lines of the configuration; a log that goes on has several, the last counts."""

    lines: list[str] = field(default_factory=list)
    open: bool = False

    def line(self, line: str) -> bool:
        """Whether the line belongs to it."""
        if _BEGINS.search(line):
            self.lines, self.open = [], True
        elif self.open and (_ENDS.match(line) or len(self.lines) >= _MOST_LINES):
            self.open = False
        elif self.open:
            self.lines.append(line)
            return True
        return False


def settings_of(text: str, where: str) -> SettingsFacts | None:
    """What it says; None where it cannot be read."""
    code = Code.of(text) if text.strip() else None
    facts = read_mmseg(code, where) if code is not None else None
    return facts.settings if facts is not None else None
