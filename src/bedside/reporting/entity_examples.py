"""Example texts with their entities, chosen by rule and drawn by lot.

Enters: the answers of the test part. Leaves: ``explanations/cases.json``: texts in pieces, each
found, missed or given without need. It holds patient data and stays out of the copy to share.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bedside.evaluation.entities import Tagged
from bedside.modalities.text_entities import Entity
from bedside.run_folder import write_json

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers
    from bedside.reporting.telling import Shown
    from bedside.run_folder import RunFolder
    from bedside.schema import Array

PER_GROUP = 4
LONGEST = 1200
"""Letters of a text that are shown."""


def write_entity_examples(folder: RunFolder, answers: Answers, shown: Shown) -> None:
    """Choose and write example cases of the test part.

    Args:
        folder: the run.
        answers: of the deep model on the test part.
        shown: names and texts of the cases, and the seed of the lots.
    """
    place = folder.root / "explanations"
    place.mkdir(parents=True, exist_ok=True)
    own = Tagged.of(answers)
    rng = np.random.default_rng(shown.seed)
    groups = []
    taken: set[int] = set()
    for title, meaning, among in _groups(own):
        lots = [int(i) for i in rng.permutation(np.flatnonzero(among)) if int(i) not in taken]
        chosen = [i for i in lots if shown.texts(i) is not None][:PER_GROUP]
        taken.update(chosen)
        if chosen:
            cases = [
                {
                    "row": str(shown.names[i]),
                    "pieces": pieces(shown.texts(i) or "", own.wanted[i], own.given[i]),
                }
                for i in chosen
            ]
            groups.append({"title": title, "meaning": meaning, "cases": cases})
    write_json(place / "cases.json", {"kind": "entities", "groups": groups})


def _groups(own: Tagged) -> list[tuple[str, str, Array]]:
    """Title, meaning and cases (N,) bool of each group, the gravest first."""
    wanted, given, strict, met, meeting = own.counts.sum(axis=1).T
    return [
        ("Missed", "an entity of the reference that nothing given overlaps", met < wanted),
        ("Given without need", "an entity that overlaps none of the reference", meeting < given),
        ("Not quite", "the right place, but another beginning, end or label",
         (met == wanted) & (meeting == given) & (strict < wanted)),
        ("Right", "all entities found exactly, and no others",
         (strict == wanted) & (strict == given) & (wanted > 0)),
    ]  # fmt: skip


def pieces(
    text: str, wanted: Sequence[Entity], given: Sequence[Entity]
) -> list[dict[str, str | None]]:
    """A text cut where entities begin and end: what each piece is, and its label.

    ``state`` is ``found`` where both marked it, ``missed`` where the reference alone did,
    ``extra`` where the model alone did, blank elsewhere.
    """
    ends = {0, min(len(text), LONGEST)}
    ends |= {p for e in (*wanted, *given) for p in (e.start, e.end) if p <= LONGEST}
    places = sorted(ends)
    found: list[dict[str, str | None]] = []
    for start, end in itertools.pairwise(places):
        theirs = next((e.label for e in wanted if e.start <= start and end <= e.end), None)
        ours = next((e.label for e in given if e.start <= start and end <= e.end), None)
        state = "found" if theirs and ours else "missed" if theirs else "extra" if ours else ""
        if theirs and ours and theirs != ours:
            state, ours = "missed", f"{theirs}, not {ours}"
        found.append({"text": text[start:end], "state": state, "label": ours or theirs})
    if len(text) > LONGEST:
        found.append({"text": "…", "state": "", "label": None})
    return found
