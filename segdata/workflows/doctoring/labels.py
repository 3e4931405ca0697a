"""Data sets and shards: the rules about photos and labels, and what labels hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from segdata import registry, rules, validation
from segdata.classes import ClassMap
from segdata.dataset import Dataset, DatasetDescriptor, Split
from segdata.diagnosis import Evidence
from segdata.errors import UserError
from segdata.evidence import LabelEvidence
from segdata.facts import DatasetFacts, LabelForm
from segdata.findings import Finding, Level
from segdata.listing import index_folder
from segdata.records import decode, scan
from segdata.rules.labels.masks import are_unlabelled
from segdata.rules.wording import on_dataset
from segdata.sources.class_files import find_class_file, read_class_file
from segdata.spread import spread
from segdata.validation import Shards
from segdata.validation.shards import VOID
from segdata.workflows.doctoring.case import Case
from segdata.workflows.doctoring.color_masks import look_at_color_masks
from segdata.workflows.doctoring.layouts import (
    GatheredDataset,
    Layout,
    layout_below,
    two_folders,
)
from segdata.workflows.plain_folders import PlainFolders, counted, described, tell_count
from segdata.workflows.scoring import classes_of

# A quick look at this many pairs of each split, spread evenly.
SAMPLED = 500
# Bits that each pixel of a label has as a rule, and those of which TensorFlow and OpenCV take half.
_USUAL, _WIDE = 8, 16
# Rules about labels that compare them with their photos.
_WITH_PHOTOS = frozenset({"L23", "L24", "L25"})


@dataclass(frozen=True)
class _Seen:
    """What was looked at.

    Args:
        looked_at: in words.
        samples: of each split.
        ending: what labels have behind the name of their photo.
        counted: there are as many classes as ids seem to be; nobody said so.
    """

    evidence: Evidence
    looked_at: str
    samples: Mapping[str, int]
    ending: str = ""
    counted: bool = False


def look_at_dataset(path: str, case: Case) -> None:
    """Every pair of a data set, or a sample."""
    dataset = registry.find(path)
    if dataset.image_files or index_folder(dataset.images_folder) or not Path(path).is_dir():
        _look(dataset, case, _everything)
        if dataset.label_files and not dataset.image_files.keys() & dataset.label_files.keys():
            _look_at_masks(dataset.root, dataset.descriptor, dataset.label_files, case)
        return
    descriptor = dataset.descriptor
    layout = layout_below(dataset.root)
    absent = [name for name in (descriptor.images, descriptor.labels)
              if not (dataset.root / name).is_dir()]  # fmt: skip
    what = f"has no folder {' and no folder '.join(absent)}" if absent else "has no photo"
    if layout is None:
        raise UserError(
            f"{dataset.root} {what}", "name the folders in dataset.toml: images, labels"
        )
    case.undecided.append(
        f"{dataset.root} {what}, as its dataset.toml says; what was found below it was looked at: "
        f"name the folders in dataset.toml (images = ..., labels = ...)"
    )
    _look(GatheredDataset(dataset.root, descriptor, layout), case, _everything)


def look_at_folders(labels: Path, photos: Path | None, case: Case) -> None:
    """Folders of labels and photos that no ``dataset.toml`` describes.

    Without photos, or where no photo has the name of a label, only what labels say of themselves
    counts.
    """
    if photos is not None:
        joined = two_folders(photos, labels)
        look_at_layout(joined, case)
        if joined.pairs or not joined.masks:
            return
    masks = index_folder(labels)
    _look(_described(Layout(labels.parent, labels, labels, masks, masks), case), case, _of_labels)


def _look_at_masks(
    root: Path, descriptor: DatasetDescriptor, masks: Mapping[str, Path], case: Case
) -> None:
    """Labels alone, where none has the name of a photo."""
    layout = Layout(root, root, root, masks, masks)
    alone = descriptor.model_copy(update={"lists": None, "pairs": None})
    _look(GatheredDataset(root, alone, layout), case, _of_labels)


def look_at_layout(layout: Layout, case: Case) -> None:
    """Photos and masks that no ``dataset.toml`` describes."""
    _look(_described(layout, case), case, _everything)


def _described(layout: Layout, case: Case) -> GatheredDataset:
    """With the classes that the person names, else those of a ``dataset.toml`` or of a class file
    beside, else as many as the ids seem to be."""
    request = case.request
    folders = PlainFolders(
        root=layout.root,
        images=layout.images,
        labels=layout.labels,
        num_classes=request.num_classes,
    )
    descriptor, is_known = described(folders)
    if request.classes is not None:
        told = classes_of(request.classes, request.num_classes, request.ignore)
        return GatheredDataset(layout.root, _with_classes(descriptor, told), layout)
    if not is_known:
        descriptor = _counted(GatheredDataset(layout.root, descriptor, layout), case)
    if request.ignore is not None:
        descriptor = descriptor.model_copy(update={"ignore_label": request.ignore})
    if layout.ending:
        first = next(iter(layout.masks.values()))
        suffix = {"label_suffix": layout.ending + first.suffix}
        descriptor = descriptor.model_copy(update=suffix)
    return GatheredDataset(layout.root, descriptor, layout, counted=not is_known)


def _counted(found: GatheredDataset, case: Case) -> DatasetDescriptor:
    """With as many classes as ids seem to be; with those of a class file if it has these ids."""
    count = counted(found, case.executor, case.watch)
    beside = _class_file(found.root)
    if beside is not None and (told := read_class_file(beside)).num_classes >= count.num_classes:
        case.watch.note(f"the classes are those of {beside}; if not, add --classes FILE")
        return _with_classes(count, told)
    tell_count(count, case.watch)
    return count


def _class_file(folder: Path) -> Path | None:
    try:
        return find_class_file(folder)
    except UserError:
        return None


def _with_classes(descriptor: DatasetDescriptor, told: ClassMap) -> DatasetDescriptor:
    if told.ignore is None and VOID not in told.names:
        # Many a class file has no place for it.
        told = ClassMap(told.classes, VOID)
    places = descriptor.model_dump(include={"images", "labels", "lists", "allow_outside"})
    return DatasetDescriptor.for_classes(descriptor.name, told).model_copy(update=places)


def _look(dataset: Dataset, case: Case, counts: Callable[[Finding], bool]) -> None:
    splits = [_sample(split, case.request.full) for split in dataset.splits.values()]
    facts = validation.gather(dataset, splits, case.executor, case.watch)
    total = len({pair.image for split in dataset.splits.values() for pair in split.pairs})
    case.labels.update(dataset.label_files)
    case.class_map = case.class_map or dataset.class_map
    case.dataset = case.dataset or dataset
    samples = {name: len(split.pairs) for name, split in dataset.splits.items()}
    looked_at = f"{facts.pairs} of {total} pairs of the data set {dataset.root}"
    gathered = dataset if isinstance(dataset, GatheredDataset) else None
    seen = _Seen(
        Evidence.LABELS,
        looked_at,
        samples,
        ending=gathered.layout.ending if gathered else "",
        counted=gathered is not None and gathered.counted,
    )
    _judge(facts, case, seen, counts)
    look_at_color_masks(dataset, case)


def _everything(finding: Finding) -> bool:
    return True


def _of_labels(finding: Finding) -> bool:
    """What is no comparison with photos."""
    return finding.rule[0] in "LD" and finding.rule not in _WITH_PHOTOS


def look_at_shards(folder: Path, case: Case) -> None:
    """Every record of shards, ours or others'."""
    found = _with_meaning(folder, case)
    splits = list(found.splits.values())
    facts = validation.gather(found, splits, case.executor, case.watch)
    if found.manifest is not None:
        case.class_map = case.class_map or found.manifest.class_map
    samples: Counter[str] = Counter()
    for file in found.files:
        samples[file.split] += file.records
    looked_at = f"{facts.pairs} of {samples.total()} records of the shards {folder}"
    _judge(facts, case, _Seen(Evidence.SHARDS, looked_at, samples), _everything)


