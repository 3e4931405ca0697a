"""Atrous rates belong to an output stride: at half of it they reach half as far."""

from __future__ import annotations

from collections.abc import Iterable

from model.network_settings import NetworkSettings

_NAMES = ("atrous_rates", "network.atrous_rates")


def with_rates(
    there: NetworkSettings, here: NetworkSettings, assignments: Iterable[str]
) -> tuple[NetworkSettings, str]:
    """``here`` with rates that suit its output stride, and what is to be said of them.

    Rates that were given stay as they are. Others are those of the training, scaled with the
    stride, so that the network sees as far as it has learned to (Chen et al. 2018, section 4:
    6, 12, 18 at output stride 16, doubled at 8).

    Args:
        there: the network as it was trained.
        here: the same with ``assignments``, ``KEY=VALUE``, applied.
    """
    old, new = there.output_stride, here.output_stride
    if old == new or not there.rates:
        return here, ""
    fitting = tuple(max(1, rate * old // new) for rate in there.rates)
    if not any(text.partition("=")[0].strip() in _NAMES for text in assignments):
        scaled = here.model_copy(update={"atrous_rates": fitting})
        return scaled, (
            f"output_stride is {new}, and {old} in training: the atrous rates {_listed(there)} "
            f"become {_listed(scaled)}, which reach as far; others: --set atrous_rates=…"
        )
    if here.rates == there.rates:
        return here, (
            f"the atrous rates {_listed(here)} were made for output stride {old}, and at {new} "
            f"they reach {'less' if new < old else 'more'} far than in training; "
            f"{','.join(map(str, fitting))} reach as far"
        )
    return here, ""


def _listed(settings: NetworkSettings) -> str:
    return ", ".join(map(str, settings.rates))
