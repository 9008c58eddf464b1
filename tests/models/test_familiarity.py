"""How far a case lies from training: against scikit-learn's distances, and in a finished head."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.covariance import EmpiricalCovariance

from bedside.models import familiarity
from bedside.models.familiarity import Familiarity
from bedside.models.features import Features
from bedside.models.forecast_head import ForecastHead
from bedside.models.heads import LogitHead
from bedside.models.voxel_head import VoxelHead
from bedside.schema import Array


def distance(known: Familiarity, features: Array) -> Array:
    return known(torch.tensor(features, dtype=torch.float32))[:, 0].numpy()


def test_with_all_directions_it_is_mahalanobis_distance(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(familiarity, "KEPT", 1.0)
    features = rng.normal(size=(500, 6)) @ rng.normal(size=(6, 6)) + 3
    known = Familiarity(features, np.zeros(500))
    asked = rng.normal(size=(40, 6)) * 5
    reference = EmpiricalCovariance().fit(features)
    squares = reference.mahalanobis(asked) * 499 / 500  # theirs divides by n
    np.testing.assert_allclose(distance(known, asked), np.sqrt(squares / 6), rtol=1e-3)


def test_the_nearest_class_counts_and_cases_like_training_are_near_one(
    rng: np.random.Generator,
) -> None:
    classes = rng.integers(0, 2, 800)
    features = rng.normal(size=(800, 30))
    features[:, 0] += 20 * classes
    known = Familiarity(features, classes)
    assert distance(known, features).mean() == pytest.approx(1, abs=0.05)
    between = np.zeros((1, 30))
    between[0, 0] = 10
    assert distance(known, between)[0] > 1.5
    together = Familiarity(features, np.zeros(800))
    assert distance(together, between)[0] < 0.6


def test_features_that_never_moved_have_a_floor(rng: np.random.Generator) -> None:
    features = np.concatenate([rng.normal(size=(50, 4)), np.zeros((50, 60))], axis=1)
    known = Familiarity(features, np.zeros(50))
    away = features.copy()
    away[:, -1] = 0.5
    assert np.isfinite(distance(known, features)).all()
    assert (distance(known, away) > distance(known, features) + 0.5).all()


def test_a_head_tells_strangeness_in_evaluation_only_and_keeps_it_out_of_checkpoints(
    rng: np.random.Generator,
) -> None:
    state = {"series": "s.values", "scale": 1, "level": 0, "history_steps": 2, "names": ["5"],
             "levels": [0.5, 0.9], "moves": [[0, 1]], "stretch": [[1, 1]]}  # fmt: skip
    pooled = torch.tensor(rng.normal(size=(3, 4)), dtype=torch.float32)
    features = Features(pooled, pyramid=(torch.zeros(3, 2, 4, 4, 4),))
    inputs = {"s.values": torch.zeros(3, 1, 2)}
    heads = {"logits": [LogitHead(4, 1), VoxelHead(2, 3)], "quantiles": [ForecastHead(4, state)]}
    for head, own in ((head, own) for own, each in heads.items() for head in each):
        names = set(head.state_dict())
        head.eval()
        assert set(head(features, inputs)) == {own}
        head.familiarity = Familiarity(rng.normal(size=(50, 4)), np.zeros(50))
        assert set(head.state_dict()) == names
        assert head(features, inputs)["strangeness"].shape == (3, 1)
        head.train()
        assert set(head(features, inputs)) == {own}
