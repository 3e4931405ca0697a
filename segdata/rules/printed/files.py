"""Rules about what programs print when a file is missing, or is not what they expect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segdata.findings import Certainty
from segdata.rules.printed.lines import Told, numbers_of, speaks_for, stated

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts

_PICTURE = re.compile(r"\.(?:png|jpe?g|bmp|tiff?|gif)$", re.IGNORECASE)
_PHOTOS = re.compile(r"jpegimages|images?|imgs?|photos|leftimg8bit", re.IGNORECASE)
_LABELS = re.compile(r"segmentation\w*|masks?|labels?|annot\w*|gt\w*", re.IGNORECASE)
# The stride to which the original rounds up; train.py's output_stride.
_STRIDE = 16
_FOLDER = "the data set: add its folder to the command"


@speaks_for("P03", "P04", "P05", "P06", "P07")
def file_not_found(case: CaseFacts) -> Told:
    """A photo or label was not found; its name says why."""
    line = case.log.messages.get("no file") if case.log is not None else None
    if line is None:
        return
    found = _why(line.values["name"])
    if found is not None:
        name, what, certainty, fix = found
        yield name, stated(case, line, what, certainty, fix, _FOLDER)


def _why(path: str) -> tuple[str, str, Certainty, str] | None:
    folder, _, base = path.replace("\\\\", "/").rpartition("/")
    plain = base.removesuffix("\\r").rstrip()
    stem = _PICTURE.sub("", plain)
    parts = [part for part in folder.split("/") if part]
    if not stem:
        return (
            "P04", "a line of the list is blank: a file without a name was looked for",
            Certainty.STRONG, "delete the blank lines of the list",
        )  # fmt: skip
    if "\r" in base or base.endswith("\\r") or stem.endswith("\\r"):
        return (
            "P05", "the names in the list end in an invisible CR, of Windows' line ends",
            Certainty.STRONG, "save the list with Unix line ends: dos2unix LIST.txt",
        )  # fmt: skip
    twice = len(parts) != len(set(parts)) and parts[-1:] == parts[-2:-1]
    if stem != stem.strip() or base != plain or _PICTURE.search(stem) or "\ufeff" in stem or twice:
        return (
            "P06", f"the list holds more than the plain name: {base!r} was looked for",
            Certainty.STRONG, "leave names alone in the list, without suffix, folder and blanks",
        )  # fmt: skip
    png = plain.lower().endswith(".png")
    place = parts[-1] if parts else ""
    if place.lower() == "jpegimages" and png:
        return (
            "P03", "photos were looked for as .png, in a folder that is meant for .jpg",
            Certainty.STRONG, "--image_format=jpg of the builder (its default is png)",
        )  # fmt: skip
    if any(_PHOTOS.fullmatch(part) or _LABELS.fullmatch(part) for part in parts):
        return (
            "P07", f"{base} was looked for and is not there",
            Certainty.MEDIUM, "compare the list with the folder: names, capitals and suffixes",
        )  # fmt: skip
    return None


@speaks_for("P10", "L23", "D07")
def builder_stopped(case: CaseFacts) -> Told:
    """The builder or loader of the data says what is wrong."""
    messages = case.log.messages if case.log is not None else {}
    if (line := messages.get("no mask")) is not None:
        yield "P10", stated(
            case, line, f"no mask is named like the photo {line.values['name']}",
            Certainty.MEDIUM, "name masks like their photos, or give the loader their suffix",
            _FOLDER,
        )  # fmt: skip
    if (line := messages.get("sizes differ")) is not None:
        yield "L23", stated(
            case, line, "a label has another size than its photo",
            Certainty.STRONG, "segdata validate DATASET names the files", _FOLDER,
        )  # fmt: skip
    if (line := messages.get("unknown dataset")) is not None:
        yield "D07", stated(
            case, line, "the name given to --dataset is not among those that the code reads",
            Certainty.STRONG, "put the descriptor and its row of _DATASETS_INFORMATION into "
            "datasets/data_generator.py, and give --dataset the same name",
        )  # fmt: skip


@speaks_for("I03")
def crop_stopped(case: CaseFacts) -> Told:
    """The original stops at a photo that is larger than the crop of the evaluation."""
    line = case.log.messages.get("crop") if case.log is not None else None
    if line is None or case.log is None or case.log.loss.points:
        return
    expected, got = numbers_of(line.values["expected"]), numbers_of(line.values["got"])
    if len(expected) != 3 or len(got) != 3 or expected[2] != got[2]:
        return
    if got[0] <= expected[0] and got[1] <= expected[1]:
        return
    height, width = (_rounded(max(a, b)) for a, b in zip(expected[:2], got[:2], strict=True))
    yield "I03", stated(
        case, line, f"a photo of {got[1]}x{got[0]} does not fit the crop of "
        f"{expected[1]}x{expected[0]}",
        Certainty.STRONG, f"--eval_crop_size={height},{width} or more (--vis_crop_size): the "
        "largest height and width of all photos, rounded up to a multiple of 16, plus 1",
    )  # fmt: skip


def _rounded(size: int) -> int:
    return -(-(size - 1) // _STRIDE) * _STRIDE + 1
