"""Which arithmetic a package computes in: float32, or bf16 where that harms no answer.

Enters: exported networks, a task and the validation cases. Leaves: a `Choice` with the
numbers it rests on, which `package.json` keeps. bf16 halves the bits of every factor and
is up to several times as fast where the processor has instructions for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from bedside.abilities import Writer
from bedside.deployment.engine import Precision, has_bf16, open_engine

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.schema import Array, Network, Prediction, Rows, State, Task

LARGEST_CHANGE = 0.01
"""Of any probability of any validation case."""
LEAST_DICE = 0.995
"""Between masks in bf16 and in float32, of every structure of every validation case."""
BLOCK = 256
Wanted = Literal["float32", "bf16", "auto"]


class Choice(BaseModel):
    """A precision and why.

    Args:
        precision: of all networks of the package.
        why: in a few words.
        cases: of validation that were compared.
        largest_change: of a probability, bf16 against float32.
        other_decisions: cases decided otherwise; each within `largest_change` of its threshold.
        least_dice: between masks in both, over cases and structures.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    precision: Precision = "float32"
    why: str = "the default"
    cases: int | None = None
    largest_change: float | None = None
    other_decisions: int | None = None
    least_dice: float | None = None


@dataclass(frozen=True)
class Judged:
    """What a precision is judged by: the task with its calibrated state, and cases.

    Args:
        task: of the package.
        state: its calibrated state.
        arrays: prepared validation cases.
    """

    task: Task
    state: State
    arrays: Mapping[str, Rows]


def choose_precision(
    wanted: Wanted, networks: Mapping[str, Path], judged: Judged | None = None
) -> Choice:
    """Settle ``auto`` by comparing both precisions on validation cases.

    Args:
        wanted: as the study says.
        networks: name -> ONNX file.
        judged: needed for ``auto`` alone.
    """
    if wanted != "auto":
        return Choice(precision=wanted, why="the study says so") if wanted == "bf16" else Choice()
    if judged is None:
        return Choice(why="there were no validation cases to compare")
    if isinstance(judged.task, Writer):
        return Choice(why="what writes a text is never computed in bf16")
    if not has_bf16():
        return Choice(why="the processor that wrote the package has no bf16")
    full, half = (_predict(networks, precision, judged) for precision in ("float32", "bf16"))
    if "mask" in full[0].arrays:
        return _compare_masks(full, half)
    if "probability" not in full[0].arrays:
        return Choice(why="what bf16 may change is settled for probabilities only")
    return _compare(full, half)


def _predict(
    networks: Mapping[str, Path], precision: Precision, judged: Judged
) -> list[Prediction]:
    engines: dict[str, Network] = {
        name: open_engine(path, precision=precision) for name, path in networks.items()
    }
    count = len(next(iter(judged.arrays.values())))
    found = []
    with np.errstate(all="ignore"):  # what is not finite is no harmless change
        for start in range(0, count, BLOCK):
            block = {name: rows[start : start + BLOCK] for name, rows in judged.arrays.items()}
            found.append(judged.task.infer(engines, block, judged.state))
    return found


def _compare(full: list[Prediction], half: list[Prediction]) -> Choice:
    one, other = (_joined(parts, "probability") for parts in (full, half))
    change = float(np.abs(one - other).max(initial=0.0))
    decided = [_joined(parts, "decision") for parts in (full, half)]
    otherwise = int((decided[0] != decided[1]).any(axis=1).sum())
    # a decision can turn only where its probability was that near to the threshold
    harmless = bool(change <= LARGEST_CHANGE)  # NaN is not
    return Choice(
        precision="bf16" if harmless else "float32",
        why=f"validation probabilities {'stay' if harmless else 'do not stay'} "
        f"within {LARGEST_CHANGE} of float32",
        cases=len(one),
        largest_change=float(f"{change:.3g}") if np.isfinite(change) else None,
        other_decisions=otherwise,
    )


def _compare_masks(full: list[Prediction], half: list[Prediction]) -> Choice:
    """The least Dice between both precisions, over validation cases and structures."""
    one, other = (_joined(parts, "mask") for parts in (full, half))
    least, structures = 1.0, len(full[0].names)
    for ours, theirs in zip(one, other, strict=True):
        a, b = ours.voxels(), theirs.voxels()
        for k in range(1, structures + 1):
            size = int((a == k).sum() + (b == k).sum())
            if size:
                least = min(least, 2 * int(((a == k) & (b == k)).sum()) / size)
    harmless = least >= LEAST_DICE
    return Choice(
        precision="bf16" if harmless else "float32",
        why=f"the Dice between both precisions is {'at least' if harmless else 'not always'} "
        f"{LEAST_DICE} in validation cases",
        cases=len(one),
        least_dice=float(f"{least:.4g}"),
    )


def _joined(parts: list[Prediction], name: str) -> Array:
    return np.concatenate([part.arrays[name] for part in parts])
