"""A folder of predictions: it says what they are of, so that two kinds are never mixed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.files import output_folder, write_file
from segdata.frames import Sources
from segdata.images import Unreadable, check_whole

RECORD_FILE = "predictions.json"
# What is told, but may differ: a run that was moved is the same run.
_PLACE = "model"


def recorded_classes(folder: Path) -> ClassMap | None:
    """The classes that ``segdata predict`` has written beside its PNGs; None in others' folders.

    Raises:
        UserError: the record is damaged.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        return None
    try:
        return ClassMap.from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(
            f"{path} is damaged: {error}", "name the classes: --classes FILE, or predict again"
        ) from error


@dataclass(frozen=True)
class PredictedFolder:
    """Results that are written one at a time.

    Args:
        path: the folder; made with the first result.
        record: what the results are of, for ``predictions.json``.
        overwrite: predict again what is there, whatever it is of.
    """

    path: Path
    record: Mapping[str, Any]
    overwrite: bool = False

    @contextmanager
    def open(self) -> Iterator[None]:
        """The block in which results are written.

        Raises:
            UserError: the folder holds other things, or results of another network or kind.
        """
        earlier = self._earlier()
        if earlier is not None and not self.overwrite:
            self._refuse_differences(earlier)
        with output_folder(self.path, overwrite=self.overwrite or earlier is not None):
            yield

    def holds(self, name: str, since: float) -> bool:
        """Whether a result is there, whole, and not older than its image or than the record.

        Args:
            since: when the image was changed, in seconds. What is older than the record was left
                by another network whose results were to be overwritten.
        """
        path = self.path / name
        try:
            recorded = (self.path / RECORD_FILE).stat().st_mtime
            if self.overwrite or path.stat().st_mtime < max(since, recorded):
                return False
            if path.suffix == ".png":
                check_whole(path)
        except (OSError, Unreadable):
            return False
        return True

    def write(self, name: str, data: bytes) -> None:
        """Write one result; with the first one also what it is of."""
        if self._earlier() != self.record:
            text = json.dumps(self.record, indent=1, ensure_ascii=False)
            write_file(self.path / RECORD_FILE, text.encode())
        write_file(self.path / name, data)

    def refuse_sources(self, sources: Sources) -> None:
        """Raise a UserError if a result would lie among the images."""
        real = self.path.resolve()
        for folder in sources.folders:
            if real.is_relative_to(folder.resolve()):
                raise UserError(
                    f"{self.path} is inside {folder}, which is read", "choose another --out"
                )
        files = {str(Path(s.file).parent) for s in sources.items if isinstance(s.file, str)}
        folders = {str((self.path / source.key).parent) for source in sources.items}
        both = {Path(f).resolve() for f in files} & {Path(f).resolve() for f in folders}
        for folder in sorted(both):
            raise UserError(f"{folder} holds images that are read", "choose another --out")

    def _earlier(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self.path / RECORD_FILE).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def _refuse_differences(self, earlier: Mapping[str, Any]) -> None:
        other = [
            f"{key} {earlier.get(key)} there, {value} now"
            for key, value in self.record.items()
            if key != _PLACE and earlier.get(key) != value
        ]
        if other:
            raise UserError(
                f"{self.path} holds other predictions: {'; '.join(other)}",
                "choose another --out, or add --overwrite to predict all again",
            )
