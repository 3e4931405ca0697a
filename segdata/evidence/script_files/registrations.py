"""Data sets that the original's code is told of: data_generator.py, segmentation_dataset.py."""

from __future__ import annotations

import ast
from pathlib import PurePath

from segdata.evidence.script_files.code import Code, keyword, last_name
from segdata.evidence.scripts import Registration, ScriptFacts
from segdata.evidence.settings import SettingsFacts

# Newer code (since March 2019) reads data_generator.py; this one is what came before, and lies in
# deprecated/ since.
_OLD = "segmentation_dataset.py"
_NEW = "data_generator.py"
_STOCK = frozenset({"cityscapes", "pascal_voc_seg", "ade20k"})
# What the original ends with where a name is unknown.
_TABLE = "_DATASETS_INFORMATION"


def read_registrations(code: Code, file: PurePath) -> ScriptFacts | None:
    """The data sets that somebody added; None where it is no such file."""
    if file.name not in (_OLD, _NEW) and _TABLE not in code.text:
        return None
    descriptors = {
        target: call
        for node in code.nodes
        if isinstance(node, ast.Assign) and isinstance(call := node.value, ast.Call)
        and last_name(call.func) == "DatasetDescriptor"
        for target in map(last_name, node.targets)
    }  # fmt: skip
    found = tuple(
        _registration(name, descriptors.get(variable), file.name == _OLD)
        for name, variable in _table(code).items()
        if name not in _STOCK
    )
    settings = SettingsFacts(where=str(file), tool="deeplab")
    return ScriptFacts(where=str(file), act="other", settings=settings, registers=found)


def _table(code: Code) -> dict[str, str]:
    """Names of data sets, and of the variables that describe them."""
    for node in code.nodes:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Dict)
            and _TABLE in map(last_name, node.targets)
        ):
            return {
                key.value: last_name(value)
                for key, value in zip(node.value.keys, node.value.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
    return {}


def _registration(name: str, call: ast.Call | None, deprecated: bool) -> Registration:
    if call is None:
        return Registration(name, None, None, {}, deprecated)
    sizes = keyword(call, "splits_to_sizes")
    classes, ignore = keyword(call, "num_classes"), keyword(call, "ignore_label")
    return Registration(
        name,
        classes if isinstance(classes, int) else None,
        ignore if isinstance(ignore, int) else None,
        {key: n for key, n in sizes.items() if isinstance(key, str) and isinstance(n, int)}
        if isinstance(sizes, dict)
        else {},
        deprecated,
    )
