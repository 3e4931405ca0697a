"""Names of classes in tasks, from which the same ids are read back."""

from __future__ import annotations

from collections.abc import Mapping

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
    for entry in class_map.trained:
        name = cleaned(entry.name)
        while plain(name) in taken:
            name = f"{name[:_LONGEST]} {entry.id}"
        taken.add(plain(name))
        names[entry.id] = name
    if class_map.ignore is not None:
        names[class_map.ignore] = VOID
    return names


def class_file(class_map: ClassMap, names: Mapping[int, str]) -> bytes:
    """A class file with the names of the tasks and the ids of the labels."""
    colors = {entry.id: entry.color for entry in class_map.classes}
    classes = tuple(SegClass(i, name, colors.get(i)) for i, name in names.items())
    descriptor = DatasetDescriptor.for_classes("worklist", ClassMap(classes, class_map.ignore))
    return descriptor.to_toml().encode()
