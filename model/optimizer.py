"""Momentum SGD with the original's exceptions for biases, last layers and weight decay."""

from __future__ import annotations

from torch import nn, optim

from model.config import OptimizerSettings
from model.deeplab import DeepLab
from model.layers import ConvUnit


def build_optimizer(network: DeepLab, settings: OptimizerSettings) -> optim.SGD:
    """SGD over the network's parameters, grouped by weight decay and learning-rate factor.

    Weight decay touches plain convolution weights only. Each group's ``factor`` multiplies the
    scheduled rate; :func:`set_learning_rate` does so.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    decayed = _decayed(network)
    for name, parameter in network.named_parameters():
        factor = 1.0 if name.startswith("backbone.") else settings.last_layer_multiplier
        # The original doubles the rate of every variable called biases: those of the logits.
        if name == "logits.bias":
            factor *= settings.bias_multiplier
        decay = settings.weight_decay if id(parameter) in decayed else 0.0
        groups.setdefault((decay, factor), []).append(parameter)
    return optim.SGD(
        [
            {"params": parameters, "weight_decay": decay, "factor": factor}
            for (decay, factor), parameters in groups.items()
        ],
        lr=settings.base_learning_rate,
        momentum=settings.momentum,
    )


def set_learning_rate(optimizer: optim.SGD, rate: float) -> None:
    """Give every group the scheduled rate times its factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]


def _decayed(network: DeepLab) -> set[int]:
    """Identities of the parameters that weight decay applies to."""
    units = [module for module in network.modules() if isinstance(module, ConvUnit)]
    plain = [unit.conv.weight for unit in units if not unit.window.depthwise]
    return {id(weight) for weight in [*plain, network.logits.weight]}
