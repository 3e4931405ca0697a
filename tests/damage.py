"""Ways to damage a copy of a good data set, one fault each, and ways to make it look suspicious."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import tomli_w
from PIL import Image, PngImagePlugin

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Copy:
    """A copy of a data set that may be damaged.

    Args:
        root: its folder.
        ignore: its ignore label, which is one more than its last class.
        objects: ids of classes that make a binary mask with something beside them.
        cityscapes: labelIds of its classes, in their order.
    """

    root: Path
    ignore: int
    objects: tuple[int, ...]
    cityscapes: tuple[int, ...]

    def files(self, folder: str) -> list[Path]:
        return sorted((self.root / folder).iterdir())

    @property
    def labels(self) -> list[Path]:
        return self.files("SegmentationClass")

    @property
    def photos(self) -> list[Path]:
        return self.files("JPEGImages")

    def describe(self, **changes: Any) -> None:
        """Change dataset.toml; None takes a key out."""
        path = self.root / "dataset.toml"
        table = {**tomllib.loads(path.read_text("utf-8")), **changes}
        path.write_text(
            tomli_w.dumps({key: value for key, value in table.items() if value is not None}),
            "utf-8",
        )


Damage = Callable[[Copy], None]


def read(path: Path) -> Array:
    with Image.open(path) as image:
        return np.asarray(image)


def save(path: Path, pixels: Array, **options: Any) -> None:
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, **options)


def save_photo(path: Path, pixels: Array, **options: Any) -> None:
    save(path, pixels, quality=90, **options)


def palette(seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (256, 3), dtype=np.uint8)


def each(change: Callable[[Array], Array], step: int = 1) -> Damage:
    """Every label changed; or every so-manieth."""

    def damage(copy: Copy) -> None:
        for path in copy.labels[::step]:
            save(path, change(read(path)))

    return damage


def several(*damages: Damage) -> Damage:
    def damage(copy: Copy) -> None:
        for one in damages:
            one(copy)

    return damage


def described(**changes: Any) -> Damage:
    return lambda copy: copy.describe(**changes)


def table(ids: dict[int, int]) -> Callable[[Array], Array]:
    lookup = np.arange(256, dtype=np.uint8)
    for old, new in ids.items():
        lookup[old] = new
    return lambda label: lookup[label]


def binary(value: int) -> Damage:
    """Objects become a value, all the rest 0."""

    def damage(copy: Copy) -> None:
        for path in copy.labels:
            save(path, (np.isin(read(path), copy.objects) * value).astype(np.uint8))
        names = [{"id": 0, "name": "background"}, {"id": 1, "name": "object"}]
        copy.describe(num_classes=2, ignore_label=255, classes=names)

    return damage


def resized(scale: float, how: int) -> Damage:
    """Photos and labels, the labels with a method of interpolation."""

    def damage(copy: Copy) -> None:
        for path in copy.labels:
            save(path, cv2.resize(read(path), None, fx=scale, fy=scale, interpolation=how))
        for path in copy.photos:
            small = cv2.resize(read(path), None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
            save_photo(path, small)

    return damage


def there_and_back(label: Array) -> Array:
    half = cv2.resize(label, None, fx=0.5, fy=0.5)
    return np.asarray(cv2.resize(half, label.shape[::-1]))


def turned_by(degrees: float) -> Callable[[Array], Array]:
    def turn(label: Array) -> Array:
        height, width = label.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return np.asarray(
            cv2.warpAffine(label, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        )

    return turn


def void_255_resized(copy: Copy) -> None:
    each(lambda label: there_and_back(table({copy.ignore: 255})(label)))(copy)
    copy.describe(ignore_label=255, classes=None)


def through_jpeg(quality: int) -> Callable[[Array], Array]:
    def compress(label: Array) -> Array:
        data = cv2.imencode(".jpg", label, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))

    return compress


def antialiased(label: Array) -> Array:
    large = cv2.resize(label, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    smooth = (cv2.GaussianBlur(large, (0, 0), 3) > 127).astype(np.uint8) * 255
    return np.asarray(cv2.resize(smooth, label.shape[::-1], interpolation=cv2.INTER_AREA))


def adaptive_palettes(copy: Copy) -> None:
    for path in copy.labels:
        label = read(path)
        ids, counts = np.unique(label, return_counts=True)
        order = ids[np.argsort(-counts)]
        lookup = np.zeros(256, np.uint8)
        lookup[order] = np.arange(len(order))
        save_palette(path, lookup[label], palette()[order])


def save_palette(path: Path, label: Array, colors: Array) -> None:
    image = Image.fromarray(label)
    image.putpalette(colors.tobytes())
    image.save(path)


def as_cityscapes(copy: Copy) -> None:
    ids = dict(enumerate(copy.cityscapes)) | {copy.ignore: 0}
    each(table(ids))(copy)
    copy.describe(num_classes=19, ignore_label=255, classes=None)


def instances(copy: Copy) -> None:
    for path in copy.labels:
        label, found, count = read(path), None, 0
        found = np.zeros_like(label)
        for value in set(np.unique(label).tolist()) - {0, copy.ignore}:
            parts, numbered = cv2.connectedComponents((label == value).astype(np.uint8))
            for part in range(1, parts):
                if (numbered == part).sum() > 60 and count < 250:
                    count += 1
                    found[numbered == part] = count
        save(path, found)
    copy.describe(classes=None)


def previews(copy: Copy) -> None:
    for photo, label in zip(copy.photos, copy.labels, strict=True):
        save(label, read(photo) // 2 + palette()[read(label)] // 2)


def photos_as_labels(copy: Copy) -> None:
    for photo, label in zip(copy.photos, copy.labels, strict=True):
        save(label, read(photo))


def background_last(copy: Copy) -> None:
    """One class and the background, numbered from 1 in a list of classes that begins with sky."""
    for path in copy.labels:
        save(path, np.where(np.isin(read(path), copy.objects), 1, 2).astype(np.uint8))
    names = [{"id": i, "name": n} for i, n in enumerate(("sky", "car", "background"))]
    copy.describe(num_classes=3, ignore_label=255, classes=names)


def copied_over(copy: Copy) -> None:
    """The first labels lie over the last ones, too."""
    labels = copy.labels
    for good, lost in zip(labels[:4], labels[-4:], strict=True):
        lost.write_bytes(good.read_bytes())


def grey_photos_as_labels(copy: Copy) -> None:
    for photo, label in zip(copy.photos, copy.labels, strict=True):
        save(label, cv2.cvtColor(read(photo), cv2.COLOR_RGB2GRAY))


def lying(orientation: int) -> Damage:
    """Photos stored so that EXIF has to set them upright, on which the labels were drawn."""
    undo: dict[int, Callable[[Array], Array]] = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        6: np.rot90,
        8: lambda a: np.rot90(a, -1),
    }

    def damage(copy: Copy) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        for path in copy.photos:
            save_photo(path, undo[orientation](read(path)), exif=exif)

    return damage


def square(copy: Copy) -> None:
    for path in copy.labels:
        side = min(read(path).shape)
        save(path, read(path)[:side, :side])
    for path in copy.photos:
        side = min(read(path).shape[:2])
        save_photo(path, read(path)[:side, :side])


def moved(right: int, down: int) -> Callable[[Array], Array]:
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)

    def move(label: Array) -> Array:
        return np.asarray(
            cv2.warpAffine(
                label, matrix, label.shape[::-1], flags=cv2.INTER_NEAREST,
                borderMode=cv2.BORDER_REPLICATE,
            )
        )  # fmt: skip

    return move


def permuted(order: Callable[[int], Sequence[int]]) -> Damage:
    """The label of one photo under the name of another."""

    def damage(copy: Copy) -> None:
        data = [path.read_bytes() for path in copy.labels]
        for path, place in zip(copy.labels, order(len(data)), strict=True):
            path.write_bytes(data[place])

    return damage


def mixed(count: int) -> Sequence[int]:
    return [(5 * place + 2) % count for place in range(count)]


def swapped(count: int) -> Sequence[int]:
    return [
        count - 3 if place == 3 else 3 if place == count - 3 else place for place in range(count)
    ]


def joined_unsorted(copy: Copy) -> None:
    rows = [
        f"JPEGImages/{copy.photos[a].name},SegmentationClass/{copy.labels[b].name}\n"
        for a, b in enumerate(mixed(len(copy.photos)))
    ]
    (copy.root / "pairs.csv").write_text("image,label\n" + "".join(rows), "utf-8")
    copy.describe(pairs="pairs.csv")


def emptied(kept: int) -> Damage:
    def damage(copy: Copy) -> None:
        for path in copy.labels[kept:]:
            save(path, np.zeros_like(read(path)))

    return damage


def one_mask(copy: Copy) -> None:
    for path in copy.labels[1:]:
        path.write_bytes(copy.labels[0].read_bytes())


def strays(copy: Copy) -> None:
    for path in copy.labels[:2]:
        label = read(path).copy()
        label[3:5, 6:9] = 77
        save(path, label)


def color_masks(copy: Copy) -> None:
    each(lambda label: palette()[label])(copy)


def with_palette(copy: Copy) -> None:
    for path in copy.labels:
        save_palette(path, read(path), palette())


def void_undeclared(copy: Copy) -> None:
    each(table({copy.ignore: 255}))(copy)
    copy.describe(ignore_label=False, classes=None)


def inverted_discs(copy: Copy) -> None:
    """One compact object in each picture, painted 0 on 1."""
    draw = np.random.default_rng(0)
    for photo, path in zip(copy.photos, copy.labels, strict=True):
        picture, label = read(photo).copy(), np.ones(read(path).shape, np.uint8)
        height, width = label.shape
        y, x = (
            draw.integers(height // 3, 2 * height // 3),
            draw.integers(width // 3, 2 * width // 3),
        )
        rows, columns = np.indices(label.shape)
        disc = (rows - y) ** 2 + (columns - x) ** 2 < (height // 5) ** 2
        label[disc], picture[disc] = 0, (200, 40, 40)
        save(path, label)
        save_photo(photo, picture)
    names = [{"id": 0, "name": "background"}, {"id": 1, "name": "ball"}]
    copy.describe(num_classes=2, ignore_label=255, classes=names)


def on(change: Callable[[Array], Array]) -> Damage:
    """Every photo changed."""

    def damage(copy: Copy) -> None:
        for path in copy.photos:
            save_photo(path, change(read(path)))

    return damage


def noise(pixels: Array) -> Array:
    draw = np.random.default_rng(int(pixels.sum()))
    return draw.integers(0, 256, pixels.shape, dtype=np.uint8)


def only(values: Sequence[int]) -> Damage:
    """One class against the rest; most photos may not show it."""

    def damage(copy: Copy) -> None:
        each(lambda label: np.isin(label, values).astype(np.uint8))(copy)
        copy.describe(num_classes=2, ignore_label=255, classes=None)

    return damage


def boxes(copy: Copy) -> None:
    """Bounding boxes instead of outlines."""
    only(copy.objects)(copy)
    for path in copy.labels:
        label = read(path)
        found = np.zeros_like(label)
        for x, y, width, height, area in cv2.connectedComponentsWithStats(label)[2][1:]:
            found[y : y + height, x : x + width] = area > 20
        save(path, found)


def outlined(copy: Copy) -> None:
    """A class that is a line around another, and numbered between it and the rest."""
    only(copy.objects)(copy)
    kernel = np.ones((3, 3), np.uint8)
    each(lambda label: label * 2 + (cv2.dilate(label, kernel) > label).astype(np.uint8))(copy)
    copy.describe(num_classes=3)


def bands(step: float) -> Damage:
    """Ordered classes: the distance from objects."""

    def damage(copy: Copy) -> None:
        for path in copy.labels:
            free = (~np.isin(read(path), copy.objects)).astype(np.uint8)
            distance = cv2.distanceTransform(free, cv2.DIST_L2, 5)
            save(path, np.minimum(np.minimum(distance, 999) * step, 59).astype(np.uint8))
        copy.describe(num_classes=60, ignore_label=255, classes=None)

    return damage


def scribbled(copy: Copy) -> None:
    draw = np.random.default_rng(0)
    for path in copy.labels:
        label = table({copy.ignore: 255})(read(path))
        seen = np.zeros_like(label)
        for _ in range(30):
            start = draw.integers(0, min(label.shape), 2)
            end = start + draw.integers(-20, 20, 2)
            cv2.line(seen, start.tolist(), end.tolist(), 1, 2)
        save(path, np.where(seen, label, 255).astype(np.uint8))
    copy.describe(ignore_label=255, classes=None)


def void_lines(copy: Copy) -> None:
    """PASCAL's void around everything."""
    kernel = np.ones((3, 3), np.uint8)

    def draw(label: Array) -> Array:
        edge = cv2.dilate(label, kernel) != cv2.erode(label, kernel)
        return np.where(edge | (label == copy.ignore), 255, label).astype(np.uint8)

    each(draw)(copy)
    copy.describe(ignore_label=255, classes=None)


