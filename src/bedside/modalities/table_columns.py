"""How the cells of one column become numbers, learnt from training cells alone.

Enters: how often each text stands in a column of the training cases. Leaves: plain JSON that
says what a cell of it is, a number or one of some levels, and for any cell its numbers. A
number is one number; a level is one number for each level that is known, and one more for all
others. Where training cells are missing one more says so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from bedside.errors import DataError, Problems, sentence

Kind: TypeAlias = Literal["number", "category"]
Code: TypeAlias = dict[str, Any]
"""What is known of one column, plain JSON."""

MISSING = ""
"""How a missing cell is written."""
LARGEST = 1e30
"""Numbers from here on are no measurements, and float32 soon ends."""
MOSTLY = 0.9
"""Share of numbers among known cells from which a column holds numbers."""
RARE = 5
"""Training cases that must share a level: what fewer have may name a person, and teaches little."""
MOST_LEVELS = 64
"""The commonest ones of a column; all others count as one."""
FLAG_SPREAD = 0.5
"""Standard deviation that yes and no are given, however rare: a rare one must not shout."""
UNSEEN = 1e6
"""That of what no training case has: it weighs nothing, since nothing was learnt of it."""


def as_number(cell: str) -> float | None:
    """A cell as a number; None where it is none, or beyond all measurements."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if abs(value) < LARGEST and "_" not in cell else None


def level_of(cell: str) -> str:
    """One spelling of a level: ``3`` and ``3.0`` are one, and so are ``Male`` and ``male``."""
    value = as_number(cell)
    return " ".join(cell.casefold().split()) if value is None else f"{value:.15g}"


def learn_column(
    name: str, cells: Counter[str], *, kind: Kind | None, problems: Problems
) -> Code | None:
    """What a column holds; None where it cannot be used, and a problem says why.

    Args:
        name: of the column.
        cells: text -> how many training cases have it; a missing one is blank.
        kind: as the study says; None lets the cells decide.
        problems: joined by what is wrong.
    """
    known = Counter({cell: count for cell, count in cells.items() if cell != MISSING})
    if not known:
        problems.add(
            f"column '{name}'",
            expected="values in training cases",
            got="none",
            remedy="Leave the column out",
        )
        return None
    missing = cells[MISSING] / cells.total()
    numbers = {cell: value for cell in known if (value := as_number(cell)) is not None}
    words = known.total() - sum(known[cell] for cell in numbers)
    if kind is None:
        kind = "number" if words <= (1 - MOSTLY) * known.total() else "category"
    if kind == "category":
        return _learn_levels(name, known, missing=missing, problems=problems)
    if words:
        problems.add(
            f"column '{name}'",
            expected="numbers in all training cases",
            got=f"words in {words}",
            remedy="Name the words that mean missing under inputs.<name>.missing, or list the "
            "column under inputs.<name>.categories",
        )
        return None
    total = known.total()
    mean = sum(numbers[cell] * count for cell, count in known.items()) / total
    spread = sum((numbers[cell] - mean) ** 2 * count for cell, count in known.items()) / total
    deviation = math.sqrt(spread)
    if not deviation > 1e-9 * max(abs(mean), 1e-9):  # one value throughout
        deviation = 1.0
    return {"kind": "number", "mean": mean, "std": deviation, "missing": missing}


def _learn_levels(
    name: str, known: Counter[str], *, missing: float, problems: Problems
) -> Code | None:
    levels: Counter[str] = Counter()
    for cell, count in known.items():
        levels[level_of(cell)] += count
    common = [level for level in levels if levels[level] >= RARE]
    kept = sorted(common, key=lambda level: (-levels[level], level))[:MOST_LEVELS]
    if not kept:
        problems.add(
            f"column '{name}'",
            expected=f"a value that {RARE} training cases share",
            got="none",
            remedy="Leave the column out, or list it under inputs.<name>.numbers",
        )
        return None
    # a missing cell counts as the commonest level, beside its flag
    shares = [levels[level] / known.total() * (1 - missing) for level in kept]
    shares[0] += missing
    return {
        "kind": "category",
        "levels": kept,
        "shares": [*shares, max(0.0, 1.0 - sum(shares))],
        "missing": missing,
        "others": known.total() > sum(levels[level] for level in kept),
    }


def width_of(code: Code) -> int:
    """How many numbers a cell becomes."""
    return len(spread_of(code)[0])


def spread_of(code: Code) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the numbers that its cells become."""
    flags = [code["missing"]] if code["missing"] else []
    if code["kind"] == "number":
        return [code["mean"], *flags], [code["std"], *[FLAG_SPREAD] * len(flags)]
    means = [*code["shares"], *flags]
    spreads = [FLAG_SPREAD] * len(means)
    if not code["others"]:
        spreads[len(code["levels"])] = UNSEEN
    return means, spreads


def numbers_of(name: str, cell: str, code: Code) -> list[float]:
    """The numbers of a cell; a missing one counts as the mean, or as the commonest level.

    Raises:
        DataError: a number is expected, and it is none.
    """
    flags = [float(cell == MISSING)] if code["missing"] else []
    if code["kind"] == "category":
        levels: Sequence[str] = code["levels"]
        level = levels[0] if cell == MISSING else level_of(cell)
        found = [float(level == each) for each in levels]
        return [*found, float(not any(found)), *flags]
    if cell == MISSING:
        return [code["mean"], *flags]
    value = as_number(cell)
    if value is None:
        raise DataError(
            sentence(
                f"column '{name}'",
                expected="a number, as in training",
                got="a word",
                remedy="Correct the cell, or leave it blank where it is unknown",
            )
        )
    return [value, *flags]


def said(numbers: Sequence[float], code: Mapping[str, Any]) -> str:
    """What a cell held, from its numbers: ``missing``, its number or its level."""
    if code["missing"] and numbers[-1] > 0.5:
        return "missing"
    if code["kind"] == "number":
        return f"{numbers[0]:.4g}"
    named = [*code["levels"], "another"]
    return str(named[max(range(len(named)), key=lambda place: numbers[place])])
