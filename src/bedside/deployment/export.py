"""From the trained network to ONNX, and the proof that both compute the same.

Enters: a trained network (torch) and one batch of its named arrays.
Leaves: one ONNX file whose bytes depend on the network alone, and the largest
difference found between the two. The only module of the package that imports torch.
"""

from __future__ import annotations

import copy
import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

from bedside.errors import PackageError, sentence
from bedside.models.network import as_callable
from bedside.run_folder import atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import onnx
    from torch import nn

    from bedside.schema import Arrays, Network

ABSOLUTE = 1e-4
RELATIVE = 1e-4
BATCH_SIZES = (1, 3, 17)
_OPSET = 20


def export_network(network: nn.Module, example: Arrays, path: Path) -> None:
    """Write a network as one ONNX file with a dynamic batch axis.

    Args:
        network: takes a dict of tensors, answers one; exported in evaluation mode,
            from a copy on the CPU in float32.
        example: any batch of its named arrays, at least one case; the dtypes and
            all axes but the first become fixed.
        path: the ONNX file; written atomically.

    Raises:
        PackageError: the exporter cannot trace the network.
    """
    module = _settled(network)
    # The exporter fixes an axis of length 1; three rows keep the batch axis free.
    tensors = _tensors(_rows(example, 3))
    with torch.no_grad():
        outputs = list(module({name: tensor.clone() for name, tensor in tensors.items()}))
    batch = torch.export.Dim("batch")
    with _quiet():
        try:
            program = torch.onnx.export(
                module,
                (),
                kwargs={"arrays": tensors},
                dynamo=True,
                opset_version=_OPSET,
                input_names=list(tensors),
                output_names=outputs,
                dynamic_shapes={"arrays": {name: {0: batch} for name in tensors}},
                verbose=False,
            )
        except Exception as error:
            raise _not_exported(type(error).__name__) from error
    if program is None:
        raise _not_exported("nothing")
    proto = program.model_proto
    _strip(proto)
    if sorted(port.name for port in proto.graph.input) != sorted(tensors):
        raise _not_exported("other input names")
    with atomic(path) as partial:
        partial.write_bytes(proto.SerializeToString(deterministic=True))


def torch_network(network: nn.Module) -> Network:
    """The trained network as a callable on arrays: a copy, evaluation mode, CPU, float32."""
    return as_callable(_settled(network))


def prove_parity(network: nn.Module, engine_network: Network, arrays: Arrays) -> float:
    """Compare a trained network with its exported form on batches of 1, 3 and 17 cases.

    Args:
        network: the trained network.
        engine_network: the exported one, opened in an engine.
        arrays: named arrays, first axis at least 1; repeated to reach 17 cases.

    Returns:
        The largest absolute difference of any output.

    Raises:
        PackageError: some |difference| exceeds 1e-4 + 1e-4 |reference|, or an output
            is missing, of another shape, or not finite.
    """
    reference_network = torch_network(network)
    largest = 0.0
    for size in BATCH_SIZES:
        batch = _rows(arrays, size)
        reference, answer = reference_network(batch), engine_network(batch)
        if sorted(reference) != sorted(answer):
            raise _unlike("other outputs", ", ".join(sorted(answer)) or "none")
        for name, expected in reference.items():
            largest = max(largest, _difference(expected, answer[name], name=name))
    return largest


def _difference(expected: np.ndarray, got: np.ndarray, *, name: str) -> float:
    if expected.shape != got.shape:
        raise _unlike(f"output '{name}' of shape {expected.shape}", f"shape {got.shape}")
    difference = np.abs(got.astype(np.float64) - expected.astype(np.float64))
    if not np.isfinite(difference).all():
        raise _unlike(f"finite values of '{name}'", "values that are not finite")
    if (difference > ABSOLUTE + RELATIVE * np.abs(expected)).any():
        raise _unlike(
            f"'{name}' within 1e-4 + 1e-4 of the trained network's",
            f"a difference of {difference.max():.3g}",
        )
    return float(difference.max(initial=0.0))


def _unlike(expected: str, got: str) -> PackageError:
    return PackageError(
        sentence(
            "Exported network",
            expected=expected,
            got=got,
            remedy="Choose another encoder, or report this one with its study file",
        )
    )


def _not_exported(got: str) -> PackageError:
    return PackageError(
        sentence(
            "Network",
            expected="one that exports to ONNX with a dynamic batch axis",
            got=got,
            remedy="Choose another encoder, or rewrite its forward without Python branches on data",
        )
    )


def _settled(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode on the CPU, so that the caller's network stays as it is."""
    return copy.deepcopy(network).to("cpu", torch.float32).eval()


def _rows(arrays: Arrays, size: int) -> Arrays:
    """The first `size` rows, repeated from the start where there are fewer."""
    n = len(next(iter(arrays.values())))
    return {name: arrays[name][np.arange(size) % n] for name in sorted(arrays)}


def _tensors(arrays: Arrays) -> dict[str, torch.Tensor]:
    # Sorted, because the exporter's order of a dict's entries is not promised.
    return {name: torch.from_numpy(np.ascontiguousarray(arrays[name])) for name in sorted(arrays)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the exporter's notes, which speak of its own insides and absent extras."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _strip(proto: onnx.ModelProto) -> None:
    """Drop traces of the machine and the source code: paths, stack traces, symbols."""
    proto.ClearField("metadata_props")
    proto.ClearField("doc_string")
    _strip_graph(proto.graph)
    for function in proto.functions:
        function.ClearField("metadata_props")
        function.ClearField("doc_string")
        _strip_nodes(function.node)


def _strip_graph(graph: onnx.GraphProto) -> None:
    graph.ClearField("value_info")
    for part in (graph, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    _strip_nodes(graph.node)


def _strip_nodes(nodes: Iterable[onnx.NodeProto]) -> None:
    for node in nodes:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
        for attribute in node.attribute:
            if attribute.HasField("g"):  # the body of a loop or a branch
                _strip_graph(attribute.g)
