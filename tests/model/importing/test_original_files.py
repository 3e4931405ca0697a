"""Checkpoints of the original, imported and computed: its own logits come out."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import checkpoint_files as files
import numpy as np
import pytest
import torch

from model.importing.operation import ImportRequest, import_checkpoint
from model.restoring import network_of, newest

# Share of the logits' norm; the original's own float32 noise is up to 4e-4 (facts, section 12).
TOLERANCE = 1e-4


def checkpoint(fixture: Path, folder: Path) -> Path:
    """The fixture's checkpoint, or one made from its list of variables."""
    if (fixture / "model.ckpt-0.index").exists():
        return fixture
    spec = importlib.util.spec_from_file_location("maker", fixture.parent / "make_checkpoint.py")
    assert spec
    assert spec.loader
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    return files.write_bundle(folder / "model.ckpt", maker.variables(fixture))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "tag"),
    [
        ("mobilenet_v2", "os16_129x129"),
        ("mobilenet_v2", "os16_even_150x200"),
        ("mobilenet_v3_small_seg", "os32_161x257"),
        ("resnet_v1_18_beta", "os16_161x257"),
        ("xception_65", "os16_129x129"),
    ],
)
def test_logits_are_the_original_s(shared: Path, tmp_path: Path, variant: str, tag: str) -> None:
    fixture = shared / "parity" / variant
    path = checkpoint(fixture, tmp_path)
    result = import_checkpoint(ImportRequest(path=path, out=tmp_path / "out"))
    assert result.match.is_whole
    assert not result.match.foreign
    network = network_of(newest(tmp_path / "out")).eval()
    with np.load(fixture / f"{tag}.npz") as expected:
        image, wanted = expected["image"], expected["logits"]
    with torch.inference_mode():
        found = network(torch.from_numpy(image).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    assert np.linalg.norm(found - wanted) < TOLERANCE * np.linalg.norm(wanted)
