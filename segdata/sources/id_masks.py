"""Photos and class-id PNGs in two folders."""

from __future__ import annotations

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import NoIds, Unreadable, read_label
from segdata.listing import index_folder
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.class_files import find_class_file, read_class_file
from segdata.sources.folders import choose_images, existing, join_by_name, usual_lists


def reject(survey: Survey, hints: Hints) -> str:
    """The user names the folder of id PNGs, and there is a class file."""
    if hints.labels is None:
        return "name the folder of id PNGs with --labels DIR"
    try:
        _classes(survey, hints)
        for path in list(index_folder(hints.labels).values())[:1]:
            read_label(path)
    except (UserError, Unreadable, NoIds) as error:
        return error.message
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    labels = existing(hints.labels)
    if labels is None:
        raise UserError(
            "the class file has no colors, so masks cannot be told from photos",
            "name the folder of masks with --labels DIR",
        )
    images = existing(hints.images) or choose_images(survey, labels)
    joined = join_by_name(images, labels)
    return Source(
        format=FORMAT.name,
        class_map=_classes(survey, hints),
        items=joined.items,
        read=read_ids,
        images=images,
        labels=labels,
        images_only=joined.images_only,
        labels_only=joined.labels_only,
        lists=usual_lists(survey.root),
    )


FORMAT = Format("ids", "class-id PNGs", reject, open_folder)


def read_ids(item: Item) -> Reading:
    """The ids of a label as they are stored; palette PNGs give their indices."""
    return Reading(read_label(item.label))


def _classes(survey: Survey, hints: Hints) -> ClassMap:
    return read_class_file(hints.classes or find_class_file(survey.root))