def renumbered(seed: int) -> Damage:
    def damage(copy: Copy) -> None:
        order = np.random.default_rng(seed).permutation(copy.ignore + 1).astype(np.uint8)
        each(lambda label: order[label])(copy)
        copy.describe(num_classes=copy.ignore + 1, ignore_label=False, classes=None)

    return damage


def standing_camera(copy: Copy) -> None:
    """Frames that differ by noise only, all with the same mask."""
    first, draw = read(copy.photos[0]).astype(int), np.random.default_rng(0)
    for path in copy.photos:
        frame = first + draw.integers(-6, 7, first.shape)
        save_photo(path, np.clip(frame, 0, 255).astype(np.uint8))
    one_mask(copy)


def turning_camera(copy: Copy) -> None:
    photo, label = read(copy.photos[0]), read(copy.labels[0])
    for number, (a, b) in enumerate(zip(copy.photos, copy.labels, strict=True)):
        save_photo(a, np.roll(photo, 2 * number, axis=1))
        save(b, np.roll(label, 2 * number, axis=1))


def palettes_of_unused_colors(copy: Copy) -> None:
    for seed, path in enumerate(copy.labels, 1):
        label, colors = read(path), palette(seed)
        used = np.unique(label)
        colors[used] = palette()[used]
        save_palette(path, label, colors)


def chunks_for_viewers(copy: Copy) -> None:
    for path in copy.labels:
        info = PngImagePlugin.PngInfo()
        info.add(b"gAMA", (45455).to_bytes(4, "big"))
        info.add_text("Comment", "x" * 400)
        save(path, read(path), pnginfo=info, icc_profile=b"no profile at all")


def field_with_gaps(copy: Copy) -> None:
    inverted_discs(copy)
    copy.describe(classes=[{"id": 0, "name": "gap"}, {"id": 1, "name": "field"}])
