"""How far a case lies from what a network was trained on, by its pooled features.

Enters: pooled features (B, F). Leaves: a distance (B, 1), about 1 for cases like those of
training. It is Mahalanobis' distance to the nearest class mean (Lee et al. 2018,
arXiv:1807.03888) under a Gaussian of few directions and one variance for all the rest
(Tipping and Bishop 1999, doi:10.1111/1467-9868.00196), so that some hundred cases suffice.
Only means and directions are kept, no case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from bedside.schema import Array

MOST_DIRECTIONS = 64
KEPT = 0.95
"""Share of the variance that the directions hold together."""
FLOOR = 1e-3
"""Of the mean variance, below which no direction's variance is taken to be."""


class Familiarity(nn.Module):
    """Distance to the nearest class of training.

    Args:
        features: (N, F) pooled, of training cases.
        classes: (N,) integers; the spread is that within them.
    """

    means: torch.Tensor
    directions: torch.Tensor
    spread: torch.Tensor
    rest: torch.Tensor

    def __init__(self, features: Array, classes: Array) -> None:
        super().__init__()
        features = np.asarray(features, dtype=np.float64)
        names, place = np.unique(classes, return_inverse=True)
        means = np.stack([features[place == k].mean(axis=0) for k in range(len(names))])
        within = features - means[place]
        _, singular, rows = np.linalg.svd(within, full_matrices=False)
        variances = singular**2 / max(len(features) - len(names), 1)
        floor = FLOOR * max(float(variances.sum()) / features.shape[1], 1e-12)
        enough = int(np.searchsorted(np.cumsum(variances) / variances.sum(), KEPT)) + 1
        count = min(enough, MOST_DIRECTIONS, len(variances))
        left = features.shape[1] - count
        rest = float(variances[count:].sum()) / left if left else floor
        self._keep("means", means)
        self._keep("directions", rows[:count].T)
        self._keep("spread", np.sqrt(np.maximum(variances[:count], floor)))
        self._keep("rest", np.array([max(rest, floor)]))

    def _keep(self, name: str, values: Array) -> None:
        # made anew from the training part whenever a network is finished, so not in checkpoints
        self.register_buffer(name, torch.tensor(values, dtype=torch.float32), persistent=False)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """Pooled (B, F) -> distance (B, 1), in standard deviations over all directions."""
        away = pooled.float()[:, None, :] - self.means
        along = away @ self.directions
        beside = away - along @ self.directions.T
        squares = ((along / self.spread) ** 2).sum(dim=2) + (beside**2).sum(dim=2) / self.rest
        nearest = squares.min(dim=1, keepdim=True).values
        return torch.sqrt(nearest / self.means.shape[1])
