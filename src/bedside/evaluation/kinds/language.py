"""How language models are judged: by the surprises of all tokens, cases drawn whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import DataError, Problems
from bedside.evaluation import OF_LANGUAGE, metric_names
from bedside.evaluation.language import Surprises
from bedside.evaluation.predictions import write_predictions_table
from bedside.modalities.text_tokens import END
from bedside.schema import Array, Arrays, Prediction, State, Targets
from bedside.tasks.language import NONE

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.evaluation.kinds import Answers, Evidence, Grouping, Measure, Place
    from bedside.schema import Task
    from bedside.study import EvaluationSection


@dataclass(frozen=True)
class Cases:
    """Cases, each the case of a patient."""

    groups: Array

    def far_end(self, name: str, *, edge: float, tail: float) -> float | None:  # noqa: ARG002
        """None: a share of unknown tokens that is exactly 0 is counted, not estimated."""
        return None


@dataclass(frozen=True)
class Language:
    """The kind of `language`."""

    summary: tuple[str, ...] = ("perplexity", "unknown_tokens")

    def ready(self, targets: Targets, section: EvaluationSection) -> Targets:  # noqa: ARG002
        """The targets as they are: the tokens are all that is needed."""
        return targets

    def check(self, answers: Answers) -> None:
        """Refuse what cannot be scored.

        Raises:
            DataError: another model's tokens were answered, or there is none.
        """
        problems = Problems(DataError)
        counts, truth = answers.prediction.arrays["counts"], answers.targets.arrays["truth"]
        if counts.shape != truth.shape or not np.array_equal(counts > 0, truth != NONE):
            problems.add(
                "scoring",
                expected=f"a surprise for each token of {len(truth)} cases and their ends",
                got="others",
                remedy="Score the same cases that were predicted",
            )
        if len(answers.groups) != len(truth):
            problems.add(
                "scoring, groups",
                expected=f"one entry for each of {len(truth)} cases",
                got=str(len(answers.groups)),
                remedy="Score the same cases that were predicted",
            )
        if not np.isfinite(answers.prediction.arrays["surprise"]).all():
            problems.add(
                "scoring",
                expected="finite surprises",
                got="a token that a model holds for impossible",
                remedy="Let it keep some probability for every token",
            )
        problems.raise_if_any()

    def measurer(
        self, answers: Answers, *, metrics: Sequence[str] | None = None, brief: bool = False
    ) -> Measure:
        """Metrics of the registry; units are cases."""
        del brief  # there are no parts of a token
        own = Surprises.of(answers)
        names = metric_names(OF_LANGUAGE) if metrics is None else metrics
        measured = {name: partial(OF_LANGUAGE.load(name), own) for name in names}

        def measure(weights: Array) -> Arrays:
            return {name: function(weights) for name, function in measured.items()}

        return measure

    def evidence(self, answers: Answers) -> Evidence:
        """Cases, drawn by patient."""
        return Cases(answers.groups)

    def truth(self, targets: Targets) -> Sequence[Array]:
        """The tokens."""
        return (targets.arrays["truth"],)

    def refuse_unjudgeable(self, validation: Targets, section: EvaluationSection) -> None:  # noqa: ARG002
        """Refuse a validation part without a word, on which no model can be chosen.

        Raises:
            DataError: it has none.
        """
        if not (validation.arrays["truth"] != NONE).sum(axis=1).max(initial=0) > 1:
            raise DataError(
                "validation part: expected texts with words, got none. Split otherwise, or "
                "fill in the texts."
            )

    def decided(self, validation: Answers, section: EvaluationSection) -> State:  # noqa: ARG002
        """The state as it is: nothing is decided."""
        return validation.state

    def tells_apart(self, prediction: Prediction) -> bool:  # noqa: ARG002
        """Always: the floor, too, knows frequent tokens from rare ones."""
        return True

    def counts(self, targets: Targets) -> dict[str, Any]:
        """``tokens``: how many are predicted."""
        return {"tokens": int((targets.arrays["truth"] != NONE).sum())}

    def measurable(self, targets: Targets) -> bool:
        """Whether there is any token."""
        return bool((targets.arrays["truth"] != NONE).any())

    def groupings(self, targets: Targets, state: State) -> Mapping[str, Grouping]:  # noqa: ARG002
        """None beside those that the study names."""
        return {}

    def facts(self, targets: Targets, state: State, section: EvaluationSection) -> dict[str, Any]:  # noqa: ARG002
        """Test tokens, the vocabulary's size, the input, and test texts that were cut off."""
        truth = targets.arrays["truth"]
        cut = ~(truth == END).any(axis=1)
        return {
            "tokens": int((truth != NONE).sum()),
            "vocabulary": state["size"],
            "source": state["source"],
            "cut": int(cut.sum()),
        }

    def names(self, ids: Array, targets: Targets) -> Array:  # noqa: ARG002
        """The case ids."""
        return ids

    def write(self, place: Place, answers: Answers, *, task: Task, cohort: Cohort) -> None:
        """A CSV of each model and part, the same for the deep model's test part on top."""
        for path in (place.folder / f"{place.model}-{place.part}.csv", place.table):
            if path is not None:
                write_predictions_table(path, answers, task=task, cohort=cohort)


LANGUAGE = Language()
