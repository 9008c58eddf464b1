"""A first study file of a table that holds numbers and categories.

Enters: a table's cells, and what its other columns were found to be. Leaves: which columns a model
can learn from, of which kind they are, what in them seems to mean that nothing is known, and
their lines of the study file.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from bedside.data.study_text import StudyText

NUMBERS = 0.9
"""Share of numbers among filled cells from which a column holds numbers."""
FEWEST_CODES, MOST_CODES, MOST_WORDS = 3, 8, 20
"""Different whole numbers that look like names of groups; different words of a category."""
SAYS_IT = 0.99
"""Share of cases whose label a column's cell says, from which it is the label in other words."""
CODES = (0.0, -1.0, -9.0, -99.0, -999.0, 99.0, 999.0, 9999.0)
"""What is often written where nothing was measured."""
FEWEST_ALIKE = 5
"""Cases that hold such a code."""


@dataclass(frozen=True)
class Found:
    """Columns for an input.

    Args:
        columns: all of them, in their order.
        categories: those whose cells are digits and look like names of groups, or words.
        missing: column -> the code that seems to mean that nothing is known.
        answers: columns left out, since they alone say the label.
    """

    columns: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    missing: dict[str, float] = field(default_factory=dict)
    answers: tuple[str, ...] = ()


def find_columns(cases: pd.DataFrame, *, taken: Collection[str | None], label: str | None) -> Found:
    """Columns of numbers and categories; ids, names and what says the label are left out."""
    columns, categories, answers = [], [], []
    missing: dict[str, float] = {}
    for name in map(str, cases.columns):
        kind = None if name in taken else _kind(cases[name])
        if kind is None:
            continue
        if label is not None and _says(cases[name], cases[label]):
            answers.append(name)
            continue
        columns.append(name)
        if kind == "category":
            categories.append(name)
        elif (code := missing_code(cases[name])) is not None:
            missing[name] = code
    return Found(tuple(columns), tuple(categories), missing, tuple(answers))


def missing_code(cells: pd.Series) -> float | None:
    """A number that several cells hold and that lies far from all others: 0 among cholesterols.

    Far is as far as half the way from the outermost of the others (the first or last
    hundredth) to their median, or, of a large code, all that way.
    """
    numbers = pd.to_numeric(cells, errors="coerce").dropna()
    if numbers.nunique() <= MOST_WORDS:
        return None
    for code in CODES:
        others = numbers[numbers != code]
        if len(numbers) - len(others) < FEWEST_ALIKE:
            continue
        low, middle, high = others.quantile([0.01, 0.5, 0.99])
        below = others.min() > code and low - code >= (middle - low) / 2
        above = others.max() < code and code - high >= high - middle
        if below or above:
            return code
    return None


def write_table_input(text: StudyText, found: Found) -> None:
    """One input of all columns."""
    text.open("inputs", means="what the model sees; the name is yours")
    text.add("history", means="one input")
    text.add("modality", "table", means="numbers and categories of the table itself", depth=2)
    means = "leave out what is known only after the answer is"
    text.add("columns", list(found.columns), means=means, depth=2)
    if found.categories:
        means = "names of groups, though they be digits; all others are amounts"
        text.add("categories", list(found.categories), means=means, depth=2)
    codes = {name: [int(code)] for name, code in found.missing.items()}
    means = "codes that seem to mean that nothing is known: check them"
    if codes:
        text.add("missing", codes, means=means, depth=2)
    else:
        text.offer("missing", {found.columns[0]: [-1]}, means="codes of unknown values", depth=2)
    for name in found.answers:
        text.say(f"Column {json.dumps(name, ensure_ascii=False)} alone says the label: no input.")


def _kind(cells: pd.Series) -> str | None:
    """``number`` or ``category``; None where a column holds ids, names or one value."""
    known = cells.dropna()
    if known.nunique() < 2:
        return None
    numbers = pd.to_numeric(known, errors="coerce").dropna()
    if len(numbers) < NUMBERS * len(known):
        return "category" if known.nunique() <= min(MOST_WORDS, len(known) / 2) else None
    whole = bool((numbers == numbers.round()).all())
    if whole and numbers.nunique() == len(known) > MOST_WORDS:
        return None  # a number of its own for each case
    coded = whole and FEWEST_CODES <= numbers.nunique() <= MOST_CODES
    return "category" if coded else "number"


def _says(cells: pd.Series, label: pd.Series) -> bool:
    """Whether a column of few values is the label in other words."""
    both = pd.DataFrame({"cell": cells, "label": label}).dropna()
    different = both["cell"].nunique()
    if different > MOST_WORDS or len(both) < FEWEST_ALIKE * different:
        return False  # few cases of each value have one label by chance
    commonest = both.groupby("cell")["label"].agg(lambda own: own.value_counts().iloc[0])
    return bool(commonest.sum() >= SAYS_IT * len(both))
