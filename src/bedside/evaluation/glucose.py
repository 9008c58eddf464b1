"""What is known of glucose alone: its units, and the lines that clinicians draw.

Enters and leaves: values in mg/dL or mmol/L. The target range is that of Battelino et al.
2019, doi:10.2337/dci19-0028.
"""

from __future__ import annotations

from typing import cast

from bedside.data.units import MG_DL_IN_ONE_MMOL_L as MG_PER_MMOL
from bedside.data.units import Unit, converted
from bedside.schema import Array
from bedside.tasks.alarms import ALARMS

UNITS = tuple(ALARMS)
LOW = {unit: low for unit, (low, _) in ALARMS.items()}
HIGH = {unit: high for unit, (_, high) in ALARMS.items()}

__all__ = ["HIGH", "LOW", "MG_PER_MMOL", "UNITS", "in_mg_dl"]


def in_mg_dl(values: Array, unit: str) -> Array:
    """The same values in mg/dL."""
    return converted(values, cast("Unit", unit), "mg/dL")
