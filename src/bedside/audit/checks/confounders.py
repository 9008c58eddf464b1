"""Checks of confounders: what the input tells besides the disease, and the label goes along with.

Enters: the evidence. Leaves: findings that name columns, with how well a small model reads each
from the input and how far the label follows it. Cells are not named: site names may be secret.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bedside.audit.asked import SEED, Answers, answers_of
from bedside.audit.attributes import FOLLOWED, columns_beside_target, is_role
from bedside.audit.checks.shift_columns import MOST_WORDS, difference
from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.linear_reading import read_answers
from bedside.audit.two_samples import Separation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from bedside.schema import Array

MOST_COLUMNS, MOST_VALUES, FEWEST_OF_VALUE = 30, 6, 30
MOST_CASES = 3_000
TOLD = 0.65
"""AUROC, at the lower end of its interval, from which the input tells an attribute."""
SAYS_IT = 0.95
"""The same from which a column is the label in other words."""


@dataclass(frozen=True)
class Attribute:
    """A column, and what it has to do with the label and the input.

    Args:
        name: of the column.
        role: whether its name says where, by what or who.
        follows: AUROC 0.5 to 1 of the column for the answer it goes along with most; 0 where
            that may be chance.
        answer: which one that is.
        told: how well the input tells it among cases of the same answer; None where unknown.
        wholly: there were no such cases of both kinds: among all cases instead.
    """

    name: str
    role: bool
    follows: float = 0.0
    answer: int = 0
    told: Separation | None = None
    wholly: bool = False


def columns_and_labels(evidence: Evidence) -> list[Finding]:
    """Columns that alone say the label (note): harmless while no input is made from them."""
    answers = answers_of(evidence)
    if answers is None:
        return []
    found = [a for a in followed(evidence, answers, _columns(evidence)) if a.follows >= SAYS_IT]
    if not found:
        return []
    listed = ", ".join(f"'{a.name}' {a.follows:.2f}" for a in found)
    message = f"Columns that alone say the label nearly always (AUROC): {listed}."
    remedy = "No input reads them now; make none from them."
    count = len(evidence.cohort)
    return [evidence.finding("columns-and-labels", "note", message, count=count, remedy=remedy)]


def confounded_attributes(evidence: Evidence) -> list[Finding]:
    """Attributes that the input tells and the label follows (warn); those it tells (note)."""
    answers = answers_of(evidence)
    if answers is None:
        return []
    columns = _columns(evidence)
    asked = [a for a in followed(evidence, answers, columns) if a.role or a.follows < SAYS_IT]
    read = _read(evidence, answers, asked)
    both = [a for a in read if a.follows >= FOLLOWED and a.told and a.told.low >= TOLD]
    rest = [a for a in read if a.role and a not in both]
    found = []
    if both:
        message = (
            "Confounders, which the input tells and the label goes along with (AUROCs, 0.5 is not "
            f"at all): {_listed(both)}. A model can learn them instead of the disease."
        )
        remedy = (
            "Balance the label over them, or test where they do not go along with it: "
            "split: {by: site}, evaluation.subgroups."
        )
        count = len(evidence.cohort)
        found.append(evidence.finding("confounders", "warn", message, count=count, remedy=remedy))
    if rest:
        message = (
            "What the input tells of where, by what and who (AUROCs, 0.5 is not at all), and how "
            f"far the label goes along with it: {_listed(rest)}."
        )
        count = len(evidence.cohort)
        found.append(evidence.finding("confounders", "note", message, count=count))
    return found


def followed(
    evidence: Evidence, answers: Answers, columns: Mapping[str, pd.Series]
) -> list[Attribute]:
    """Each column with the answer that goes along with it most, a patient counting once."""
    groups, own = evidence.cohort.groups(), np.ones(len(evidence.cohort), dtype=bool)
    if evidence.parts is not None:
        own = evidence.parts != "test"
    sides = []
    for values in answers.values.T:
        pair = [_first_of_each(groups, own & (values == side)) for side in (1, 0)]
        sides.append(pair)
    found = []
    for name, cells in columns.items():
        with_label = [difference(cells, one, other) for one, other in sides]
        answer = int(np.argmax(with_label))
        found.append(Attribute(name, is_role(name), with_label[answer], answer))
    if evidence.cohort.site is not None:
        found = [replace(a, role=True) if a.name == evidence.cohort.site else a for a in found]
    return found


def _columns(evidence: Evidence) -> dict[str, pd.Series]:
    means = evidence.means
    columns = columns_beside_target(evidence.cohort, means.modalities, targets=means.target_columns)
    return dict(list(columns.items())[:MOST_COLUMNS])


def _first_of_each(groups: Array, own: Array) -> Array:
    """(N,) bool: of each group the first case among those that are `own`."""
    rows = np.flatnonzero(own)
    first = np.zeros(len(groups), dtype=bool)
    first[rows[np.unique(groups[rows], return_index=True)[1]]] = True
    return first


def _read(evidence: Evidence, answers: Answers, asked: list[Attribute]) -> list[Attribute]:
    """The attributes, with how well the input tells them."""
    described = evidence.described if asked else None
    if described is None:
        return []
    lot = np.random.default_rng(SEED).permutation(described.rows.size)[:MOST_CASES]
    rows, features = described.rows[lot], described.compressed[lot]
    groups, columns = evidence.cohort.groups()[rows], _columns(evidence)
    owners, values, strata = [], [], []
    for place, attribute in enumerate(asked):
        own = np.nan_to_num(answers.values[rows, attribute.answer], nan=-1).astype(np.int64)
        for value in _as_numbers(columns[attribute.name].iloc[rows]):
            owners.append(place)
            values.append(value)
            strata.append(own)
    if not values:
        return []
    numbers, within = np.stack(values, axis=1), np.stack(strata, axis=1)
    told = read_answers(features, numbers, groups, seed=SEED, strata=within)
    lost = [n for n, seen in enumerate(told) if seen is None]
    among_all = read_answers(features, numbers[:, lost], groups, seed=SEED) if lost else []
    instead = dict(zip(lost, among_all, strict=True))
    found = []
    for place, attribute in enumerate(asked):
        own = [n for n, owner in enumerate(owners) if owner == place]
        seen = [(told[n] or instead.get(n), told[n] is None) for n in own]
        known = [(one, wholly) for one, wholly in seen if one is not None]
        if known:
            best, wholly = max(known, key=lambda pair: pair[0].low)
            found.append(replace(attribute, told=best, wholly=wholly))
    return found


def _as_numbers(cells: pd.Series) -> list[Array]:
    """Numbers as their ranks; words as one column each of the commonest, 1 where it stands."""
    import pandas as pd

    known = cells.notna().to_numpy()
    numbers = pd.to_numeric(cells, errors="coerce")
    if numbers.notna().sum() == known.sum() and numbers.nunique() > MOST_WORDS:
        return [numbers.rank(pct=True).to_numpy(dtype=float)]
    counts = cells.value_counts()
    common = [word for word, count in counts.items() if count >= FEWEST_OF_VALUE][:MOST_VALUES]
    if not 2 <= counts.size <= MOST_WORDS:
        return []
    asked = common[:1] if counts.size == 2 else common  # of two, the other says the same
    return [np.where(known, (cells == word).to_numpy(dtype=float), np.nan) for word in asked]


def _listed(attributes: list[Attribute]) -> str:
    told = []
    for one in attributes:
        if one.told is None:
            continue
        seen = f"{one.told.auroc:.2f} ({one.told.low:.2f} to {one.told.high:.2f})"
        follows = f"label {one.follows:.2f}" if one.follows else "label not"
        alike = ", too wholly to tell the two apart" if one.wholly and one.follows else ""
        told.append(f"'{one.name}' told {seen}, {follows}{alike}")
    return "; ".join(told)
