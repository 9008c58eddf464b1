"""How fast to learn: AdamW, its rate over the steps, and the largest gradient.

Loshchilov and Hutter 2019 (arXiv:1711.05101); one cycle after Smith 2018 (arXiv:1803.09820).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import nn

    from bedside.training.recipe import Recipe

WARM_UP = 0.1
LARGEST_GRADIENT = 5.0


def one_cycle(step: int, total: int) -> float:
    """Share of the peak rate at a step: linear warm-up, then half a cosine down to zero."""
    warm = max(1, round(WARM_UP * total))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))


def make_optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW that decays weights of two or more axes only; one fused kernel does a step."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    fused = all(p.device.type in ("cpu", "cuda", "mps") for p in parameters)
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=recipe.learning_rate, fused=fused
    )


def set_rate(optimiser: Any, rate: float) -> None:
    """Let all groups learn at this rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def clip_gradients(parameters: list[nn.Parameter]) -> None:
    """Scale all gradients down together where their common norm exceeds `LARGEST_GRADIENT`."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    if norm.device.type == "cpu" and float(norm) <= LARGEST_GRADIENT:
        return  # elsewhere to ask costs more than to multiply by one
    torch._foreach_mul_(gradients, (LARGEST_GRADIENT / (norm + 1e-6)).clamp(max=1.0))
