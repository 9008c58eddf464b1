"""Metrics of entities: which were found, exactly or nearly, and how sure one may be of them.

Enters: what people and a model marked, and weights of the cases. Leaves: one number a
resample. An entity is found *strictly* where start, end and label are all right, and
*relaxed* where an entity of its label overlaps it (Segura-Bedmar 2013, SemEval task 9; Tsai 2006,
doi:10.1186/1471-2105-7-92, on what each hides). All counts are micro: of all cases together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from bedside.evaluation.classification import share
from bedside.modalities.text_entities import Entity
from bedside.schema import Array
from bedside.tasks.tag import entities_of

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers

BINS = 10
"""Of probabilities, all of one width."""


@dataclass(frozen=True)
class Tagged:
    """N cases.

    Args:
        wanted: what people marked.
        given: what a model marked.
        names: L labels.
        sure: the model's probability of each given entity; None where it has none.
    """

    wanted: Sequence[Sequence[Entity]]
    given: Sequence[Sequence[Entity]]
    names: Sequence[str]
    sure: Sequence[Sequence[float]] | None = None

    @classmethod
    def of(cls, answers: Answers) -> Self:
        """The cases of answers."""
        cells = answers.prediction.arrays["entities"]
        sure = [[entry[3] for entry in json.loads(c) if len(entry) > 3] for c in cells]
        given = entities_of(cells)
        whole = all(len(a) == len(b) for a, b in zip(sure, given, strict=True))
        return cls(
            entities_of(answers.targets.arrays["truth"]),
            given,
            answers.targets.names,
            sure if whole and any(given) else None,
        )

    @cached_property
    def counts(self) -> Array:
        """(N, L, 5): wanted, given, strictly found, wanted that are met, given that meet one."""
        found = np.zeros((len(self.wanted), len(self.names), 5))
        places = {name: place for place, name in enumerate(self.names)}
        for case, (wanted, given) in enumerate(zip(self.wanted, self.given, strict=True)):
            exact = set(wanted)
            for entity in wanted:
                found[case, places[entity.label], [0, 3]] += 1, _met(entity, given)
            for entity in given:
                own = 1, entity in exact, _met(entity, wanted)
                found[case, places[entity.label], [1, 2, 4]] += own
        return found

    @cached_property
    def bins(self) -> Array:
        """(N, BINS, 3): given entities by probability: how many, its sum, and how many right."""
        found = np.zeros((len(self.given), BINS, 3))
        for case, given in enumerate(self.given):
            exact = set(self.wanted[case])
            for entity, sure in zip(given, (self.sure or [[]])[case], strict=True):
                found[case, min(int(sure * BINS), BINS - 1)] += 1, sure, entity in exact
        return found

    def alone(self, label: int) -> Tagged:
        """The same cases, as if there were one label only."""
        name = self.names[label]
        own = [
            [[e for e in case if e.label == name] for case in cases]
            for cases in (self.wanted, self.given)
        ]
        return Tagged(own[0], own[1], (name,))


def _met(entity: Entity, others: Sequence[Entity]) -> bool:
    return any(entity.label == other.label and entity.overlaps(other) for other in others)


def entity_precision(tagged: Tagged, weights: Array) -> Array:
    """Share of the given entities whose start, end and label are right."""
    _, given, strict, _, _ = _summed(tagged, weights)
    return share(strict, given)


def entity_recall(tagged: Tagged, weights: Array) -> Array:
    """Share of the wanted entities that are given with this start, end and label."""
    wanted, _, strict, _, _ = _summed(tagged, weights)
    return share(strict, wanted)


def entity_f1(tagged: Tagged, weights: Array) -> Array:
    """Harmonic mean of `entity_precision` and `entity_recall`."""
    wanted, given, strict, _, _ = _summed(tagged, weights)
    return share(2 * strict, wanted + given)


def relaxed_precision(tagged: Tagged, weights: Array) -> Array:
    """Share of the given entities that overlap a wanted one of their label."""
    _, given, _, _, meeting = _summed(tagged, weights)
    return share(meeting, given)


def relaxed_recall(tagged: Tagged, weights: Array) -> Array:
    """Share of the wanted entities that a given one of their label overlaps."""
    wanted, _, _, met, _ = _summed(tagged, weights)
    return share(met, wanted)


def relaxed_f1(tagged: Tagged, weights: Array) -> Array:
    """Harmonic mean of `relaxed_precision` and `relaxed_recall`."""
    wanted, given, _, met, meeting = _summed(tagged, weights)
    precision, recall = share(meeting, given), share(met, wanted)
    return share(2 * precision * recall, precision + recall)


def entity_ece(tagged: Tagged, weights: Array) -> Array:
    """How far a given entity's probability is from the share that is strictly right, on average.

    Expected calibration error in ten bins of one width (Guo 2017); undefined without
    probabilities.
    """
    if tagged.sure is None:
        return np.full(len(weights), np.nan)
    summed = np.tensordot(weights, tagged.bins, axes=1)
    gaps = np.abs(summed[:, :, 1] - summed[:, :, 2]).sum(axis=1)
    return share(gaps, summed[:, :, 0].sum(axis=1))


def _summed(tagged: Tagged, weights: Array) -> list[Array]:
    """Five of (R,): the columns of `Tagged.counts`, all labels together."""
    return list((weights @ tagged.counts.sum(axis=1)).T)