def _with_meaning(folder: Path, case: Case) -> Shards:
    """Shards, and what else was named that says what their ids mean: their data set, or classes."""
    found = validation.find(folder)
    assert isinstance(found, Shards)
    request = case.request
    if found.dataset is None and case.dataset is not None and _share_a_name(found, case.dataset):
        found = replace(found, dataset=case.dataset)
    if found.manifest is None and (request.classes or request.num_classes):
        ignore = VOID if request.ignore is None else request.ignore
        told = classes_of(request.classes, request.num_classes, ignore)
        found = replace(found, told=DatasetDescriptor.for_classes("shards", told))
    return found


def _share_a_name(shards: Shards, dataset: Dataset) -> bool:
    """Whether the first record is called like a label of the data set."""
    try:
        first = next((record for file in shards.files for record in scan(file.path)), None)
        return first is not None and decode(first[1]).key in dataset.label_files
    except UserError:
        return False


def _judge(facts: DatasetFacts, case: Case, seen: _Seen, counts: Callable[[Finding], bool]) -> None:
    findings = [finding for finding in rules.judge_folder(facts) if counts(finding)]
    case.findings += findings
    case.add(seen.evidence, seen.looked_at, labels=_evidence(facts, findings, seen))


def _evidence(facts: DatasetFacts, findings: Sequence[Finding], seen: _Seen) -> LabelEvidence:
    descriptor = facts.descriptor
    pixels: Counter[int] = Counter()
    holding: Counter[int] = Counter()
    for group in facts.groups:
        other = group.tensorflow if descriptor.label_decoder == "tensorflow" else group.opencv
        read = other if descriptor.label_decoder != "indices" else {}
        for value, here in group.values.items():
            holding[value] += here.files
            pixels[value] += 0 if read else here.pixels
        pixels.update(read)
    ignored = {descriptor.ignore_label}
    return LabelEvidence(
        where=facts.root,
        num_classes=descriptor.num_classes,
        ignore=descriptor.ignore_label,
        names={entry.id: entry.name for entry in descriptor.classes},
        labels=facts.labels,
        empty=facts.masks.empty.files,
        ignored_alone=_ignored_alone(facts),
        unlabelled=are_unlabelled(facts),
        photos=facts.inventory.images.suffixes if facts.inventory else {},
        pixels={i: n for i, n in sorted(pixels.items()) if n and i not in ignored},
        holding=dict(sorted(holding.items())),
        samples=seen.samples,
        ending=seen.ending,
        counted=seen.counted,
        sizes=facts.photo_sizes,
        misread=_misread(facts),
        to_shards="" if facts.shards else on_dataset(facts, "shard", f"{facts.root}-shards"),
        clean=all(finding.level < Level.WARNING for finding in findings),
    )


def _ignored_alone(facts: DatasetFacts) -> int:
    """Where void is drawn it stands beside classes, too; then 0."""
    ignore = facts.descriptor.ignore_label
    if not ignore:
        return 0
    seen = [group.values[ignore] for group in facts.groups if ignore in group.values]
    alone = sum(one.alone for one in seen)
    return alone if alone == sum(one.files for one in seen) else 0


def _misread(facts: DatasetFacts) -> dict[str, tuple[int, ...]]:
    groups = facts.groups if facts.descriptor.label_decoder == "indices" else ()
    found: dict[str, set[int]] = {}
    for group in groups:
        rule = _stored_oddly(group.form)
        if rule and group.form.tensorflow_differs:
            found.setdefault(rule, set()).update(group.tensorflow)
    return {rule: tuple(sorted(values)) for rule, values in found.items()}


def _stored_oddly(form: LabelForm) -> str | None:
    if form.is_palette:
        return "L03"
    if form.bit_depth == _WIDE:
        return "L14"
    return "L15" if form.is_gray and form.bit_depth < _USUAL else None


def _sample(split: Split, full: bool) -> Split:
    return split if full else replace(split, pairs=tuple(spread(split.pairs, SAMPLED)))
