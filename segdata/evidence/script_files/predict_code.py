"""Code that predicts: how it makes files of what a network says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from segdata.evidence.script_files.code import Code, last_name, plain
from segdata.evidence.script_files.definitions import Definitions
from segdata.evidence.script_files.pictures import asks_network
from segdata.evidence.scripts import Trap

_PROBABLE = frozenset({"sigmoid", "softmax", "Sigmoid", "Softmax", "expit"})
# What makes ids or yes and no of scores.
_DECIDED = frozenset({
    "argmax", "max", "topk", "round", "rint", "where", "threshold", "argsort", "digitize",
    "post_process_semantic_segmentation", "heaviside", "greater", "ge", "gt",
})  # fmt: skip
_MOVED = frozenset({"permute", "transpose", "moveaxis", "movedim", "rearrange", "reshape", "view",
                    "swapaxes"})  # fmt: skip
_SAVES = frozenset({"imwrite", "save", "imsave", "save_img", "save_image"})
_LOADS = re.compile(
    r"load|restore|from_pretrained|pretrained\s*=\s*True|weights\s*=|resume|checkpoint|\.ckpt|"
    r"InferenceSession|init_model|init_segmentor|get_model", re.I
)  # fmt: skip
_TORCH = re.compile(r"\btorch\b")
_TRAINS = re.compile(r"\.(?:fit|backward|train_on_batch|step)\(|\bTrainer\(")
_JPEG = (".jpg", ".jpeg")


def prediction_traps(code: Code) -> Iterator[Trap]:
    """What makes files black, or others than the network said."""
    names = Definitions(code)
    yield from _truncated(code, names)
    yield from _stretched(code, names)
    yield from _lossy(code, names)
    yield from _thresholds(code, names)
    yield from _axes(code, names)
    yield from _weights(code, names)


def _truncated(code: Code, names: Definitions) -> Iterator[Trap]:
    """``prob.astype(np.uint8)``: 0 to 1 become 0."""
    for call in (node for node in code.nodes if isinstance(node, ast.Call)):
        given = _made_whole(call)
        if given is None or not _is_probability(given, names):
            continue
        yield Trap(
            "probabilities cut",
            ast.unparse(call)[:80],
            "probabilities below 1 become 0 as whole numbers, so every file is black",
            "decide first: (prob > 0.5).astype(np.uint8), or prob.argmax(...) for several classes",
            call.lineno,
        )
        return


def _made_whole(call: ast.Call) -> ast.expr | None:
    """What a call turns into whole numbers."""
    name = last_name(call.func)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    whole = "int" in " ".join(map(ast.unparse, [*call.args, *(w.value for w in call.keywords)]))
    if name in ("astype", "to", "type") and whole and "uint16" not in ast.unparse(call):
        return owner
    if name in ("byte", "long", "int") and not call.args:
        return owner
    return call.args[0] if name == "uint8" and len(call.args) == 1 else None


def _is_probability(node: ast.expr, names: Definitions) -> bool:
    inside = list(names.within(node))
    called = {last_name(part.func) for part in inside if isinstance(part, ast.Call)}
    decided = called & _DECIDED or any(isinstance(part, ast.Compare) for part in inside)
    scaled = any(isinstance(p, ast.BinOp) and isinstance(p.op, ast.Mult) for p in inside)
    scaled = scaled or any(isinstance(p, ast.AugAssign) for p in inside)
    return bool(called & (_PROBABLE | {"predict"})) and not decided and not scaled


def _stretched(code: Code, names: Definitions) -> Iterator[Trap]:
    """``pred * 255`` of ids: 2 becomes 254."""
    for node in code.nodes:
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
            continue
        sides = (node.left, node.right), (node.right, node.left)
        for ids, times in sides:
            if isinstance(times, ast.Constant) and times.value in (255, 255.0):
                inside = list(names.within(ids))
                compared = any(isinstance(part, ast.Compare) for part in inside)
                if "argmax" in names.calls(ids) and not compared:
                    yield Trap(
                        "ids stretched",
                        ast.unparse(node)[:80],
                        "ids times 255 leave 8 bits: 1 becomes 255, 2 becomes 254, 3 becomes 253",
                        "save the ids as they are, or with a palette: segdata color PRED --out DIR",
                        node.lineno,
                    )
                    return


def _lossy(code: Code, names: Definitions) -> Iterator[Trap]:
    """Ids or masks saved as JPEG."""
    for call in code.calls(*_SAVES):
        path, data = _path_and_data(call)
        if path is None or data is None or not _suffix(path, names).endswith(_JPEG):
            continue
        inside = list(names.within(data))
        called = names.calls(data)
        ids = "argmax" in called or any(isinstance(part, ast.Compare) for part in inside)
        colored = called & {"applyColorMap", "decode_segmap", "addWeighted", "blend", "putpalette",
                            "colorize", "overlay", "label2rgb"}  # fmt: skip
        network = any(isinstance(part, ast.Call) and asks_network(part) for part in inside)
        if ids and network and not colored:
            yield Trap(
                "saved as JPEG",
                ast.unparse(call)[:80],
                "JPEG changes ids at every edge: what is read back holds other classes",
                "save as .png",
                call.lineno,
            )
            return


def _path_and_data(call: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    name = last_name(call.func)
    if name == "save":
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        return (call.args[0] if call.args else None), owner
    if len(call.args) < 2:
        return None, None
    first, second = call.args[:2]
    return (second, first) if name == "save_image" else (first, second)


def _suffix(path: ast.expr, names: Definitions) -> str:
    """The last text in it that ends like a file; of ``f.replace(".jpg", ".png")`` the new one."""
    own = [_text(part) for part in ast.walk(path)]
    all_of = [text for text in own if text.startswith(".") or "." in text[1:]]
    if not all_of:
        all_of = [text for part in names.within(path) if "." in (text := _text(part))]
        return all_of[0].lower() if all_of else ""
    png = [text for text in all_of if text.lower().endswith((".png", ".tif", ".tiff", ".bmp"))]
    return (png or all_of)[-1].lower()


def _text(part: ast.AST) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""


def _is_raw(node: ast.expr, names: Definitions) -> bool:
    """Scores as a network gives them: nothing was made of them yet."""
    inside = list(names.within(node))
    called = {last_name(part.func) for part in inside if isinstance(part, ast.Call)}
    asked = any(isinstance(part, ast.Call) and asks_network(part) for part in inside)
    return asked and not called & (_PROBABLE | _DECIDED)


def _thresholds(code: Code, names: Definitions) -> Iterator[Trap]:
    """``net(x) > 0.9`` without a sigmoid in the whole file."""
    if not _TORCH.search(code.text) or "sigmoid" in code.text.lower().replace("sigmoid=false", ""):
        return
    if "softmax" in code.text.lower():
        return
    for node in code.nodes:
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], (ast.Gt, ast.GtE)):
            continue
        bound = node.comparators[0]
        share = isinstance(bound, ast.Constant) and isinstance(bound.value, float)
        if share and 0 < bound.value < 1 and _is_raw(node.left, names):  # type: ignore[attr-defined]
            yield Trap(
                "scores as probabilities",
                ast.unparse(node)[:80],
                "a threshold for probabilities is held against scores, which go from minus to plus "
                "infinity",
                "torch.sigmoid(scores) > 0.5, which is scores > 0",
                node.lineno,
            )
            return


def _axes(code: Code, names: Definitions) -> Iterator[Trap]:
    """PyTorch's scores are N×K×H×W, Keras' N×H×W×K: the best class is taken over K."""
    torch = bool(_TORCH.search(code.text))
    for call in code.calls("argmax"):
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        module = owner is None or last_name(owner) in ("np", "numpy", "torch", "tf", "K", "backend")
        given = (call.args[0] if call.args else None) if module else owner
        axis = _axis(call, 1 if module else 0)
        if given is None or axis is None or not _is_raw(_less_softmax(given), names):
            continue
        inside = list(names.within(given))
        if names.calls(given) & (_MOVED | {"squeeze", "enumerate", "zip"}):
            continue
        if any(isinstance(part, ast.Subscript) for part in inside):
            continue
        wrong = axis in (-1, 0, 2, 3) if torch else axis in (0, 1, 2)
        if wrong:
            yield Trap(
                "wrong axis",
                ast.unparse(call)[:80],
                f"axis {axis} is not that of the classes of "
                + ("N×K×H×W, as PyTorch gives scores" if torch else "N×H×W×K, as Keras does"),
                "argmax(dim=1)" if torch else "argmax(axis=-1)",
                call.lineno,
            )
            return


def _less_softmax(node: ast.expr) -> ast.expr:
    """Of ``softmax(x)`` what is within; its axis says nothing of this one."""
    while isinstance(node, ast.Call) and last_name(node.func) == "softmax":
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        named = owner is None or last_name(owner) in ("F", "torch", "functional", "nn", "tf")
        inner = (node.args[0] if node.args else None) if named else owner
        if inner is None:
            return node
        node = inner
    return node


def _axis(call: ast.Call, at: int) -> int | None:
    named = next((word.value for word in call.keywords if word.arg in ("dim", "axis")), None)
    node = named or (call.args[at] if len(call.args) > at else None)
    value = plain(node) if node is not None else None
    return value if isinstance(value, int) else None


def _weights(code: Code, names: Definitions) -> Iterator[Trap]:
    """A network that is asked as it was drawn, half loaded, or as in training."""
    if not _TORCH.search(code.text):
        return
    asked: dict[ast.AST | None, ast.Call] = {}
    for call in (node for node in code.nodes if isinstance(node, ast.Call)):
        if _NETWORKS.match(last_name(call.func)):
            asked.setdefault(names.function(call), call)
    for function, call in asked.items():
        body = _text_of(function or code.tree)
        if _TRAINS.search(body) or not _SAVED.search(body):
            continue
        # A network that comes from elsewhere may have been loaded, and set to evaluate, there.
        made = names.calls(call.func)
        built = any(name[:1].isupper() for name in made)
        if built and not _LOADS.search(body):
            yield Trap(
                "not loaded",
                ast.unparse(call)[:80],
                "no weights are loaded before it: the network answers as it was drawn at random",
                'net.load_state_dict(torch.load("last.pth"))',
                call.lineno,
            )
        if (built or _LOADED.search(" ".join(made))) and not _EVALUATES.search(body):
            yield Trap(
                "not evaluating",
                ast.unparse(call)[:80],
                "dropout and batch norm work as in training: answers hang on the batch",
                "net.eval() before the first prediction",
                call.lineno,
            )
    for call in code.calls("load_state_dict"):
        body = _text_of(names.function(call) or code.tree)
        loose = any(word.arg == "strict" and ast.unparse(word.value) == "False"
                    for word in call.keywords)  # fmt: skip
        if loose and _USES.search(body) and not _TRAINS.search(body):
            yield Trap(
                "not strict",
                ast.unparse(call)[:80],
                "names that do not fit are skipped without an error, and those layers stay random",
                "load_state_dict(..., strict=True), which names what does not fit",
                call.lineno,
            )


def _text_of(place: ast.AST) -> str:
    """Of a function, or of what stands outside of all functions and classes."""
    if not isinstance(place, ast.Module):
        return ast.unparse(place)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return "\n".join(ast.unparse(node) for node in place.body if not isinstance(node, kinds))


# Loading a backbone for training leaves its last layer out on purpose; this is code that predicts.
_USES = re.compile(r"(?<!\w)eval\(\)|no_grad\(\)|inference_mode\(\)")
_NETWORKS = re.compile(r"^(?:net|model|network|unet)$")
_LOADED = re.compile(r"\bload\b")
_SAVED = re.compile(r"\b(?:imwrite|save|imsave|save_img|save_image)\(")
_EVALUATES = re.compile(
    r"(?<!\w)eval\(\)|\.train\((?:mode=)?False\)|jit\.load|onnx|Trainer|Predictor|pipeline\("
)
