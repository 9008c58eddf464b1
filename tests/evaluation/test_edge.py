"""Estimates of exactly 0 or 1: bounds worked by hand, who counts, and coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from bedside.evaluation import bootstrap, metric_names
from bedside.evaluation.comparison import compare
from bedside.evaluation.edge import least_auprc
from bedside.evaluation.kinds import Answers
from bedside.evaluation.kinds.classification import CLASSIFICATION
from bedside.evaluation.scoring import Scores, score, tabulate
from bedside.evaluation.subgroups import score_subgroups
from bedside.schema import Array, Kind, Prediction, Targets

NAMES = ("healthy", "ill")
LABELS = ("effusion", "nodule", "mass")


def low(n: int, tail: float = 0.025) -> float:
    """What a share must at least be for n of n to happen in 1 of 40 studies."""
    return float(tail ** (1 / n))


def pair(truth: Array, called: Array, names: tuple[str, ...] = NAMES) -> tuple[Targets, Prediction]:
    truth, called = np.atleast_2d(truth.T).T, np.atleast_2d(called.T).T.astype(bool)
    known = np.ones(truth.shape, dtype=bool)
    answers = {"probability": np.where(called, 0.9, 0.2), "decision": called}
    return Targets({"truth": truth.astype(float), "known": known}, names), Prediction(
        answers, names
    )


def scored(
    both: tuple[Targets, Prediction],
    groups: Array,
    *,
    kind: Kind = "binary",
    confidence: float = 0.95,
) -> Scores:
    answers = Answers(replace(both[0], kind=kind), both[1], groups)
    return score(answers, replicates=100, seed=7, confidence=confidence)


def ends(scores: Scores, metric: str) -> tuple[float | None, float | None]:
    return scores.table[metric]["low"], scores.table[metric]["high"]


def test_twenty_of_twenty_ill_patients_found_and_thirty_healthy_left_alone() -> None:
    truth = np.arange(50) < 20
    scores = scored(pair(truth, truth), np.arange(50))
    expected = {
        "sensitivity": 0.025 ** (1 / 20),  # 0.832
        "ppv": 0.025 ** (1 / 20),
        "specificity": 0.025 ** (1 / 30),  # 0.884
        "npv": 0.025 ** (1 / 30),
        "accuracy": 0.025 ** (1 / 50),
        "balanced_accuracy": (0.025 ** (1 / 20) + 0.025 ** (1 / 30)) / 2,
        "f1": 2 * low(20) / (1 + low(20)),
        "auroc": 0.025 ** (1 / 20),  # twenty pairs of one ill, one healthy
    }
    for metric, bound in expected.items():
        assert scores.table[metric]["value"] == 1, metric
        assert ends(scores, metric) == pytest.approx((bound, 1.0)), metric
    assert expected["sensitivity"] == pytest.approx(0.8316, abs=1e-4)
    # 1.5 healthy for each ill, so .253 wrong pairs for each of them
    least = 4 / (9 * (1.5 * (1 - low(20)) + 0.5))
    assert ends(scores, "auprc") == pytest.approx((least, 1.0))
    assert least == pytest.approx(0.590, abs=1e-3)
    assert ends(scored(pair(truth, truth), np.arange(50), confidence=0.9), "npv") == (
        pytest.approx((0.05 ** (1 / 30), 1.0))
    )


def test_none_of_them_found() -> None:
    truth = np.arange(50) < 20
    scores = scored(pair(truth, ~truth), np.arange(50))
    assert ends(scores, "sensitivity") == pytest.approx((0.0, 1 - low(20)))
    assert ends(scores, "ppv") == pytest.approx((0.0, 1 - low(30)))  # thirty were called ill
    assert ends(scores, "auroc") == pytest.approx((0.0, 1 - low(20)))
    share = 1 - low(50)  # hits among all who are ill or called so
    assert ends(scores, "f1") == pytest.approx((0.0, 2 * share / (1 + share)))


@pytest.mark.parametrize(("found", "n"), [(0, 7), (7, 7), (0, 133), (133, 133)])
def test_the_bound_is_that_of_clopper_and_pearson(found: int, n: int) -> None:
    truth = np.arange(2 * n) < n
    scores = scored(pair(truth, truth & (found > 0)), np.arange(2 * n))
    exact = binomtest(found, n).proportion_ci(0.95, method="exact")
    assert ends(scores, "sensitivity") == pytest.approx((exact.low, exact.high))


def test_patients_count_and_not_their_cases() -> None:
    # Twelve patients of five cases: 0-3 are ill in all, 4-5 in one of them, 6-11 in none.
    patient = np.repeat(np.arange(12), 5)
    truth = (patient < 4) | ((patient < 6) & (np.arange(60) % 5 == 0))
    scores = scored(pair(truth, truth), patient)
    assert ends(scores, "sensitivity") == pytest.approx((low(6), 1.0))
    assert ends(scores, "specificity") == pytest.approx((low(8), 1.0))
    assert ends(scores, "accuracy") == pytest.approx((low(12), 1.0))
    assert ends(scores, "auroc") == pytest.approx((low(6), 1.0))


def test_no_patient_stands_in_two_pairs() -> None:
    """Nine patients, all ill on one side and healthy on the other: four pairs, not nine."""
    truth = np.arange(18) % 2
    assert ends(scored(pair(truth, truth), np.arange(18) // 2), "auroc") == pytest.approx(
        (low(4), 1)
    )


def test_a_lone_patient_in_the_denominator_proves_little() -> None:
    truth = np.arange(40) < 1
    assert ends(scored(pair(truth, truth), np.arange(40)), "sensitivity") == (
        pytest.approx((0.025, 1.0))
    )


def test_away_from_the_edge_nothing_changes() -> None:
    truth = np.arange(60) < 30
    called = truth ^ (np.arange(60) % 30 == 3)
    both, groups = pair(truth, called), np.arange(60)
    scores = scored(both, groups)
    for metric in metric_names():
        value = scores.table[metric]["value"]
        if metric == "ece":
            continue  # mirrored, whatever the estimate is
        plain = bootstrap.interval(
            scores.replicates[metric], 0.95, estimate=value, left_out=scores.left_out[metric]
        )
        assert ends(scores, metric) == (plain or (None, None)), metric


def test_a_constant_score_keeps_its_auroc_of_one_half() -> None:
    truth = np.arange(60) < 20
    scores = scored(pair(truth, np.zeros(60)), np.arange(60))
    assert scores.table["auroc"] == {"value": 0.5, "low": 0.5, "high": 0.5}
    assert ends(scores, "specificity") == pytest.approx((low(40), 1.0))
    assert scores.table["ppv"]["value"] is None


def test_replicates_and_paired_differences_are_untouched() -> None:
    truth = np.arange(50) < 20
    perfect = scored(pair(truth, truth), np.arange(50))
    other = scored(pair(truth, truth ^ (np.arange(50) % 10 == 0)), np.arange(50))
    np.testing.assert_array_equal(perfect.replicates["auroc"], np.ones(100))
    drawn = 1 - other.replicates["auroc"]
    difference = compare(perfect, other)
    assert (difference["low"], difference["high"]) == bootstrap.interval(
        drawn, 0.95, estimate=difference["value"], left_out=1 - other.left_out["auroc"]
    )


def test_several_classes() -> None:
    label = np.repeat([0, 1, 2], [10, 20, 40])
    one_hot = np.eye(3)[label]
    scores = scored(pair(one_hot, one_hot, LABELS), np.arange(70), kind="classes")
    mean = (low(10) + low(20) + low(40)) / 3
    assert ends(scores, "sensitivity_effusion") == pytest.approx((low(10), 1.0))
    assert ends(scores, "specificity_mass") == pytest.approx((low(30), 1.0))
    assert ends(scores, "sensitivity") == pytest.approx((mean, 1.0))
    assert ends(scores, "balanced_accuracy") == pytest.approx((mean, 1.0))
    assert ends(scores, "accuracy") == pytest.approx((low(70), 1.0))
    assert ends(scores, "auroc_mass") == pytest.approx((low(30), 1.0))


def test_unknown_labels_are_no_evidence_and_absent_ones_leave_the_mean() -> None:
    truth = np.zeros((60, 3))
    truth[:20, 0] = truth[10:40, 1] = 1
    targets, prediction = pair(truth, truth, LABELS)
    targets.arrays["known"][:5, 0] = False
    targets.arrays["known"][50:, 1] = False
    scores = scored((targets, prediction), np.arange(60), kind="labels")
    assert ends(scores, "sensitivity_effusion") == pytest.approx((low(15), 1.0))
    assert ends(scores, "sensitivity") == pytest.approx(((low(15) + low(30)) / 2, 1.0))
    each = [low(55), low(50), low(60)]
    assert ends(scores, "accuracy") == pytest.approx((float(np.mean(each)), 1.0))
    assert ends(scores, "sensitivity_mass") == (None, None)


def test_subgroups_follow_the_same_rule() -> None:
    truth = np.arange(60) < 24
    sex = np.array(["f", "m"] * 30)
    answers = Answers(*pair(truth, truth), np.arange(60) // 2)
    found = score_subgroups(answers, {"sex": sex}, replicates=100, seed=7)["sex"]["f"]["metrics"]
    assert found["sensitivity"]["low"] == pytest.approx(low(12))
    assert found["auroc"]["low"] == pytest.approx(low(12))


def test_it_covers_where_percentiles_alone_do_not() -> None:
    """400 made-up studies of 30 ill patients, of whom a model finds 98 %."""
    rng = np.random.default_rng(3)
    truth, share, covered, by_percentiles = np.ones(30), 0.98, 0, 0
    for study in range(400):
        both = pair(truth, rng.random(30) < share)
        answers = Answers(*both, np.arange(30))
        measure = CLASSIFICATION.measurer(answers, metrics=("sensitivity",))
        evidence = CLASSIFICATION.evidence(answers)
        table, drawn, _ = tabulate(measure, evidence, confidence=0.95, replicates=200, seed=study)
        entry = table["sensitivity"]
        covered += entry["low"] <= share <= entry["high"]  # type: ignore[operator]
        plain = bootstrap.interval(drawn["sensitivity"], 0.95, estimate=entry["value"])
        by_percentiles += plain is not None and plain[0] <= share <= plain[1]
    assert covered / 400 >= 0.93
    assert by_percentiles / 400 < 0.6  # all are found in .98^30 = 55 % of studies


def test_the_bound_of_a_perfect_ranking_covers() -> None:
    """Where the AUROC lies just beyond the bound, perfect rankings are 1 study in 40 or fewer."""
    rng = np.random.default_rng(4)
    ill, healthy, studies = 12, 25, 20_000
    refuted = low(ill) - 0.01
    outliers = rng.random((studies, ill)) < 1 - refuted  # ill, but ranked below all healthy
    assert (~outliers.any(axis=1)).mean() <= 0.025
    # two normal curves with that AUROC overlap more evenly: perfect rankings are rarer still
    shift = np.sqrt(2) * norm.ppf(refuted)
    scores = rng.normal(size=(studies, ill + healthy))
    scores[:, :ill] += shift
    assert (scores[:, :ill].min(axis=1) > scores[:, ill:].max(axis=1)).mean() <= 0.025


@pytest.mark.parametrize("positives", [0.5, 0.1, 0.9])
def test_no_ranking_has_a_smaller_auprc_for_its_auroc(positives: float) -> None:
    rng = np.random.default_rng(5)
    ratio, recall = (1 - positives) / positives, (np.arange(4000) + 0.5) / 4000
    closest = np.inf
    for _ in range(300):
        # share of negatives above each recall: a start, and a rise of any form up to a stop
        start, power = rng.random() ** 4, 10 ** rng.uniform(-1.5, 1.5)
        above = start + (1 - start) * rng.random() ** 4 * recall**power
        bound = least_auprc(1 - above.mean(), positives)
        area = (recall / (recall + ratio * above)).mean()
        assert bound <= area + 1e-4
        closest = min(closest, area - bound)
    assert closest < 0.03  # not merely true because it is tiny


@pytest.mark.parametrize("wrong", [0.01, 0.1, 1 / 6, 0.17, 0.6])
def test_least_auprc_is_the_minimum_that_it_claims_to_be(wrong: float) -> None:
    """Solve for the multiplier by bisection and integrate, one negative for each positive."""
    recall = (np.arange(200_000) + 0.5) / 200_000
    scale, step = 0.0, 2.0
    while step > 1e-12:
        above = np.maximum(0, (scale + step) * np.sqrt(recall) - recall)
        scale += step * (above.mean() < wrong)
        step /= 2
    called = np.maximum(recall, scale * np.sqrt(recall))
    assert least_auprc(1 - wrong, 0.5) == pytest.approx((recall / called).mean(), abs=1e-4)


def test_the_bound_of_a_share_would_be_wrong_for_auprc() -> None:
    miss = 1 - low(20)  # share of healthy people who are ranked above all ill ones
    recall = (np.arange(100_000) + 0.5) / 100_000
    area = (recall / (recall + miss)).mean()
    assert (1 - miss) ** 20 == pytest.approx(0.025)  # a perfect ranking is not refuted
    assert area == pytest.approx(0.67, abs=0.005)  # yet this is well below low(20) = 0.83
    assert area - 0.02 < least_auprc(low(20), 0.5) <= area


def test_where_no_bound_is_known_there_is_no_interval() -> None:
    truth = np.arange(40) < 20
    targets, prediction = pair(truth, truth)
    prediction.arrays["probability"][:] = truth[:, None]
    scores = scored((targets, prediction), np.arange(40))
    for metric in ("brier", "ece"):
        assert scores.table[metric] == {"value": 0.0, "low": None, "high": None}
