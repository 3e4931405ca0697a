"""Converting color masks, beside the idioms of tutorials and tools, in one run.

    python benchmarks/convert.py [--rounds N] [--scaling]

What is timed for segdata is ``convert_label``, the function that ``segdata convert`` runs once per
file: it reads the mask, looks for colors of no class, compares the size with the photo's, counts
the ids, and writes the label to a temporary file that is renamed. Masks are real ones (CamVid,
where ``SEGDATA_SHARED`` names a folder that has it) or the project's rendered streets; the large
ones are enlarged copies. Times are CPU milliseconds per file: medians of interleaved rounds.
``--scaling`` compares one process with two, in wall time.

Goals: at 2048×1024 20 times the loop over classes and 2.5 times OpenCV's hash idiom, at 480×360 15
and 1.3 times; 150 classes cost at most 1.2 times what 12 cost; palette PNGs 20 times the loop;
labels no larger than Pillow's; datumaro 5 times; two processes 1.8 times one (on two idle cores:
the CPU seconds beside them tell what the second process costs).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from baselines import BASELINES, Baseline, Colors, class_by_class, datumaro, pillow_bytes
from PIL import Image

from segdata.conversion import ConversionRequest, plan_conversion
from segdata.conversion.labels import LabelTask, Repair, convert_label
from segdata.executors import Executor, Processes, Serial
from segdata.images import deflate, encode_photo, read_colors, read_label
from segdata.sources.class_files import read_class_file

SAMPLES = Path(__file__).parent.parent / "sample_data" / "streets"
SIZES = {"480×360": (480, 360, 16), "2048×1024": (2048, 1024, 4)}
CLASSES, MANY = 12, 150
MASKS = 16
ROUNDS = 5
SCALING_SECONDS = 15.0
Array = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Job:
    """Masks of one size and kind, ready to be converted by everyone.

    Args:
        masks: the files.
        colors: of the classes, in order of id.
        ids: what every converter must write.
        tasks: what ``segdata convert`` makes of the folder.
        out: where the others write.
    """

    masks: tuple[Path, ...]
    colors: Colors
    ids: tuple[Array, ...]
    tasks: tuple[LabelTask, ...]
    out: Path


def real_ids() -> list[Array]:
    """Labels of up to twelve classes."""
    shared = Path(os.environ.get("SEGDATA_SHARED", "")) / "data" / "camvid"
    if shared.is_dir():
        table = read_class_file(shared / "classes.csv")
        masks = sorted((shared / "ColourMasks").glob("*.png"))
    else:
        table = read_class_file(SAMPLES / "classes.csv")
        masks = sorted((SAMPLES / "masks").glob("*.png"))
    chosen = masks[:: max(1, len(masks) // MASKS)][:MASKS]
    found = []
    for mask in chosen:
        label = table.to_ids(read_colors(mask)).label
        dense = np.unique(label, return_inverse=True)[1].reshape(label.shape)
        found.append((dense % CLASSES).astype(np.uint8))
    return found


def prepare(folder: Path, size: str, classes: int, *, palette: bool = False) -> Job:
    """Write a folder of photos, masks and a class file, and list the work in it."""
    width, height, count = SIZES[size]
    for name in ("images", "masks", "theirs"):
        (folder / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    packed = rng.choice(1 << 24, classes, replace=False)
    colors = tuple((int(c) >> 16, int(c) >> 8 & 255, int(c) & 255) for c in packed)
    rows = "".join(f"class{i},{r},{g},{b}\n" for i, (r, g, b) in enumerate(colors))
    (folder / "classes.csv").write_text("name,r,g,b\n" + rows, encoding="utf-8")
    photo = encode_photo(np.full((height, width, 3), 127, np.uint8), "jpeg")
    labels = []
    for number, label in enumerate(real_ids()[:count]):
        # Each file has its own dozen of the classes, so that all occur.
        grown = cv2.resize(label, (width, height), interpolation=cv2.INTER_NEAREST)
        labels.append(((grown.astype(int) + number * CLASSES) % classes).astype(np.uint8))
        (folder / "images" / f"{number:03}.jpg").write_bytes(photo)
        _save(folder / "masks" / f"{number:03}.png", labels[-1], colors, palette)
    masks = tuple(sorted((folder / "masks").iterdir()))
    return Job(masks, colors, tuple(labels), _tasks(folder), folder / "theirs")


def ours(job: Job) -> float:
    """CPU seconds that ``segdata convert`` takes for the masks."""
    for task in job.tasks:
        task.target.unlink(missing_ok=True)
    convert_label(job.tasks[0])
    job.tasks[0].target.unlink()
    start = time.process_time()
    for task in job.tasks:
        result = convert_label(task)
        assert not result.problem, result.problem
    return time.process_time() - start


def theirs(job: Job, convert: Baseline) -> float:
    """CPU seconds that a baseline takes."""
    for mask in job.masks:
        (job.out / mask.name).unlink(missing_ok=True)
    convert(job.masks[0], job.out / job.masks[0].name, job.colors)
    (job.out / job.masks[0].name).unlink()
    start = time.process_time()
    for mask in job.masks:
        convert(mask, job.out / mask.name, job.colors)
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--scaling", action="store_true", help="one process beside two")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"zlib-ng {'is' if deflate.FAST else 'is not'} installed")
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.scaling:
            _scaling(Path(scratch))
        else:
            for size in SIZES:
                _compare(Path(scratch), size, arguments.rounds)
    return 0


def _compare(scratch: Path, size: str, rounds: int) -> None:
    few = prepare(scratch / f"{size}-few", size, CLASSES)
    many = prepare(scratch / f"{size}-many", size, MANY)
    indexed = prepare(scratch / f"{size}-palette", size, CLASSES, palette=True)
    work: dict[str, Callable[[], float]] = {
        "segdata": lambda: ours(few),
        "segdata, 150 classes": lambda: ours(many),
        "segdata, palette PNG": lambda: ours(indexed),
        "palette: convert('RGB'), loop": lambda: theirs(indexed, class_by_class),
    }
    for name, convert in BASELINES.items():
        work[name] = lambda convert=convert: theirs(few, convert)  # type: ignore[misc]
    if folder := datumaro(few.masks, few.colors, scratch / f"{size}-datumaro"):
        work["datumaro"] = lambda: _timed(folder)
    times = _interleaved(work, len(few.masks), rounds)
    print(f"\n{size}, {len(few.masks)} files, {rounds} rounds")
    print(f"  {'':44} {'ms':>8} {'of segdata':>10}")
    for name, taken in times.items():
        against = "segdata, palette PNG" if name.startswith("palette") else "segdata"
        ratio = statistics.median(a / b for a, b in zip(taken, times[against], strict=True))
        print(f"  {name:44} {statistics.median(taken):8.2f} {ratio:9.2f}×")
    for job in (few, many, indexed):
        _check(job)
    written = sum(task.target.stat().st_size for task in few.tasks)
    ratio = written / pillow_bytes(few.ids, scratch)
    print(f"  {'bytes, of what Pillow’s default takes':44} {'':8} {ratio:9.2f}×")


def _interleaved(
    work: dict[str, Callable[[], float]], files: int, rounds: int
) -> dict[str, list[float]]:
    """CPU milliseconds per file of each, round by round.

    Each starts with one file that is not timed, and with nothing at the place it writes to.
    """
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            times[name].append(run() / files * 1000)
    return times


def _timed(run: Callable[[], None]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def _check(job: Job) -> None:
    """Everyone wrote the same ids."""
    for mask, expected, task in zip(job.masks, job.ids, job.tasks, strict=True):
        assert np.array_equal(read_label(task.target), expected)
        their = job.out / mask.name
        assert not their.exists() or np.array_equal(read_label(their), expected)


def _scaling(scratch: Path) -> None:
    """Wall time of the same work in one process and in two, taken in turns."""
    job = prepare(scratch / "scaling", "2048×1024", CLASSES)
    per_round = min(_wall(Serial(), job.tasks) for _ in range(3))
    tasks = job.tasks * (1 + int(SCALING_SECONDS * 1.2 / per_round))
    print(f"\n{len(tasks)} files of 2048×1024")
    walls: dict[str, list[float]] = {"one process": [], "two processes": []}
    for _ in range(2):
        for name, executor in (("one process", Serial()), ("two processes", Processes(2))):
            before = os.times()
            walls[name].append(_wall(executor, tasks))
            cpu = sum(os.times()[:4]) - sum(before[:4])
            print(f"  {name:14} {walls[name][-1]:6.1f} s, {cpu:6.1f} s of CPU")
    ratio = statistics.median(walls["one process"]) / statistics.median(walls["two processes"])
    print(f"  two are {ratio:.2f} times as fast as one")


def _wall(executor: Executor, tasks: Sequence[LabelTask]) -> float:
    start = time.perf_counter()
    for result in executor.imap(convert_label, tasks):
        assert not result.problem, result.problem
    return time.perf_counter() - start


def _tasks(folder: Path) -> tuple[LabelTask, ...]:
    """What ``segdata convert`` does file by file."""
    request = ConversionRequest(
        source=folder,
        out=folder.parent / f"{folder.name}-out",
        images=folder / "images",
        labels=folder / "masks",
    )
    plan = plan_conversion(request)
    repair = Repair.of(request, plan.class_map)
    return tuple(
        LabelTask(
            item,
            plan.source.read,
            plan.label_path(request.out, item),
            plan.class_map,
            False,
            repair,
        )
        for item in plan.source.items
    )


def _save(path: Path, label: Array, colors: Colors, palette: bool) -> None:
    table = np.array(colors, np.uint8)
    if not palette:
        Image.fromarray(table[label]).save(path)
        return
    image = Image.fromarray(label)
    # All 256 entries: Pillow then stores a byte per pixel, as most tools do.
    image.putpalette(np.resize(table, (256, 3)).tobytes())
    image.save(path)


if __name__ == "__main__":
    sys.exit(main())
