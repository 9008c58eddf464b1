"""What is known of glucose alone: its units, and the lines that clinicians draw.

Enters and leaves: values in mg/dL or mmol/L.
"""

from __future__ import annotations

from bedside.schema import Array

MG_PER_MMOL = 18.0156
"""mg/dL of 1 mmol/L: glucose weighs 180.156 g/mol."""
UNITS = ("mg/dL", "mmol/L")
LOW = {"mg/dL": 70.0, "mmol/L": 3.9}
HIGH = {"mg/dL": 180.0, "mmol/L": 10.0}
"""The target range, as each unit has it; source: Battelino 2019, doi:10.2337/dci19-0028."""


def in_mg_dl(values: Array, unit: str) -> Array:
    """The same values in mg/dL."""
    return values * MG_PER_MMOL if unit == "mmol/L" else values
