"""Reading answers: against scikit-learn, by patient, beside what a stratum says."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from bedside.audit.linear_reading import (
    PENALTIES,
    auroc_of,
    compress,
    fit_ridge,
    folds_of,
    halves,
    read_answers,
)


def drawn(n=300, f=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng, rng.normal(size=(n, f))


def test_ridge_is_that_of_scikit_learn_for_one_of_its_penalties():
    rng, features = drawn()
    answers = (features[:, :2] + rng.normal(size=(300, 2)) > 0).astype(float)
    scores = fit_ridge(features, answers)(features)
    usual = 300 * features.var(axis=0).mean()
    for column in range(2):
        theirs = [
            Ridge(alpha=share * usual).fit(features, answers[:, column]).predict(features)
            for share in PENALTIES
        ]
        nearest = [np.abs(own - own.mean() - scores[:, column]).max() for own in theirs]
        assert min(nearest) < 1e-9


def test_area_under_the_curve_with_ties():
    scores, is_it = np.array([1, 2, 2, 3, 0.0]), np.array([0, 1, 0, 1, 0]) == 1
    assert auroc_of(scores, is_it) == pytest.approx(roc_auc_score(is_it, scores))
    assert np.isnan(auroc_of(scores, np.ones(5, bool)))


def test_cases_of_a_group_share_a_fold():
    groups = np.repeat(np.arange(40), 3)
    fold = folds_of(groups, seed=1)
    assert all(np.unique(fold[groups == g]).size == 1 for g in range(40))
    assert np.bincount(fold).tolist() == [24] * 5


def test_halves_of_numbers_of_zero_and_one_and_of_the_unknown():
    assert halves(np.array([1.0, 2, 3, 4])).tolist() == [0, 0, 1, 1]
    assert halves(np.array([1.0, 1, 1, 0])).tolist() == [1, 1, 1, 0]
    assert np.isnan(halves(np.array([1.0, np.nan, 0]))).tolist() == [False, True, False]


def test_an_answer_is_read_where_it_is_there_and_chance_is_not():
    rng, features = drawn(400)
    answers = np.stack([features[:, 0] > 0, rng.random(400) < 0.5], axis=1).astype(float)
    there, chance = read_answers(features, answers, np.arange(400), seed=0)
    assert there.low > 0.95
    assert chance.low < 0.5 < chance.high


def test_an_answer_known_of_nobody_or_of_some_is_no_fault():
    _, features = drawn(400)
    some = np.where(np.arange(400) % 3 > 0, features[:, 0] > 0, np.nan)
    nobody, known = read_answers(
        features, np.stack([np.full(400, np.nan), some], axis=1), np.arange(400), seed=0
    )
    assert nobody is None
    assert known.low > 0.9


def test_patients_count_and_not_their_cases():
    _, features = drawn(36)
    many = np.repeat(features, 10, axis=0)
    answer = (many[:, :1] > 0).astype(float)
    (by_case,) = read_answers(many, answer, np.arange(360), seed=0)
    assert read_answers(many, answer, np.repeat(np.arange(36), 10), seed=0) == [None]
    assert by_case.auroc > 0.9


def test_what_the_stratum_says_does_not_count():
    """An attribute that follows the label is read through it, and not among labels alike."""
    rng, features = drawn(600)
    label = (features[:, 0] > 0).astype(int)
    attribute = np.where(rng.random(600) < 0.85, label, 1 - label).astype(float)[:, None]
    (among_all,) = read_answers(features, attribute, np.arange(600), seed=0)
    (alike,) = read_answers(features, attribute, np.arange(600), seed=0, strata=label[:, None])
    assert among_all.low > 0.75
    assert alike.low < 0.5


def test_compressing_keeps_what_varies_most():
    rng, few = drawn(200, 3)
    wide = few @ rng.normal(size=(3, 50)) + 0.01 * rng.normal(size=(200, 50))
    kept = compress(np.column_stack([wide, np.ones(200)]), most=3)
    assert kept.shape == (200, 3)
    rest = few - kept @ np.linalg.lstsq(kept, few, rcond=None)[0]
    assert np.abs(rest).max() < 0.4
