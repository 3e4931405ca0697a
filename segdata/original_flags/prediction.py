"""The flags of eval.py, vis.py and export_model.py."""

from __future__ import annotations

from typing import Any

from segdata.original_flags.flag import WHERE_IT_COUNTS, Flag, Kind, Script, idle

_BOTH: tuple[Script, ...] = ("eval", "vis")
_WHOLE = (
    "smaller pictures are padded to it, as in the original; larger ones, with which that one ends, "
    "are predicted whole, or in tiles where memory is short"
)
_ONE_PASS = "the command goes once through the split and ends; it waits for no new checkpoint"
_ONE_BY_ONE = "pictures keep their own sizes, so they are predicted one by one"


def _is(script: Script, name: str, kind: Kind, default: Any, option: str) -> Flag:
    return Flag(name=name, kind=kind, scripts=(script,), default=default, option=option)


def _crop(script: Script) -> Flag:
    return Flag(
        name=f"{script}_crop_size", kind="list", scripts=(script,), default=(513, 513),
        option="--crop-size", word=_WHOLE, pair=True,
    )  # fmt: skip


def _both(name: str, kind: Kind, default: Any, option: str) -> Flag:
    return Flag(name=name, kind=kind, scripts=_BOTH, default=default, option=option)


FLAGS = (
    _both("checkpoint_dir", "string", None, "RUN"),
    _both("dataset_dir", "string", None, "--shards"),
    Flag(
        name="dataset", kind="string", scripts=_BOTH, default="pascal_voc_seg", option="--dataset",
        word=WHERE_IT_COUNTS,
    ),
    _is("eval", "eval_logdir", "string", None, "--report"),
    _is("eval", "eval_split", "string", "val", "--split"),
    _is("vis", "vis_logdir", "string", None, "--out"),
    _is("vis", "vis_split", "string", "val", "--split"),
    _both("eval_scales", "floats", (1.0,), "--scales"),
    _both("add_flipped_images", "boolean", False, "--flip"),
    Flag(
        name="colormap_type", kind="string", scripts=("vis",), default="pascal", option="--colors",
        choices=("pascal", "cityscapes", "ade20k"),
    ),
    _is("vis", "also_save_raw_predictions", "boolean", False, "--kind raw"),
    _crop("eval"),
    _crop("vis"),
    idle(("eval",), "eval_batch_size", "integer", 1, _ONE_BY_ONE),
    idle(("vis",), "vis_batch_size", "integer", 1, _ONE_BY_ONE),
    idle(_BOTH, "eval_interval_secs", "integer", 300, _ONE_PASS),
    idle(("eval",), "max_number_of_evaluations", "integer", 0, _ONE_PASS),
    idle(("vis",), "max_number_of_iterations", "integer", 0, _ONE_PASS),
    _is("export", "checkpoint_path", "string", None, "RUN"),
    Flag(
        name="export_path", kind="string", scripts=("export",), option="--out",
        word="frozen graphs are TensorFlow 1's: the network is written as ONNX, or as --to says",
    ),
    _is("export", "inference_scales", "floats", (1.0,), "--scales"),
    Flag(
        name="add_flipped_images", kind="boolean", scripts=("export",), default=False,
        option="--flip",
    ),
    Flag(
        name="crop_size", kind="integers", scripts=("export",), default=(513, 513),
        option="--crop-size", pair=True,
    ),
    # A checkpoint says how many classes it has; another number is refused.
    Flag(
        name="num_classes", kind="integer", scripts=("export",), default=21,
        setting="network.num_classes",
    ),
    idle(
        ("export",), "save_inference_graph", "boolean", False,
        "a graph in text form is TensorFlow 1's; the exported file can be opened with Netron",
    ),
)  # fmt: skip
