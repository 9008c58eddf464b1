"""What augmentation draws: one number for each case of a batch.

Enters: a batch and a generator. Leaves: numbers, on the batch's device. Training only.
"""

from __future__ import annotations

import torch


def uniform(like: torch.Tensor, generator: torch.Generator, reach: float) -> torch.Tensor:
    """(B,) uniform in -reach..reach, for the B cases of `like`."""
    drawn = torch.rand(len(like), generator=generator, device=generator.device)
    return ((2 * drawn - 1) * reach).to(like.device)
