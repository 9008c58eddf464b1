"""Both engines give the same numbers for any batch size, and refuse what does not fit."""

import subprocess
import sys

import numpy as np
import pytest

from bedside.deployment.engine import engine_version, open_engine
from bedside.errors import PackageError


@pytest.fixture(scope="module")
def content(written_once):
    return (written_once / "network.onnx").read_bytes()


def batch(n):
    rng = np.random.default_rng(n)
    return {"xray.values": rng.integers(0, 256, (n, 1, 16, 16), dtype=np.uint8)}


@pytest.mark.parametrize("n", [1, 2, 256])
def test_engines_agree_on_every_batch_size(content, n):
    arrays = batch(n)
    first = open_engine(content, threads=1)(arrays)["logits"]
    second = open_engine(content, engine="onnxruntime", threads=1)(arrays)["logits"]
    assert first.shape == (n, 1)
    assert first.dtype == np.float32
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


def test_a_batch_equals_its_cases_and_answers_stay_after_the_next_call(content):
    run = open_engine(content)
    arrays = batch(7)
    together = run(arrays)["logits"]
    kept = together.copy()
    single = [run({"xray.values": arrays["xray.values"][i : i + 1]})["logits"] for i in range(7)]
    np.testing.assert_allclose(np.concatenate(single), kept, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(together, kept)


def test_strided_arrays_and_arrays_the_network_does_not_use_are_fine(content):
    arrays = batch(8)
    thinned = {"xray.values": arrays["xray.values"][::2], "xray.other": np.zeros(4)}
    run = open_engine(content)
    np.testing.assert_allclose(
        run(thinned)["logits"], run(arrays)["logits"][::2], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
@pytest.mark.parametrize(
    ("arrays", "got"),
    [
        ({}, r"got none\."),
        ({"other": np.zeros(1)}, r"got only other\."),
        ({"xray.values": np.zeros((1, 1, 16, 16), np.float32)}, "got float32"),
        ({"xray.values": np.zeros((1, 1, 16, 15), np.uint8)}, r"got uint8 \(1, 1, 16, 15\)"),
        ({"xray.values": np.zeros((1, 16, 16), np.uint8)}, r"got uint8 \(1, 16, 16\)"),
    ],
)
def test_unfit_arrays_are_refused_in_one_sentence(content, engine, arrays, got):
    message = rf"'xray\.values': expected uint8 \(B, 1, 16, 16\), {got}"
    with pytest.raises(PackageError, match=message):
        open_engine(content, engine=engine)(arrays)


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_junk_is_refused_and_nothing_reaches_the_terminal(engine, capfd):
    with pytest.raises(PackageError, match="Copy the package again"):
        open_engine(b"junk", engine=engine)
    assert capfd.readouterr() == ("", "")


def test_a_missing_engine_names_the_extra(content, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(PackageError, match=r"pip install 'bedside\[onnxruntime\]'"):
        open_engine(content, engine="onnxruntime")
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(PackageError, match="pip install openvino"):
        engine_version("openvino")


def test_an_unknown_engine_and_an_unknown_precision_are_refused(content):
    with pytest.raises(PackageError, match="Did you mean 'openvino'"):
        open_engine(content, engine="openvin")
    with pytest.raises(PackageError, match="expected precision float32, got bf16"):
        open_engine(content, engine="onnxruntime", precision="bf16")


def test_precision_is_set_by_name(content, monkeypatch):
    import openvino

    seen = []
    compile_model = openvino.Core.compile_model

    def spy(self, model, device, options):
        seen.append(options["INFERENCE_PRECISION_HINT"])
        return compile_model(self, model, device, options)

    monkeypatch.setattr(openvino.Core, "compile_model", spy)
    open_engine(content)
    open_engine(content, precision="bf16")
    assert seen == ["f32", "bf16"]


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_opening_an_engine_reports_to_nobody(written_once, tmp_path, engine):
    script = """
import sys
def refuse(event, _):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(refuse)
from pathlib import Path
from bedside.deployment.engine import open_engine
open_engine(Path(sys.argv[1]), engine=sys.argv[2])
assert not [name for name in sys.modules if "telemetry" in name]
assert "openvino.tools.ovc" not in sys.modules  # no stump left for who imports it later
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(written_once / "network.onnx"), engine],
        check=False,
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": ""},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


def test_an_interrupt_is_heard_after_engines_have_come_and_gone(written_once):
    script = """
import signal, sys
from pathlib import Path
from bedside.deployment.engine import open_engine
first = open_engine(Path(sys.argv[1]))
second = open_engine(Path(sys.argv[1]))
del first, second
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("heard")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(written_once / "network.onnx")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "heard\n"), done.stderr


def test_outputs_keep_their_names_where_the_network_ends_in_no_ops(tmp_path):
    import torch
    from torch import nn

    from bedside.deployment.export import export_network
    from bedside.models.features import Features
    from bedside.models.heads import LogitHead

    class Plain(nn.Module):
        """A head whose calibration does nothing: shift 0, temperature 1."""

        def __init__(self) -> None:
            super().__init__()
            self.head = LogitHead(16, 1)

        def forward(self, arrays):
            values = arrays["xray.values"].float().flatten(1)
            return self.head(Features(values), arrays)

    torch.manual_seed(0)
    arrays = {"xray.values": np.random.default_rng(0).random((3, 1, 4, 4), dtype=np.float32)}
    export_network(Plain().eval(), arrays, tmp_path / "network.onnx")
    for engine in ("openvino", "onnxruntime"):
        answers = open_engine(tmp_path / "network.onnx", engine=engine, threads=1)(arrays)
        assert set(answers) == {"logits"}
        assert answers["logits"].shape == (3, 1)
