"""Which mask belongs to which photo, where folders do not tell: by pixels, names and paths.

Files are told to be masks or photos by their pixels, group by group: a group is what lies in one
folder under names that differ in one place only (``*.jpg``, ``*_mask.png``, ``mask_*.png``). Then
each mask takes the photo of its name; of several, the one whose path is most like its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from segdata.errors import UserError
from segdata.images import IMAGE_SUFFIXES
from segdata.sources import Item, Survey
from segdata.sources.folders import Joined

Fits = Callable[[Path], bool]

# Files opened to tell what a group is, and groups told so; of more, the others are told by names.
_SAMPLED, _OPENED = 3, 40
# An ending or a beginning that this share of a folder's other names also has without it tells
# apart two groups.
_COMMON = 0.5
_CUTS = re.compile(r"[-_. ]")


class TwoMasks(UserError):
    """A photo has two masks, and nothing tells which is meant."""


@dataclass(frozen=True, eq=False)
class _Group:
    """Pictures of one folder that are masks together or photos together.

    Args:
        kind: how their names differ from those of others in the folder.
        files: by what is left of the names, folded.
    """

    folder: Path
    kind: str
    files: Mapping[str, Path]


@dataclass(frozen=True)
class _Match:
    mask: Path
    photo: Path


def pair_by_content(survey: Survey, fits: Fits) -> Joined:
    """Photos and masks of a folder, wherever they lie in it.

    Args:
        fits: whether a file is a mask of the kind that is looked for.

    Raises:
        UserError: there are none, or a file may belong to several.
    """
    groups = list(_groups(survey))
    masks, photos = _by_role(groups, survey.root, fits)
    if not masks or not photos:
        missing = "masks" if not masks else "photos"
        raise UserError(f"no {missing} were found in {survey.root}", "name their folders")
    matches = [match for group in masks for match in _matched(group, photos, survey.root)]
    _refuse_two_masks(matches)
    if not matches:
        raise UserError(
            f"no photo in {survey.root} has the name of a mask",
            "photos and masks pair by name; name their folders with --images and --labels",
        )
    return _joined(matches, masks, photos, survey.root)


def folded(name: str) -> str:
    """A name as names are compared: composed, and without case."""
    return unicodedata.normalize("NFC", name).casefold()


def _groups(survey: Survey) -> Iterator[_Group]:
    for folder in survey.image_folders():
        relative = folder.relative_to(survey.root).as_posix()
        paths = [folder / name for name in survey.folders[relative]
                 if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")]  # fmt: skip
        lossy = [path for path in paths if path.suffix.lower() in (".jpg", ".jpeg")]
        rest = [path for path in paths if path not in set(lossy)]
        if {folded(p.stem) for p in lossy} & {folded(p.stem) for p in rest}:
            yield from _by_affix(folder, "*.jpg ", lossy)
            yield from _by_affix(folder, "*.png ", rest)
        else:
            yield from _by_affix(folder, "", paths)


def _by_affix(folder: Path, kind: str, paths: list[Path]) -> Iterator[_Group]:
    """The files with each common ending or beginning, and those without."""
    stems = {folded(path.stem): path for path in paths}
    seen: Counter[str] = Counter(
        affix for stem in stems for bare, affix in _cut(stem) if bare in stems
    )
    bare_names = max(1, len(stems) - sum(seen.values()))
    common = {affix for affix, count in seen.items() if count >= _COMMON * bare_names}
    groups: dict[str, dict[str, Path]] = defaultdict(dict)
    for stem, path in stems.items():
        bare, affix = next(
            ((b, a) for b, a in _cut(stem) if a in common and b in stems), (stem, "*")
        )
        groups[affix][bare] = path
    for affix, files in groups.items():
        yield _Group(folder, kind + affix, files)


def _cut(stem: str) -> Iterator[tuple[str, str]]:
    """Every way to take an ending or a beginning off a name: what is left, and what was taken."""
    for cut in _CUTS.finditer(stem):
        ending, beginning = stem[cut.start() :], stem[: cut.end()]
        if any(c.isalpha() for c in ending):
            yield stem[: cut.start()], f"*{ending}"
        if any(c.isalpha() for c in beginning):
            yield stem[cut.end() :], f"{beginning}*"


def _by_role(groups: list[_Group], root: Path, fits: Fits) -> tuple[list[_Group], list[_Group]]:
    """Groups of masks and groups of photos; of many groups some are opened, and names tell."""
    step = max(1, len(groups) // _OPENED)
    roles = {id(group): _is_mask(group, fits) for group in groups[::step]}
    told: dict[str, set[bool]] = defaultdict(set)
    for group in groups[::step]:
        for word in _words(group, root):
            told[word].add(roles[id(group)])
    for group in groups:
        if id(group) not in roles:
            votes = {role for word in _words(group, root) if len(told[word]) == 1
                     for role in told[word]}  # fmt: skip
            roles[id(group)] = votes == {True} if len(votes) == 1 else _is_mask(group, fits)
    masks = [group for group in groups if roles[id(group)]]
    return masks, [group for group in groups if not roles[id(group)]]


def _is_mask(group: _Group, fits: Fits) -> bool:
    paths = list(group.files.values())
    sample = paths[:: max(1, len(paths) // _SAMPLED)][:_SAMPLED]
    return sum(fits(path) for path in sample) * 2 > len(sample)


def _words(group: _Group, root: Path) -> list[str]:
    return [*group.folder.relative_to(root).parts, group.kind]


def _matched(group: _Group, photos: list[_Group], root: Path) -> Iterator[_Match]:
    """The photo of each mask, by the way of reading names under which most have one."""
    ways = [_names(group, photos), _shorter_names(group, photos), _cores(group, photos)]
    masks, found = max(ways, key=lambda way: sum(name in way[1] for name in way[0]))
    for name, mask in masks.items():
        candidates = found.get(name, [])
        likeness = {photo: _likeness(photo, mask, root) for photo in candidates}
        best = [photo for photo in candidates if likeness[photo] == max(likeness.values())]
        if len(best) > 1:
            one, other = (path.relative_to(root).as_posix() for path in best[:2])
            raise UserError(
                f"{mask.relative_to(root).as_posix()} may belong to {one} or to {other}",
                "name the folder of photos with --images DIR",
            )
        if best:
            yield _Match(mask, best[0])


Names = tuple[Mapping[str, Path], Mapping[str, list[Path]]]


def _names(group: _Group, photos: list[_Group]) -> Names:
    """Names as they are."""
    found: dict[str, list[Path]] = defaultdict(list)
    for photo in photos:
        for name, path in photo.files.items():
            found[name].append(path)
    return group.files, found


def _shorter_names(group: _Group, photos: list[_Group]) -> Names:
    """Masks' names without the ending or beginning that most of them have and photos have not."""
    _, found = _names(group, photos)
    seen = Counter(affix for name in group.files for bare, affix in _cut(name) if bare in found)
    if not seen:
        return group.files, found
    ending = seen.most_common(1)[0][0]
    return {
        next((bare for bare, affix in _cut(name) if affix == ending), name): path
        for name, path in group.files.items()
    }, found


