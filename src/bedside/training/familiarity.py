"""Let a finished network know what training cases are like.

Enters: a trained network and its training part. Leaves: a head that also answers how far a
case lies from those of training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.models.familiarity import Familiarity
from bedside.models.forecast_head import ForecastHead
from bedside.models.heads import LogitHead
from bedside.models.network import AT_ONCE, StudyNetwork, pooled_features
from bedside.models.voxel_head import VoxelHead

if TYPE_CHECKING:
    from torch import nn

    from bedside.schema import Array, Targets
    from bedside.training.loader import Prepared

KNOWING = (LogitHead, ForecastHead, VoxelHead)
"""Heads that can tell how far a case lies from those of training."""
MOST_LOOKED_AT = 5000
"""Training cases by which what is familiar is known; of more some by lot."""
MOST_PATCHES, PATCHES_AT_ONCE = 400, 2
"""The same of patches, and how many go through the network together, for their size."""


def make_familiar(network: nn.Module, training: Prepared, *, seed: int) -> None:
    """Set the familiarity of a head that can hold one; other heads stay as they are.

    Args:
        network: trained.
        training: the labelled cases it learnt from, of outlines as patches.
        seed: of which are looked at, where they are many.
    """
    if not isinstance(network, StudyNetwork) or not isinstance(network.head, KNOWING):
        return
    outlines = isinstance(network.head, VoxelHead)
    most, together = (MOST_PATCHES, PATCHES_AT_ONCE) if outlines else (MOST_LOOKED_AT, AT_ONCE)
    places = np.arange(len(training))
    if len(places) > most:
        rng = np.random.default_rng(seed)
        places = np.sort(rng.choice(len(places), most, replace=False))
    features = pooled_features(network, training.arrays, places, at_once=together)
    device = next(network.parameters()).device
    network.head.familiarity = Familiarity(features, _classes(training.targets, places)).to(device)


def _classes(targets: Targets, places: Array) -> Array:
    """(n,) the class of each case; several labels at once and windows make no classes."""
    if targets.kind not in ("binary", "classes"):
        return np.zeros(len(places))
    truth = np.asarray(targets.arrays["truth"][:])
    return np.asarray(truth[places] @ np.arange(1, truth.shape[1] + 1))
