"""timm's weights: the names of the original, and what is worked into them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from model.importing.layout import layout_of
from model.importing.operation import ImportRequest, import_checkpoint
from model.importing.source import opened
from model.importing.timm_names import original_names
from model.network_settings import IMAGENET_MEAN, NetworkSettings
from model.restoring import newest
from segdata.errors import UserError

# Half a second each, and more.
pytestmark = pytest.mark.slow

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def norm(name: str, channels: int) -> dict[str, Tensor]:
    values = {leaf: torch.rand(channels) + 0.5 for leaf in ("weight", "running_var")}
    values |= {leaf: torch.randn(channels) for leaf in ("bias", "running_mean")}
    return {f"{name}.{leaf}": value for leaf, value in values.items()} | {
        f"{name}.num_batches_tracked": torch.tensor(3)
    }


def conv(name: str, inputs: int, outputs: int, kernel: int = 1) -> dict[str, Tensor]:
    return {f"{name}.weight": torch.randn(outputs, inputs, kernel, kernel)}


def xception41() -> dict[str, Tensor]:
    """The weights of timm's xception41, as its module tree names them."""
    state = conv("stem.0.conv", 3, 32, 3) | norm("stem.0.bn", 32)
    state |= conv("stem.1.conv", 32, 64, 3) | norm("stem.1.bn", 64)
    widths = [(128,) * 3, (256,) * 3, *[(728,) * 3] * 9, (728, 1024, 1024), (1536, 1536, 2048)]
    inputs = 64
    for index, block in enumerate(widths):
        before = inputs
        for number, outputs in enumerate(block, 1):
            name = f"blocks.{index}.stack.conv{number}"
            state |= conv(f"{name}.conv_dw", 1, inputs, 3) | norm(f"{name}.bn_dw", inputs)
            state |= conv(f"{name}.conv_pw", inputs, outputs) | norm(f"{name}.bn_pw", outputs)
            inputs = outputs
        if index in (0, 1, 2, 11):
            name = f"blocks.{index}.shortcut"
            state |= conv(f"{name}.conv", before, inputs) | norm(f"{name}.bn", inputs)
    return state | {"head.fc.weight": torch.randn(9, 2048), "head.fc.bias": torch.randn(9)}


def resnet(units: tuple[int, ...], is_bottleneck: bool) -> dict[str, Tensor]:
    """The weights of timm's (and torchvision's) ResNets."""
    state = conv("conv1", 3, 64, 7) | norm("bn1", 64)
    inputs = 64
    for block, (count, width) in enumerate(zip(units, (64, 128, 256, 512), strict=True), 1):
        outputs = width * 4 if is_bottleneck else width
        for unit in range(count):
            name = f"layer{block}.{unit}"
            kernels = (1, 3, 1) if is_bottleneck else (3, 3)
            for number, kernel in enumerate(kernels, 1):
                source = inputs if number == 1 else width
                target = outputs if number == len(kernels) else width
                state |= conv(f"{name}.conv{number}", source, target, kernel)
                state |= norm(f"{name}.bn{number}", target)
            if inputs != outputs:
                state |= conv(f"{name}.downsample.0", inputs, outputs)
                state |= norm(f"{name}.downsample.1", outputs)
            inputs = outputs
    return state | {"fc.weight": torch.randn(9, inputs), "fc.bias": torch.randn(9)}


def mobilenetv2() -> dict[str, Tensor]:
    """The weights of timm's mobilenetv2_100."""
    state = conv("conv_stem", 3, 32, 3) | norm("bn1", 32)
    stages = ((16, 1), (24, 2), (32, 3), (64, 4), (96, 3), (160, 3), (320, 1))
    inputs = 32
    for stage, (outputs, repeats) in enumerate(stages):
        for repeat in range(repeats):
            name, inner = f"blocks.{stage}.{repeat}", inputs * 6 if stage else inputs
            if stage:
                state |= conv(f"{name}.conv_pw", inputs, inner) | norm(f"{name}.bn1", inner)
            last, order = ("conv_pwl", (2, 3)) if stage else ("conv_pw", (1, 2))
            state |= conv(f"{name}.conv_dw", 1, inner, 3) | norm(f"{name}.bn{order[0]}", inner)
            state |= conv(f"{name}.{last}", inner, outputs) | norm(f"{name}.bn{order[1]}", outputs)
            inputs = outputs
    state |= conv("conv_head", 320, 1280) | norm("bn2", 1280)
    return state | {"classifier.weight": torch.randn(9, 1280), "classifier.bias": torch.randn(9)}


