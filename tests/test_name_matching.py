"""Names that mean one image are joined, others never; what was done is said."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from segdata.errors import UserError
from segdata.images import encode_label
from segdata.name_matching import by_pattern, match_names
from segdata.pairing import FolderPairs, PairOptions, pair_folders

LABEL = encode_label(np.zeros((2, 2), np.uint8))


def files(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(LABEL)
    return root


def joined(pairs: FolderPairs, predictions: Path, labels: Path) -> list[tuple[str, str]]:
    return [
        (p.prediction.relative_to(predictions).as_posix(), p.truth.relative_to(labels).as_posix())
        for p in pairs.pairs
    ]


def names(match: object) -> list[tuple[str, str]]:
    return [(guess, label) for _, guess, label in match.pairs]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("prediction", "label", "how"),
    [
        ("{}", "{}", ""),
        ("city/{}", "{}", "by file name, whatever the sub-folder"),
        ("{}_pred", "{}", "without “_pred” of the predictions"),
        ("{}", "{}.mask", "without “.mask” of the labels"),
        ("pred-{}", "{}", "without “pred-” of the predictions"),
        ("pred_{}", "mask_{}", "without “pred_” of the predictions and “mask_” of the labels"),
        ("out_{}_pred", "{}", "without “out_” and “_pred” of the predictions"),
        (
            "{}_leftImg8bit_pred",
            "city/{}_gtFine_labelTrainIds",
            "without “_leftImg8bit_pred” of the predictions and “_gtFine_labelTrainIds” of the",
        ),
        ("val/{}_pred", "city/sub/{}", "without “_pred” of the predictions"),
        ("{}_0", "{}", "without “_0” of the predictions"),
    ],
)
@pytest.mark.parametrize(
    "stems", [["aachen_000001_000019"], ["aachen_000001_000019", "aachen_000002_000019"],
              ["bonn_1", "ulm_20", "ulm_3"]],
    ids=["one", "two", "three"],
)  # fmt: skip
def test_names_are_joined_and_the_way_is_told(
    prediction: str, label: str, how: str, stems: list[str]
) -> None:
    predictions = [prediction.format(stem) for stem in stems]
    labels = [label.format(stem) for stem in stems]
    match = match_names(predictions[::-1], labels)
    assert names(match) == list(zip(predictions, labels, strict=True))
    assert how in match.how
    assert bool(how) == bool(match.how)
    assert match.missing == match.extra == ()


def test_equal_names_go_before_all_others() -> None:
    match = match_names(["a", "b_pred", "color/a"], ["a", "b"])
    assert names(match) == [("a", "a")]
    assert (match.missing, match.extra) == (("b",), ("b_pred", "color/a"))


def test_names_that_occur_in_several_sub_folders_are_joined_with_them() -> None:
    labels = ["bonn/0001_gt", "ulm/0001_gt"]
    assert names(match_names(["ulm/0001", "bonn/0001"], labels)) == [
        ("bonn/0001", "bonn/0001_gt"), ("ulm/0001", "ulm/0001_gt"),
    ]  # fmt: skip
    assert names(match_names(["val/ulm/0001_x", "val/bonn/0001_x"], labels)) == [
        ("val/bonn/0001_x", "bonn/0001_gt"), ("val/ulm/0001_x", "ulm/0001_gt"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("predictions", "labels"),
    [
        (["frame_1_pred"], ["frame_2_mask"]),
        (["frame_1"], ["frame_2"]),
        (["seq_0001_000019", "seq_0001_000020"], ["seq_0002_000019", "seq_0002_000020"]),
        (["bonn_pred"], ["ulm_pred"]),
        (["img_01", "img_02"], ["img_1", "img_2"]),
        (["ids/a", "color/a", "ids/b", "color/b"], ["a", "b"]),
        (["a_color", "a_ids", "b_color", "b_ids"], ["a", "b"]),
        (["a", "b"], ["c", "d"]),
        (["Seq05VD_f00030", "Seq05VD_f00060"], ["Seq06VD_f00030", "Seq06VD_f00060"]),
        (["0006R0_f1", "0006R0_f2"], ["0016E5_f1", "0016E5_f2"]),
        (["run_seq1_00", "run_seq1_01"], ["run_seq2_00", "run_seq2_01"]),
        (["a"], ["b"]),
        (["x_pred"], ["y_pred"]),
        (["_pred"], ["_mask"]),
    ],
)
def test_names_of_different_images_are_never_joined(
    predictions: list[str], labels: list[str]
) -> None:
    match = match_names(predictions, labels)
    assert match.pairs == ()
    assert sorted(match.extra) == sorted(predictions)
    assert sorted(match.missing) == sorted(labels)


def test_as_little_is_cut_as_joins_most() -> None:
    """Without “a_”, too, names would fit; it stays, for nothing needs it gone."""
    match = match_names(["a_1_pred", "a_2_pred"], ["a_1", "a_2", "a_3"])
    assert [name for name, _, _ in match.pairs] == ["a_1", "a_2"]
    assert (match.missing, match.extra) == (("a_3",), ())


words = st.text(string.ascii_letters + string.digits, min_size=1, max_size=5)
stems = st.lists(
    st.lists(words, min_size=1, max_size=3).map("_".join), min_size=1, max_size=6, unique=True
)
endings = st.sampled_from(["", "_pred", "_gtFine_labelTrainIds", ".mask", "-x", "_leftImg8bit"])
beginnings = st.sampled_from(["", "pred_", "mask-", "city/", "out.v2."])


@settings(max_examples=150)
@given(stems, beginnings, endings, beginnings, endings)
def test_affixes_of_unique_stems_are_always_found(
    stems: list[str], before: str, after: str, before_label: str, after_label: str
) -> None:
    # x_pred and y_pred may be two images: of a single name without a number nothing tells.
    assume(len(stems) > 1 or any(map(str.isdigit, stems[0])) or not (before and before_label))
    predictions = [before + stem + after for stem in stems]
    labels = [before_label + stem + after_label for stem in stems]
    match = match_names(predictions, labels)
    assert len(match.pairs) == len(stems)
    assert sorted(names(match)) == sorted(zip(predictions, labels, strict=True))


@settings(max_examples=150)
@given(stems, stems, endings, endings)
def test_no_file_is_lost_and_none_is_used_twice(
    some: list[str], others: list[str], after: str, after_label: str
) -> None:
    assume(after_label not in after or not after_label)
    predictions = [stem + after for stem in some]
    labels = [stem + after_label for stem in others]
    match = match_names(predictions, labels)
    guesses, truths = [p for _, p, _ in match.pairs], [n for _, _, n in match.pairs]
    assert sorted([*guesses, *match.extra]) == sorted(predictions)
    assert sorted([*truths, *match.missing]) == sorted(labels)


def test_patterns_say_where_the_name_stands(tmp_path: Path) -> None:
    """Cityscapes' own folders: four files of each image, three of them pictures."""
    kinds = ("color", "instanceIds", "labelIds")
    labels = files(
        tmp_path / "gtFine",
        *(f"{c}/{c}_1_gtFine_{kind}.png" for c in ("bonn", "ulm") for kind in kinds),
    )
    (labels / "bonn" / "bonn_1_gtFine_polygons.json").write_text("{}")
    predictions = files(tmp_path / "out", "bonn_1_leftImg8bit.PNG", "ulm_1_leftImg8bit.PNG")
    options = PairOptions(label_pattern="*/{}_gtFine_labelIds.png")
    pairs = pair_folders(predictions, labels, options)
    assert joined(pairs, predictions, labels) == [
        ("bonn_1_leftImg8bit.PNG", "bonn/bonn_1_gtFine_labelIds.png"),
        ("ulm_1_leftImg8bit.PNG", "ulm/ulm_1_gtFine_labelIds.png"),
    ]
    # Their sub-folders are known, so that they can be grouped by them.
    assert [p.key for p in pairs.pairs] == ["bonn/bonn_1", "ulm/ulm_1"]


