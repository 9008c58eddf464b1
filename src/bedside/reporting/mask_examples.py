"""Example outlines, chosen by rule: the worst, the typical, the best.

Enters: the answers of the test part. Leaves: ``explanations/cases.json`` and a picture a
case. They hold patient data and stay out of the copy to share.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from bedside.evaluation.outlines import OF_SPACE, PER_ML, Outlines
from bedside.modalities.volume_grid import resampled
from bedside.reporting.outline_pictures import outlined_planes
from bedside.run_folder import write_bytes, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.evaluation.kinds import Answers
    from bedside.reporting.telling import Shown
    from bedside.run_folder import RunFolder

WORST, OTHERS = 6, 3


def write_mask_examples(folder: RunFolder, answers: Answers, shown: Shown) -> None:
    """Choose and write example cases of the test part.

    Args:
        folder: the run.
        answers: of the deep model on the test part.
        shown: names and volumes of the cases.
    """
    place = folder.root / "explanations"
    place.mkdir(parents=True, exist_ok=True)
    own = Outlines.of(answers)
    order = np.argsort(own.column("dice"), kind="stable")
    middle = max(0, len(order) // 2 - 1)
    wanted = [
        ("Worst", "the least overlap of all test cases", order[:WORST]),
        ("Typical", "in the middle of all test cases", order[middle : middle + OTHERS]),
        ("Best", "the most overlap", order[::-1][:OTHERS]),
    ]
    groups, taken = [], set[int]()
    for title, meaning, among in wanted:
        chosen = [int(index) for index in among if int(index) not in taken]
        taken.update(chosen)
        cases = [_case(own, index, answers=answers, shown=shown, place=place) for index in chosen]
        if cases:
            groups.append({"title": title, "meaning": meaning, "cases": cases})
    write_json(place / "cases.json", {"kind": "mask", "groups": groups})


def _rounded(value: float) -> float | None:
    """As JSON holds it: null for what is no number."""
    return round(float(value), 4) if np.isfinite(value) else None


def _case(
    own: Outlines, index: int, *, answers: Answers, shown: Shown, place: Path
) -> dict[str, Any]:
    row = int(own.rows[index])
    far, _, _, apart = OF_SPACE[answers.targets.facts.get("space", "volume")]
    scale = PER_ML if apart.startswith("area") else 1
    columns = (("dice", "dice", 1), (far, "hd95_mm", 1), (apart, "volume_difference_ml", scale))
    numbers = {
        name: {told: _rounded(by * own.column(c, k)[index]) for told, c, by in columns}
        for k, name in enumerate(own.names)
    }
    found: dict[str, Any] = {
        "row": str(shown.names[row]),
        "dice": _rounded(own.column("dice")[index]),
        "structures": numbers,
        "picture": None,
    }
    values = shown.volumes(row)
    truth = answers.targets.arrays["truth"][row]
    if values is not None and truth.shape[0] == 1:
        values = resampled(values, truth.shape)  # a picture as it was read, its mask as it came
    if values is not None and values.shape == truth.shape:
        answered = answers.prediction.arrays["mask"][row].voxels()
        picture = outlined_planes(values, truth.voxels(), answered, spacing_mm=truth.spacing_mm)
        found["picture"] = f"case-{row:04d}.png"
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, format="PNG", optimize=True)
        write_bytes(place / found["picture"], stream.getvalue())
    return found
