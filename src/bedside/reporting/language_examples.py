"""Example texts with their least expected words, chosen by rule and drawn by lot.

Enters: the answers of the test part. Leaves: ``explanations/cases.json``: texts in pieces, the
surprising ones marked. It holds patient data and stays out of the copy to share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.run_folder import write_json
from bedside.tasks.language import by_text, least_expected, perplexity_of

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.telling import Shown
    from bedside.run_folder import RunFolder
    from bedside.schema import Array

PER_GROUP = 4
LONGEST = 1200
"""Letters of a text that are shown."""
MARKED, FEWEST_BITS = 8, 4.0
"""Words that are marked at most, and how surprising they must be."""


def write_language_examples(folder: RunFolder, answers: Answers, shown: Shown) -> None:
    """Choose and write example cases of the test part.

    Args:
        folder: the run.
        answers: of the deep model on the test part.
        shown: names and texts of the cases, and the seed of the lots.
    """
    place = folder.root / "explanations"
    place.mkdir(parents=True, exist_ok=True)
    arrays = answers.prediction.arrays
    each = perplexity_of(by_text(arrays["surprise"]), by_text(arrays["counts"]))
    groups = []
    taken: set[int] = set()
    for title, meaning, order in _groups(each, np.random.default_rng(shown.seed)):
        chosen = [int(i) for i in order if int(i) not in taken and shown.texts(int(i))][:PER_GROUP]
        taken.update(chosen)
        if chosen:
            cases = [_case(answers, i, shown, perplexity=float(each[i])) for i in chosen]
            groups.append({"title": title, "meaning": meaning, "cases": cases})
    write_json(place / "cases.json", {"kind": "language", "groups": groups})


def _groups(each: Array, rng: np.random.Generator) -> list[tuple[str, str, Array]]:
    """Title, meaning and the order in which cases are taken."""
    rising = np.argsort(each, kind="stable")
    return [
        ("Least expected", "the highest perplexity of the test part", rising[::-1]),
        ("Most expected", "the lowest perplexity", rising),
        ("By lot", "any texts", rng.permutation(len(each))),
    ]


def _case(answers: Answers, case: int, shown: Shown, *, perplexity: float) -> dict[str, Any]:
    words = least_expected(answers.prediction, case, most=MARKED)
    marked = [word for word in words if word[2] >= FEWEST_BITS]
    return {
        "row": str(shown.names[case]),
        "perplexity": round(perplexity, 1),
        "pieces": pieces(shown.texts(case) or "", marked),
    }


def pieces(text: str, words: list[list[float]]) -> list[dict[str, str | None]]:
    """A text cut where marked words begin and end: ``bits`` of each, None elsewhere."""
    found: list[dict[str, str | None]] = []
    at = 0
    for start, end, bits in sorted(words):
        first, last = int(start), min(int(end), LONGEST)
        if first < at or last <= first:
            continue
        found.append({"text": text[at:first], "bits": None})
        found.append({"text": text[first:last], "bits": f"{bits:.1f}"})
        at = last
    found.append({"text": text[at:LONGEST] + ("…" if len(text) > LONGEST else ""), "bits": None})
    return [piece for piece in found if piece["text"]]
