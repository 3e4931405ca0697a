"""The files that a network can be exported to, and how each is read again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from model.exporting.graph import Graph, quiet
from segdata.errors import MissingExtra, UserError

Array = npt.NDArray[Any]
Description = Mapping[str, Any]
Runner = Callable[[Array], Array]

# Read by onnxruntime since 1.14 (February 2023); torch writes none that is older. Of the container
# torch writes version 10, which nothing before 1.18 opens; the opset came with version 8
# (onnx/docs/Versioning.md), whose readers pass over what was added since: notes on nodes.
ONNX_OPSET, ONNX_IR = 18, 8
# The description's name inside .pt2 and .tflite files.
DESCRIPTION = "segdata.json"


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Args:
        name: as ``--to`` says it.
        suffix: of its files.
        packages: the modules that it needs beside torch.
        is_dynamic: whether one file takes any batch, and any size unless one is asked for.
        encode: the file's bytes.
        load: bytes of such a file as a function of an input array.
        missing: the error that says how to install the packages.
    """

    name: str
    suffix: str
    packages: tuple[str, ...]
    is_dynamic: bool
    encode: Callable[[Graph, Description], bytes]
    load: Callable[[bytes], Runner]
    missing: Callable[[str], UserError]

    def lack(self) -> UserError | None:
        """The error that says what is not installed; None if nothing is."""
        absent = [package for package in self.packages if find_spec(package) is None]
        return self.missing(absent[0]) if absent else None


def _encode_onnx(graph: Graph, description: Description) -> bytes:
    with quiet():
        exported = torch.onnx.export(
            graph.program, dynamo=True, opset_version=ONNX_OPSET, verbose=False,
            input_names=["images"], output_names=[graph.interface.output],
            dynamic_shapes=(graph.symbols,),
        )  # fmt: skip
    assert exported is not None
    model = exported.model_proto
    model.ir_version = ONNX_IR
    for key, value in description.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        model.metadata_props.add(key=key, value=text)
    data: bytes = model.SerializeToString()
    return data


def _load_onnx(data: bytes) -> Runner:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Warnings are of its own optimizer's business.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    (place,) = session.get_inputs()
    return lambda images: np.asarray(session.run(None, {place.name: images})[0])


def _encode_torch(graph: Graph, description: Description) -> bytes:
    file = io.BytesIO()
    text = json.dumps(description, ensure_ascii=False)
    torch.export.save(graph.program, file, extra_files={DESCRIPTION: text})
    return file.getvalue()


def _load_torch(data: bytes) -> Runner:
    module = torch.export.load(io.BytesIO(data)).module()

    def run(images: Array) -> Array:
        with torch.inference_mode():
            return np.asarray(module(torch.from_numpy(images)).numpy())

    return run


def _encode_tflite(graph: Graph, description: Description) -> bytes:
    with torch.no_grad(), quiet():
        import litert_torch

        converted = litert_torch.convert(graph.deployed, (graph.example(batch=1),))
        file = io.BytesIO(converted.model_content())
    # As TensorFlow's own metadata: a ZIP archive behind the model.
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(DESCRIPTION, json.dumps(description, ensure_ascii=False))
        names = [entry["name"] for entry in description["classes"]]
        archive.writestr("labels.txt", "".join(f"{name}\n" for name in names))
    return file.getvalue()


def _load_tflite(data: bytes) -> Runner:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data, num_threads=torch.get_num_threads())
    interpreter.allocate_tensors()
    (place,), (answer,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(images: Array) -> Array:
        interpreter.set_tensor(place["index"], images)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(answer["index"]))

    return run


def _in_the_extra(package: str) -> UserError:
    return MissingExtra(package, "export")


def _apart(package: str) -> UserError:
    error = MissingExtra(package.replace("_", "-"), "tflite")
    error.remedy = (
        "it needs older versions of other packages, so it lives in an environment of its own, on "
        'Linux and Macs: pip install "segdata[train]" litert-torch, or, in a clone of segdata, '
        'pip install -e ".[train]" litert-torch'
    )
    return error


FORMATS: Mapping[str, Format] = {
    kind.name: kind
    for kind in (
        Format("onnx", ".onnx", ("onnx", "onnxscript", "onnxruntime"), True, _encode_onnx,
               _load_onnx, _in_the_extra),
        Format("torch-export", ".pt2", (), True, _encode_torch, _load_torch, _in_the_extra),
        Format("tflite", ".tflite", ("litert_torch",), False, _encode_tflite, _load_tflite,
               _apart),
    )
}  # fmt: skip
