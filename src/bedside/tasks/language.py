"""Task `language`: how expected each word of a text is after those before it.

Enters: a network and a text's tokens, or surprises that a model found. Leaves: the perplexity
of each text, and its least expected words. The base half needs numpy alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bedside.errors import Problems, StudyError
from bedside.schema import Array, Arrays, Network, Prediction, State, Targets

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bedside.data.cohort import Cohort
    from bedside.schema import Modality, Rows

NAMES = ("token",)
NONE = -1
"""Where no token is asked: behind a text's end."""
ANSWERED = ("surprise", "counts", "unknown", "offsets")
"""Arrays of a prediction, of which a classical peer has all but the last."""


class Language(BaseModel):
    """The words of ``target`` for this task.

    Args:
        column: of the text; it may be left out, since a text is its own target.
        shown: least expected words that are named of each text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    needs: ClassVar[str] = "onward"
    encoders: ClassVar[Mapping[str, str]] = {"text": "onward-lstm"}
    input_options: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "text": {"tokenizer": "words", "offsets": True}
    }
    primary: ClassVar[str] = "perplexity"
    baselines: ClassVar[tuple[str, ...]] = ("unigram", "kneser-ney")

    task: Literal["language"] = "language"
    column: str | None = None
    shown: int = Field(default=5, strict=True, ge=0, le=100)

    def columns_used(self) -> list[str]:
        """The text's column, where it is named."""
        return [] if self.column is None else [self.column]

    def check_inputs(self, inputs: Mapping[str, tuple[str, Modality]]) -> None:
        """Refuse a study without exactly one text, cut by a vocabulary and left as it is.

        Raises:
            StudyError: with every fault.
        """
        problems = Problems(StudyError)
        if [kind for kind, _ in inputs.values()] != ["text"]:
            problems.add(
                "inputs",
                expected="one input of modality text, whose words are predicted",
                got=", ".join(kind for kind, _ in inputs.values()),
                remedy="Leave the others out",
            )
        for name, (kind, modality) in inputs.items():
            if kind != "text":
                continue
            self._check_text(problems, name, modality)
        problems.raise_if_any()

    def _check_text(self, problems: Problems, name: str, modality: Any) -> None:
        wanted = {"spelling": False, "offsets": True, "drop_tokens": 0.0}
        for option, value in wanted.items():
            if getattr(modality, option, value) != value:
                problems.add(
                    f"inputs.{name}.{option}",
                    expected=f"{json.dumps(value)} for the task language",
                    got=json.dumps(getattr(modality, option)),
                    remedy="Leave it out",
                )
        own = modality.columns_used()
        if self.column is not None and own != [self.column]:
            problems.add(
                "target.column",
                expected=f"the column of the text, '{own[0]}'",
                got=f"'{self.column}'",
                remedy="Leave it out: a text is its own target",
            )

    def targets(self, cohort: Cohort) -> Targets:
        """All texts are known; which tokens are asked is told once cases are in parts."""
        return Targets({"known": np.ones((len(cohort), 1), dtype=bool)}, NAMES, "language")

    def strata(self, targets: Targets) -> Array:
        """Nothing to keep even: -1 for every case."""
        return np.full(len(targets.arrays["known"]), -1)

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        """The input and the size of its vocabulary; no word of a training text."""
        del balance  # there are no classes
        facts = targets.facts
        return {
            "kind": targets.kind,
            "names": list(NAMES),
            "source": facts.get("source"),
            "size": facts.get("size"),
            "shown": self.shown,
        }

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:  # noqa: ARG002
        """The state as it is: a probability of a token is what was learnt."""
        return state

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:  # noqa: ARG002
        """The outputs as they are."""
        return outputs

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:  # noqa: ARG002
        """How surprising each token is; see `Prediction`."""
        outputs = networks["network"](arrays)
        return Prediction({n: outputs[n] for n in ANSWERED if n in outputs}, NAMES)

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:
        """Columns: perplexity, how many tokens, how many of them unknown, least expected words.

        ``least_expected`` is a JSON list of ``[start, end, bits]``, the most surprising first,
        in characters of the text as it was read; a classical peer has none.
        """
        arrays = prediction.arrays
        counts = by_text(arrays["counts"])
        columns = {
            "perplexity": perplexity_of(by_text(arrays["surprise"]), counts),
            "tokens": counts.astype(np.int64),
            "unknown": by_text(arrays["unknown"]).astype(np.int64),
        }
        if "offsets" in arrays:
            cells = np.empty(len(counts), dtype=object)
            cells[:] = [
                json.dumps(least_expected(prediction, row, most=int(state["shown"])))
                for row in range(len(counts))
            ]
            columns["least_expected"] = cells
        return columns

    def truth_rows(self, targets: Targets) -> dict[str, Array]:  # noqa: ARG002
        """None: a text is its own truth, and stays where it is."""
        return {}

    def head(self, width: int, state: State) -> nn.Module:
        """Scores of every next token, by the vectors that tokens are read by."""
        from bedside.models.next_token_head import NextTokenHead

        return NextTokenHead(width, state)

    def start(self, head: nn.Module, arrays: Mapping[str, Rows], targets: Targets) -> None:
        """The head begins with random weights."""

    def unweighted(self, state: State) -> State:
        """The state as it is: nothing is weighted."""
        return state

    def loss(
        self,
        outputs: dict[str, torch.Tensor],
        targets: dict[str, torch.Tensor],  # noqa: ARG002 - the tokens are inputs as well
        state: State,  # noqa: ARG002
    ) -> torch.Tensor:
        """Mean surprise by tokens, in nats."""
        loss: torch.Tensor = outputs["surprise"].sum() / outputs["counts"].sum().clamp_min(1.0)
        return loss


def by_text(values: Array) -> Array:
    """(N, L) of tokens -> (N,) float64, summed over each text."""
    return np.asarray(values.sum(axis=1, dtype=np.float64))


def perplexity_of(surprise: Array, counts: Array) -> Array:
    """Sums of surprises in nats and numbers of tokens -> perplexity; NaN where there is none."""
    some = counts > 0
    mean = np.divide(surprise, counts, out=np.full(np.shape(surprise), np.nan), where=some)
    return np.asarray(np.exp(mean))


def least_expected(prediction: Prediction, row: int, *, most: int) -> list[list[float]]:
    """``[start, end, bits]`` of the most surprising tokens of one text; its end is none of them."""
    offsets = prediction.arrays["offsets"][row].astype(np.int64)
    there = offsets[:, 1] > offsets[:, 0]
    bits = prediction.arrays["surprise"][row, : len(offsets)] / np.log(2)
    order = np.argsort(np.where(there, -bits, np.inf), kind="stable")[: min(most, there.sum())]
    return [[int(offsets[i, 0]), int(offsets[i, 1]), round(float(bits[i]), 2)] for i in order]
