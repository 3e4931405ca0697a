"""Our logits against the original DeepLab's.

usage: python benchmarks/parity.py [--device cuda] FIXTURE_DIR…

A fixture directory holds what the original computed: images and logits in ``os*.npz``, the same in
float64 in ``logits_float64.npz``, names, shapes and flags in ``variables.json``, and the checkpoint
(``model.ckpt-0.index`` …) or ``small_variables.npz`` and a seed from which its weights are drawn.
Prints a line per fixture: relative error of the logits (Euclidean norms) in float32 and float64,
and the share of pixels whose class differs. Exits with 1 where a figure is past its tolerance.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from model.importing.source import opened
from model.network.deeplab import DeepLab
from model.network.layers import resize
from model.network.original_names import to_torch, variables_of
from model.network_settings import NetworkSettings
from segdata.errors import UserError
from segdata.original_flags import network_settings_of

# resize_bilinear is float32 in the original, also in float64 graphs: 1e-6 is the floor.
FLOAT64_TOLERANCE = 2e-6
FLOAT32_TOLERANCE = 1e-4
# Deep networks of random weights amplify the rounding of float32: the original's own noise counts.
NOISE_FACTOR = 3
DISAGREEMENT_TOLERANCE = 1e-3

Array = npt.NDArray[Any]
Variables = Mapping[str, Array]


@dataclass(frozen=True)
class Comparison:
    """One fixture: relative errors of the logits, and the share of pixels of another class.

    ``noise`` is the original's own error in float32; None where it has no float64 logits.
    """

    name: str
    float32: float
    float64: float | None
    noise: float | None
    disagreement: float

    @property
    def passes(self) -> bool:
        allowed = max(FLOAT32_TOLERANCE, NOISE_FACTOR * (self.noise or 0))
        exact = self.float64 is None or self.float64 <= FLOAT64_TOLERANCE
        agrees = self.disagreement <= DISAGREEMENT_TOLERANCE
        return exact and self.float32 <= allowed and agrees

    def __str__(self) -> str:
        float64 = "-" if self.float64 is None else f"{self.float64:.2e}"
        noise = "-" if self.noise is None else f"{self.noise:.2e}"
        return (
            f"{self.name:<58} float32 {self.float32:.2e} (original's own {noise})  "
            f"float64 {float64}  argmax {self.disagreement:.3%}  {'ok' if self.passes else 'FAIL'}"
        )


def variables_in(folder: Path) -> Variables:
    """Every variable of the fixture's checkpoint."""
    if any(folder.glob("*.index")):
        with opened(folder) as source:
            return {name: source.read(name) for name in source.shapes}
    described = json.loads((folder / "variables.json").read_text())
    small = np.load(folder / "small_variables.npz")
    return {entry["name"]: _value(entry, small, described) for entry in described["variables"]}


def _value(entry: Mapping[str, Any], small: Variables, described: Mapping[str, Any]) -> Array:
    name, shape = entry["name"], entry["shape"]
    if name in small:
        return small[name]
    if not name.endswith("weights"):
        return np.zeros(shape, entry["dtype"])
    # As the fixtures' make_checkpoint.py: seeded by the name, scaled after He et al. 2015.
    random = np.random.RandomState((zlib.crc32(name.encode()) ^ described["seed"]) & 0xFFFFFFFF)
    is_classifier = "logits" in name.split("/")[0] or shape[-1] == described["num_classes"]
    fan_in = shape[0] * shape[1] * (1 if name.endswith("depthwise_weights") else shape[2])
    scale = 0.08 if is_classifier else np.sqrt(2.0 / fan_in)
    return (scale * random.standard_normal(shape)).astype(np.float32)


