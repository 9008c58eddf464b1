"""The one seam to the engines that run a package's network.

Enters: an ONNX network (its bytes or its file) and the name of an engine.
Leaves: a `Network`: named arrays in, named arrays out, first axis B of any size.
The precision is always set by name: left alone, OpenVINO takes bf16 on CPUs
with AMX without saying so.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from bedside.errors import PackageError, nearest, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bedside.schema import Array, Arrays, Network

EngineName: TypeAlias = Literal["openvino", "onnxruntime"]
Precision: TypeAlias = Literal["float32", "bf16"]

_ELEMENTS = {"u8": "uint8", "f32": "float32", "i32": "int32", "i64": "int64", "boolean": "bool"}
_ORT_ELEMENTS = {
    "tensor(uint8)": "uint8",
    "tensor(float)": "float32",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


def open_engine(
    network: bytes | Path,
    *,
    engine: EngineName = "openvino",
    threads: int | None = None,
    precision: Precision = "float32",
) -> Network:
    """Compile an ONNX network for this machine's CPU.

    Args:
        network: the bytes of the ONNX file, or its path.
        engine: which engine runs it.
        threads: threads the engine may use; None lets it take the physical cores.
        precision: arithmetic of the network; ``bf16`` only with OpenVINO.

    Returns:
        A callable on named arrays; safe to call from several threads, one at a time inside.

    Raises:
        PackageError: the engine is unknown or not installed, or cannot read the network.
    """
    openers: Mapping[str, Callable[[bytes, int | None, Precision], Network]] = {
        "openvino": _open_openvino,
        "onnxruntime": _open_onnxruntime,
    }
    if engine not in openers:
        raise PackageError(f"Unknown engine '{engine}'. {nearest(engine, openers)}")
    content = network.read_bytes() if isinstance(network, Path) else network
    return openers[engine](content, threads, precision)


def engine_version(engine: EngineName) -> str:
    """Version of an installed engine, as it names itself."""
    module = _import_openvino() if engine == "openvino" else _import_onnxruntime()
    return str(module.__version__)


def has_bf16() -> bool:
    """Whether this machine's processor computes in bf16, as OpenVINO sees it."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@cache
def _core() -> Any:
    """The process's one OpenVINO core.

    Its CPU plugin gives the calling thread a stack for signals. Of two cores that end in the order
    of their birth the second puts back the stack that the first has freed, and the next Ctrl-C
    ends in a segmentation fault.
    """
    return _import_openvino().Core()


def _import_openvino() -> Any:
    """Import OpenVINO without the tools that report the import to its maker.

    ``import openvino`` imports its model converter, which sends a usage event over
    the network unless the user has opted out. OpenVINO works without the
    converter and says so itself, by catching ImportError around that import.
    """
    converter = "openvino.tools.ovc"
    block = "openvino" not in sys.modules and converter not in sys.modules
    if block:
        sys.modules[converter] = None  # type: ignore[assignment]  # makes the import fail
    try:
        return import_module("openvino")
    except ImportError:
        raise _missing("openvino", "pip install openvino") from None
    finally:
        if block:
            del sys.modules[converter]


def _import_onnxruntime() -> Any:
    """Import ONNX Runtime told to report to nobody, which only works before the import."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        return import_module("onnxruntime")
    except ImportError:
        raise _missing("onnxruntime", "pip install 'bedside[onnxruntime]'") from None


def _missing(engine: str, command: str) -> PackageError:
    return PackageError(
        sentence(
            f"Engine '{engine}'",
            expected="it to be installed",
            got="no such Python package",
            remedy=f"Install it with: {command}",
        )
    )


@dataclass(frozen=True)
class _Port:
    """One input of a network: element type, and axes with None where any size fits."""

    dtype: str
    shape: tuple[int | None, ...]


def _checked(arrays: Arrays, ports: Mapping[str, _Port]) -> Arrays:
    """Keep the arrays that a network takes, C-contiguous, and refuse unfit ones.

    Engines read past or reinterpret what does not fit, or say so in words of
    their own; arrays the network does not use are left out.
    """
    fit: Arrays = {}
    for name, port in ports.items():
        array = arrays.get(name)
        wanted = f"{port.dtype} {_axes(port.shape)}"
        if array is None:
            raise _unfit(name, wanted, f"only {', '.join(sorted(arrays))}" if arrays else "none")
        same = len(array.shape) == len(port.shape) and all(
            want is None or want == got for want, got in zip(port.shape, array.shape, strict=True)
        )
        if not same or str(array.dtype) != port.dtype:
            raise _unfit(name, wanted, f"{array.dtype} {_axes(array.shape)}")
        fit[name] = np.ascontiguousarray(array)
    return fit


def _axes(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("B" if size is None else str(size) for size in shape) + ")"


def _unfit(name: str, wanted: str, got: str) -> PackageError:
    return PackageError(
        sentence(
            f"Network input '{name}'",
            expected=wanted,
            got=got,
            remedy="Prepare the case with the package's own modality and state",
        )
    )


def _unreadable(engine: str, error: Exception) -> PackageError:
    return PackageError(
        sentence(
            "Network",
            expected=f"an ONNX file that {engine} reads",
            got=f"a {type(error).__name__} from it",
            remedy=f"Copy the package again from its run, or update {engine}",
        )
    )


def _open_openvino(content: bytes, threads: int | None, precision: Precision) -> Network:
    options: dict[str, object] = {
        "INFERENCE_PRECISION_HINT": "f32" if precision == "float32" else "bf16",
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
    }
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    core = _core()
    try:
        model = core.read_model(content)
        # compiling merges the names of tensors it finds equal, so ask before
        names = [port.get_any_name() for port in model.outputs]
        taken = [port.get_any_name() for port in model.inputs]
        compiled = core.compile_model(model, "CPU", options)
    except RuntimeError as error:
        raise _unreadable("OpenVINO", error) from error
    ports = {
        name: _Port(
            _ELEMENTS.get(port.element_type.get_type_name(), "unknown"),
            tuple(None if axis.is_dynamic else axis.get_length() for axis in port.partial_shape),
        )
        for name, port in zip(taken, compiled.inputs, strict=True)
    }
    request, lock = compiled.create_infer_request(), Lock()

    def run(arrays: Arrays) -> Arrays:
        fit = _checked(arrays, ports)
        with lock:  # one request holds one set of buffers
            answers = request.infer(fit, share_inputs=True)
            return {name: _own(answers[i]) for i, name in enumerate(names)}

    return run


def _own(answer: Array) -> Array:
    """Copy out of the engine's buffer, which the next call overwrites."""
    return np.array(answer)


def _open_onnxruntime(content: bytes, threads: int | None, precision: Precision) -> Network:
    if precision != "float32":
        raise PackageError(
            sentence(
                "Engine 'onnxruntime'",
                expected="precision float32",
                got=precision,
                remedy="Use float32, or the engine openvino",
            )
        )
    runtime = _import_onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors only
    if threads is not None:
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
    try:
        session = runtime.InferenceSession(
            content, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors share no base class of their own
        raise _unreadable("ONNX Runtime", error) from error
    ports = {
        port.name: _Port(
            _ORT_ELEMENTS.get(port.type, "unknown"),
            tuple(axis if isinstance(axis, int) else None for axis in port.shape),
        )
        for port in session.get_inputs()
    }
    names = [port.name for port in session.get_outputs()]

    def run(arrays: Arrays) -> Arrays:
        answers = session.run(names, _checked(arrays, ports))
        return dict(zip(names, answers, strict=True))

    return run
