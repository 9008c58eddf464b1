"""Packages that need no network: one finds words of a list, one sums up, one tells a class."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

from bedside.deployment.notes.panel import Panel
from bedside.modalities.text import Text
from bedside.tasks.classify import Classify
from bedside.tasks.summarise import Summarise
from bedside.tasks.tag import Tag

FOUND = {"fever": "Symptom", "cough": "Symptom", "aspirin": "Drug", "Übelkeit": "Symptom"}


class Made:
    """What a panel asks of a predictor."""

    def __init__(self, task: Any, study: str) -> None:
        self.asked: list[int] = []
        self.facts = SimpleNamespace(study=study, model="made")
        self.package = SimpleNamespace(
            version="0123456789ab",
            contents=SimpleNamespace(
                task=task,
                task_state={"source": "note", "names": sorted(set(FOUND.values()))},
                modalities={"note": Text(spelling=True)},
                modality_states={"note": {"length": 50}},
            ),
        )

    def predict(self, samples: list[Any], **_: Any) -> list[dict[str, Any]]:
        self.asked.append(len(samples))
        return [self._one(str(sample.values)) for sample in samples]

    def _one(self, text: str) -> dict[str, Any]:
        task = self.package.contents.task
        if isinstance(task, Tag):
            found = [
                [*match.span(), label, 0.9]
                for word, label in FOUND.items()
                for match in re.finditer(word, text)
            ]
            return {"entities": json.dumps(sorted(found))}
        if isinstance(task, Summarise):
            written = "written" if text else "refused"
            return {"summary": text[:5], "status": written, "error": None, "case": "1"}
        if "unheard" in text:
            return {"error": "case 1: expected a prediction, got none. Check it."}
        decision = "ill" if "fever" in text else "well"
        return {"case": "1", "probability": 0.7, "decision": decision, "threshold": 0.5,
                "model": "m", "package": "p", "data_version": "d", "error": None}  # fmt: skip


def tagger(study: str = "words") -> Made:
    return Made(Tag(), study)


def panel() -> Panel:
    """One of each."""
    return Panel(
        {
            "words": tagger(),
            "sums": Made(Summarise(column="s"), "sums"),
            "triage": Made(Classify(column="c"), "triage"),
        }  # type: ignore[dict-item]
    )
