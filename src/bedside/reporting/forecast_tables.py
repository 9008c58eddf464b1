"""The tables of a forecast.

Enters: a `Record`. Leaves: `Table`s for the template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bedside.reporting.forecast_wording import (
    SHOWN_MINUTES,
    SIDES,
    days_forecast,
    event_counts,
    model_words,
    spread_words,
)
from bedside.reporting.formatting import NOT_AVAILABLE, count, counted, number
from bedside.reporting.glossary import label, named
from bedside.reporting.tables import Cell, GroupColumns, Table, measured_cell

if TYPE_CHECKING:
    from bedside.reporting.record import Record

WHOLE = "whole horizon"
OVERALL = (
    *("rmse_pooled", "mae_pooled", "mard", "rmse_median_window", "mae_median_window"),
    *("coverage_80", "width_80", "coverage_95", "width_95"),
)
BEDSIDE = ("mae_pooled", "rmse_pooled", "mard", "coverage_80", "clarke_ab")
GRIDS = {
    "clarke": "Clarke",
    "parkes": "Parkes (consensus), type 1",
    "parkes_type2": "Parkes (consensus), type 2",
}
ZONES = ("a", "b", "c", "d", "e", "ab")
EVENT_METRICS = ("sensitivity", "lead_minutes", "ppv", "false_alarms_per_day")


def shown(
    record: Record, metric: str, estimate: Mapping[str, Any] | None, *, tone: str = ""
) -> Cell:
    """Value above its interval; the unit stands in the heading."""
    return measured_cell(metric, estimate, unit=record.unit, bare=True, tone=tone)


def horizons(record: Record, metric: str) -> dict[str, str]:
    """Heading -> metric's key, of the minutes ahead that were measured and of the whole."""
    steps = {
        f"{minutes} min ahead": f"{metric}_{minutes}min"
        for minutes in SHOWN_MINUTES
        if record.estimate(record.deep, f"{metric}_{minutes}min")
    }
    return {**steps, WHOLE: metric}


def bedside_table(record: Record, part: str) -> Table:
    """The deep model by minutes ahead, for whoever treats."""
    metrics = [m for m in BEDSIDE if record.estimate(record.deep, m, part=part)]
    header = [Cell("Forecast"), *(Cell(named(metric, record.unit)) for metric in metrics)]
    rows = []
    for heading in horizons(record, record.primary):
        keys = [horizons(record, metric).get(heading, metric) for metric in metrics]
        found = [record.estimate(record.deep, key, part=part) for key in keys]
        cells = [shown(record, m, e) for m, e in zip(metrics, found, strict=True)]
        rows.append([Cell(heading.capitalize()), *cells])
    return Table("The deep model, by minutes ahead", header, rows)


def errors_table(record: Record, part: str, *, metric: str) -> Table:
    """One error of all models, by minutes ahead."""
    keys = horizons(record, metric)
    header = [Cell("Model"), *map(Cell, keys)]
    rows = []
    for name in record.models:
        tone = "primary" if name == record.deep else ""
        cells = [
            shown(record, key, record.estimate(name, key, part=part), tone=tone)
            for key in keys.values()
        ]
        words = model_words(name)
        role = record.role(name)
        rows.append([Cell(name, role if words == name else f"{role}: {words}", tone), *cells])
    pooled = "pooled over all forecasts (mean window)" if metric.endswith("_pooled") else ""
    title = f"{named(metric, record.unit)}, of all models, {pooled}".rstrip(", ")
    return Table(title, header, rows)


def overall_table(record: Record, part: str) -> Table:
    """All metrics over the whole horizon (rows) of all models (columns)."""
    header = [Cell("Whole horizon"), *(Cell(m, record.role(m)) for m in record.models)]
    rows = []
    for metric in OVERALL:
        found = [record.estimate(model, metric, part=part) for model in record.models]
        if not any(found):
            continue
        tone = "primary" if metric == record.primary else ""
        heading = Cell(named(metric, record.unit), "decides the verdict" if tone else "", tone)
        rows.append([heading, *(shown(record, metric, e, tone=tone) for e in found)])
    note = (
        "RMSE is pooled over all forecasts; 'median window' is the error of the middle forecast, "
        "as GlucoBench prints it. The two must not be compared with one another."
    )
    return Table("All models, whole horizon", header, rows, note)


def zone_tables(record: Record, part: str) -> list[Table]:
    """Shares of all zones for the deep model, and of the harmless ones for all models."""
    names = [*(f"Zone {zone.upper()}" for zone in ZONES[:-1]), "A and B"]
    rows = [
        [Cell(words), *_shares(record, record.deep, part, [f"{grid}_{zone}" for zone in ZONES])]
        for grid, words in GRIDS.items()
    ]
    keys = [f"{grid}_{zone}" for grid in GRIDS for zone in ("a", "ab")]
    everyone = [
        [Cell(name, tone=tone), *_shares(record, name, part, keys, tone=tone)]
        for name in record.models
        for tone in ["primary" if name == record.deep else ""]
    ]
    note = (
        "Over the whole horizon. Where a share is exactly 0 or 100 %, its interval says how few "
        "patients that was seen on."
    )
    return [
        Table("The deep model on each grid", [Cell("Error grid"), *map(Cell, names)], rows, note),
        Table(
            "All models: the harmless zones",
            [Cell("Model"), *(Cell(label(key)) for key in keys)],
            everyone,
        ),
    ]


def _shares(
    record: Record, name: str, part: str, keys: Sequence[str], *, tone: str = ""
) -> list[Cell]:
    return [shown(record, key, record.estimate(name, key, part=part), tone=tone) for key in keys]


def events_table(record: Record, part: str, *, side: str) -> Table | None:
    """Episodes announced and warnings in vain, all models."""
    events = event_counts(record, side, part=part)
    if events is None:
        return None
    episodes, patients = events
    metrics = [f"{side}_{name}" for name in EVENT_METRICS]
    rows = []
    for name in record.models:
        tone = "primary" if name == record.deep else ""
        found = [record.estimate(name, metric, part=part) for metric in metrics]
        cells = [shown(record, m, e, tone=tone) for m, e in zip(metrics, found, strict=True)]
        rows.append([Cell(name, tone=tone), *cells])
    days = days_forecast(record, part=part)
    names = ["Announced", "Lead time, min", "Warnings that came true", "False alarms a day"]
    return Table(
        f"Episodes of {SIDES[side]} glucose: {count(episodes)} in {counted(patients, 'patient')}, "
        f"{number(days, decimals=0)} days forecast",
        [Cell("Model"), *map(Cell, names)],
        rows,
        spread_words(record),
    )


def group_columns(record: Record) -> GroupColumns:
    """The columns of the table of subgroups."""
    metrics: Sequence[str] = (record.primary, "mae_pooled", "coverage_80", "width_80")
    return GroupColumns(
        metrics,
        {},
        lambda metric: named(metric, record.unit),
        lambda metric, found: shown(record, metric, found),
    )


def parts_table(record: Record) -> Table | None:
    """Patients, stretches and days of each part."""
    if not record.parts:
        return None
    every = int(record.metrics.get("every_minutes") or 0)
    rows = []
    for part, sizes in record.parts.items():
        steps = sizes.get("steps")
        days = NOT_AVAILABLE if steps is None else number(steps * every / 1440, decimals=1)
        words = part.replace("_", " ")
        rows.append(
            [Cell(words), Cell(count(sizes["patients"])), Cell(count(sizes["cases"])), Cell(days)]
        )
    header = [Cell("Part"), Cell("Patients"), Cell("Stretches"), Cell("Days of values")]
    return Table("How much each part holds", header, rows)
