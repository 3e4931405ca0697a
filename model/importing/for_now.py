"""A checkpoint of others as one of ours, for as long as a block runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from model.importing.places import is_ours, prefixes_in
from model.run_folder import CONFIG


@contextmanager
def as_ours(
    path: Path, settings: Iterable[str], note: Callable[[str], None]
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """A run or checkpoint of ours, and the settings that are still to be changed in it.

    Args:
        path: a run or checkpoint of ours, which is yielded as it is, or one of others.
        settings: of the network, ``KEY=VALUE``, that differ from those of its training.
        note: is told what is assumed of a checkpoint of others.

    Raises:
        UserError: there is none, or it cannot be imported.
    """
    folder = path.parent if path.suffix == ".safetensors" else path
    if folder.is_dir() and (is_ours(folder) or _has_begun(folder)):
        yield path, tuple(settings)
        return
    # Here: most predictions need none of it.
    from model.importing.operation import ImportRequest, import_checkpoint

    with TemporaryDirectory(prefix="segdata-") as scratch:
        out = Path(scratch) / "checkpoint"
        asked = ImportRequest(path=path, out=out, assignments=tuple(settings), to_predict=True)
        for sentence in import_checkpoint(asked).notes:
            note(sentence)
        yield out, ()


def _has_begun(folder: Path) -> bool:
    """Whether it is a run without a checkpoint yet; others have files of that name, too."""
    return (folder / CONFIG).is_file() and not prefixes_in(folder)
