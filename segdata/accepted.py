"""Findings that a project has accepted, so that only new ones fail (``validate --baseline``).

A finding is recognized by its rule, its place and its kind:

* the place is the path relative to the data set, so the folder may be moved or renamed. A finding
  about many files names the first few; it is the same finding if it names any file that was
  recorded, so mending the first of ten files makes no new finding of the other nine;
* the kind is which keys its evidence has, and for tables of label values (``{"12": 300}``) which
  values. Counts, shares and pixel places are no part of it: a finding that grows or shrinks stays
  the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from segdata.errors import UserError
from segdata.files import write_file
from segdata.findings import Finding

SCHEMA = "segdata-baseline/1"


@dataclass(frozen=True)
class Fingerprint:
    """What a finding is recognized by.

    Args:
        path: relative to the data set, as a posix path; empty if it is about none.
        others: further files that it names.
        kind: keys of its evidence, sorted.
        message: for people; never compared.
    """

    rule: str
    path: str
    others: tuple[str, ...]
    kind: str
    message: str

    @classmethod
    def of(cls, finding: Finding, root: str) -> Fingerprint:
        named = dict.fromkeys(_relative(path, root) for path in _files(finding.evidence, root))
        place = _relative(finding.path, root) if finding.path is not None else ""
        named.pop(place, None)
        kind = ",".join(sorted(_keys(finding.evidence)))
        return cls(finding.rule, place, tuple(named), kind, finding.message)

    @property
    def places(self) -> tuple[str, ...]:
        return self.path, *self.others

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "path": self.path,
            "others": list(self.others),
            "kind": self.kind,
            "message": self.message,
        }


@dataclass(frozen=True)
class Compared:
    """Findings beside those that were accepted.

    Args:
        file: the baseline.
        new: findings that are not in it.
        known: findings that are.
        gone: what it holds and nothing found any more.
        written: the baseline was just written from these findings.
    """

    file: str
    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: tuple[Fingerprint, ...]
    written: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "known": len(self.known),
            "gone": [entry.to_json() for entry in self.gone],
            "written": self.written,
        }


def compare(findings: Iterable[Finding], root: str, file: Path) -> Compared:
    """Set findings beside a baseline.

    Args:
        root: the data set that they are about.

    Raises:
        UserError: the baseline is missing or is none.
    """
    accepted = read_baseline(file)
    places = _Accepted(accepted)
    new: list[Finding] = []
    known: list[Finding] = []
    met: set[Fingerprint] = set()
    for finding in findings:
        same = places.like(Fingerprint.of(finding, root))
        met.update(same)
        (known if same else new).append(finding)
    gone = tuple(entry for entry in accepted if entry not in met)
    return Compared(str(file), tuple(new), tuple(known), gone)


def write_baseline(findings: Iterable[Finding], root: str, file: Path) -> Compared:
    """Accept findings: write them to a file, in place of what it held.

    Raises:
        UserError: the file cannot be written.
    """
    found = tuple(findings)
    entries = [Fingerprint.of(finding, root).to_json() for finding in found]
    text = json.dumps({"schema": SCHEMA, "findings": entries}, ensure_ascii=False, indent=1)
    write_file(file, f"{text}\n".encode())
    return Compared(str(file), (), found, (), written=True)


def read_baseline(file: Path) -> tuple[Fingerprint, ...]:
    """The accepted findings.

    Raises:
        UserError: the file is missing or is no baseline.
    """
    try:
        data = json.loads(file.read_bytes())
        if data["schema"] != SCHEMA:
            raise UserError(f"{file} is a baseline of another kind ({data['schema']})", _AGAIN)
        return tuple(
            Fingerprint(e["rule"], e["path"], tuple(e["others"]), e["kind"], e["message"])
            for e in data["findings"]
        )
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}", _AGAIN) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{file} is no baseline of segdata", _AGAIN) from error


_AGAIN = "make one: segdata validate DATASET --write-baseline baseline.json"


def _relative(path: str, root: str) -> str:
    """Below the data set, with slashes; as it is where it lies elsewhere."""
    return _below(path, root) or PurePath(path).as_posix()


def _below(path: str, root: str) -> str | None:
    try:
        relative = os.path.relpath(path, root)
    except ValueError:  # another drive
        return None
    return None if relative.startswith("..") else PurePath(relative).as_posix()


def _files(evidence: Any, root: str) -> Iterator[str]:
    """Paths below the data set that an evidence names."""
    if isinstance(evidence, str):
        named = PurePath(evidence)
        if named.suffix and (named.name == evidence or _below(evidence, root)):
            yield evidence
    elif isinstance(evidence, Mapping):
        for value in evidence.values():
            yield from _files(value, root)
    elif isinstance(evidence, (list, tuple)):
        for value in evidence:
            yield from _files(value, root)


def _keys(evidence: Mapping[str, Any]) -> Iterator[str]:
    """The keys; of a table of label values also the values."""
    for key, value in evidence.items():
        yield key
        if isinstance(value, Mapping) and all(str(row).isdigit() for row in value):
            yield from (f"{key}.{row}" for row in value)


class _Accepted:
    """Accepted findings by their places: a data set may have thousands."""

    def __init__(self, entries: Iterable[Fingerprint]) -> None:
        self._entries: dict[tuple[str, ...], list[Fingerprint]] = {}
        for entry in entries:
            for place in {key for path in entry.places for key in _held(path)}:
                self._entries.setdefault((entry.rule, entry.kind, *place), []).append(entry)

    def like(self, mine: Fingerprint) -> list[Fingerprint]:
        """Those of the same rule and kind that share a place."""
        keys = [(mine.rule, mine.kind, *key) for path in mine.places for key in _asked(path)]
        return [entry for key in keys for entry in self._entries.get(key, ())]


def _held(path: str) -> Iterator[tuple[str, str]]:
    """What an accepted place is found by: itself, and its name."""
    name = PurePath(path).name
    yield "path", path
    if name:
        yield "name", name
    if path == name != "":
        yield "bare", name


def _asked(path: str) -> Iterator[tuple[str, str]]:
    """The same path, or one of both is the bare name of the other."""
    name = PurePath(path).name
    yield "path", path
    if name:
        yield ("name" if path == name else "bare"), name
