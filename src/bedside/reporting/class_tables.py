"""The tables of a classification.

Enters: a `Record`. Leaves: `Table`s for the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bedside.reporting.class_wording import frequencies, model_words
from bedside.reporting.formatting import (
    NOT_AVAILABLE,
    count,
    of_hundred,
    percent,
)
from bedside.reporting.glossary import TERMS, label
from bedside.reporting.tables import Cell, GroupColumns, Table, measured_cell, models_table

if TYPE_CHECKING:
    from bedside.reporting.record import Record

SHOWN_CLASSES = 12
CLASS_METRICS = ("auroc", "auprc", "sensitivity", "specificity", "ppv", "npv", "f1")
SUBGROUP_METRICS = ("auroc", "sensitivity", "specificity")


def all_models(record: Record) -> Table:
    """All plain metrics (rows) of all models (columns)."""
    known = [name for name in TERMS if name in record.metric_names()]
    names = known + [name for name in record.metric_names() if name not in TERMS]
    caption = "All models on the same test cases, each value above its interval"
    found = models_table(record, names, words=partial(model_words, record), caption=caption)
    if record.kind == "binary":
        return found
    return replace(found, note=f"Averages over classes (macro). {found.note}".rstrip())


def classes_table(record: Record) -> Table | None:
    """One row a class or label for the deep model; None for a binary study."""
    if record.kind == "binary":
        return None
    names = [
        metric
        for metric in CLASS_METRICS
        if any(record.estimate(record.deep, f"{metric}_{name}") for name in record.classes)
    ]
    if not names:
        return None
    rows = [
        [
            Cell(name),
            *(
                measured_cell(metric, record.estimate(record.deep, f"{metric}_{name}"))
                for metric in names
            ),
        ]
        for name in record.classes
    ]
    word = "label" if record.kind == "labels" else "class against all others"
    return Table(
        f"The deep model, each {word}", [Cell("Name"), *(Cell(label(n)) for n in names)], rows
    )


def frequencies_table(record: Record) -> Table | None:
    """Natural frequencies per class or label, for studies with more than one finding."""
    found = frequencies(record)
    if record.kind == "binary" or not found:
        return None
    rows = [
        [Cell(entry.name), Cell(of_hundred(entry.finds)), Cell(of_hundred(entry.false_alarms))]
        for entry in found
    ]
    header = [
        Cell("Finding"),
        Cell("Of 100 with it, found"),
        Cell("Of 100 without it, false alarms"),
    ]
    return Table("Of 100 each, with the interval in brackets", header, rows)


def group_columns(record: Record) -> GroupColumns:
    """The columns of the table of subgroups."""
    rest = [name for name in SUBGROUP_METRICS if name != record.primary]
    counts = {f"With {record.positive}": "positives"} if record.kind == "binary" else {}
    return GroupColumns([record.primary, *rest], counts, label, measured_cell)


def parts_table(record: Record) -> Table | None:
    """Cases, patients and class counts of each part."""
    if not record.parts:
        return None
    classes = {part: _class_counts(record, part) for part in record.parts}
    names = record.classes if any(classes.values()) else []
    header = [Cell("Part"), Cell("Cases"), Cell("Patients"), *(Cell(name) for name in names)]
    rows = []
    for part, sizes in record.parts.items():
        total = sizes["cases"] or 0
        cells = [Cell(part), Cell(count(total)), Cell(count(sizes["patients"]))]
        counts = classes[part]
        cells += [_share_cell(counts.get(name), total) for name in names]
        rows.append(cells)
    return Table("How many cases and patients each part holds", header, rows)


def _share_cell(cases: int | None, total: int) -> Cell:
    if cases is None:
        return Cell(NOT_AVAILABLE, tone="quiet")
    return Cell(count(cases), percent(cases / total) if total else "")


def _class_counts(record: Record, part: str) -> Mapping[str, int]:
    """From the audit's facts where they go by part, else from the predictions."""
    facts = (record.audit.get("facts") or {}).get("classes")
    own = facts.get(part) if isinstance(facts, Mapping) else None
    if isinstance(own, Mapping) and set(own) & set(record.classes):
        return {str(name): int(n) for name, n in own.items() if isinstance(n, int)}
    by_class = {
        name: facts[name][part]
        for name in record.classes
        if isinstance(facts, Mapping)
        and isinstance(facts.get(name), Mapping)
        and isinstance(facts[name].get(part), int)
    }
    return by_class or _counted_classes(record, part)


def _counted_classes(record: Record, part: str) -> Mapping[str, int]:
    scores = record.scores(part=part)
    if scores is None:
        return {}
    found = {name: scores.positives(column) for column, name in enumerate(scores.names)}
    if record.kind == "binary" and len(record.classes) == 2:
        found[record.classes[0]] = int(np.sum(scores.truth[:, 0] == 0))
    return found
