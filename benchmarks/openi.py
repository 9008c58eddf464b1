"""Peers of report summaries on Open-i, by its published test part, and a check of the protocol.

    python benchmarks/openi.py "$BEDSIDE_DATA" [--lexicon findings.json]

Reads ``text/openi/summaries.csv`` below the folder. First the constant sentence that the
literature reports (its scores must come out), then the peers that a study fits. Findings are
measured where a lexicon is given; it is used for nothing else.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from bedside.baselines import REGISTRY
from bedside.baselines.contract import TextLesson
from bedside.evaluation.kinds import Answers
from bedside.evaluation.scoring import score
from bedside.schema import Arrays, Prediction, Targets
from bedside.tasks.findings import read_lexicon
from bedside.tasks.summarise import NAMES, Summarise, as_texts
from bedside.training.texts import with_sources

CONSTANT = "no acute cardiopulmonary abnormality"
PUBLISHED = (49.05, 38.27, 49.05)
"""ROUGE-1, ROUGE-2 and ROUGE-L of that sentence on the 576 test reports, in percent."""
PARTS = {"train": "train", "validation": "valid", "test": "test"}
COLUMNS = ("rouge1", "rouge2", "rougeL")
SHOWN = ("rougeL_novel", "rougeL_uncommon", "rougeL_positive", "findings_f1", "dropped_all")
SEED = 7


def lessons(folder: Path) -> dict[str, TextLesson]:
    """The three parts of the file."""
    table = pd.read_csv(folder / "text" / "openi" / "summaries.csv")
    found = {}
    for part, name in PARTS.items():
        own = table[table["split"] == name]
        texts = {"findings": own["findings"].astype(str).tolist()}
        found[part] = TextLesson(texts, own["impression"].astype(str).tolist(), "findings")
    return found


def targets_of(parts: dict[str, TextLesson], lexicon: str | None) -> dict[str, Targets]:
    """Targets as a study makes them."""
    made = {
        part: Targets(
            {"truth": as_texts(list(own.summaries)), "known": np.ones((len(own), 1), dtype=bool)},
            NAMES,
            "summary",
            {"source": "findings"} | ({} if lexicon is None else {"lexicon": lexicon}),
        )
        for part, own in parts.items()
    }
    return with_sources(made, {part: dict(own.texts) for part, own in parts.items()})  # type: ignore[arg-type]


def told(name: str, scores: dict[str, dict[str, float | None]], seconds: float) -> str:
    """One line of the table, in percent with the interval of ROUGE-L."""
    rougel = scores["rougeL"]
    cells = [f"{100 * (scores[m]['value'] or 0):.2f}" for m in COLUMNS]
    cells.append(f"{100 * (rougel['low'] or 0):.1f} to {100 * (rougel['high'] or 0):.1f}")
    for metric in SHOWN:
        value = scores.get(metric, {}).get("value")
        cells.append("" if value is None else f"{100 * value:.1f}")
    return f"| {name} | {' | '.join(cells)} | {seconds:.1f} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--lexicon", type=Path)
    asked = parser.parse_args()
    lexicon = None if asked.lexicon is None else read_lexicon(asked.lexicon).model_dump_json()
    parts = lessons(asked.data)
    targets = targets_of(parts, lexicon)["test"]
    cases = len(parts["test"])
    print(", ".join(f"{part} {len(own)}" for part, own in parts.items()), end="; of the test part ")
    print(f"{int(targets.arrays['novel'].sum())} new to training, ", end="")
    print(f"{int(targets.arrays['uncommon'].sum())} with an uncommon reference")
    print(f"| peer | {' | '.join((*COLUMNS, 'interval', *SHOWN))} | seconds |")
    print(f"|---|{'---:|' * (len(COLUMNS) + len(SHOWN) + 2)}")

    def measured(answered: Arrays) -> dict[str, dict[str, float | None]]:
        prediction = Prediction({"text": answered["text"]}, NAMES)
        return score(Answers(targets, prediction, np.arange(cases)), seed=SEED).table

    constant = measured({"text": as_texts([CONSTANT] * cases)})
    print(told(f'"{CONSTANT}"', constant, 0.0))
    for name in Summarise.baselines:
        start = time.perf_counter()
        peer = REGISTRY.load(name)()
        fitted = peer.fit_texts(  # type: ignore[union-attr]
            parts["train"],
            validation=replace(parts["validation"]),
            state={},
            seed=SEED,
            threads=1,
        )
        for part in ("validation", "test"):
            answered = fitted.summarise(parts[part].sources)
        print(told(name, measured(answered), time.perf_counter() - start))
    got = tuple(round(100 * (constant[m]["value"] or 0), 2) for m in COLUMNS)
    right = got == PUBLISHED
    print(f"protocol: the constant scores {got}, published {PUBLISHED}: ", end="")
    print("as it should" if right else "NOT AS IT SHOULD")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
