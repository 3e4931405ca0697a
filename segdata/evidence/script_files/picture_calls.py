"""What single calls do to pictures: which open them, and which change their values."""

from __future__ import annotations

import ast
from dataclasses import replace

from segdata.evidence.picture_reads import PictureRead, Reader, Step, StepKind
from segdata.evidence.script_files.code import last_name

_FULL = 255
_IMREADS = ("imread", "imread_v2")
_DECODERS = ("decode_png", "decode_jpeg", "decode_image", "decode_bmp")
_SMOOTH = ("BILINEAR", "BICUBIC", "LANCZOS", "ANTIALIAS", "INTER_LINEAR", "INTER_CUBIC",
           "INTER_AREA", "INTER_LANCZOS4", "bilinear", "bicubic")  # fmt: skip
_PREPARED = ("preprocess_input", "preprocessing_fn", "preprocess_fn", "image_processor",
             "feature_extractor", "processor")  # fmt: skip
# What keeps the meaning of values: shapes, types, containers.
_KEEPING_MODULES = frozenset({
    "np", "numpy", "torch", "tf", "cv2", "Image", "PIL", "jnp", "K", "backend", "io", "image",
    "random", "F", "TF", "A", "T", "transforms", "functional", "PIL.Image", "ImageOps", "nn",
})  # fmt: skip
_KEEPING = frozenset({
    "list", "tuple", "zip", "enumerate", "reversed", "stack", "float", "int", "len", "array",
    "asarray", "from_numpy", "tensor", "fromarray", "expand_dims", "resize", "Variable", "print",
    "unsqueeze", "transpose", "img_to_array", "flip", "rotate", "tqdm", "map", "isinstance",
})  # fmt: skip


def reader_of(call: ast.Call) -> tuple[Reader, bool] | None:
    """Which library a call opens a picture with, and whether for one channel of brightness."""
    name, owner = last_name(call.func), owner_of(call)
    if name == "open" and owner == "Image":
        return "pillow", False
    if name in _IMREADS and owner == "cv2":
        text = " ".join(map(ast.unparse, [*call.args[1:], *(w.value for w in call.keywords)]))
        if "UNCHANGED" in text or text == "-1" or "ANYDEPTH" in text:
            return "opencv stored", False
        return "opencv", text == "0" or "GRAYSCALE" in text
    if name in _DECODERS and owner in ("io", "image", "tf"):
        channels = _argument(call, "channels", 1)
        return "tensorflow", isinstance(channels, ast.Constant) and channels.value == 1
    if name == "load_img":
        mode = _argument(call, "color_mode", 1)
        return "keras", mode is not None and "gray" in ast.unparse(mode)
    if name in _IMREADS:
        return ("matplotlib", False) if owner in ("plt", "mpimg", "pyplot") else ("other", False)
    return ("other", False) if name in ("read_image", "get_fdata", "ReadImage") else None


def first_steps(call: ast.Call, read: PictureRead) -> PictureRead:
    """Matplotlib gives PNGs as 0 to 1."""
    if read.reader == "matplotlib":
        return read.then(Step("divided", read.text, read.line))
    return read


def changed(call: ast.Call, read: PictureRead) -> PictureRead | None:
    """The picture behind a call; None where nobody knows what the call does."""
    name = last_name(call.func)
    text = ast.unparse(call)
    if name == "convert":
        mode = call.args[0] if call.args else None
        return replace(read, grey=isinstance(mode, ast.Constant) and mode.value == "L")
    if name == "cvtColor":
        return _recolored(read, text)
    for kind in _kinds(call, read):
        read = read.then(step(kind, call))
    if name in ("astype", "float", "double", "float32", "float64", "array", "asarray", "cast"):
        # ToTensor does not divide what is no uint8.
        whole = "uint8" in text or (name in ("array", "asarray") and "float" not in text)
        return read if whole else replace(read, floats=True)
    if name in ("resize", "interpolate"):
        return read.then(step("smooth", call)) if _is_smooth(call, text) else read
    return read if _keeps(call) or _kinds(call, read) else None


def _kinds(call: ast.Call, read: PictureRead) -> tuple[StepKind, ...]:
    """What functions of known names do to the values."""
    name = last_name(call.func)
    if name in ("to_tensor", "ToTensor"):
        return () if read.floats else ("divided",)
    if name in ("normalize", "Normalize") and owner_of(call) in ("F", "TF", "functional", "T", ""):
        return ("normalized",)
    if name == "convert_image_dtype":
        return ("divided",)
    if name in ("div", "div_", "true_divide", "divide") and any(map(is_255, call.args)):
        return ("divided",)
    if name in ("mul", "mul_", "multiply") and any(map(is_255, call.args)):
        return ("undivided",)
    if name in ("threshold", "binarize", "point"):
        return ("threshold",)
    if name in ("unique", "searchsorted"):
        return ()
    return ("prepared",) if name in _PREPARED else ()


def is_255(node: ast.AST) -> bool:
    """255, 255.0, 127.5, and what is made of them: ``np.float32(255)``."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    return isinstance(node, ast.Constant) and node.value in (255, 127.5, 256)


def holds_for_255(compare: ast.Compare) -> bool:
    """Whether 255 is among the values that a comparison picks."""
    bound, asked = compare.comparators[0], compare.ops[0]
    number = bound.value if isinstance(bound, ast.Constant) else None
    if not isinstance(number, (int, float)):
        return False
    return (
        (isinstance(asked, ast.Eq) and number == _FULL)
        or (isinstance(asked, ast.Gt) and number < _FULL)
        or (isinstance(asked, ast.GtE) and number <= _FULL)
        or (isinstance(asked, ast.NotEq) and number == 0)
    )


def step(kind: StepKind, node: ast.stmt | ast.expr, bound: float | None = None) -> Step:
    return Step(kind, ast.unparse(node)[:80], node.lineno, bound)


def _recolored(read: PictureRead, text: str) -> PictureRead:
    if "GRAY" in text.partition("2")[2]:
        return replace(read, grey=True)
    if "BGR2RGB" in text or "RGB2BGR" in text or "BGRA2RGB" in text:
        return replace(read, swapped=not read.swapped)
    return read


def _is_smooth(call: ast.Call, text: str) -> bool:
    """Whether a resize blends neighbors: said so, or left to OpenCV's and torchvision's default."""
    if "NEAREST" in text or "nearest" in text:
        return False
    if any(name in text for name in _SMOOTH):
        return True
    return owner_of(call) in ("cv2", "F", "TF") and "interpolation" not in text


def _keeps(call: ast.Call) -> bool:
    """Methods of the picture itself, and functions of the usual libraries."""
    if last_name(call.func) in _KEEPING:
        return True
    if isinstance(call.func, ast.Attribute):
        return owner_of(call) in _KEEPING_MODULES
    return False


def owner_of(call: ast.Call) -> str:
    return last_name(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _argument(call: ast.Call, name: str, at: int) -> ast.expr | None:
    named = next((word.value for word in call.keywords if word.arg == name), None)
    return named or (call.args[at] if len(call.args) > at else None)
