"""Tables in texts: fastai's, and those that notebooks show of Transformers' trainer."""

from __future__ import annotations

import re

from segdata.evidence.log_files.names import meaning_of

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf(?:inity)?)", re.IGNORECASE)


class Columns:
    """Reads rows below a line of names that begins with the epoch or step."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def line(self, line: str) -> dict[str, float]:
        """The values of a row by name; empty for all other lines."""
        cells = _cells(line)
        if not cells:
            return {}
        if cells[0].lower() in ("epoch", "step"):
            known = any(meaning_of(cell) == "loss" for cell in cells[1:])
            self._names = cells if known and not any(map(_NUMBER.fullmatch, cells)) else []
            return {}
        if len(cells) != len(self._names) or not re.fullmatch(r"\d{1,12}", cells[0]):
            return {}
        return {
            name: float(cell)
            for name, cell in zip(self._names, cells, strict=True)
            if _NUMBER.fullmatch(cell)
        }


def _cells(line: str) -> list[str]:
    """What stands between bars, tabs or several blanks."""
    if not line[:1].isalnum() and not line.startswith("|"):
        return []
    if "|" in line:
        return [cell.strip() for cell in line.strip().strip("|").split("|")]
    return re.split(r"\s{2,}|\t", line.strip())
