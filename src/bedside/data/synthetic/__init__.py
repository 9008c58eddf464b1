"""Made-up cohorts with a planted truth, for the demo, the documentation and the tests.

Enters: how many patients and a seed. Leaves: a `SyntheticCohort`, a table of
cases with the arrays that its rows point into, or a long table of readings. No real
patient is behind any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING

from bedside.errors import StudyError
from bedside.registry import Registry

if TYPE_CHECKING:
    import pandas as pd

    from bedside.schema import Array


@dataclass(frozen=True)
class SyntheticCohort:
    """N made-up cases.

    Args:
        table: one row a case, or of a long table a reading, index 0..N-1.
        arrays: name -> array whose row i belongs to row i of the table.
        structures: name -> number in the masks, where there are masks.
    """

    table: pd.DataFrame
    arrays: dict[str, Array]
    structures: Mapping[str, int] = field(default_factory=dict)


REGISTRY: Registry[Callable[..., SyntheticCohort]] = Registry(
    "synthetic cohort",
    {
        "chest-outlines": "bedside.data.synthetic.chest_outlines:make_chest_outlines",
        "chest-xray": "bedside.data.synthetic.chest_xray:make_chest_xrays",
        "glucose": "bedside.data.synthetic.glucose:make_glucose",
        "notes": "bedside.data.synthetic.notes:make_notes",
        "phantoms": "bedside.data.synthetic.phantoms:make_phantoms",
        "reports": "bedside.data.synthetic.reports:make_reports",
    },
)


def make_cohort(name: str, *, patients: int, seed: int, days: int | None = None) -> SyntheticCohort:
    """Make up a cohort of the table.

    Args:
        name: of the cohort.
        patients: how many.
        seed: draws them.
        days: how long each is followed; None leaves it to the cohort.

    Raises:
        StudyError: the name is unknown, or the cohort does not last for days.
    """
    make = REGISTRY.load(name)
    if days is None:
        return make(patients=patients, seed=seed)
    if "days" not in signature(make).parameters:
        raise StudyError(f"data.days: expected none with synthetic '{name}', got one. Remove it.")
    return make(patients=patients, seed=seed, days=days)
