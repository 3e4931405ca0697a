"""From findings to work: which remedies apply, and what each file of the data set is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from segdata.dataset import Dataset, DatasetDescriptor, Pair
from segdata.errors import UserError
from segdata.facts import DatasetFacts
from segdata.findings import Finding, Level
from segdata.mending.treatment import Case, Refusal, Treatment, remedies

# Which files are pairs is settled in a round of its own, before anything is judged by it.
_FIRST = frozenset({"P03", "P10", "P11", "P12"})
# Keys of the descriptor that say which files are pairs.
_NAMING = frozenset({"images", "labels", "image_suffix", "label_suffix"})
# Folders of files that the descriptor fetched from outside.
_IMAGES, _LABELS = "JPEGImages", "SegmentationClass"


@dataclass(frozen=True)
class Job:
    """One pair of the data set, or a photo or label without a partner.

    Args:
        key: the name in the new tree.
        splits: the lists that name it.
        photo: the file as it is.
        label: likewise.
        new_photo: the file that is to be.
        new_label: likewise; its suffix may still become .png.
        omit: the rule that leaves it out, and why.
    """

    key: str
    splits: tuple[str, ...]
    photo: Path | None
    label: Path | None
    new_photo: Path | None
    new_label: Path | None
    omit: tuple[str, str] | None = None


@dataclass(frozen=True)
class Plan:
    """What is going to be done.

    Args:
        dataset: as it is.
        treatments: by rule, in the order in which they are applied.
        refusals: rule -> why it has no safe remedy here.
        descriptor: as it is to be.
        jobs: makes the jobs of all pairs, one at a time.
        total: how many there are.
        names: name in the lists as they are -> name in the new tree, where it differs.
    """

    dataset: Dataset
    treatments: Mapping[str, Treatment]
    refusals: Mapping[str, str]
    descriptor: DatasetDescriptor
    jobs: Callable[[], Iterator[Job]]
    total: int
    names: Mapping[str, str]


def plan(
    dataset: Dataset,
    facts: DatasetFacts,
    findings: Iterable[Finding],
    out: Path,
    least: Mapping[str, Level] | None = None,
) -> Plan:
    """Decide what is done about findings. Nothing is written.

    Args:
        facts: of all of the data set.
        findings: those that may be acted on.
        out: the folder of the new data set.
        least: rule -> the level from which it is acted on; ``WARNING`` without it.

    Raises:
        UserError: files of the data set lie outside its folder.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.level >= (least or {}).get(finding.rule, Level.WARNING):
            by_rule.setdefault(finding.rule, []).append(finding)
    treatments, refusals = _answers(dataset, facts, by_rule)
    descriptor = changed_descriptor(dataset, treatments.values())
    adopt = {p: key for t in treatments.values() for p, key in t.adopt.items()}
    gone = _off_all_lists(treatments)

    def jobs() -> Iterator[Job]:
        return (_omitted(job, gone) for job in _jobs(dataset, descriptor, out, adopt))

    names = _new_names(dataset, jobs()) if adopt or treatments.keys() & _FIRST else {}
    total = sum(1 for _ in jobs())
    return Plan(dataset, treatments, refusals, descriptor, jobs, total, names)


def _answers(
    dataset: Dataset, facts: DatasetFacts, by_rule: Mapping[str, list[Finding]]
) -> tuple[dict[str, Treatment], dict[str, str]]:
    """What the remedies say: treatments, and reasons against one."""
    treatments: dict[str, Treatment] = {}
    refusals: dict[str, str] = {}
    known = remedies()
    for rule in sorted(by_rule, key=lambda r: (r not in _FIRST, r)):
        if rule not in known or (rule not in _FIRST and treatments.keys() & _FIRST):
            continue
        answer = known[rule](Case(dataset, facts, tuple(by_rule[rule])))
        if isinstance(answer, Refusal):
            refusals[rule] = answer.why
        else:
            treatments[rule] = answer
    return treatments, refusals


def changed_descriptor(dataset: Dataset, treatments: Iterable[Treatment]) -> DatasetDescriptor:
    """The descriptor with all changes; of two numbers of classes the larger counts.

    Folders outside the data set become folders in it.
    """
    descriptor = dataset.descriptor
    changes: dict[str, Any] = {}
    for treatment in treatments:
        for key, value in treatment.descriptor.items():
            both = (value, changes.get(key, 0))
            changes[key] = max(both) if key == "num_classes" else value
    for key, home in (("images", _IMAGES), ("labels", _LABELS)):
        if leads_out(changes.get(key, getattr(descriptor, key))):
            changes |= {key: home, "allow_outside": False}
    return DatasetDescriptor.model_validate({**descriptor.model_dump(), **changes})


