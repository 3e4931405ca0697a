"""Logits in files beside a run: labels of its shards, and its own scores of the same images."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from segdata.manifest import ShardManifest
from segdata.workflows.doctoring.beside_runs import beside_run, labels_in_shards
from segdata.workflows.runs import Run

from .conftest import picture, write_shards

COUNT = 6


class Bright:
    """Scores by brightness, as the labels of the pictures are made."""

    def logits(self, image: np.ndarray) -> np.ndarray:
        levels = np.array([15, 115, 215])[:, None, None]
        return -np.abs(image.mean(axis=-1) - levels).astype(np.float32)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    pairs: list[Any] = [picture(index) for index in range(COUNT)]
    shards = write_shards(tmp_path / "shards", {"val": pairs})
    return Run(tmp_path / "run", shards, ShardManifest.load(shards))


def save(folder: Path, wrong: bool = False, **more: np.ndarray) -> Path:
    folder.mkdir()
    for index in range(COUNT):
        scores = Bright().logits(picture(index)[0])
        np.savez(folder / f"val_{index}.npz", logits=scores * 0 if wrong else scores, **more)
    return folder


def test_labels_come_from_the_shards(run: Run) -> None:
    found = labels_in_shards([run], {"val_1", "val_4", "elsewhere"})
    assert set(found) == {"val_1", "val_4"}
    np.testing.assert_array_equal(found["val_4"], picture(4)[1])


def test_the_same_scores_agree(run: Run, tmp_path: Path) -> None:
    other = beside_run(cast(Any, Bright()), run, save(tmp_path / "same"))
    assert other is not None
    assert (other.images, other.agreement) == (COUNT, 1.0)
    assert other.miou == other.other_miou == 1.0


def test_a_converted_network_that_says_one_class_does_not(run: Run, tmp_path: Path) -> None:
    other = beside_run(cast(Any, Bright()), run, save(tmp_path / "black", wrong=True))
    assert other is not None
    assert other.agreement < 0.5
    assert other.constant
    assert not other.other_constant
    assert (other.miou or 0) < 0.3
    assert other.other_miou == 1.0


def test_photos_in_the_files_are_taken_first(run: Run, tmp_path: Path) -> None:
    black = np.zeros((40, 50, 3), np.uint8)
    other = beside_run(cast(Any, Bright()), run, save(tmp_path / "own", image=black))
    assert other is not None
    assert other.other_constant


def test_strange_names_are_compared_with_nothing(run: Run, tmp_path: Path) -> None:
    folder = save(tmp_path / "named")
    for path in sorted(folder.iterdir()):
        path.rename(path.with_stem(f"x{path.stem}"))
    assert beside_run(cast(Any, Bright()), run, folder) is None
