"""What a folder of shards says of itself. Written last: a folder without it is not finished."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.files import refuse_incomplete, write_file
from segdata.settings import explain

MANIFEST_FILE = "manifest.json"
SCHEMA: Final = "deeplab/1"


class ShardInfo(BaseModel):
    """One shard: enough to check it and to read any of its records.

    ``file`` is a name in the folder, ``offsets`` are the byte positions of the records' frames,
    ``sha256`` is of the whole file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    split: str
    samples: int
    bytes: int
    sha256: str
    offsets: Annotated[tuple[int, ...], Field(strict=False)]


class SplitInfo(BaseModel):
    """What was measured of a split while its labels were read.

    ``pixels`` counts label values: one entry per class id below ``num_classes``, then the ignored
    pixels. Sizes are of the photos, in pixels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    samples: int
    labelled: int
    pixels: Annotated[tuple[int, ...], Field(strict=False)]
    min_height: int
    min_width: int
    max_height: int
    max_width: int


class ShardManifest(BaseModel):
    """All that a reader of the shards needs to know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: Annotated[Literal["deeplab/1"], Field(alias="schema")] = SCHEMA
    tool_version: str
    name: str
    num_classes: int
    classes: dict[str, Any]
    class_digest: str
    seed: int
    splits: dict[str, SplitInfo]
    shards: Annotated[tuple[ShardInfo, ...], Field(strict=False)]

    @property
    def class_map(self) -> ClassMap:
        return ClassMap.from_json(self.classes)

    @property
    def ignore_label(self) -> int | None:
        return self.class_map.ignore

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change with any byte of any shard."""
        text = "".join(f"{s.file}:{s.sha256}\n" for s in self.shards)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def of_split(self, split: str) -> tuple[ShardInfo, ...]:
        """The shards of a split.

        Raises:
            UserError: there is no such split; names those there are.
        """
        if split not in self.splits:
            raise UserError(
                f"the shards have no split {split!r}", f"they have: {', '.join(self.splits)}"
            )
        return tuple(s for s in self.shards if s.split == split)

    def save(self, folder: Path) -> None:
        """Write ``manifest.json`` into the folder."""
        text = json.dumps(self.model_dump(by_alias=True, mode="json"), indent=1)
        write_file(folder / MANIFEST_FILE, text.encode())

    @classmethod
    def load(cls, folder: Path) -> ShardManifest:
        """Read a folder's manifest.

        Raises:
            UserError: the folder holds no finished shards, or the manifest is damaged.
        """
        path = folder / MANIFEST_FILE
        if not folder.exists():
            raise UserError(f"{folder} does not exist", "check the path")
        refuse_incomplete(folder)
        if not path.is_file():
            raise UserError(
                f"{folder} holds no finished shards: there is no {MANIFEST_FILE}",
                f"make shards: segdata shard DATASET {folder}",
            )
        try:
            manifest = cls.model_validate_json(path.read_bytes())
            ClassMap.from_json(manifest.classes)
        except (ValidationError, ValueError) as error:
            why = explain(error, cls, str(path)) if isinstance(error, ValidationError) else error
            raise _damaged(path, why) from error
        except (KeyError, TypeError, UserError) as error:
            raise _damaged(path, "its classes are none") from error
        return manifest


def _damaged(path: Path, why: object) -> UserError:
    return UserError(f"{path} is damaged: {why}", "shard the data set again")
