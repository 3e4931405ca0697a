"""KITTI semantic segmentation: training/image_2 and training/semantic, in Cityscapes' ids."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from segdata.errors import UserError
from segdata.sources import Format, Hints, Source, Survey
from segdata.sources.cityscapes_labels import from_stored_ids, read_colors, trained_classes
from segdata.sources.folders import join_by_name
from segdata.sources.id_tables import read_with_table, renamed
from segdata.sources.layouts import base_with

_PHOTOS = "image_2"
# Ids first: colors are the same labels once more.
_LABELS = ("semantic", "semantic_rgb")


def reject(survey: Survey, hints: Hints) -> str:
    """It has image_2 and semantic or semantic_rgb beside each other."""
    return "" if _find(survey, hints) else "there are no folders image_2 and semantic"


def open_folder(survey: Survey, hints: Hints) -> Source:
    """The 200 pictures of ``training``; those of ``testing`` have no labels."""
    found = _find(survey, hints)
    if found is None:
        raise UserError(
            f"{survey.root} has no folders training/image_2 and training/semantic",
            "unpack data_semantics.zip and name its folder",
        )
    photos, labels = found
    joined = join_by_name(photos, labels, ".png")
    table = from_stored_ids(renamed(trained_classes(), hints))
    colors = labels.name.endswith("_rgb")
    return Source(
        format=FORMAT.name,
        class_map=table.class_map,
        items=joined.items,
        read=partial(read_colors if colors else read_with_table, table=table),
        images=photos,
        labels=labels,
        images_only=joined.images_only,
        labels_only=joined.labels_only,
        decisions={
            "labels": labels.name,
            "ids": f"Cityscapes' stored ids to the 19 trained ones: {table.said}",
        },
    )


FORMAT = Format("kitti", "KITTI semantic segmentation", reject, open_folder)


def _find(survey: Survey, hints: Hints) -> tuple[Path, Path] | None:
    for name in _LABELS:
        base = base_with(survey, _PHOTOS, name)
        if base is not None and hints.labels in (None, base / name):
            return base / _PHOTOS, base / name
    return None
