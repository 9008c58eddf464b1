"""Tables: numbers and categories that stand in the cohort's own columns.

Enters: the cells of one row, as text. Leaves: ``values`` (B, F) float32. Each column has one or
several places among the F: a number its value, a category one place for each level that is known
and one for all others; where training cells were missing one more place says so. Which kind a
column is, its levels and what stands for a missing cell are learnt from training rows alone.
Coding lives in `table_columns`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bedside.data.text_lines import MISSING_WORDS
from bedside.errors import DataError, Problems, sentence
from bedside.modalities.table_columns import (
    MISSING,
    Kind,
    learn_column,
    level_of,
    numbers_of,
    said,
    spread_of,
    width_of,
)
from bedside.schema import Array, Arrays, Geometry, Reference, Sample, State

if TYPE_CHECKING:
    import torch


class Table(BaseModel):
    """The words of ``inputs.<name>`` for a table.

    Args:
        columns: of the cohort, in any order; each is one number or one category a case.
        numbers: those of them that hold numbers whatever their cells look like.
        categories: those of them whose cells are names of groups, though they may be digits.
            All others are numbers where nine in ten training cells are.
        missing: column -> what means that nothing is known, such as a cholesterol of 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default_encoder: ClassVar[str] = "mlp"
    suffixes: ClassVar[tuple[str, ...]] = ()
    reads_cells: ClassVar[bool] = True
    reads_rows: ClassVar[bool] = True

    modality: Literal["table"] = "table"
    columns: list[str] = Field(default=["age", "sex"], min_length=1)
    numbers: list[str] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)
    missing: dict[str, list[float | str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("expected each column once, got one twice")
        for key in ("numbers", "categories", "missing"):
            if not set(getattr(self, key)) <= set(self.columns):
                raise ValueError(f"expected {key} to name some of the columns, got another")
        if set(self.numbers) & set(self.categories):
            raise ValueError("expected a column under numbers or categories, got one under both")
        return self

    def columns_used(self) -> list[str]:
        """All columns."""
        return self.columns

    def read(self, reference: Reference) -> Sample:
        """The cells of a row -> (C,) text, in the order of `columns`; what is missing is blank.

        Raises:
            DataError: another number of cells, or another form.
        """
        cells = self._cells(reference)
        known = [self._plain(name, cell) for name, cell in zip(self.columns, cells, strict=True)]
        return Sample(np.array(known, dtype=np.str_), Geometry(shape=(len(known),)))

    def _cells(self, reference: Reference) -> Sequence[Any]:
        content = reference.content
        if isinstance(content, Mapping) and all(name in content for name in self.columns):
            return [content[name] for name in self.columns]
        if isinstance(content, np.ndarray) and content.shape == (len(self.columns),):
            return list(content.tolist())
        got = f"{len(content)} cells" if isinstance(content, Mapping) else "something else"
        raise DataError(
            sentence(
                reference.where,
                expected=f"the cells of {len(self.columns)} columns",
                got=f"shape {content.shape}" if isinstance(content, np.ndarray) else got,
                remedy="Give the columns that the study names under inputs",
            )
        )

    def _plain(self, name: str, cell: Any) -> str:
        """One cell as text, blank where it is missing."""
        text = "" if cell is None else str(cell).strip()
        codes = self.missing.get(name, ())
        if text.lower() in MISSING_WORDS or any(
            level_of(text) == level_of(str(code)) for code in codes
        ):
            return MISSING
        return text

    def fit(self, samples: Iterable[Sample]) -> State:
        """Kinds, levels, means and what is missing, from training rows.

        Raises:
            DataError: columns without a value, with words among numbers, or without any level
                that several cases share.
        """
        tallies: list[Counter[str]] = [Counter() for _ in self.columns]
        for sample in samples:
            for tally, cell in zip(tallies, _texts(sample), strict=True):
                tally[cell] += 1
        problems = Problems(DataError)
        codes = [
            learn_column(name, tally, kind=self._kind(name), problems=problems)
            for name, tally in zip(self.columns, tallies, strict=True)
        ]
        problems.raise_if_any()
        known = [code for code in codes if code is not None]
        spreads = [spread_of(code) for code in known]
        return {
            "columns": list(self.columns),
            "codes": known,
            "groups": [place for place, code in enumerate(known) for _ in range(width_of(code))],
            "standardise": {
                "values": {
                    "mean": [mean for means, _ in spreads for mean in means],
                    "std": [std for _, stds in spreads for std in stds],
                }
            },
        }

    def _kind(self, name: str) -> Kind | None:
        if name in self.numbers:
            return "number"
        return "category" if name in self.categories else None

    def prepare(self, sample: Sample, state: State) -> Arrays:
        """One row -> ``values`` (F,) float32; ``state["groups"]`` says whose each place is.

        Raises:
            DataError: a cell that should be a number is none.
        """
        cells = zip(state["columns"], _texts(sample), state["codes"], strict=True)
        found = [number for name, cell, code in cells for number in numbers_of(name, cell, code)]
        return {"values": np.array(found, dtype=np.float32)}

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack to (B, F)."""
        return {"values": np.stack([arrays["values"] for arrays in prepared])}

    def augment(
        self, batch: dict[str, torch.Tensor], generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """Nothing: no change of a row is known to leave its label as it is."""
        del generator
        return batch

    def describe(self, arrays: Arrays) -> Array:
        """What the network sees is what classical peers see: (B, F) float32."""
        values: Array = arrays["values"]
        return values.astype(np.float32, copy=False)

    def picture(self, sample: Sample) -> Array | None:
        """A row is shown by its explanation."""
        del sample
        return None

    def fake(self, rng: np.random.Generator, n: int) -> list[Sample]:
        """Made-up rows: numbers of a normal distribution, letters, and some missing cells."""
        samples = []
        for _ in range(n):
            cells = [
                str(rng.choice(["a", "b", "c"]))
                if name in self.categories
                else f"{rng.normal(50, 20):.2f}"
                for name in self.columns
            ]
            known = np.where(rng.random(len(cells)) < 0.9, cells, MISSING)
            samples.append(Sample(known.astype(np.str_), Geometry(shape=known.shape)))
        return samples


def told(values: Array, state: State) -> list[str]:
    """``chol 233``, ``thal missing``: each column and what its cell held, from ``values`` (F,)."""
    groups = np.asarray(state["groups"])
    return [
        f"{name} {said(values[groups == place].tolist(), code)}"
        for place, (name, code) in enumerate(zip(state["columns"], state["codes"], strict=True))
    ]


def _texts(sample: Sample) -> list[str]:
    if isinstance(sample.values, str):
        raise TypeError("a row of a table holds an array of cells, not one text")
    return list(sample.values.tolist())
