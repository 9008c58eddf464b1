"""How summaries are judged: by words, and by the findings that they state.

ROUGE stands under its plain name for all cases, and as ``<metric>_novel`` for those whose
source training has not seen, ``<metric>_unlike`` for those whose source resembles none of
training, ``<metric>_uncommon`` for those whose reference is none of the
commonest of training, and ``<metric>_positive`` for those whose reference states a finding.
A summary that always says the same scores high on all cases, not on those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import DataError, Problems
from bedside.evaluation import OF_FINDINGS, OF_SUMMARIES, metric_names
from bedside.evaluation.kinds import Grouping
from bedside.evaluation.predictions import write_predictions_table
from bedside.evaluation.rouge import ROUGE
from bedside.evaluation.summaries import WORD, Summaries
from bedside.schema import Array, Arrays, Prediction, State, Targets
from bedside.tasks.findings import lexicon_of, read_lexicon, stated_findings
from bedside.tasks.summarise import as_texts

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.evaluation.kinds import Answers, Evidence, Measure, Place
    from bedside.schema import Task
    from bedside.study import EvaluationSection


BOTH, ADDED, MISSED = 0, 1, 2
STATED = {
    "dropped_all": [BOTH, MISSED],
    "findings_sensitivity": [BOTH, MISSED],
    "findings_ppv": [BOTH, ADDED],
    "findings_f1": [BOTH, ADDED, MISSED],
}
"""Metric -> columns of `Summaries.agreement` of which a case must have one to count."""


@dataclass(frozen=True)
class Cases:
    """Cases, each the case of a patient; an estimate of 0 or 1 proves as much as they are many."""

    answers: Answers

    @property
    def groups(self) -> Array:
        """(N,) patient of each case."""
        return self.answers.groups

    def far_end(self, name: str, *, edge: float, tail: float) -> float | None:
        """Clopper and Pearson's bound with patients as its n, as `edge.far_end` has it.

        It holds for means of scores from 0 to 1, too: where all of n score 1, the share of
        ones is above the bound, and so is the mean.
        """
        if name == "words" or name not in measured_names(self.answers.targets):
            return None
        own = Summaries.of(self.answers)
        patients = len(np.unique(self.answers.groups[own.rows[_counted(own, name)]]))
        if not patients:
            return None
        low = float(tail ** (1 / patients))
        end = low if edge == 1 else 1 - low
        return 2 * end / (1 + end) if name == "findings_f1" else end


@dataclass(frozen=True)
class Summary:
    """The kind of `summarise`."""

    summary: tuple[str, ...] = ROUGE

    def ready(self, targets: Targets, section: EvaluationSection) -> Targets:
        """Targets with the study's lexicon among their facts."""
        if section.lexicon is None:
            return targets
        lexicon = read_lexicon(section.lexicon).model_dump_json()
        return replace(targets, facts={**targets.facts, "lexicon": lexicon})

    def check(self, answers: Answers) -> None:
        """Refuse what cannot be scored.

        Raises:
            DataError: lengths disagree, there is no case, or an answer is no text.
        """
        problems = Problems(DataError)
        truth, answered = answers.targets.arrays, answers.prediction.arrays["text"]
        cases = len(truth["truth"])
        if not cases or not truth["known"].any():
            problems.add(
                "scoring",
                expected="cases with a reference summary",
                got=f"{cases} cases, none of them with one",
                remedy="Check the target and that the part holds cases",
            )
        for name, got in (("text", len(answered)), ("groups", len(answers.groups))):
            if got != cases:
                problems.add(
                    f"scoring, {name}",
                    expected=f"one entry for each of {cases} cases",
                    got=str(got),
                    remedy="Score the same cases that were predicted",
                )
        wrong = sum(not isinstance(text, str) for text in answered)
        if wrong:
            problems.add(
                "scoring, text",
                expected="texts",
                got=f"{wrong} entries that are none",
                remedy="Check the model's outputs",
            )
        problems.raise_if_any()

    def measurer(
        self, answers: Answers, *, metrics: Sequence[str] | None = None, brief: bool = False
    ) -> Measure:
        """ROUGE of all cases and of some kinds of them, and what findings say; units are cases."""
        own = Summaries.of(answers)
        tables = [OF_SUMMARIES, *([] if own.lexicon is None else [OF_FINDINGS])]
        wanted = [n for t in tables for n in metric_names(t)] if metrics is None else metrics
        measured = {
            name: partial(table.load(name), own)
            for name in wanted
            for table in tables
            if name in table.names()
        }
        if not brief:
            for group, among in _groups_of(own).items():
                for name in [name for name in wanted if name in ROUGE]:
                    measured[f"{name}_{group}"] = partial(measured[name], among=among)

        def measure(weights: Array) -> Arrays:
            weights = weights[:, own.rows]
            return {name: function(weights) for name, function in measured.items()}

        return measure

    def evidence(self, answers: Answers) -> Evidence:
        """Cases, and how far the truth may be from an estimate of 0 or 1."""
        return Cases(answers)

    def truth(self, targets: Targets) -> Sequence[Array]:
        """A hash of each reference, and where there is one."""
        texts = targets.arrays["truth"]
        digests = b"".join(hashlib.sha256(text.encode()).digest() for text in texts)
        return np.frombuffer(digests, dtype=np.uint8), targets.arrays["known"]

    def refuse_unjudgeable(self, validation: Targets, section: EvaluationSection) -> None:
        """Nothing is chosen by a rule that could fail."""

    def decided(self, validation: Answers, section: EvaluationSection) -> State:  # noqa: ARG002
        """The state as it is: a summary takes no decision."""
        return validation.state

    def tells_apart(self, prediction: Prediction) -> bool:
        """Whether two cases have two summaries."""
        return len(set(prediction.arrays["text"].tolist())) > 1

    def counts(self, targets: Targets) -> dict[str, Any]:
        """``positives``: cases whose reference states a finding; None without a lexicon."""
        positive = _positive(targets)
        return {"positives": None if positive is None else int(positive.sum())}

    def measurable(self, targets: Targets) -> bool:
        """Whether any reference is known."""
        return bool(targets.arrays["known"].any())

    def groupings(self, targets: Targets, state: State) -> Mapping[str, Grouping]:  # noqa: ARG002
        """By whether training knew the source, or the reference, and by findings."""
        named = {
            "source": (targets.arrays["novel"], ("new", "seen in training")),
            "nearest source": (targets.arrays["unlike"], ("unlike", "nearly the same")),
            "reference": (targets.arrays["uncommon"], ("its own words", "a common one")),
            "findings": (_positive(targets), ("stated", "none stated")),
        }
        return {
            name: _two_groups(is_it, words)
            for name, (is_it, words) in named.items()
            if is_it is not None
        }

    def facts(self, targets: Targets, state: State, section: EvaluationSection) -> dict[str, Any]:
        """Which input is summarised, how many cases of each kind there are, the lexicon's size."""
        known = targets.arrays["known"][:, 0]
        positive, lexicon = _positive(targets), targets.facts.get("lexicon")
        return {
            "source": state["source"],
            "novel_cases": int((targets.arrays["novel"] & known).sum()),
            "unlike_cases": int((targets.arrays["unlike"] & known).sum()),
            "uncommon_cases": int((targets.arrays["uncommon"] & known).sum()),
            "positive_cases": None if positive is None else int((positive & known).sum()),
            "reference_words": _mean_words(targets.arrays["truth"][known]),
            "lexicon": None
            if lexicon is None or section.lexicon is None
            else {"file": section.lexicon.name, "findings": _concepts(lexicon)},
        }

    def names(self, ids: Array, targets: Targets) -> Array:  # noqa: ARG002
        """The case ids."""
        return ids

    def write(self, place: Place, answers: Answers, *, task: Task, cohort: Cohort) -> None:
        """A CSV of each model and part, the same for the deep model's test part on top."""
        further = _beside(answers)
        paths = [place.folder / f"{place.model}-{place.part}.csv", place.table]
        for path in paths:
            if path is not None:
                write_predictions_table(path, answers, task=task, cohort=cohort, further=further)


