"""Predictions of one model on one part, read back from its CSV.

Enters: ``predictions/<model>-<part>.csv``. Leaves: `Scores`, arrays without ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import RunError, sentence

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from bedside.schema import Array

YES = frozenset({"1", "1.0", "true", "True"})


@dataclass(frozen=True)
class Scores:
    """N scored cases, K columns (binary: K = 1, the positive class).

    Args:
        names: K class or label names, binary: the positive class alone.
        truth: (N, K) float, 1 yes, 0 no, NaN unknown.
        probability: (N, K) float.
        decision: (N, K) bool.
    """

    names: tuple[str, ...]
    truth: Array
    probability: Array
    decision: Array

    def __len__(self) -> int:
        return len(self.truth)

    def known(self, column: int) -> tuple[Array, Array, Array]:
        """Truth, probability and decision of one column where the truth is known, each (M,)."""
        rows = ~np.isnan(self.truth[:, column])
        return (
            self.truth[rows, column].astype(bool),
            self.probability[rows, column],
            self.decision[rows, column],
        )

    def positives(self, column: int) -> int:
        """Cases known to have the finding."""
        return int(np.nansum(self.truth[:, column]))


def read_scores(path: Path, *, kind: str, classes: list[str]) -> Scores | None:
    """Read one prediction table, or None where there is none.

    Args:
        path: the CSV file.
        kind: ``binary``, ``classes`` or ``labels``.
        classes: as in ``metrics.json``; binary: [negative, positive].

    Raises:
        RunError: a column is missing or a probability is not a number.
    """
    import pandas as pd

    if not path.exists():
        return None
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if kind == "binary":
        return _binary(table, positive=classes[-1], where=path.name)
    if kind == "classes":
        return _classes(table, classes=classes, where=path.name)
    return _labels(table, labels=classes, where=path.name)


def _binary(table: pd.DataFrame, *, positive: str, where: str) -> Scores:
    truth = _text(table, "truth", where=where)
    probability = _numbers(table, "probability", where=where)
    decision = _text(table, "decision", where=where) == positive
    known = np.where(truth == "", np.nan, (truth == positive).astype(float))
    return Scores((positive,), known[:, None], probability[:, None], decision[:, None])


def _classes(table: pd.DataFrame, *, classes: list[str], where: str) -> Scores:
    truth, decision = (_text(table, name, where=where)[:, None] for name in ("truth", "decision"))
    names = np.asarray(classes, dtype=str)[None, :]
    columns = [_numbers(table, f"probability_{name}", where=where) for name in classes]
    known = np.where(truth == "", np.nan, (truth == names).astype(float))
    return Scores(tuple(classes), known, np.stack(columns, axis=1), decision == names)


def _labels(table: pd.DataFrame, *, labels: list[str], where: str) -> Scores:
    truth, probability, decision = [], [], []
    for name in labels:
        cells = _text(table, f"truth_{name}", where=where)
        truth.append(np.where(cells == "", np.nan, np.isin(cells, list(YES)).astype(float)))
        probability.append(_numbers(table, f"probability_{name}", where=where))
        decision.append(np.isin(_text(table, f"decision_{name}", where=where), [*YES, name]))
    stacked = (np.stack(columns, axis=1) for columns in (truth, probability, decision))
    return Scores(tuple(labels), *stacked)


def _text(table: pd.DataFrame, column: str, *, where: str) -> Array:
    if column not in table.columns:
        raise RunError(
            sentence(
                where,
                expected=f"a column '{column}'",
                got=f"{len(table.columns)} others",
                remedy="Repeat the run with --resume",
            )
        )
    return np.asarray(table[column], dtype=str)


def _numbers(table: pd.DataFrame, column: str, *, where: str) -> np.ndarray[Any, Any]:
    cells = _text(table, column, where=where)
    try:
        return cells.astype(float)
    except ValueError:
        raise RunError(
            sentence(
                f"{where}, column '{column}'",
                expected="numbers",
                got="text",
                remedy="Repeat the run with --resume",
            )
        ) from None
