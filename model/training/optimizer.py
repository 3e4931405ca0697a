"""The optimizers, with the original's exceptions for biases, last layers and weight decay."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn, optim

from model.config import TrainSettings
from model.network.deeplab import DeepLab
from model.network.layers import ConvUnit


def build_optimizer(network: DeepLab, settings: TrainSettings) -> optim.Optimizer:
    """An optimizer over the network's parameters, grouped by weight decay and rate factor.

    Weight decay touches plain convolution weights only. Each group's ``factor`` multiplies the
    scheduled rate; :func:`set_learning_rate` does so.
    """
    asked = settings.optimizer
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    decayed = _decayed(network)
    for name, parameter in network.named_parameters():
        decay = asked.weight_decay if id(parameter) in decayed else 0.0
        groups.setdefault((decay, _factor(name, settings)), []).append(parameter)
    described = [
        {"params": parameters, "weight_decay": decay, "factor": factor}
        for (decay, factor), parameters in groups.items()
    ]
    rate = asked.base_learning_rate
    if asked.optimizer == "adam":
        # The original's betas are TensorFlow's defaults, and PyTorch's.
        return optim.Adam(described, lr=rate, eps=asked.adam_epsilon)
    return optim.SGD(described, lr=rate, momentum=asked.momentum)


def _factor(name: str, settings: TrainSettings) -> float:
    # train.py has one list of last layers, for their first weights and for their rate.
    if settings.initialization.last_layers_contain_logits_only:
        is_last = name.startswith("logits.")
    else:
        is_last = not name.startswith("backbone.")
    factor = settings.optimizer.last_layer_multiplier if is_last else 1.0
    # The original doubles the rate of every variable called biases: not batch norm's.
    return factor * settings.optimizer.bias_multiplier if name.endswith("conv.bias") else factor


def set_learning_rate(optimizer: optim.Optimizer, rate: float) -> None:
    """Give every group the scheduled rate times its factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]


def _decayed(network: DeepLab) -> set[int]:
    """Identities of the parameters that weight decay applies to."""
    units = [module for module in network.modules() if isinstance(module, ConvUnit)]
    return {id(unit.conv.weight) for unit in units if not unit.window.depthwise}


def optimizer_state(optimizer: optim.Optimizer, network: nn.Module) -> dict[str, Tensor]:
    """Every tensor of the optimizer's state as ``parameter:quantity``; empty before a step."""
    return {
        f"{name}:{quantity}": value
        for name, parameter in network.named_parameters()
        for quantity, value in optimizer.state[parameter].items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(
    optimizer: optim.Optimizer, network: nn.Module, state: Mapping[str, Tensor]
) -> None:
    """The inverse of :func:`optimizer_state`."""
    parameters = dict(network.named_parameters())
    for key, value in state.items():
        name, _, quantity = key.rpartition(":")
        parameter = parameters[name]
        # Moments lie beside their parameter, in its layout; counters are single numbers.
        of_weights = value.shape == parameter.shape
        place = torch.empty_like(parameter if of_weights else value, device=parameter.device)
        optimizer.state[parameter][quantity] = place.copy_(value)
