"""One step under each setting that changes what it does, beside the same step by hand."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from model.network.layers import BatchNorm
from segdata.errors import UserError

from . import by_hand
from .by_hand import BATCH, a_batch

# Large enough that each shows in every weight.
FACTORS = ["weight_decay=0.1", "bias_multiplier=3", "last_layer_multiplier=5"]
RATES = ["base_learning_rate=0.02", "learning_power=1", "steps=8"]


def decayed_gradients(network, batch):
    """Of each parameter: with weight decay for plain convolutions, and for no other."""
    network.train().zero_grad()
    by_hand.loss(network(batch.images), batch).backward()
    for name, parameter in network.named_parameters():
        is_plain = name.endswith("conv.weight") and "depthwise" not in name
        yield name, parameter, parameter.grad + (0.1 * parameter.detach() if is_plain else 0)


def factor_of(name, last):
    return (5 if name.startswith(last) else 1) * (3 if name.endswith("conv.bias") else 1)


def momentum(state, gradient, step):
    state["v"] = 0.7 * state.get("v", 0) + gradient
    return state["v"]


def adam(state, gradient, step):
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * gradient
    state["v"] = 0.999 * state.get("v", 0) + 0.001 * gradient**2
    deviation = (state["v"] / (1 - 0.999 ** (step + 1))).sqrt()
    return state["m"] / (1 - 0.9 ** (step + 1)) / (deviation + 0.01)


BEHIND_THE_BACKBONE = ("aspp.", "decoder.", "logits.")


@pytest.mark.parametrize(
    ("rule", "changes", "last"),
    [
        (momentum, ["optimizer=momentum", "momentum=0.7"], BEHIND_THE_BACKBONE),
        (adam, ["optimizer=adam", "adam_epsilon=0.01"], BEHIND_THE_BACKBONE),
        (momentum, ["optimizer=momentum", "momentum=0.7",
                    "last_layers_contain_logits_only=true"], ("logits.",)),
    ],
)  # fmt: skip
def test_two_steps_change_the_weights_as_the_rule_says(learner, rule, changes, last):
    learner = learner(*changes, *FACTORS, *RATES)
    learner.network.double()
    network, states = deepcopy(learner.network), {}
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    for step, rate in enumerate((0.02, 0.02 * 7 / 8)):
        updates = [
            (parameter, rate * factor_of(name, last) * rule(states.setdefault(name, {}), g, step))
            for name, parameter, g in decayed_gradients(network, BATCH)
        ]
        with torch.no_grad():
            for parameter, update in updates:
                parameter -= update
        learner.step(step, BATCH)
    expected = dict(network.named_parameters())
    for name, weight in learner.network.named_parameters():
        change, wanted = weight - before[name], expected[name] - before[name]
        # Shifts before another norm change nothing: their gradients are rounding errors.
        assert (change - wanted).norm() < 1e-3 * wanted.norm() + 1e-9, name


def test_the_slow_start_s_rate_is_used_while_it_lasts(learner):
    learner = learner("optimizer=momentum", "weight_decay=0", "slow_start_steps=2",
                      "slow_start_learning_rate=0.003", *RATES)  # fmt: skip
    bias = learner.network.logits.semantic.conv.bias
    for step, rate in [(1, 0.003), (2, 0.02)]:
        before = bias.detach().clone()
        learner.optimizer.state.clear()
        learner.step(step, BATCH)
        torch.testing.assert_close(bias.detach() - before, -2 * rate * bias.grad)
        assert learner.rate_at(step) == pytest.approx(rate)


def norms_of(network):
    return {name: m for name, m in network.named_modules() if isinstance(m, BatchNorm)}


def statistics(network):
    return {k: v.clone() for k, v in network.state_dict().items() if "running" in k}


@pytest.mark.parametrize(("changes", "share"), [([], 0.1), (["batch_norm_momentum=0.25"], 0.25)])
def test_batches_set_the_statistics_of_batch_norms(learner, changes, share):
    learner = learner(*changes)
    norms = norms_of(learner.network)
    with by_hand.entering(norms.values()) as seen:
        learner.step(0, BATCH)
    for name, norm in norms.items():
        values = seen[norm].transpose(0, 1).flatten(1)
        torch.testing.assert_close(norm.running_mean, share * values.mean(1), msg=name)
        torch.testing.assert_close(norm.running_var, 1 - share + share * values.var(1), msg=name)


def test_frozen_statistics_normalize_and_stay_while_scale_and_shift_learn(learner):
    learner = learner("fine_tune_batch_norm=false")
    norms = norms_of(learner.network)
    for norm in norms.values():
        torch.nn.init.constant_(norm.running_mean, -0.2)
        torch.nn.init.constant_(norm.running_var, 0.5)
    before = deepcopy(learner.network)
    with torch.no_grad():
        expected = by_hand.loss(deepcopy(before).eval()(BATCH.images), BATCH)
    assert learner.step(0, BATCH) == pytest.approx(float(expected), rel=1e-5)
    for name, values in statistics(learner.network).items():
        assert torch.equal(values, before.state_dict()[name]), name
    for name, norm in norms.items():
        assert not torch.equal(norm.weight, before.get_submodule(name).weight), name


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_the_precision_is_that_of_the_features_never_of_weights_and_logits(
    learner, precision, dtype
):
    learner = learner(f"precision={precision}")
    network = learner.network
    with by_hand.entering([network.aspp, network.decoder, network.logits]) as seen:
        learner.step(0, BATCH)
    assert {features.dtype for features in seen.values()} == {dtype}
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}
    assert {weight.grad.dtype for weight in network.parameters()} == {torch.float32}


@pytest.mark.parametrize("is_last", [True, False])
def test_channels_lie_last_in_memory_where_they_shall(learner, is_last):
    learner = learner(f"channels_last={str(is_last).lower()}")
    with by_hand.entering([learner.network.backbone, learner.network.decoder]) as seen:
        learner.step(0, BATCH)
    for features in seen.values():
        assert features.is_contiguous(memory_format=torch.channels_last) == is_last
        assert features.is_contiguous() != is_last


def test_dropout_is_drawn_anew_in_each_step_from_the_seed_alone(learner):
    def loss(step, seed, noise):
        same_weights = learner("dropout_keep=0.5")
        seeded = same_weights.settings.updated([f"seed={seed}"])
        torch.manual_seed(noise)
        return replace(same_weights, settings=seeded).step(step, BATCH)

    assert loss(0, 0, noise=1) == loss(0, 0, noise=2)
    assert len({loss(0, 0, 1), loss(1, 0, 1), loss(2, 0, 1), loss(0, 1, 1)}) == 4


@pytest.mark.parametrize("keep", [0.9, 0.6])
def test_dropout_keeps_the_share_that_it_shall(learner, keep):
    learner, shares = learner(f"dropout_keep={keep}", "aspp_filters=64"), []

    def note(module, inputs, output):
        lit = inputs[0] != 0
        shares.append((output[lit] != 0).float().mean().item())

    learner.network.aspp.dropout.register_forward_hook(note)
    learner.step(0, a_batch(8))
    assert shares == [pytest.approx(keep, abs=0.05)]


def test_first_weights_depend_on_the_seed_alone(learner):
    def first(seed, noise):
        torch.manual_seed(noise)
        return learner(f"seed={seed}").network.logits.semantic.conv.weight

    assert torch.equal(first(3, noise=1), first(3, noise=2))
    assert not torch.equal(first(3, noise=1), first(4, noise=1))


@pytest.mark.parametrize(
    ("value", "biases"), [("nan", [float("inf"), 0, 0]), ("inf", [3e38, -3e38, 0])]
)
def test_a_loss_that_is_not_finite_names_the_batch_and_changes_no_weight(learner, value, biases):
    learner = learner("base_learning_rate=0.02", "learning_power=1")
    learner.network.logits.semantic.conv.bias.data = torch.tensor(biases)
    before = {name: weight.detach().clone() for name, weight in learner.network.named_parameters()}
    told = rf"loss is {value} at step 3 \(learning rate 0\.015\).*photo_0, photo_1, photo_2"
    with pytest.raises(UserError, match=told):
        learner.step(2, BATCH)
    for name, weight in learner.network.named_parameters():
        assert torch.equal(weight, before[name]), name