def _cores(group: _Group, photos: list[_Group]) -> Names:
    """Names without what all names of their group begin with: ``img_1``, ``label_1``."""
    found: dict[str, list[Path]] = defaultdict(list)
    for photo in photos:
        for name, path in _without_common(photo.files).items():
            found[name].append(path)
    return _without_common(group.files), found


def _without_common(files: Mapping[str, Path]) -> dict[str, Path]:
    shared = _shared_start(min(files), max(files)) if files else 0
    cuts = [cut.end() for cut in _CUTS.finditer(min(files, default=""), 0, shared)]
    return {name[cuts[-1] if cuts else 0 :]: path for name, path in files.items()}


def _likeness(photo: Path, mask: Path, root: Path) -> tuple[int, int]:
    """Folders that both paths have, and how far these begin alike: ``train``, ``trainannot``."""
    mine = [folded(part) for part in mask.parent.relative_to(root).parts]
    theirs = [folded(part) for part in photo.parent.relative_to(root).parts]
    begin = max((_shared_start(a, b) for a in mine for b in theirs), default=0)
    return len(set(mine) & set(theirs)), begin


def _shared_start(one: str, other: str) -> int:
    """How many characters two names begin alike with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _refuse_two_masks(matches: list[_Match]) -> None:
    taken: dict[Path, Path] = {}
    for match in matches:
        if match.photo in taken:
            raise TwoMasks(
                f"{match.photo.name} has two masks: {taken[match.photo]} and {match.mask}",
                "choose with --labels: a folder, or a pattern such as "
                f'"{match.mask.parent / "*_mask.png"}"',
            )
        taken[match.photo] = match.mask


def _joined(matches: list[_Match], masks: list[_Group], photos: list[_Group], root: Path) -> Joined:
    paired = {match.photo: match.mask for match in matches}
    used = {photo.parent for photo in paired}
    images = [p for group in photos for p in group.files.values() if p.parent in used]
    keys = _keys(images, root)
    items = sorted((Item(keys[photo], photo, mask) for photo, mask in paired.items()),
                   key=lambda item: item.key)  # fmt: skip
    lonely = {p for group in masks for p in group.files.values()} - set(paired.values())
    left = {p for group in photos for p in group.files.values()} - set(paired)
    return Joined(
        tuple(items),
        # Pictures of folders that hold no photo with a mask are told with their whole places.
        tuple(sorted(keys.get(path, path.relative_to(root).as_posix()) for path in left)),
        tuple(sorted(path.relative_to(root).with_suffix("").as_posix() for path in lonely)),
    )


def _keys(images: Iterable[Path], root: Path) -> dict[Path, str]:
    """Paths below the root, without the folders that all of them have at the same place."""
    paths = {path: path.relative_to(root).with_suffix("").parts for path in images}
    depth = min((len(parts) for parts in paths.values()), default=1) - 1
    even = all(len(parts) == depth + 1 for parts in paths.values())
    same = {
        at for at in range(depth if even else 0)
        if len({parts[at] for parts in paths.values()}) == 1
    }  # fmt: skip
    keys = {path: "/".join(part for at, part in enumerate(parts) if at not in same)
            for path, parts in paths.items()}  # fmt: skip
    twice = [key for key, count in Counter(keys.values()).items() if count > 1]
    if twice:
        raise UserError(
            f"two photos are called {twice[0]}, with different suffixes",
            "take one of them out of the folder",
        )
    return keys
