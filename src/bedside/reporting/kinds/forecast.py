"""How a forecast is told: the next values of a series, with their ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from bedside.evaluation.glucose import UNITS
from bedside.reporting import forecast_notices, forecast_tables, forecast_wording
from bedside.reporting.alike import key_cards
from bedside.reporting.embedding import svg_uri
from bedside.reporting.figures import common_words
from bedside.reporting.forecast_examples import write_forecast_examples
from bedside.reporting.forecast_figures import (
    coverage_words,
    draw_coverage,
    draw_error_by_minutes,
    draw_patients,
    error_words,
    patient_words,
)
from bedside.reporting.forecast_terms import FORECAST_TERMS, FORECAST_WORDS
from bedside.reporting.forest_figures import draw_comparison, draw_comparisons, draw_subgroups
from bedside.reporting.glossary import INTERVAL_TERMS, PART_TERMS, form_of
from bedside.reporting.grid_figures import draw_clarke, draw_parkes, zone_words
from bedside.reporting.record import read_record
from bedside.reporting.table_figures import draw_learning_curves
from bedside.reporting.tables import FEWEST_IN_COPY, subgroups_table, without_empty_intervals
from bedside.reporting.telling import Answer, Card, Draw, Notice, Shown, Words
from bedside.reporting.warning_figures import draw_warnings, warning_words
from bedside.reporting.wording import scored_words
from bedside.run_folder import read_json

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder

DRAWERS: dict[str, Draw] = {
    "comparison": draw_comparison,
    "comparison_other_parts": draw_comparisons,
    "error_by_minutes": draw_error_by_minutes,
    "patients": draw_patients,
    "coverage": draw_coverage,
    "clarke": draw_clarke,
    "parkes": draw_parkes,
    "warnings": draw_warnings,
    "subgroups": draw_subgroups,
    "learning_curves": draw_learning_curves,
}
ALONE = "Of one patient no interval can be made."
CARDS = ("mae_pooled_30min", "coverage_80", "clarke_ab", "hypo_sensitivity")


@dataclass(frozen=True)
class ToldForecast:
    """The kind of `forecast`."""

    noun: str = "forecast"
    row: str = "segment"
    page_template: str = "report_forecast.html.j2"
    card_template: str = "model_card_forecast.md.j2"
    drawers: Mapping[str, Draw] = field(default_factory=lambda: DRAWERS)
    terms: Sequence[tuple[str, str]] = (*FORECAST_WORDS, *INTERVAL_TERMS, *PART_TERMS)

    def question(self, record: Record) -> str:
        """The study's own question, or one made from its target."""
        return forecast_wording.question(record)

    def answer(self, record: Record) -> Answer:
        """The answer; where the deep model was not shown to be better, that first."""
        return forecast_wording.answer(record)

    def scored(self, record: Record) -> str:
        """``5,120 forecasts of 57 patients``."""
        return scored_words(record.metrics, "forecast")

    def cards(self, record: Record) -> list[Card]:
        """The error, what is saved, and what a clinician asks for first."""
        return key_cards(record, (record.primary, *CARDS))[:5]

    def doubts(self, record: Record) -> list[Notice]:
        """Whether the model beats doing nothing."""
        return forecast_notices.persistence_notices(record)

    def scarce(self, record: Record) -> list[Notice]:
        """Few patients, few episodes."""
        return forecast_notices.scarce_notices(record)

    def limits(self, record: Record) -> list[str]:
        """What the numbers do not say."""
        return forecast_notices.forecast_limits(record)

    def page(self, record: Record, *, cases: bool) -> dict[str, Any]:
        """What this means at the bedside, then the tables of each test part."""
        fewest = 0 if cases else FEWEST_IN_COPY
        columns = forecast_tables.group_columns(record)
        return {
            "bedside_words": forecast_wording.bedside_sentences(record),
            "glucose": record.unit in UNITS,
            "parts_table": forecast_tables.parts_table(record),
            "test_parts": [_part(record, part) for part in record.tests],
            "subgroups_table": subgroups_table(record, columns, fewest=fewest, noun=self.noun),
            "examples_title": "Example forecasts",
            "examples": _examples(record) if cases else [],
        }

    def card(self, record: Record) -> dict[str, Any]:
        """Tables of the model card."""
        columns = forecast_tables.group_columns(record)
        return {
            "parts": forecast_tables.parts_table(record),
            "test_parts": [_part(record, part) for part in record.tests],
            "subgroups": subgroups_table(record, columns, fewest=FEWEST_IN_COPY, noun=self.noun),
            "target": forecast_wording.target_words(record),
            "horizon": forecast_wording.horizon_words(record),
        }

    def metrics_used(self, record: Record) -> Sequence[str]:
        """Every term of forecasts that any model has a value of."""
        told = [n for n, term in FORECAST_TERMS.items() if not term.meaning.startswith("See ")]
        return [name for name in told if record.estimate(record.deep, name)]

    def figure_words(self, record: Record) -> dict[str, Words]:
        """Title, caption and alternative text of every figure that may exist."""
        common = common_words(record)
        return {
            "comparison": common["comparison"],
            "comparison_other_parts": Words(
                "The same on patients never seen before",
                "All models on further test parts, each with its interval.",
                "Forest plot of the further test parts; the numbers stand in the tables.",
            ),
            "error_by_minutes": Words(
                "Error by minutes ahead",
                "Root mean squared error of each model at each step; the band is the deep model's "
                "interval over patients. What lies above the grey line is worse than carrying the "
                "last value forward.",
                f"RMSE by minutes ahead. {error_words(record)}",
            ),
            "patients": Words(
                "Patient by patient",
                "Each dot is a patient. Below the line the deep model errs less than the simple "
                f"one. {patient_words(record)}",
                f"Error of the deep model against the simple one. {patient_words(record)}",
            ),
            "coverage": Words(
                "Do the ranges hold?",
                "How often the value that came lay in the 80 % range, with intervals over "
                "patients: by hour of the day, by the last value before the forecast, and by the "
                "value that came. The last looks back: extreme values are those that were missed.",
                f"Coverage of the 80 % range. {coverage_words(record)}",
            ),
            "clarke": Words(
                "Clarke error grid",
                "All forecasts up to the horizon, counted in squares, the more the darker. A: "
                "right treatment. B: harmless. C: overcorrection. D: a value that needs treatment "
                "is missed. E: the opposite treatment.",
                f"Clarke error grid of the deep model. {zone_words(record, grid='clarke')}",
            ),
            "parkes": Words(
                "Consensus (Parkes) error grid",
                "The same forecasts on the grid that 100 physicians drew for type 1 diabetes, as "
                "ISO 15197 uses it.",
                f"Parkes error grid of the deep model. {zone_words(record, grid='parkes')}",
            ),
            "warnings": Words(
                "To be warned of more",
                "What share of the episodes of low glucose is announced at the price of how many "
                "false alarms, if the alarm goes off at a smaller chance of low glucose than "
                "one half; the chances stand beside the deep model's line. Circles: the rule "
                "of the tables, where the middle of the forecast crosses the line. Seen on the "
                "test part: choose a level on other data.",
                f"Warnings of low glucose. {warning_words(record)}",
            ),
            "subgroups": common["subgroups"],
            "learning_curves": common["learning_curves"],
        }

    def write_examples(self, folder: RunFolder, answers: Answers, shown: Shown) -> None:  # noqa: ARG002
        """Typical forecasts, some of the worst, and those before low glucose."""
        forecasts = read_record(folder).forecasts()
        if forecasts is not None:
            write_forecast_examples(folder, forecasts, shown)


