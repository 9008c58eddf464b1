"""The benchmark of few labels: what it hides, and how it averages over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scarce_labels import HIDDEN, hide_labels, mean_gain, table

from bedside.evaluation.replicates import JudgedRun
from bedside.evaluation.scoring import Scores


def test_as_many_labels_stay_as_asked_in_the_parts_own_prevalence(tmp_path: Path) -> None:
    labels = (np.arange(400) % 4 > 0).astype(np.uint8)[:, None]
    images = np.zeros((400, 2, 2), dtype=np.uint8)
    np.savez(tmp_path / "all.npz", train_labels=labels, train_images=images, val_labels=labels)
    hidden = []
    for seed in (1, 1, 2):
        hide_labels(tmp_path / "all.npz", tmp_path / "few.npz", keep=40, seed=seed)
        with np.load(tmp_path / "few.npz") as stored:
            found = stored["train_labels"]
            assert np.array_equal(stored["val_labels"], labels)
        kept = found != HIDDEN
        assert kept.sum() == 40
        assert np.array_equal(found[kept], labels[kept])
        assert found[kept].sum() == 30
        hidden.append(found)
    assert np.array_equal(hidden[0], hidden[1])
    assert not np.array_equal(hidden[0], hidden[2])


def judged(gain: float, rng: np.random.Generator) -> JudgedRun:
    """A run whose aided network is better by `gain`, with noise that both share."""
    noise = rng.normal(0, 0.01, 500)
    scores: dict[str, Scores] = {}
    for name, value in (("resnet", 0.9), ("resnet+pretrain", 0.9 + gain)):
        drawn = {"auroc": value + noise}
        entry: dict[str, Any] = {"auroc": {"value": value, "low": None, "high": None}}
        scores[name] = Scores(entry, drawn, {"auroc": value + noise[:20]}, "same")
    return JudgedRun({"aids": {"resnet+pretrain": {"kept": gain > 0.015}}}, scores)


def test_gains_are_averaged_in_the_same_resamples(rng: np.random.Generator) -> None:
    runs = [judged(gain, rng) for gain in (0.01, 0.02, 0.03)]
    gain = mean_gain(runs, "resnet+pretrain")
    assert gain.value == pytest.approx(0.02)
    assert (gain.low, gain.high) == pytest.approx((0.02, 0.02)), "what both share cancels out"
    shown = table({100: [{"pretrain": one} for one in runs]})
    assert "| 100 | pretrain | 0.9000 (0.0000) | 0.9200 (0.0100) | +0.0200 (" in shown
    assert shown.endswith("+0.0200 (+0.0200 to +0.0200) | 2 of 3 |")
