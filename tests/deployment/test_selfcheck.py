"""A machine that computes other numbers is stopped; one that passed is not asked again."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bedside.deployment import peers, predictor
from bedside.deployment.engine import open_engine
from bedside.deployment.package import read_package
from bedside.deployment.selfcheck import (
    decode_check,
    encode_check,
    machine_key,
    note_passed,
    passed_before,
    run_check,
)
from bedside.errors import PackageError


@pytest.fixture
def package(written_once):
    return read_package(written_once)


def shifted(network, by):
    return lambda arrays: {name: value + by for name, value in network(arrays).items()}


def test_the_engine_passes_and_tells_the_largest_difference(package):
    contents = package.contents
    networks = {"network": open_engine(package.networks["network"])}
    difference = run_check(package.check, contents.task, contents.task_state, networks=networks)
    assert 0 <= difference < 1e-5


@pytest.mark.parametrize("by", [0.02, np.nan, np.inf])
def test_other_numbers_stop_with_the_remedy(package, by):
    contents = package.contents
    network = shifted(open_engine(package.networks["network"]), np.float32(by))
    with pytest.raises(PackageError, match=r"'network/logits'.*Do not use it here"):
        run_check(package.check, contents.task, contents.task_state, networks={"network": network})


def test_another_decision_rule_with_the_same_network_stops_too(package):
    contents = package.contents

    class Halved(type(contents.task)):
        def infer(self, networks, arrays, state):
            prediction = super().infer(networks, arrays, state)
            halved = {"probability": prediction.arrays["probability"] / 2}
            return dataclasses.replace(prediction, arrays=halved)

    networks = {"network": open_engine(package.networks["network"])}
    with pytest.raises(PackageError, match="'prediction/probability'"):
        run_check(package.check, Halved(), contents.task_state, networks=networks)


def test_the_check_survives_its_files_bit_for_bit(package):
    again = decode_check(encode_check(package.check))
    assert again.inputs.keys() == package.check.inputs.keys()
    for name, array in package.check.inputs.items():
        np.testing.assert_array_equal(again.inputs[name], array)
    for name, array in package.check.expected.items():
        np.testing.assert_array_equal(again.expected[name], array)


def test_load_checks_once_on_a_machine(written_once, monkeypatch):
    calls = []
    monkeypatch.setattr(predictor, "run_check", lambda *a, **k: calls.append(1))
    predictor.load(written_once)
    predictor.load(written_once)
    assert len(calls) == 1
    predictor.load(written_once, engine="onnxruntime")  # another engine, another proof
    assert len(calls) == 2


def test_load_stops_on_a_machine_that_computes_other_numbers_and_keeps_no_note(
    written_once, monkeypatch
):
    def wrong(*args, **options):
        return shifted(open_engine(*args, **options), np.float32(0.5))

    monkeypatch.setattr(peers, "open_engine", wrong)
    for _ in range(2):
        with pytest.raises(PackageError, match=r"^Self-check of the package"):
            predictor.load(written_once)


def test_without_a_writable_cache_the_check_runs_each_time(written_once, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    calls = []
    monkeypatch.setattr(predictor, "run_check", lambda *a, **k: calls.append(1))
    predictor.load(written_once)
    predictor.load(written_once)
    assert len(calls) == 2


def test_the_note_lies_in_the_users_cache_and_a_relative_cache_is_ignored(monkeypatch, tmp_path):
    key = machine_key("digest", engine="openvino 1")
    assert not passed_before(key)
    note_passed(key)
    assert (tmp_path / "cache" / "bedside" / "checked" / key).is_file()
    assert passed_before(key)
    assert (
        key != machine_key("digest", engine="openvino 2") != machine_key("d", engine="openvino 2")
    )
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    note_passed(key)
    assert (tmp_path / "home" / ".cache" / "bedside" / "checked" / key).is_file()
