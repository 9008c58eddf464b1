"""A moving average of a network's weights, which is what is evaluated and kept.

Averaged weights lie flatter and generalise better than the last ones (Polyak and
Juditsky 1992, 10.1137/0330046; Izmailov et al. 2018, arXiv:1803.05407).
"""

from __future__ import annotations

import copy
from itertools import chain
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


class Average:
    """A copy of a network that follows it; its running statistics follow as its weights do.

    Args:
        network: the one that learns; its tensors must stay the same objects.
        decay: share of the old average at each update, once it has seen enough of them.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(network)
        self.decay = decay
        self.count = 0
        # paired once, so that an update is two calls however many tensors there are
        pairs = zip(_tensors(self.module), _tensors(network), strict=True)
        known = [(own.requires_grad_(False), new) for own, new in pairs]
        smooth = [pair for pair in known if torch.is_floating_point(pair[0])]
        self._own, self._new = [own for own, _ in smooth], [new for _, new in smooth]
        self._counters = [pair for pair in known if not torch.is_floating_point(pair[0])]

    @torch.no_grad()
    def update(self) -> None:
        """Take a step towards the network's present weights; the first step goes all the way."""
        # a short memory at first, so that the first epochs are not the random start's
        decay = min(self.decay, (1 + self.count) / (10 + self.count)) if self.count else 0.0
        torch._foreach_lerp_(self._own, self._new, 1 - decay)
        for counter, latest in self._counters:
            counter.copy_(latest)
        self.count += 1


def _tensors(network: nn.Module) -> list[torch.Tensor]:
    """Weights and buffers, each once, where it is shared too."""
    return list(chain(network.parameters(), network.buffers()))
