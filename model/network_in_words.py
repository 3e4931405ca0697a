"""What a network is, in a few words for people."""

from __future__ import annotations

from model.network_settings import NetworkSettings


def backbone_in_words(network: NetworkSettings) -> str:
    """Which backbone a network has, and how wide it is."""
    if network.variant.startswith("mobilenet") and network.depth_multiplier != 1.0:
        return f"{network.variant}, depth multiplier {network.depth_multiplier:g}"
    return network.variant


def head_in_words(network: NetworkSettings) -> str:
    """What a network is from its output stride on, in a few words."""
    parts = [f"output stride {network.output_stride}"]
    if network.multi_grid:
        parts.append(f"multi-grid {', '.join(map(str, network.multi_grid))}")
    if network.dense_prediction_cell:
        parts.append("dense prediction cell")
    elif network.rates:
        parts.append(f"ASPP {', '.join(map(str, network.rates))}")
    if network.decoder_output_stride:
        strides = ", ".join(map(str, network.decoder_output_stride))
        parts.append(f"decoder at stride {strides}")
    return ", ".join(parts)
