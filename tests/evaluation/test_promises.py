"""Sets of classes and doubts: promised on validation, kept on new patients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bedside.evaluation.kinds import Answers
from bedside.evaluation.promises import kept, limit_of_familiar, promised
from bedside.schema import Array, Kind, Prediction, Targets
from bedside.study import EvaluationSection
from bedside.tasks.sets import confidence_of, sets_of

SECTION = EvaluationSection()


def answers(
    label: Array,
    probability: Array,
    groups: Array | None = None,
    state: dict[str, Any] | None = None,
) -> Answers:
    """Binary where `probability` has one column."""
    width = probability.shape[1]
    truth = (label[:, None] == np.arange(width)) if width > 1 else (label[:, None] == 1)
    kind: Kind = "classes" if width > 1 else "binary"
    names = tuple(f"c{n}" for n in range(max(width, 2)))
    decision = (
        np.arange(width) == probability.argmax(axis=1)[:, None] if width > 1 else probability >= 0.5
    )
    targets = Targets(
        {"truth": truth.astype(np.float32), "known": np.ones(truth.shape, dtype=bool)}, names, kind
    )
    people = np.arange(len(label)) if groups is None else groups
    rows = np.arange(len(label))
    prediction = Prediction({"probability": probability, "decision": decision}, names)
    return Answers(targets, prediction, people, rows, state or {"thresholds": [0.5]})


def cohort(rng: np.random.Generator, patients: int, *, classes: int) -> tuple[Array, Array, Array]:
    """Labels, probabilities and patients; a patient's cases resemble each other."""
    count = rng.integers(1, 4, patients)
    groups = np.repeat(np.arange(patients), count)
    label = rng.choice(classes, patients, p=[0.6, 0.3, 0.1][:classes] if classes == 3 else None)
    label = label[groups]
    logits = rng.normal(size=(patients, classes))[groups] + 0.3 * rng.normal(
        size=(groups.size, classes)
    )
    logits[np.arange(groups.size), label] += 1.5
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return label, probability if classes > 2 else probability[:, 1:], groups


@pytest.mark.parametrize("classes", [2, 3])
def test_coverage_is_kept_over_many_splits(classes: int, rng: np.random.Generator) -> None:
    """The first case of each new patient, over 100 splits: within the binomial band."""
    right = []
    for _ in range(100):
        label, probability, groups = cohort(rng, 150, classes=classes)
        state = promised(answers(label, probability, groups), SECTION)
        label, probability, groups = cohort(rng, 50, classes=classes)
        first = np.unique(groups, return_index=True)[1]
        sets = sets_of(
            probability[first],
            state["sets"]["largest"],
            kind="classes" if classes > 2 else "binary",
        )
        right.append(sets[np.arange(len(first)), label[first]].mean())
    error = np.std(right, ddof=1) / np.sqrt(len(right))
    assert 0.9 - 3 * error < np.mean(right) < 0.9 + 3 * error + 0.02


def test_a_rare_class_has_its_own_promise(rng: np.random.Generator) -> None:
    label, probability, groups = cohort(rng, 4000, classes=3)
    found = promised(answers(label, probability, groups), SECTION)["sets"]
    assert found["own"] == [True, True, True]
    state = {"sets": found}
    label, probability, groups = cohort(rng, 2000, classes=3)
    result = kept(
        answers(label, probability, groups, state), confidence=0.95, replicates=200, seed=7
    )
    for name in ("c0", "c1", "c2"):
        entry = result["sets"]["by_class"][name]
        assert entry["coverage"]["value"] == pytest.approx(0.9, abs=0.06), name
    assert result["sets"]["coverage"]["low"] < 0.9 < result["sets"]["coverage"]["high"] + 0.02
    assert 1 < result["sets"]["size"]["value"] < 3
    sizes = result["sets"]["by_size"]
    assert sum(entry["cases"] for entry in sizes.values()) == len(label)


