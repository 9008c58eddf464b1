"""Planted label errors are found where features tell, never by a model that saw the case."""

import numpy as np

from bedside.audit.doubt import FOLDS, doubt_labels


def separable(n=400, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    features = rng.normal(size=(n, 12))
    features[np.arange(n), labels] += 6
    return features, labels


def test_flipped_labels_come_first():
    features, labels = separable()
    wrong = np.array([3, 50, 121, 200, 399])
    given = labels.copy()
    given[wrong] = 1 - given[wrong]
    doubt = doubt_labels(features, given, np.arange(400), seed=0)
    assert set(doubt.rows) <= set(wrong)
    assert len(doubt.rows) >= 4  # one less sure than usual is left alone
    assert (doubt.likelier == labels[doubt.rows]).all()
    assert (np.diff(doubt.probability) <= 0).all()
    assert 0.9 < doubt.accuracy <= 1


def test_of_several_classes_the_right_one_is_named():
    features, labels = separable(600, classes=3)
    given = labels.copy()
    given[7] = (labels[7] + 1) % 3
    doubt = doubt_labels(features, given, np.arange(600), seed=0)
    assert doubt.rows[0] == 7
    assert doubt.likelier[0] == labels[7]


def test_features_that_say_nothing_are_admitted():
    features, labels = separable()
    shuffled = np.random.default_rng(1).permutation(labels)
    assert doubt_labels(features, shuffled, np.arange(400), seed=0).accuracy < 0.6


def test_a_case_is_judged_without_its_own_group():
    """One-hot of the group tells a label only to a model that learnt from that group."""
    groups = np.repeat(np.arange(40), 10)
    labels = groups % 2
    doubt = doubt_labels(np.eye(40)[groups] * 10, labels, groups, seed=0)
    assert doubt.accuracy < 0.75


def test_too_few_groups_of_a_label_say_nothing():
    features, labels = separable(100)
    groups = np.where(labels == 1, labels * 1000 + np.arange(100) % (FOLDS - 1), np.arange(100))
    assert doubt_labels(features, labels, groups, seed=0) is None
