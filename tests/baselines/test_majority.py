import numpy as np

from bedside.baselines.majority import Majority


def fit(truth, known, kind):
    features = np.zeros((len(truth), 2), np.float32)
    part = (features, truth.astype(np.float32), known)
    return Majority().fit(*part, kind=kind, validation=part, seed=0, threads=1).outputs(features)


def test_log_odds_of_the_known_training_prevalence():
    truth = np.array([[1], [0], [0], [0], [1]])
    known = np.array([[True], [True], [True], [True], [False]])
    np.testing.assert_allclose(fit(truth, known, "binary")["logits"], np.log(1 / 3), rtol=1e-6)


def test_log_probabilities_of_classes():
    truth = np.eye(3)[[0, 0, 1, 2]]
    logits = fit(truth, np.ones_like(truth, bool), "classes")["logits"]
    np.testing.assert_allclose(np.exp(logits[0]), [0.5, 0.25, 0.25], rtol=1e-6)


def test_each_label_has_its_own_prevalence():
    truth = np.array([[1, 0], [1, 0], [1, 1], [0, 0]])
    logits = fit(truth, np.ones_like(truth, bool), "labels")["logits"]
    np.testing.assert_allclose(logits[0], [np.log(3), -np.log(3)], rtol=1e-6)


def test_validation_cases_are_not_counted():
    features, truth, known = np.zeros((4, 2), np.float32), np.eye(4)[:, :1], np.ones((4, 1), bool)
    held = (features, np.ones((4, 1), np.float32), known)
    model = Majority().fit(
        features, truth, known, kind="binary", validation=held, seed=0, threads=1
    )
    np.testing.assert_allclose(model.outputs(features)["logits"], np.log(1 / 3), rtol=1e-6)
