"""Task `summarise`: a short text that says what matters of a longer one.

Enters: a column of reference summaries; texts that a model wrote, or a network and its
inputs. Leaves: targets, and a summary a case with what is known of where its words come
from. The base half needs numpy alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bedside.errors import DataError, Problems, StudyError, nearest, sentence
from bedside.schema import Array, Arrays, Network, Prediction, State, Targets
from bedside.tasks.writing import (
    Options,
    answered,
    choose_ranking,
    learn,
    nearest_summaries,
    told,
    write,
)

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bedside.data.cohort import Cohort
    from bedside.schema import Modality, Rows

BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
"""Runs of blanks and control characters, which a summary holds as one blank."""
NAMES = ("summary",)
ANSWERED = ("text", "support", "status", "neighbours")
"""Arrays of a prediction, of which the first is always there."""


class Summarise(BaseModel):
    """The words of ``target`` for this task.

    Args:
        column: holds the reference summaries.
        source: the input that is summarised, of modality text; default the first one.
            Further text inputs stand beside it.
        unknown: texts that mean "no summary was written"; ``""`` stands for a blank cell.
            Such cases are neither learnt from nor scored.
        drawn: summaries that a network draws for each case, of which one is chosen.
        neighbours: similar training cases whose summaries take part in that choice, where
            the package carries cases.
        longest: tokens of a summary at most; ``auto`` keeps 99 of 100 training summaries whole.
        temperature: of drawing; below 1 what is probable is drawn more often still.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    needs: ClassVar[str] = "tokens"
    encoders: ClassVar[Mapping[str, str]] = {"text": "text-lstm"}
    primary: ClassVar[str] = "rougeL"
    baselines: ClassVar[tuple[str, ...]] = (
        *("commonest-summary", "lead", "centroid"),
        *("nearest-report", "neighbour-consensus"),
    )

    task: Literal["summarise"] = "summarise"
    column: str
    source: str | None = None
    unknown: list[str] = Field(default_factory=list)
    drawn: int = Field(default=16, strict=True, ge=1, le=256)
    neighbours: int = Field(default=20, strict=True, ge=1, le=1000)
    longest: Annotated[int, Field(strict=True, ge=4, le=1024)] | Literal["auto"] = "auto"
    temperature: float = Field(default=0.8, gt=0, le=2)

    def columns_used(self) -> list[str]:
        """The column of reference summaries."""
        return [self.column]

    def check_inputs(self, inputs: Mapping[str, tuple[str, Modality]]) -> None:
        """Refuse a study without a text to summarise, or one that reads its own answer.

        Raises:
            StudyError: no input is a text, `source` names none of them, or an input reads
                the column of the summaries.
        """
        texts = [name for name, (kind, _) in inputs.items() if kind == "text"]
        problems = Problems(StudyError)
        if not texts:
            problems.add(
                "inputs",
                expected="an input of modality text to summarise",
                got=", ".join(sorted({kind for kind, _ in inputs.values()})),
                remedy="Add one",
            )
        elif self.source is not None and self.source not in texts:
            problems.found.append(
                f"target.source: no text input '{self.source}'. {nearest(self.source, texts)}"
            )
        for name, (_, modality) in inputs.items():
            if self.column in modality.columns_used():
                problems.add(
                    f"inputs.{name}",
                    expected="another column than the summaries",
                    got=f"target.column '{self.column}' itself",
                    remedy="Name the column that holds the text to summarise",
                )
        problems.raise_if_any()

    def targets(self, cohort: Cohort) -> Targets:
        """Read the reference summaries of all cases.

        Raises:
            StudyError: the column is missing.
            DataError: blank summaries, by row; or none but blank ones.
        """
        have = [str(name) for name in cohort.cases.columns]
        if self.column not in have:
            raise StudyError(
                f"{cohort.source}: no target column '{self.column}'. {nearest(self.column, have)}"
            )
        cells = cohort.cases[self.column]
        texts = [
            "" if blank else collapsed(c) for c, blank in zip(cells, cells.isna(), strict=True)
        ]
        left_out = {collapsed(word) for word in self.unknown}
        problems = Problems(DataError)
        for row, text in enumerate(texts):
            if not text and text not in left_out:
                problems.add(
                    f"{cohort.where(row)}, column '{self.column}'",
                    expected="a summary",
                    got="a blank cell",
                    remedy="Fill it in, leave the row out, or list '' under target.unknown",
                )
        problems.raise_if_any()
        known = np.array([text not in left_out for text in texts], dtype=bool)
        if not known.any():
            raise DataError(
                sentence(
                    f"{cohort.source}, column '{self.column}'",
                    expected="summaries",
                    got="none that target.unknown leaves",
                    remedy="Name the column that holds them",
                )
            )
        return Targets(
            {"truth": as_texts(texts), "known": known[:, None]},
            NAMES,
            "summary",
            {"source": self.source},
        )

    def strata(self, targets: Targets) -> Array:
        """Nothing to keep even: -1 for every case."""
        return np.full(len(targets.arrays["truth"]), -1)

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        """Which input is summarised; no text of a training case goes into the state."""
        del balance  # there are no classes
        return {"kind": targets.kind, "names": list(NAMES), "source": targets.facts["source"]}

    def fit_inputs(
        self,
        training: tuple[Mapping[str, Rows], Targets],
        state: State,
        *,
        states: Mapping[str, State],
        carry_cases: bool,
    ) -> State:
        """The vocabulary of the summaries, how long they are, and the cases that are carried."""
        options = Options(
            drawn=self.drawn,
            neighbours=self.neighbours,
            longest=None if self.longest == "auto" else self.longest,
            temperature=self.temperature,
        )
        return learn(state, training, states, options=options, carry_cases=carry_cases)

    def told(self, targets: Targets, state: State) -> Arrays:
        """The reference summaries, as arrays that a network learns from."""
        return told(targets, state)

    def networks(self, network: nn.Module) -> dict[str, nn.Module]:
        """``remember``, which reads a case once, and ``step``, which writes token by token."""
        if hasattr(network, "parts"):
            parts: dict[str, nn.Module] = network.parts()  # type: ignore[operator]
            return parts
        from bedside.models.pointer_decoder import Remembering, Stepping

        return {"remember": Remembering(network), "step": Stepping(network.head)}  # type: ignore[arg-type]

    def write(
        self, networks: Mapping[str, Network], arrays: Mapping[str, Rows], state: State
    ) -> Arrays:
        """What the network draws and which training cases are similar; see `writing.write`."""
        return write(networks, arrays, state)

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:
        """Choose on validation how candidates are weighed; a baseline has none."""
        return choose_ranking(outputs, targets, state) if "drawn" in outputs else state

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:  # noqa: ARG002
        """The outputs as they are: the weights count when one of them is chosen."""
        return outputs

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:
        """Summaries, ``text`` (N,), with where their words come from; see `Prediction`.

        ``networks`` are the parts of a network that writes, or one ``network`` that answers
        what was written before, or by a baseline.
        """
        if "network" in networks:
            outputs = networks["network"](arrays)
        else:
            outputs = write(networks, arrays, state)
        return as_prediction(answered(outputs, state) if "drawn" in outputs else outputs)

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:
        """Columns: the summary; where known, its words by origin, and the cases looked at.

        ``status`` says of each case whether it was ``written``, or refused since its text holds
        no word.
        ``neighbours`` are numbers of carried training cases, nearest first; ``nearest`` is a
        JSON list of what was written of the first three.
        """
        arrays = prediction.arrays
        columns = {"summary": arrays["text"]}
        columns |= {name: arrays[name] for name in ("status", "support") if name in arrays}
        if "neighbours" in arrays:
            columns["neighbours"] = as_texts(
                [" ".join(str(row) for row in rows if row >= 0) for rows in arrays["neighbours"]]
            )
            if "cases" in state:
                columns["nearest"] = as_texts(nearest_summaries(arrays["neighbours"], state))
        return columns

    def truth_rows(self, targets: Targets) -> dict[str, Array]:
        """Column ``truth``: the reference summary; blank where there is none."""
        known = targets.arrays["known"][:, 0]
        return {"truth": np.where(known, targets.arrays["truth"], "")}

    def head(self, width: int, state: State) -> nn.Module:
        """A decoder with attention, copying and coverage."""
        from bedside.models.pointer_decoder import PointerDecoder

        return PointerDecoder(width, state)

    def start(self, head: nn.Module, arrays: Mapping[str, Rows], targets: Targets) -> None:
        """The head begins with random weights."""

    def unweighted(self, state: State) -> State:
        """The state under which `loss` is the surprise alone."""
        return {**state, "coverage": 0.0}

    def loss(
        self,
        outputs: dict[str, torch.Tensor],
        targets: dict[str, torch.Tensor],  # noqa: ARG002 - the network was told them
        state: State,
    ) -> torch.Tensor:
        """Mean surprise by the tokens of the references, and what is looked at twice."""
        counts = outputs["counts"]
        whole = counts.sum().clamp_min(1.0)
        surprise = (outputs["surprise"] * counts).sum() / whole
        repeated = (outputs["repeated"] * counts).sum() / whole
        loss: torch.Tensor = surprise + state["coverage"] * repeated
        return loss


def collapsed(cell: object) -> str:
    """A cell as one line of text: blanks and control characters are single blanks."""
    return BLANKS.sub(" ", str(cell)).strip()


def as_texts(texts: list[str]) -> Array:
    """(N,) object array of texts, as targets and predictions hold them."""
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found


def as_prediction(answered: Arrays) -> Prediction:
    """What a model answered in texts -> a prediction; arrays of other names stay behind."""
    return Prediction({name: own for name, own in answered.items() if name in ANSWERED}, NAMES)


def support_of(text: str) -> list[tuple[str, str]]:
    """One entry of ``support`` -> its words, each with where it comes from."""
    return [(str(word), str(origin)) for word, origin in json.loads(text)]
