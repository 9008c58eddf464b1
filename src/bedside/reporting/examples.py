"""Example cases, right and wrong, chosen by rule and never by hand.

Enters: prediction and truth of the test part, and a function that draws a case.
Leaves: ``explanations/cases.json`` and ``explanations/case-NN.png``; both hold
patient data and stay out of the copy to share.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from bedside.reporting.telling import no_text
from bedside.run_folder import atomic, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.run_folder import RunFolder
    from bedside.schema import Array, Prediction, Targets

PER_GROUP = 4
MOST_SHOWN = 500
"""Characters of a text."""
LARGEST_SIDE = 320
"""Pixels; larger pictures are scaled down so that the report stays small."""


@dataclass(frozen=True)
class Claim:
    """One statement of the model about one case: P of them, (P,) each.

    Args:
        row: the case.
        truth: name of what is true.
        said: name of what the model said.
        probability: of what `of` names.
        of: the class or label the probability is of.
        certainty: how far from the line between two decisions.
    """

    row: Array
    truth: Array
    said: Array
    probability: Array
    of: Array
    certainty: Array


def write_examples(
    folder: RunFolder,
    *,
    prediction: Prediction,
    targets: Targets,
    kind: str,
    row_names: Sequence[str],
    pictures: Callable[[int], bytes | None],
    seed: int,
    texts: Callable[[int], str | None] = no_text,
) -> Path:
    """Choose and write example cases of the test part.

    The most confident right and wrong decisions and the least certain ones, four
    of each; equal ones are drawn by lot. Pictures are written anew, so that no
    metadata of the source travels along.

    Args:
        folder: the run.
        prediction: of the test part, N cases.
        targets: truth of the same cases.
        kind: ``binary``, ``classes`` or ``labels``.
        row_names: (N,) names of the cases' rows, for whoever may see the data.
        pictures: case -> a picture Pillow can read, or None where there is none.
        seed: of the lots.
        texts: case -> its text, of which the beginning is shown, or None.

    Returns:
        Path of ``cases.json``.
    """
    place = folder.root / "explanations"
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob("case-*.png"):
        old.unlink()
    rng = np.random.default_rng(seed)
    drawn: dict[int, str | None] = {}
    groups = []
    for title, meaning, claims, chosen in _groups(prediction, targets, kind=kind, rng=rng):
        cases = []
        for index in chosen:
            row = int(claims.row[index])
            if row not in drawn:
                name = f"case-{len(drawn) + 1:02d}.png"
                drawn[row] = write_picture(place / name, pictures(row))
            case = _case(claims, index, name=str(row_names[row]), picture=drawn[row])
            cases.append({**case, "text": _beginning(texts(row))})
        if cases:
            groups.append({"title": title, "meaning": meaning, "cases": cases})
    write_json(place / "cases.json", {"kind": kind, "groups": groups})
    return place / "cases.json"


def _beginning(text: str | None) -> str | None:
    """As much of a text as a reader takes in beside others, whole words."""
    if text is None or len(text) <= MOST_SHOWN:
        return text
    return f"{text[:MOST_SHOWN].rsplit(maxsplit=1)[0]} …"


def _case(claims: Claim, index: int, *, name: str, picture: str | None) -> dict[str, Any]:
    return {
        "row": name,
        "truth": str(claims.truth[index]),
        "said": str(claims.said[index]),
        "of": str(claims.of[index]),
        "probability": round(float(claims.probability[index]), 6),
        "picture": picture,
    }


def _groups(
    prediction: Prediction, targets: Targets, *, kind: str, rng: np.random.Generator
) -> Iterable[tuple[str, str, Claim, list[int]]]:
    """Title, meaning, claims and the chosen claims of each group."""
    if kind == "classes":
        claims = _named(prediction, targets)
        right = claims.truth == claims.said
        wanted = [
            ("Named rightly", "right, where it is surest", right, -claims.probability),
            ("Named wrongly", "wrong, where it is surest", ~right, -claims.probability),
            ("Least certain", "two classes almost level", right | ~right, claims.certainty),
        ]
    else:
        claims, yes, said = _questions(prediction, targets, binary=kind == "binary")
        wanted = [
            ("Found", "has it; the model is surest of these", yes & said, -claims.probability),
            ("Left alone", "does not have it; the model is surest of these", ~yes & ~said,
             claims.probability),
            ("Missed", "has it; the model is surest that it does not", yes & ~said,
             claims.probability),
            ("False alarms", "does not have it; the model is surest that it does", ~yes & said,
             -claims.probability),
            ("Least certain", "closest to the threshold", yes | ~yes, claims.certainty),
        ]  # fmt: skip
    for title, meaning, among, order in wanted:
        spread = claims.truth if kind == "classes" and title == "Named rightly" else None
        yield title, meaning, claims, _pick(among, order, rows=claims.row, rng=rng, spread=spread)


def _pick(
    among: Array, order: Array, *, rows: Array, rng: np.random.Generator, spread: Array | None
) -> list[int]:
    """The first four by `order`, no case twice; values of `spread` take turns."""
    lots = rng.permutation(len(order))
    ranked = [int(i) for i in np.lexsort((lots, order)) if among[i]]
    if spread is not None:
        first = {str(spread[i]): i for i in reversed(ranked)}
        ranked.sort(key=lambda i: first[str(spread[i])] != i)
    chosen: list[int] = []
    seen: set[int] = set()
    for index in ranked:
        if int(rows[index]) not in seen:
            seen.add(int(rows[index]))
            chosen.append(index)
        if len(chosen) == PER_GROUP:
            break
    return chosen


def _named(prediction: Prediction, targets: Targets) -> Claim:
    """Several classes: one claim a case, about the class it was named."""
    rows = np.flatnonzero(targets.arrays["known"].all(axis=1))
    probability = prediction.arrays["probability"][rows].astype(float)
    names = np.asarray(prediction.names, dtype=str)
    said = prediction.arrays["decision"][rows].argmax(axis=1)
    truth = targets.arrays["truth"][rows].argmax(axis=1)
    ordered = np.sort(probability, axis=1)
    gap = ordered[:, -1] - ordered[:, -2]
    own = probability[np.arange(len(rows)), said]
    return Claim(rows, names[truth], names[said], own, names[said], gap)


def _questions(
    prediction: Prediction, targets: Targets, *, binary: bool
) -> tuple[Claim, Array, Array]:
    """Yes-or-no questions: one claim for each known (case, label), and its truth and decision."""
    known = targets.arrays["known"].astype(bool)
    rows, columns = np.nonzero(known)
    probability = prediction.arrays["probability"][known].astype(float)
    said = prediction.arrays["decision"][known].astype(bool)
    yes = targets.arrays["truth"][known] > 0.5
    lines = _lines(prediction, known)
    if binary:
        negative, positive = targets.names[0], targets.names[-1]
        of = np.full(len(rows), positive)
        words = (np.where(flag, positive, negative) for flag in (yes, said))
    else:
        of = np.asarray(targets.names, dtype=str)[columns]
        words = (np.char.add(np.where(flag, "", "no "), of) for flag in (yes, said))
    truth_words, said_words = words
    claims = Claim(rows, truth_words, said_words, probability, of,
                   np.abs(probability - lines[columns]))  # fmt: skip
    return claims, yes, said


def _lines(prediction: Prediction, known: Array) -> Array:
    """(K,) thresholds as the decisions show them: between the last no and the first yes."""
    lines = []
    for k in range(known.shape[1]):
        probability = prediction.arrays["probability"][known[:, k], k].astype(float)
        said = prediction.arrays["decision"][known[:, k], k].astype(bool)
        if said.all() or not said.any():
            lines.append(0.5)
            continue
        lines.append((probability[~said].max() + probability[said].min()) / 2)
    return np.asarray(lines)


def write_picture(path: Path, content: bytes | None) -> str | None:
    """Write a picture as a small PNG without metadata; its name, None where there is nothing."""
    if content is None:
        return None
    with Image.open(io.BytesIO(content)) as opened:
        shown = opened.convert("RGB" if opened.mode not in ("L", "1") else "L")
    if max(shown.size) > LARGEST_SIDE:
        share = LARGEST_SIDE / max(shown.size)
        size = tuple(max(1, math.floor(side * share)) for side in shown.size)
        shown = shown.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    bare = Image.frombytes(shown.mode, shown.size, shown.tobytes())
    with atomic(path) as partial:
        bare.save(partial, format="PNG", optimize=True)
    return path.name
