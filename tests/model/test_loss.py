import json

import numpy as np
import pytest
import torch

from model.config import LossSettings
from model.training.augment import NO_LABEL
from model.training.loss import PixelLoss, balanced_weights, top_k_at, weight_tensor


def fixture(shared):
    folder = shared / "parity" / "loss"
    arrays = np.load(folder / "loss_fixture.npz")
    return json.loads((folder / "loss_expected.json").read_text()), arrays


CASES = [
    "default",
    "no_upsample",
    "label_weights",
    "topk_0.25",
    "topk_0.25_weights",
    "topk_0.25_step100_at_50",
    "topk_0.9",
    "all_ignored",
]


@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_are_the_original_s(shared, case):
    expected, arrays = fixture(shared)
    args = expected["cases"][case]["args"]
    logits = torch.from_numpy(arrays["logits"]).permute(0, 3, 1, 2).requires_grad_()
    labels = torch.from_numpy(arrays["labels"][..., 0]).long()
    if args["all_ignored"]:
        labels = torch.full_like(labels, expected["ignore"])
    weights = torch.tensor(args["loss_weight"]) if "loss_weight" in args else None
    settings = LossSettings(
        top_k_fraction=args.get("top_k_percent_pixels", 1.0),
        hard_example_mining_steps=args.get("hard_example_mining_step", 0),
    )
    top_k = top_k_at(args["global_step"], settings)
    upsample = args.get("upsample_logits", True)
    loss = PixelLoss(expected["ignore"], weights, top_k, upsample)(logits, labels)
    loss.backward()
    # The original resizes logits in float32, so values agree to a few of its ulps.
    torch.testing.assert_close(loss.item(), expected["cases"][case]["loss"], rtol=2e-6, atol=1e-9)
    gradient = logits.grad.permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(gradient, arrays[f"grad_{case}"], rtol=2e-4, atol=2e-7)


@pytest.mark.parametrize("top_k", [1.0, 0.5])
@pytest.mark.parametrize(("ignore", "value"), [(255, 255), (0, 0), (None, NO_LABEL)])
def test_a_batch_that_is_all_void_gives_no_loss_and_no_gradient(top_k, ignore, value):
    logits = torch.randn(2, 4, 5, 5, requires_grad=True)
    loss = PixelLoss(ignore, None, top_k)(logits, torch.full((2, 9, 9), value))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_ignored_pixels_do_not_change_the_loss():
    logits = torch.randn(1, 3, 4, 4)
    labels = torch.randint(0, 3, (1, 4, 4))
    half = labels.clone()
    half[:, 2:] = 255
    expected = PixelLoss(255)(logits[:, :, :2], labels[:, :2])
    torch.testing.assert_close(PixelLoss(255)(logits, half), expected)


def test_an_id_outside_the_classes_is_refused_by_torch_too():
    with pytest.raises(IndexError):
        PixelLoss(255)(torch.randn(1, 3, 4, 4), torch.full((1, 4, 4), 3))


def test_balanced_weights_lift_the_rare_and_keep_the_scale():
    pixels = [9000, 900, 100, 0]
    weights = balanced_weights(pixels)
    assert weights[0] < weights[1] < weights[2]
    assert weights[3] == 0
    assert np.dot(weights, pixels) == pytest.approx(sum(pixels))
    assert weights[2] / weights[0] == pytest.approx(np.sqrt(90))


def test_weights_follow_the_settings():
    device = torch.device("cpu")
    assert weight_tensor(LossSettings(), [1, 2], device) is None
    listed = weight_tensor(LossSettings(class_weights=(1.0, 3.0)), [1, 2], device)
    assert listed.tolist() == [1.0, 3.0]
    balanced = weight_tensor(LossSettings(class_weights="balanced"), [1, 4], device)
    assert balanced[0] == 2 * balanced[1]
