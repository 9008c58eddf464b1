"""Subgroups: what is counted, what is measured, and how numbers are cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.evaluation.kinds import Answers
from bedside.evaluation.kinds.classification import CLASSIFICATION
from bedside.evaluation.subgroups import bands, score_subgroups
from bedside.schema import Array, Prediction, Targets

N = 120
NULL = {"value": None, "low": None, "high": None}


def table(attributes: dict[str, Array], *, truth: Array | None = None) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    truth = np.arange(N) % 2 if truth is None else truth
    probability = rng.random((N, 1))
    names = ("healthy", "ill")
    known = np.ones((N, 1), dtype=bool)
    answers = Answers(
        Targets({"truth": truth[:, None].astype(np.float32), "known": known}, names),
        Prediction({"probability": probability, "decision": probability >= 0.5}, names),
        np.arange(N) // 3,
    )
    return score_subgroups(answers, attributes, replicates=100, seed=7)


def test_each_value_is_counted_and_measured() -> None:
    sex = np.array(["f"] * 60 + ["m"] * 45 + [""] * 15, dtype=object)
    found = table({"sex": sex})["sex"]
    assert list(found) == ["f", "m", "unknown"]
    assert {k: found["f"][k] for k in ("cases", "patients", "positives")} == {
        "cases": 60,
        "patients": 20,
        "positives": 30,
    }
    probability = np.random.default_rng(5).random((N, 1))
    expected = roc_auc_score(np.arange(60) % 2, probability[:60, 0])
    entry = found["f"]["metrics"]["auroc"]
    assert entry["value"] == pytest.approx(expected)
    assert entry["low"] < expected < entry["high"]
    assert list(found["m"]["metrics"]) == list(CLASSIFICATION.summary)


def test_small_and_one_sided_groups_are_counted_only() -> None:
    truth = np.arange(N) % 2
    truth[60:90] = 1
    site = np.array(["north"] * 60 + ["south"] * 30 + ["west"] * 11 + ["east"] * 19)
    found = table({"site": site}, truth=truth)["site"]
    assert found["south"]["positives"] == found["south"]["cases"] == 30
    for name in ("south", "west", "east"):
        assert found[name]["metrics"] == dict.fromkeys(CLASSIFICATION.summary, NULL)
    assert found["north"]["metrics"]["auroc"]["value"] is not None


def test_labels_count_positives_by_name() -> None:
    truth = np.eye(3)[np.arange(N) % 3]
    probability = np.random.default_rng(5).random((N, 3))
    names = ("a", "b", "c")
    answers = Answers(
        Targets({"truth": truth, "known": np.ones((N, 3), dtype=bool)}, names, "labels"),
        Prediction({"probability": probability, "decision": probability > 0.5}, names),
        np.arange(N),
    )
    attributes = {"sex": np.array(["f", "m"] * 60)}
    found = score_subgroups(answers, attributes, replicates=100, seed=7)["sex"]["f"]
    assert found["positives"] == {"a": 20, "b": 20, "c": 20}
    each = [roc_auc_score(truth[::2, k], probability[::2, k]) for k in range(3)]
    assert found["metrics"]["auroc"]["value"] == pytest.approx(np.mean(each))


def test_numbers_are_cut_in_rising_order_and_blanks_are_unknown() -> None:
    age = np.linspace(20, 90, N).round().astype(object)
    age[0] = float("nan")
    found = table({"age": age})["age"]
    assert list(found) == ["under 40", "40-59", "60-69", "70 and over", "unknown"]
    assert sum(group["cases"] for group in found.values()) == N
    assert found["unknown"]["cases"] == 1
    few = table({"grade": np.arange(N) % 4})["grade"]
    assert list(few) == ["0", "1", "2", "3"]


def test_very_many_values_are_pooled() -> None:
    names = np.array(["often"] * 20 + [f"s{i:03}" for i in range(100)])
    found = table({"site": names})["site"]
    assert len(found) == 51
    assert found["often"]["cases"] == 20
    assert found["other"]["cases"] == 51


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(20, 100), {"under 40": 20, "40-59": 20, "60-79": 20, "80 and over": 20}),
        (
            np.linspace(1.5, 3.5, 81),
            {"under 2": 20, "2 to <2.4": 16, "2.4 to <3": 24, "3 and over": 21},
        ),
        (np.array([4.0, np.nan, np.inf]), {"all": 1, "unknown": 2}),
        (np.array([np.nan]), {"unknown": 1}),
    ],
)
def test_bands(values: Array, expected: dict[str, int]) -> None:
    names, counts = np.unique(bands(values), return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == expected
