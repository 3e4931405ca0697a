"""Color masks that lie beside the labels of a data set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from segdata.classes import ClassMap
from segdata.dataset import Dataset
from segdata.errors import UserError
from segdata.evidence.color_masks import ColorMaskFacts, compare
from segdata.listing import index_folder
from segdata.sources.class_files import find_class_file, read_class_file
from segdata.workflows.doctoring.case import Case
from segdata.workflows.doctoring.layouts import GatheredDataset

# A folder with so many of the labels' names holds something of the same pictures.
_SAME_NAMES = 0.5
# The class file is of these masks if their pixels have its colors.
_COLORED = 0.5


def look_at_color_masks(dataset: Dataset, case: Case) -> None:
    """What the labels were made of, where it lies beside them and its colors have names."""
    classes = _colored_classes(dataset)
    labels = dataset.label_files
    if classes is None or not labels or case.facts.colors is not None:
        return
    own = {dataset.images_folder.resolve(), dataset.labels_folder.resolve()}
    for folder in sorted(sub for sub in dataset.root.iterdir() if sub.is_dir()):
        if folder.resolve() in own:
            continue
        facts = _compared(dataset, folder, classes)
        if facts is not None:
            case.facts = replace(case.facts, colors=facts)
            case.looked_at.append(f"{facts.compared} color masks beside the labels: {folder}")
            return


def _compared(dataset: Dataset, folder: Path, classes: ClassMap) -> ColorMaskFacts | None:
    labels, masks = dataset.label_files, index_folder(folder)
    if len(masks.keys() & labels.keys()) < _SAME_NAMES * len(labels):
        return None
    facts = compare(labels, masks, classes, folder)
    return facts if facts is not None and facts.share >= _COLORED else None


def _colored_classes(dataset: Dataset) -> ClassMap | None:
    """The colors of classes: of the data set itself, or of a class file in its folder.

    A file with more classes than the labels is told to have may be of masks that were merged.
    """
    own = dataset.class_map
    if any(c.color for c in own.classes):
        return own
    try:
        found = read_class_file(find_class_file(dataset.root))
    except UserError:
        return None
    guessed = isinstance(dataset, GatheredDataset) and dataset.counted
    as_many = guessed or found.num_classes <= own.num_classes
    return found if as_many and any(c.color for c in found.classes) else None
