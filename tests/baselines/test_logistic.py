import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bedside.baselines import logistic
from bedside.baselines.logistic import Logistic


def noisy(n, seed):
    rng = np.random.default_rng(seed)
    features = (rng.normal(size=(n, 4)) * [1, 10, 100, 1] + [0, 5, 50, 0]).astype(np.float32)
    odds = 2 * features[:, :1] + 0.02 * (features[:, 2:3] - 50)
    truth = (rng.random((n, 1)) < 1 / (1 + np.exp(-odds))).astype(np.float32)
    return features, truth, np.ones((n, 1), bool)


@pytest.mark.parametrize("strength", [0.001, 1.0])
def test_equals_a_regression_on_features_standardised_by_hand(strength, monkeypatch):
    monkeypatch.setattr(logistic, "PENALTIES", (strength,))
    training, validation = noisy(300, 1), noisy(100, 2)
    model = Logistic().fit(*training, kind="binary", validation=validation, seed=0, threads=1)
    features = training[0].astype(float)
    mean, std = features.mean(axis=0), features.std(axis=0)
    reference = LogisticRegression(C=strength, max_iter=1000, tol=1e-8)
    reference.fit((features - mean) / std, training[1][:, 0])
    expected = reference.decision_function((validation[0] - mean) / std)
    np.testing.assert_allclose(model.outputs(validation[0])["logits"][:, 0], expected, atol=2e-3)


def test_validation_chooses_the_penalty():
    """Pure noise wants the strongest penalty, a clear sign a weak one."""
    training, validation = noisy(300, 1), noisy(300, 2)
    rng = np.random.default_rng(0)
    noise = tuple(
        (f, rng.integers(0, 2, size=t.shape).astype(np.float32), k)
        for f, t, k in (training, validation)
    )
    clear = Logistic().fit(*training, kind="binary", validation=validation, seed=0, threads=1)
    blind = Logistic().fit(*noise[0], kind="binary", validation=noise[1], seed=0, threads=1)
    assert np.std(clear.outputs(training[0])["logits"]) > 1
    assert np.std(blind.outputs(training[0])["logits"]) < 0.2


def test_probabilities_keep_the_training_prevalence():
    features, truth, known = noisy(500, 3)
    truth[:400] = np.where(np.arange(400)[:, None] % 10 == 0, truth[:400], 0)
    part = (features, truth, known)
    model = Logistic().fit(*part, kind="binary", validation=part, seed=0, threads=1)
    probability = 1 / (1 + np.exp(-model.outputs(features)["logits"]))
    assert probability.mean() == pytest.approx(truth.mean(), abs=0.005)
