"""Let a finished network know what training cases are like.

Enters: a trained network and its training part. Leaves: a head that also answers how far a
case lies from those of training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.models.familiarity import Familiarity
from bedside.models.heads import LogitHead
from bedside.models.network import StudyNetwork, pooled_features

if TYPE_CHECKING:
    from bedside.training.job import Job

MOST_LOOKED_AT = 5000
"""Training cases by which what is familiar is known; of more some by lot."""


def make_familiar(job: Job) -> None:
    """Set the familiarity of a head of classes; other heads stay as they are."""
    network, training = job.network, job.train
    if not isinstance(network, StudyNetwork) or not isinstance(network.head, LogitHead):
        return
    truth = np.asarray(training.targets.arrays["truth"][:])
    places = np.arange(len(truth))
    if len(places) > MOST_LOOKED_AT:
        rng = np.random.default_rng(job.seed)
        places = np.sort(rng.choice(len(places), MOST_LOOKED_AT, replace=False))
    features = pooled_features(network, training.arrays, places)
    # several labels at once make no classes of cases
    alone = training.targets.kind == "labels"
    classes = np.zeros(len(places)) if alone else truth[places] @ np.arange(1, truth.shape[1] + 1)
    device = next(network.parameters()).device
    network.head.familiarity = Familiarity(features, classes).to(device)
