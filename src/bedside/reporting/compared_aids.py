"""What was tried against scarce labels, and whether validation shows that it helped.

Enters: a `Record`. Leaves: a `Table`, none where nothing was tried; and what the first page
says of a deep model that learnt from cases without a label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting.formatting import counted, signed, with_interval
from bedside.reporting.glossary import difference_form, label
from bedside.reporting.tables import Cell, Table
from bedside.reporting.telling import Notice

if TYPE_CHECKING:
    from bedside.reporting.record import Record


def aids_table(record: Record) -> Table | None:
    """One row an aid: its difference from plain training on validation, and the verdict."""
    aids = record.metrics.get("aids") or {}
    if not aids:
        return None
    form = difference_form(record.primary, record.unit)
    metric = label(record.primary)
    header = [
        Cell("Network"),
        Cell("Plain training"),
        Cell(f"Gain in {metric}", "validation, with interval"),
        Cell("Verdict"),
    ]
    rows = []
    for name, found in aids.items():
        gain = signed(with_interval(found["difference"], form))
        verdict = "may be chosen" if found["kept"] else "not kept"
        chosen = name == record.deep
        cells = [Cell(name), Cell(found["against"]), Cell(gain)]
        rows.append([*cells, Cell("chosen" if chosen else verdict, tone="primary" * chosen)])
    note = (
        "A network that was trained with an aid may be chosen only where validation shows that "
        "the aid helped: its whole interval lies above zero."
    )
    if len(aids) > 1:
        each = 100 * next(iter(aids.values()))["confidence"]
        note += (
            f" The intervals hold for all aids together ({each:.3g} % each), so that trying many "
            "of them keeps none by luck."
        )
    return Table("Aids against scarce labels", header, rows, note)


def aided(record: Record) -> list[Notice]:
    """The deep model learnt from cases that nobody labelled."""
    told = (record.environment.get("training") or {}).get(record.deep) or {}
    said = []
    if (alone := told.get("pretrain")) is not None:
        said.append(f"first from {counted(alone['cases'], 'case')} without looking at their labels")
    if (taught := told.get("pseudo-labels")) is not None:
        said.append(
            f"then from {counted(taught['cases'], 'case')}, of which those without a label had "
            f"the answers of network '{taught['teacher']}'"
        )
    if not said:
        return []
    text = (
        f"The network learnt {', '.join(said)}. All are of the training part, so none of their "
        "patients is tested."
    )
    return [Notice("amber", "Learnt from cases without a label", text)]
