"""The plan of a segmentation: how much of a volume a network sees at a time, and why.

Enters: training masks on the common grid, and how volumes are prepared. Leaves: plain JSON
that the task's state keeps, and words that a person reads. Made from training cases alone,
after Isensee et al. 2021 (doi:10.1038/s41592-020-01008-z).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bedside.schema import State, Targets

MOST_VOXELS = 96**3
"""Of a patch: what two cores learn from in some seconds a step."""
MULTIPLE = 4
"""Sides are multiples of it."""
SMALLEST = 8


def make_plan(
    targets: Targets,
    state: State,
    *,
    input: str,  # noqa: A002 - the study file's word
    patch: Sequence[int] | None,
    overlap: float,
) -> dict[str, Any]:
    """Plan from training masks on the common grid.

    Args:
        targets: of training cases, with ``grid``.
        state: of the volumes' modality: spacing and how they are standardised.
        input: its name.
        patch: as the study says; None to choose.
        overlap: of patches where whole volumes are looked at.
    """
    shapes, counts = [], np.zeros(len(targets.names) + 1, np.int64)
    for mask in targets.arrays["grid"][:]:
        shapes.append(mask.shape)
        counts += np.bincount(mask.reshape(-1), minlength=len(counts))
    typical = np.median(shapes, axis=0)
    chosen = list(patch) if patch is not None else fitting_patch(typical, state["spacing_mm"])
    return {
        "input": input,
        "cases": len(shapes),
        "spacing_mm": list(state["spacing_mm"]),
        "normalise": state["normalise"],
        "typical_shape": [int(side) for side in typical],
        "patch": chosen,
        "overlap": overlap,
        "share_of_voxels": [round(float(c), 6) for c in counts[1:] / max(counts.sum(), 1)],
    }


def fitting_patch(shape: Sequence[float], spacing_mm: Sequence[float]) -> list[int]:
    """The typical volume where that is affordable, else a box of it, near to a cube in mm.

    Args:
        shape: (D, H, W) of the typical volume.
        spacing_mm: of its voxels.
    """
    flat = shape[0] == 1  # a picture
    sides = np.array([float(side) for side in shape])
    while math.prod(sides) > MOST_VOXELS * 1.05:
        longest = int(np.argmax(sides * np.asarray(spacing_mm)))
        sides[longest] *= 0.95
    found = [max(SMALLEST, math.ceil(side / MULTIPLE - 1e-9) * MULTIPLE) for side in sides]
    return [1, *found[1:]] if flat else found


def plan_words(plan: dict[str, Any]) -> str:
    """One line of the plan, for the person who waits."""
    flat = plan["patch"][0] == 1
    spacing = " x ".join(f"{side:g}" for side in plan["spacing_mm"])
    patch, typical = (
        " x ".join(map(str, plan[key][1:] if flat else plan[key]))
        for key in ("patch", "typical_shape")
    )
    if flat:
        return f"Plan: pictures of {typical} pixels; the network sees {patch} at a time."
    how = "each by itself" if plan["normalise"] == "case" else "by the training cases"
    return (
        f"Plan: volumes at {spacing} mm, typically {typical} voxels, intensities standardised "
        f"{how}; the network sees {patch} voxels at a time."
    )
