"""The table of a model: macro definitions, unknowns, degenerate parts, seeds."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as reference

from bedside.errors import DataError
from bedside.evaluation import metric_names
from bedside.evaluation.kinds import Answers
from bedside.evaluation.scoring import Scores, score
from bedside.schema import Array, Kind, Prediction, Targets

LABELS = ("effusion", "nodule", "mass")


def targets(truth: Array, names: tuple[str, ...], known: Array | None = None) -> Targets:
    known = np.ones(truth.shape, dtype=bool) if known is None else known
    return Targets({"truth": truth.astype(np.float32), "known": known}, names)


def prediction(probability: Array, decision: Array, names: tuple[str, ...]) -> Prediction:
    return Prediction({"probability": probability, "decision": decision}, names)


def binary(truth: Array, probability: Array) -> tuple[Targets, Prediction]:
    names = ("healthy", "ill")
    column = probability[:, None]
    return targets(truth[:, None], names), prediction(column, column >= 0.5, names)


def several(rng: np.random.Generator, n: int = 90) -> tuple[Targets, Prediction]:
    label = rng.integers(0, 3, n)
    logits = rng.normal(size=(n, 3)) + 1.5 * np.eye(3)[label]
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    decision = probability == probability.max(axis=1, keepdims=True)
    return targets(np.eye(3)[label], LABELS), prediction(probability, decision, LABELS)


def scored(pair: tuple[Targets, Prediction], kind: Kind, **options: int) -> Scores:
    asked = {"replicates": 120, "seed": 7, **options}
    groups = np.arange(len(pair[0].arrays["truth"]))
    return score(answers(pair, groups, kind), replicates=asked["replicates"], seed=asked["seed"])


def answers(pair: tuple[Targets, Prediction], groups: Array, kind: Kind = "binary") -> Answers:
    return Answers(replace(pair[0], kind=kind), pair[1], groups)


def values(scores: Scores) -> dict[str, float | None]:
    return {name: entry["value"] for name, entry in scores.table.items()}


def test_binary_table(rng: np.random.Generator) -> None:
    truth = rng.random(200) < 0.4
    pair = binary(truth, 1 / (1 + np.exp(-(rng.normal(size=200) + 2 * truth - 1))))
    scores = scored(pair, "binary")
    assert list(scores.table) == metric_names()
    expected = reference.roc_auc_score(truth, pair[1].arrays["probability"][:, 0])
    assert scores.table["auroc"]["value"] == pytest.approx(expected)
    for entry in scores.table.values():
        assert None not in entry.values()
        assert entry["low"] <= entry["value"] <= entry["high"]  # type: ignore[operator]
    assert scores.replicates["auroc"].shape == (120,)
    json.dumps(scores.table, allow_nan=False)


def test_same_seed_same_table_other_seed_other_interval(rng: np.random.Generator) -> None:
    pair = binary(rng.random(80) < 0.5, rng.random(80))
    assert scored(pair, "binary").table == scored(pair, "binary").table
    other = scored(pair, "binary", seed=8)
    assert other.table["auroc"]["low"] != scored(pair, "binary").table["auroc"]["low"]
    assert values(other) == values(scored(pair, "binary"))


def test_several_classes_follow_their_definitions(rng: np.random.Generator) -> None:
    pair = several(rng)
    truth, probability = pair[0].arrays["truth"], pair[1].arrays["probability"]
    label, called = truth.argmax(axis=1), probability.argmax(axis=1)
    table = values(scored(pair, "classes"))
    one_hot = np.eye(3)[called]
    expected = {
        "auroc": reference.roc_auc_score(label, probability, multi_class="ovr"),
        "auprc": reference.average_precision_score(truth, probability, average="macro"),
        "accuracy": reference.accuracy_score(label, called),
        "balanced_accuracy": reference.balanced_accuracy_score(label, called),
        "sensitivity": reference.recall_score(label, called, average="macro"),
        "ppv": reference.precision_score(label, called, average="macro"),
        "f1": reference.f1_score(label, called, average="macro"),
        "brier": reference.brier_score_loss(label, probability, scale_by_half=False),
        "auroc_nodule": reference.roc_auc_score(truth[:, 1], probability[:, 1]),
        "accuracy_mass": reference.accuracy_score(truth[:, 2], one_hot[:, 2]),
        "brier_mass": reference.brier_score_loss(truth[:, 2], probability[:, 2]),
        "specificity_effusion": reference.recall_score(truth[:, 0], one_hot[:, 0], pos_label=0),
    }
    assert {name: table[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert set(table) == {*metric_names()} | {f"{m}_{c}" for m in metric_names() for c in LABELS}


def test_calibration_of_classes_is_that_of_the_top_class() -> None:
    # Two cases in one bin: claimed .62 and .64, one of the two right.
    probability = np.array([[0.62, 0.2, 0.18], [0.64, 0.3, 0.06]])
    pair = (
        targets(np.array([[1, 0, 0], [0, 1, 0]]), LABELS),
        prediction(probability, np.array([[True, False, False]] * 2), LABELS),
    )
    assert values(scored(pair, "classes"))["ece"] == pytest.approx(abs(1 - 1.26) / 2)


def test_labels_are_averaged_over_labels_and_unknown_is_never_negative() -> None:
    rng = np.random.default_rng(3)
    truth, probability = rng.random((100, 3)) < 0.4, rng.random((100, 3))
    known = rng.random((100, 3)) < 0.7
    pair = (
        targets(truth * known, LABELS, known),
        prediction(probability, probability > 0.5, LABELS),
    )
    table = values(scored(pair, "labels"))
    each = []
    for k, name in enumerate(LABELS):
        rows = known[:, k]
        each.append(reference.roc_auc_score(truth[rows, k], probability[rows, k]))
        assert table[f"auroc_{name}"] == pytest.approx(each[-1])
        right = np.mean(truth[rows, k] == (probability[rows, k] > 0.5))
        assert table[f"accuracy_{name}"] == pytest.approx(right)
    assert table["auroc"] == pytest.approx(np.mean(each))
    assert table["accuracy"] == pytest.approx(
        np.mean([table[f"accuracy_{name}"] for name in LABELS])
    )


def test_a_class_that_the_part_lacks_is_left_out_of_the_mean(rng: np.random.Generator) -> None:
    truth, probability = rng.random((60, 3)) < 0.5, rng.random((60, 3))
    truth[:, 2] = False
    pair = targets(truth, LABELS), prediction(probability, probability > 0.5, LABELS)
    table = scored(pair, "labels").table
    assert table["auroc_mass"] == {"value": None, "low": None, "high": None}
    two = [table["auroc_effusion"]["value"], table["auroc_nodule"]["value"]]
    assert table["auroc"]["value"] == pytest.approx(np.mean(two))  # type: ignore[arg-type]


def test_a_class_that_is_never_called_has_no_macro_ppv(rng: np.random.Generator) -> None:
    pair = several(rng)
    decision = np.zeros((90, 3), dtype=bool)
    decision[:, 0] = True
    table = values(scored((pair[0], prediction(*_two(pair, decision), LABELS)), "classes"))
    assert table["ppv"] is None
    assert table["sensitivity"] == pytest.approx(1 / 3)
    assert table["balanced_accuracy"] == pytest.approx(1 / 3)


def _two(pair: tuple[Targets, Prediction], decision: Array) -> tuple[Array, Array]:
    return pair[1].arrays["probability"], decision


@pytest.mark.parametrize("only", [0.0, 1.0])
def test_one_class_alone_gives_none_and_not_a_crash(only: float) -> None:
    scores = scored(binary(np.full(30, only), np.linspace(0, 1, 30)), "binary")
    assert scores.table["auroc"] == {"value": None, "low": None, "high": None}
    assert scores.table["accuracy"]["value"] == pytest.approx(0.5)


def test_a_label_without_any_known_case_is_none(rng: np.random.Generator) -> None:
    truth, probability = rng.random((40, 3)) < 0.5, rng.random((40, 3))
    known = np.ones((40, 3), dtype=bool)
    known[:, 1] = False
    pair = targets(truth, LABELS, known), prediction(probability, probability > 0.5, LABELS)
    table = values(scored(pair, "labels"))
    assert table["accuracy_nodule"] is None
    assert table["accuracy"] is not None


def test_the_interval_of_a_small_calibration_error_holds_it() -> None:
    rng = np.random.default_rng(2)
    inside = []
    for _ in range(12):  # percentiles alone miss the value in about one study of three
        probability = rng.beta(0.7, 0.7, 300)
        entry = scored(binary(rng.random(300) < probability, probability), "binary").table["ece"]
        inside.append(entry["low"] <= entry["value"] <= entry["high"])  # type: ignore[operator]
    assert all(inside)


def test_one_patient_has_values_but_no_interval(rng: np.random.Generator) -> None:
    pair = binary(np.arange(20) % 2, rng.random(20))
    scores = score(answers(pair, np.zeros(20, dtype=int)), replicates=100, seed=7)
    assert scores.table["auroc"]["value"] is not None
    assert scores.table["auroc"]["low"] is None


def test_intervals_are_wider_when_cases_share_a_patient(rng: np.random.Generator) -> None:
    truth = np.repeat(rng.random(40) < 0.5, 6)
    score_of_patient = np.repeat(rng.normal(size=40), 6) + truth
    pair = binary(truth, 1 / (1 + np.exp(-score_of_patient)))
    width = {}
    for name, groups in {"patients": np.arange(240) // 6, "cases": np.arange(240)}.items():
        entry = score(answers(pair, groups), replicates=300, seed=7).table["auroc"]
        width[name] = entry["high"] - entry["low"]  # type: ignore[operator]
    assert width["patients"] > 1.8 * width["cases"]


def test_everything_wrong_is_said_at_once() -> None:
    names = ("healthy", "ill")
    wrong = prediction(np.array([[0.2], [np.nan], [1.5]]), np.zeros((2, 1), dtype=bool), names)
    with pytest.raises(DataError) as caught:
        score(answers((targets(np.ones((3, 1)), names), wrong), np.arange(4)), seed=7)
    assert str(caught.value).splitlines() == [
        "scoring, decision: expected one entry for each of truth's, shape (3, 1), got shape "
        "(2, 1). Score the same cases that were predicted.",
        "scoring, groups: expected one entry for each of truth's, shape (3, 1), got shape "
        "(4, 1). Score the same cases that were predicted.",
        "scoring, probability: expected numbers from 0 to 1, got 2 entries that are not. "
        "Check the model's outputs for NaN and its calibration.",
    ]


def test_an_empty_part_and_a_wrong_kind_are_refused() -> None:
    with pytest.raises(DataError, match=r"for kind 'binary', got shape \(0, 1\)"):
        scored(binary(np.zeros(0), np.zeros(0)), "binary")
    with pytest.raises(DataError, match=r"for kind 'classes', got shape \(4, 1\)"):
        scored(binary(np.arange(4) % 2, np.full(4, 0.5)), "classes")
