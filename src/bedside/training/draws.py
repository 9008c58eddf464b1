"""What one epoch draws at random, so that a checkpoint within it can hold it.

Order and augmentation come from a generator of the epoch; dropout knows none but
torch's own, which is seeded for the epoch and put back afterwards.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from bedside.training.loader import epoch_generator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedside.training.loader import Tensors


@dataclass(frozen=True)
class Draws:
    """The generators of an epoch.

    Args:
        generator: of order and augmentation.
        device: whose own generator dropout draws from.
    """

    generator: torch.Generator
    device: torch.device

    def state(self) -> Tensors:
        """Where all generators stand, as tensors of bytes."""
        states = {"epoch": self.generator.get_state(), "cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.device)
        return states

    def restore(self, states: Tensors) -> None:
        """Go on from where `state` was taken."""
        self.generator.set_state(states["epoch"])
        torch.set_rng_state(states["cpu"])
        if self.device.type == "cuda" and "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"], self.device)


@contextmanager
def drawing(seed: int, epoch: int, *, device: torch.device) -> Iterator[Draws]:
    """Seed what an epoch draws from; torch's own generators are put back at the end."""
    generator = epoch_generator(seed, epoch)
    forked = [device.index or 0] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=forked):
        torch.manual_seed(generator.initial_seed())
        yield Draws(generator, device)
