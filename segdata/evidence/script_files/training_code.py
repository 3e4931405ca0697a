"""Code that trains: an optimizer that does nothing, rates far off, photos changed without masks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from segdata.evidence.script_files.code import Code, keyword, last_name, words_of
from segdata.evidence.script_files.generators import generator_traps
from segdata.evidence.script_files.picture_names import is_mask, what_is
from segdata.evidence.scripts import Trap

_STEPS = re.compile(r"\.step\(|\.apply_gradients\(|\.minimize\(|Trainer\(|accelerator|deepspeed")
_OPTIMIZERS = frozenset({"Adam", "AdamW", "SGD", "RMSprop", "RMSProp", "NAdam", "RAdam", "Adamax",
                         "Adagrad", "Momentum"})  # fmt: skip
_FLIPS = frozenset({"flip", "hflip", "vflip", "fliplr", "flipud", "transpose", "rotate", "rot90",
                    "flip_left_right", "flip_up_down", "mirror", "affine"})  # fmt: skip
# With these nothing is learned within any training, or everything is thrown off: Adam's own rate is
# 1e-3, that of SGD 0.1 at most; Adadelta's 1 is not meant.
_LEAST_RATE, _MOST_OF_ADAM, _MOST_OF_SGD = 1e-8, 0.1, 1.0


def training_traps(code: Code) -> Iterator[Trap]:
    """What keeps a training from learning."""
    yield from _no_step(code)
    yield from _frozen(code)
    yield from _other_network(code)
    yield from _rates(code)
    yield from _turned_alone(code)
    yield from generator_traps(code)


def weights_of_classes(code: Code) -> dict[int, float] | None:
    """``CrossEntropyLoss(weight=torch.tensor([1.0, 8.0]))``, ``class_weight={0: 1, 1: 8}``."""
    for call in code.calls("CrossEntropyLoss", "cross_entropy", "NLLLoss", "nll_loss", "fit"):
        for word in call.keywords:
            if word.arg in ("weight", "class_weight"):
                return _numbers(word.value)
    return None


def _numbers(node: ast.expr) -> dict[int, float] | None:
    for part in ast.walk(node):
        if isinstance(part, (ast.List, ast.Tuple, ast.Dict)):
            try:
                value = ast.literal_eval(part)
                pairs = value.items() if isinstance(value, dict) else enumerate(value)
                return {int(i): float(weight) for i, weight in pairs}
            except (ValueError, TypeError, OverflowError, RecursionError):
                return None
    return None


def _no_step(code: Code) -> Iterator[Trap]:
    """Gradients are made, and no optimizer uses them."""
    made = next(code.calls("backward"), None)
    if made is None or _optimizer(code) is None:
        return
    lines = (line for line in code.text.splitlines() if not line.lstrip().startswith("#"))
    stepped = [line.partition("#")[0] for line in lines if _STEPS.search(line.partition("#")[0])]
    if all(re.search(r"sched\w*\.step\(|lr_\w+\.step\(", line) for line in stepped):
        yield Trap(
            "no step",
            ast.unparse(made)[:80],
            "gradients are made, and no optimizer.step() uses them: the weights never change",
            "optimizer.step() behind loss.backward()",
            made.lineno,
        )


def _frozen(code: Code) -> Iterator[Trap]:
    """``requires_grad = False`` for all parameters of the network."""
    if _optimizer(code) is None or "requires_grad = True" in code.text:
        return
    for loop in (node for node in code.nodes if isinstance(node, ast.For)):
        listed = loop.iter
        if not isinstance(listed, ast.Call) or last_name(listed.func) != "parameters":
            continue
        owner = listed.func.value if isinstance(listed.func, ast.Attribute) else None
        whole = isinstance(owner, ast.Name) and owner.id in ("model", "net", "network", "unet")
        body = " ".join(map(ast.unparse, loop.body))
        only = len(loop.body) == 1 and isinstance(loop.body[0], (ast.Assign, ast.Expr))
        off = "requires_grad = False" in body or "requires_grad_(False)" in body
        later = any(
            isinstance(node, ast.Assign)
            and node.lineno > loop.lineno
            and ast.unparse(node.targets[0]).startswith(f"{owner.id}.")
            for node in code.nodes
        ) if isinstance(owner, ast.Name) else True  # fmt: skip
        if whole and only and off and not later:
            yield Trap(
                "frozen",
                ast.unparse(loop)[:80],
                "every parameter of the network is frozen: training changes nothing",
                "freeze the encoder only: for p in model.encoder.parameters()",
                loop.lineno,
            )
            return


def _other_network(code: Code) -> Iterator[Trap]:
    """``Adam(UNet(3, 2).parameters())``."""
    for call in code.calls(*_OPTIMIZERS):
        for part in (node for one in call.args for node in ast.walk(one)):
            owner = part.func.value if isinstance(part, ast.Call) and isinstance(
                part.func, ast.Attribute) and part.func.attr == "parameters" else None  # fmt: skip
            if isinstance(owner, ast.Call) and last_name(owner.func)[:1].isupper():
                yield Trap(
                    "other network",
                    ast.unparse(call)[:80],
                    "the optimizer holds a network that is made right there, not the one that is "
                    "trained",
                    "give it the parameters of the network that is trained: model.parameters()",
                    call.lineno,
                )
                return


def _rates(code: Code) -> Iterator[Trap]:
    for call in code.calls(*_OPTIMIZERS):
        rate = keyword(call, "lr", "learning_rate")
        if rate is None and call.args and last_name(call.func) not in ("SGD",):
            rate = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
        if not isinstance(rate, (int, float)) or isinstance(rate, bool) or rate <= 0:
            continue
        most = _MOST_OF_SGD if last_name(call.func) == "SGD" else _MOST_OF_ADAM
        if rate >= most or rate <= _LEAST_RATE:
            far = "high: weights are thrown off" if rate >= most else "low: nothing is learned"
            yield Trap(
                "rate",
                ast.unparse(call)[:80],
                f"a learning rate of {rate:g} is far too {far}",
                "1e-3 with Adam, 1e-2 with SGD",
                call.lineno,
            )
            return


def _optimizer(code: Code) -> ast.Call | None:
    return next(code.calls(*_OPTIMIZERS), None)


def _turned_alone(code: Code) -> Iterator[Trap]:
    """``if random.random() > 0.5: image = flip(image)``, and no mask is turned."""
    for branch in (node for node in code.nodes if isinstance(node, ast.If)):
        if not any("rand" in word for word in words_of(branch.test)):
            continue
        assigned = [node for part in branch.body for node in ast.walk(part)
                    if isinstance(node, ast.Assign)]  # fmt: skip
        targets = [words_of(target) for node in assigned for target in node.targets]
        if any(map(is_mask, targets)) or is_mask(words_of(branch)):
            continue
        turned = [node for node in assigned if _turns(node)]
        masks = any(is_mask({name}) for name in _names_in_function(code, branch))
        if turned and masks:
            yield Trap(
                "own randomness",
                ast.unparse(turned[0])[:80],
                "the photo is turned at random, and its mask is not",
                "do the same to the mask in the same branch",
                branch.lineno,
            )
            return


def _turns(node: ast.Assign) -> bool:
    called = [call for call in ast.walk(node.value) if isinstance(call, ast.Call)]
    flips = any(
        last_name(call.func) in _FLIPS
        and (last_name(call.func) != "transpose" or "FLIP" in ast.unparse(call)
             or "ROTATE" in ast.unparse(call))
        for call in called
    )  # fmt: skip
    return flips and any(what_is(words_of(target)) == "photo" for target in node.targets)


def _names_in_function(code: Code, inner: ast.AST) -> set[str]:
    for node in code.nodes:
        if isinstance(node, ast.FunctionDef) and inner in ast.walk(node):
            return {part.id.lower() for part in ast.walk(node) if isinstance(part, ast.Name)}
    return set()
