"""What somebody gives the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata.executors import Executor


@dataclass(frozen=True, kw_only=True)
class DoctorRequest:
    """Whatever there is; the more, the surer the answer.

    Args:
        paths: data sets (folder or name), shards, runs, folders of predictions or of label PNGs,
            log folders and checkpoints of others, or folders with several of these.
        predictions: a folder of predicted PNGs.
        labels: a folder of label PNGs, where no data set is named.
        photos: the folder of their photos.
        logits: a folder of ``.npz`` with ``logits`` (K×H×W), and perhaps ``image`` and ``label``.
        checkpoint: weights: ours, TensorFlow's, PyTorch's or Keras'.
        log: a training log, or the folder of TensorBoard's events.
        scripts: shell scripts, or files with the commands.
        batch: an ``.npz`` with ``image`` and ``label`` as a loader gave them.
        classes: a class file, where nothing else names the classes.
        num_classes: or how many classes there are.
        ignore: the ignore label, with ``num_classes``.
        full: read everything instead of an even sample.
        budget: seconds for what needs the network.
        reports: files to write the diagnosis to: ``.html``, ``.json`` or ``.md``.
        executor: where files are read.
    """

    paths: tuple[str, ...] = ()
    predictions: Path | None = None
    labels: Path | None = None
    photos: Path | None = None
    logits: Path | None = None
    checkpoint: Path | None = None
    log: Path | None = None
    scripts: tuple[Path, ...] = ()
    batch: Path | None = None
    classes: Path | None = None
    num_classes: int | None = None
    ignore: int | None = None
    full: bool = False
    budget: float = 40.0
    reports: tuple[Path, ...] = ()
    executor: Executor | None = None