def test_wrong_patterns_are_refused_with_what_to_write(tmp_path: Path) -> None:
    folder = files(tmp_path, "a/x_pred.png", "b/x_pred.png")
    found = {"a/x_pred": folder / "a/x_pred.png", "b/x_pred": folder / "b/x_pred.png"}
    assert list(by_pattern(found, "{}_pred", folder)) == ["a/x", "b/x"]
    with pytest.raises(UserError, match="does not say where the name stands"):
        by_pattern(found, "*_pred.png", folder)
    with pytest.raises(UserError, match="does not say where the name stands"):
        by_pattern(found, "{}/{}.png", folder)
    with pytest.raises(UserError, match=r"both 'x' by the pattern '\*/\{\}_pred\.png'"):
        by_pattern(found, "*/{}_pred.png", folder)
    with pytest.raises(
        UserError, match=r"fits the pattern '\{\}_mask\.png'; one is 'a/x_pred\.png'"
    ):
        by_pattern(found, "{}_mask.png", folder)


def test_a_preview_beside_an_id_image_is_not_read(tmp_path: Path) -> None:
    predictions = files(tmp_path / "out", "a.png", "a.jpg", "b.JPG", "b.PNG")
    labels = files(tmp_path / "true", "a.jpeg", "a.tif", "b.png")
    pairs = pair_folders(predictions, labels)
    assert joined(pairs, predictions, labels) == [("a.png", "a.tif"), ("b.PNG", "b.png")]


def test_a_folder_of_colors_beside_is_told_or_the_fix_is(tmp_path: Path) -> None:
    labels = files(tmp_path / "true", "bonn/a.png", "bonn/b.png")
    beside = files(tmp_path / "out", "a.png", "b.png", "color/a.png", "color/b.png")
    pairs = pair_folders(beside, labels)
    assert joined(pairs, beside, labels) == [("a.png", "bonn/a.png"), ("b.png", "bonn/b.png")]
    assert pairs.pairing.extra == ("color/a", "color/b")
    both = files(tmp_path / "both", "ids/a.png", "color/a.png")
    with pytest.raises(UserError, match="no name is both in") as caught:
        pair_folders(both, labels)
    assert "color/a and ids/a have one name" in caught.value.remedy
    assert "--predictions .../color" in caught.value.remedy


def test_photos_and_probabilities_are_named_as_labels_or_as_predictions(tmp_path: Path) -> None:
    predictions = files(tmp_path / "out", "x_1_pred.png", "x_2_pred.png")
    np.savez(predictions / "x_1_pred.npz", probabilities=np.zeros((1, 2, 2), np.float16))
    labels = files(tmp_path / "true", "x_1_gt.png", "x_2_gt.png")
    for place in ("x_1.jpg", "sub/x_1_photo.jpg", "x_1_gt.png", "x_1_pred.jpg"):
        photos = files(tmp_path / place.replace("/", "-"), place)
        options = PairOptions(photos=photos, probabilities=predictions)
        one, two = pair_folders(predictions, labels, options).pairs
        assert one.photo == photos / place
        assert one.probabilities == predictions / "x_1_pred.npz"
        assert two.photo is two.probabilities is None
    with pytest.raises(UserError, match="no photo is named as a label or a prediction"):
        pair_folders(predictions, labels, PairOptions(photos=files(tmp_path / "no", "other.png")))
