"""One pair -> the bytes of one record: what is kept as it is, and what is encoded again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segdata.classes import Label
from segdata.dataset import Pair
from segdata.findings import Certainty, Finding, Level
from segdata.images import (
    PNG_GRAY,
    NoIds,
    Unreadable,
    encode_label,
    encode_photo,
    read_header,
    read_label,
    read_photo,
)
from segdata.records import Sample

# The rule (fault catalogue) behind each reason why pixels cannot be ids.
_RULES = {"color": "L04", "alpha": "L13", "lossy": "L11", "mode": "L27"}
_UINT8_MAX = 255


@dataclass(frozen=True)
class Packed:
    """A record to be, or the reasons why there can be none.

    Args:
        sample: None if the pair cannot be written.
        label: ``uint8 or uint16 H×W, class ids``; None without a label.
    """

    sample: Sample | None
    label: Label | None = None
    findings: tuple[Finding, ...] = ()


def pack(pair: Pair, *, wide_labels: bool = False) -> Packed:
    """Read a pair's files and bring them into the form of a record.

    Photos that are JPEG or PNG keep their bytes; others become PNG. Labels are 8-bit grey PNGs in
    a record: such ones keep their bytes; palette indices, one bit, equal channels and ids in wider
    types are encoded again, because the original's reader would take their luminance or high byte.
    """
    try:
        image, form, height, width = _photo(pair.image)
    except (Unreadable, OSError) as error:
        return Packed(None, findings=(_unwritable("L27", pair.image, error),))
    if pair.label is None:
        return Packed(Sample(pair.key, image, form, height, width, None))
    try:
        png, label = _label(pair.label)
    except NoIds as error:
        return Packed(None, findings=(_unwritable(_RULES[error.kind], pair.label, error),))
    except (Unreadable, OSError) as error:
        return Packed(None, findings=(_unwritable("L27", pair.label, error),))
    if label.dtype != np.uint8 and not wide_labels:
        return Packed(None, findings=(_too_wide(pair.label, label),))
    return Packed(Sample(pair.key, image, form, height, width, png), label)


def _photo(path: Path) -> tuple[bytes, str, int, int]:
    """A photo's bytes, their format, rows and columns as stored."""
    data = path.read_bytes()
    header = read_header(data)
    # Phones store JPEGs with a second picture behind the first; readers of JPEG see the first.
    form = "jpeg" if header.format == "mpo" else header.format
    if form not in ("jpeg", "png"):
        data, form = encode_photo(read_photo(data)), "png"
    return data, form, header.height, header.width


def _label(path: Path) -> tuple[bytes, Label]:
    """A label's PNG for the record, and its ids."""
    data = path.read_bytes()
    header, label = read_header(data), read_label(data)
    if header.png_color_type == PNG_GRAY and header.bit_depth == 8:
        return data, label
    if int(label.max(initial=0)) <= _UINT8_MAX:
        label = label.astype(np.uint8)
    return encode_label(label), label


def _unwritable(rule: str, path: Path, error: Exception) -> Finding:
    message = error.message if isinstance(error, Unreadable | NoIds) else str(error)
    return Finding(
        rule=rule,
        level=Level.ERROR,
        certainty=Certainty.PROOF,
        message=f"{path.name} cannot be written to a shard: {message}",
        path=str(path),
        fix=getattr(error, "remedy", ""),
    )


def _too_wide(path: Path, label: Label) -> Finding:
    beyond = label > _UINT8_MAX
    row, column = np.unravel_index(int(beyond.argmax()), label.shape)
    return Finding(
        rule="L14",
        level=Level.ERROR,
        certainty=Certainty.PROOF,
        message=f"{path.name} holds ids up to {int(label.max())}; 8-bit labels end at {_UINT8_MAX}",
        path=str(path),
        x=int(column),
        y=int(row),
        count=int(beyond.sum()),
        fix="number the classes from 0 to 255, or add --wide-labels "
        "(segdata reads such shards, the original DeepLab does not)",
    )
