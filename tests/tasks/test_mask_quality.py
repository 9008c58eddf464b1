"""How good an outline probably is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bedside.data.packed_mask import as_masks, pack
from bedside.schema import Targets
from bedside.tasks.mask_quality import (
    calibrate_quality,
    expected_dice,
    quality_of,
    told_quality,
)
from bedside.tasks.outlining import KEPT, outline

SHAPE = (24, 26, 22)


def case(rng: np.random.Generator, *, heat: float) -> tuple[Any, Any]:
    """Logits (3, D, H, W) of two boxes with soft edges, and a truth drawn from them."""
    grid = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij")).astype(float)
    logits = [np.zeros(SHAPE)]
    soft = rng.uniform(0.6, 3.0)
    for shift in (-6, 6):
        centre = np.array([12, 13 + shift, 11])[:, None, None, None]
        away = np.abs(grid - centre).max(axis=0) - rng.uniform(2.5, 4.5)
        logits.append(-8 * np.tanh(away / soft / 2))
    found = np.stack(logits)
    share = np.exp(found) / np.exp(found).sum(axis=0)
    drawn = (rng.random(SHAPE) > np.cumsum(share, axis=0)).sum(axis=0)
    return (found * heat).astype(np.float32), drawn.astype(np.uint8)


def cohort(count: int, seed: int, *, heat: float = 1.0) -> tuple[Any, Targets]:
    """What `outline` keeps of cases whose truth is as uncertain as the logits (times heat) say."""
    rng = np.random.default_rng(seed)
    pairs = [case(rng, heat=heat) for _ in range(count)]
    values = np.empty(count, dtype=object)
    for place in range(count):
        values[place] = np.full((1, *SHAPE), place, np.float16)

    def network(arrays: Any) -> Any:
        return {"logits": np.stack([pairs[int(p.flat[0])][0] for p in arrays["mri.values"]])}

    arrays = {
        "mri.values": values,
        "mri.source": np.tile(np.array(SHAPE, np.int32), (count, 1)),
        "mri.spacing": np.ones((count, 3), np.float32),
    }
    plan = {"input": "mri", "patch": list(SHAPE), "overlap": 0.5}
    outputs = outline({"patch": network}, arrays, {"plan": plan, "names": ["a", "b"]})
    truth = as_masks([pack(drawn, (1.0, 1.0, 1.0)) for _, drawn in pairs])
    known = np.ones((count, 1), dtype=bool)
    return outputs, Targets({"truth": truth, "known": known}, ("a", "b"), "mask")


def real_dice(outputs: Any, targets: Targets) -> Any:
    found = []
    for mask, truth in zip(outputs["mask"], targets.arrays["truth"], strict=True):
        one, other = mask.voxels(), truth.voxels()
        both = [((one == k) & (other == k)).sum() for k in (1, 2)]
        size = [(one == k).sum() + (other == k).sum() for k in (1, 2)]
        found.append(2 * np.array(both) / np.array(size))
    return np.array(found)


def test_what_is_kept_of_a_case() -> None:
    outputs, targets = cohort(3, 0)
    assert outputs["logits"].shape == (3, KEPT, 3)
    assert outputs["sure"].shape == (3, 3)
    for row in range(3):
        whole = np.bincount(outputs["mask"][row].voxels().reshape(-1), minlength=3)
        some = outputs["logits"][row].argmax(axis=1)
        told = outputs["sure"][row] + np.bincount(some, outputs["weight"][row], minlength=3)
        assert told == pytest.approx(whole, rel=0.15)  # a sample stands for the rest
        assert told.sum() == pytest.approx(np.prod(SHAPE), rel=1e-5)
    assert targets.arrays["truth"][0].voxels().max() == 2


def test_right_probabilities_promise_the_real_dice() -> None:
    outputs, targets = cohort(12, 1)
    told, real = expected_dice(outputs, 1.0), real_dice(outputs, targets)
    assert told.shape == (12, 2)
    assert np.abs(told - real).mean() < 0.03
    assert abs(float((told - real).mean())) < 0.01
    assert stats.spearmanr(told.ravel(), real.ravel()).statistic > 0.8


def test_boastful_probabilities_are_cooled_on_validation() -> None:
    validation, targets = cohort(12, 2, heat=2.0)
    state = calibrate_quality(validation, targets, {"names": ["a", "b"]})
    assert json.loads(json.dumps(state)) == state
    assert state["quality"]["temperature"] == pytest.approx(2.0, rel=0.15)
    unseen, truth = cohort(10, 3, heat=2.0)
    error = [
        np.abs(told - real_dice(unseen, truth)).mean()
        for told in (quality_of(unseen, {}), quality_of(unseen, state))
    ]
    assert error[1] < 0.5 * error[0]
    assert 0 < state["quality"]["suspect_below"] < 1


def test_few_cases_move_the_level_alone_and_what_is_not_outlined_is_worth_nothing() -> None:
    validation, targets = cohort(2, 4)
    state = calibrate_quality(validation, targets, {"names": ["a", "b"]})
    assert state["quality"]["slope"] == 1.0
    assert told_quality(np.array([[0.0, 0.9]]), state["quality"])[0, 0] == 0
    blank = {
        "logits": np.zeros((1, KEPT, 3), np.float32),
        "weight": np.zeros((1, KEPT), np.float32),
        "sure": np.array([[100.0, 0, 0]]),
    }
    assert expected_dice(blank, 1.0).tolist() == [[0.0, 0.0]]
