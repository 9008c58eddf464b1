"""A record of measurements as rows of a table, and as lines for a terminal.

Enters: a `Record` and, of two time points, the changes. Leaves: rows ``structure, measure, value,
unit``, which a spreadsheet and a program read alike.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bedside.measurement.record import Change, Record

DIGITS = {"ml": 3, "mm": 2, "mm2": 1, "%": 1, "": 0}
_AXES = ("right", "front", "head")


class Row(NamedTuple):
    """One number; `other` names a second structure or a margin, else blank."""

    structure: str
    measure: str
    other: str
    value: float | None
    unit: str


def rows_of(record: Record, changed: Mapping[str, Change] | None = None) -> list[Row]:
    """All numbers of a record; a structure without a voxel has a volume of 0 and nothing else."""
    found = [*_sizes(record), *_relations(record)]
    for name, change in (changed or {}).items():
        found += [
            Row(name, "volume before", "", change.before_ml, "ml"),
            Row(name, "volume change", "", change.volume_percent, "%"),
            Row(name, "longest axial diameter before", "", change.before_mm, "mm"),
            Row(name, "longest axial diameter change", "", change.diameter_percent, "%"),
        ]
    return found


def _sizes(record: Record) -> Iterator[Row]:
    for name, size in record.sizes.items():
        yield Row(name, "volume", "", size.volume_ml, "ml")
        yield Row(name, "longest axial diameter", "", size.longest_axial_mm, "mm")
        yield Row(name, "diameter across it", "", size.across_mm, "mm")
        yield Row(name, "longest diameter in space", "", size.longest_mm, "mm")
        yield Row(name, "surface", "", size.surface_mm2, "mm2")
        for axis, value in zip(_AXES, size.centroid_mm, strict=True):
            yield Row(name, f"centre, to the {axis}", "", value, "mm")
        yield Row(name, "separate parts", "", size.parts, "")
    for name in record.absent:
        yield Row(name, "volume", "", 0.0, "ml")


def _relations(record: Record) -> Iterator[Row]:
    tumour = record.tumour or ""
    for name, apart in record.distances.items():
        yield Row(tumour, "distance to", name, apart.mm, "mm")
        yield Row(tumour, "contact with", name, apart.contact_mm2, "mm2")
    if record.to_surface is not None:
        yield Row(tumour, "distance to surface of", record.organ or "", record.to_surface.mm, "mm")
    for shell in record.shells:
        margin = f"{shell.margin_mm:g} mm"
        yield Row(tumour, "shell around", margin, shell.volume_ml, "ml")
        for name, ml in shell.holds_ml.items():
            yield Row(tumour, f"shell of {margin} holds", name, ml, "ml")


def as_csv(rows: list[Row]) -> str:
    """The rows as CSV with a header; numbers that there are none of are blank."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(Row._fields)
    for row in rows:
        writer.writerow([*row[:3], told(row), row.unit])
    return stream.getvalue()


def told(row: Row) -> str:
    """A row's number with the digits of its unit."""
    return "" if row.value is None else f"{row.value:.{DIGITS[row.unit]}f}"


def lines_of(record: Record, changed: Mapping[str, Change] | None = None) -> list[str]:
    """The rows as lines of a terminal, and what must be known to read them."""
    rows = rows_of(record, changed)
    wide = max(len(row.structure) for row in rows)
    lines = []
    for row in rows:
        what = f"{row.measure} {row.other}".strip()
        number = f"{told(row)} {row.unit}".strip() if row.value is not None else "n/a"
        lines.append(f"{row.structure:<{wide}}  {what:<40} {number:>14}")
    lines += notes_of(record, changed)
    return lines


def notes_of(record: Record, changed: Mapping[str, Change] | None = None) -> list[str]:
    """Sentences that the numbers need."""
    notes = [
        f"{name}: RECIST 1.1 would call the change of this one lesion {change.words}. "
        "A help to read it, not a diagnosis."
        for name, change in (changed or {}).items()
        if change.words
    ]
    parts = [name for name, size in record.sizes.items() if size.parts > 1]
    if parts:
        notes.append(f"{', '.join(parts)}: of several parts; diameters are those of the largest.")
    if any(shell.cut for shell in record.shells):
        notes.append("The shell reaches beyond the scan: it is larger than what was measured.")
    if record.tumour is None:
        notes.append("No structure is known as the tumour: name it with --tumour for distances.")
    return notes
