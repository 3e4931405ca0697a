"""A trained network is written as files, each compared with it before it takes its name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.altered import altered
from model.checkpoint import Checkpoint
from model.config import RunSettings
from model.exporting.checking import Comparison, Photo, Speed, compare, measure, parts, whole
from model.exporting.deployed import Deployed, Interface
from model.exporting.description import describe
from model.exporting.formats import FORMATS, Format, Runner
from model.exporting.graph import Graph
from model.hardware import choose_hardware
from model.network.deeplab import DeepLab
from model.restoring import network_of, newest
from segdata.errors import UserError
from segdata.files import write_file
from segdata.progress import Silence, Watch

# Scales whose denominators are larger are not exact where sizes are symbols.
_EXACT = 1 << 16


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What is exported.

    Args:
        interface: what the files take and give.
        settings: of the network, ``KEY=VALUE``, that differ from those of its training.
        skip: leave out formats whose packages are missing, or that the interface does not suit.
    """

    interface: Interface = field(default_factory=Interface)
    settings: tuple[str, ...] = ()
    skip: bool = False


@dataclass(frozen=True, eq=False)
class Exported:
    """One file.

    Args:
        seconds: that its making took.
        comparisons: with the network, the real image last.
        description: what the file says of itself.
    """

    format: str
    path: Path
    bytes: int
    seconds: float
    comparisons: tuple[Comparison, ...]
    speed: Speed
    description: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Export:
    """What :func:`export` wrote.

    Args:
        skipped: why formats were left out, by their names.
    """

    files: tuple[Exported, ...]
    skipped: Mapping[str, str]


def export(
    run: Path,
    files: Mapping[str, Path],
    image: Photo,
    options: ExportOptions,
    watch: Watch | None = None,
) -> Export:
    """Write the network of a run, a checkpoint or an import.

    Args:
        files: the paths by the names of formats.
        image: ``uint8 H×W×3``, a real one, on which files and network are compared.

    Raises:
        UserError: there is no network, its settings or the format do not go with the interface, or
            a file does not say what the network says; that file is not written.
        MissingExtra: a package is not installed.
    """
    watch = watch or Silence()
    for name in files:
        if name not in FORMATS:
            raise UserError(f"{name!r} is no format", f"choose among {', '.join(FORMATS)}")
    checkpoint = altered(newest(run, watch.note), options.settings, watch.note)
    threads = checkpoint.settings.run.threads
    choose_hardware(RunSettings(device="cpu", precision="fp32", threads=threads))
    _refuse(checkpoint, options.interface)
    exporter = _Exporter(checkpoint, options.interface, image)
    written, skipped = [], {}
    for name, path in files.items():
        unfit = FORMATS[name].lack() or _unsuited(FORMATS[name], options.interface)
        if unfit and not options.skip:
            raise unfit
        if unfit:
            skipped[name] = f"{unfit.message}; {unfit.remedy}"
            continue
        watch.note(f"exporting to {path}")
        written.append(exporter.write(FORMATS[name], path))
    return Export(tuple(written), skipped)


class _Exporter:
    """One network on its way into several files."""

    def __init__(self, checkpoint: Checkpoint, interface: Interface, image: Photo) -> None:
        self._checkpoint, self._image = checkpoint, image
        self._reference = Deployed(network_of(checkpoint), interface)
        folded: DeepLab = network_of(checkpoint)
        folded.fold()
        self._graph = Graph(Deployed(folded, interface))

    def write(self, kind: Format, path: Path) -> Exported:
        """Write one file, if it says what the network says."""
        begun = time.perf_counter()
        batch = None if kind.is_dynamic else 1
        description = describe(self._checkpoint, self._graph.interface, batch)
        data = kind.encode(self._graph, description)
        seconds = time.perf_counter() - begun
        run, real = kind.load(data), whole(self._reference, self._image)
        comparisons = self._compared(kind, run)
        for comparison in comparisons:
            _refuse_difference(comparison, path)
        write_file(path, data)
        speed = measure(self._reference, run, real)
        return Exported(kind.name, path, len(data), seconds, comparisons, speed, description)

    def _compared(self, kind: Format, run: Runner) -> tuple[Comparison, ...]:
        shapes = parts(self._reference, self._image, batches=kind.is_dynamic)
        real = whole(self._reference, self._image)
        return (
            *(compare(self._reference, run, images) for images in shapes),
            compare(self._reference, run, real, is_image=True),
        )


def _refuse(checkpoint: Checkpoint, interface: Interface) -> None:
    """What no format could hold."""
    data, network = checkpoint.settings.data, checkpoint.settings.network
    if interface.preprocess and data.min_resize_value is not None:
        raise UserError(
            f"the run resizes its images (min_resize_value={data.min_resize_value}), which an "
            "exported file does not",
            "leave out --preprocess, and resize before the network",
        )
    scales = (*network.image_pyramid, *interface.options.scales)
    if interface.size is None and any(s.as_integer_ratio()[1] > _EXACT for s in scales):
        raise UserError(
            f"the scales {', '.join(f'{scale:g}' for scale in scales)} are not exact for every "
            "size",
            "fix the size: --size 513,513; or take scales such as 0.5, 0.75 and 1.25",
        )


def _unsuited(kind: Format, interface: Interface) -> UserError | None:
    if kind.is_dynamic or interface.size is not None:
        return None
    return UserError(f"a {kind.suffix} file takes images of one size", "name it: --size 513,513")


def _refuse_difference(comparison: Comparison, path: Path) -> None:
    if comparison.is_equal:
        return
    scores = "" if comparison.difference is None else f"scores by up to {comparison.difference:g}, "
    raise UserError(
        f"{path} was not written: for an input of {'×'.join(map(str, comparison.shape))} it would "
        f"differ from the network, {scores}classes at {comparison.disagreement:.2%} of the pixels",
        "another format, or a fixed size (--size 513,513), may do",
    )
