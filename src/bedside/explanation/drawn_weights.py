"""The same network with weights drawn anew, for the test of explanations."""

from __future__ import annotations

import copy

import torch
from torch import nn


def randomised(network: nn.Module, *, seed: int) -> nn.Module:
    """A copy whose every layer begins again; what no layer owns is drawn with its own spread.

    Running means and spreads of normalisation begin again, too: the copy is a network that has
    learnt nothing. Fitted numbers that are no weights (standardisation, calibration) stay.
    """
    fresh = copy.deepcopy(network)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for module in fresh.modules():
            own = list(module.parameters(recurse=False))
            again = getattr(module, "reset_parameters", None)
            if callable(again):
                again()
                continue
            for weights in own:
                weights.copy_(torch.randn_like(weights) * weights.std(unbiased=False))
    return fresh.eval()
