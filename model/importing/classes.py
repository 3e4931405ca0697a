"""Names for the classes of a file, which has none itself."""

from __future__ import annotations

from model.importing.source import Source
from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError

# The ignore label of the original's data sets but ADE20K; it must be no class.
_IGNORE = 255
# Data sets that the original's released checkpoints were trained on.
_PUBLISHED = {21: "pascal_voc_seg", 19: "cityscapes", 151: "ade20k"}


def classes_for(
    num_classes: int | None, source: Source, given: ClassMap | None
) -> tuple[ClassMap, tuple[str, ...]]:
    """The classes to store, and what to say of them.

    Raises:
        UserError: the classes that were given are not as many as the file tells apart.
    """
    if num_classes is None:
        return ClassMap(()), ()
    if given is not None:
        if given.num_classes != num_classes:
            raise UserError(
                f"{source.path} tells {num_classes} classes apart, and {given.num_classes} were "
                "given: it was trained on other data, or background or void is counted otherwise",
                "give the classes that it was trained on, or leave them out",
            )
        return given, ()
    if source.own is not None:
        return source.own.class_map, ()
    numbered = tuple(SegClass(n, f"class {n}") for n in range(num_classes))
    name = _PUBLISHED.get(num_classes)
    hint = f"--dataset {name} if it is of that data set" if name else "--classes FILE"
    note = (
        "the file has no names of classes; they are numbered. To name them: segdata "
        f"import-checkpoint … {hint}"
    )
    return ClassMap(numbered, _IGNORE if num_classes <= _IGNORE else None), (note,)