def settings_in(folder: Path, fixture: Mapping[str, Array], tag: str) -> NetworkSettings:
    """The network that made a fixture, from the flags it was run with."""
    described = json.loads((folder / "variables.json").read_text())
    stride = int(fixture["output_stride"]) if "output_stride" in fixture else _stride(tag)
    if "atrous_rates" in fixture:
        rates = tuple(int(rate) for rate in fixture["atrous_rates"])
    else:
        factor = described["output_stride"] // stride
        rates = tuple(rate * factor for rate in described["atrous_rates"] or ())
    fields = {
        **network_settings_of([_found(flag, folder) for flag in described["flags"]]),
        "num_classes": described.get("num_classes") or fixture["logits"].shape[-1],
        "output_stride": stride,
        "atrous_rates": rates,
        "faithful": True,
    }
    return NetworkSettings.model_validate(fields)


def _found(flag: str, folder: Path) -> str:
    """A flag that names a file, with the file of that name in the folder if it lies there."""
    name, _, value = flag.partition("=")
    beside = folder / Path(value).name
    return f"{name}={beside}" if value and beside.is_file() else flag


def _stride(tag: str) -> int:
    return int(tag.partition("_")[0].removeprefix("os"))


def network_of(settings: NetworkSettings, variables: Variables) -> DeepLab:
    """The network with every variable loaded; KeyError names one that is missing."""
    network = DeepLab(settings)
    state = network.state_dict()
    with torch.no_grad():
        for name, variable in variables_of(network).items():
            state[name].copy_(to_torch(variable, variables[variable]))
    return network.eval()


def padded(image: Array, crop: tuple[int, int], settings: NetworkSettings) -> torch.Tensor:
    """``image: uint8 H×W×3`` -> ``float32 1×3×crop``, padded below and right with the mean."""
    out = np.empty((*crop, 3), dtype=np.float32)
    out[:] = settings.mean_pixel
    out[: image.shape[0], : image.shape[1]] = image
    return torch.from_numpy(out).permute(2, 0, 1)[None]


def compare(folder: Path, tag: str, variables: Variables, device: str = "cpu") -> Comparison:
    """Run our network on one fixture."""
    fixture = np.load(folder / f"{tag}.npz")
    settings = settings_in(folder, fixture, tag)
    network = network_of(settings, variables).to(device)
    theirs = fixture["logits"]
    images = padded(fixture["image"], fixture["pred"].shape, settings).to(device)
    with torch.no_grad():
        logits = network(images)
        classes = resize(logits, fixture["pred"].shape).argmax(1)[0].cpu().numpy()
        ours = logits[0].permute(1, 2, 0).cpu().numpy()
        exact = _float64_logits(folder, tag)
        if exact is not None:
            ours64 = network.double()(images)[0].permute(1, 2, 0).cpu().numpy()
    return Comparison(
        f"{folder.name}/{tag}",
        _relative(ours, theirs),
        None if exact is None else _relative(ours64, exact),
        None if exact is None else _relative(theirs, exact),
        float((classes != fixture["pred"]).mean()),
    )


def _float64_logits(folder: Path, tag: str) -> Array | None:
    path = folder / "logits_float64.npz"
    arrays: Variables = dict(np.load(path)) if path.exists() else {}
    return arrays.get(tag)


def _relative(ours: Array, theirs: Array) -> float:
    if ours.shape != theirs.shape:
        raise UserError(
            f"our logits are {ours.shape}, theirs {theirs.shape}",
            "the flags in variables.json must be those that the fixture was made with",
        )
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def tags_of(folder: Path) -> list[str]:
    """The names of a folder's fixtures."""
    return sorted(path.stem for path in folder.glob("os*.npz"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FIXTURE_DIR")
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    # A GPU would otherwise multiply with 10 bits.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    passed = True
    for folder in asked.folders:
        if not tags_of(folder):
            print(f"{folder}: no os*.npz here", file=sys.stderr)
            return 2
        try:
            passed = _compare_all(folder, asked.device) and passed
        except UserError as error:
            print(f"{folder.name}: {error}", file=sys.stderr, flush=True)
            passed = False
    return 0 if passed else 1


def _compare_all(folder: Path, device: str) -> bool:
    variables, passed = variables_in(folder), True
    for tag in tags_of(folder):
        comparison = compare(folder, tag, variables, device)
        print(comparison, flush=True)
        passed = passed and comparison.passes
    return passed


if __name__ == "__main__":
    sys.exit(main())
