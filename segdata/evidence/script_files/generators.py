"""Keras' generators of pictures: ImageDataGenerator, and what flows from it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from segdata.evidence.picture_reads import PictureRead, Step
from segdata.evidence.script_files.code import Code, last_name, words_of
from segdata.evidence.script_files.picture_names import is_mask, what_is
from segdata.evidence.scripts import Trap

_TURNS = re.compile(
    r"rotation_range|_shift_range|zoom_range|shear_range|(?:horizontal|vertical)_flip'?[=:] ?True"
)
_RESCALE = re.compile(r"rescale'?\s*[=:][^,)}]*255")
_FLOWS = ("flow", "flow_from_directory", "flow_from_dataframe")


def generator_reads(code: Code) -> Iterator[PictureRead]:
    """Photos and masks as generators give them."""
    made = _made(code)
    found = []
    for node in (node for node in code.nodes if isinstance(node, ast.Assign)):
        call = node.value
        if not isinstance(call, ast.Call) or last_name(call.func) not in _FLOWS:
            continue
        owner = _owner(call)
        if owner not in made:
            continue
        named = ({last_name(node.targets[0]).lower()}, {owner.lower()}, words_of(call))
        what = next((one for one in map(what_is, named) if one != "unknown"), None)
        if what is None:
            continue
        text, spelled = ast.unparse(call)[:80], code.spelled(made[owner])
        read = PictureRead(
            what=what, reader="keras", text=text, line=call.lineno,
            grey="grayscale" in ast.unparse(call), beside_mask=True,
        )  # fmt: skip
        if _RESCALE.search(spelled):
            read = read.then(Step("divided", "rescale=1/255", made[owner].lineno))
        elif "preprocessing_function" in spelled:
            read = read.then(Step("unknown", "preprocessing_function", made[owner].lineno))
        found.append(read)
    if any(read.what == "mask" for read in found):
        yield from found


def generator_traps(code: Code) -> Iterator[Trap]:
    """Keras' generators of photos and masks: turned otherwise, or with seeds of their own."""
    made = _made(code)
    turning = {name: bool(_TURNS.search(code.spelled(call))) for name, call in made.items()}
    masks = [name for name in made if is_mask({name.lower()})]
    photos = [name for name in made if what_is({name.lower()}) == "photo"]
    if not masks or not photos:
        return
    flows = [call for call in code.calls(*_FLOWS) if _owner(call) in made]
    if turning[photos[0]] != turning[masks[0]]:
        what = "the one turns pictures at random, the other does not"
        yield _generator_trap(made[masks[0]], what)
    elif turning[masks[0]] and flows and not _same_seeds(flows):
        yield _generator_trap(flows[0], "photos and masks have no common seed")


def _made(code: Code) -> dict[str, ast.Call]:
    """Generators by name."""
    return {
        last_name(node.targets[0]): node.value
        for node in code.nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and last_name(node.value.func) == "ImageDataGenerator"
    }


def _generator_trap(call: ast.Call, what: str) -> Trap:
    return Trap(
        "own randomness",
        ast.unparse(call)[:80],
        f"{what}, so masks do not lie as their photos do",
        "both generators with the same arguments, and flow_from_directory(..., seed=1) for both",
        call.lineno,
    )


def _same_seeds(flows: Sequence[ast.Call]) -> bool:
    seeds = {next((ast.unparse(w.value) for w in call.keywords if w.arg == "seed"), "")
             for call in flows}  # fmt: skip
    return len(seeds) == 1 and "" not in seeds


def _owner(call: ast.Call) -> str:
    return last_name(call.func.value) if isinstance(call.func, ast.Attribute) else ""
