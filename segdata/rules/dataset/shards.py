"""Rules about shards: are the files of one build, whole, and made of the labels that are meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from segdata.findings import Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import explained, together
from segdata.rules.wording import command, counted, numbers, several

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts, LabelGroup
    from segdata.facts.shards import Odd, ShardFacts, ShardFile

# Forms of labels that the rules about label files speak of, and what they are in a record.
_FORMS = {
    "L03": "palette pictures",
    "L04": "color pictures",
    "L11": "JPEGs",
    "L13": "pictures with an alpha channel",
    "L14": "16-bit pictures",
    "L15": "pictures of few bits",
}


@rule("S01", level=Level.ERROR)
def outdated(facts: DatasetFacts) -> Iterator[Statement]:
    """Shards hold other labels than the data set.

    What: the ids in records differ from those in the label files of the same names. As a rule the
    labels were mended after the shards had been made.

    Why it hurts: training reads shards. It goes on with the wrong labels: "I fixed the labels, and
    it is still black".

    How to fix: make the shards again, and train into a new folder: a run that goes on keeps what it
    has learned from the old ones.
    """
    shards = facts.shards
    if shards is None or not shards.stale.count:
        return
    age = f"; {shards.newer} label files are newer than their shard" if shards.newer else ""
    yield Statement(
        message=f"{shards.stale.count} of {counted(shards.compared, 'record')} hold another label "
        f"than {facts.root}: {shards.stale.first[0].what}{age}",
        path=shards.stale.first[0].where,
        count=shards.stale.count,
        evidence={
            "compared": shards.compared,
            "newer_label_files": shards.newer,
            **_places(shards.stale),
        },
        fix=_again(facts, shards),
    )


@rule("S02", level=Level.ERROR)
def mixed_builds(facts: DatasetFacts) -> Iterator[Statement]:
    """Shards of several builds lie in one folder, or some are missing.

    What: file names of one split disagree about how many there are (-of-00004 beside -of-00010),
    numbers are missing, files are there that the manifest does not list, or records repeat names.

    Why it hurts: the original reads every file that begins with the split's name: pictures come
    twice, with old labels beside new ones; or a part of them never comes.

    How to fix: make the shards again into an empty folder.
    """
    shards = facts.shards
    if shards is None:
        return
    for split, files in shards.splits.items():
        what = list(_disagreements(files, shards))
        listed = shards.lists.get(split)
        records = sum(file.records for file in files)
        if listed is not None and records > listed:
            what.append(f"{records} records for {listed} names in the list")
        if what:
            yield Statement(
                message=f"the shards of {split} are not of one build: {'; '.join(what)}",
                path=str(files[0].path),
                count=len(files),
                evidence={"files": [file.path.name for file in files[:20]], "records": records},
                fix=_again(facts, shards),
            )
    if shards.absent:
        yield Statement(
            message=f"{counted(len(shards.absent), 'shard')} that the manifest lists "
            f"{'is' if len(shards.absent) == 1 else 'are'} missing: {several(shards.absent)}",
            path=shards.folder,
            count=len(shards.absent),
            evidence={"missing": list(shards.absent[:20])},
            fix=_again(facts, shards),
        )


@rule("S03", level=Level.ERROR)
def split_within_split(facts: DatasetFacts) -> Iterator[Statement]:
    """The name of one split begins with that of another.

    What: the folder has shards of `train` and of `train-extra`. The original asks for `train-*`,
    which both match.

    Why it hurts: it trains on both. Where the longer name is that of a measuring split, what is
    measured has been learned.

    How to fix: rename the list, with `_` in the place of `-`, and make the shards again. segdata
    itself reads the splits that the manifest lists, and keeps them apart.
    """
    shards = facts.shards
    if shards is None:
        return
    for split in shards.splits:
        longer = [name for name in shards.splits if name.startswith(f"{split}-")]
        if longer:
            yield Statement(
                message=f"the original DeepLab reads {split}-*, which takes in the shards of "
                f"{several(longer)} too",
                path=shards.folder,
                count=len(longer),
                evidence={"split": split, "taken_in": longer},
                fix=f"rename the list to {longer[0].replace('-', '_')}, then\n"
                + _again(facts, shards),
            )


@rule("S04", level=Level.ERROR)
def unreadable_form(facts: DatasetFacts) -> Iterator[Statement]:
    """Labels in records are stored in a form that the trainer misreads.

    What: a label in a record is a color, palette, 16-bit or 1-bit PNG, or a JPEG. The original's
    build scripts copy label files as they are; its reader asks for one channel of 8 bits.

    Why it hurts: it gets brightness in the place of ids, or 0 everywhere, though the files on disk
    may be right by now. Loss and predictions are those of such labels: diverging, black, one class.

    How to fix: make the shards with `segdata shard`, whose labels are always 8-bit grey ids; color
    pictures are turned into ids before by `segdata convert`.
    """
    shards = facts.shards
    if shards is None:
        return
    for cause, form in _FORMS.items():
        groups = explained(facts, cause)
        if not groups:
            continue
        group = together(groups)
        yield Statement(
            message=f"{group.files} of {counted(facts.labels, 'label')} in records are {form}: "
            + _readings(group),
            path=group.first[0],
            count=group.files,
            evidence={"same_as": cause, "first_records": list(group.first)},
            fix=command("convert", facts.root, f"{facts.root}-ids")
            if cause == "L04"
            else "export the labels again as PNG from the annotation tool"
            if cause == "L11"
            else _again(facts, shards),
        )


@rule("S05", level=Level.ERROR)
def no_records(facts: DatasetFacts) -> Iterator[Statement]:
    """A split has no records, or no file that readers look for.

    What: all files of a split are empty, or files are not named SPLIT-00000-of-00004.tfrecord, for
    which the original looks.

    Why it hurts: training ends at once, waits for ever, or reads fewer files than there are.

    How to fix: make the shards again, and see that the data set's lists and folders are found.
    """
    shards = facts.shards
    if shards is None:
        return
    for split, files in shards.splits.items():
        if not any(file.records or file.damage for file in files):
            yield Statement(
                message=f"the {counted(len(files), 'shard')} of {split} hold no record",
                path=str(files[0].path),
                count=len(files),
                fix=_again(facts, shards),
            )
    strange = [file for file in shards.files if not file.split]
    if strange:
        yield Statement(
            message=f"{counted(len(strange), 'file')} of records "
            f"{'is' if len(strange) == 1 else 'are'} named so that the original never reads "
            f"{'it' if len(strange) == 1 else 'them'}: "
            f"{several([file.path.name for file in strange])}",
            level=None if not shards.splits else Level.WARNING,
            path=str(strange[0].path),
            count=len(strange),
            fix="name them SPLIT-00000-of-00001.tfrecord, or make the shards again:\n"
            + _again(facts, shards),
        )


@rule("S06", level=Level.ERROR)
def damaged_records(facts: DatasetFacts) -> Iterator[Statement]:
    """A shard is cut off or damaged.

    What: the checksum of a record does not match, or the file ends within a record: an interrupted
    copy or a full disk. Or the file is compressed, or its records are no pictures.

    Why it hurts: training stops with DataLossError when it comes to that record, often after hours.

    How to fix: copy the file again from where it was made, or make the shards again.
    """
    shards = facts.shards
    if shards is None:
        return
    yield from _emptied(facts, shards)
    for place in shards.damaged.first:
        yield Statement(
            message=place.what
            + (
                f" (and {shards.damaged.count - len(shards.damaged.first)} more)"
                if shards.damaged.count > len(shards.damaged.first)
                and place is shards.damaged.first[-1]
                else ""
            ),
            path=place.where,
            fix=_again(facts, shards),
        )


@rule("S07", level=Level.WARNING)
def wrong_fields(facts: DatasetFacts) -> Iterator[Statement]:
    """A record says something else of its photo than is true.

    What: image/height and image/width are not those of the photo, or image/filename is missing; or
    image/format names another format. Home-made build scripts do so.

    Why it hurts: the original's vis.py cuts its pictures to height and width: they come out cropped
    or with a black border, and without names. The format does no harm: readers look at the bytes.

    How to fix: make the shards with `segdata shard`.
    """
    shards = facts.shards
    if shards is None:
        return
    records = sum(file.records for file in shards.files)
    if _one_name(shards):
        yield Statement(
            message=f"all {records} records have one image/filename, or one for each split: what "
            "is predicted of one replaces the other",
            path=shards.folder,
            count=shards.repeated.count,
            evidence=_places(shards.repeated),
            fix=_again(facts, shards),
        )
    for odd, what, level in (
        (shards.fields, "size or name", None),
        (shards.formats, "image/format", Level.INFO),
    ):
        if odd.count:
            yield Statement(
                message=f"{odd.count} of {counted(records, 'record')} say something wrong "
                f"of their photo's {what}: {odd.first[0].what}",
                level=level,
                path=odd.first[0].where,
                count=odd.count,
                evidence=_places(odd),
                fix=_again(facts, shards),
            )


def _emptied(facts: DatasetFacts, shards: ShardFacts) -> Iterator[Statement]:
    """Files without a record before others of their split that have some: builders fill the first
    ones first, so these were emptied later."""
    for files in shards.splits.values():
        last = max((file.number for file in files if file.records), default=-1)
        for file in files:
            if not file.records and not file.damage and file.number < last:
                yield Statement(
                    message=f"{file.path.name} holds no record, and later files of its split do",
                    path=str(file.path),
                    fix=_again(facts, shards),
                )


def _disagreements(files: tuple[ShardFile, ...], shards: ShardFacts) -> Iterator[str]:
    families = sorted({file.of for file in files if file.of})
    if len(families) > 1:
        yield f"file names say {' and '.join(f'-of-{of:05d}' for of in families)}"
    elif families and len(files) != families[0]:
        yield f"{len(files)} of {families[0]} files are there"
    strangers = [file.path.name for file in files if shards.manifest and file.listed is None]
    if strangers:
        yield f"the manifest does not list {several(strangers)}"
    changed = [
        file.path.name
        for file in files
        if file.listed is not None
        and not file.damage
        and (file.resized or file.listed != file.records)
    ]
    if changed:
        yield f"{several(changed)} changed since the manifest was written"
    repeated = [
        place
        for place in shards.repeated.first
        if any(place.where.startswith(str(file.path)) for file in files)
    ]
    if repeated and len(families) < 2 and not _one_name(shards):
        yield f"names occur twice, the first in {repeated[0].where}"


def _one_name(shards: ShardFacts) -> bool:
    """Each split has one name for all of its records: no second build, but a builder's mistake."""
    records = sum(file.records for file in shards.files)
    names = records - shards.repeated.count
    return shards.repeated.count > 1 and names <= max(1, len(shards.splits))


def _readings(group: LabelGroup) -> str:
    read = group.tensorflow or group.opencv
    stored = f"stored are {numbers(group.values)}, " if group.values else ""
    return f"{stored}TensorFlow reads {numbers(sorted(read))}" if read else "no reader has ids"


def _places(odd: Odd) -> Mapping[str, Any]:
    return {"first": [[place.where, place.what] for place in odd.first]}


def _again(facts: DatasetFacts, shards: ShardFacts) -> str:
    """Only what a manifest lists is replaced; strangers stay, and would be read beside the new."""
    if shards.manifest and all(file.listed is not None for file in shards.files):
        return command("shard", facts.root, shards.folder, "--overwrite")
    return command("shard", facts.root, f"{shards.folder}-new")
