"""Objects are the connected regions of a class, and their scores are counts of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label as regions_of

from segdata.classes import ClassMap, Label, SegClass
from segdata.evaluation import EvalItem, EvalOptions, evaluate
from segdata.evaluation.objects import object_table
from segdata.scores import ObjectScores

VOID = 255


def size_of(pixels: int) -> int:
    """Small below 32², medium below 96², else large."""
    return int(pixels >= 32**2) + int(pixels >= 96**2)


def region_by_region(
    truth: Label, prediction: Label, classes: int, ignore: int | None
) -> npt.NDArray[np.int64]:
    """The same table, one class and one region at a time."""
    counted = np.ones(truth.shape, bool) if ignore is None else truth != ignore
    right = truth == prediction
    out = np.zeros((6, classes, 3), np.int64)
    for i in range(classes):
        for label, fields in ((truth, (0, 1, 2, 3)), (prediction, (4, 5))):
            numbers = regions_of((label == i) & counted, connectivity=1)
            for number in range(1, int(numbers.max()) + 1):
                here = numbers == number
                pixels, hits = int(here.sum()), int((here & right).sum())
                columns = (1, int(2 * hits >= pixels), pixels, hits)
                for field, value in zip(fields, columns, strict=False):
                    out[field, i, size_of(pixels)] += value
    return out


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([(2, None), (3, VOID), (5, 0), (300, 256), (300, VOID), (256, 300)]),
    st.tuples(st.integers(1, 14), st.integers(1, 14)),
)
def test_tables_equal_scikit_image_s_regions(
    seed: int, ids: tuple[int, int | None], size: tuple[int, int]
) -> None:
    classes, ignore = ids
    rng = np.random.default_rng(seed)
    # Few ids, the highest of them and one that is no class: narrow labels hold the narrow ones.
    some = [0, 1, classes - 1, 255]
    truth = rng.choice([i for i in some if i < classes], size)
    prediction = np.where(rng.random(size) < 0.7, truth, rng.choice([*some, classes], size))
    if ignore is not None:
        truth = np.where(rng.random(size) < 0.2, ignore, truth)
    narrow = [part.max() < 256 for part in (truth, prediction)]
    truth, prediction = (
        part.astype(np.uint8 if small else np.uint16)
        for part, small in zip((truth, prediction), narrow, strict=True)
    )
    found = object_table(truth, prediction, classes, ignore)
    assert np.array_equal(found, region_by_region(truth, prediction, classes, ignore))


def test_the_limits_of_sizes_are_coco_s() -> None:
    """32² pixels are medium, 96² large; objects of several sizes in one picture."""
    truth = np.zeros((120, 300), np.uint8)
    truth[1:33, 1:33] = 1
    truth[1:33, 40:71] = 1
    truth[1:97, 80:176] = 1
    truth[1:97, 190:285] = 1
    prediction = truth.copy()
    prediction[1:50, 80:176] = 0
    found = ObjectScores.of(object_table(truth, prediction, 2, None))
    assert found.objects[1].tolist() == [1, 2, 1]
    assert found.found[1].tolist() == [1, 2, 0]
    assert found.pixels[1].tolist() == [32 * 31, 32 * 32 + 96 * 95, 96 * 96]
    assert found.recall[1].tolist() == [1.0, 1.0, 47 / 96]
    assert found.claimed[1].tolist() == [1, 3, 0]
    assert found.found_share[1].tolist() == [1.0, 1.0, 0.0]


def test_half_is_enough_to_be_found_and_touching_corners_join_nothing() -> None:
    truth = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 1]], np.uint8)
    prediction = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 0]], np.uint8)
    found = ObjectScores.of(object_table(truth, prediction, 2, None))
    assert found.objects[1].sum() == 2
    assert found.found[1].sum() == 1
    assert found.claimed[1].sum() == found.real[1].sum() == 1


def test_void_cuts_an_object_and_is_none() -> None:
    truth = np.array([[1, 1, VOID, 1, 1]], np.uint8)
    prediction = np.ones((1, 5), np.uint8)
    found = ObjectScores.of(object_table(truth, prediction, 2, VOID))
    assert found.objects[1].tolist() == found.claimed[1].tolist() == [2, 0, 0]
    assert found.pixels.sum() == 4


def test_a_class_with_the_number_of_an_8_bit_void_stays_a_class() -> None:
    """Void is 65535 here; id 255 of an 8-bit label is the class of that number."""
    label = np.full((3, 3), 255, np.uint8)
    found = ObjectScores.of(object_table(label, label, 256, 65535))
    assert found.objects[255].tolist() == [1, 0, 0]


def test_counts_of_images_add_up() -> None:
    rng = np.random.default_rng(1)
    class_map = ClassMap(tuple(SegClass(i, str(i)) for i in range(4)), VOID)
    items, expected = [], np.zeros((6, 4, 3), np.int64)
    for i in range(3):
        truth, prediction = rng.integers(0, 4, (2, 40, 40)).astype(np.uint8)
        prediction[5:] = truth[5:] = 3 - i
        items.append(EvalItem(str(i), truth, prediction))
        expected += region_by_region(truth, prediction, 4, VOID)
    report = evaluate(items, class_map, EvalOptions(objects=True))
    assert report.objects is not None
    assert np.array_equal(report.objects.objects, expected[0])
    assert np.array_equal(report.objects.real, expected[5])
    assert report.objects.of_classes([1, 2]).hits.tolist() == [expected[3, 1:3].sum(0).tolist()]
    row = report.to_json()["objects"]["per_class"][2]
    assert (row["id"], row["objects"]) == (2, expected[0, 2].tolist())
    assert evaluate(items, class_map).to_json()["objects"] is None
