"""Import a checkpoint: recognize it, compare it with the network it must be of, write ours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from model import checkpoint as checkpoints
from model.checkpoint import Checkpoint
from model.config import RunSettings, TrainSettings
from model.importing.bundle import index_of
from model.importing.classes import classes_for
from model.importing.imported import Imported
from model.importing.layout import Layout, layout_of
from model.importing.matching import Match, match
from model.importing.mistakes import contradictions, refuse_other_variant
from model.importing.naming import part_of
from model.importing.reading import tensor_of
from model.importing.recognition import Recognized, recognize
from model.importing.refusal import refuse_giant, refuse_misfit
from model.importing.source import Source, opened
from model.importing.tensors import Shape
from model.network.deeplab import DeepLab
from model.network_settings import NetworkSettings
from model.rates import with_rates
from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.files import output_folder, write_file

REPORT = "import.json"
# Remedies, without and with ``to_predict``.
_ASKED = ("give it, and import again", "give it: --set KEY=VALUE")
_CONTRADICTED = (
    "with --partial it is done all the same",
    "leave it out: the checkpoint knows the network it is of",
)


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import, and what the file does not tell.

    Args:
        path: a checkpoint's prefix, folder or archive, a frozen graph, timm's safetensors, or a
            run or checkpoint of segdata.
        out: the folder to write.
        assignments: settings as ``KEY=VALUE``, above all those that no file tells.
        class_map: the classes' names and colors; None numbers them.
        partial: load what fits, and draw the rest at random.
        to_predict: it is for one prediction or export, whose command draws nothing at random.
        overwrite: also write into a folder that is not empty.
    """

    path: Path
    out: Path
    assignments: tuple[str, ...] = ()
    class_map: ClassMap | None = None
    partial: bool = False
    to_predict: bool = False
    overwrite: bool = False


def import_checkpoint(request: ImportRequest) -> Imported:
    """Turn a checkpoint of others into one of ours.

    The folder it writes is what ``segdata.load_predictor`` and ``initialization.checkpoint`` take.

    Raises:
        UserError: the file cannot be read, is of no network that there is here, contradicts the
            settings, or fits only in part; every variable that is missing, left over or of another
            shape is told.
    """
    with opened(request.path) as source:
        recognized = recognize(source)
        settings, rates = _settings(source, recognized, request)
        layout = layout_of(settings.network)
        refuse_giant(layout, source)
        found = match(recognized.shapes, _wanted(layout, settings.network), recognized.scope)
        if not (found.is_whole or (request.partial and found.used)):
            refuse_misfit(found, recognized, source, not request.to_predict)
        class_map, named = classes_for(settings.network.num_classes, source, request.class_map)
        _refuse_other_steps(request.out, source.step)
        weights = _weights(source, recognized, settings.network, found)
        checkpoint = Checkpoint(source.step, settings, class_map, "", weights)
        with output_folder(request.out, overwrite=request.overwrite) as out:
            result = Imported(
                source=request.path,
                kind=source.kind,
                checkpoint=checkpoints.save(out, checkpoint),
                step=source.step,
                settings=settings,
                match=found,
                aside=recognized.aside,
                notes=(*source.notes, *recognized.all_notes(_given(request)), *rates, *named),
            )
            report = json.dumps(result.to_json(), indent=1, ensure_ascii=False)
            write_file(out / REPORT, report.encode())
    return result


def _given(request: ImportRequest) -> frozenset[str]:
    """The settings that were asked for, without their groups."""
    keys = (assignment.partition("=")[0] for assignment in request.assignments)
    return frozenset(key.strip().rpartition(".")[2] for key in keys)


def _settings(
    source: Source, recognized: Recognized, request: ImportRequest
) -> tuple[TrainSettings, list[str]]:
    """The settings to store, recognized and asked for; and what to say of their atrous rates.

    Raises:
        UserError: something must be given, or what was asked for contradicts the file.
    """
    refuse_other_variant(recognized, request.assignments, request.path)
    # In float32 the numbers are the original's.
    base = TrainSettings(network=recognized.settings, run=RunSettings(precision="fp32"))
    base = base.replaced({"data": recognized.data})
    if source.own is not None:
        base = source.own.settings
    settings = base.updated(request.assignments)
    fields = type(settings.network).model_fields
    asked = {key for key in fields if getattr(settings.network, key) != getattr(base.network, key)}
    needed = [why for key, why in recognized.open.items() if key not in asked]
    if needed:
        raise UserError(f"{request.path}: {'; '.join(needed)}", _ASKED[request.to_predict])
    wrong = contradictions(recognized, settings.network, frozenset(asked))
    if wrong and not request.partial:
        raise UserError("; ".join(wrong), _CONTRADICTED[request.to_predict])
    network, sentence = with_rates(base.network, settings.network, request.assignments)
    told = [sentence] if sentence else []
    return settings.model_copy(update={"network": network}), told


def _wanted(layout: Layout, network: NetworkSettings) -> dict[str, Shape]:
    """What the network needs: of one without logits, the backbone."""
    if network.num_classes is not None:
        return layout.shapes
    return {n: s for n, s in layout.shapes.items() if part_of(n, layout.scope) == "backbone"}


def _refuse_other_steps(out: Path, step: int) -> None:
    """Raise a UserError where another checkpoint would be taken for the newest, or hidden."""
    if index_of(out).is_file():
        raise UserError(f"{out} is the name of a checkpoint already", "choose another folder")
    others = [path.name for path in out.glob("step-*") if path.name != f"step-{step:08d}"]
    if others:
        raise UserError(f"{out} holds {others[0]}, which is another checkpoint", "choose another")


def _weights(
    source: Source, recognized: Recognized, network: NetworkSettings, found: Match
) -> dict[str, Tensor]:
    """The state to store; drawn at random where nothing was found, and only if it was asked for."""
    layout = layout_of(network)
    used = frozenset(found.used)
    weights: dict[str, Tensor] = {}
    if network.num_classes is not None:
        weights = {name: torch.zeros((), dtype=torch.int64) for name in layout.counters}
        if not found.is_whole:
            weights = dict(DeepLab(network).state_dict())
    for name, variable in layout.names.items():
        if variable in used:
            weights[name] = tensor_of(source, recognized, variable)
    return weights
