"""How a script in Python loads photos and masks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from segdata.evidence.picture_reads import PictureRead
from segdata.evidence.script_files.code import Code, last_name, words_of
from segdata.evidence.scripts import Trap

_MASK = re.compile(r"(^|[^a-z])(mask|label|annot|target|gt|seg|ground_?truth|y_train|y$)")
_PHOTO = re.compile(r"(^|[^a-z])(image|img|photo|input|jpeg|frame|x_train|x$)")
_LISTINGS = ("listdir", "glob", "iglob", "iterdir", "rglob", "scandir")
_RANDOM = ("RandomHorizontalFlip", "RandomVerticalFlip", "RandomRotation", "RandomCrop",
           "RandomAffine", "RandomResizedCrop", "RandomPerspective")  # fmt: skip
_TORCHVISION = re.compile(r"\btorchvision(?:\.| import )transforms\b(?!\.v2| import v2)")
# ``sorted``, ``natsorted``, ``sort_by_number``; sets and dicts are joined by what is in them.
_SORTING = re.compile(r"sort|^(?:set|dict)$")
_NAME = re.compile(r"^(?:name|stem|idx|id|index|basename|fname|filename|(?:img|image)_id)$")
_RESCALE = re.compile(r"rescale'?\s*[=:][^,)}]*255")
_SAME_SEED = re.compile(r"\b(?:manual_seed|set_rng_state|random\.seed|get_params)\b")


def loader_traps(code: Code) -> Iterator[Trap]:
    """What makes masks say something else than their files, or belong to other photos."""
    parents = code.parents()
    yield from _scaled(code, parents)
    yield from _unsorted(code, parents)
    yield from _own_randomness(code)


def is_mask(words: set[str]) -> bool:
    return any(_MASK.search(word) for word in words)


def _scaled(code: Code, parents: dict[ast.AST, ast.AST]) -> Iterator[Trap]:
    for node, what in _divisions(code):
        target = _targets(parents.get(node)) if not isinstance(node, ast.stmt) else set()
        photo = any(_PHOTO.search(word) for word in words_of(what))
        # Of ``image, mask = image / 255, mask`` only what is divided counts.
        into_mask = len(target) == 1 and is_mask(target)
        if into_mask or (is_mask(words_of(what)) and not photo):
            yield _scaled_trap(node, "mask / 255")
    for call in code.calls("ToTensor", "to_tensor", "img_to_array"):
        applied = parents.get(call) if last_name(call.func) == "ToTensor" else call
        if last_name(call.func) == "img_to_array" or not isinstance(applied, ast.Call):
            continue
        given = set().union(*(words_of(one) for one in applied.args)) if applied.args else set()
        if is_mask(given) and not _undone(applied, parents):
            yield _scaled_trap(applied, "ToTensor of a mask")
    for assign in (node for node in code.nodes if isinstance(node, ast.Assign)):
        if is_mask(_targets(assign)) and isinstance(assign.value, ast.Call):
            rescale = _RESCALE.search(code.spelled(assign.value))
            if rescale and last_name(assign.value.func) == "ImageDataGenerator":
                yield _scaled_trap(assign, "rescale=1/255 for masks")


def _divisions(code: Code) -> Iterator[tuple[ast.stmt | ast.expr, ast.AST]]:
    """Every division by 255, and what is divided."""
    for node in code.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _is_255(node.right):
            yield node, node.left
        elif (
            isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div) and _is_255(node.value)
        ):
            yield node, node.target
        elif isinstance(node, ast.Call) and last_name(node.func) in ("div", "div_"):
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if owner is not None and any(map(_is_255, node.args)):
                yield node, owner


def _is_255(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in (255, 255.0)


def _undone(call: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """``(ToTensor()(mask) * 255).long()``."""
    parent = parents.get(call)
    product = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult)
    return product and "255" in ast.unparse(parent)  # type: ignore[arg-type]


def scaled_masks(pictures: Iterable[PictureRead]) -> Iterator[Trap]:
    """Masks that were followed from their files to a division by 255."""
    for read in pictures:
        step = read.has("divided")
        if read.what == "mask" and step and read.count("divided") > read.count("undivided"):
            yield _trap_of("mask / 255", step.text, step.line)


def _scaled_trap(node: ast.stmt | ast.expr, what: str) -> Trap:
    return _trap_of(what, ast.unparse(node)[:80], node.lineno)


def _trap_of(what: str, text: str, line: int) -> Trap:
    return Trap(
        "masks scaled",
        text,
        f"{what}: ids 0, 1, 2, ... become numbers below 0.02, and 0 as integers",
        "leave masks unscaled: np.array(mask, dtype='int64')",
        line,
    )


def _unsorted(code: Code, parents: dict[ast.AST, ast.AST]) -> Iterator[Trap]:
    """Two listings, of photos and of masks, of which one or both are not sorted."""
    listings = [
        call
        for call in code.calls(*_LISTINGS)
        if not _of_module(call) and not _looks_up(call, parents)
    ]
    masks = [call for call in listings if is_mask(_about(call, parents))]
    photos = [
        call
        for call in listings
        if call not in masks and any(_PHOTO.search(word) for word in _about(call, parents))
    ]
    if not masks or not photos:
        return
    for call in (*photos, *masks):
        if not _is_sorted(call, code, parents):
            yield Trap(
                "unsorted lists",
                ast.unparse(call)[:80],
                "files come in any order, so photos and masks are joined at random",
                f"sorted({ast.unparse(call)[:80]})",
                call.lineno,
            )
            return


def _of_torchvision(code: Code) -> set[str]:
    """What torchvision's transforms, or single ones of them, are called in a file; people have
    transforms of these names that take photo and mask together."""
    found = {"torchvision.transforms"}
    for node in code.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torchvision"):
            found |= {one.asname or one.name for one in node.names}
        elif isinstance(node, ast.Import):
            found |= {one.asname for one in node.names
                      if one.asname and one.name.startswith("torchvision.transforms")}  # fmt: skip
    return found


def _of_module(call: ast.Call) -> bool:
    """``glob`` of a pattern with ``**`` for code, not data."""
    return any(".py" in word for word in words_of(call))


def _looks_up(call: ast.Call, parents: dict[ast.AST, ast.AST]) -> bool:
    """A look for the files of one name, or within a loop over names: nothing is joined by place."""
    if any(_NAME.search(word) for one in call.args for word in words_of(one)):
        return True
    node: ast.AST | None = call
    while node is not None and not isinstance(node, ast.FunctionDef):
        if isinstance(node, (ast.Compare, ast.Assert)):
            return True
        parent = parents.get(node)
        if isinstance(parent, ast.For) and node is not parent.iter:
            return True
        node = parent
    return False


def _about(call: ast.Call, parents: dict[ast.AST, ast.AST]) -> set[str]:
    """The words of a listing, and of what it is assigned to."""
    statement = _statement(call, parents)
    return words_of(call) | _targets(statement)


def _is_sorted(call: ast.Call, code: Code, parents: dict[ast.AST, ast.AST]) -> bool:
    node: ast.AST | None = call
    while node is not None and not isinstance(node, ast.stmt):
        if isinstance(node, ast.Call) and _SORTING.search(last_name(node.func)):
            return True
        node = parents.get(node)
    names = _targets(node) if node is not None else set()
    later = {ast.unparse(one.func).lower() for one in code.calls("sort")}
    return any(f"{name}.sort" in called for name in names for called in later) or any(
        names & words_of(one) for one in code.calls("sorted", "natsorted")
    )


def _statement(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST:
    while not isinstance(node, ast.stmt) and node in parents:
        node = parents[node]
    return node


def _targets(node: ast.AST | None) -> set[str]:
    if isinstance(node, ast.Assign):
        return set().union(*(words_of(target) for target in node.targets))
    return words_of(node.target) if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else set()


def _own_randomness(code: Code) -> Iterator[Trap]:
    """torchvision's random transforms in one Compose, applied to photo and mask one by one."""
    if not _TORCHVISION.search(code.text) or _SAME_SEED.search(code.text):
        return
    own = _of_torchvision(code)
    turned = [
        last_name(call.func)
        for call in code.calls(*_RANDOM)
        if ast.unparse(call.func).rpartition(".")[0] in own or last_name(call.func) in own
    ]
    masks = any(
        "transform" in last_name(call.func) and is_mask(words_of(call))
        for call in code.nodes
        if isinstance(call, ast.Call)
    )
    if turned and ("mask" in code.text or "label" in code.text):
        yield Trap(
            "own randomness",
            turned[0],
            "the photo is turned or cut at random, and its mask by chance otherwise"
            if masks
            else "the photo is turned or cut at random, and its mask is not",
            "one call for both: torchvision.transforms.v2, or albumentations with image and mask",
        )
