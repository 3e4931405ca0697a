"""The text of a class file, in whatever encoding it was saved."""

from __future__ import annotations

import codecs
from pathlib import Path

from segdata.errors import UserError

# 65,000 classes with long names stay below; an annotation file or a picture does not.
_LARGEST_FILE = 8 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> str:
    """Text in UTF-8 or UTF-16 (with or without a BOM), else in Windows' Western code page.

    Raises:
        UserError: it is missing, a folder, too large, or no text.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise UserError(
                f"{path} has {path.stat().st_size >> 20} MiB: this is no class file",
                "name the class file with --classes FILE",
            )
        data = path.read_bytes()
    except IsADirectoryError:
        raise UserError(f"the class file {path} is a folder", "name the file in it") from None
    except FileNotFoundError:
        raise UserError(f"the class file {path} does not exist", "check the path") from None
    except OSError as error:
        raise UserError(f"the class file {path} cannot be read: {error.strerror}") from error
    return _decoded(data, path)


def _decoded(data: bytes, path: Path) -> str:
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    if encoding is None and b"\0" in data:
        # ASCII letters in UTF-16 without a BOM: every other byte is zero.
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    for name in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if not _binary(text):
            return text
    raise UserError(
        f"the class file {path} cannot be read as text", "save it as UTF-8 text: name,r,g,b"
    )


def _binary(text: str) -> bool:
    """Whether the text has control characters that no text file has."""
    return any(ord(c) < 32 and c not in "\t\n\r\f\v\x1a" for c in text)