def test_too_few_cases_of_a_class_share_the_promise_of_all() -> None:
    label = np.array([0] * 30 + [1] * 5)
    probability = np.linspace(0.1, 0.9, 35)[:, None]
    found = promised(answers(label, probability), SECTION)["sets"]
    assert found["own"] == [True, False]
    few = promised(answers(label[25:], probability[25:]), SECTION)["sets"]
    assert few["own"] == [False, False]
    # ten patients: the worst score of all that were seen; 0.9 of 11 is 9.9, so the tenth
    assert few["largest"][0] == few["largest"][1] < 1
    nobody = promised(answers(label[:5], probability[:5]), SECTION)["sets"]
    assert nobody["largest"] == [1.0, 1.0]  # every class, since nothing can be promised


def test_cases_of_one_patient_count_as_one() -> None:
    label = np.zeros(40, dtype=int)
    probability = np.linspace(0.01, 0.4, 40)[:, None]
    alone = promised(answers(label, probability), SECTION)["sets"]["largest"][0]
    same = promised(answers(label, probability, np.zeros(40, dtype=int)), SECTION)["sets"]
    assert alone < 0.4
    assert same["own"] == [False, False]  # one patient


def test_sets_are_never_empty_and_hold_what_is_likely_enough() -> None:
    probability = np.array([[0.5, 0.3, 0.2], [0.9, 0.06, 0.04]])
    assert sets_of(probability, [0.6, 0.75, 0.75], kind="classes").tolist() == [
        [True, True, False],
        [True, False, False],
    ]
    assert sets_of(probability, [0.0, 0.0, 0.0], kind="classes").tolist() == [
        [True, False, False],
        [True, False, False],
    ]
    both = sets_of(np.array([[0.5], [0.95]]), [0.6, 0.6], kind="binary")
    assert both.tolist() == [[True, True], [False, True]]


def test_confidence_is_the_distance_to_the_line() -> None:
    stated = np.array([[0.2], [0.6], [1.0], [0.0], [0.1]])
    found = confidence_of(stated, kind="binary", thresholds=[0.2])
    assert found == pytest.approx([0, 0.5, 1, 1, 0.5])
    several = np.array([[0.5, 0.3, 0.2]])
    assert confidence_of(several, kind="classes", thresholds=[]) == pytest.approx([0.5])


def test_who_is_left_to_a_human_is_wrong_more_often(rng: np.random.Generator) -> None:
    label, probability, groups = cohort(rng, 500, classes=2)
    state = {"thresholds": [0.5]}
    state |= promised(answers(label, probability, groups, state), SECTION)
    label, probability, groups = cohort(rng, 800, classes=2)
    found = kept(
        answers(label, probability, groups, state), confidence=0.95, replicates=200, seed=7
    )
    doubt = found["abstain"]
    assert doubt["asked"]["value"] == pytest.approx(0.1, abs=0.04)
    assert doubt["error_asked"]["low"] > doubt["error_kept"]["high"]
    asked, error = doubt["asked"]["value"], doubt["error_all"]["value"]
    whole = asked * doubt["error_asked"]["value"] + (1 - asked) * doubt["error_kept"]["value"]
    assert whole == pytest.approx(error)
    curve = doubt["curve"]
    assert curve["coverage"][-1] == 1
    assert curve["risk"][-1] == pytest.approx(error)
    assert curve["aurc"] < error
    assert stats.spearmanr(curve["coverage"], curve["risk"])[0] > 0.8


def test_a_promise_that_is_not_asked_for_is_not_made() -> None:
    quiet = EvaluationSection(coverage=None, abstain=None)
    asked = answers(np.array([0, 1] * 20), np.linspace(0.1, 0.9, 40)[:, None])
    assert promised(asked, quiet) == {}
    assert kept(asked, confidence=0.95, replicates=100, seed=1) == {}


def test_all_right_has_the_exact_bound() -> None:
    label = np.array([0, 1] * 30)
    probability = np.where(label == 1, 0.9, 0.1)[:, None]
    state = {"thresholds": [0.5], "sets": {"coverage": 0.9, "largest": [0.5, 0.5]}}
    found = kept(answers(label, probability, state=state), confidence=0.95, replicates=100, seed=1)
    assert found["sets"]["coverage"] == {
        "value": 1.0, "low": pytest.approx(0.025 ** (1 / 60)), "high": 1.0,
    }  # fmt: skip


