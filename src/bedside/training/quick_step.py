"""AdamW's step without what is found out anew at each.

For a small network `torch.optim.AdamW.step` looks its tensors up, checks and groups them
for longer than it computes. The optimiser and its state stay the usual ones; only the call
of the fused kernel is made from lists that are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from bedside.training.schedule import set_rate


@dataclass(frozen=True)
class _Group:
    """What the kernel takes of one group of weights, in one order.

    The steps are views into one tensor, ``counted``, so that one call counts all of them on.
    """

    options: dict[str, Any]
    weights: list[torch.Tensor]
    moments: list[torch.Tensor]
    squares: list[torch.Tensor]
    steps: list[torch.Tensor]
    counted: torch.Tensor


class QuickStep:
    """Steps an optimiser as its own ``step`` would.

    Args:
        optimiser: from `make_optimiser`; its state may be restored between two steps.
    """

    def __init__(self, optimiser: torch.optim.AdamW) -> None:
        self.optimiser = optimiser
        self._groups: list[_Group] = []

    @torch.no_grad()
    def __call__(self, rate: float) -> None:
        """Step at this rate; a weight without gradient stays, as it does in torch."""
        set_rate(self.optimiser, rate)
        gradients = [
            [weight.grad for weight in group.weights if weight.grad is not None]
            for group in self._groups
        ]
        if not self._fits(gradients):
            self.optimiser.step()
            self._groups = self._look_up()
            return
        for group, own in zip(self._groups, gradients, strict=True):
            group.counted.add_(1)
            torch._fused_adamw_(
                group.weights, own, group.moments, group.squares, [], group.steps,
                lr=rate, maximize=False, amsgrad=False, **group.options,
            )  # fmt: skip

    def _fits(self, gradients: list[list[torch.Tensor]]) -> bool:
        """Whether the lists are there, still the optimiser's, and every weight has a gradient."""
        state = self.optimiser.state
        return bool(self._groups) and all(
            state[group.weights[0]].get("exp_avg") is group.moments[0]
            and len(own) == len(group.weights)
            for group, own in zip(self._groups, gradients, strict=True)
        )

    def _look_up(self) -> list[_Group]:
        """The lists, where all weights have state and are stepped by the fused kernel."""
        state, found = self.optimiser.state, []
        for group in self.optimiser.param_groups:
            weights = group["params"]
            if not group["fused"] or any(not state[weight] for weight in weights):
                return []
            options = {name: group[name] for name in ("weight_decay", "eps")}
            options["beta1"], options["beta2"] = group["betas"]
            moments, squares, steps = (
                [state[w][slot] for w in weights] for slot in ("exp_avg", "exp_avg_sq", "step")
            )
            counted = torch.stack(steps)
            for weight, step in zip(weights, counted.unbind(), strict=True):
                state[weight]["step"] = step
            steps = [state[w]["step"] for w in weights]
            found.append(_Group(options, weights, moments, squares, steps, counted))
        return found
