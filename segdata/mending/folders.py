"""Remedies for lists, names and whole files: which pairs there are, and under which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from segdata.facts import PairFacts, SplitFacts
from segdata.facts.orientation import fits_turned
from segdata.images import IMAGE_SUFFIXES
from segdata.mending.treatment import Case, LeaveOut, Refusal, Treatment, TurnUpright, remedy

# EXIF orientations that swap width and height (EXIF 2.3, tag 0x0112).
_SIDEWAYS = frozenset({5, 6, 7, 8})


@remedy("P03")
def found_under_their_names(case: Case) -> Treatment | Refusal:
    """The descriptor asks for the suffixes there are; names that differ in capitals are matched."""
    inventory, descriptor = case.facts.inventory, case.descriptor
    assert inventory is not None
    changes: dict[str, str | None] = {}
    adopt: dict[Path, str] = {}
    renamed = 0
    for folder, key, asked in (
        (inventory.images, "image_suffix", descriptor.image_suffix),
        (inventory.labels, "label_suffix", descriptor.label_suffix),
    ):
        for name, path in folder.elsewhere.items():
            if Path(path).suffix.lower() not in IMAGE_SUFFIXES:
                return Refusal(f"{path} is no image file")
            if asked is not None:
                # Without a suffix every image format counts.
                changes[key] = None
            adopt[Path(path)] = name
            renamed += _key_of(path, folder.path) != name
    said = [f"{key} taken out of dataset.toml: every image format counts" for key in changes]
    if renamed:
        said.append(f"{renamed} files got the capitals that the lists use")
    return Treatment(does="; ".join(said), descriptor=changes, adopt=adopt)


@remedy("P04")
def without_blank_lines(case: Case) -> Treatment | Refusal:
    """Blank lines are left out."""
    return Treatment(does="blank lines taken out of the list", rewrite=_named(case))


@remedy("P05")
def unix_line_ends(case: Case) -> Treatment | Refusal:
    """Lines end in LF."""
    return Treatment(does="list written with Unix line ends", rewrite=_named(case))


@remedy("P06")
def plain_names(case: Case) -> Treatment | Refusal:
    """One plain name on each line."""
    return Treatment(
        does="list written as plain names in UTF-8, one on each line", rewrite=_named(case)
    )


@remedy("P07")
def complete_pairs_only(case: Case) -> Treatment | Refusal:
    """Lists name only what is there; without lists, files without a partner are left out."""
    inventory = case.facts.inventory
    assert inventory is not None
    if not any(split.path for split in case.facts.splits):
        return Treatment(does="files without a partner left out", lonely=True)
    drop = {}
    for split in case.facts.splits:
        gone = {
            name: f"{split.name} lists it, and there is no photo"
            for name in split.without_image
            if name not in inventory.images.elsewhere
        }
        if not _only_predicted(split):
            gone |= {
                name: "its photo has no label"
                for name in split.without_label
                if name not in inventory.labels.elsewhere
            }
        if gone:
            drop[split.name] = gone
    if not drop:
        return Refusal("the lists name only what is there")
    return Treatment(does="lists name only photos that are there and have labels", drop=drop)


@remedy("P10")
def names_that_meet(case: Case) -> Treatment | Refusal:
    """The descriptor says how names end; what stands before a name is taken off it."""
    inventory, dataset = case.facts.inventory, case.dataset
    affix = inventory.affix if inventory else None
    if affix is None:
        return Refusal("what stands around the names was not told apart")
    both = (dataset.image_files, affix.image), (dataset.label_files, affix.label)
    if affix.image[0] or affix.label[0]:
        adopt = {path: bare_name(key, ends) for files, ends in both for key, path in files.items()}
        return Treatment(does="photos and labels renamed to what they have in common", adopt=adopt)
    changes = {}
    for key, (files, (_, end)) in zip(("image_suffix", "label_suffix"), both, strict=True):
        suffixes = {path.suffix for path in files.values()}
        if end and len(suffixes) > 1:
            return Refusal(f"names end in {end} and, behind it, in {len(suffixes)} ways")
        if end:
            changes[key] = end + suffixes.pop()
    said = " and ".join(f'{key} = "{value}"' for key, value in changes.items())
    return Treatment(does=said, descriptor=changes)


@remedy("P11")
def folder_of_ids(case: Case) -> Treatment | Refusal:
    """Labels are taken from the folder that holds ids."""
    beside = case.facts.inventory.ids_beside if case.facts.inventory else None
    if beside is None:
        return Refusal("no folder of ids lies beside that of the labels")
    name = PurePosixPath(case.descriptor.labels).with_name(Path(beside).name).as_posix()
    return Treatment(does=f'labels = "{name}"', descriptor={"labels": name})


@remedy("P12")
def one_file_for_a_name(case: Case) -> Treatment | Refusal:
    """Files that do not count are not copied; names that look alike get a number."""
    dataset = case.dataset
    taken: set[str] = set()
    fresh: dict[str, str] = {}
    for key in sorted({*dataset.image_files, *dataset.label_files}):
        name, number = key, 1
        while folded(name) in taken:
            number += 1
            name = f"{key}-{number}"
        taken.add(folded(name))
        if name != key:
            fresh[key] = name
    if fresh and (case.descriptor.label_suffix or case.descriptor.image_suffix):
        return Refusal("names that look alike end in a suffix that dataset.toml names")
    adopt = {
        files[key]: name
        for files in (dataset.image_files, dataset.label_files)
        for key, name in fresh.items()
        if key in files
    }
    does = f"{len(fresh)} names that look like others got a number; " if fresh else ""
    return Treatment(
        does=f"{does}files that do not count are not copied", adopt=adopt, settled=True
    )


@remedy("P08")
def measured_with_what_is_new(case: Case) -> Treatment | Refusal:
    """What a measuring list holds too is taken off the training list: names, and the same files."""
    drop: dict[str, dict[str, str]] = {}
    for crossing in case.facts.likeness.crossings:
        train, val = (case.dataset.splits[name] for name in (crossing.train, crossing.val))
        if set(train.entries) <= set(val.entries):
            return Refusal(f"{train.name} holds nothing that {val.name} does not hold")
        gone = dict.fromkeys({*train.entries} & {*val.entries}, f"{val.name} lists it too")
        if crossing.twins.files:
            twins = same_files(
                {p.key: p.image for p in train.pairs if p.key not in gone},
                {p.key: p.image for p in val.pairs},
            )
            gone |= {mine: f"its photo is the file {other} of {val.name}" for mine, other in twins}
        if gone:
            drop.setdefault(train.name, {}).update(gone)
    if not drop:
        return Refusal("pictures are alike, not the same file: segdata split keeps them together")
    return Treatment(
        does="what a measuring list holds too is taken off the training list", drop=drop
    )


@remedy("L23")
def sizes_that_fit(case: Case) -> Treatment | Refusal:
    """A photo that EXIF turns is set upright; other pairs that do not fit are left out."""
    return Treatment(
        does="photos that EXIF turns set upright; pairs of two sizes left out: a label is never "
        "stretched",
        pairs=by_size,
    )


@remedy("L24")
def upright_where_labels_are(case: Case) -> Treatment | Refusal:
    """A photo whose label was drawn on it as viewers turn it is set upright."""
    return Treatment(
        does="photos set upright whose labels were drawn on them so", pairs=by_orientation
    )


@remedy("L27")
def readable_pairs_only(case: Case) -> Treatment | Refusal:
    """A pair with an unreadable file is left out."""
    return Treatment(does="pairs with an unreadable file left out", pairs=by_readability)


def by_size(pair: PairFacts) -> TurnUpright | LeaveOut | None:
    """What becomes of a pair whose photo and label differ in size."""
    if not pair.sizes_differ or pair.label is None:
        return None
    photo, label = pair.photo.header, pair.label.header
    assert photo is not None
    assert label is not None
    swapped = (label.width, label.height) == (photo.height, photo.width)
    if swapped and photo.orientation in _SIDEWAYS:
        return TurnUpright()
    return LeaveOut(
        f"the label is {label.width}×{label.height}, its photo {photo.width}×{photo.height}"
    )


def by_orientation(pair: PairFacts) -> TurnUpright | LeaveOut | None:
    """What becomes of a pair whose photo has an EXIF orientation."""
    return TurnUpright() if fits_turned(pair) else None


def by_readability(pair: PairFacts) -> TurnUpright | LeaveOut | None:
    """What becomes of a pair one of whose files cannot be decoded."""
    if pair.photo.problem is not None:
        return LeaveOut(pair.photo.problem.message)
    if pair.label is not None and pair.label.problem is not None and pair.label.unreadable:
        return LeaveOut(pair.label.problem.message)
    return None


def same_files(ours: Mapping[str, Path], theirs: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Names of ours whose file is the very file of one of theirs. Only equal sizes are read."""
    sizes: dict[int, list[str]] = {}
    for name, path in theirs.items():
        sizes.setdefault(path.stat().st_size, []).append(name)
    digests: dict[str, str] = {}
    for name, path in ours.items():
        for other in sizes.get(path.stat().st_size, ()):
            if other not in digests:
                digests[other] = sha256(theirs[other].read_bytes()).hexdigest()
            if digests[other] == sha256(path.read_bytes()).hexdigest():
                yield name, other
                break


def bare_name(key: str, ends: tuple[str, str]) -> str:
    """A name without what stands before and behind it."""
    folder, slash, name = key.rpartition("/")
    return f"{folder}{slash}{name.removeprefix(ends[0]).removesuffix(ends[1])}"


def folded(name: str) -> str:
    """A name as Windows and macOS tell it from others."""
    return normalize("NFC", normalize("NFC", name).casefold())


def _named(case: Case) -> frozenset[str]:
    """The splits whose lists the findings are about."""
    paths = {finding.path for finding in case.findings}
    return frozenset(split.name for split in case.facts.splits if split.path in paths)


def _only_predicted(split: SplitFacts) -> bool:
    return split.name.startswith("test") and len(split.without_label) == split.pairs


def _key_of(path: str, folder: str) -> str:
    return Path(path).relative_to(folder).with_suffix("").as_posix()
