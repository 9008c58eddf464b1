"""Pages over runs side by side: which model is better, and all runs of a folder at a glance.

Enters: what was compared, or the runs' ``metrics.json``. Leaves: a `Sheet`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bedside.evaluation.multiplicity import SIGNIFICANT
from bedside.reporting import style
from bedside.reporting.forest_figures import Row
from bedside.reporting.formatting import p_value, signed, with_interval
from bedside.reporting.glossary import axis_name, difference_form, form_of, label, named
from bedside.reporting.overview import Sheet, forest
from bedside.reporting.tables import Cell, Table, measured_cell
from bedside.reporting.telling import Answer, Words
from bedside.reporting.wording import BETTER, WORSE, scored_words, sided

SAME = "not shown to differ"
WORDS = "words"
"""The tone of a cell that holds words: left-aligned, and broken where it is long."""


def pair_verdict(pair: Mapping[str, Any], *, looks: int) -> str:
    """The verdict of a pair; where several were looked at, whether it outlasts the correction."""
    lasting = pair["p_corrected"] is not None and pair["p_corrected"] < SIGNIFICANT
    if looks < 2 or lasting or pair["verdict"] == SAME:
        return str(pair["verdict"])
    return f"{pair['verdict']}, but not after the correction"


def comparison_sheet(
    runs: Mapping[str, Mapping[str, Any]],
    pairs: Sequence[Mapping[str, Any]],
    *,
    metric: str,
    unit: str = "",
) -> Sheet:
    """Several models of one or more runs on the same test cases.

    Args:
        runs: name -> ``estimate`` (of the metric), ``model``, ``changes`` (what its study file
            says otherwise than the first's).
        pairs: of `pairwise`.
        metric: they are compared by.
        unit: of the target.
    """
    rows = [Row(run, about["estimate"], style.INK) for run, about in runs.items()]
    axis = axis_name(metric, unit)
    words = Words("The models", "Each with its interval.", f"{axis} of each model.")
    return Sheet(
        f"{len(runs)} models on the same test cases",
        "Which one is better?",
        "The answer",
        _answer(pairs, metric, unit),
        [forest(rows, axis, words, form=form_of(metric, unit))],
        [_pairs_table(pairs, metric, unit), _changes_table(runs)],
    )


def _answer(pairs: Sequence[Mapping[str, Any]], metric: str, unit: str) -> Answer:
    name = label(metric)
    differ = [pair for pair in pairs if pair["verdict"] != SAME]
    paired = "All were measured on the same test cases; differences are paired."
    if not differ:
        return Answer(
            f"No model was shown to be better than another in {name}.", (paired,), "", "caution"
        )
    if len(pairs) == 1:
        amount, between = sided(pairs[0], difference_form(metric, unit), words=("worse", "better"))
        ends = f" ({between})" if between else ""
        lead = f"In {name}, {pairs[0]['a']} is {amount} than {pairs[0]['b']}{ends}."
        return Answer(lead, (paired,), "", "good")
    kept = [pair for pair in differ if pair_verdict(pair, looks=len(pairs)) == pair["verdict"]]
    lead = (
        f"{len(kept)} of {len(pairs)} pairs differ in {name} after a correction for so many looks "
        "(Holm)."
    )
    before = f"Before it, {len(differ)} did: of many looks, one finds a difference by chance."
    return Answer(lead, (before, paired), "", "good" if kept else "caution")


def _pairs_table(pairs: Sequence[Mapping[str, Any]], metric: str, unit: str) -> Table:
    form = difference_form(metric, unit)
    rows = [
        [
            Cell(pair["a"], f"against {pair['b']}"),
            Cell(signed(with_interval(pair, form))),
            Cell(p_value(pair["p"])),
            Cell(p_value(pair["p_corrected"])),
            Cell(pair_verdict(pair, looks=len(pairs)), tone=WORDS),
        ]
        for pair in pairs
    ]
    header = [Cell(text) for text in ("Pair", "Difference", "p", "p, corrected")]
    return Table(
        "Each pair, first minus second; positive means that the first is better",
        [*header, Cell("The first is", tone=WORDS)],
        rows,
    )


def _changes_table(runs: Mapping[str, Mapping[str, Any]]) -> Table:
    return Table(
        "What each study file says otherwise than the first",
        [Cell("Run"), Cell("Model", tone=WORDS), Cell("Otherwise", tone=WORDS)],
        [
            [
                Cell(run),
                Cell(about["model"], tone=WORDS),
                Cell("; ".join(about["changes"]) or "nothing", tone=WORDS),
            ]
            for run, about in runs.items()
        ],
    )


def dashboard_sheet(
    runs: Mapping[str, Mapping[str, Any]], links: Sequence[tuple[str, str]]
) -> Sheet:
    """All runs of a folder, a line each.

    Args:
        runs: place -> ``metrics.json``.
        links: place and address of its report.
    """
    verdicts = [run["verdict"] for run in runs.values()]
    addresses = dict(links)
    rows = [_run_row(place, run, addresses.get(place, "")) for place, run in runs.items()]
    header = [
        Cell("Run", "opens its report"),
        Cell("Verdict", tone=WORDS),
        Cell("Metric", tone=WORDS),
        Cell("Deep"),
        Cell("Best simple"),
        Cell("Tested on", tone=WORDS),
    ]
    return Sheet(
        f"{len(runs)} runs",
        "All runs at a glance",
        "In short",
        Answer(
            f"The deep model was shown to be better in {verdicts.count(BETTER)} of "
            f"{len(runs)} runs, worse in {verdicts.count(WORSE)}.",
            ("Numbers of different test cases cannot be compared with each other.",),
            "",
            "good",
        ),
        tables=[Table("Every finished run below the folder", header, rows)],
    )


def _run_row(place: str, run: Mapping[str, Any], address: str) -> list[Cell]:
    metric, unit = run["primary"], str(run.get("unit") or "")
    scores = [_model_cell(run, run[role], metric, unit=unit) for role in ("deep", "best_baseline")]
    return [
        Cell(place, f"{run['study']}, {run['task']}", href=address),
        Cell(run["verdict"], tone=WORDS),
        Cell(named(metric, unit), tone=WORDS),
        *scores,
        Cell(scored_words(run), tone=WORDS),
    ]


def _model_cell(run: Mapping[str, Any], model: str, metric: str, *, unit: str) -> Cell:
    cell = measured_cell(metric, run["models"][model][metric], unit=unit, bare=True)
    return Cell(f"{cell.text} ({cell.small})" if cell.small else cell.text, model)
