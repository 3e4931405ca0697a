"""Import a checkpoint of others, with the classes of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segdata import builtin, registry
from segdata.classes import ClassMap
from segdata.errors import MissingExtra, UserError
from segdata.sources.class_files import read_class_file

if TYPE_CHECKING:
    from model.importing.imported import Imported


@dataclass(frozen=True, kw_only=True)
class CheckpointRequest:
    """Which checkpoint to import, and what it does not tell.

    Args:
        source: a prefix, folder, archive, frozen graph or safetensors.
        out: the folder to write.
        assignments: settings of the network as ``KEY=VALUE``.
        dataset: the folder or name of a data set that has the classes, or a built-in one's.
        classes: a class file instead.
        partial: load what fits.
        overwrite: also write into a folder that is not empty.
    """

    source: Path
    out: Path
    assignments: tuple[str, ...] = ()
    dataset: str | None = None
    classes: Path | None = None
    partial: bool = False
    overwrite: bool = False


def import_checkpoint(request: CheckpointRequest) -> Imported:
    """Import it.

    Raises:
        UserError: it cannot be read, is of no network that there is here, or fits only in part.
        MissingExtra: torch is not installed.
    """
    try:
        from model.importing.operation import ImportRequest
        from model.importing.operation import import_checkpoint as run
    except ModuleNotFoundError as missing:
        raise MissingExtra(missing.name or "torch", "train") from missing
    return run(
        ImportRequest(
            path=request.source,
            out=request.out,
            assignments=request.assignments,
            class_map=_classes(request),
            partial=request.partial,
            overwrite=request.overwrite,
        )
    )


def _classes(request: CheckpointRequest) -> ClassMap | None:
    if request.dataset and request.classes:
        raise UserError("--dataset and --classes both name the classes", "give one of them")
    if request.classes:
        return read_class_file(request.classes)
    if request.dataset is None:
        return None
    if request.dataset in builtin.names() and not Path(request.dataset).exists():
        return builtin.descriptor(request.dataset).class_map
    return registry.find(request.dataset).class_map
