"""Signals: windows cut from a series are the windows of single samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.errors import DataError, StudyError
from bedside.modalities.signal import Signal
from bedside.schema import Reference, Sample
from bedside.study import parse_options

WORDS: dict[str, Any] = {
    "modality": "signal", "column": "gl", "unit": "mg/dL", "history_minutes": 30,
    "observed": ["pulse"], "known_ahead": ["carbs", "insulin"],
}  # fmt: skip


def signal(**words: Any) -> Signal:
    made: Signal = parse_options(Signal, {**WORDS, **words}, where="inputs.glucose.")
    return made


def sample_of(rng: np.random.Generator, steps: int, first_minute: int = 100) -> Sample:
    values = rng.normal(size=(steps, 4)).astype(np.float32)
    values[:, 0] += 140
    values[::4, 1] = np.nan
    content = {"values": values, "first_minute": first_minute}
    return signal().read(Reference("segment 1", content))


def test_a_window_of_the_series_is_that_of_its_sample(rng: np.random.Generator) -> None:
    modality, sample = signal(), sample_of(rng, 20)
    state = {**modality.fit([sample]), "horizon_steps": 3}
    whole, reach = modality.series(sample, state), modality.reach(state)
    for start in (0, 4, 11):
        content = {"values": sample.values[start : start + 9], "first_minute": 100 + 5 * start}
        alone = modality.prepare(modality.read(Reference("x", content)), state)
        assert set(alone) == {"values", "ahead", "clock"}
        for name, values in alone.items():
            begin, end = reach[name]
            stretch = whole[name][start + begin : start + end]
            assert np.array_equal(values, stretch[0] if name == "clock" else stretch.T)


def test_channels_stand_as_told(rng: np.random.Generator) -> None:
    modality, sample = signal(), sample_of(rng, 9)
    state = {**modality.fit([sample]), "horizon_steps": 3}
    window = modality.prepare(sample, state)
    assert window["values"].shape == (3, 6)  # series, pulse, whether the pulse is known
    assert window["ahead"].shape == (2, 9)
    assert np.array_equal(window["values"][0], sample.values[:6, 0])
    assert window["values"][2].tolist() == [0, 1, 1, 1, 0, 1]
    assert window["values"][1, 0] == pytest.approx(state["fill"][1])
    assert np.array_equal(window["ahead"], sample.values[:, 2:].T)
    angle = 2 * np.pi * (100 + 5 * 5) / 1440
    assert window["clock"] == pytest.approx([np.sin(angle), np.cos(angle)], abs=1e-6)


def test_the_future_of_the_series_is_never_looked_at(rng: np.random.Generator) -> None:
    modality, sample = signal(), sample_of(rng, 9)
    state = {**modality.fit([sample]), "horizon_steps": 3}
    before = modality.prepare(sample, state)
    values = np.array(sample.values)
    values[6:, :2] = np.nan
    after = modality.prepare(Sample(values, sample.geometry), state)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_what_the_study_does_not_ask_for_is_not_there(rng: np.random.Generator) -> None:
    modality = signal(observed=[], known_ahead=[], time_of_day=False)
    samples = modality.fake(rng, 2)
    state = modality.fit(samples)
    assert set(modality.prepare(samples[0], state)) == {"values"}
    assert set(state["standardise"]) == {"values"}


def test_mean_and_deviation_pass_over_what_is_unknown(rng: np.random.Generator) -> None:
    modality = signal()
    samples = [sample_of(rng, 30), sample_of(rng, 50)]
    rule = modality.fit(iter(samples))["standardise"]
    joined = np.concatenate([np.asarray(s.values) for s in samples]).astype(np.float64)
    assert rule["values"]["mean"] == pytest.approx([*np.nanmean(joined[:, :2], 0), 0.0])
    assert rule["values"]["std"] == pytest.approx([*np.nanstd(joined[:, :2], 0), 1.0], rel=1e-4)
    assert rule["ahead"]["mean"] == pytest.approx(joined[:, 2:].mean(axis=0), abs=1e-6)


def test_too_little_history_is_told_in_minutes(rng: np.random.Generator) -> None:
    modality, sample = signal(), sample_of(rng, 8)
    state = {**modality.fit([sample]), "horizon_steps": 3}
    with pytest.raises(DataError) as error:
        modality.prepare(sample, state)
    assert str(error.value) == (
        "input 'gl': expected 30 minutes of readings without a gap of more than 30, "
        "got 25 minutes. Give more recent readings."
    )


def test_another_number_of_channels_is_refused() -> None:
    with pytest.raises(DataError) as error:
        signal().read(Reference("segment 3 of t.csv", np.zeros((5, 2), np.float32)))
    assert str(error.value) == (
        "segment 3 of t.csv: expected a series of 4 channels (points, 4), got shape (5, 2). "
        "Name its columns under inputs, or give the array in that form."
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"history_minutes": 32}, "expected history_minutes to be two steps of every_minutes"),
        ({"history_minutes": 5}, "expected history_minutes to be two steps of every_minutes"),
        ({"longest_gap_minutes": 4}, "expected longest_gap_minutes to be one step"),
        ({"observed": ["gl"]}, "expected each column once, got one twice"),
        ({"unit": "mg"}, "expected 'mg/dL' or 'mmol/L', got 'mg'"),
    ],
)
def test_words_that_do_not_fit_are_refused(words: dict[str, Any], told: str) -> None:
    with pytest.raises(StudyError) as error:
        signal(**words)
    assert told in str(error.value)
    assert str(error.value).startswith("inputs.glucose")