FORECAST = ToldForecast()


def _part(record: Record, part: str) -> dict[str, Any]:
    """The tables of one test part."""
    found = record.part(part)
    glucose = record.unit in UNITS
    alone = found.get("patients") == 1
    tidy = partial(without_empty_intervals, why=ALONE if alone else "No interval could be made.")
    events = [
        forecast_tables.events_table(record, part, side=side)
        for side in (forecast_wording.SIDES if glucose else ())
    ]
    return {
        "name": part,
        "title": forecast_wording.part_words(part),
        "scored": scored_words(found, "forecast"),
        "verdict": str(found.get("verdict", "")),
        "bedside": tidy(forecast_tables.bedside_table(record, part)),
        "errors": [
            tidy(forecast_tables.errors_table(record, part, metric=metric))
            for metric in ("rmse_pooled", "mae_pooled")
        ],
        "overall": tidy(forecast_tables.overall_table(record, part)),
        "zones": [tidy(t) for t in forecast_tables.zone_tables(record, part)] if glucose else [],
        "events": [tidy(table) for table in events if table is not None],
    }


def _examples(record: Record) -> list[dict[str, Any]]:
    """Groups of example forecasts with their pictures; empty where the run has none."""
    place = record.folder.root / "explanations"
    if not (place / "cases.json").exists():
        return []
    groups = read_json(place / "cases.json").get("groups", [])
    form = form_of("mae_pooled", record.unit)
    for group in groups:
        for case in group["cases"]:
            case["uri"] = svg_uri(place, case.get("picture"))
            case["error"] = form.text(case.get("error"))
    return [group for group in groups if group["cases"]]