NETWORKS = {
    "xception_41": xception41,
    "resnet_v1_18": lambda: resnet((2, 2, 2, 2), is_bottleneck=False),
    "resnet_v1_50": lambda: resnet((3, 4, 6, 3), is_bottleneck=True),
    "mobilenet_v2": mobilenetv2,
}


@pytest.mark.parametrize("variant", NETWORKS)
@pytest.mark.parametrize("prefix", ["", "encoder."])
def test_every_weight_of_timm_s_backbone_has_a_place(
    tmp_path: Path, variant: str, prefix: str
) -> None:
    path = tmp_path / "model.safetensors"
    save_file({prefix + name: tensor for name, tensor in NETWORKS[variant]().items()}, path)
    result = import_checkpoint(ImportRequest(path=path, out=tmp_path / "out"))
    assert result.settings.network.variant == variant
    assert result.first_weights_only
    assert not result.match.foreign
    assert set(result.aside) == {"classifier"}
    layout = layout_of(NetworkSettings(variant=variant, num_classes=2))  # type: ignore[arg-type]
    backbone = {n for n, v in layout.names.items() if v.startswith(f"{layout.scope}/")}
    assert set(newest(tmp_path / "out").weights) == backbone


def test_names_are_the_original_s() -> None:
    names = original_names(xception41(), "xception", Path("x"))
    place = "xception_41/middle_flow/block1/unit_8/xception_module/separable_conv2"
    assert names["blocks.10.stack.conv2.conv_dw.weight"] == f"{place}_depthwise/depthwise_weights"
    assert names["blocks.10.stack.conv2.bn_pw.bias"] == f"{place}_pointwise/BatchNorm/beta"
    assert names["blocks.12.stack.conv3.conv_pw.weight"] == (
        "xception_41/exit_flow/block2/unit_1/xception_module/separable_conv3_pointwise/weights"
    )
    names = original_names(mobilenetv2(), "mobilenet", Path("x"))
    assert names["blocks.2.1.bn3.running_var"] == (
        "MobilenetV2/expanded_conv_4/project/BatchNorm/moving_variance"
    )
    names = original_names(NETWORKS["resnet_v1_18"](), "resnet", Path("x"))
    assert names["layer3.0.downsample.1.running_mean"] == (
        "resnet_v1_18/block3/unit_1/lite_bottleneck_v1/shortcut/BatchNorm/moving_mean"
    )


def stem_of(state: dict[str, Tensor], image: Tensor, epsilon: float, stride: int = 2) -> Tensor:
    """A stem as it is: convolution without padding, so that no border matters, and batch norm."""
    convolved = nn.functional.conv2d(image, state["weights"], stride=stride)
    return nn.functional.batch_norm(
        convolved, state["mean"], state["variance"], state["gamma"], state["beta"], eps=epsilon
    )


@pytest.mark.parametrize(
    ("variant", "scope", "names", "epsilons"),
    [
        ("mobilenet_v2", "MobilenetV2/Conv", ("conv_stem", "bn1"), (1e-5, 1e-3)),
        ("resnet_v1_18", "resnet_v1_18/conv1", ("conv1", "bn1"), (1e-5, 1e-5)),
        ("xception_41", "xception_41/entry_flow/conv1_1", ("stem.0.conv", "stem.0.bn"),
         (1e-3, 1e-3)),
    ],
)  # fmt: skip
def test_the_stem_sees_images_as_timm_scales_them(
    tmp_path: Path, variant: str, scope: str, names: tuple[str, str], epsilons: tuple[float, float]
) -> None:
    state, path = NETWORKS[variant](), tmp_path / "model.safetensors"
    state["bn1.running_var" if "bn1" in names else "stem.0.bn.running_var"][:4] = 1e-4
    save_file(state, path)
    image = 255 * torch.rand(1, 3, 32, 32)
    if variant == "xception_41":
        theirs = (image / 255 - 0.5) / 0.5
    else:
        mean, deviation = torch.tensor(MEAN), torch.tensor(DEVIATION)
        theirs = (image / 255 - mean[:, None, None]) / deviation[:, None, None]
    ours = image * (2 / 255) - 1
    if variant.startswith("resnet"):
        ours = image - torch.tensor(IMAGENET_MEAN)[:, None, None]
    original = {
        "weights": state[f"{names[0]}.weight"], "gamma": state[f"{names[1]}.weight"],
        "beta": state[f"{names[1]}.bias"], "mean": state[f"{names[1]}.running_mean"],
        "variance": state[f"{names[1]}.running_var"],
    }  # fmt: skip
    with opened(path) as source:
        read = {
            key: torch.from_numpy(source.read(f"{scope}/BatchNorm/{variable}").copy())
            for key, variable in {"gamma": "gamma", "beta": "beta", "mean": "moving_mean",
                                  "variance": "moving_variance"}.items()
        }  # fmt: skip
        weights = source.read(f"{scope}/weights").transpose(3, 2, 0, 1)
    read["weights"] = torch.from_numpy(np.ascontiguousarray(weights))
    wanted, found = stem_of(original, theirs, epsilons[0]), stem_of(read, ours, epsilons[1])
    assert torch.linalg.norm(found - wanted) < 1e-5 * torch.linalg.norm(wanted)


