"""Pictures of the worst that the audit found: copies side by side, doubted labels, text.

Enters: ``audit.json`` of a run and a function that draws a case. Leaves:
``explanations/audit.json`` and ``explanations/audit-NN.png``; both hold patient data and
stay out of the copy to share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.audit.findings import AuditReport, Finding
from bedside.reporting.examples import write_picture
from bedside.run_folder import RunFolder, read_json, write_json

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort

SHOWN = {
    "near-copies-across-parts": ("Near copies across parts", "the most alike first"),
    "near-copies-within-parts": ("Near copies within a part", "the most alike first"),
    "copies-across-parts": ("Exact copies across parts", "copy beside copy"),
    "copies-with-other-labels": ("Copies with another label", "copy beside copy"),
    "label-errors": ("Labels that may be wrong", "the most doubtful first"),
    "burned-in-text": ("Text in the picture", "what looks like lettering"),
    "blank-images": ("Blank or nearly so", "as they were read"),
    "image-sizes": ("Odd sizes or forms", "as they were read"),
    "headers": ("Doubtful headers", "as they were read"),
}
PER_GROUP = 6
LISTING = "audit.json"


def write_audit_pictures(
    folder: RunFolder, cohort: Cohort, *, pictures: Callable[[int], bytes | None]
) -> None:
    """Draw a few cases of each finding that a person should look at.

    Args:
        folder: the run; its ``audit.json`` says what was found.
        cohort: names the rows.
        pictures: row 0..N-1 -> a picture Pillow can read, or None where there is none.
    """
    place = folder.root / "explanations"
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob("audit-*.png"):
        old.unlink()
    drawn: dict[int, str | None] = {}

    def draw(seen: int) -> str | None:
        if seen not in drawn:
            name = f"audit-{len(drawn) + 1:02d}.png"
            drawn[seen] = write_picture(place / name, pictures(seen - cohort.first_row))
        return drawn[seen]

    found = AuditReport.from_json(read_json(folder.audit)).findings
    groups = []
    for finding in found:
        if finding.check in SHOWN and finding.severity != "note" and finding.rows:
            group = _group(finding, cohort, draw=draw)
            if group["shown"]:
                groups.append(group)
    write_json(place / LISTING, {"groups": groups})


def shown_groups(folder: RunFolder, *, uri: Callable[[Path], str]) -> list[dict[str, Any]]:
    """The groups of a run with a data URI for each picture; empty where it has none."""
    place = folder.root / "explanations"
    if not (place / LISTING).exists():
        return []
    groups = read_json(place / LISTING).get("groups", [])
    for group in groups:
        for item in group["shown"]:
            item["pictures"] = [
                one | {"uri": uri(path)}
                for one in item["pictures"]
                if (path := place / Path(one["picture"]).name).exists()
            ]
        group["shown"] = [item for item in group["shown"] if item["pictures"]]
    return [group for group in groups if group["shown"]]


def _group(
    finding: Finding, cohort: Cohort, *, draw: Callable[[int], str | None]
) -> Mapping[str, Any]:
    title, meaning = SHOWN[finding.check]
    words = dict(zip(finding.rows, finding.details, strict=False))
    together: list[tuple[int, ...]] = list(finding.pairs) or [(row,) for row in finding.rows]
    shown = []
    for rows in together[:PER_GROUP]:
        pictures = [
            {
                "row": cohort.where(row - cohort.first_row),
                "words": words.get(row, ""),
                "picture": name,
            }
            for row in rows
            if (name := draw(row)) is not None
        ]
        if pictures:
            shown.append({"pictures": pictures})
    return {
        "title": title,
        "meaning": f"{meaning}, {len(shown)} of {len(together)}",
        "severity": finding.severity,
        "paired": bool(finding.pairs),
        "shown": shown,
    }
