"""Check of borders: can the label be read from the edge of the picture, where no finding lies?

Enters: the evidence. Leaves: findings that say how well the border reads the label, and where a
mark lies. Pictures and volumes; the border is an eighth of the side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from bedside.audit.asked import SEED, Answers, answers_of, drawn
from bedside.audit.cells import at_border, cells_of, place_words, side_of
from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding, Severity
from bedside.audit.linear_reading import FEWEST, compress, read_answers
from bedside.audit.two_samples import Separation, separation
from bedside.schema import Array

CHECK = "label-in-border"
MOST_CASES, MOST_VOXELS = 2_000, 400_000_000
BLOCK = 256
READABLE = 0.65
"""AUROC, at the lower end of its interval, from which the border is said to read a label."""
MARKED = 0.55
"""The same of one place, corrected for having chosen it among all."""
ALONE, USUAL = 2.0, 0.9
"""A mark stands out of the border: so many times as far from 0.5 as nine in ten other places."""
CHANCE = 0.05


@dataclass(frozen=True)
class Mark:
    """One place of the border that reads the label: its cell, and how well."""

    cell: int
    seen: Separation


@dataclass(frozen=True)
class _Seen:
    """What border and interior say of one answer."""

    border: Separation | None
    inner: Separation | None
    mark: Mark | None


def label_in_border(evidence: Evidence) -> list[Finding]:
    """A mark at the border, or a border that says more than what it frames (warn); else a note."""
    answers = answers_of(evidence)
    if answers is None:
        return []
    found = []
    for name, (rows, cells, axes) in _grids(evidence):
        asked = answers.values[rows]
        groups = evidence.cohort.groups()[rows]
        seen = look_at_border(cells, asked, groups, axes=axes)
        if any(one.border is not None for one in seen):
            found.append(_finding(evidence, name, (answers, rows.size, axes), seen))
    return found


def look_at_border(cells: Array, answers: Array, groups: Array, *, axes: int) -> list[_Seen]:
    """What the border says of each answer.

    Args:
        cells: (n, 3, cells), see `cells_of`.
        answers: (n, T) 0 and 1, NaN where unknown.
        groups: (n,) integers, equal for cases of one patient.
        axes: 2 of pictures, 3 of volumes.
    """
    rim, cases = at_border(axes), len(cells)
    border, inner = (
        read_answers(compress(cells[:, :, own].reshape(cases, -1)), answers, groups, seed=SEED)
        for own in (rim, ~rim)
    )
    marks = [find_mark(cells, answers[:, t], groups, axes=axes) for t in range(answers.shape[1])]
    return [_Seen(*one) for one in zip(border, inner, marks, strict=True)]


def find_mark(cells: Array, answer: Array, groups: Array, *, axes: int) -> Mark | None:
    """The place of the border that reads the label best, if it alone does, and not by chance.

    Where illness changes a whole picture, many places of the border read it alike; a mark is
    read in one.
    """
    rim, known = np.flatnonzero(at_border(axes)), np.isfinite(answer)
    is_it = answer[known] == 1
    sizes = [np.unique(groups[known][is_it == side]).size for side in (True, False)]
    if min(sizes) < FEWEST:
        return None
    ranks = rankdata(cells[known][:, :, rim], axis=0)
    one, other = int(is_it.sum()), int((~is_it).sum())
    read = (ranks[is_it].sum(axis=0) - one * (one + 1) / 2) / (one * other)
    away = np.abs(read - 0.5)
    best = int(away.max(axis=0).argmax())
    places = np.stack(np.unravel_index(rim, (side_of(axes),) * axes))
    far = np.abs(places - places[:, [best]]).max(axis=0) > 2
    auroc = 0.5 + float(away[:, best].max())
    plain = separation(auroc, *sizes)
    chosen = float(norm.ppf(1 - CHANCE / 2 / away.size) / norm.ppf(1 - CHANCE / 2))
    low = auroc - chosen * (auroc - plain.low)
    usual = float(np.quantile(away.max(axis=0)[far], USUAL))
    if low < MARKED or auroc - 0.5 < ALONE * usual:
        return None
    return Mark(int(rim[best]), Separation(auroc, low, plain.high))


def _grids(evidence: Evidence) -> Iterator[tuple[str, tuple[Array, Array, int]]]:
    """Input -> rows, cells and axes, of the inputs that are pictures or volumes."""
    for name, glances in evidence.glances.items():
        if name in evidence.small:
            small = evidence.small[name]
            rows = drawn(evidence, small.rows, most=MOST_CASES)
            which = np.searchsorted(small.rows, rows)
            blocks = [which[start : start + BLOCK] for start in range(0, which.size, BLOCK)]
            if rows.size:
                cells = [cells_of(small.unstretched(block), axes=2) for block in blocks]
                yield name, (rows, np.concatenate(cells), 2)
            continue
        shapes = {row: g.shape for row, g in enumerate(glances) if g and len(g.shape) >= 3}
        if not shapes:
            continue
        voxels = max(int(np.prod(shape)) for shape in shapes.values())
        rows = np.fromiter(shapes, dtype=np.int64)
        rows = drawn(evidence, rows, most=min(MOST_CASES, max(MOST_VOXELS // voxels, 1)))
        coarse = [_coarse(sample.values) for sample in evidence.inputs[name].at(rows)]
        volumes = [own for own in coarse if own is not None]
        if volumes and len(volumes) == len(coarse):
            yield name, (rows, np.stack(volumes), 3)


def _coarse(values: Array | str) -> Array | None:
    """A volume (D, H, W) or (D, H, W, C) -> (3, cells) of its first channel."""
    if isinstance(values, str) or values.ndim < 3 or min(values.shape[:3]) < side_of(3):
        return None
    volume = values if values.ndim == 3 else values[..., 0]
    return np.asarray(cells_of(np.nan_to_num(volume[None].astype(np.float32)), axes=3)[0])


def _finding(
    evidence: Evidence, name: str, asked: tuple[Answers, int, int], seen: list[_Seen]
) -> Finding:
    answers, cases, axes = asked
    marks: list[str] = []
    more: list[str] = []
    notes: list[str] = []
    for column, one in enumerate(seen):
        said = answers.said(column)
        if one.mark is not None:
            where = place_words(one.mark.cell, axes=axes)
            marks.append(f"{said}{where} (AUROC {_words(one.mark.seen)})")
        if one.border is None or one.inner is None or one.border.low < READABLE:
            continue
        both = f"{said}{_words(one.border)}, what it frames {_words(one.inner)}"
        (more if one.border.low > one.inner.auroc else notes).append(both)
    spoken = evidence.spoken(name)
    if marks:
        message = f"{spoken}the label can be read from one place at the border: {_listed(marks)}."
    elif more:
        message = (
            f"{spoken}the label can be read from the border, and better than from what it frames "
            f"(AUROC): {_listed(more)}."
        )
    elif notes:
        message = (
            f"{spoken}the outer eighth of the picture alone says something of the label (AUROC), "
            f"but no single place and no more than the rest: {_listed(notes)}."
        )
    else:
        message = f"{spoken}the label cannot be read from the border of {cases} cases."
    warns = bool(marks or more)
    remedy = (
        "Look for marks, lettering or frames there, and cut them off in all cases, or a model "
        "learns them instead of the disease."
        if warns
        else ""
    )
    severity: Severity = "warn" if warns else "note"
    return evidence.finding(CHECK, severity, message, count=cases, remedy=remedy)


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return "; ".join(words[:5]) + more


def _words(seen: Separation) -> str:
    return f"{seen.auroc:.2f} ({seen.low:.2f} to {seen.high:.2f})"
