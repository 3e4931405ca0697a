"""Colors of unknown masks: areas told from blends, palettes recognized, drafts that convert."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from segdata.classes import VOID_COLOR, Color, pascal_color
from segdata.cli import run
from segdata.coloring import ColorsRequest, ColorSurvey, draft, survey_colors, write_draft
from segdata.conversion import ConversionRequest, convert, plan_conversion
from segdata.errors import UserError
from segdata.executors import Processes
from segdata.images import read_label
from segdata.palettes import palette, palettes, recognize, surely
from segdata.sources.class_files import read_class_file

RGB = npt.NDArray[np.uint8]
CAMVID = list(palette("camvid").colors)


def ids_of(number: int) -> npt.NDArray[np.uint8]:
    """Twelve classes as a patchwork, another one in each file."""
    rng = np.random.default_rng(number)
    small = rng.permutation(12).reshape(3, 4).astype(np.uint8)
    return np.kron(small, np.ones((16, 16), dtype=np.uint8))


def masks(root: Path, colors: list[Color], damage: object = None, count: int = 4) -> Path:
    table = np.array(colors, dtype=np.uint8)
    (root / "photos").mkdir(parents=True)
    (root / "masks").mkdir()
    for number in range(count):
        rgb = table[ids_of(number)]
        noise = np.random.default_rng(number).integers(0, 255, rgb.shape, dtype=np.uint8)
        Image.fromarray(noise).save(root / "photos" / f"{number}.jpg")
        made = damage(rgb) if callable(damage) else rgb
        if isinstance(made, bytes):
            (root / "masks" / f"{number}.jpg").write_bytes(made)
        else:
            Image.fromarray(made).save(root / "masks" / f"{number}.png")
    return root


def jpeg(rgb: RGB) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def blurred(rgb: RGB) -> RGB:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.0))


def seen(root: Path, **asked: object) -> ColorSurvey:
    return survey_colors(ColorsRequest(source=root, **asked))  # type: ignore[arg-type]


def test_every_color_is_listed_with_exact_counts_and_photos_are_left_out(tmp_path: Path) -> None:
    survey = seen(masks(tmp_path, CAMVID))
    assert {entry.color for entry in survey.entries} == set(CAMVID)
    assert sum(entry.pixels for entry in survey.entries) == survey.pixels == 4 * 48 * 64
    assert survey.forms["photo"] == 4
    assert survey.blends == 0
    assert survey.entries[0].files == 4


def test_classes_of_nearly_the_same_color_are_listed_each(tmp_path: Path) -> None:
    near: list[Color] = [(9, 200, number) for number in range(20, 32)]
    found = seen(masks(tmp_path, near))
    assert sorted(entry.color or () for entry in found.entries) == near
    assert not any(entry.shades for entry in found.entries)


def test_thin_things_of_a_compressed_color_are_listed_once(tmp_path: Path) -> None:
    def dotted(rgb: RGB) -> bytes:
        out = np.zeros((96, 128, 3), np.uint8)
        for place in np.random.default_rng(int(rgb.sum())).integers(8, 88, (6, 2)):
            cv2.circle(out, (int(place[0]), int(place[1])), 6, (128, 0, 0), -1)
        return jpeg(out)

    found = seen(masks(tmp_path, CAMVID, dotted, count=8))
    reds = [entry.color for entry in found.entries if entry.color and entry.color[0] > 100]
    assert len(reds) == 1


@pytest.mark.parametrize("damage", [jpeg, blurred], ids=["jpeg", "blurred"])
def test_blends_and_shades_are_no_classes(tmp_path: Path, damage: object) -> None:
    survey = seen(masks(tmp_path, CAMVID, damage))
    assert len(survey.entries) == 12
    assert survey.blends > 100
    assert survey.match is not None
    assert survey.match.palette.name == "camvid"
    assert {entry.name for entry in survey.entries} == set(palette("camvid").colors.values())


@pytest.mark.parametrize("known", [p.name for p in palettes()])
@pytest.mark.parametrize("swapped", [False, True])
def test_every_palette_is_recognized_also_with_red_and_blue_swapped(
    known: str, swapped: bool
) -> None:
    colors = palette(known).colors
    match = surely({(c[::-1] if swapped else c): 10 for c in colors})
    assert match is not None
    assert (match.palette.name, match.swapped) == (known, swapped)


def test_colors_of_voc_without_its_border_are_not_taken_for_voc() -> None:
    """LabelMe and many scripts paint their own classes in VOC's colors."""
    first = {pascal_color(i): 100 for i in range(8)}
    assert recognize(first)[0].palette.name == "voc"
    assert surely(first) is None
    assert surely(first | {VOID_COLOR: 5}) is not None


def test_two_colors_are_nobodys_palette() -> None:
    assert surely({(0, 0, 0): 90, (128, 0, 0): 10}) is None


