import numpy as np

from bedside.baselines import boosted_trees
from bedside.baselines.boosted_trees import MOST_TREES, BoostedTrees


def ring(n, seed):
    """A truth that no linear rule finds: inside or outside a circle."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 5)).astype(np.float32)
    truth = (np.hypot(features[:, 0], features[:, 1]) > 1.18).astype(np.float32)[:, None]
    return features, truth, np.ones((n, 1), bool)


def test_finds_what_no_linear_rule_finds():
    model = BoostedTrees().fit(
        *ring(500, 1), kind="binary", validation=ring(200, 2), seed=0, threads=1
    )
    features, truth, _ = ring(200, 3)
    logits = model.outputs(features)["logits"]
    assert ((logits > 0) == truth).mean() > 0.9


def test_stops_early_on_validation():
    features, truth, known = ring(300, 1)
    noise = np.random.default_rng(0).integers(0, 2, size=truth.shape).astype(np.float32)
    model = BoostedTrees().fit(
        features, noise, known, kind="binary", validation=ring(200, 2), seed=0, threads=1
    )
    assert 1 <= model.scorers[0].booster.best_iteration < MOST_TREES / 10


def test_the_number_of_threads_changes_nothing(monkeypatch):
    monkeypatch.setattr(boosted_trees, "MOST_TREES", 3)
    training, validation = ring(100, 1), ring(50, 2)

    def logits(threads):
        model = BoostedTrees().fit(
            *training, kind="binary", validation=validation, seed=5, threads=threads
        )
        return model.outputs(validation[0])["logits"]

    np.testing.assert_allclose(logits(1), logits(2), rtol=1e-6)
