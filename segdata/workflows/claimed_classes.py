"""A ``--dataset`` beside shards or a data set that say themselves what their ids mean."""

from __future__ import annotations

from segdata import registry
from segdata.classes import ClassMap
from segdata.errors import UserError


def refuse_other_classes(dataset: str | None, classes: ClassMap, where: object) -> None:
    """Raise a UserError if ``dataset`` is unknown, or has another number of classes.

    Args:
        dataset: whose classes they are said to be: a folder or a name; None says nothing.
        classes: those that are known.
        where: the folder that they are known of.
    """
    if dataset is None:
        return
    without = f"leave --dataset out, as {where} says its classes itself; or"
    try:
        said = registry.descriptor(dataset).num_classes
    except UserError as error:
        raise UserError(error.message, f"{without} {error.remedy}") from error
    if said != classes.num_classes:
        raise UserError(
            f"--dataset {dataset} has {said} classes, and {where} has {classes.num_classes}",
            f"{without} name the shards of {dataset}",
        )