def test_the_draft_converts_to_the_published_ids(tmp_path: Path) -> None:
    root = masks(tmp_path / "src", CAMVID, lambda rgb: np.ascontiguousarray(rgb[..., ::-1]))
    file = tmp_path / "classes.csv"
    write_draft(seen(root), file)
    convert(ConversionRequest(source=root, out=tmp_path / "out", classes=file))
    label = read_label(tmp_path / "out" / "SegmentationClass" / "2.png")
    assert np.array_equal(label, ids_of(2))
    assert read_class_file(file).ignore == 11


def test_masks_of_a_known_data_set_need_no_class_file(tmp_path: Path) -> None:
    root = masks(tmp_path / "src", CAMVID, lambda rgb: np.ascontiguousarray(rgb[..., ::-1]))
    plan = plan_conversion(ConversionRequest(source=root, out=tmp_path / "out"))
    assert "red and blue swapped" in plan.source.decisions["names"]
    convert(ConversionRequest(source=root, out=tmp_path / "out"))
    label = read_label(tmp_path / "out" / "SegmentationClass" / "1.png")
    assert np.array_equal(label, ids_of(1))


def test_black_and_white_jpegs_are_background_and_object(tmp_path: Path) -> None:
    colors: list[Color] = [(0, 0, 0), (255, 255, 255)] * 6
    root = masks(tmp_path / "src", colors, jpeg)
    request = ConversionRequest(source=root, out=tmp_path / "out", on_unknown="nearest")
    plan = plan_conversion(request)
    assert [c.name for c in plan.class_map.classes] == ["background", "object"]
    convert(request)
    label = read_label(tmp_path / "out" / "SegmentationClass" / "0.png")
    assert np.mean(label != ids_of(0) % 2) < 0.02


def test_unknown_colors_get_names_to_be_edited(tmp_path: Path) -> None:
    colors = [(i * 20, 255 - i * 20, 90) for i in range(12)]
    rows = draft(seen(masks(tmp_path, colors))).splitlines()
    assert rows[0] == "name,r,g,b"
    assert len(rows) == 13
    assert rows[1].startswith("color_1,")


def test_grey_values_are_ids(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    Image.fromarray(ids_of(3)).save(tmp_path / "masks" / "a.png")
    survey = seen(tmp_path)
    assert survey.by_value
    assert [entry.value for entry in survey.entries] == list(range(12))
    assert draft(survey).splitlines()[:2] == ["id,name", "0,class_0"]


def test_a_palette_that_differs_between_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    for name, shift in (("a", 0), ("b", 60)):
        image = Image.fromarray(ids_of(3))
        image.putpalette([(value + shift) % 256 for value in range(768)])
        image.save(tmp_path / "masks" / f"{name}.png")
    survey = seen(tmp_path)
    assert survey.clash is not None
    assert not survey.by_value


def test_large_sets_are_sampled_and_the_sample_is_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segdata.coloring.operation.SAMPLED", 4)
    root = masks(tmp_path, CAMVID, count=9)
    assert sum(seen(root).forms.values()) == 4
    assert seen(root).files == 18
    assert seen(root, full=True, labels=root / "masks").looked_at == 9


def test_every_executor_sees_the_same(tmp_path: Path) -> None:
    request = ColorsRequest(source=masks(tmp_path, CAMVID, blurred))
    assert survey_colors(request, executor=Processes(2)) == survey_colors(request)


def test_a_class_file_is_not_replaced_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, file = masks(tmp_path / "src", CAMVID), tmp_path / "mine.csv"
    file.write_text("mine")
    line = ["colors", str(root), "--write", str(file), "--executor", "serial"]
    assert run(line) == 2
    assert file.read_text() == "mine"
    assert run([*line, "--overwrite"]) == 0
    assert read_class_file(file).num_classes == 11
    assert "CamVid" in capsys.readouterr().out


def test_a_folder_of_photos_alone_is_told(tmp_path: Path) -> None:
    root = masks(tmp_path, CAMVID)
    with pytest.raises(UserError, match="looks like a mask"):
        seen(root / "photos")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no images"):
        seen(tmp_path / "empty")


def test_black_and_white_masks_name_no_palette(tmp_path: Path) -> None:
    root = masks(tmp_path, [(0, 0, 0), (255, 255, 255)] * 6)
    assert seen(root).matches == ()


def test_palettes_with_one_color_for_two_numbers_give_a_class_file_that_converts(
    tmp_path: Path,
) -> None:
    source = masks(tmp_path / "src", CAMVID)
    for number in range(4):
        image = Image.fromarray(ids_of(number))
        image.putpalette([200, 0, 0, *[0] * 765])
        image.save(source / "masks" / f"{number}.png")
    write_draft(seen(source), tmp_path / "classes.csv")
    request = ConversionRequest(
        source=source, out=tmp_path / "out", classes=tmp_path / "classes.csv"
    )
    convert(request)
    label = read_label(tmp_path / "out" / "SegmentationClass" / "1.png")
    assert np.array_equal(label, ids_of(1))
