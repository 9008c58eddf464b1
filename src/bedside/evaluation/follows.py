"""Does the answer follow the hospital, the device, age or sex, where the truth is the same?

Enters: a model's answers, and attributes of the cases that no input reads. Leaves: for each
attribute how far what the model says (of a forecast: its error) goes along with it among
cases of the same truth, with intervals over patients and Holm's correction for all looks.

The measure is the chance that of two cases of the same truth the one with the attribute has
the higher number: the area under the ROC curve of the attribute, over pairs within strata of
truth. 0.5 is not at all. Attributes that are numbers are cut into fifths, and pairs of
different fifths are compared (Jonckheere 1954, doi:10.1093/biomet/41.1-2.133). A model that
sees the disease alone has 0.5 where the disease shows alike everywhere; that it differs says
that the answer goes along with the attribute, and not why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit

from bedside.evaluation.classification import Column, share, wins_of
from bedside.evaluation.edge import disjoint_pairs, exact_bound
from bedside.evaluation.multiplicity import corrected, two_sided
from bedside.evaluation.scoring import Entry, tabulate
from bedside.evaluation.stated import STATED, Stated
from bedside.evaluation.subgroups import SMALLEST, words_and_numbers
from bedside.schema import Array, Arrays

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers, Measure

MOST_CASES = 4_000
"""Test cases by which the measure is taken; of more some by lot."""
MOST_VALUES = 8
"""Values of an attribute that are asked about, the commonest."""
FIFTHS = 5
FEWEST = 10
"""Patients with a value, and with others, without which a truth is left out."""
RISING = "rising"
"""What stands in place of a value where an attribute is a number."""


@dataclass(frozen=True)
class Look:
    """One question: do cases of a higher level have the higher number?

    Args:
        attribute, value: of what; `RISING` of a number.
        than: the other value where there are two.
        level: (N,) whole numbers from 0, -1 where unknown.
        rises: whether the attribute is a number.
    """

    attribute: str
    value: str
    than: str | None
    level: Array
    rises: bool = False


def answers_that_follow(
    answers: Answers,
    attributes: Mapping[str, Array],
    *,
    confidence: float,
    replicates: int,
    seed: int,
) -> dict[str, Any]:
    """How far what a model says goes along with each attribute among cases of the same truth.

    Args:
        answers: of a test part.
        attributes: name -> (N,) values, blank where unknown.
        confidence: of the intervals.
        replicates: of the bootstrap over patients.
        seed: of the resamples, and of the lot.

    Returns:
        attribute -> value -> answer -> ``cases``, ``others``, ``than``, ``value``, ``low``,
        ``high``, ``p``, ``p_corrected`` (for all looks), and ``among``: truth -> ``value``,
        ``low``, ``high``. Empty where nothing is asked, or nothing is large enough.
    """
    state = STATED.get(answers.targets.kind)
    if state is None or not attributes:
        return {}
    rng = np.random.default_rng(seed)
    kept = np.arange(answers.groups.size)
    if kept.size > MOST_CASES:
        kept = np.sort(rng.choice(kept.size, MOST_CASES, replace=False))
        answers = answers.take(kept)
    looks = [look for name, values in attributes.items() for look in looks_at(name, values[kept])]
    asked = [
        question
        for look in looks
        for stated in state(answers)
        if (question := _Question.of(look, stated, answers.groups)) is not None
    ]
    if not asked:
        return {}
    entries, drawn, _ = tabulate(
        _measurer(asked), _Units(answers.groups, asked),
        confidence=confidence, replicates=replicates, seed=seed,
    )  # fmt: skip
    p_values = []
    for number, question in enumerate(asked):
        value = entries[str(number)]["value"]
        p_values.append(None if value is None else _p_value(value, drawn[str(number)], question))
    return _table(asked, entries, p_values)


def looks_at(name: str, values: Array) -> list[Look]:
    """What is asked about an attribute: each common value against all others, numbers once.

    Args:
        name: of the attribute.
        values: (N,) of any type.
    """
    words, blank, numbers = words_and_numbers(values)
    if numbers is not None:
        ends = np.nanquantile(numbers, np.arange(1, FIFTHS) / FIFTHS)
        level = np.searchsorted(np.unique(ends), numbers, side="right")
        return [Look(name, RISING, None, np.where(blank, -1, level), rises=True)]
    found, counts = np.unique(words[~blank], return_counts=True)
    common = found[np.argsort(-counts, kind="stable")][:MOST_VALUES]
    common = np.sort(common[[(words == word).sum() >= SMALLEST for word in common]])
    two = found.size == 2
    asked = common[:1] if two and common.size == 2 else common  # of two, the other says the same
    return [
        Look(
            attribute=name,
            value=str(word),
            than=str(found[found != word][0]) if two else None,
            level=np.where(blank, -1, words == word),
        )
        for word in asked
    ]


@dataclass(frozen=True)
class _Question:
    """A look at one answer, ready to be weighed.

    Args:
        look: what is asked.
        stated: of which answer.
        columns: truth -> one column a level above the lowest, with the rows of its cases.
        pairs: truth -> pairs of patients of whom no two share one, a bound on what is proven.
    """

    look: Look
    stated: Stated
    columns: Mapping[int, Sequence[tuple[Column, Array]]]
    pairs: Mapping[int, int]

    @classmethod
    def of(cls, look: Look, stated: Stated, groups: Array) -> _Question | None:
        """None where no truth has enough patients on either side."""
        columns, pairs = {}, {}
        for truth in range(len(stated.strata)):
            rows = np.flatnonzero((stated.stratum == truth) & (look.level >= 0))
            rows = rows[np.argsort(stated.number[rows], kind="stable")]
            level = look.level[rows]
            above = level > level.max(initial=0) / 2
            if min(np.unique(groups[rows[side]]).size for side in (above, ~above)) < FEWEST:
                continue
            columns[truth] = [
                _step(step, rows, level, stated.number) for step in range(1, int(level.max()) + 1)
            ]
            pairs[truth] = disjoint_pairs(above, groups[rows])
        return cls(look, stated, columns, pairs) if columns else None

    def wins(self, weights: Array) -> dict[int, tuple[Array, Array]]:
        """Truth -> weight of pairs in which the higher level has the higher number, and of all."""
        found = {}
        for truth, columns in self.columns.items():
            each = [wins_of(column, weights[:, rows]) for column, rows in columns]
            won, pairs = np.sum(each, axis=0)
            found[truth] = (won, pairs)
        return found


def _step(step: int, rows: Array, level: Array, number: Array) -> tuple[Column, Array]:
    """The cases of a level, against those below it; and their rows."""
    own = level <= step
    of_it = level[own] == step
    return Column.of(of_it, number[rows[own]], of_it), rows[own]


@dataclass(frozen=True)
class _Units:
    """Cases, and what a perfect order of them can prove."""

    groups: Array
    asked: Sequence[_Question]

    def far_end(self, name: str, *, edge: float, tail: float) -> float | None:
        """The other end where every pair, or none, is won: by pairs that share no patient."""
        number, _, truth = name.partition("/")
        pairs = self.asked[int(number)].pairs
        return exact_bound(
            pairs[int(truth)] if truth else sum(pairs.values()), edge=edge, tail=tail
        )


def _measurer(asked: Sequence[_Question]) -> Measure:
    """``<question>`` over all truths together, ``<question>/<truth>`` within one."""

    def measure(weights: Array) -> Arrays:
        found: Arrays = {}
        for number, question in enumerate(asked):
            each = question.wins(weights)
            found[str(number)] = share(*np.sum(list(each.values()), axis=0))
            found |= {f"{number}/{truth}": share(*own) for truth, own in each.items()}
        return found

    return measure


def _p_value(value: float, drawn: Array, question: _Question) -> float | None:
    """Of a difference from one half, in log-odds: there the error does not shrink to the ends.

    No resample moves a perfect order; it has the sign test.
    """
    if value in (0.0, 1.0):
        return float(min(1.0, 2 * 0.5 ** sum(question.pairs.values())))
    return two_sided(float(logit(value)), drawn / (value * (1 - value)))


def _table(
    asked: Sequence[_Question], entries: Mapping[str, Entry], p_values: Sequence[float | None]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    adjusted = corrected(p_values)
    for number, question in enumerate(asked):
        look, stated = question.look, question.stated
        used = np.isin(stated.stratum, list(question.columns)) & (look.level >= 0)
        has = used & (look.rises | (look.level > 0))
        own = found.setdefault(look.attribute, {}).setdefault(look.value, {})
        own[stated.name] = {
            "cases": int(has.sum()),
            "others": int((used & ~has).sum()),
            "than": look.than,
            **entries[str(number)],
            "p": p_values[number],
            "p_corrected": adjusted[number],
            "among": {
                stated.strata[truth]: entries[f"{number}/{truth}"] for truth in question.columns
            },
        }
    return found
