"""Metrics of summaries, under many weightings of the same cases at once.

Enters: `Summaries` (references, sources and what a model wrote, of n cases) and weights
(R, n): how often each case counts. Leaves: (R,) float64, NaN where a metric is undefined
(no case of that kind, or no finding at all).

Words say how alike two texts are; findings say whether they mean the same. A summary that
says "no effusion" of a report with an effusion shares most of its words and is wrong.
Findings need a lexicon, see `bedside.tasks.findings`; without one they are not measured.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from bedside.evaluation.classification import share
from bedside.evaluation.rouge import rouge_scores
from bedside.schema import Array
from bedside.tasks.findings import stated_findings

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers

WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Summaries:
    """n cases whose reference is known.

    Args:
        rows: (n,) rows of the N cases.
        references, sources, texts: n texts each.
        novel: (n,) bool, whether training has no such source.
        unlike: (n,) bool, whether training has none that even resembles it.
        uncommon: (n,) bool, whether the reference is none of the commonest of training.
        lexicon: as JSON text; None where the study brings none.
    """

    rows: Array
    references: Sequence[str]
    sources: Sequence[str]
    texts: Sequence[str]
    novel: Array
    unlike: Array
    uncommon: Array
    lexicon: str | None = None

    @classmethod
    def of(cls, answers: Answers) -> Self:
        """The cases of answers whose reference is known."""
        truth = answers.targets.arrays
        rows = np.flatnonzero(truth["known"][:, 0])
        return cls(
            rows,
            truth["truth"][rows].tolist(),
            truth["source"][rows].tolist(),
            answers.prediction.arrays["text"][rows].tolist(),
            truth["novel"][rows],
            truth["unlike"][rows],
            truth["uncommon"][rows],
            answers.targets.facts.get("lexicon"),
        )

    @cached_property
    def rouge(self) -> Array:
        """(n, 3) ROUGE-1, ROUGE-2, ROUGE-L."""
        return rouge_scores(self.references, self.texts)

    @cached_property
    def words(self) -> Array:
        """(n,) number of words of each summary."""
        return np.array([len(WORD.findall(text)) for text in self.texts], dtype=np.float64)

    @cached_property
    def copied(self) -> Array:
        """(n,) how many words of each summary stand in its source, whatever their order."""
        return np.array(
            [
                sum(word in words for word in WORD.findall(text.casefold()))
                for text, words in zip(self.texts, map(_set_of_words, self.sources), strict=True)
            ],
            dtype=np.float64,
        )

    @cached_property
    def wanted(self) -> list[frozenset[str]]:
        """The findings that each reference states."""
        return self._stated(self.references)

    @cached_property
    def given(self) -> list[frozenset[str]]:
        """The findings that each summary states."""
        return self._stated(self.texts)

    @cached_property
    def found_in_source(self) -> list[frozenset[str]]:
        """The findings that each source states."""
        return self._stated(self.sources)

    def _stated(self, texts: Sequence[str]) -> list[frozenset[str]]:
        if self.lexicon is None:
            raise ValueError("findings are measured by a lexicon")
        return [stated_findings(self.lexicon, text) for text in texts]

    @cached_property
    def positive(self) -> Array:
        """(n,) bool, whether the reference states a finding."""
        return np.array([bool(findings) for findings in self.wanted], dtype=bool)

    @cached_property
    def agreement(self) -> Array:
        """(n, 3) findings that reference and summary state, the summary alone, the reference alone.

        That is true positives, false positives and false negatives.
        """
        pairs = zip(self.wanted, self.given, strict=True)
        counts = [(len(a & b), len(b - a), len(a - b)) for a, b in pairs]
        return np.array(counts, dtype=np.float64).reshape(-1, 3)

    @cached_property
    def unsupported(self) -> list[frozenset[str]]:
        """The findings that each summary states and its source does not."""
        pairs = zip(self.given, self.found_in_source, strict=True)
        return [given - there for given, there in pairs]


def mean_over(values: Array, weights: Array, *, among: Array | None = None) -> Array:
    """(R,) weighted mean of values (n,), of the cases `among` (n,) bool where given."""
    counted = np.ones(len(values)) if among is None else np.asarray(among, dtype=np.float64)
    return share(weights @ (values * counted), weights @ counted)


def rouge1(summaries: Summaries, weights: Array, *, among: Array | None = None) -> Array:
    """Mean F-measure of single words, stemmed."""
    return mean_over(summaries.rouge[:, 0], weights, among=among)


def rouge2(summaries: Summaries, weights: Array, *, among: Array | None = None) -> Array:
    """Mean F-measure of pairs of words, stemmed."""
    return mean_over(summaries.rouge[:, 1], weights, among=among)


def rouge_l(summaries: Summaries, weights: Array, *, among: Array | None = None) -> Array:
    """Mean F-measure of the longest common subsequence of words, stemmed."""
    return mean_over(summaries.rouge[:, 2], weights, among=among)


def words_written(summaries: Summaries, weights: Array) -> Array:
    """Mean number of words of a summary."""
    return mean_over(summaries.words, weights)


def copied_words(summaries: Summaries, weights: Array) -> Array:
    """Share of the words of all summaries that stand in their sources."""
    return share(weights @ summaries.copied, weights @ summaries.words)


def findings_f1(summaries: Summaries, weights: Array) -> Array:
    """F1 of stated findings over all cases together (micro); undefined where none is stated."""
    both, added, missed = _counts(summaries, weights)
    return share(2 * both, 2 * both + added + missed)


def findings_sensitivity(summaries: Summaries, weights: Array) -> Array:
    """Share of the references' stated findings that the summaries state, too."""
    both, _, missed = _counts(summaries, weights)
    return share(both, both + missed)


def findings_ppv(summaries: Summaries, weights: Array) -> Array:
    """Share of the summaries' stated findings that the references state, too."""
    both, added, _ = _counts(summaries, weights)
    return share(both, both + added)


def dropped_all(summaries: Summaries, weights: Array) -> Array:
    """Share of cases whose reference states a finding of whose findings the summary states none."""
    none_kept = summaries.agreement[:, 0] == 0
    return mean_over(none_kept.astype(np.float64), weights, among=summaries.positive)


def false_findings(summaries: Summaries, weights: Array) -> Array:
    """Share of summaries that state a finding which their reference does not."""
    return mean_over((summaries.agreement[:, 1] > 0).astype(np.float64), weights)


def unsupported_findings(summaries: Summaries, weights: Array) -> Array:
    """Share of summaries that state a finding which their source does not."""
    any_one = np.array([bool(found) for found in summaries.unsupported], dtype=np.float64)
    return mean_over(any_one, weights)


def _counts(summaries: Summaries, weights: Array) -> tuple[Array, Array, Array]:
    summed = weights @ summaries.agreement
    return summed[:, 0], summed[:, 1], summed[:, 2]


def _set_of_words(text: str) -> set[str]:
    return set(WORD.findall(text.casefold()))
