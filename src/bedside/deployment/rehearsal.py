"""What each network of a task is asked while the task answers some cases.

Enters: a task with its networks, and prepared cases. Leaves: the prediction, and the arrays
that went into and came out of each network, which are what it is exported and proven with: a
network that writes the next word is never asked about the cases themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bedside.schema import Arrays, Network, Prediction, State, Task


@dataclass
class Asked:
    """Calls of one network.

    Args:
        network: that is asked.
        first: inputs and outputs of the first call.
        last: inputs of the last call about as many cases as the first.
    """

    network: Network
    first: tuple[Arrays, Arrays] = field(default_factory=lambda: ({}, {}))
    last: Arrays = field(default_factory=dict)

    def __call__(self, arrays: Arrays) -> Arrays:
        outputs = self.network(arrays)
        if not self.last:
            self.first = arrays, outputs
        if not self.last or _count(arrays) == _count(self.last):
            self.last = arrays
        return outputs


def rehearse(
    task: Task, state: State, *, networks: Mapping[str, Network], inputs: Arrays
) -> tuple[Prediction, dict[str, Asked]]:
    """Answer cases, and listen to what the networks are asked on the way.

    Args:
        task: of the networks.
        state: calibrated.
        networks: by name.
        inputs: prepared cases.
    """
    asked = {name: Asked(network) for name, network in networks.items()}
    with np.errstate(all="ignore"):  # what is not finite fails later, in our words
        prediction = task.infer(asked, inputs, state)
    return prediction, asked


def _count(arrays: Arrays) -> int:
    return len(next(iter(arrays.values())))
