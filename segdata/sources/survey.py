"""What lies in a folder, walked once for all formats."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from segdata.errors import UserError
from segdata.images import IMAGE_SUFFIXES


@dataclass(frozen=True)
class Survey:
    """The names in a folder and below it.

    Args:
        root: the folder.
        folders: for each folder, as a posix path below the root (``"."`` is the root itself), the
            names of its files in order. Hidden files (macOS writes a ``._a.png`` beside ``a.png``),
            hidden folders, and links to folders are left out.
        outside: files that are links out of the root; they are left out too.
    """

    root: Path
    folders: Mapping[str, tuple[str, ...]]
    outside: tuple[Path, ...] = ()

    @classmethod
    def of(cls, root: Path, *, follow: bool = False) -> Survey:
        """Walk a folder.

        Args:
            follow: take files too that are links out of the folder.

        Raises:
            UserError: it is none.
        """
        if not root.is_dir():
            what = "is no folder" if root.exists() else "does not exist"
            raise UserError(f"{root} {what}", "name the folder with photos and labels")
        found = {}
        outside: list[Path] = []
        for parent, folders, names in os.walk(root):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            seen = sorted(name for name in names if not name.startswith("."))
            if not follow:
                away = [name for name in seen if leads_out(Path(parent, name), root)]
                outside += (Path(parent, name) for name in away)
                seen = [name for name in seen if name not in away] if away else seen
            found[Path(parent).relative_to(root).as_posix()] = tuple(seen)
        return cls(root, found, tuple(outside))

    def has(self, folder: str) -> bool:
        """Whether there is a folder of that posix path."""
        return folder in self.folders

    def files(self, *suffixes: str, under: str = ".") -> Iterator[Path]:
        """Files whose names end so (in any case), of a folder and those below it, in order."""
        wanted = tuple(suffix.lower() for suffix in suffixes)
        for folder, names in self.folders.items():
            if under in (".", folder) or folder.startswith(f"{under}/"):
                for name in names:
                    if name.lower().endswith(wanted):
                        yield self.root / folder / name

    def image_folders(self) -> list[Path]:
        """Folders that hold pictures directly."""
        return [
            self.root / folder
            for folder, names in self.folders.items()
            if any(name.lower().endswith(IMAGE_SUFFIXES) for name in names)
        ]


def leads_out(path: Path, root: Path) -> bool:
    """Whether a file is a link to a place outside a folder."""
    return path.is_symlink() and not path.resolve().is_relative_to(root.resolve())
