"""Photos in which one class stays sharp, and the rest is blurred, cut out or replaced."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from segdata.classes import Color, SegClass
from segdata.drawing import effects
from segdata.errors import UserError
from segdata.files import inside, output_folder, write_file
from segdata.frames import Damaged, Photo
from segdata.images import encode_photo, read_photo
from segdata.progress import Silence, Watch
from segdata.workflows.pictures import PictureRequest
from segdata.workflows.subject_photos import SubjectPhoto, SubjectPhotos, subject_photos
from segdata.workflows.subjects import subject_of

Effect = Literal["blur", "cutout", "replace"]


@dataclass(frozen=True, kw_only=True)
class PortraitRequest:
    """What to make of photos.

    Args:
        of: the source, as for pictures: a run, a checkpoint, a data set, shards, or a folder of id
            PNGs; also ``out``, ``split``, ``limit``, ``overwrite`` and how a run predicts.
        effect: what becomes of all that is not kept.
        keep: names or ids of the classes that stay; none takes the one that is likely meant.
        images: photos, as ``segdata predict`` takes them; none takes those of the split.
        background: behind the subject with ``replace``: a color or the file of a picture.
        blur: the radius of the blur as a share of the longer side.
    """

    of: PictureRequest
    effect: Effect
    keep: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    background: str | None = None
    blur: float = effects.BLUR


@dataclass(frozen=True)
class Portraits:
    """What :func:`portray` did.

    Args:
        out: the folder of the results.
        kept: the classes that stayed.
        images: how many photos there are now.
        without: how many of them show none of the classes.
        damaged: files that could not be read.
    """

    out: Path
    effect: Effect
    kept: tuple[SegClass, ...]
    images: int
    without: int
    damaged: tuple[Damaged, ...]

    @property
    def exit_code(self) -> int:
        """1 where a file could not be read."""
        return 1 if self.damaged else 0


def portray(
    request: PortraitRequest, *, watch: Watch | None = None, stdin: BinaryIO | None = None
) -> Portraits:
    """Write ``OUT/EFFECT/NAME`` for every photo, in its own size.

    Photos named as JPEG stay JPEG; others, and all that is cut out, become PNG.

    Raises:
        UserError: the request contradicts itself, a class or a photo is not there, or not one photo
            can be read.
        MissingExtra: torch is not installed, and a network is needed.
    """
    watch = watch or Silence()
    behind = _behind(request)
    photos = subject_photos(request.of, request.images, watch, stdin or sys.stdin.buffer)
    kept = subject_of(photos.class_map, request.keep, watch)
    folder = request.of.out / request.effect
    images = without = 0
    damaged: list[Damaged] = []
    with output_folder(request.of.out, overwrite=request.of.overwrite):
        for item in _followed(photos, kept, request, watch):
            if isinstance(item, Damaged):
                damaged.append(item)
                continue
            alpha = effects.matte(item.image, item.probability)
            write_file(_place(folder, item, request.effect), _drawn(item, alpha, request, behind))
            images += 1
            without += not alpha.any()
        if not images:
            raise _nothing(damaged)
    return Portraits(folder, request.effect, kept, images, without, tuple(damaged))


def _followed(
    photos: SubjectPhotos, kept: tuple[SegClass, ...], request: PortraitRequest, watch: Watch
) -> Iterator[SubjectPhoto | Damaged]:
    total = min(photos.total, request.of.limit or photos.total)
    items = photos.showing([entry.id for entry in kept])
    return watch(islice(items, request.of.limit), request.effect, total)


def _drawn(
    item: SubjectPhoto, alpha: effects.Floats, request: PortraitRequest, behind: Color | Photo
) -> bytes:
    if request.effect == "cutout":
        return encode_photo(effects.cut_out(item.image, alpha))
    if request.effect == "blur":
        drawn = effects.blurred(item.image, alpha, request.blur)
    else:
        drawn = effects.replaced(item.image, alpha, behind)
    return encode_photo(drawn, "jpeg" if item.jpeg else "png")


def _place(folder: Path, item: SubjectPhoto, effect: Effect) -> Path:
    suffix = "jpg" if item.jpeg and effect != "cutout" else "png"
    return inside(folder, f"{item.key}.{suffix}")


def _behind(request: PortraitRequest) -> Color | Photo:
    """The color or the picture that replaces the background."""
    text = request.background
    if request.effect != "replace":
        if text is not None:
            raise UserError(
                f"--background {text} has no effect on {request.effect}", "use --effect replace"
            )
        return (0, 0, 0)
    if text is None:
        raise UserError(
            "say what replaces the background",
            "a color, --background '#ffffff', or a picture, --background beach.jpg",
        )
    if Path(text).is_file():
        return read_photo(Path(text), upright=True)
    color = effects.color_of(text)
    if color is None:
        raise UserError(
            f"--background {text} is neither a color nor the file of a picture",
            "colors are written #ffffff, rgb(255,255,255) or white",
        )
    return color


def _nothing(damaged: list[Damaged]) -> UserError:
    if not damaged:
        return UserError("there are no photos to draw", "check the split and the folder")
    first, count = damaged[0].reason, len(damaged)
    return UserError(first if count == 1 else f"none of {count} files can be read: {first}")
