"""Names of classes in tasks, from which the same ids are read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from segdata.classes import ClassMap, SegClass
from segdata.dataset import DatasetDescriptor
from segdata.sources.names import cleaned, plain

VOID = "void"
CLASS_FILE = "classes.toml"
# Names are cut at 200 characters when they are read (sources.names); an id has at most five.
_LONGEST = 190


def task_names(class_map: ClassMap) -> dict[int, str]:
    """A name for every id that a label may hold, no two of which are read as one class.

    What is ignored is called void, as annotation files call it; a class that is learned and has
    such a name, or one that another class has, gets its id behind it.
    """
    names: dict[int, str] = {}
    taken: set[str | None] = {None}
    ids = {*range(class_map.num_classes), *class_map.names}
    for class_id in sorted(ids - {class_map.ignore}):
        name = cleaned(class_map.name(class_id))
        while plain(name) in taken:
            name = f"{name[:_LONGEST]} {class_id}"
        taken.add(plain(name))
        names[class_id] = name
    if class_map.ignore is not None:
        names[class_map.ignore] = VOID
    return names


def class_file(class_map: ClassMap, names: Mapping[int, str]) -> bytes:
    """A class file with the names of the tasks and the ids of the labels."""
    known = {entry.id: entry for entry in class_map.classes}
    classes = tuple(
        replace(known.get(class_id, SegClass(class_id, name)), name=name)
        for class_id, name in names.items()
    )
    descriptor = DatasetDescriptor.for_classes("worklist", ClassMap(classes, class_map.ignore))
    return descriptor.to_toml().encode()
