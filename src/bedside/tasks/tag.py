"""Task `tag`: pieces of a text that bear a label, such as diseases, drugs or names.

Enters: a column of entities; entities that a model made, or a network and its inputs. Leaves:
targets, and the entities of each case with their places in the text. The base half needs numpy
and scipy alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from bedside.errors import DataError, Problems, StudyError, nearest, sentence
from bedside.modalities.text_entities import (
    Entity,
    EntityError,
    Overlapping,
    in_clean_text,
    read_entities,
    settled,
    write_entities,
)
from bedside.modalities.text_pieces import cut
from bedside.modalities.text_tags import OUTSIDE, pieces_of
from bedside.schema import Array, Arrays, Network, Prediction, State, Targets
from bedside.tasks.chain import Chains

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bedside.data.cohort import Cohort
    from bedside.schema import Modality, Rows

LOG_TEMPERATURES = (-1.5, 1.5)
"""Where the temperature is looked for."""


class Tag(BaseModel):
    """The words of ``target`` for this task.

    Args:
        column: holds the entities of each text, JSON: ``[[start, end, "label"], ...]`` in
            characters, or objects with these keys.
        labels: the labels to find; default all that stand in the column.
        overlapping: whether entities that share letters are refused, or the longest is kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    needs: ClassVar[str] = "tokens"
    encoders: ClassVar[Mapping[str, str]] = {"text": "spelling-lstm"}
    primary: ClassVar[str] = "entity_f1"
    baselines: ClassVar[tuple[str, ...]] = ("dictionary", "linear-chain")

    task: Literal["tag"] = "tag"
    column: str = "entities"
    labels: list[str] | None = None
    overlapping: Overlapping = "refuse"

    def columns_used(self) -> list[str]:
        """The column of entities."""
        return [self.column]

    def check_inputs(self, inputs: Mapping[str, tuple[str, Modality]]) -> None:
        """Refuse a study without exactly one text whose spelling is kept.

        Raises:
            StudyError: there is another input, none, or one without its spelling.
        """
        problems = Problems(StudyError)
        if [kind for kind, _ in inputs.values()] != ["text"]:
            problems.add(
                "inputs",
                expected="one input of modality text, whose words are marked",
                got=", ".join(kind for kind, _ in inputs.values()),
                remedy="Leave the others out",
            )
        for name, (kind, modality) in inputs.items():
            if kind == "text" and not getattr(modality, "spelling", False):
                problems.add(
                    f"inputs.{name}.spelling",
                    expected="true for the task tag",
                    got="false",
                    remedy=f"Write {name}: {{modality: text, spelling: true}}",
                )
            if self.column in modality.columns_used():
                problems.add(
                    f"inputs.{name}",
                    expected="another column than the entities",
                    got=f"target.column '{self.column}' itself",
                    remedy="Name the column that holds the text",
                )
        problems.raise_if_any()

    def targets(self, cohort: Cohort) -> Targets:
        """Read the entities of all cases.

        Raises:
            StudyError: the column is missing, or `labels` names one that nobody used.
            DataError: cells that are no entities, entities outside their text or over each other,
                by row; or no entity at all.
        """
        have = [str(name) for name in cohort.cases.columns]
        if self.column not in have:
            raise StudyError(
                f"{cohort.source}: no target column '{self.column}'. {nearest(self.column, have)}"
            )
        cells = cohort.cases[self.column]
        texts = _texts(cohort)
        problems = Problems(DataError)
        entities: list[list[Entity]] = []
        for row, (cell, blank) in enumerate(zip(cells, cells.isna(), strict=True)):
            try:
                found = [] if blank else read_entities(str(cell))
                entities.append(self._settled(found, None if texts is None else texts[row]))
            except EntityError as error:
                problems.add(
                    f"{cohort.where(row)}, column '{self.column}'",
                    expected="a JSON list of [start, end, label] inside the text, none over "
                    "another",
                    got=str(error),
                    remedy="Correct it; target.overlapping: longest keeps the longest of some",
                )
        problems.raise_if_any()
        names = self._names(entities, source=cohort.source, column=self.column)
        kept = [[entity for entity in own if entity.label in names] for own in entities]
        truth = np.empty(len(kept), dtype=object)
        truth[:] = [write_entities(own) for own in kept]
        known = np.ones((len(kept), 1), dtype=bool)
        return Targets({"truth": truth, "known": known}, names, "entities")

    def _settled(self, entities: list[Entity], text: str | None) -> list[Entity]:
        """Entities in the text as it will be read; where it is not here, as they are."""
        if text is None:
            furthest = max((entity.end for entity in entities), default=0)
            return settled(entities, furthest, overlapping=self.overlapping)
        found = settled(entities, len(text), overlapping=self.overlapping)
        return [entity for entity in in_clean_text(found, text) if entity.start < entity.end]

    def _names(
        self, entities: Sequence[Sequence[Entity]], *, source: str, column: str
    ) -> tuple[str, ...]:
        have = Counter(entity.label for own in entities for entity in own)
        if not have:
            raise DataError(
                sentence(
                    f"{source}, column '{column}'",
                    expected="entities",
                    got="none in any row",
                    remedy="Name the column that holds them",
                )
            )
        if self.labels is None:
            return tuple(sorted(have))
        problems = Problems(StudyError)
        for name in self.labels:
            if name not in have:
                problems.found.append(f"target.labels: no entity '{name}'. {nearest(name, have)}")
        problems.raise_if_any()
        return tuple(dict.fromkeys(self.labels))

    def strata(self, targets: Targets) -> Array:
        """Nothing to keep even, -1: a label that few patients have would forbid any split."""
        return np.full(len(targets.arrays["truth"]), -1)

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        """The labels; nothing of a training text goes into the state."""
        del balance  # words without an entity are most of a text, and say so
        return {
            "kind": targets.kind,
            "names": list(targets.names),
            "source": targets.facts.get("source"),
            "temperature": 1.0,
        }

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:
        """Find the temperature under which the true tags of validation surprise least."""
        if "emissions" not in outputs:
            return state
        from scipy.optimize import minimize_scalar

        tags = targets.arrays["tags"]

        def surprise(log_temperature: float) -> float:
            scaled = _chains(outputs, factor=float(np.exp(-log_temperature)))
            return scaled.surprise(tags)

        found = minimize_scalar(
            surprise, bounds=LOG_TEMPERATURES, method="bounded", options={"xatol": 0.01}
        )
        return {**state, "temperature": float(np.exp(found.x))}

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:
        """Scores divided by the temperature; a baseline's entities as they are."""
        if "emissions" not in outputs:
            return outputs
        scaled = {
            name: outputs[name] / state["temperature"] for name in ("emissions", "transitions")
        }
        return {**outputs, **scaled}

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:
        """Entities, ``entities`` (N,) object: JSON ``[[start, end, label, probability], ...]``.

        A baseline's entities have no probability.
        """
        outputs = networks["network"](arrays)
        names = tuple(state["names"])
        if "entities" in outputs:
            return Prediction({"entities": outputs["entities"]}, names)
        return Prediction({"entities": _read_chains(outputs, names)}, names)

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:  # noqa: ARG002
        """Columns: the entities, and how many there are."""
        entities = prediction.arrays["entities"]
        return {
            "entities": entities,
            "count": np.array([len(json.loads(cell)) for cell in entities]),
        }

    def pieces(self, text: str, length: int) -> list[tuple[int, int]]:
        """Where each piece of a text begins and ends, cut between sentences, one at least."""
        return cut(text, length) or [(0, len(text))]

    def joined(self, rows: Sequence[Mapping[str, Any]], starts: Sequence[int]) -> dict[str, Any]:
        """The row of a text from those of its pieces."""
        found = [
            [start + entry[0], start + entry[1], *entry[2:]]
            for row, start in zip(rows, starts, strict=True)
            for entry in json.loads(row["entities"])
        ]
        return {"entities": json.dumps(found, ensure_ascii=False), "count": len(found)}

    def truth_rows(self, targets: Targets) -> dict[str, Array]:
        """Column ``truth``: the entities of people."""
        return {"truth": targets.arrays["truth"]}

    def head(self, width: int, state: State) -> nn.Module:
        """A conditional random field over the words."""
        from bedside.models.chain_head import ChainHead

        return ChainHead(width, state)

    def start(self, head: nn.Module, arrays: Mapping[str, Rows], targets: Targets) -> None:
        """The head begins with random weights."""

    def unweighted(self, state: State) -> State:
        """The state as it is: nothing is weighted."""
        return state

    def loss(
        self,
        outputs: dict[str, torch.Tensor],
        targets: dict[str, torch.Tensor],
        state: State,  # noqa: ARG002
    ) -> torch.Tensor:
        """Negative log likelihood of the true tags, by words."""
        from bedside.models.chain_head import chain_loss

        return chain_loss(outputs, targets["tags"])


