"""Remedies for lists, names and whole files: which pairs there are, and under which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from segdata.facts import PairFacts, SplitFacts
from segdata.facts.agreement import fits_turned
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


def _named(case: Case) -> frozenset[str]:
    """The splits whose lists the findings are about."""
    paths = {finding.path for finding in case.findings}
    return frozenset(split.name for split in case.facts.splits if split.path in paths)


def _only_predicted(split: SplitFacts) -> bool:
    return split.name.startswith("test") and len(split.without_label) == split.pairs


def _key_of(path: str, folder: str) -> str:
    return Path(path).relative_to(folder).with_suffix("").as_posix()
