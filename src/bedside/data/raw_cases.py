"""What every source hands over before the study's words are applied to it.

Enters: a source's own table. Leaves: `RawCases`, whose cells are text as written
(``"007"`` stays ``"007"``) or NaN where blank; numbers are made where they are
needed. Also the words that name a part, and how rows are named in messages.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Number
from pathlib import Path

import numpy as np
import pandas as pd

from bedside.data.text_lines import rows_named
from bedside.schema import Arrays, Part

PART_WORDS: Mapping[str, Part] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "devel": "validation",
    "test": "test",
    "testing": "test",
}

__all__ = ["PART_WORDS", "RawCases", "as_text", "rows_named", "text_table"]


@dataclass(frozen=True)
class RawCases:
    """N rows of a source, in the source's own columns; cells are str or NaN.

    Args:
        cases: the table, index 0..N-1.
        source: the source's name for messages.
        first_row: the number a user sees for row 0.
        root: folder that file references must stay inside.
        arrays: column -> array whose row i belongs to case i.
        notes: plain sentences on what was left out.
        patient: the column that names patients, where the source itself knows it.
        structures: name -> number in the masks, where the source itself says so.
    """

    cases: pd.DataFrame
    source: str
    first_row: int
    root: Path | None = None
    arrays: Arrays = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    patient: str | None = None
    structures: Mapping[str, int] = field(default_factory=dict)


def as_text(column: pd.Series) -> pd.Series:
    """Turn a column into text, NaN where blank; whole numbers lose their ``.0``.

    A column whose cells are lists, bytes or other containers is returned unchanged.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if pd.api.types.is_float_dtype(column.dtype):
        column = _without_needless_decimals(column)
    if isinstance(column.dtype, pd.StringDtype):
        text = column.astype("str")
    else:
        known = column.notna()
        cells = column[known]
        if not all(isinstance(cell, _PLAIN) for cell in cells):
            return column
        text = pd.Series(np.nan, index=column.index, dtype="str")
        text[known] = cells.map(_cell_text).astype("str")
    return text.where(text.str.strip() != "")


_PLAIN = (str, Number, np.bool_, Decimal, datetime.date, datetime.time, datetime.timedelta)


def _cell_text(cell: object) -> str:
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    return str(cell)


def _without_needless_decimals(column: pd.Series) -> pd.Series:
    known = column.dropna()
    whole = bool(np.isfinite(known).all() and (known == known.round()).all())
    return column.astype("Int64") if whole and (known.abs() < 2**53).all() else column


def text_table(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with every plain column as text."""
    return pd.DataFrame({name: as_text(table[name]) for name in table.columns})
