"""What a personalised package says of itself: in its card, and on a terminal.

Enters: the record of `personal.personalise`. Leaves: Markdown, or plain lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NAMES = {
    "rmse_pooled": "RMSE",
    "mae_pooled": "mean absolute error",
    "coverage_80": "in the 80 % interval",
    "coverage_95": "in the 95 % interval",
}
WHEN = ("before", "after", "change")


def card_words(record: Mapping[str, Any]) -> str:
    """What the model card says of the adaptation, in Markdown."""
    days = record["days"]
    lines = [
        "## Personalised for one patient",
        "",
        f"Decision: {record['decision']}. Learnt from {days['learnt_from']} days' worth of one "
        f"patient's forecasts, judged on {days['judged_on']} later ones. Use it for that patient "
        "alone; the numbers fitted to the patient are patient data. The numbers above are those "
        "of the package it was made from.",
        "",
        f"The rule stood beforehand: {record['rule']}. Here it was {record['better_in']:.0%}.",
        "",
        f"| later days, {record['unit']} | before | after | change |",
        "|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(cells)} |" for cells in _cells(record)]
    lines += ["", f"95 % intervals by {record['intervals_by']}.", ""]
    return "\n".join(lines)


def _cells(record: Mapping[str, Any]) -> Iterator[list[str]]:
    """Name, before, after and change of each metric; shares to three places."""
    for name, row in record["metrics"].items():
        form = ".3f" if name.startswith("coverage") else ".3g"
        yield [NAMES[name], *(span(row[when], form) for when in WHEN)]


def span(entry: Mapping[str, float | None], form: str) -> str:
    """A value with its interval, each in a format such as ``.1f``: ``12.3 (11.1 to 13.9)``."""
    value, low, high = (entry[key] for key in ("value", "low", "high"))
    if value is None:
        return "n/a"
    if low is None or high is None:
        return f"{value:{form}}"
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def terminal_lines(record: Mapping[str, Any]) -> Iterator[str]:
    """The table and the decision, a line at a time."""
    days = record["days"]
    yield (
        f"Learnt from {days['learnt_from']} days' worth of forecasts, judged on "
        f"{days['judged_on']} later ones ({record['unit']}; 95 % intervals by "
        f"{record['intervals_by']}):"
    )
    rows = [["", *WHEN], *_cells(record)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    yield (
        f"Decision: {record['decision']}. On days left out of learning the patient's own was "
        f"better in {record['better_in']:.0%} of resamples; {record['asked']:.0%} is asked."
    )