def test_what_is_strange_is_told_by_one_in_a_hundred_of_validation(
    rng: np.random.Generator,
) -> None:
    label, stated = np.array([0, 1] * 200), rng.random((400, 1))
    asked = answers(label, stated)
    assert limit_of_familiar(asked) == {}
    strangeness = rng.random(400)
    known = Prediction({**asked.prediction.arrays, "strangeness": strangeness}, ("c0", "c1"))
    state = limit_of_familiar(replace(asked, prediction=known))
    assert (strangeness > state["familiar"]["limit"]).mean() <= 0.01
    outside = Prediction({**known.arrays, "outside": np.arange(400) < 100}, ("c0", "c1"))
    told = replace(asked, prediction=outside, state={**asked.state, **state})
    found = kept(told, confidence=0.95, replicates=100, seed=1)["outside"]
    assert found["expected"] == 0.01
    assert found["share"]["value"] == 0.25


def several_labels(rng: np.random.Generator, patients: int) -> Answers:
    """Three labels of different clearness, the last of them often unknown."""
    groups = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    truth = rng.random((groups.size, 3)) < 0.4
    logits = np.array([0.5, 1.5, 3.0]) * (2 * truth - 1) + rng.normal(size=truth.shape)
    probability, names = 1 / (1 + np.exp(-logits)), ("a", "b", "c")
    known = np.ones(truth.shape, dtype=bool)
    known[:, 2] = rng.random(groups.size) < 0.6
    return Answers(
        Targets({"truth": (truth & known).astype(np.float32), "known": known}, names, "labels"),
        Prediction({"probability": probability, "decision": probability >= 0.5}, names),
        groups,
        np.arange(groups.size),
        {"thresholds": [0.5, 0.4, 0.6]},
    )


def test_labels_are_as_many_questions(rng: np.random.Generator) -> None:
    asked = several_labels(rng, 300)
    state = promised(asked, SECTION)
    rows = np.flatnonzero(asked.targets.arrays["known"][:, 2])
    label = asked.targets.arrays["truth"][rows, 2].astype(int)
    stated = asked.prediction.arrays["probability"][rows, 2:]
    alone = promised(answers(label, stated, asked.groups[rows], {"thresholds": [0.6]}), SECTION)
    assert state["sets"]["largest"][2] == alone["sets"]["largest"]
    assert state["sets"]["own"] == [[True, True]] * 3
    assert state["abstain"] == {"share": 0.1, "below": [*state["abstain"]["below"][:2],
                                                        alone["abstain"]["below"]]}  # fmt: skip
    new = several_labels(rng, 2000)
    told = replace(new, state={**new.state, **state})
    found = kept(told, confidence=0.95, replicates=100, seed=1)["labels"]
    assert list(found) == ["a", "b", "c"]
    reached = [found[name]["sets"]["coverage"]["value"] for name in found]
    assert reached[0] == pytest.approx(0.9, abs=0.04)
    assert min(reached[1:]) > 0.87  # clear ones: sets, which are never empty, may hold more
    sizes = [found[name]["sets"]["size"]["value"] for name in found]
    assert sizes[0] > max(sizes[1:]) >= 1
    sets = sets_of(new.prediction.arrays["probability"], state["sets"]["largest"], kind="labels")
    assert sets.shape == (new.groups.size, 3, 2)
    assert found["a"]["sets"]["size"]["value"] == pytest.approx(sets[:, 0].sum(axis=1).mean())
    known = new.targets.arrays["known"][:, 2]
    assert sum(about["cases"] for about in found["c"]["sets"]["by_class"].values()) == known.sum()
    errors = [found["b"]["abstain"][name]["value"] for name in ("error_asked", "error_kept")]
    assert errors[0] > 2 * errors[1]


def test_of_a_label_without_a_known_case_nothing_is_certain(rng: np.random.Generator) -> None:
    asked = several_labels(rng, 100)
    asked.targets.arrays["known"][:, 0] = False
    state = promised(asked, SECTION)
    assert (state["sets"]["largest"][0], state["sets"]["own"][0]) == ([1.0, 1.0], [False, False])
    assert state["abstain"]["below"][0] == 1.0
    told = replace(asked, state={**asked.state, **state})
    assert list(kept(told, confidence=0.95, replicates=100, seed=1)["labels"]) == ["b", "c"]
