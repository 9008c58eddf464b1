"""Cells of a label column as text: what is blank, what is a number, what a study means.

Enters: cells of any type. Leaves: text by which classes are told apart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort

YES_NO = {"1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
YAML_WORDS = {True: ("true", "yes", "on"), False: ("false", "no", "off")}
"""What YAML reads as true and false, though the column may hold the word itself."""
WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))\.0+")
BLANK_WORDS = frozenset({"nan", "<na>", "#n/a", "n/a", "null"})
"""What programs write for a missing label; 'none' and 'na' may be answers of their own."""


def cells_of(cohort: Cohort, column: str) -> list[str]:
    """A column as text, blank where the table has no value."""
    cells = cohort.cases[column]
    return ["" if blank else plain(c) for c, blank in zip(cells, cells.isna(), strict=True)]


def plain(cell: Any) -> str:
    """A value as text: blank for NaN and words for it, ``1`` for 1.0 and "1.0", ``007`` stays."""
    if cell is None or cell != cell:  # noqa: PLR0124 - NaN alone differs from itself
        return ""
    text = str(cell).strip()
    if text.lower() in BLANK_WORDS:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    whole = WHOLE.fullmatch(text)
    return str(int(whole[1])) if whole else text


def label_order(name: str) -> tuple[bool, int, str]:
    """Whole numbers by size (a grade 10 after a grade 2), then text."""
    number = re.fullmatch(r"-?[0-9]{1,9}", name) is not None
    return not number, int(name) if number else 0, name


def meant_value(value: str | int | bool, found: list[str]) -> str:
    """The value of the column that a word of the study stands for; YAML reads yes as true."""
    if isinstance(value, bool):
        words = [name for name in found if name.lower() in YAML_WORDS[value]]
        return words[0] if len(words) == 1 else str(value)
    return plain(value)
