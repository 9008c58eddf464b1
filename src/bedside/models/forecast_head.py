"""The head of a forecast: a straight line on the last values, and what a network adds to it.

Enters: features, and the prepared inputs themselves. Leaves: ``quantiles`` (B, S, Q) in
the series' own unit, rising along Q.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from bedside.models.familiarity import Familiarity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.models.features import Features
    from bedside.schema import Array

SMALL = 1e-3
MEDIAN = 0.5


class ForecastHead(nn.Module):
    """Median = last value + linear skip on the lags + a linear layer on the features.

    The skip is what least squares would say (`start` sets it so); the network starts
    near zero and learns what is left. The other quantiles stand at distances from their
    neighbour that are never negative, so that they cannot cross. In evaluation mode
    each distance from the median is stretched by what calibration found.

    Args:
        width: F of the pooled features.
        state: of the task `forecast`.
    """

    stretch: torch.Tensor

    def __init__(self, width: int, state: Mapping[str, Any]) -> None:
        super().__init__()
        steps, levels = len(state["names"]), list(state["levels"])
        self.series: str = state["series"]
        self.scale, self.level = float(state["scale"]), float(state["level"])
        self.middle = levels.index(MEDIAN)
        self.skip = nn.Linear(int(state["history_steps"]), steps)
        self.added = nn.Linear(width, steps)
        self.gaps = nn.Linear(width, steps * (len(levels) - 1))
        self.familiarity: Familiarity | None = None
        nn.init.zeros_(self.skip.weight)
        nn.init.zeros_(self.skip.bias)
        nn.init.normal_(self.added.weight, std=SMALL)
        nn.init.zeros_(self.added.bias)
        nn.init.normal_(self.gaps.weight, std=SMALL)
        moves = torch.tensor(state["moves"], dtype=torch.float32)
        between = (moves[:, 1:] - moves[:, :-1]).clamp_min(SMALL)
        with torch.no_grad():  # softplus(bias) is the distance as it was seen in training
            self.gaps.bias.copy_(torch.log(torch.expm1(between)).reshape(-1))
        self.register_buffer("stretch", torch.ones(steps, len(levels)))
        self.carry(state)

    def carry(self, state: Mapping[str, Any]) -> None:
        """Set the calibration that evaluation mode applies."""
        self.stretch = self.stretch.new_tensor(state["stretch"])

    def start(self, weights: Array) -> None:
        """Set the skip: (H + 1, S) of the lags and the constant, as `lag_regression` fits them."""
        found = torch.as_tensor(weights, dtype=self.skip.weight.dtype)
        with torch.no_grad():
            self.skip.weight.copy_(found[:-1].T)
            self.skip.bias.copy_(found[-1])

    def forward(
        self, features: Features, inputs: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Pooled (B, F) and the series' history -> ``quantiles`` (B, S, Q) float32.

        In float32 even where the encoder trains in bf16, which would round the line's lags.
        Once it knows what training windows are like, in evaluation mode also ``strangeness``
        (B, 1).
        """
        pooled = features.pooled
        if torch.is_autocast_enabled(pooled.device.type):
            with torch.autocast(pooled.device.type, enabled=False):
                return self._answers(pooled.float(), inputs)
        return self._answers(pooled, inputs)

    def _answers(
        self, pooled: torch.Tensor, inputs: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        found = self._quantiles(pooled, inputs)
        if self.familiarity is not None and not self.training:
            found["strangeness"] = self.familiarity(pooled)
        return found

    def _quantiles(
        self, pooled: torch.Tensor, inputs: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        history = inputs[self.series][:, 0]
        last = history[:, -1:]
        lags = (history - last) / self.scale
        level = (last - self.level) / self.scale
        lags = torch.cat([lags[:, :-1], level], dim=1)
        median = (self.skip(lags) + self.added(pooled)).float()
        gaps = functional.softplus(self.gaps(pooled).float())
        gaps = gaps.reshape(-1, median.shape[1], self.stretch.shape[1] - 1)
        reach = functional.pad(torch.cumsum(gaps, 2), (1, 0))
        distance = reach - reach[:, :, self.middle : self.middle + 1]
        if not self.training:
            distance = distance * self.stretch
        return {"quantiles": last[:, :, None] + self.scale * (median[:, :, None] + distance)}
