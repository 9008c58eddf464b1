"""The report of a de-identification as one page, and its sum in a few lines.

Enters: what ``report.json`` holds. Leaves: ``report.html``, which opens anywhere and names
nobody unless words were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bedside import __version__
from bedside.reporting.page import page_environment
from bedside.run_folder import write_text

PLURALS = {
    "name": "names", "date": "dates", "age": "ages above 89", "phone": "telephone numbers",
    "email": "e-mail addresses", "url": "web addresses", "ip": "network addresses",
    "number": "numbers of records", "address": "addresses", "place": "places",
    "organisation": "organisations", "uid": "unique identifiers", "header": "header fields",
    "pixels": "stretches of lettering in pictures",
}  # fmt: skip


def write_page(report: Mapping[str, Any], path: Path) -> Path:
    """Write the page.

    Args:
        report: as ``report.json`` holds it.
        path: of the HTML file.
    """
    classes = [name for entry in report["replaced"].values() for name in entry["by_confidence"]]
    page = page_environment().get_template("deidentification.html.j2")
    write_text(
        path,
        page.render(
            report=report,
            plurals=PLURALS,
            classes=sorted(set(classes), key=lambda name: (not name.startswith("below"), name)),
            looked=sum(entry["count"] for entry in report["to_look_at"].values()),
            lines=summary_lines(report),
            version=__version__,
        ),
    )
    return path


def summary_lines(report: Mapping[str, Any]) -> list[str]:
    """What was done, for a terminal."""
    files = ", ".join(f"{form} {count}" for form, count in report["files"].items())
    found = ", ".join(
        f"{PLURALS.get(kind, kind)} {entry['count']}" for kind, entry in report["replaced"].items()
    )
    looked = sum(entry["count"] for entry in report["to_look_at"].values())
    lines = [f"Files: {files or 'none'}.", f"Replaced: {found or 'nothing'}."]
    lines.append(f"For a human to look at: {looked} places, listed in review.jsonl.")
    lines += [
        f"Left out, {count} {'file' if count == 1 else 'files'}: {why}"
        for why, count in report["files_left_out"].items()
    ]
    return lines
