"""What a handful of labels cannot tell is noted, not warned of."""

from __future__ import annotations

import shutil
from pathlib import Path

from segdata.dataset import load_dataset
from segdata.findings import Level
from segdata.validation import validate

BROKEN = Path(__file__).parents[2] / "sample_data" / "broken"


def test_a_class_that_nine_labels_lack_is_noted(tmp_path: Path) -> None:
    shutil.copytree(BROKEN / "P09" / "bad", tmp_path / "data")
    train = tmp_path / "data/ImageSets/Segmentation/train.txt"
    train.write_text("".join(train.read_text("utf-8").splitlines(keepends=True)[:9]), "utf-8")
    found = validate(load_dataset(tmp_path / "data"))
    assert {f.level for f in found if f.rule == "P09"} == {Level.INFO}
    assert found.at_least(Level.WARNING) == ()
