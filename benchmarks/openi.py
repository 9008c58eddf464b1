"""Peers of report summaries on Open-i, by its published test part, and a check of the protocol.

    python benchmarks/openi.py "$BEDSIDE_DATA" [--lexicon findings.json]

Reads ``text/openi/summaries.csv`` below the folder. First the constant sentence whose scores on
these 576 test reports are known (they must come out), then the peers that a study fits. Findings
are measured where a lexicon is given; it is used for nothing else.

No training report has the very text of a test or validation report, but many differ by a few
words only ("no pneumothorax" left out) and have the same summary. So the column ``unlike`` counts:
test reports of whose words no training report of about that length holds nine in ten. Last, how
often a summary that is rare in training comes with nearly the same findings there.
"""

from __future__ import annotations

import argparse
import time
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
from bedside.training.texts import like_any, same_text, with_sources

CONSTANT = "no acute cardiopulmonary abnormality"
PUBLISHED = (49.05, 38.27, 49.05)
"""ROUGE-1, ROUGE-2 and ROUGE-L of that sentence on the 576 test reports, in percent."""
PARTS = {"train": "train", "validation": "valid", "test": "test"}
COLUMNS = ("rouge1", "rouge2", "rougeL")
SHOWN = ("rougeL_unlike", "rougeL_uncommon", "rougeL_positive", "findings_f1", "dropped_all")
RARE = 2
SEED = 7


def lessons(table: pd.DataFrame) -> dict[str, TextLesson]:
    """The three parts of the file."""
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


def rare_twins(parts: dict[str, TextLesson]) -> tuple[int, int]:
    """Test reports whose summary is rare in training, and those whose findings stand there too."""
    train, test = parts["train"], parts["test"]
    by_summary: dict[str, list[str]] = {}
    for text, summary in zip(train.sources, train.summaries, strict=True):
        by_summary.setdefault(same_text(summary), []).append(text)
    rare = twins = 0
    for text, summary in zip(test.sources, test.summaries, strict=True):
        others = by_summary.get(same_text(summary), [])
        if 1 <= len(others) <= RARE:
            rare += 1
            twins += bool(like_any([text], others)[0])
    return rare, twins


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
    table = pd.read_csv(asked.data / "text" / "openi" / "summaries.csv")
    lexicon = None if asked.lexicon is None else read_lexicon(asked.lexicon).model_dump_json()
    parts = lessons(table)
    targets = targets_of(parts, lexicon)["test"]
    cases = len(parts["test"])
    print(", ".join(f"{part} {len(own)}" for part, own in parts.items()), end="; of the test part ")
    print(f"{int(targets.arrays['unlike'].sum())} unlike any of training, ", end="")
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
            validation=parts["validation"],
            state={},
            seed=SEED,
            threads=1,
        )
        for part in ("validation", "test"):
            answered = fitted.summarise(parts[part].sources)
        print(told(name, measured(answered), time.perf_counter() - start))
    rare, twins = rare_twins(parts)
    print(
        f"of {rare} test reports whose summary stands once or twice in training, {twins} have ",
        end="",
    )
    print("nearly the same findings there")
    got = tuple(round(100 * (constant[m]["value"] or 0), 2) for m in COLUMNS)
    right = got == PUBLISHED
    print(f"protocol: the constant scores {got}, published {PUBLISHED}: ", end="")
    print("as it should" if right else "NOT AS IT SHOULD")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