SUMMARY = Summary()


def measured_names(targets: Targets) -> list[str]:
    """Every name under which these targets are measured."""
    lexicon = targets.facts.get("lexicon") is not None
    tables = [OF_SUMMARIES, *([OF_FINDINGS] if lexicon else [])]
    groups = ("novel", "unlike", "uncommon", *(["positive"] if lexicon else []))
    plain = [name for table in tables for name in metric_names(table)]
    return [*plain, *(f"{name}_{group}" for name in ROUGE for group in groups)]


def _counted(own: Summaries, name: str) -> Array:
    """(n,) bool: the cases that a metric is a mean or a share over."""
    if name.startswith(ROUGE):
        _, _, group = name.partition("_")
        return _groups_of(own).get(group, np.ones(len(own.rows), dtype=bool))
    columns = STATED.get(name)
    if columns is None:
        return np.ones(len(own.rows), dtype=bool)
    return np.asarray(own.agreement[:, columns].any(axis=1))


def _groups_of(own: Summaries) -> dict[str, Array]:
    groups = {"novel": own.novel, "unlike": own.unlike, "uncommon": own.uncommon}
    return groups if own.lexicon is None else {**groups, "positive": own.positive}


def _positive(targets: Targets) -> Array | None:
    """(N,) bool, whether the reference states a finding; None without a lexicon."""
    lexicon = targets.facts.get("lexicon")
    if lexicon is None:
        return None
    return np.array(
        [bool(stated_findings(lexicon, text)) for text in targets.arrays["truth"]], dtype=bool
    )


def _mean_words(texts: Array) -> float | None:
    counts = [len(WORD.findall(text)) for text in texts]
    return round(float(np.mean(counts)), 2) if counts else None


def _two_groups(is_it: Array, words: tuple[str, str]) -> Grouping:
    labels = np.where(is_it, *words)
    return Grouping(labels, [word for word in words if word in labels])


def _concepts(lexicon: str) -> list[str]:
    return list(lexicon_of(lexicon).concepts)


def _beside(answers: Answers) -> dict[str, Array]:
    """Columns that say how each summary did: its ROUGE-L, and who states which findings."""
    own = Summaries.of(answers)
    blank = as_texts([""] * len(answers.groups))
    columns = {"rougeL": blank.copy()}
    columns["rougeL"][own.rows] = [f"{value:.4f}" for value in own.rouge[:, 2]]
    if own.lexicon is not None:
        named = {
            "reference_findings": own.wanted,
            "summary_findings": own.given,
            "unsupported_findings": own.unsupported,
        }
        for name, found in named.items():
            columns[name] = blank.copy()
            columns[name][own.rows] = ["; ".join(sorted(names)) for names in found]
    return columns
