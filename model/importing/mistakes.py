"""Settings that were asked for and contradict the file, each with what it would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from model.importing.recognition import Recognized
from model.network_settings import NetworkSettings
from segdata.errors import UserError

_LEAVE_OUT = "leave it out: it is recognized from the file"


def refuse_other_variant(recognized: Recognized, assignments: Iterable[str], path: object) -> None:
    """Raise a UserError if another backbone was asked for than the file is of."""
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        variant = recognized.told.get("variant", recognized.assumed.get("variant"))
        if key.strip() in ("variant", "network.variant") and value.strip() != variant:
            raise UserError(
                f"{path} is of {variant}, and {value.strip()} was asked for: none of its "
                f"variables, which are named {recognized.scope}/…, would be found",
                f"leave the variant out, or give {variant}",
            )


def contradictions(
    recognized: Recognized, settings: NetworkSettings, asked: frozenset[str]
) -> list[str]:
    """Sentences about settings under which weights of the file would not be used, or not fit.

    Args:
        asked: the settings that were given.
    """
    sentences = []
    for key in sorted(asked):
        value = getattr(settings, key)
        if key == "atrous_rates" and len(settings.rates) != recognized.branches:
            sentences.append(_rates(recognized, settings))
        elif key in recognized.told and value != recognized.told[key]:
            explain = _EXPLANATIONS.get(key, _other(key))
            sentences.append(explain(recognized.told[key], value))
    return sentences


def _rates(recognized: Recognized, settings: NetworkSettings) -> str:
    rates, count = settings.rates, recognized.branches
    if not count:
        return (
            f"the file has no atrous branches, as the original's small MobileNets, and rates "
            f"({', '.join(map(str, rates))}) were asked for: leave atrous_rates out"
        )
    asked = f"{len(rates)} rates ({', '.join(map(str, rates))}) were" if rates else "none was"
    return (
        f"the ASPP of the file has {count} atrous branches, and {asked} asked for: a branch "
        "without a rate would be left out of the prediction. Give as many rates as it was trained "
        "with, doubled when the output stride is halved"
    )


def _classes(told: Any, value: Any) -> str:
    return (
        f"the file tells {told} classes apart, and {value} were asked for. To predict, leave "
        "num_classes out. To train on other classes: segdata train DATA --out RUN --set "
        "initialization.checkpoint=FILE --set initialize_last_layer=false --set "
        "last_layers_contain_logits_only=true"
    )


def _decoder(told: Any, value: Any) -> str:
    if told and not value:
        return (
            f"the file has a decoder (at stride {_strides(told)}): without decoder_output_stride "
            f"its weights would not be used, and everything would be predicted wrong; {_LEAVE_OUT}"
        )
    if not told:
        return f"the file has no decoder, and one at stride {_strides(value)} was asked for; " + (
            _LEAVE_OUT
        )
    return (
        f"the decoder of the file reads maps of stride {_strides(told)}, and {_strides(value)} "
        f"was asked for; {_LEAVE_OUT}"
    )


def _other(key: str) -> Callable[[Any, Any], str]:
    return lambda told, value: (
        f"the file has {key} = {told}, and {value} was asked for; {_LEAVE_OUT}"
    )


def _strides(value: Any) -> str:
    return ", ".join(map(str, value))


_EXPLANATIONS: dict[str, Callable[[Any, Any], str]] = {
    "num_classes": _classes,
    "decoder_output_stride": _decoder,
}
