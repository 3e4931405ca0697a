"""Checkpoints: ours, the original's, PyTorch's and Keras', by the numbers of their variables."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from segdata.diagnosis import Evidence
from segdata.errors import UserError
from segdata.evidence import SettingsFacts, Tensor, WeightFacts
from segdata.evidence import weight_names as names
from segdata.evidence.stored import Array, Shape, Stored
from segdata.evidence.weights import Origin, measured
from segdata.workflows.doctoring.case import Case
from segdata.workflows.doctoring.weight_places import (
    BrokenWeights,
    Weights,
    damaged_after,
    newest_two,
    opened,
    refuse_missing,
)

# "aspp1_depthwise/" and the like; aspp0 has no rate.
_BRANCH = re.compile(r"(?:^|[/.])aspp([1-9]\d*)(?:_depthwise|_pointwise)?[/.]")
_DECODER = re.compile(r"^decoder[/.]")
_COLORS = 3
# Of the budget, for each checkpoint: the network is asked in the rest. The largest of the
# original's takes three seconds.
_SHARE = 0.25


@dataclass(frozen=True)
class _Clock:
    """When reading must end."""

    end: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.end


def look_at_checkpoint(path: Path, case: Case) -> None:
    """One checkpoint, and the one before it where its folder holds several.

    Raises:
        UserError: there is nothing of that name.
    """
    refuse_missing(path)
    clock = _Clock(time.monotonic() + case.request.budget * _SHARE)
    try:
        paths = newest_two(path)
        path = paths[0] if paths[0].suffix and paths[0].is_file() else path
        facts = _facts(paths, path, clock)
        facts = replace(
            facts,
            origin=_origin(paths[0], facts, case),
            skipped=damaged_after(path, paths[0]),
        )
    except BrokenWeights as error:
        facts = WeightFacts(where=str(path), kind="", problem=str(error))
    except UserError as error:
        case.undecided.append(f"{error.message}: {error.remedy}".removesuffix(": "))
        return
    except (ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = f"{path} is damaged: {reason}\nfetch or save it again, or take an earlier one"
        facts = WeightFacts(where=str(path), kind="", problem=problem)
    part = "graph" if facts.kind == "graph" else "weights"
    if part == "weights" and case.facts.weights is not None:
        case.facts = replace(case.facts, weights=_beside(case.facts.weights, path))
    case.add(Evidence.WEIGHTS, _looked_at(facts), **{part: facts}, **_told(facts))


def look_at_own_weights(folder: Path, case: Case) -> None:
    """The checkpoints of a run, unless others were named or they are known to be damaged."""
    if case.facts.weights is None:
        look_at_checkpoint(folder, case)


def _beside(weights: WeightFacts, other: Path) -> WeightFacts:
    """The first checkpoint, compared with another that was given."""
    if weights.origin is not None or weights.problem:
        return weights
    return replace(weights, origin=_compared(other, Path(weights.where), declared=False))


def _told(facts: WeightFacts) -> dict[str, SettingsFacts]:
    """What a checkpoint of ours says of its training."""
    return {} if facts.settings is None else {"training": facts.settings}


def _looked_at(facts: WeightFacts) -> str:
    if facts.problem:
        return f"the weights {facts.where}, which cannot be read"
    step = "" if facts.step is None else f" of step {facts.step}"
    unread = f"; there was no time for {facts.unread} more" if facts.unread else ""
    return f"the {len(facts.tensors)} variables{step} in {facts.where}{unread}"


def _facts(paths: Sequence[Path], where: Path, clock: _Clock) -> WeightFacts:
    with ExitStack() as stack:
        weights = stack.enter_context(opened(paths[0]))
        earlier = _earlier(paths[1:], stack)
        tensors, unread = _measured(weights.stored, earlier, clock)
        shapes = {n: s for n, s in weights.stored.shapes.items() if not names.is_slot(n)}
        return replace(
            _described(weights, shapes),
            where=str(where),
            tensors=tuple(tensors),
            unread=unread,
            slots=len(weights.stored.shapes) - len(shapes),
            earlier=str(paths[1]) if earlier else "",
            earlier_step=earlier.step if earlier else None,
        )


def _earlier(paths: Sequence[Path], stack: ExitStack) -> Stored | None:
    """The checkpoint before; one that is damaged is no evidence."""
    for path in paths:
        try:
            return stack.enter_context(opened(path)).stored
        except (ValueError, OSError, UserError):
            return None
    return None


def _measured(stored: Stored, earlier: Stored | None, clock: _Clock) -> tuple[list[Tensor], int]:
    """Every variable in numbers, and how many there was no time for; the last layers come first."""
    wanted = [name for name in stored.shapes if not names.is_slot(name)]
    wanted.sort(key=lambda name: not names.is_head(name))
    tensors: list[Tensor] = []
    for name in wanted:
        if clock.is_over:
            break
        before = None
        if earlier is not None and earlier.shapes.get(name) == stored.shapes[name]:
            before = _read(earlier, name)
        array = stored.read(name)
        tensors.append(measured(name, array, before))
    return tensors, len(wanted) - len(tensors)


def _read(stored: Stored, name: str) -> Array | None:
    try:
        return stored.read(name)
    except (ValueError, OSError):
        return None


def _described(weights: Weights, shapes: Mapping[str, Shape]) -> WeightFacts:
    """What names and shapes tell."""
    stored = weights.stored
    branches = {m[1] for name in shapes if (m := _BRANCH.search(name))}
    facts = WeightFacts(
        where="",
        kind=stored.kind,
        step=stored.step,
        variant=_variant(weights, shapes),
        classes=stored.classes or names.classes_of(shapes, stored.kind),
        activation=stored.activation,
        has_decoder=any(_DECODER.match(name) for name in shapes),
        branches=len(branches),
        wrapper=names.wrapper_of(shapes),
        moving_means=tuple(name for name in shapes if names.is_mean(name)),
        moving_variances=tuple(name for name in shapes if names.is_variance(name)),
        settings=_own_settings(weights.described),
    )
    return facts if weights.graph is None else _with_operations(facts, weights, shapes)


def _variant(weights: Weights, shapes: Mapping[str, Shape]) -> str | None:
    if weights.described is not None:
        return str(weights.described["settings"]["network"]["variant"])
    if weights.stored.kind not in ("tensorflow", "graph"):
        return None
    from model.importing.naming import SCOPE, variant_of

    scopes = Counter(m["scope"] for name in shapes if (m := SCOPE.match(name)))
    return variant_of(scopes.most_common(1)[0][0], shapes) if scopes else None


def _with_operations(
    facts: WeightFacts, weights: Weights, shapes: Mapping[str, Shape]
) -> WeightFacts:
    """Also what the operations of a graph tell: output stride and rates."""
    from model.importing.graph_facts import facts_of
    from model.importing.naming import SCOPE
    from model.network_settings import NetworkSettings

    scopes = Counter(m["scope"] for name in shapes if (m := SCOPE.match(name)))
    if not scopes or weights.graph is None:
        return facts
    found = facts_of(weights.graph, scopes.most_common(1)[0][0], facts.branches)
    stride = found.get("output_stride")
    rates = found.get("atrous_rates")
    if rates is None and facts.branches and "atrous_rates" in found:
        rates = NetworkSettings(output_stride=stride or 16).rates
    return replace(facts, output_stride=stride, atrous_rates=rates)


def _own_settings(described: dict[str, Any] | None) -> SettingsFacts | None:
    if described is None:
        return None
    settings = described["settings"]
    network, optimizer = settings["network"], settings["optimizer"]
    return SettingsFacts(
        where="checkpoint.json",
        tool="segdata",
        variant=network["variant"],
        num_classes=network["num_classes"],
        ignore=described["ignore_label"],
        output_stride=network["output_stride"],
        decoder_output_stride=tuple(network["decoder_output_stride"]),
        batch_size=settings["data"]["batch_size"],
        steps=settings["run"]["steps"],
        learning_rate=optimizer["base_learning_rate"],
        fine_tune_batch_norm=optimizer["fine_tune_batch_norm"],
        initial_checkpoint=settings["initialization"]["checkpoint"],
    )


def _origin(path: Path, facts: WeightFacts, case: Case) -> Origin | None:
    """The checkpoint that the training was told to begin from, where it is still there."""
    told = [case.facts.training, facts.settings]
    told += [script.settings for script in case.facts.scripts if script.act == "train"]
    initial = next((s.initial_checkpoint for s in told if s and s.initial_checkpoint), None)
    if initial is None:
        return None
    return _compared(Path(initial), path, declared=True)


def _compared(initial: Path, path: Path, *, declared: bool) -> Origin | None:
    """None where one cannot be read, or they are of different kinds."""
    try:
        with opened(newest_two(initial)[0]) as first, opened(newest_two(path)[0]) as trained:
            if first.stored.kind != trained.stored.kind:
                return None
            found = _shared(initial, first.stored, trained.stored)
            return replace(found, declared=declared)
    except (UserError, ValueError, OSError):
        return None


def _shared(where: Path, first: Stored, trained: Stored) -> Origin:
    """How much of the first checkpoint is in the trained one."""
    learned = [name for name in first.shapes if names.is_learned(name)]
    backbone = [name for name in learned if not names.is_head(name)] or learned
    bare = {names.unwrapped(name): name for name in trained.shapes}
    found = sum(trained.shapes.get(n) == first.shapes[n] for n in backbone)
    unwrapped = sum(
        trained.shapes.get(bare.get(names.unwrapped(n), "")) == first.shapes[n] for n in backbone
    )
    count = max(1, len(backbone))
    kernel = next((n for n in backbone if _COLORS in first.shapes[n][1:3]
                   and len(first.shapes[n]) == 4), None)  # fmt: skip
    likeness = None
    same = bare.get(names.unwrapped(kernel)) if kernel is not None else None
    if kernel is not None and same is not None and trained.shapes[same] == first.shapes[kernel]:
        likeness = _correlation(first.read(kernel), trained.read(same))
    classes = first.classes or names.classes_of(first.shapes, first.kind)
    return Origin(str(where), found / count, unwrapped / count, likeness, classes)


def _correlation(one: Array, other: Array) -> float | None:
    a, b = one.astype(np.float64).reshape(-1), other.astype(np.float64).reshape(-1)
    if not (np.isfinite(a).all() and np.isfinite(b).all()) or a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
