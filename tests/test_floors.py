"""The tree's promise: what a line of code may touch (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS: dict[int, set[str]] = {
    0: {"errors", "class_counts", "classes", "findings", "confusion", "histograms", "miou_rules",
        "predictor", "executors", "files", "chain", "control_groups",
        "original_flags", "progress", "scores", "settings", "spread", "wire", "workers"},
    1: {"images", "file_index", "listing", "dataset", "registry", "records", "manifest", "facts",
        "evidence", "tf_data", "builtin", "resizing", "name_matching", "pairing",
        "probability_files", "baselines", "samples",
        "frames"},
    2: {"sources", "rules", "policy", "accepted", "checked", "statistics", "palettes", "diagnosis",
        "exhibits"},
    3: {"conversion", "validation", "sharding", "evaluation", "reports", "charts", "drawing",
        "cards", "mending", "splitting", "coloring", "remapping", "submissions",
        "worklist"},
    5: {"workflows", "console", "commands", "cli", "__main__"},
}  # fmt: skip
MODEL_FLOOR = 4
# Floor-3 operations stand beside each other; these lend themselves to their neighbors.
LENT = {"drawing": {"reports", "worklist"}, "evaluation": {"reports"}}

ONLY_USERS = {
    "click": {"commands", "cli"},
    "rich": {"console"},
    "PIL": {"images", "drawing", "sources"},
    "jinja2": {"reports"},
    "cv2": {
        "images",
        "classes",
        "histograms",
        "evaluation",
        "evidence",
        "facts",
        "frames",
        "workers",
        "drawing",
        "worklist",
        "resizing",
        "model.training.augment",
        "model.training.data",
    },
    "tensorflow": {"tf_data"},
    "pycocotools": {"sources", "submissions"},
    "h5py": {"evidence"},
    "yaml": {"sources"},
    "zlib_ng": {"images"},
    "onnxruntime": {"model.exporting.formats"},
    "litert_torch": {"model.exporting.formats"},
    "ai_edge_litert": {"model.exporting.formats"},
}


def modules() -> Iterator[tuple[str, Path]]:
    """Dotted names without the leading ``segdata.``, and their files."""
    for package in ("segdata", "model"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__").removeprefix("segdata."), path


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Modules that a file imports when it runs; imports for type checkers are left out."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body.clear()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module in ("segdata", "model"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module


def unit(module: str) -> str:
    """The part of the tree that a module belongs to: ``rules.labels`` -> ``rules``."""
    parts = module.split(".")
    if parts[0] == "model":
        return "model"
    return parts[0].split("_")[0] if parts[0].startswith("facts") else parts[0]


def floor(module: str) -> int | None:
    if module == "model" or module.startswith("model."):
        return MODEL_FLOOR
    return next((number for number, names in FLOORS.items() if unit(module) in names), None)


ALL = [(name, path) for name, path in modules() if name not in ("segdata", "model")]


@pytest.mark.parametrize(("name", "path"), ALL, ids=[name for name, _ in ALL])
def test_a_module_imports_only_from_lower_floors(name: str, path: Path) -> None:
    own = floor(name)
    assert own is not None, f"segdata/{name} has no floor: add it to FLOORS"
    for imported in imports(path):
        if not imported.startswith(("segdata.", "model.")):
            continue
        target = imported.removeprefix("segdata.")
        other = floor(target)
        if other is None or unit(target) == unit(name):
            continue
        if own == other == 3:
            assert unit(name) in LENT.get(unit(target), set()), f"{name} imports {target}"
            continue
        assert other <= own, f"{name} (floor {own}) imports {target} (floor {other})"


@pytest.mark.parametrize("library", ONLY_USERS)
def test_a_library_has_only_its_listed_users(library: str) -> None:
    users = {
        name for name, path in ALL if any(found.split(".")[0] == library for found in imports(path))
    }
    allowed = ONLY_USERS[library]
    strangers = {u for u in users if unit(u) not in allowed and u not in allowed}
    assert not strangers, f"{library} is imported by {sorted(strangers)}"


def test_torch_is_imported_by_the_model_only() -> None:
    users = {n for n, p in ALL if any(i.split(".")[0] == "torch" for i in imports(p))}
    assert users
    assert all(user.startswith("model.") for user in users)


def test_files_and_functions_stay_small() -> None:
    for name, path in ALL:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= 350, f"{name} is too long"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
                assert node.end_lineno is not None
                length = node.end_lineno - node.body[0].lineno + 1
                assert length <= 60, f"{name}.{node.name} has {length} lines"
