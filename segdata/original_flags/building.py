"""The flags of the scripts that make shards: build_voc2012_data.py and its siblings."""

from __future__ import annotations

from segdata.original_flags.flag import Flag, Script

_SHARD: tuple[Script, ...] = ("shard",)
_VOC = "./VOCdevkit/VOC2012"
# Of remove_gt_colormap.py.
_NO_STEP = "labels with a palette become ids in segdata shard: that step is left out"
_FOUND = "the format of every photo is found, whatever is said here"


def _is(name: str, default: str | None, option: str, word: str = "") -> Flag:
    return Flag(name=name, kind="string", scripts=_SHARD, default=default, option=option, word=word)


FLAGS = (
    _is("image_folder", f"{_VOC}/JPEGImages", "--images"),
    _is("semantic_segmentation_folder", f"{_VOC}/SegmentationClassRaw", "--labels"),
    _is("list_folder", f"{_VOC}/ImageSets/Segmentation", "--lists"),
    _is("output_dir", "./tfrecord", "OUT"),
    Flag(
        name="image_format", kind="string", scripts=_SHARD, default="png", word=_FOUND,
        choices=("jpg", "jpeg", "png"),
    ),
    Flag(
        name="label_format", kind="string", scripts=_SHARD, default="png", choices=("png",),
        word="labels in records are 8-bit grey PNGs, whatever their files are",
    ),
    Flag(name="original_gt_folder", kind="string", scripts=_SHARD, word=_NO_STEP),
    Flag(name="segmentation_format", kind="string", scripts=_SHARD, default="png", word=_NO_STEP),
    # The original's scripts are told nothing of classes; our records' manifest names them.
    _is("dataset", None, "--dataset"),
    Flag(
        name="num_classes", kind="integer", scripts=_SHARD, option="--num-classes",
    ),
    _is("cityscapes_root", "./cityscapes", "DATASET"),
    _is("train_image_folder", "./ADE20K/ADEChallengeData2016/images/training", "DATASET"),
    _is(
        "train_image_label_folder", "./ADE20K/ADEChallengeData2016/annotations/training", "DATASET"
    ),
    _is("val_image_folder", "./ADE20K/ADEChallengeData2016/images/validation", "DATASET"),
    _is(
        "val_image_label_folder", "./ADE20K/ADEChallengeData2016/annotations/validation", "DATASET"
    ),
)  # fmt: skip
