"""The training loop. Read :func:`train` from top to bottom.

A run is a function of its settings and its shards: the same line run again resumes, and an
interrupted run ends with the very weights of one that was not interrupted (same CPU, same number of
threads; GPUs add up in another order each time, and cuDNN takes the algorithms that were fastest
when it tried them, so there they agree up to rounding).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from model import checkpoint as checkpoints
from model.checkpoint import Found
from model.config import TrainSettings
from model.hardware import choose_hardware
from model.run_folder import RunFolder
from model.training.initialization import first_weights
from model.training.optimizer import restore_optimizer
from model.training.progress import Listener, TrainResult
from model.training.resolution import continued, crop_notes, refuse_differences, resolved
from model.training.session import Session
from model.training.taken_network import with_network_of_checkpoint
from model.training.validation import validation_notes
from segdata.manifest import ShardManifest


def train(
    shards: Path, out: Path, settings: TrainSettings, listener: Listener | None = None
) -> TrainResult:
    """Train on a folder of shards, or resume the run that ``out`` holds.

    Args:
        shards: a folder with ``manifest.json``.
        out: the run's folder; made if it is not there.
        settings: None fields are chosen from the data and written to ``config.json``.

    Raises:
        UserError: the shards are unusable, ``out`` holds something else or a run with other
            settings, the memory is too small, or the loss is no longer finite (names the records;
            checkpoints stay).
        KeyboardInterrupt: after Ctrl-C, when the state is saved.
    """
    listener = listener or Listener()
    manifest = ShardManifest.load(shards)
    hardware = choose_hardware(settings.run)
    run = RunFolder(out)
    earlier = run.config()
    network = with_network_of_checkpoint(settings, earlier)
    settings = network.settings
    config = replace(resolved(settings, manifest, shards, hardware), taken=network.names)
    if earlier is not None:
        refuse_differences(earlier, config, settings, out)
        config = continued(earlier, config)
        hardware = choose_hardware(config.settings.run)
    session = Session.of(config, manifest, shards, hardware)
    found = checkpoints.latest(run.checkpoints)
    step = found.checkpoint.step if found else None
    weights = first_weights(session.network, config.settings.initialization, step)
    origin = (*network.notes, *weights)
    if earlier is None:
        session.config = config = replace(config, choices=(*config.choices, *origin))
        run.start(config)
    notes = (*crop_notes(settings, manifest), *validation_notes(settings, manifest))
    for choice in dict.fromkeys((*config.choices, *origin, *notes)):
        listener.note(choice)
    first_step = _restore(session, run, found, listener)
    # The session has copies, which are all that a training's memory should hold.
    del found
    if first_step >= config.settings.run.steps:
        listener.note(f"{out} is finished: all {first_step} steps are done")
    return session.train(run, first_step, listener)


def _restore(session: Session, run: RunFolder, found: Found | None, listener: Listener) -> int:
    """Load a checkpoint of the run, if there is one; returns the steps it has behind it."""
    if found is None:
        run.forget_after(0)
        return 0
    for message in found.damaged:
        listener.note(f"{message}; going on from {found.path.name}")
    session.checkpoint = found.path
    session.network.load_state_dict(dict(found.checkpoint.weights))
    restore_optimizer(session.optimizer, session.network, found.checkpoint.optimizer)
    run.forget_after(found.checkpoint.step)
    if found.checkpoint.step < session.config.settings.run.steps:
        listener.note(f"resuming after step {found.checkpoint.step}")
    return found.checkpoint.step
