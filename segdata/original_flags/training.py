"""The flags of train.py."""

from __future__ import annotations

from functools import partial
from typing import Any

from segdata.original_flags.flag import WHERE_IT_COUNTS, Flag, Kind, Script, idle

_TRAIN: tuple[Script, ...] = ("train",)
_ONE_PROCESS = (
    "training runs in one process; --train_batch_size is the whole batch, as in the original"
)
_IN_METRICS = "every step is written to metrics.jsonl in the run folder; segdata vis draws pictures"

# What train.py does where it is not told, and our defaults do not.
UNSAID: dict[str, Any] = {
    "optimizer": "momentum",
    "base_learning_rate": 1e-4,
    "training_number_of_steps": 30000,
    "train_crop_size": (513, 513),
}


def _is(name: str, kind: Kind, default: Any, setting: str, choices: tuple[str, ...] = ()) -> Flag:
    return Flag(
        name=name, kind=kind, scripts=_TRAIN, default=default, setting=setting, choices=choices,
        pair=name == "train_crop_size",
    )  # fmt: skip


def _option(name: str, option: str, default: Any = None, word: str = "") -> Flag:
    return Flag(name=name, kind="string", scripts=_TRAIN, default=default, option=option, word=word)


_idle = partial(idle, _TRAIN)


FLAGS = (
    _option("train_logdir", "--out"),
    Flag(
        name="dataset_dir", kind="string", scripts=_TRAIN, option="DATA",
    ),
    _option("dataset", "--dataset", "pascal_voc_seg", WHERE_IT_COUNTS),
    _is("train_split", "string", "train", "data.split"),
    _is("training_number_of_steps", "integer", 30000, "run.steps"),
    _is("train_batch_size", "integer", 8, "data.batch_size"),
    _is("train_crop_size", "list", (513, 513), "data.crop_size"),
    _is("tf_initial_checkpoint", "string", None, "initialization.checkpoint"),
    _is("initialize_last_layer", "boolean", True, "initialization.initialize_last_layer"),
    _is(
        "last_layers_contain_logits_only", "boolean", False,
        "initialization.last_layers_contain_logits_only",
    ),
    _is("fine_tune_batch_norm", "boolean", True, "optimizer.fine_tune_batch_norm"),
    _is("optimizer", "string", "momentum", "optimizer.optimizer", ("momentum", "adam")),
    _is("base_learning_rate", "float", 1e-4, "optimizer.base_learning_rate"),
    _is("learning_policy", "string", "poly", "optimizer.learning_policy", ("poly", "step")),
    _is("learning_power", "float", 0.9, "optimizer.learning_power"),
    _is("decay_steps", "float", 0.0, "optimizer.decay_steps"),
    _is("end_learning_rate", "float", 0.0, "optimizer.end_learning_rate"),
    _is("learning_rate_decay_step", "integer", 2000, "optimizer.learning_rate_decay_step"),
    _is("learning_rate_decay_factor", "float", 0.1, "optimizer.learning_rate_decay_factor"),
    _is("slow_start_step", "integer", 0, "optimizer.slow_start_steps"),
    _is("slow_start_learning_rate", "float", 1e-4, "optimizer.slow_start_learning_rate"),
    _is("momentum", "float", 0.9, "optimizer.momentum"),
    _is("adam_learning_rate", "float", 1e-3, "optimizer.base_learning_rate"),
    _is("adam_epsilon", "float", 1e-8, "optimizer.adam_epsilon"),
    _is("weight_decay", "float", 4e-5, "optimizer.weight_decay"),
    _is("last_layer_gradient_multiplier", "float", 1.0, "optimizer.last_layer_multiplier"),
    _is("label_weights", "floats", None, "loss.class_weights"),
    _is("top_k_percent_pixels", "float", 1.0, "loss.top_k_fraction"),
    _is("hard_example_mining_step", "integer", 0, "loss.hard_example_mining_steps"),
    _is("upsample_logits", "boolean", True, "loss.upsample_logits"),
    _is("min_scale_factor", "float", 0.5, "data.min_scale"),
    _is("max_scale_factor", "float", 2.0, "data.max_scale"),
    _is("scale_factor_step_size", "float", 0.25, "data.scale_step"),
    _is("min_resize_value", "integer", None, "data.min_resize_value"),
    _is("max_resize_value", "integer", None, "data.max_resize_value"),
    _is("resize_factor", "integer", None, "data.resize_factor"),
    _idle("num_clones", "integer", 1, _ONE_PROCESS),
    _idle("clone_on_cpu", "boolean", False, "a GPU is used where there is one: --set device=cpu"),
    _idle("num_replicas", "integer", 1, _ONE_PROCESS),
    _idle("num_ps_tasks", "integer", 0, _ONE_PROCESS),
    _idle("startup_delay_steps", "integer", 15, _ONE_PROCESS),
    _idle("task", "integer", 0, _ONE_PROCESS),
    _idle("log_steps", "integer", 10, _IN_METRICS),
    _idle("save_summaries_secs", "integer", 600, _IN_METRICS),
    _idle("save_summaries_images", "boolean", False, _IN_METRICS),
    _idle(
        "save_interval_secs", "integer", 1200,
        "weights are saved by steps, not seconds, and at the end: --set save_every=200",
    ),
    _idle("profile_logdir", "string", None, "no profile is written"),
    _idle(
        "drop_path_keep_prob", "float", 1.0,
        "it belongs to the NAS backbones, which segdata does not have",
    ),
)  # fmt: skip
