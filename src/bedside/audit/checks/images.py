"""Checks of files and images: unreadable, odd sizes, mixed modes, blank ones.

Enters: the evidence. Leaves: findings.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.facts import file_kind
from bedside.audit.findings import Finding, Severity
from bedside.audit.glance import Glance
from bedside.schema import Array

ODD_ASPECT = 2.0
"""Odd is an image whose width to height is this many times the usual, or one such part of it."""
TINY_SHARE = 0.25
TINY_PIXELS = 16
NEARLY_BLANK = 0.05
"""Spread of the pixels, as a share of the spread in the cohort's contrasty images."""


def unreadable_files(evidence: Evidence) -> list[Finding]:
    """Cases whose input could not be read: they block."""
    found = []
    for name, readings in evidence.inputs.items():
        rows = np.flatnonzero(~readings.readable).tolist()
        if not rows:
            continue
        message = f"{evidence.spoken(name)}{_cases(len(rows))} cannot be read."
        remedy = "Repair these files, or leave their rows out."
        found.append(
            evidence.finding(
                "unreadable-files",
                "block",
                message,
                rows=rows,
                remedy=remedy,
                details=[_reason(evidence, readings.problems, row) for row in rows],
            )
        )
    return found


def source_notes(evidence: Evidence) -> list[Finding]:
    """What the source itself left out."""
    return [evidence.finding("source", "note", note) for note in evidence.cohort.notes]


def image_sizes(evidence: Evidence) -> list[Finding]:
    """Images of differing size (note), far smaller or of another form than the rest (warn)."""
    found = []
    for name, images in evidence.images.items():
        rows = np.asarray(list(images))
        sides = np.array([glance.sides for glance in images.values()], dtype=np.float64)
        spoken = evidence.spoken(name)
        if len(np.unique(sides, axis=0)) > 1:
            message = f"{spoken}{_range(sides)} All are brought to one size when they are read."
            found.append(evidence.finding("image-sizes", "note", message, count=len(rows)))
        odd = _odd_aspect(sides)
        if odd.any():
            message = (
                f"{spoken}{_cases(int(odd.sum()))} of a far wider or narrower form than usual."
            )
            found.append(_warning(evidence, message, rows[odd]))
        shortest = sides.min(axis=1)
        tiny = shortest < max(TINY_PIXELS, TINY_SHARE * float(np.median(shortest)))
        if tiny.any():
            message = (
                f"{spoken}{_cases(int(tiny.sum()))} with far fewer pixels than usual or needed."
            )
            found.append(_warning(evidence, message, rows[tiny]))
    return found


def image_modes(evidence: Evidence) -> list[Finding]:
    """Grey and colour side by side (warn); formats, transparency and bits that differ (note)."""
    found = []
    for name, images in evidence.images.items():
        spoken = evidence.spoken(name)
        colour = [row for row, glance in images.items() if _is_colour(glance)]
        grey = [row for row, glance in images.items() if not _is_colour(glance)]
        if colour and grey:
            message = f"{spoken}{len(colour)} colour and {len(grey)} grey images side by side."
            fewer = colour if len(colour) <= len(grey) else grey
            remedy = "Set the input's channels to 1, or look whether the colour is drawn on."
            found.append(
                evidence.finding("image-modes", "warn", message, rows=fewer, remedy=remedy)
            )
        kinds = {row: file_kind(glance.geometry.source) for row, glance in images.items()}
        found += _kind_notes(evidence, kinds, spoken=spoken)
    return found


def blank_images(evidence: Evidence) -> list[Finding]:
    """Images of one value throughout, or nearly so: they warn."""
    found = []
    for name, images in evidence.images.items():
        rows = np.asarray(list(images))
        constant = np.array([glance.constant for glance in images.values()])
        spread = np.array([glance.spread for glance in images.values()])
        blank = constant | (spread < NEARLY_BLANK * float(np.quantile(spread, 0.9)))
        if not blank.any():
            continue
        message = (
            f"{evidence.spoken(name)}{_cases(int(blank.sum()))} blank, or nearly so "
            f"({int(constant.sum())} of one single value)."
        )
        remedy = "Look at these images and leave out what shows nothing."
        found.append(
            evidence.finding("blank-images", "warn", message, rows=rows[blank], remedy=remedy)
        )
    return found


def _reason(evidence: Evidence, problems: Mapping[int, str], row: int) -> str:
    """Why a case cannot be read, without its row, so that equal reasons are told together."""
    return problems.get(row, "").removeprefix(f"{evidence.cohort.where(row)}: ").rstrip(".")


def _kind_notes(
    evidence: Evidence, kinds: dict[int, tuple[str, str, int]], *, spoken: str
) -> list[Finding]:
    found = []
    counted = Counter(kinds.values())
    if len(counted) > 1:
        listed = ", ".join(
            f"{cases} {' '.join(str(word) for word in kind if word)}-bit"
            for kind, cases in counted.most_common(6)
        )
        more = f" and {len(counted) - 6} more kinds" if len(counted) > 6 else ""
        message = f"{spoken}{len(counted)} kinds of files: {listed}{more}."
        found.append(evidence.finding("image-modes", "note", message, count=len(kinds)))
    clear = [
        row for row, (_, mode, _) in kinds.items() if mode in ("LA", "La", "RGBA", "RGBa", "PA")
    ]
    if clear:
        message = (
            f"{spoken}{_cases(len(clear))} with an alpha channel; what it makes transparent is "
            "read as black."
        )
        found.append(evidence.finding("image-modes", "note", message, rows=clear))
    return found


def _warning(evidence: Evidence, message: str, rows: Array) -> Finding:
    severity: Severity = "warn"
    remedy = "Look at these images; cut-outs, scouts and photographs do not belong here."
    return evidence.finding("image-sizes", severity, message, rows=rows, remedy=remedy)


def _range(sides: Array) -> str:
    low, high = sides.min(axis=0).astype(int), sides.max(axis=0).astype(int)
    kinds = len(np.unique(sides, axis=0))
    return f"{kinds} image sizes, {low[0]} to {high[0]} pixels high and {low[1]} to {high[1]} wide."


def _odd_aspect(sides: Array) -> Array:
    aspect = np.log(sides[:, 1] / sides[:, 0])
    return np.asarray(np.abs(aspect - np.median(aspect)) > math.log(ODD_ASPECT))


def _is_colour(glance: Glance) -> bool:
    return len(glance.shape) == 3 and glance.shape[2] > 1


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