def entities_of(cells: Array) -> list[list[Entity]]:
    """(N,) cells as targets and predictions hold them -> entities of each case."""
    return [[Entity(*entry[:3]) for entry in json.loads(cell)] for cell in cells]


def _texts(cohort: Cohort) -> list[str] | None:
    """The text of each case where the table holds it; None where it lies in files."""
    if len(cohort.texts) != 1:
        return None
    cells = cohort.cases[next(iter(cohort.texts))]
    return [c if isinstance(c, str) else "" for c in cells]


def _chains(outputs: Arrays, *, factor: float = 1.0, rows: slice | None = None) -> Chains:
    own = slice(None) if rows is None else rows
    return Chains(
        outputs["emissions"][own].astype(np.float64) * factor,
        outputs["transitions"][0].astype(np.float64) * factor,
        outputs["mask"][own] > 0.5,
    )


BLOCK = 256
"""Texts that are read at a time."""


def _read_chains(outputs: Arrays, names: Sequence[str]) -> Array:
    """(N,) JSON of the likeliest entities, each with its probability."""
    count = len(outputs["emissions"])
    found = np.empty(count, dtype=object)
    for start in range(0, count, BLOCK):
        rows = slice(start, min(start + BLOCK, count))
        chains = _chains(outputs, rows=rows)
        offsets = outputs["offsets"][rows].astype(np.int64)
        for text, tags in enumerate(chains.best()):
            found[start + text] = json.dumps(
                [
                    _written(chains, text, piece, offsets=offsets[text], names=names)
                    for piece in (pieces_of(tags) if tags.any() else ())
                ],
                ensure_ascii=False,
            )
    return found


def _written(
    chains: Chains,
    text: int,
    piece: tuple[int, int, int],
    *,
    offsets: Array,
    names: Sequence[str],
) -> list[Any]:
    first, last, label = piece
    sure = chains.probability(text, first, last, begin=OUTSIDE + 1 + 2 * label)
    return [int(offsets[first, 0]), int(offsets[last, 1]), names[label], round(sure, 4)]
