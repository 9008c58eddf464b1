"""Columns of a cohort that say something about a case: which they are, and what their names mean.

Enters: the cohort and the modalities that read some of its columns. Leaves: columns by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

    from bedside.data.cohort import Cohort
    from bedside.schema import Modality, Task

ROLES = frozenset({
    *("site", "hospital", "centre", "center", "clinic", "institution", "institute", "ward"),
    *("scanner", "manufacturer", "device", "machine", "vendor", "model", "station", "detector"),
    *("sex", "gender", "age", "ethnicity", "race", "view", "projection", "position"),
})  # fmt: skip
"""Words of column names that say where, by what or who: such a column is no label in disguise."""
FOLLOWED = 0.60
"""AUROC of an attribute for a label, or a score, from which that is said to follow it."""


def is_role(name: str) -> bool:
    """Whether a column's name says where, by what or who: ``PatientAge``, ``site_id``."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return not ROLES.isdisjoint(re.split(r"[^a-z]+", spaced))


def describing_columns(cohort: Cohort, modalities: Mapping[str, Modality]) -> dict[str, pd.Series]:
    """Columns that describe a case; ids, files, parts, site and time say where it comes from."""
    used = {column for modality in modalities.values() for column in modality.columns_used()}
    left_out = {"case_id", cohort.patient, cohort.site, cohort.time, cohort.part, *used}
    return {str(name): cells for name, cells in cohort.cases.items() if name not in left_out}


def target_columns(cohort: Cohort, task: Task) -> frozenset[str]:
    """Columns that hold the answer; of arrays with several labels they are numbered."""
    numbered = {c for c in map(str, cohort.cases.columns) if re.fullmatch(r"label_\d+", c)}
    return frozenset(numbered.union(task.columns_used()))


def columns_beside_target(
    cohort: Cohort, modalities: Mapping[str, Modality], *, targets: Collection[str]
) -> dict[str, pd.Series]:
    """The site and what describes a case but is no target: first what says where, by what or who.

    Args:
        cohort: the cases.
        modalities: by input; what one of them reads is left out.
        targets: columns that the target reads.
    """
    columns = describing_columns(cohort, modalities)
    if cohort.site is not None:
        columns = {cohort.site: cohort.cases[cohort.site], **columns}
    names = [name for name in columns if name not in targets]
    names.sort(key=lambda name: not (name == cohort.site or is_role(name)))
    return {name: columns[name] for name in names}
