"""Example summaries, chosen by rule and drawn by lot, with where their words come from.

Enters: the answers of the test part. Leaves: ``explanations/cases.json``: text, reference and
summary of some cases, each word of a summary marked by where it comes from, findings that the
text lacks flagged. It holds patient data and stays out of the copy to share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.evaluation.summaries import Summaries
from bedside.modalities.text_tokens import Vocabulary
from bedside.run_folder import write_json
from bedside.tasks.findings import lexicon_of
from bedside.tasks.overlap import words_of
from bedside.tasks.summarise import support_of

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.telling import Shown
    from bedside.run_folder import RunFolder
    from bedside.schema import Array, State

PER_GROUP = 3
NEAREST = 3
"""Training cases that are shown beside a summary."""
LONGEST = 1500
"""Letters of a text that are shown."""
PIECE = re.compile(r"\S+")
COPIED, GENERATED = "copied", "generated"


def write_summary_examples(folder: RunFolder, answers: Answers, shown: Shown) -> None:
    """Choose and write example cases of the test part.

    Args:
        folder: the run.
        answers: of the deep model on the test part.
        shown: names of the cases' rows, and the seed of the lots.
    """
    place = folder.root / "explanations"
    place.mkdir(parents=True, exist_ok=True)
    own = Summaries.of(answers)
    rng = np.random.default_rng(shown.seed)
    groups = []
    taken: set[int] = set()
    for title, meaning, among in _groups(own):
        lots = [int(i) for i in rng.permutation(np.flatnonzero(among)) if int(i) not in taken]
        chosen = lots[:PER_GROUP]
        taken.update(chosen)
        if chosen:
            cases = [_case(own, index, answers=answers, names=shown.names) for index in chosen]
            groups.append({"title": title, "meaning": meaning, "cases": cases})
    write_json(place / "cases.json", {"kind": "summary", "groups": groups})


def _groups(own: Summaries) -> list[tuple[str, str, Array]]:
    """Title, meaning and cases (n,) bool of each group, the gravest first."""
    score = own.rouge[:, 2]
    low, high = np.quantile(score, [0.4, 0.6])
    typical = (score >= low) & (score <= high)
    words = [
        ("Typical", "as like their references as the middle fifth of all cases", typical),
        ("Least alike", "uncommon references that share the fewest words with the summary",
         own.uncommon & (score <= np.quantile(score, 0.2))),
        ("Most alike", "uncommon references that the summary meets best",
         own.uncommon & (score >= np.quantile(score, 0.8))),
    ]  # fmt: skip
    if own.lexicon is None:
        return words
    unsupported = np.array([bool(found) for found in own.unsupported], dtype=bool)
    kept = own.positive & (own.agreement[:, 2] == 0)
    lost = own.positive & (own.agreement[:, 0] == 0)
    return [
        ("A finding that the text lacks", "made up, or another patient's", unsupported),
        ("Every finding lost", "the reference states findings, the summary none of them", lost),
        ("Findings kept", "the summary states every finding of the reference", kept),
        words[0],
    ]


def _case(own: Summaries, index: int, *, answers: Answers, names: Sequence[str]) -> dict[str, Any]:
    row = int(own.rows[index])
    source, text = own.sources[index], own.texts[index]
    arrays = answers.prediction.arrays
    support = support_of(arrays["support"][row]) if "support" in arrays else None
    lost, unsupported = frozenset[str](), frozenset[str]()
    if own.lexicon is not None:
        lost, unsupported = own.wanted[index] - own.given[index], own.unsupported[index]
    neighbours = arrays["neighbours"][row].tolist() if "neighbours" in arrays else []
    looked_at = [int(number) for number in neighbours if number >= 0]
    return {
        "row": str(names[row]),
        "source": source if len(source) <= LONGEST else f"{source[:LONGEST]}…",
        "reference": own.references[index],
        "summary": marked(text, source, support=support, flags=_flags(own, text, unsupported)),
        "score": round(float(own.rouge[index, 2]), 4),
        "lost": sorted(lost),
        "unsupported": sorted(unsupported),
        "looked_at": len(looked_at),
        "nearest": [
            {"case": number, "summary": _carried(answers.state, number)}
            for number in looked_at[:NEAREST]
        ],
    }


def _carried(state: State, number: int) -> str:
    """The summary of a carried training case; blank where the state carries none."""
    if "cases" not in state or "vocabulary" not in state:
        return ""
    tokens = state["cases"]["summaries"][number]
    return str(Vocabulary.from_state(state["vocabulary"]).decode(tokens))


def marked(
    text: str,
    source: str,
    *,
    support: Sequence[tuple[str, str]] | None = None,
    flags: Sequence[tuple[int, int]] = (),
) -> list[dict[str, Any]]:
    """The words of a summary, each with where it comes from and whether it is flagged.

    Args:
        text: the summary.
        source: the text that it sums up.
        support: the model's own account, word by word; where there is none, or it does not fit
            the words, a word counts as copied if the source holds it.
        flags: starts and ends of what is flagged.
    """
    pieces = list(PIECE.finditer(text))
    origins: Mapping[int, str] = {}
    if support is not None and len(support) == len(pieces):
        origins = {place: origin for place, (_, origin) in enumerate(support)}
    there = set(words_of(source))
    found = []
    for place, piece in enumerate(pieces):
        words = words_of(piece[0])
        seen = COPIED if words and all(word in there for word in words) else GENERATED
        flagged = any(start < piece.end() and piece.start() < end for start, end in flags)
        found.append({"text": piece[0], "origin": origins.get(place, seen), "flagged": flagged})
    return found


def _flags(own: Summaries, text: str, unsupported: frozenset[str]) -> list[tuple[int, int]]:
    """Where a summary names a finding that its source does not state."""
    if own.lexicon is None or not unsupported:
        return []
    mentions = lexicon_of(own.lexicon).mentions(text)
    return [(m.start, m.end) for m in mentions if m.finding in unsupported and not m.denied]
