"""Pages over several runs: runs compared, seeds together, sites left out, a folder of runs.

Enters: what `evaluation.several_runs` found. Leaves: one HTML file that opens anywhere,
without network or script, and holds no case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside import __version__
from bedside.reporting import style
from bedside.reporting.embedding import bytes_uri, drawn_style
from bedside.reporting.forest_figures import ROW_INCHES, Row, draw_rows
from bedside.reporting.formatting import NOT_AVAILABLE, Form, count, number, signed, with_interval
from bedside.reporting.glossary import form_of, label
from bedside.reporting.page import page_environment
from bedside.reporting.tables import Cell, Table
from bedside.reporting.telling import Answer, Words
from bedside.run_folder import write_text

if TYPE_CHECKING:
    from pathlib import Path


TONES = {"deep better": "good", "deep worse": "bad", "deep not shown better": "caution"}


@dataclass(frozen=True)
class Drawing:
    """A figure of a page: its words, its content as a data URI, and its style."""

    words: Words
    uri: str
    style: str


@dataclass(frozen=True)
class Sheet:
    """What a page over several runs shows.

    Args:
        eyebrow, title, heading: from the top down.
        answer: in a few sentences.
        pictures, tables: in the order to show.
        links: name and relative place of each run's own report.
    """

    eyebrow: str
    title: str
    heading: str
    answer: Answer
    pictures: Sequence[Drawing] = ()
    tables: Sequence[Table] = ()
    links: Sequence[tuple[str, str]] = ()


def write_sheet(path: Path, sheet: Sheet) -> Path:
    """Write a page; returns its path."""
    write_text(
        path,
        page_environment()
        .get_template("overview.html.j2")
        .render(sheet=sheet, version=__version__),
    )
    return path


def forest(rows: Sequence[Row], axis: str, words: Words, *, form: Form) -> Drawing:
    """Estimates with intervals, a line each."""
    with style.drawing():
        figure = style.blank(width=6.8, height=0.95 + ROW_INCHES * len(rows))
        axes = figure.add_subplot()
        draw_rows(axes, list(rows), form, few=NOT_AVAILABLE)
        axes.set_xlabel(axis)
        drawn = style.to_svg(figure)
        return Drawing(words, bytes_uri(drawn.encode(), kind="svg+xml"), drawn_style(drawn))


def seeds_sheet(found: Mapping[str, Any], links: Sequence[tuple[str, str]]) -> Sheet:
    """Several training seeds of one study.

    Args:
        found: of `seeds_together`.
        links: to the reports of the single runs.
    """
    metric, seeds = found["metric"], found["seeds"]
    form, name = form_of(metric), label(metric)
    deep, peer, difference = (
        found["models"]["deep"][metric],
        found["models"]["best_baseline"][metric],
        found["difference"],
    )
    rows = [Row("deep, mean of seeds", deep, style.DEEP, "D")]
    rows += [
        Row(f"seed {seed}", entry, style.INK, "o")
        for seed, entry in zip(seeds, deep["each"], strict=True)
    ]
    rows.append(Row("best simple, mean of seeds", peer))
    spread = number(deep["seed_sd"])
    words = Words(
        "Each seed, and their mean",
        "Round points are single trainings. Intervals are those of drawing other patients; they do "
        "not hold the spread between seeds.",
        f"{name}: mean {with_interval(deep, form)}, standard deviation between seeds {spread}.",
    )
    answer = Answer(
        f"Over {len(seeds)} seeds the deep model reaches {name} {with_interval(deep, form)}; "
        f"between seeds it differs by {spread} (standard deviation).",
        (
            f"The best simple model reaches {with_interval(peer, form)}. Deep minus simple: "
            f"{signed(with_interval(difference, form))}, between seeds "
            f"{number(difference['seed_sd'])}.",
            "The interval says how sure the measurement is on these patients, the standard "
            "deviation how much another training differs.",
        ),
        found["verdict"],
        TONES[found["verdict"]],
    )
    return Sheet(
        f"Study {found['study']} · {len(seeds)} training seeds",
        "How much does the seed matter?",
        "The answer",
        answer,
        [forest(rows, name, words, form=form)],
        [_seeds_table(found)],
        links,
    )


def _seeds_table(found: Mapping[str, Any]) -> Table:
    models = found["models"]
    rows = []
    for metric in models["deep"]:
        cells = [Cell(label(metric))]
        for model in ("deep", "best_baseline"):
            entry = models[model].get(metric)
            cells.append(
                Cell(NOT_AVAILABLE, tone="quiet")
                if entry is None
                else Cell(
                    with_interval(entry, form_of(metric)),
                    f"between seeds {number(entry['seed_sd'])}",
                )
            )
        rows.append(cells)
    return Table(
        "Mean over seeds with its interval over patients, and the spread between seeds",
        [Cell("Metric"), Cell("Deep"), Cell("Best simple")],
        rows,
    )


def sites_sheet(found: Mapping[str, Any], links: Sequence[tuple[str, str]]) -> Sheet:
    """Each site left out once.

    Args:
        found: of `sites_together`.
        links: to the reports of the single runs.
    """
    metric, sites = found["metric"], found["sites"]
    form, name = form_of(metric), label(metric)
    rows = [
        Row(f"{site}  (n = {count(about['cases'])})", about["deep"])
        for site, about in sites.items()
    ]
    pooled = found["pooled"]["deep"]
    details = [
        "Each site was tested by a model that was trained at the other sites alone: what to expect "
        "of a site that the model has not seen."
    ]
    worst = _worst(found)
    if pooled is None:
        headline = f"At the weakest of {len(sites)} sites, {worst[0]}, {name} is {worst[1]}."
        details.append(
            "Fewer than three sites could be measured: too few to say what a new one brings."
        )
    else:
        rows.append(Row("mean site", pooled, style.DEEP, "D"))
        new = {"value": pooled["value"], "low": pooled["new_low"], "high": pooled["new_high"]}
        rows.append(Row("a new site, expected", new, style.DEEP, "D"))
        headline = (
            f"At a new site, {name} may lie anywhere from {form.text(pooled['new_low'])} to "
            f"{form.text(pooled['new_high'])}; the mean of {pooled['sites']} sites is "
            f"{with_interval(pooled, form)}."
        )
        details.append(f"The weakest site is {worst[0]}: {worst[1]}.")
    verdicts = [about["verdict"] for about in sites.values()]
    details.append(
        "The deep model was shown to be better than the best simple one at "
        f"{verdicts.count('deep better')} of {len(sites)} sites, worse at "
        f"{verdicts.count('deep worse')}."
    )
    words = Words(
        "Each site, tested by a model of the others",
        "Intervals of single sites and of the mean are over patients; the last line is where a "
        "further site may lie (interval of prediction).",
        f"{name} by site; the numbers stand in the table.",
    )
    return Sheet(
        f"Study {found['study']} · leaving out one site at a time",
        "Does the model hold at a site that it has not seen?",
        "The answer",
        Answer(headline, tuple(details), "", "caution"),
        [forest(rows, name, words, form=form)],
        [_sites_table(found)],
        links,
    )


def _worst(found: Mapping[str, Any]) -> tuple[str, str]:
    known = {
        site: about["deep"]
        for site, about in found["sites"].items()
        if about["deep"]["value"] is not None
    }
    if not known:
        return "none", NOT_AVAILABLE
    choose = max if found["lower_is_better"] else min
    site = choose(known, key=lambda one: known[one]["value"])
    return site, with_interval(known[site], form_of(found["metric"]))


def _sites_table(found: Mapping[str, Any]) -> Table:
    form = form_of(found["metric"])
    rows = [
        [
            Cell(site),
            Cell(count(about["cases"])),
            Cell(count(about["patients"])),
            Cell(with_interval(about["deep"], form)),
            Cell(with_interval(about["best_baseline"], form)),
            Cell(signed(with_interval(about["difference"], form)), about["verdict"]),
        ]
        for site, about in found["sites"].items()
    ]
    header = ["Site left out", "Cases", "Patients", "Deep", "Best simple", "Deep minus simple"]
    return Table(f"{label(found['metric'])} at each site", [Cell(name) for name in header], rows)
