"""Check of text that a device burned into the pixels: names and dates hide there.

Enters: the evidence. Leaves: a finding with the rows to look at. Images are read again at
full size for this, since shrinking rubs letters out; so only some of them are looked at.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.lettering import LEAST_SIDE, find_lettering
from bedside.audit.small_pictures import as_grey
from bedside.errors import BedsideError
from bedside.modalities.image import Image
from bedside.modalities.image_files import decode
from bedside.schema import Array

LOOKED_AT, LOOKED_AT_DEEP = 64, 640
"""Images read again: in a run, in an audit of its own; about 0.1 s each."""
SLICE = 16


def burned_in_text(evidence: Evidence) -> list[Finding]:
    """Images that seem to hold lines of lettering (warn); not all looked at, none seen (note)."""
    found = []
    for name, images in evidence.images.items():
        sized = [row for row, glance in images.items() if min(glance.sides) >= LEAST_SIDE]
        rows = _spread(sized, LOOKED_AT_DEEP if evidence.means.deep else LOOKED_AT)
        hits = _lettered(evidence, name, rows) if rows else []
        rest = (
            f" Only {len(rows)} of {len(images)} images, evenly spread, were looked at."
            if len(rows) < len(images)
            else ""
        )
        if not rows:
            rest = f" Images under {LEAST_SIDE} pixels a side are too small to tell."
        if not hits:
            found += _nothing_seen(evidence, name, rows, rest)
            continue
        message = (
            f"{evidence.spoken(name)}{len(hits)} of {len(rows)} images seem to hold lines of text; "
            f"it may name a patient, and a model can read it.{rest}"
        )
        remedy = "Look at these images; cover the text, or export without annotations."
        found.append(evidence.finding("burned-in-text", "warn", message, rows=hits, remedy=remedy))
    return found


def _nothing_seen(evidence: Evidence, name: str, rows: list[int], rest: str) -> list[Finding]:
    """That no text was seen, where that is not the whole answer (note)."""
    if not rest:
        return []
    message = f"{evidence.spoken(name)}no text was seen in {len(rows)} images.{rest}"
    if not rows:
        message = f"{evidence.spoken(name)}nobody looked for text in the images.{rest}"
    return [evidence.finding("burned-in-text", "note", message, count=len(rows))]


def _lettered(evidence: Evidence, name: str, rows: list[int]) -> list[int]:
    hits: list[int] = []
    look = partial(_has_lettering, evidence, name)
    with (
        evidence.means.progress.bar("looking for text", len(rows)) as done,
        ThreadPoolExecutor(max(evidence.means.threads, 1)) as pool,
    ):
        for start in range(0, len(rows), SLICE):  # a slice at a time bounds what is in memory
            own = rows[start : start + SLICE]
            hits += [
                row for row, lettered in zip(own, pool.map(look, own), strict=True) if lettered
            ]
            done(start + len(own))
    return hits


def _has_lettering(evidence: Evidence, name: str, row: int) -> bool:
    picture = _full_size(evidence, name, row)
    return bool(find_lettering(as_grey(picture)))


def _full_size(evidence: Evidence, name: str, row: int) -> Array:
    """The image as its file holds it; as it was read where that is all there is."""
    values = np.asarray(next(evidence.inputs[name].at([row])).values)
    modality = evidence.means.modalities.get(name)
    if modality is None or min(evidence.images[name][row].sides) <= min(values.shape[:2]):
        return values
    try:
        reference = evidence.cohort.reference(row, modality.columns_used()[0])
        view = modality.view if isinstance(modality, Image) else None
        return np.asarray(decode(reference, view=view).values)
    except (BedsideError, OSError):  # gone since: what was read will do
        return values


def _spread(rows: list[int], most: int) -> list[int]:
    """At most so many rows, evenly spread."""
    if len(rows) <= most:
        return rows
    return [rows[place] for place in np.linspace(0, len(rows) - 1, most).astype(int)]
