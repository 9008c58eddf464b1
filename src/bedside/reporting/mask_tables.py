"""The tables of outlined structures.

Enters: a `Record`. Leaves: `Table`s for the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bedside.reporting.formatting import count
from bedside.reporting.glossary import label
from bedside.reporting.mask_terms import MASK_TERMS
from bedside.reporting.mask_wording import distances_of, model_words, structures_of
from bedside.reporting.tables import Cell, GroupColumns, Table, measured_cell, models_table

if TYPE_CHECKING:
    from bedside.reporting.record import Record


def structures_table(record: Record) -> Table:
    """Every metric of the deep model, of all structures together and of each."""
    columns = ["", *structures_of(record)]
    rows = []
    for metric in (name for name in MASK_TERMS if record.estimate(record.deep, name)):
        tone = "primary" if metric == record.primary else ""
        names = [f"{metric}_{column}" if column else metric for column in columns]
        cells = [
            measured_cell(name, record.estimate(record.deep, name), tone=tone) for name in names
        ]
        rows.append([Cell(label(metric), tone=tone), *cells])
    header = [Cell("Metric"), Cell("All structures", "their mean"), *map(Cell, columns[1:])]
    return Table("The deep model by structure, each value above its interval", header, rows)


def all_models(record: Record) -> Table:
    """Overlap and distance of every model, by structure."""
    structures = structures_of(record)
    metrics = [
        record.primary,
        *(f"dice_{s}" for s in structures),
        "surface_dice",
        *distances_of(record),
    ]
    caption = "All models on the same test cases"
    return models_table(record, metrics, words=model_words, caption=caption)


def plan_table(record: Record) -> Table | None:
    """What the network saw, and how that was chosen."""
    plan = record.metrics.get("plan")
    if not isinstance(plan, Mapping):
        return None
    sides = " x "
    if record.metrics.get("space", "volume") == "volume":
        how = "each volume by itself" if plan["normalise"] == "case" else "by the training cases"
        rows = [
            ("Spacing", sides.join(f"{side:g}" for side in plan["spacing_mm"]) + " mm"),
            ("Typical volume", sides.join(map(str, plan["typical_shape"])) + " voxels"),
            ("Seen at a time", sides.join(map(str, plan["patch"])) + " voxels"),
            ("Intensities", how),
        ]
    else:
        rows = [
            ("Pictures", sides.join(map(str, plan["typical_shape"][1:])) + " pixels"),
            ("Seen at a time", sides.join(map(str, plan["patch"][1:])) + " pixels"),
        ]
    pieces = record.metrics.get("in_one_piece") or []
    rows.append(("Largest piece alone", ", ".join(map(str, pieces)) or "of no structure"))
    return Table(
        "The plan, made from the training part alone",
        [Cell("Of what"), Cell("Chosen")],
        [[Cell(name), Cell(text)] for name, text in rows],
        "plan.yaml in the run folder holds these as words of a study file, to be changed at will.",
    )


def parts_table(record: Record) -> Table | None:
    """Cases and patients of each part."""
    if not record.parts:
        return None
    rows = [
        [Cell(part), Cell(count(sizes["cases"])), Cell(count(sizes["patients"]))]
        for part, sizes in record.parts.items()
    ]
    header = [Cell("Part"), Cell("Cases"), Cell("Patients")]
    return Table("How many cases and patients each part holds", header, rows)


def group_columns(record: Record) -> GroupColumns:
    """The columns of the table of subgroups."""
    return GroupColumns(["dice", *distances_of(record)], {}, label, measured_cell)
