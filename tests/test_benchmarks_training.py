"""The benchmarks that train: each runs whole on a few made-up patients."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import encoders
import monai_peer
import numpy as np
import pytest

CHANGES = ("data.patients=24", "inputs.xray.size=[24, 24]", "training.epochs=1", "threads=1",
           "split.validation=0.3")  # fmt: skip
FEW = [word for change in CHANGES for word in ("--set", change)]


def test_encoders_are_measured_once_and_on_validation_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tmp_path / "found.jsonl"
    words = ["--studies", "synthetic", "--encoders", "cnn", "resnet", "--results", str(lines)]
    arguments = ["encoders.py", *words, "--seeds", "7", *FEW]
    monkeypatch.setattr(sys, "argv", arguments)
    assert encoders.main() == 0
    found = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [(one["encoder"], one["seed"], one["fold"]) for one in found] == [
        ("cnn", 7, -1), ("resnet", 7, -1),
    ]  # fmt: skip
    assert all(0 <= one["auroc"] <= 1 and one["log_loss"] > 0 for one in found)
    table = capsys.readouterr().out
    assert encoders.main() == 0
    assert len(lines.read_text().splitlines()) == 2
    assert capsys.readouterr().out == table


def test_costs_need_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "SIDES", (24,))
    monkeypatch.setattr(encoders, "STEPS", 1)
    parameters, *milliseconds = encoders.cost("cnn", 24)
    assert parameters > 100_000
    assert all(one > 0 for one in milliseconds)
    header, _, row, _, machine = encoders.cost_table(["cnn"]).splitlines()
    assert header == "| encoder | parameters | 24 x 24: train, predict, ms |"
    assert row.startswith(f"| `cnn` | {parameters:,} | ")
    assert "threads, training in" in machine


def found_by(seed: int, fold: int, auroc: float) -> encoders.Found:
    return encoders.Found("nih", "cnn", seed, fold, 9, auroc, 0.5, 1000, 2.0, 1.5, 0.5, 1, 2)


def test_the_table_takes_means_over_folds_and_the_spread_of_seeds() -> None:
    found = [found_by(7, 0, 0.5), found_by(7, 1, 0.7), found_by(8, 0, 0.6), found_by(8, 1, 1.0)]
    row = encoders.table(found).splitlines()[-1]
    # the seeds' means are .6 and .8: two numbers deviate by their distance over the root of two
    assert row == "| nih | cnn | 4 | 0.7000 (0.1414) | 0.5000 (0.0000) | 1,000 | 1.50 | 0.50 |"


@pytest.mark.parametrize("side", ["monai", "bedside float32"])
def test_both_sides_train_the_same_encoder(side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--study", "synthetic", "--encoder", "cnn", "--epochs", "1", "--batch-size", "8"]
    arguments = ["monai_peer.py", *words, "--workers", "0", "--side", side, *FEW]
    monkeypatch.setattr(sys, "argv", arguments)
    found = monai_peer.one_side(monai_peer._options())
    assert found.precision == "float32"
    assert found.images_a_second > 0
    assert 0 <= found.validation <= 1
    assert 0 <= found.test <= 1


def test_grey_is_the_mean_of_the_colours() -> None:
    colour = np.array([[[30, 60, 90]]], dtype=np.uint8)
    assert monai_peer.grey(colour).tolist() == [[[60]]]
    assert monai_peer.grey(colour[..., 0]).tolist() == [[[30]]]


def test_memory_is_that_of_a_process_and_all_below_it() -> None:
    assert os.getpid() in monai_peer.descendants(os.getpid())
    assert monai_peer.proportional_bytes(os.getpid()) > 2**20
    assert monai_peer.proportional_bytes(2**22 + 1) == 0
