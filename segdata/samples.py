"""Where the sample data lies: inside an installed segdata, or at the top of a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from segdata.errors import UserError

FOLDER = "sample_data"


def sample_folder(name: str) -> Path:
    """The folder of a sample data set: ``streets`` or ``portrait``.

    Raises:
        UserError: it is not there.
    """
    package = Path(str(files("segdata")))
    for root in (package, package.parent):
        folder = root / FOLDER / name
        if folder.is_dir():
            return folder
    raise UserError(
        f"the sample data {name!r} is not installed", "install segdata again, or use a checkout"
    )
