"""Columns that an input hands to the model as they are, cell by cell.

Enters: the evidence. Leaves: each such column as it was read, what means missing blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from bedside.audit.evidence import Evidence


def given_columns(evidence: Evidence) -> dict[str, pd.Series]:
    """Column -> (N,) text, NaN where it is missing; empty where no input is a table."""
    import pandas as pd

    found: dict[str, pd.Series] = {}
    for name, modality in evidence.means.modalities.items():
        if not getattr(modality, "reads_rows", False):
            continue
        columns = modality.columns_used()
        blank = [""] * len(columns)
        samples = evidence.inputs[name].samples
        rows = [blank if sample is None else list(sample.values) for sample in samples]
        cells = pd.DataFrame(rows, columns=columns, dtype="str")
        found |= {column: cells[column].where(cells[column] != "") for column in columns}
    return found
