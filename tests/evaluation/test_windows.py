"""Windows: sums by patient, weighted medians, blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.evaluation import windows as module
from bedside.evaluation.windows import Block, Windows, weighted_median
from bedside.schema import Array

from .forecasts_made import answers_of, series


def absolute(block: Block) -> Array:
    return block.over_steps(np.abs(block.error))


def both(block: Block) -> Array:
    return np.stack([absolute(block), 2 * absolute(block)], axis=1)


@given(st.integers(1, 60), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_a_weighted_median_is_the_median_of_the_repeated_sample(
    n: int, patients: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rising = np.sort(np.round(rng.normal(size=n), 1))
    patient = rng.integers(patients, size=n)
    weights = rng.integers(0, 4, (5, patients)).astype(float)
    found = weighted_median(rising, patient, weights)
    for row, value in zip(weights, found, strict=True):
        repeated = np.repeat(rising, row[patient].astype(int))
        if not repeated.size:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(np.median(repeated), abs=1e-12)


def test_no_sample_has_no_median() -> None:
    assert np.isnan(weighted_median(np.zeros(0), np.zeros(0, dtype=int), np.ones((2, 3)))).all()


def test_means_count_windows_as_often_as_their_patient(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = series(rng, patients=4, windows=5)
    truth[3] = np.nan
    truth[7, 4:] = np.nan
    groups = np.repeat([7, 3, 9, 5], 5)  # in the order of their numbers: 3, 5, 7, 9
    found = Windows.of(answers_of(truth, truth * 0 + 130, groups))
    each = np.array([np.nanmean(np.abs(130 - row)) if np.isfinite(row).any() else np.nan
                     for row in truth])  # fmt: skip
    weights = np.array([[1.0, 1, 1, 1], [0, 3, 1, 0]])
    often = np.array([[1, 1, 1, 1], [1, 0, 0, 3]])  # of groups 7, 3, 9, 5
    wanted = [np.nansum(each * np.repeat(o, 5)) / (np.isfinite(each) * np.repeat(o, 5)).sum()
              for o in often]  # fmt: skip
    assert found.mean(absolute, weights) == pytest.approx(wanted, rel=1e-5)
    assert found.mean(both, weights)[:, 1] == pytest.approx(2 * np.array(wanted), rel=1e-5)
    monkeypatch.setattr(module, "BLOCK_ENTRIES", 3 * 12 * 5)  # three windows at a time
    again = Windows.of(answers_of(truth, truth * 0 + 130, groups))
    assert len(list(again.blocks())) == 7
    assert again.mean(absolute, weights) == pytest.approx(wanted, rel=1e-5)
    assert again.median(absolute, weights) == pytest.approx(found.median(absolute, weights))


def test_one_step_is_the_same_windows_at_that_step(rng: np.random.Generator) -> None:
    truth = series(rng, patients=3, windows=2)
    found = Windows.of(answers_of(truth, truth + np.arange(12)))
    assert found.at(7) is None
    at_30 = found.at(30)
    assert at_30 is not None
    assert at_30.mean(absolute, np.ones((1, 6))) == pytest.approx([5.0], rel=1e-4)
    assert found.mean(absolute, np.ones((1, 6))) == pytest.approx([5.5], rel=1e-4)


class Lazy:
    """Rows that are made when asked for, and refuse to be taken whole at once."""

    def __init__(self, values: Array, most: int) -> None:
        self.values, self.most, self.dtype, self.shape = values, most, values.dtype, values.shape

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: slice | Array) -> Array:
        found = self.values[rows]
        assert len(found) <= self.most
        return found


def test_windows_are_read_some_at_a_time(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = series(rng, patients=5, windows=8)
    answers = answers_of(truth, truth + 3, np.repeat(np.arange(5), 8))
    monkeypatch.setattr(module, "BLOCK_ENTRIES", 10 * 12 * 5)
    answers.targets.arrays["truth"] = Lazy(answers.targets.arrays["truth"], 10)  # type: ignore[index]
    answers.targets.arrays["known"] = Lazy(answers.targets.arrays["known"], 10)  # type: ignore[index]
    found = Windows.of(answers).mean(absolute, np.ones((1, 5)))
    assert found == pytest.approx([3.0], rel=1e-5)