def test_other_statistics_of_images_are_read_beside_the_file(tmp_path: Path) -> None:
    state, path = mobilenetv2(), tmp_path / "model.safetensors"
    save_file(state, path)
    config = {"pretrained_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with opened(path) as source:
        weights = source.read("MobilenetV2/Conv/weights")
        mean = source.read("MobilenetV2/Conv/BatchNorm/moving_mean")
    assert np.array_equal(weights.transpose(3, 2, 0, 1), state["conv_stem.weight"].numpy())
    assert np.array_equal(mean, state["bn1.running_mean"].numpy())


ALONE = {
    "an epsilon without its variance": ("blocks.1.0.bn1.running_var", None),
    "an epsilon with another variance": ("blocks.1.0.bn1.running_var", torch.ones(7)),
    "a mean without its weights": ("conv_stem.weight", None),
    "a mean with others": ("conv_stem.weight", torch.ones(32, 4, 3, 3)),
    "a mean with a matrix": ("conv_stem.weight", torch.ones(32, 4)),
}


@pytest.mark.parametrize("case", ALONE)
def test_what_is_worked_out_with_a_weight_that_does_not_fit_is_told(
    tmp_path: Path, case: str
) -> None:
    name, instead = ALONE[case]
    state, path = mobilenetv2(), tmp_path / "model.safetensors"
    del state[name]
    save_file(state if instead is None else {**state, name: instead}, path)
    with pytest.raises(UserError, match="which does not fit"):
        import_checkpoint(ImportRequest(path=path, out=tmp_path / "out", partial=True))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [torch.int8, torch.bool, torch.complex64])
def test_numbers_that_are_no_weights_are_refused(tmp_path: Path, kind: torch.dtype) -> None:
    state, path = mobilenetv2(), tmp_path / "model.safetensors"
    state["blocks.1.0.conv_pw.weight"] = state["blocks.1.0.conv_pw.weight"].to(kind)
    save_file(state, path)
    with pytest.raises(UserError, match="which no weights are"):
        import_checkpoint(ImportRequest(path=path, out=tmp_path / "out"))


RELATIVES = {
    "a deeper stem": lambda: {**resnet((3, 4, 6, 3), True), "conv1.0.weight": torch.zeros(1)},
    "ResNet-34": lambda: resnet((3, 4, 6, 3), is_bottleneck=False),
    "ResNet-152": lambda: resnet((3, 8, 36, 3), is_bottleneck=True),
    "MobileNetV3": lambda: {**mobilenetv2(), "blocks.2.0.se.conv_reduce.weight": torch.zeros(1)},
    "pre-activation": lambda: {**xception41(), "blocks.0.norm.weight": torch.zeros(1)},
    "something else": lambda: {"features.0.weight": torch.zeros(1)},
    "nothing": dict,
}


@pytest.mark.parametrize("name", RELATIVES)
def test_relatives_that_the_original_does_not_have_are_refused(tmp_path: Path, name: str) -> None:
    state = RELATIVES[name]()
    if name == "a deeper stem":
        del state["conv1.weight"]
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(UserError) as error, opened(tmp_path / "model.safetensors"):
        pass
    assert "xception41, 65, 71" in error.value.remedy


def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(100)}, tmp_path / "model.safetensors")
    data = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(data[:-7])
    with pytest.raises(UserError, match="is damaged"), opened(tmp_path / "model.safetensors"):
        pass
