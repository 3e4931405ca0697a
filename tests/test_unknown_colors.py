"""Colors that no class has: told apart by how they lie, counted exactly, repaired on request."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from segdata.classes import ClassMap
from segdata.conversion import ConversionRequest, Refused, convert
from segdata.dataset import load_dataset
from segdata.errors import UserError
from segdata.facts.color_looks import look_at_colors, nearest_classes, pack, unpack
from segdata.facts.color_totals import ColorTotals, MaskFile
from segdata.facts.colors import UnknownColorFacts
from segdata.findings import Level
from segdata.images import read_label
from segdata.reports.unknown_colors import ColorReport, render_colors
from segdata.rules.labels.conversion import not_listed

CLASSES = "name,r,g,b\nsky,128,128,128\nbuilding,128,0,0\nroad,128,64,128\ntree,128,128,0\n"
VOID = "void,0,0,0\n"
COLORS = np.array([(128, 128, 128), (128, 0, 0), (128, 64, 128), (128, 128, 0)], dtype=np.uint8)
RGB = npt.NDArray[np.uint8]


def scene(seed: int, size: tuple[int, int] = (120, 160)) -> npt.NDArray[np.uint8]:
    """Ids of a street: sky, two buildings, a road, a round tree."""
    rng = np.random.default_rng(seed)
    ids = np.zeros(size, dtype=np.uint8)
    cv2.rectangle(ids, (5, 20 + int(rng.integers(20))), (60, 90), 1, -1)
    cv2.rectangle(ids, (80, 30 + int(rng.integers(20))), (150, 90), 1, -1)
    ids[80:] = 2
    cv2.circle(ids, (70 + int(rng.integers(20)), 60), 22, 3, -1)
    return ids


def source(root: Path, damage: object = None, *, void: bool = True, count: int = 3) -> Path:
    """Photos and masks of ``count`` scenes; ``damage``: what is done to the colors of a mask."""
    for folder in ("photos", "masks"):
        (root / folder).mkdir(parents=True)
    (root / "classes.csv").write_text(CLASSES + VOID * void)
    for number in range(count):
        rgb = COLORS[scene(number)]
        rng = np.random.default_rng(number)
        noise = rng.integers(-40, 40, rgb.shape)
        photo = np.clip(rgb.astype(int) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(photo).save(root / "photos" / f"{number}.jpg")
        mask = damage(rgb) if callable(damage) else rgb
        if isinstance(mask, bytes):
            (root / "masks" / f"{number}.jpg").write_bytes(mask)
        else:
            Image.fromarray(mask).save(root / "masks" / f"{number}.png")
    return root


def smoothed(rgb: RGB) -> RGB:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.8))


def bordered(rgb: RGB) -> RGB:
    """A white line of two pixels wherever classes meet."""
    packed = pack(rgb).astype(np.float32)
    window = np.ones((3, 3), dtype=np.uint8)
    out = rgb.copy()
    out[cv2.dilate(packed, window) != cv2.erode(packed, window)] = (224, 224, 192)
    return out


def jpeg(quality: int) -> object:
    def compress(rgb: RGB) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()

    return compress


def speckled(rgb: RGB) -> RGB:
    out = rgb.copy()
    out[3, 3] = out[100, 30] = (255, 0, 255)
    return out


def refused(root: Path, **asked: object) -> Refused:
    with pytest.raises(Refused) as caught:
        convert(ConversionRequest(source=root, out=root.parent / "out", **asked))  # type: ignore[arg-type]
    assert not (root.parent / "out").exists()
    return caught.value


def listed(error: Refused, kind: str) -> tuple[UnknownColorFacts, ...]:
    group = error.colors.group(kind)  # type: ignore[arg-type]
    return () if group is None else group.listed


def errors_of(root: Path, out: Path) -> float:
    """Share of pixels that are another class than was drawn; ignored ones do not count."""
    wrong = total = 0
    for number in range(3):
        label = read_label(out / "SegmentationClass" / f"{number}.png")
        truth, known = scene(number), label < 4
        wrong += int((label[known] != truth[known]).sum())
        total += truth.size
    return wrong / total


def test_a_void_border_is_an_area_and_told_as_one_color(tmp_path: Path) -> None:
    error = refused(source(tmp_path / "src", bordered))
    (border,) = listed(error, "area")
    assert border.color == (224, 224, 192)
    assert border.files == 3
    assert border.nearest == "sky"
    assert border.distance == pytest.approx(np.linalg.norm([96, 96, 64]))
    assert [group.kind for group in error.colors.groups] == ["area"]
    (finding,) = error.report
    assert finding.rule == "L05"
    assert "fills areas" in finding.message
    assert finding.count == border.pixels


def test_counts_are_exact_and_the_place_is_the_first_pixel(tmp_path: Path) -> None:
    root = source(tmp_path / "src", speckled)
    (speck,) = listed(refused(root), "scattered")
    assert (speck.pixels, speck.files, speck.x, speck.y) == (6, 3, 3, 3)
    assert speck.box == (3, 3, 30, 100)
    assert speck.mask == str(root / "masks" / "0.png")
    assert speck.photo == str(root / "photos" / "0.jpg")


def test_a_missing_class_is_an_area_with_all_its_pixels(tmp_path: Path) -> None:
    root = source(tmp_path / "src")
    (root / "classes.csv").write_text(CLASSES.replace("tree,128,128,0\n", "") + VOID)
    (tree,) = listed(refused(root), "area")
    assert tree.color == (128, 128, 0)
    assert tree.pixels == sum(int((scene(n) == 3).sum()) for n in range(3))


def test_blends_along_edges_are_one_finding_with_totals(tmp_path: Path) -> None:
    error = refused(source(tmp_path / "src", smoothed))
    assert not listed(error, "area")
    edge = error.colors.group("edge")
    assert edge is not None
    assert edge.colors > 8
    assert sum(f.evidence.get("kind") == "edge" for f in error.report) == 1
    assert all("first_files" not in f.evidence for f in error.report)


def test_swapped_channels_are_told_instead_of_their_colors(tmp_path: Path) -> None:
    error = refused(source(tmp_path / "src", lambda rgb: np.ascontiguousarray(rgb[..., ::-1])))
    assert error.colors.swapped == 1
    (finding,) = error.report
    assert "BGR" in finding.message


def test_the_nearest_class_repairs_smoothed_masks(tmp_path: Path) -> None:
    root = source(tmp_path / "src", smoothed)
    result = convert(ConversionRequest(source=root, out=tmp_path / "out", on_unknown="nearest"))
    assert errors_of(root, tmp_path / "out") < 0.03
    assert result.colors.refused == 0
    assert result.report.exit_code == 0


@pytest.mark.parametrize("quality", [90, 60])
def test_jpeg_masks_are_refused_unless_the_nearest_class_is_asked_for(
    tmp_path: Path, quality: int
) -> None:
    root = source(tmp_path / "src", jpeg(quality))
    assert {finding.rule for finding in refused(root).report} == {"L11"}
    convert(ConversionRequest(source=root, out=tmp_path / "out", on_unknown="nearest"))
    assert errors_of(root, tmp_path / "out") < 0.02


def test_an_unlisted_area_is_refused_even_where_nearest_is_asked_for(tmp_path: Path) -> None:
    root = source(tmp_path / "src", bordered)
    assert listed(refused(root, on_unknown="nearest"), "area")
    request = ConversionRequest(
        source=root, out=tmp_path / "out", on_unknown="nearest", areas="ignore"
    )
    result = convert(request)
    label = read_label(tmp_path / "out" / "SegmentationClass" / "0.png")
    assert np.array_equal(label == 4, (bordered(COLORS[scene(0)]) == (224, 224, 192)).all(axis=2))
    assert max(finding.level for finding in result.report) is Level.WARNING


def test_beyond_the_distance_pixels_are_ignored_and_without_an_ignore_label_refused(
    tmp_path: Path,
) -> None:
    root = source(tmp_path / "src", speckled)
    convert(ConversionRequest(source=root, out=tmp_path / "out", on_unknown="nearest"))
    label = read_label(tmp_path / "out" / "SegmentationClass" / "0.png")
    assert label[3, 3] == label[100, 30] == 4
    bare = source(tmp_path / "bare" / "src", speckled, void=False)
    error = refused(bare, on_unknown="nearest")
    assert "--max-distance" in error.report.findings[0].fix
    far = ConversionRequest(
        source=bare, out=tmp_path / "far", on_unknown="nearest", max_distance=442
    )
    assert convert(far).colors.refused == 0


def test_the_distance_that_the_fix_names_is_enough(tmp_path: Path) -> None:
    root = source(tmp_path / "src" / "it", speckled, void=False)
    fixes = " ".join(finding.fix for finding in refused(root, on_unknown="nearest").report)
    far = max(float(number) for number in re.findall(r"--max-distance (\d+)", fixes))
    assert far > 64
    first = " ".join(finding.fix for finding in refused(root).report)
    request = ConversionRequest(
        source=root, out=tmp_path / "out", on_unknown="nearest", max_distance=far
    )
    assert convert(request).colors.refused == 0
    assert f"--on-unknown nearest --max-distance {far:.0f}" in first


def test_unknown_colors_never_become_class_zero_by_accident(tmp_path: Path) -> None:
    root = source(tmp_path / "src", speckled)
    convert(ConversionRequest(source=root, out=tmp_path / "out", on_unknown="ignore"))
    label = read_label(tmp_path / "out" / "SegmentationClass" / "1.png")
    assert label[3, 3] == 4
    assert np.array_equal(label[5:90], scene(1)[5:90])


def test_a_class_that_only_blends_make_is_called_a_phantom(tmp_path: Path) -> None:
    """Half of white and black is the grey of a class that is nowhere drawn."""
    root = source(tmp_path / "src", count=1)
    (root / "classes.csv").write_text("name,r,g,b\nblack,0,0,0\nwhite,255,255,255\n"
                                      "grey,128,128,128\n")  # fmt: skip
    mask = np.zeros((120, 160, 3), dtype=np.uint8)
    mask[:, 80:] = 255
    mask[:, 80] = 120
    Image.fromarray(mask).save(root / "masks" / "0.png")
    result = convert(ConversionRequest(source=root, out=tmp_path / "out", on_unknown="nearest"))
    (phantom,) = result.colors.phantoms
    assert (phantom.name, phantom.files, phantom.pixels) == ("grey", 1, 120)
    assert any("phantom" in f.message and f.level is Level.WARNING for f in result.report)


def test_colors_too_alike_for_repair_are_told(tmp_path: Path) -> None:
    root = source(tmp_path / "src", smoothed)
    (root / "classes.csv").write_text(CLASSES + VOID + "wall,130,4,2\n")
    result = convert(ConversionRequest(source=root, out=tmp_path / "out", on_unknown="nearest"))
    (pair,) = result.colors.close
    assert {pair.one, pair.other} == {"building", "wall"}
    assert any("too alike" in finding.message for finding in result.report)


def test_ignoring_needs_an_ignore_label(tmp_path: Path) -> None:
    root = source(tmp_path / "src", void=False)
    for asked in ({"on_unknown": "ignore"}, {"on_unknown": "nearest", "areas": "ignore"}):
        with pytest.raises(UserError, match="needs an ignore label"):
            convert(ConversionRequest(source=root, out=tmp_path / "out", **asked))  # type: ignore[arg-type]


def test_the_record_says_what_was_repaired_and_names_no_other_folder(tmp_path: Path) -> None:
    root = source(tmp_path / "src", smoothed)
    for name in ("one", "two"):
        request = ConversionRequest(
            source=root, out=tmp_path / name, on_unknown="nearest", name="x"
        )
        convert(request)
    text = (tmp_path / "one" / "conversion.json").read_text()
    assert text == (tmp_path / "two" / "conversion.json").read_text()
    assert str(tmp_path) not in text
    record = json.loads(text)
    assert record["repair"] == {"on_unknown": "nearest", "max_distance": 64.0, "areas": "error"}
    assert record["unknown_colors"]["edge"]["nearest"] > 0
    assert record["classes"] == load_dataset(tmp_path / "one").class_map.digest


def test_totals_over_many_masks_equal_one_count_of_all(tmp_path: Path) -> None:
    classes = ClassMap.from_json(
        {"ignore_label": None, "classes": [{"id": 0, "name": "a", "color": [0, 0, 0]}]}
    )
    rng = np.random.default_rng(5)
    totals, every = ColorTotals(), []
    for number in range(12):
        rgb = rng.integers(0, 4, (20, 30, 3), dtype=np.uint8) * 60
        reading = classes.to_ids(rgb)
        unknown = np.array([pack(np.array(u.color)) for u in reading.unknown], dtype=np.uint32)
        look = look_at_colors(rgb, reading.label, unknown, classes)
        totals.add(MaskFile(str(number), ""), look.rows, np.zeros(len(unknown), dtype=np.uint8))
        every.append(pack(rgb).ravel())
    packed = np.concatenate(every)
    values, counts = np.unique(packed[packed != 0], return_counts=True)
    groups = totals.groups(classes, packed.size)
    assert sum(group.pixels for group in groups) == counts.sum()
    assert sum(group.colors for group in groups) == len(values)
    by_color = dict(zip(values.tolist(), counts.tolist(), strict=True))
    for group in groups:
        for found in group.listed:
            r, g, b = found.color
            assert found.pixels == by_color[r | g << 8 | b << 16]


def test_the_nearest_class_is_that_of_a_plain_search() -> None:
    table = ClassMap.from_json(
        {"ignore_label": None,
         "classes": [{"id": i * 3, "name": str(i), "color": c} for i, c in enumerate(
             np.random.default_rng(2).integers(0, 256, (40, 3)).tolist())]}
    )  # fmt: skip
    colors = np.random.default_rng(3).integers(0, 1 << 24, 9000).astype(np.uint32)
    ids, distance = nearest_classes(colors, table)
    palette = np.array([c.color for c in table.classes], dtype=np.float64)
    true = np.linalg.norm(unpack(colors)[:, None].astype(np.float64) - palette, axis=2)
    assert np.array_equal(ids, true.argmin(1) * 3)
    assert np.allclose(distance, true.min(1), atol=1e-3)


def test_the_page_shows_each_area_in_mask_and_photo_and_fetches_nothing(tmp_path: Path) -> None:
    error = refused(source(tmp_path / "src", bordered))
    report = ColorReport(str(tmp_path / "src"), error.plan.class_map, error.colors, error.report)
    page = render_colors(report)
    assert page.count('<article class="shot">') == 1
    assert page.count("data:image") >= 3
    assert "224, 224, 192" in page
    assert "masks/0.png" in page
    assert "http" not in page.replace("http-equiv", "")
    assert json.loads(page.split('id="report-data">')[1].split("</script>")[0])["colors"]


def test_a_name_and_an_id_that_no_class_has_are_called_so_and_the_fix_fits(tmp_path: Path) -> None:
    photos, labels = tmp_path / "src" / "photos", tmp_path / "src" / "masks"
    for folder in (photos, labels):
        folder.mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    Image.fromarray(noise).save(photos / "a.jpg")
    ids = np.kron(np.array([[0, 1], [2, 4]], np.uint8), np.ones((16, 16), np.uint8))
    Image.fromarray(ids).save(labels / "a.png")
    (tmp_path / "src" / "classes.csv").write_text("id,name\n0,a\n1,b\n2,c\n255,void\n")
    (finding,) = refused(tmp_path / "src").report
    assert finding.message == "id 4 is not in the class file: 256 pixels in 1 label"
    assert "4,NAME" in finding.fix
    assert not_listed("dog") == "class 'dog' is not in the class file"
    request = ConversionRequest(source=tmp_path / "src", out=tmp_path / "out", on_unknown="ignore")
    done = convert(request)
    (told,) = done.report
    assert told.level is Level.WARNING
    written = done.plan.label_path(tmp_path / "out", done.plan.source.items[0])
    assert read_label(written)[-1, -1] == 255
