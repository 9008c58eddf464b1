"""How good an outline probably is, told from the voxels that the network was not sure of.

Enters: what `outlining.outline` kept of each case. Leaves: an expected Dice of each structure,
and whether a case should be looked at. Probabilities are calibrated on validation by one
temperature, then the expectation itself by a straight line. numpy and scipy alone.

If the probabilities are right, the overlap with the unknown truth follows from them: Dice is
twice what is expected inside of the outline over its size and the expected size of the truth.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bedside.data.packed_mask import PackedMask
from bedside.schema import Array, Arrays, State, Targets

FEWEST = 10
"""Outlines of validation, below which the expectation is left as it is."""
TEMPERATURES = (0.2, 5.0)
SUSPECT = 5.0
"""Percentile of validation cases below whose worst structure a case is to be looked at."""


def calibrate_quality(outputs: Arrays, targets: Targets, state: State) -> State:
    """Fit the temperature, the line and the mark of suspicion on validation."""
    known = np.flatnonzero(targets.arrays["known"][:, 0])
    truth: list[PackedMask] = [targets.arrays["truth"][row] for row in known]
    own = {name: values[known] for name, values in outputs.items()}
    temperature = _temperature(own, truth)
    raw = expected_dice(own, temperature)
    real = np.array([_dices(m, t, raw.shape[1]) for m, t in zip(own["mask"], truth, strict=True)])
    slope, intercept = _line(raw, real)
    quality = {"temperature": temperature, "slope": slope, "intercept": intercept}
    worst = told_quality(raw, quality).min(axis=1)
    quality["suspect_below"] = float(np.percentile(worst, SUSPECT)) if len(worst) else 0.0
    return {**state, "quality": {name: round(float(v), 6) for name, v in quality.items()}}


def quality_of(outputs: Arrays, state: State) -> Array:
    """(N, K) expected Dice of every structure."""
    quality = state.get("quality") or {"temperature": 1.0, "slope": 1.0, "intercept": 0.0}
    return told_quality(expected_dice(outputs, quality["temperature"]), quality)


def told_quality(raw: Array, quality: dict[str, Any]) -> Array:
    """The expectation brought to what it was worth on validation; 0 of what was not outlined."""
    line = np.clip(quality["slope"] * raw + quality["intercept"], 0, 1)
    return np.asarray(np.where(raw > 0, line, 0.0))


def expected_dice(outputs: Arrays, temperature: float) -> Array:
    """(N, K) Dice that the probabilities promise; 0 of structures that were not outlined."""
    logits, weight = outputs["logits"].astype(np.float64), outputs["weight"].astype(np.float64)
    probability = _softmax(logits / temperature) * weight[:, :, None]
    chosen = logits.argmax(axis=2)[:, :, None] == np.arange(logits.shape[2])
    sure = outputs["sure"]
    inside = sure + (probability * chosen).sum(axis=1)
    size = sure + (chosen * weight[:, :, None]).sum(axis=1)
    wanted = sure + probability.sum(axis=1)
    dice = 2 * inside / np.maximum(size + wanted, 1e-9)
    return np.asarray(np.where(size > 0, dice, 0.0)[:, 1:])


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def _temperature(outputs: Arrays, truth: list[PackedMask]) -> float:
    """The one under which unsure voxels surprise least (Guo 2017, arXiv:1706.04599)."""
    from scipy.optimize import minimize_scalar

    pairs = zip(truth, outputs["at"], strict=True)
    labels = [mask.voxels().reshape(-1)[places] for mask, places in pairs]
    logits, weight = outputs["logits"].astype(np.float64), outputs["weight"].astype(np.float64)
    if not weight.sum():
        return 1.0
    real = np.stack(labels)[:, :, None] == np.arange(logits.shape[2])

    def surprise(log_temperature: float) -> float:
        probability = _softmax(logits / np.exp(log_temperature))
        own = np.maximum((probability * real).sum(axis=2), 1e-12)
        return float(-(np.log(own) * weight).sum() / weight.sum())

    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(surprise, bounds=(low, high), method="bounded")
    return float(np.exp(found.x))


def _line(raw: Array, real: Array) -> tuple[float, float]:
    """Slope and intercept from the expected Dice to the real one, a line that never falls."""
    use = np.isfinite(real) & (raw > 0)
    x, y = raw[use], real[use]
    if len(x) < FEWEST or np.ptp(x) < 1e-6:
        return 1.0, float(np.mean(y - x)) if len(x) else 0.0
    slope = max(0.0, float(np.cov(x, y)[0, 1] / np.var(x, ddof=1)))
    return slope, float(y.mean() - slope * x.mean())


def _dices(mask: PackedMask, truth: PackedMask, structures: int) -> list[float]:
    """Dice of each structure, NaN of one that neither mask holds."""
    one, other = mask.voxels(), truth.voxels()
    found = []
    for k in range(1, structures + 1):
        size = int((one == k).sum()) + int((other == k).sum())
        both = int(((one == k) & (other == k)).sum())
        found.append(2 * both / size if size else float("nan"))
    return found
