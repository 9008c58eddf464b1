"""Export keeps what the network computes, on any batch size, and says so when it does not."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from bedside.deployment.engine import open_engine
from bedside.deployment.export import export_network, prove_parity, torch_network
from bedside.errors import PackageError


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(1)
    return {"xray.values": rng.integers(0, 256, (5, 1, 16, 16), dtype=np.uint8)}


@pytest.fixture(scope="module")
def exported(tmp_path_factory, tiny_network, arrays):
    path = tmp_path_factory.mktemp("onnx") / "network.onnx"
    network = tiny_network().train()
    export_network(network, arrays, path)
    assert network.training  # the caller's network is left as it was
    return path


def test_network_has_the_names_dtype_and_free_batch_axis_of_its_inputs(exported):
    graph = onnx.load(exported).graph
    (port,) = graph.input
    assert (port.name, port.type.tensor_type.elem_type) == ("xray.values", onnx.TensorProto.UINT8)
    axes = port.type.tensor_type.shape.dim
    assert axes[0].dim_param
    assert [axis.dim_value for axis in axes[1:]] == [1, 16, 16]
    assert [port.name for port in graph.output] == ["logits"]


def test_file_is_the_only_one_and_tells_nothing_of_the_machine(exported):
    assert [path.name for path in exported.parent.iterdir()] == ["network.onnx"]
    content = exported.read_bytes()
    places = [Path(__file__).parent, Path(torch.__file__).parent, exported.parent]
    for trace in (*map(str, places), ".py", "stack_trace", "TinyNetwork"):
        assert trace.encode() not in content, trace


def test_same_network_gives_the_same_bytes_silently(
    exported, tiny_network, arrays, tmp_path, capfd
):
    export_network(tiny_network(), arrays, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == exported.read_bytes()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_parity_is_proven_in_evaluation_mode(exported, tiny_network, arrays, engine):
    network = tiny_network().train()
    difference = prove_parity(network, open_engine(exported, engine=engine), arrays)
    assert 0 <= difference < 1e-5
    network.eval()
    with torch.no_grad():
        direct = network({"xray.values": torch.from_numpy(arrays["xray.values"])})["logits"]
    np.testing.assert_array_equal(torch_network(network)(arrays)["logits"], direct.numpy())


def test_parity_fails_naming_the_difference_when_a_weight_changed(exported, tiny_network, arrays):
    altered = tiny_network()
    with torch.no_grad():
        altered.linear.bias += 0.003
    with pytest.raises(PackageError, match=r"'logits' within 1e-4.*got a difference of 0\.002"):
        prove_parity(altered, open_engine(exported), arrays)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"other": np.zeros((1, 1), "f4")}, "got other"),
        ({"logits": np.zeros((1, 2), "f4")}, r"got shape \(1, 2\)"),
        ({"logits": np.full((1, 1), np.nan, "f4")}, "not finite"),
    ],
)
def test_parity_fails_on_other_outputs_shapes_and_nan(tiny_network, arrays, answer, message):
    with pytest.raises(PackageError, match=message):
        prove_parity(tiny_network(), lambda _: answer, arrays)


def test_one_example_is_enough_and_an_unused_input_stays_an_input(tiny_network, tmp_path):
    class Maskless(tiny_network):
        def forward(self, arrays):
            return super().forward({"xray.values": arrays["xray.values"]})

    example = {
        "xray.values": np.zeros((1, 1, 16, 16), np.uint8),
        "xray.mask": np.ones((1, 16), bool),
    }
    export_network(Maskless(), example, tmp_path / "network.onnx")
    run = open_engine(tmp_path / "network.onnx")
    many = {name: np.repeat(array, 9, axis=0) for name, array in example.items()}
    assert run(many)["logits"].shape == (9, 1)


def test_a_network_that_cannot_be_traced_is_refused(tiny_network, arrays, tmp_path):
    class Branching(tiny_network):
        def forward(self, arrays):
            outputs = super().forward(arrays)
            return outputs if outputs["logits"].sum() > 0 else {"logits": -outputs["logits"]}

    with pytest.raises(PackageError, match="expected one that exports to ONNX"):
        export_network(Branching(), arrays, tmp_path / "network.onnx")
    assert not list(tmp_path.glob("*.onnx"))
