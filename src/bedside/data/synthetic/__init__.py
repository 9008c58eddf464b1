"""Made-up cohorts with a planted truth, for the demo, the documentation and the tests.

Enters: how many patients and a seed. Leaves: a `SyntheticCohort`, a table of
cases with the arrays that its rows point into, or a long table of readings. No real
patient is behind any of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """

    table: pd.DataFrame
    arrays: dict[str, Array]


REGISTRY: Registry[Callable[..., SyntheticCohort]] = Registry(
    "synthetic cohort",
    {
        "chest-xray": "bedside.data.synthetic.chest_xray:make_chest_xrays",
        "glucose": "bedside.data.synthetic.glucose:make_glucose",
    },
)
