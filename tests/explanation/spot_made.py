"""Networks whose looks are known: each answers by the mean of a few elements and nothing else."""

from __future__ import annotations

import torch
from torch import nn

from bedside.explanation.question import Question
from bedside.explanation.surface import Surface
from bedside.models.features import Encoder, Features

SPOT = (slice(9, 12), slice(22, 25))
"""Rows and columns of a picture of 32 x 32 that count."""
STATE = {"kind": "binary", "names": ["well", "ill"]}


class Spot(Encoder):
    """Looks at the mean of some elements; before that a convolution that changes nothing."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__({})
        self.register_buffer("weights", weights)
        kinds = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
        self.same = kinds[weights.ndim](1, 1, 1, bias=False)
        nn.init.ones_(self.same.weight)

    def forward(self, arrays: dict[str, torch.Tensor]) -> Features:
        values = arrays["values"].float()
        table = values.ndim == 2
        maps = self.same(values[:, None] if table else values)
        weights: torch.Tensor = self.weights  # type: ignore[assignment]
        return Features((maps[:, 0] * weights).flatten(1).sum(dim=1, keepdim=True))


class Answering(nn.Module):
    """One encoder and logits that are what it finds, times its gain."""

    def __init__(self, encoder: Encoder, *, name: str = "x", gain: float = 6.0) -> None:
        super().__init__()
        self.array_names = {name: ("values",)}
        self.encoders = nn.ModuleList([encoder])
        self.gain = nn.Parameter(torch.tensor(gain))

    def features(self, arrays: dict[str, torch.Tensor]) -> Features:
        (name,) = self.array_names
        own = {key.removeprefix(f"{name}."): value for key, value in arrays.items()}
        found: Features = self.encoders[0](own)
        return found

    def forward(self, arrays: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"logits": self.gain * (self.features(arrays).pooled - 0.5)}


def spot_weights() -> torch.Tensor:
    weights = torch.zeros(32, 32)
    weights[SPOT] = 1 / 9
    return weights


def spot_question() -> Question:
    return Question.of(Answering(Spot(spot_weights())), "binary", STATE)


def spot_surface() -> Surface:
    return Surface("x", "values", "image", (1, 32, 32))


def pictures(count: int = 12, *, seed: int = 0) -> dict[str, torch.Tensor]:
    """Noise with a bright spot where the network looks, and another where it does not."""
    generator = torch.Generator().manual_seed(seed)
    values = 0.3 * torch.rand((count, 1, 32, 32), generator=generator)
    values[:, :, *SPOT] += 1.0
    values[:, :, 22:25, 6:9] += 1.0
    return {"x.values": values}


def first(count: int = 12) -> torch.Tensor:
    """The only number there is, of each case."""
    return torch.zeros(count, dtype=torch.long)
