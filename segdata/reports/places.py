"""Where findings are, for programs that know files by their place below a folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from urllib.parse import quote

from segdata.checked import Checked
from segdata.findings import Finding

# How a record is told from its shard in a path.
_RECORD = ", record "


def base_of(checked: Checked) -> Path:
    """The folder that paths are given below: the working directory where the data lies in it.

    Continuous integration runs at the root of a checkout and shows findings by their place in it.
    """
    here, root = Path.cwd().resolve(), Path(checked.statistics.root).resolve()
    return here if root.is_relative_to(here) else root


def place_below(path: str, base: Path) -> str:
    """The path below a folder, with slashes; as it is where it lies elsewhere.

    Of a record in a shard it is the shard.
    """
    path = path.partition(_RECORD)[0]
    try:
        relative = os.path.relpath(path, base)
    except ValueError:  # another drive
        relative = path
    outside = PurePath(relative).parts[:1] == ("..",)
    return PurePath(path if outside else relative).as_posix()


def as_uri(path: str, base: Path) -> str:
    """A reference below the folder, or a file's own address; other characters are %-escaped."""
    place = place_below(path, base)
    if PurePath(place).is_absolute():
        return PurePath(place).as_uri()
    return quote(place, safe="/")


def line_of(finding: Finding) -> int | None:
    """The line of a text file that a finding is about."""
    lines = finding.evidence.get("lines")
    return lines[0] if isinstance(lines, list) and lines else None


def sentence(finding: Finding) -> str:
    """The message with the record and the pixel that it is about."""
    record = (finding.path or "").partition(_RECORD)[2]
    places = [f"record {record}"] if record else []
    if finding.x is not None and finding.y is not None:
        places.append(f"x={finding.x}, y={finding.y}")
    return f"{finding.message} (first at {', '.join(places)})" if places else finding.message
