"""Maps of confidence and entropy: what the numbers mean, and that their scale can be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.classes import ClassMap, SegClass
from segdata.drawing import Picture, PictureFiles, PictureOptions, visualize
from segdata.drawing.certainty import certainty_map, certainty_sheet, confidence, entropy
from segdata.errors import UserError
from segdata.images import encode_label
from segdata.palettes.color_vision import DEFICIENCIES, seen

TWO = ClassMap((SegClass(0, "background"), SegClass(1, "person")))


def pixels(*columns: list[float]) -> np.ndarray:
    """Probabilities of a picture one pixel high."""
    return np.array(columns, np.float32).T[:, None]


def test_confidence_is_the_largest_probability() -> None:
    found = confidence(pixels([0.5, 0.5], [0.1, 0.9], [1, 0]))
    assert found.tolist() == [[0.5, pytest.approx(0.9), 1.0]]


def test_entropy_is_a_share_of_the_most_there_can_be() -> None:
    found = entropy(pixels([0.25] * 4, [1, 0, 0, 0], [0.5, 0.5, 0, 0]))
    assert found[0].tolist() == pytest.approx([1.0, 0.0, 0.5])


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_both_lie_between_nothing_and_all(classes: int, seed: int) -> None:
    drawn = np.random.default_rng(seed).dirichlet(np.ones(classes), (3, 4))
    probabilities = np.moveaxis(drawn, -1, 0).astype(np.float16)
    for found in (confidence(probabilities), entropy(probabilities)):
        assert found.dtype == np.float32
        assert found.shape == (3, 4)
        assert (found >= 0).all()
        assert (found <= 1.001).all()


@pytest.mark.parametrize("vision", [None, *DEFICIENCIES])
def test_the_scale_grows_lighter_in_even_steps_for_everybody(vision: str | None) -> None:
    ramp = certainty_map(np.linspace(0, 1, 33, dtype=np.float32)[None])
    lightness = seen(ramp[0], vision)[:, 0]
    steps = np.diff(lightness)
    assert (steps > 0.5).all()
    assert lightness[-1] - lightness[0] > 60
    assert steps.max() < 4 * steps.min()


@pytest.mark.parametrize("kind", ["confidence", "entropy"])
@pytest.mark.parametrize("size", [(1, 1), (60, 80), (300, 500)])
def test_a_map_has_its_whole_scale_under_it(kind: str, size: tuple[int, int]) -> None:
    sheet = certainty_sheet(kind, np.full((3, *size), 1 / 3, np.float32))
    found = {tuple(color) for color in sheet.reshape(-1, 3).tolist()}
    for end in certainty_map(np.array([[0, 1]], np.float32))[0].tolist():
        assert tuple(end) in found
    assert sheet.shape[1] >= max(240, size[1])


def test_maps_are_drawn_from_probabilities_only(tmp_path: Path) -> None:
    ids = np.zeros((2, 2), np.uint8)
    with pytest.raises(UserError, match=r"of street/a there are class ids only") as error:
        visualize(
            [Picture("street/a", truth=ids)],
            TWO,
            tmp_path / "o",
            PictureOptions(kinds=("entropy",)),
        )
    assert "segdata vis RUN" in error.value.remedy
    assert not (tmp_path / "o").exists()


def beside_ids(folder: Path, **arrays: np.ndarray) -> PictureFiles:
    """Ids of two pixels, and an ``.npz`` of these arrays."""
    (folder / "a.png").write_bytes(encode_label(np.zeros((1, 2), np.uint8)))
    np.savez_compressed(folder / "a.npz", **arrays)  # type: ignore[arg-type]
    return PictureFiles("a", prediction=folder / "a.png", probabilities=folder / "a.npz")


def test_the_files_of_predict_are_read(tmp_path: Path) -> None:
    probabilities = pixels([0.25, 0.75], [0.5, 0.5]).astype(np.float16)
    found = beside_ids(tmp_path, probabilities=probabilities).load().probabilities
    assert found is not None
    assert np.array_equal(found, probabilities)


def test_what_holds_no_probabilities_is_named(tmp_path: Path) -> None:
    for array in (pixels([0.9, 0.9], [1, 1]), np.ones((1, 2), np.uint8)):
        with pytest.raises(UserError, match=r"a\.npz"):
            beside_ids(tmp_path, probabilities=array).load()
    with pytest.raises(UserError, match=r"a\.npz holds no array 'probabilities'"):
        beside_ids(tmp_path, other=np.ones(3)).load()


def test_nothing_in_a_file_of_probabilities_is_executed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.npz cannot be read"):
        beside_ids(tmp_path, probabilities=np.array([object()])).load()


def test_probabilities_of_another_size_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_label(np.zeros((2, 2), np.uint8)))
    np.savez(tmp_path / "a.npz", probabilities=pixels([1, 0], [1, 0]))
    files = PictureFiles("a", prediction=tmp_path / "a.png", probabilities=tmp_path / "a.npz")
    with pytest.raises(UserError, match=r"a\.npz is 2×1, but .*a\.png is 2×2"):
        files.load()
