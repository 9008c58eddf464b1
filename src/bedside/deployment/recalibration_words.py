"""What a recalibration is told as: on the terminal, and on the model card.

Enters: ``recalibration.json``. Leaves: lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bedside.deployment.personal_words import span

WORDS = {
    "none": "No change: the new cases do not contradict the probabilities.",
    "intercept": "Intercepts were enough: probabilities were too high or too low on the whole.",
    "slope": "A slope alone was fitted, since some class has too few cases for an intercept.",
    "line": "Intercept and slope were fitted.",
    "few": "too few cases",
}


def terminal_lines(record: Mapping[str, Any]) -> list[str]:
    """What the command prints: how far probabilities moved, and metrics before and after."""
    lines = [f"{record['cases']} cases, {_counted(record)}. {_moved(record)}"]
    wide = max(map(len, record["before"])) + 2
    lines.append(f"{'':<{wide}}{'before':<28}after (on cases left out)")
    for name in record["before"]:
        before, after = (span(record[when][name], ".3f") for when in ("before", "after"))
        lines.append(f"{name:<{wide}}{before:<28}{after}")
    return lines


def card_words(record: Mapping[str, Any]) -> str:
    """The section of the model card."""
    rows = [
        f"| {name} | {span(record['before'][name], '.3f')} | {span(record['after'][name], '.3f')} |"
        for name in record["before"]
    ]
    decisions = (
        "The likeliest class may be another than in the package before"
        if "classes" in record
        else "Decisions are those of the package before"
    )
    return (
        "## Recalibrated for another site\n\n"
        f"On {record['cases']} cases ({_counted(record)}): {_moves(record)}. {decisions}; sets and "
        "doubts were chosen anew.\n\n"
        "| metric | before | after, on cases left out |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _counted(record: Mapping[str, Any]) -> str:
    """``120 positive``; of several classes and labels each."""
    if "labels" in record:
        return ", ".join(
            f"{name} {one['positives']} of {one['cases']}" for name, one in record["labels"].items()
        )
    found = record["positives"]
    if isinstance(found, Mapping):
        return ", ".join(f"{name} {count}" for name, count in found.items())
    return f"{found} positive"


def _moved(record: Mapping[str, Any]) -> str:
    if "labels" not in record:
        return WORDS[record["kind"]]
    kinds: dict[str, list[str]] = {}
    for name, one in record["labels"].items():
        kinds.setdefault(one["kind"], []).append(name)
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items()) + "."


def _moves(record: Mapping[str, Any]) -> str:
    if "labels" not in record:
        return _line(record)
    return "; ".join(f"{name} {_line(one)}" for name, one in record["labels"].items())


def _line(one: Mapping[str, Any]) -> str:
    given = one["intercept"]
    told = ", ".join(f"{value:.3f}" for value in (given if isinstance(given, list) else [given]))
    return f"{one['kind']}, slope {one['slope']:.3f}, intercept {told} in log-odds"
