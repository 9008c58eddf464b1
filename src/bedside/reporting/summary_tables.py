"""The tables of summaries.

Enters: a `Record`. Leaves: `Table`s for the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.reporting.formatting import count
from bedside.reporting.glossary import label
from bedside.reporting.summary_terms import SUMMARY_TERMS
from bedside.reporting.summary_wording import (
    CONSTANT,
    KIND_WORDS,
    KINDS,
    cases_of,
    has_lexicon,
    model_words,
)
from bedside.reporting.tables import Cell, GroupColumns, Table, measured_cell, models_table

if TYPE_CHECKING:
    from bedside.reporting.record import Record

WORDS = ("rougeL", "rouge1", "rouge2", "words", "copied_words")
FINDINGS = (
    *("findings_f1", "findings_sensitivity", "findings_ppv"),
    *("dropped_all", "false_findings", "unsupported_findings"),
)


def cases_table(record: Record) -> Table:
    """The primary metric by kind of case: the deep model, the best simple one, the constant one."""
    models = list(
        dict.fromkeys(
            name
            for name in (record.deep, record.best_baseline, CONSTANT)
            if name is not None and name in record.models
        )
    )
    header = [
        Cell("Cases"),
        Cell("How many"),
        *(Cell(name, _role(record, name)) for name in models),
    ]
    rows = []
    for kind in KINDS:
        metric = f"{record.primary}_{kind}" if kind else record.primary
        cases = cases_of(record, kind)
        if cases is None:
            continue
        tone = "" if kind else "primary"
        cells = [measured_cell(metric, record.estimate(name, metric), tone=tone) for name in models]
        rows.append([Cell(KIND_WORDS[kind], tone=tone), Cell(count(cases), tone=tone), *cells])
    return Table(
        f"{label(record.primary)} by kind of case, each value above its interval",
        header,
        rows,
        f"{CONSTANT} writes the same summary under every text." if CONSTANT in models else "",
    )


def _role(record: Record, name: str) -> str:
    return "always the same" if name == CONSTANT else record.role(name)


def words_table(record: Record) -> Table:
    """ROUGE and length of all models."""
    caption = "How alike summaries and references are, by their words"
    return models_table(record, WORDS, words=model_words, caption=caption)


def findings_table(record: Record) -> Table | None:
    """Agreement on findings of all models; None without a lexicon."""
    if not has_lexicon(record):
        return None
    caption = "Whether summaries state what the references state"
    return models_table(record, FINDINGS, words=str, caption=caption)


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
    names = [record.primary, *(n for n in ("rouge1", "rouge2") if n != record.primary)]
    counts = {"With findings": "positives"} if has_lexicon(record) else {}
    return GroupColumns(names, counts, label, measured_cell)


def used_terms(record: Record) -> list[str]:
    """Metrics whose words the glossary must explain."""
    return [name for name in SUMMARY_TERMS if record.estimate(record.deep, name)]
