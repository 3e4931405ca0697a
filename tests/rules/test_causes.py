"""Which one cause speaks, from facts written down by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.dataset import ClassEntry, DatasetDescriptor
from segdata.facts import Place, Seen
from segdata.facts.masks import MaskFacts
from segdata.rules.labels.causes import VOID, IdSet, value_causes
from segdata.rules.labels.read_as_grey import read_as_grey
from segdata.rules.labels.schemes import COCO_HOLES, is_numbered, scheme_of, translation

FILES = 40


def ids(
    *values: int,
    num_classes: int = 2,
    ignore: int | None = 255,
    names: dict[int, str] | None = None,
    few: dict[int, tuple[int, int]] | None = None,
    alone: dict[int, int] | None = None,
    path: str = "a.png",
) -> IdSet:
    """Values in every file with many pixels; ``few`` gives pixels and files of further ones."""
    seen = {v: Seen(100_000, FILES, (alone or {}).get(v, 0), (Place(path, 0, 0),)) for v in values}
    for value, (pixels, files) in (few or {}).items():
        seen[value] = Seen(pixels, files, (alone or {}).get(value, 0), (Place("a.png", 0, 0),))
    return IdSet(dict(sorted(seen.items())), FILES, num_classes, ignore, names or {})


CAMVID = tuple(range(11))
CASES = {
    "0/255 with ignore 255": (ids(0, 255), {"L01": (255,)}),
    "0/255 and nothing ignored": (ids(0, 255, ignore=None), {"L02": (255,)}),
    "0/128": (ids(0, 128), {"L02": (128,)}),
    "0/128, objects tiny": (ids(0, few={128: (90, 30)}), {"L02": (128,)}),
    "grey levels of five classes": (
        ids(0, 50, 100, 150, 200, num_classes=5),
        {"L02": (50, 100, 150, 200)},
    ),
    "grey levels, some below num_classes": (
        ids(0, 14, 38, 52, 75, num_classes=21),
        {"L02": (38, 52, 75)},
    ),
    "1 and 2 for two classes": (ids(1, 2), {"L06": (2,)}),
    "1 to 3, 0 ignored": (ids(1, 2, 3, num_classes=3, ignore=0), {"L06": (3,)}),
    "void border undeclared": (ids(0, 1, 255, ignore=None), {"L20": (255,)}),
    "void by name": (
        ids(*CAMVID, 11, num_classes=11, names={11: "void"}),
        {"L20": (11,)},
    ),
    "classes beyond the count": (ids(*CAMVID, num_classes=8), {"D01": (8, 9, 10)}),
    "a rare class, named": (
        ids(0, 1, few={2: (9, 1)}, names={2: "pole"}),
        {"D01": (2,)},
    ),
    "a few strays": (ids(0, 1, few={2: (9, 1), 7: (5, 2)}), {"L07": (2, 7)}),
    "a void value by slip": (ids(0, 1, few={255: (9, 1)}, ignore=None), {"L07": (255,)}),
    "classes beyond the count, and strays": (
        ids(*CAMVID, num_classes=8, few={200: (9, 1)}),
        {"D01": (8, 9, 10), "L07": (200,)},
    ),
    "void border and a class too many": (
        ids(*CAMVID, 255, num_classes=9, ignore=None),
        {"L20": (255,), "D01": (9, 10)},
    ),
    "all zero": (ids(0), {"L08": (0,)}),
    "all ignored": (ids(255), {"L08": (255,)}),
    "background ignored": (ids(0, 1, ignore=0), {"D03": (0,)}),
    "a class ignored by mistake": (
        ids(0, few={1: (500, 9)}, ignore=1, names={1: "person"}),
        {"D04": (1,)},
    ),
    "object of some files is 255": (
        ids(0, 1, few={255: (50_000, 12)}, alone={255: 12}),
        {"L01": (255,)},
    ),
    "object of some files is 128": (
        ids(0, 1, few={128: (50_000, 12)}, alone={128: 12}),
        {"L02": (128,)},
    ),
}
HEALTHY = {
    "two classes and void": ids(0, 1, 255),
    "void beside classes in few files": ids(0, 1, few={255: (9, 1)}),
    "classes and their void": ids(*CAMVID, 11, num_classes=11, ignore=11),
    "0 means unlabeled": ids(*range(1, 5), few={0: (500, 9)}, num_classes=5, ignore=0),
    "mostly unlabeled, and named so": ids(0, 1, num_classes=2, ignore=0, names={0: "unlabeled"}),
    "the rest ignored": ids(1, 2, few={0: (500, 9)}, num_classes=3, ignore=0, names={0: "other"}),
    "classes that do not occur": ids(0, 7, num_classes=19),
    "far apart, and meant": ids(0, 50, 100, num_classes=101),
    "no background": ids(1, 2, 3, num_classes=4),
    "more outputs than classes": ids(0, 1, num_classes=21),
    "a rare class": ids(0, few={1: (3, 1)}),
    "nothing": ids(),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_value_has_one_cause(case: str) -> None:
    found, expected = CASES[case]
    assert value_causes(found) == expected


@pytest.mark.parametrize("case", HEALTHY)
def test_sound_ids_have_no_cause(case: str) -> None:
    assert value_causes(HEALTHY[case]) == {}


def test_levels_blurred_by_jpeg_are_not_taken_for_strays() -> None:
    """As JPEG at quality 90 leaves masks of 0 and 255: 97 % of the others within 8 of a level."""
    near = {value: (900 // (value + 1), 40) for value in range(1, 13)}
    near |= {255 - value: (900 // (value + 1), 40) for value in range(1, 13)}
    assert set(value_causes(ids(0, few={**near, 255: (90_000, 40)}))) == {"L11"}


def test_a_blended_edge_is_not_taken_for_jpeg() -> None:
    between = dict.fromkeys(range(4, 252, 4), (20, 40))
    assert "L11" not in value_causes(ids(0, 255, few=between))


def described(num_classes: int) -> DatasetDescriptor:
    return DatasetDescriptor(name="pascal", num_classes=num_classes)


# What each program reads of the colors 0 to 20 and of void: golden values of the programs.
PASCAL_AS_GREY = {
    "TensorFlow or OpenCV": (
        "0 38 75 113 14 52 89 128 19 57 94 132 33 72 108 147 37 75 112 150 52 220"
    ),
    "Pillow": "0 38 75 113 15 53 90 128 19 57 94 133 34 72 109 147 38 76 113 151 52 220",
}


@pytest.mark.parametrize("reader", PASCAL_AS_GREY)
def test_pascal_colors_read_as_grey_lead_back_to_their_ids(reader: str) -> None:
    levels = [int(value) for value in PASCAL_AS_GREY[reader].split()]
    back = read_as_grey(set(levels), described(21))
    assert back is not None
    assert back.reader == reader
    for number, level in zip([*range(21), 255], levels, strict=True):
        assert back.ids.get(level) == number or number in back.open[level]
    assert all(len(may) == 2 for may in back.open.values())


def test_classes_that_the_data_set_lacks_leave_no_doubt() -> None:
    back = read_as_grey([0, 14, 75, 220], described(12))
    assert back is not None
    assert (dict(back.ids), dict(back.open)) == ({0: 0, 14: 4, 75: 2, 220: 255}, {})


@pytest.mark.parametrize("levels", [[0, 128], [0, 255], [0, 50, 100], [0, 38, 77]])
def test_other_levels_are_not_taken_for_pascal_s(levels: list[int]) -> None:
    assert read_as_grey(levels, described(21)) is None


def test_the_classes_own_colors_read_as_grey_lead_back_to_their_ids() -> None:
    colors = [(10, 20, 30), (200, 0, 0), (0, 200, 0)]
    entries = tuple(ClassEntry(id=i, name=f"c{i}", color=c) for i, c in enumerate(colors))
    descriptor = DatasetDescriptor(name="own", num_classes=3, classes=entries)
    back = read_as_grey([18, 59, 117], descriptor)
    assert back is not None
    assert dict(back.ids) == {18: 0, 59: 1, 117: 2}


CITYSCAPES = (0, 7, 8, 11, 13, 17, 20, 21, 23, 24, 26, 33)
COCO_IDS = tuple(value for value in range(91) if value not in COCO_HOLES)
SCHEMES = {
    "CamVid's classes under Cityscapes' labelIds": (ids(*CITYSCAPES, num_classes=19), "Cityscapes"),
    "two classes, named as labelIds": (
        ids(7, 26, num_classes=19, path="frankfurt_000000_gtFine_labelIds.png"), "Cityscapes",
    ),
    "COCO with a background": (ids(*COCO_IDS, num_classes=81), "COCO"),
    "COCO without": (ids(*COCO_IDS[1:], num_classes=80), "COCO"),
    "ADE20K with its 0": (ids(*range(151), num_classes=150), "ADE20K"),
}  # fmt: skip


@pytest.mark.parametrize("case", SCHEMES)
def test_ids_of_a_well_known_scheme_are_known(case: str) -> None:
    found, name = SCHEMES[case]
    scheme = scheme_of(found)
    assert scheme is not None
    assert scheme.startswith(name)
    known = replace(found, scheme=scheme)
    assert set(value_causes(known)) == {"L18"}
    new = translation(known)
    assert set(new) == set(known.trained)
    assert set(new.values()) - {VOID} <= set(range(found.num_classes))
    classes = [number for number in new.values() if number != VOID]
    assert len(classes) == len(set(classes))


@pytest.mark.parametrize(
    "found",
    [
        ids(*CITYSCAPES, num_classes=34),
        ids(*range(34), num_classes=19, names=dict.fromkeys(range(34), "a class")),
        ids(*CAMVID, num_classes=8),
        ids(0, 11, 22, 33, num_classes=4),
        ids(*range(91), num_classes=80),
        ids(*range(1, 151), num_classes=150),
        ids(0, 50, 100, 150, 200, num_classes=5),
    ],
)
def test_other_ids_are_no_scheme(found: IdSet) -> None:
    assert scheme_of(found) is None


def labels_with(tops: dict[int, int], **more: Any) -> MaskFacts:
    count = sum(tops.values())
    return MaskFacts(labels=count, counted=count, tops=tops, **more)


def test_instances_are_numbered_past_the_classes() -> None:
    found = ids(*range(13), num_classes=3)
    varied = labels_with({2: 5, 4: 10, 7: 10, 12: 5})
    assert is_numbered(varied, found)
    assert set(value_causes(replace(found, instances=True))) == {"L21"}
    # Every label holds all classes: too few are counted, that is all.
    assert not is_numbered(labels_with({12: 30}), found)
    assert not is_numbered(replace(varied, counted=20), found)
    # Lanes are numbered, too, and each number is a class.
    assert not is_numbered(labels_with({1: 5, 2: 5, 3: 5, 4: 5}), ids(*range(5), num_classes=5))
    assert not is_numbered(varied, ids(*range(13), num_classes=3, names={12: "cat"}))


@pytest.mark.parametrize("rule", ["L10", "L11", "L12"])
def test_the_shape_of_edges_explains_what_is_out_of_range(rule: str) -> None:
    found = ids(*CAMVID, num_classes=8, few={200: (9, 1)})
    assert set(value_causes(replace(found, shape=rule))) == {rule}
    assert value_causes(replace(ids(*CAMVID, num_classes=11), shape=rule)) == {}


counts = st.tuples(st.integers(1, 10**6), st.integers(1, FILES))


@given(
    st.dictionaries(st.integers(0, 300), counts, max_size=12),
    st.integers(1, 256),
    st.none() | st.integers(0, 300),
)
def test_every_value_outside_the_classes_is_explained_exactly_once(
    values: dict[int, tuple[int, int]], num_classes: int, ignore: int | None
) -> None:
    found = ids(num_classes=num_classes, ignore=ignore, few=values)
    causes = value_causes(found)
    explained = [value for claimed in causes.values() for value in claimed]
    assert len(explained) == len(set(explained))
    assert found.outside <= set(explained)
    assert not causes or found.values
