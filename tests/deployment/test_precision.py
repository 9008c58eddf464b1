"""bf16 only where validation shows no harm; the choice is written down and read back."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.deployment import export, packing, precision
from bedside.deployment.package import read_package
from bedside.deployment.packing import write_package
from bedside.deployment.precision import Choice, Judged, choose_precision
from bedside.deployment.predictor import load
from bedside.deployment.selfcheck import SelfCheck, run_check
from bedside.errors import PackageError


def judged(contents_of, cases=300):
    contents = contents_of()
    values = np.random.default_rng(3).integers(0, 256, (cases, 1, 16, 16), dtype=np.uint8)
    return Judged(contents.task, contents.task_state, {"xray.values": values})


@pytest.fixture
def engines(monkeypatch):
    """A processor with bf16, whose bf16 answers are off by what `off` says."""
    off = {"logits": 0.0}

    def opened(path, *, precision="float32", **_):
        def run(arrays):
            logits = arrays["xray.values"].astype(np.float64).mean((2, 3)) / 64 - 2
            return {"logits": logits + (off["logits"] if precision == "bf16" else 0)}

        return run

    monkeypatch.setattr(precision, "open_engine", opened)
    monkeypatch.setattr(precision, "has_bf16", lambda: True)
    return off


def test_a_named_precision_is_taken_without_a_trial(tmp_path):
    assert choose_precision("float32", {"network": tmp_path}) == Choice()
    named = choose_precision("bf16", {"network": tmp_path})
    assert (named.precision, named.cases) == ("bf16", None)


@pytest.mark.parametrize(
    ("off", "chosen"),
    [(0.0, "bf16"), (0.039, "bf16"), (0.05, "float32"), (-0.05, "float32"), (np.nan, "float32")],
)  # logits near zero: a quarter of the shift reaches the probability
def test_auto_is_bf16_where_no_probability_moves_far(tmp_path, contents_of, engines, off, chosen):
    engines["logits"] = off
    choice = choose_precision("auto", {"network": tmp_path}, judged(contents_of))
    assert choice.precision == chosen
    assert choice.cases == 300
    if not np.isnan(off):
        assert choice.largest_change == pytest.approx(abs(off) / 4, rel=0.1, abs=1e-9)
        words = "stay within" if chosen == "bf16" else "do not stay within"
        assert choice.why == f"validation probabilities {words} 0.01 of float32"


def test_decisions_that_turn_are_counted(tmp_path, contents_of, engines):
    engines["logits"] = 0.03
    cases = judged(contents_of)
    probability = 1 / (1 + np.exp(2 - cases.arrays["xray.values"].mean((2, 3)) / 64))
    threshold = float(np.sort(probability, axis=0)[149:151, 0].mean())
    state = {**cases.state, "thresholds": [threshold]}
    choice = choose_precision(
        "auto", {"network": tmp_path}, Judged(cases.task, state, cases.arrays)
    )
    shifted = 1 / (1 + np.exp(2 - 0.03 - cases.arrays["xray.values"].mean((2, 3)) / 64))
    assert choice.other_decisions == int(
        ((probability >= threshold) != (shifted >= threshold)).sum()
    )
    assert choice.other_decisions > 0


def test_without_bf16_or_cases_auto_stays_float32_and_says_why(tmp_path, contents_of, monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda: False)
    choice = choose_precision("auto", {"network": tmp_path}, judged(contents_of))
    assert choice == Choice(why="the processor that wrote the package has no bf16")
    assert choose_precision("auto", {"network": tmp_path}).precision == "float32"


def test_a_package_tells_what_was_compared_and_runs_in_it(
    tmp_path, tiny_network, contents_of, monkeypatch, written_once
):
    content = (written_once / "network.onnx").read_bytes()
    monkeypatch.setattr(export, "export_network", lambda n, e, path: path.write_bytes(content))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(precision, "has_bf16", lambda: True)
    write_package(
        tmp_path / "package",
        {"network": tiny_network()},
        contents_of(),
        validation=judged(contents_of, 20).arrays,
        precision="auto",
    )
    package = read_package(tmp_path / "package")
    assert package.precision == "bf16"
    words = (tmp_path / "package" / "package.json").read_text()
    assert '"cases": 20' in words
    image = np.full((16, 16), 90, np.uint8)
    half = load(tmp_path / "package").predict([image])[0]["probability"]
    full = load(written_once).predict([image])[0]["probability"]
    assert half == pytest.approx(full, abs=0.01)
    other = load(tmp_path / "package", engine="onnxruntime").predict([image])[0]["probability"]
    assert other == pytest.approx(full, abs=1e-5)


def test_made_up_cases_that_come_out_otherwise_undo_bf16(
    tmp_path, tiny_network, contents_of, monkeypatch, written_once
):
    content = (written_once / "network.onnx").read_bytes()
    monkeypatch.setattr(export, "export_network", lambda n, e, path: path.write_bytes(content))

    def refuse(*_, **__):
        raise PackageError("no")

    monkeypatch.setattr(packing, "run_check", refuse)
    write_package(
        tmp_path / "package", {"network": tiny_network()}, contents_of(), precision="bf16"
    )
    assert read_package(tmp_path / "package").precision == "float32"
    assert "made-up cases come out otherwise" in (tmp_path / "package/package.json").read_text()


def test_the_check_of_bf16_looks_at_predictions_and_more_generously(contents_of):
    contents = contents_of()
    values = np.full((2, 1, 16, 16), 50, np.uint8)
    expected = {
        "network/logits": np.full((2, 1), 9.0),
        "prediction/probability": np.full((2, 1), 0.5),
    }
    check = SelfCheck({"xray.values": values}, expected)

    def answers(off):
        return {"network": lambda arrays: {"logits": np.full((2, 1), off)}}

    run_check(check, contents.task, contents.task_state, networks=answers(0.1), precision="bf16")
    for off, precision_ in ((0.2, "bf16"), (0.1, "float32")):
        with pytest.raises(PackageError, match="Self-check"):
            run_check(
                check, contents.task, contents.task_state,
                networks=answers(off), precision=precision_,
            )  # fmt: skip