def placed(path: Path, dataset: Dataset, out: Path) -> Path:
    """Where a file of the data set is to lie in the new tree.

    Raises:
        UserError: it lies outside the data set's folders.
    """
    for folder, name, home in (
        (dataset.images_folder, dataset.descriptor.images, _IMAGES),
        (dataset.labels_folder, dataset.descriptor.labels, _LABELS),
        (dataset.root, "", ""),
    ):
        if path.is_relative_to(folder):
            place = path.relative_to(folder)
            if not leads_out(place.as_posix()):
                return out / (home if leads_out(name) else name) / place
    raise UserError(
        f"{path} lies outside the data set's folder {dataset.root}",
        "fix makes a new folder of a folder: bring photos and labels into one",
    )


def leads_out(name: str) -> bool:
    """Whether a folder of the descriptor is none below the data set's."""
    return Path(name).is_absolute() or ".." in Path(name).parts


def _new_names(dataset: Dataset, jobs: Iterable[Job]) -> dict[str, str]:
    if dataset.descriptor.pairs is not None:
        return {}
    new = {job.photo: job.key for job in jobs if job.photo is not None}
    return {
        key: new[path]
        for key, path in dataset.image_files.items()
        if path in new and new[path] != key
    }


def _jobs(
    dataset: Dataset, descriptor: DatasetDescriptor, out: Path, adopt: Mapping[Path, str]
) -> Iterator[Job]:
    """Everything that is in the folders, or that a table joins."""
    names_of = {pair.image: names for pair, names in _listed(dataset)}
    if dataset.descriptor.pairs is not None:
        for pair, names in _listed(dataset):
            new_label = placed(pair.label, dataset, out) if pair.label else None
            new_photo = placed(pair.image, dataset, out)
            yield Job(pair.key, names, pair.image, pair.label, new_photo, new_label)
        return
    if not leads_out(dataset.descriptor.images) and not leads_out(dataset.descriptor.labels):
        # What counts as a photo or a label by the new names.
        naming = {key: getattr(descriptor, key) for key in _NAMING}
        dataset = Dataset(dataset.root, dataset.descriptor.model_copy(update=naming))
    photos = _adopting(dataset.image_files, adopt, dataset.images_folder)
    labels = _adopting(dataset.label_files, adopt, dataset.labels_folder)
    for key in dict.fromkeys([*photos, *labels]):
        photo, label = photos.get(key), labels.get(key)
        yield Job(
            key,
            names_of.get(photo, ()) if photo else (),
            photo,
            label,
            _target(photo, adopt, dataset, out, dataset.images_folder),
            _target(label, adopt, dataset, out, dataset.labels_folder),
        )


def _off_all_lists(treatments: Mapping[str, Treatment]) -> dict[str, dict[str, tuple[str, str]]]:
    """Name -> split -> rule and why, of all names that are taken off lists."""
    gone: dict[str, dict[str, tuple[str, str]]] = {}
    for rule, treatment in treatments.items():
        for split, names in treatment.drop.items():
            for name, why in names.items():
                gone.setdefault(name, {})[split] = rule, why
    return gone


def _omitted(job: Job, gone: Mapping[str, Mapping[str, tuple[str, str]]]) -> Job:
    """A pair that was listed and is on no list any more is not copied."""
    off = gone.get(job.key, {})
    if not off or set(job.splits) - off.keys():
        return job
    return replace(job, omit=next(iter(off.values())))


def _listed(dataset: Dataset) -> list[tuple[Pair, tuple[str, ...]]]:
    """Every listed pair once, with all lists that name it."""
    found: dict[tuple[Path, Path | None], tuple[Pair, list[str]]] = {}
    for split in dataset.splits.values():
        for pair in split.pairs:
            found.setdefault((pair.image, pair.label), (pair, []))[1].append(split.name)
    return [(pair, tuple(names)) for pair, names in found.values()]


def _adopting(
    files: Mapping[str, Path], adopt: Mapping[Path, str], folder: Path
) -> dict[str, Path]:
    """The files of a folder by the name that they are to have."""
    kept = {key: path for key, path in files.items() if path not in adopt}
    return {**kept, **{key: p for p, key in adopt.items() if p.is_relative_to(folder)}}


def _target(
    path: Path | None, adopt: Mapping[Path, str], dataset: Dataset, out: Path, folder: Path
) -> Path | None:
    if path is None:
        return None
    if path not in adopt:
        return placed(path, dataset, out)
    return placed(folder, dataset, out) / f"{adopt[path]}{path.suffix.lower()}"
