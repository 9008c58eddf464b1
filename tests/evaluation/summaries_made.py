"""Made-up summaries: four reports whose metrics can be worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from bedside.evaluation.kinds import Answers
from bedside.schema import Array, Prediction, State, Targets
from bedside.tasks.findings import parse_lexicon
from bedside.tasks.summarise import as_texts

LEXICON: dict[str, Any] = {
    "negation": ["no", "without"],
    "findings": {"effusion": ["effusion*"], "nodule": ["nodule*"], "fracture": ["fracture*"]},
}
SOURCES = [
    "Small left effusion and a nodule.",
    "Heart normal. No effusion.",
    "Old rib fracture.",
    "Lungs clear.",
]
REFERENCES = ["Left effusion and nodule.", "No effusion.", "Rib fracture.", "Normal chest."]
TEXTS = ["Small effusion.", "No effusion.", "Normal chest.", "Nodule."]
STATE: State = {"kind": "summary", "names": ["summary"], "source": "findings"}


def targets_of(
    references: list[str],
    sources: list[str],
    *,
    novel: Array | None = None,
    uncommon: Array | None = None,
    known: Array | None = None,
    lexicon: dict[str, Any] | None = None,
) -> Targets:
    """Targets as cases in parts have them; all new and uncommon unless said otherwise."""
    cases = len(references)
    every = np.ones(cases, dtype=bool)
    facts: dict[str, Any] = {"source": "findings"}
    if lexicon is not None:
        facts["lexicon"] = parse_lexicon(lexicon).model_dump_json()
    return Targets(
        {
            "truth": as_texts(references),
            "known": (every if known is None else np.asarray(known))[:, None],
            "source": as_texts(sources),
            "novel": every if novel is None else np.asarray(novel),
            "unlike": every if novel is None else np.asarray(novel),
            "uncommon": every if uncommon is None else np.asarray(uncommon),
        },
        ("summary",),
        "summary",
        json.loads(json.dumps(facts)),
    )


def answers_of(
    targets: Targets, texts: list[str], groups: Array | None = None, *, rows: Array | None = None
) -> Answers:
    """One model's answers; each case a patient of its own unless `groups` says otherwise."""
    cases = len(texts)
    groups = np.arange(cases) if groups is None else np.asarray(groups)
    prediction = Prediction({"text": as_texts(texts)}, ("summary",))
    return Answers(targets, prediction, groups, np.arange(cases) if rows is None else rows, STATE)
