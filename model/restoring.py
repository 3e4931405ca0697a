"""From a run or checkpoint folder back to a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from model import checkpoint as checkpoints
from model.checkpoint import Checkpoint, DamagedCheckpoint
from model.network.deeplab import DeepLab
from model.run_folder import CHECKPOINTS
from segdata.errors import UserError


def newest(path: Path, note: Callable[[str], None] = lambda sentence: None) -> Checkpoint:
    """The newest whole checkpoint of a run or of an import, or the one that ``path`` is.

    Without the optimizer's state.

    Args:
        note: is told of newer ones that are damaged.

    Raises:
        UserError: there is none, or it is damaged.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist", "check the path")
    if path.suffix == ".safetensors":
        path = path.parent
    if (path / checkpoints.DESCRIPTION).is_file():
        return checkpoints.load(path, optimizer=False)
    folder = path / CHECKPOINTS
    found = checkpoints.latest(folder if folder.is_dir() else path, optimizer=False)
    if found is None:
        raise UserError(
            f"{path} holds no checkpoint", "give the folder of a run: segdata train … --out RUN"
        )
    for damage in found.damaged:
        note(f"{damage}; that of step {found.checkpoint.step} is taken instead")
    return found.checkpoint


def network_of(checkpoint: Checkpoint) -> DeepLab:
    """The network that a checkpoint is of, with its weights.

    Raises:
        UserError: the checkpoint has no logits: it holds first weights for a training.
        DamagedCheckpoint: its weights are not those of its settings.
    """
    if checkpoint.settings.network.num_classes is None:
        raise UserError(
            "this checkpoint has no layer that tells classes apart: it holds first weights for a "
            "training, and predicts nothing",
            "segdata train DATA --out RUN --set initialization.checkpoint=IT",
        )
    try:
        # Shapes are compared before any memory is taken, and the weights are taken over as they
        # are: settings that ask for terabytes cost nothing.
        with torch.device("meta"):
            network = DeepLab(checkpoint.settings.network)
        network.load_state_dict(dict(checkpoint.weights), assign=True)
    except (RuntimeError, OverflowError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise DamagedCheckpoint(
            f"the checkpoint's weights are not those of its settings: {reason[:500]}",
            "use another one, or train again",
        ) from error
    return network
