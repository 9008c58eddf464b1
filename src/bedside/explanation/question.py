"""What is explained: one number of a network's answer to each case.

Enters: a network and its task's fitted state. Leaves: a `Question`, which answers that number,
with its gradient where one is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from bedside.explanation import ASKED

if TYPE_CHECKING:
    from torch import nn

    from bedside.schema import State

Tensors: TypeAlias = dict[str, torch.Tensor]
MEDIAN = 0.5
NO_WORD = -30.0
"""Log-odds where no word stands."""
MOST_AT_ONCE = 128
"""Cases, whole or in part hidden, that the network sees together."""
MOST_NUMBERS = 2**21
"""Numbers that these hold together: of large inputs fewer are seen at once."""


@dataclass(frozen=True)
class Asked:
    """What is explained of the answers of one kind of target.

    Args:
        scores: the network's outputs -> (B, A), numbers that can be explained.
        shown: such a number -> as people read it, a probability or a value in `unit`.
        names: of the A numbers.
        unit: of what is shown; blank for a probability.
        chosen: (B, A) scores -> (B,) which number of each case is explained.
    """

    scores: Callable[[Mapping[str, torch.Tensor]], torch.Tensor]
    shown: Callable[[torch.Tensor], torch.Tensor]
    names: tuple[str, ...]
    unit: str
    chosen: Callable[[torch.Tensor], torch.Tensor]


Ask: TypeAlias = "Callable[[State], Asked]"
"""A task's fitted state -> what is explained."""


@dataclass(frozen=True)
class Question:
    """One number a case, of one network in evaluation mode.

    Args:
        network: trained; its weights are not changed.
        asked: what of its answers is explained.
    """

    network: nn.Module
    asked: Asked

    @classmethod
    def of(cls, network: nn.Module, kind: str, state: State) -> Question:
        """What is asked of a network that answers this kind of target.

        Raises:
            StudyError: no explanation is defined for this kind.
        """
        network.eval()
        return cls(network, ASKED.load(kind)(state))

    def of_other(self, network: nn.Module) -> Question:
        """The same question to another network."""
        network.eval()
        return Question(network, self.asked)

    def score(self, arrays: Mapping[str, torch.Tensor], which: torch.Tensor) -> torch.Tensor:
        """Arrays (B, ...), which number (B,) -> that number (B,), with its gradient."""
        scores = self.asked.scores(self.network(dict(arrays)))
        return scores.gather(1, which[:, None])[:, 0]

    def look(
        self, arrays: Mapping[str, torch.Tensor], which: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The same without gradients, some cases at a time; all numbers (B, A) without `which`."""
        count = len(next(iter(arrays.values())))
        found, step = [], at_once(arrays)
        with torch.no_grad():
            for start in range(0, count, step):
                rows = slice(start, start + step)
                own = {name: values[rows] for name, values in arrays.items()}
                if which is None:
                    found.append(self.asked.scores(self.network(own)))
                else:
                    found.append(self.score(own, which[rows]))
        return torch.cat(found)


def at_once(arrays: Mapping[str, torch.Tensor]) -> int:
    """How many such cases the network sees together."""
    each = sum(math.prod(values.shape[1:]) for values in arrays.values())
    return max(1, min(MOST_AT_ONCE, MOST_NUMBERS // max(each, 1)))


def encoder_of(network: Any, name: str) -> nn.Module:
    """The encoder by which a network reads an input."""
    found: nn.Module = network.encoders[list(network.array_names).index(name)]
    return found


def ask_class(state: State) -> Asked:
    """The log-odds of one class against all others.

    Of two classes it is always the positive one that is explained; of several, the one that
    the network names; of several labels, the one it is surest of.
    """
    several = state["kind"] == "classes"
    names = tuple(state["names"][-1:] if state["kind"] == "binary" else state["names"])

    def scores(outputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        logits = outputs["logits"]
        if not several:
            return logits
        own = torch.eye(logits.shape[1], dtype=torch.bool, device=logits.device)
        others = logits[:, None, :].masked_fill(own[None], -torch.inf)
        return logits - torch.logsumexp(others, dim=2)

    return Asked(scores, torch.sigmoid, names, "", lambda found: found.argmax(dim=1))


def ask_entities(state: State) -> Asked:
    """Of each label the log-odds of the word that is surest to begin it or to go on with it.

    By the network's scores of words, before what may follow what is minded. The label whose
    surest word is the surest of all is explained.
    """
    names = tuple(f"the surest word of {label}" for label in state["names"])

    def scores(outputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        emissions, there = outputs["emissions"], outputs["mask"] > 0.5
        found = []
        for label in range(len(names)):
            own = torch.zeros(emissions.shape[2], dtype=torch.bool, device=emissions.device)
            own[[1 + 2 * label, 2 + 2 * label]] = True
            odds = emissions[..., own].logsumexp(dim=2) - emissions[..., ~own].logsumexp(dim=2)
            found.append(torch.where(there, odds, NO_WORD).amax(dim=1))
        return torch.stack(found, dim=1)

    return Asked(scores, torch.sigmoid, names, "", lambda found: found.argmax(dim=1))


def ask_forecast(state: State) -> Asked:
    """The forecast of the last step, the median."""
    middle = list(state["levels"]).index(MEDIAN)
    steps = tuple(f"in {name} minutes" for name in state["names"])

    def scores(outputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return outputs["quantiles"][:, :, middle]

    def last(found: torch.Tensor) -> torch.Tensor:
        return torch.full((len(found),), len(steps) - 1, device=found.device)

    return Asked(scores, lambda found: found, steps, str(state["unit"]) or "units", last)
