"""The report: one HTML file that opens anywhere, without network or script.

Enters: a run folder, nothing else. Leaves: ``report.html``, the first page for a
clinician and the rest for whoever checks the work; or a copy without cases, to share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bedside import __version__
from bedside.reporting import (
    audit_pictures,
    audit_words,
    follows_words,
    formatting,
    glossary,
    notices,
    wording,
)
from bedside.reporting.compared_aids import aids_table
from bedside.reporting.compared_networks import candidates_table
from bedside.reporting.embedding import data_uri, svg_style
from bedside.reporting.figures import write_figures
from bedside.reporting.kinds import told
from bedside.reporting.look_words import looks_page
from bedside.reporting.page import page_environment
from bedside.reporting.record import Record, read_record
from bedside.run_folder import RunFolder, read_json, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

COPY_NAME = "report-no-cases.html"
RECIPE = {
    "epochs": "Epochs at most", "patience": "Patience, epochs", "batch_size": "Batch size",
    "learning_rate": "Learning rate", "weight_decay": "Weight decay",
    "device": "Trained on", "precision": "Precision",
}  # fmt: skip
PRIVATE_FACTS = frozenset({"host", "hostname", "node", "user", "username", "command", "cwd"})


@dataclass(frozen=True)
class Picture:
    """A figure ready for the page: its words, its content as a data URI, and its style."""

    name: str
    words: Any
    uri: str
    style: str


def write_report(folder: RunFolder, *, cases: bool = True, output: Path | None = None) -> Path:
    """Write the report of a run.

    Figures are drawn first where the run has none yet.

    Args:
        folder: the run; its raw data is not needed.
        cases: False makes a copy to share: no example cases, no row of the data,
            no folder of this machine, no subgroup of under five cases.
        output: where to; default ``report.html`` of the run, or
            ``report-no-cases.html`` for the copy.

    Raises:
        RunError: the study or the metrics are missing or damaged.
    """
    record = read_record(folder)
    if not any(folder.figures.glob("*.svg")):
        write_figures(folder)
    path = output or (folder.report if cases else folder.root / COPY_NAME)
    write_text(
        path,
        page_environment().get_template(told(record).page_template).render(_page(record, cases)),
    )
    return path


def _page(record: Record, cases: bool) -> dict[str, Any]:
    """Everything the template shows."""
    kind = told(record)
    return {
        "record": record,
        "cases": cases,
        "version": record.environment.get("bedside", __version__),
        "title": record.metrics.get("study") or record.study.name,
        "question": kind.question(record),
        "answer": kind.answer(record),
        "cards": kind.cards(record),
        "scored": kind.scored(record),
        "confidence": wording.confidence_words(record),
        "notices": notices.find_notices(record),
        "limits": notices.limits(record),
        "findings": audit_words.findings(record, rows=cases),
        "data_facts": audit_words.data_facts(record),
        "split_words": _split_words(record),
        "split_notes": [str(note) for note in record.metrics.get("split_notes") or []],
        "bootstrap_words": _bootstrap_words(record),
        "follows_words": follows_words.follows_sentences(record),
        "follows_table": follows_words.follows_table(record),
        "outside_words": wording.outside_sentence(record, kind.noun),
        **kind.page(record, cases=cases),
        "pictures": {p.name: p for p in _pictures(record)},
        "audit_pictures": (
            audit_pictures.shown_groups(record.folder, uri=partial(data_uri, kind="png"))
            if cases
            else []
        ),
        "study_text": _study_text(record, cases=cases),
        "environment": _environment_facts(record, cases=cases),
        "candidates_table": candidates_table(record),
        "aids_table": aids_table(record),
        "looked_at": looks_page(record, cases=cases),
        "timing": _timing(record),
        "terms": _terms(record),
    }


def _split_words(record: Record) -> str:
    by = str(record.metrics.get("split_by") or record.study.split.by)
    words = {
        "patient": "All cases of one patient stand in the same part.",
        "site": "Whole sites form the test part; the others train the model and validate it.",
        "time": "Earlier cases train the model, later ones test it.",
        "case": "Cases were drawn one by one, without regard to patients.",
        "time_within_patient": "Of every patient the earlier part trains the model, later ones "
        "validate and test it; what stands before a part is context for its first forecasts.",
    }
    how = f"Split by {by.replace('_', ' ')}. "
    if given := record.study.split.column:
        own = "" if by == "case" else f" {words.get(by, '')}"
        return f"{how}The parts were given by the column '{given}'.{own}"
    return f"{how}{words.get(by, '')} Drawn with seed {record.study.split.seed}."


def _bootstrap_words(record: Record) -> str:
    unit = "cases" if record.metrics.get("patients") is None else "patients"
    return (
        f"Intervals: {formatting.percent(record.metrics.get('confidence', 0.95))}, from "
        f"{formatting.count(record.metrics.get('bootstrap'))} bootstrap samples of {unit} "
        f"(seed {record.metrics.get('seed', 'unknown')})."
    )


def _pictures(record: Record) -> list[Picture]:
    kind = told(record)
    words = kind.figure_words(record)
    found = []
    for name in kind.drawers:
        path = record.folder.figures / f"{name}.svg"
        if path.exists():
            uri = data_uri(path, kind="svg+xml")
            found.append(Picture(name, words[name], uri, svg_style(path)))
    return found


def _study_text(record: Record, *, cases: bool) -> str:
    """The resolved study file; the copy to share names files without their folders."""
    words = yaml.safe_load(record.study.dump())
    if not cases:
        data = words.get("data", {})
        scoring = words.get("evaluation", {})
        paths = ("table", "folder", "npz", "root", "decathlon", "groups")
        places = ((data, paths), (scoring, ("lexicon",)))
        for section, keys in places:
            for key in keys:
                if key in section:
                    section[key] = Path(section[key]).name
    return str(yaml.safe_dump(words, sort_keys=False, allow_unicode=True))


def _environment_facts(record: Record, *, cases: bool) -> list[tuple[str, str]]:
    facts = []
    for key, value in record.environment.items():
        if key in ("looks", "training") or (not cases and key in PRIVATE_FACTS):
            continue
        if isinstance(value, Mapping):
            shown = ", ".join(f"{name} {version}" for name, version in value.items())
        else:
            shown = formatting.listed(value, shown=20) if isinstance(value, list) else str(value)
        facts.append((key.replace("_", " "), shown))
    return facts


def _timing(record: Record) -> list[tuple[str, str]]:
    timing = record.metrics.get("timing") or {}
    rows = [("Training time", formatting.duration(timing.get("train_seconds")))]
    for key, words in (("training", "Training speed"), ("predict", "Prediction speed")):
        speed = timing.get(f"cases_per_second_{key}")
        if speed is not None:
            rows.append((words, f"{formatting.count(speed)} {told(record).noun}s a second"))
    epochs = record.epochs()
    if epochs:
        kept = record.chosen_epoch()
        rows.append(("Epochs", f"{len(epochs)}, kept: {kept if kept else 'unknown'}"))
    return [*rows, *_recipe(record), *_package_precision(record)]


def _package_precision(record: Record) -> list[tuple[str, str]]:
    """What the package computes in and why; empty where there is none yet."""
    path = record.folder.package / "package.json"
    check = read_json(path).get("precision_check") if path.exists() else None
    if not isinstance(check, Mapping):
        return []
    compared = ""
    if check.get("cases") is not None:
        compared = (
            f" ({check['cases']} cases, largest change {check.get('largest_change')}, "
            f"{check.get('other_decisions')} decided otherwise)"
        )
    return [("Package computes in", f"{check.get('precision')}: {check.get('why')}{compared}")]


def _recipe(record: Record) -> list[tuple[str, str]]:
    """What every ``auto`` of the recipe became for the deep model; empty where not recorded."""
    recipes = record.environment.get("training")
    recipe = recipes.get(record.deep) if isinstance(recipes, Mapping) else None
    if not isinstance(recipe, Mapping):
        return []
    found = [(words, recipe[key]) for key, words in RECIPE.items() if key in recipe]
    return [(words, f"{v:.3g}" if isinstance(v, float) else str(v)) for words, v in found]


def _terms(record: Record) -> Sequence[tuple[str, str]]:
    kind = told(record)
    used = set(kind.metrics_used(record))
    own = [(t.label, t.meaning) for name, t in glossary.ALL_TERMS.items() if name in used]
    return [*own, *kind.terms]
