"""Sections of notes from dialogues (MTS-Dialog), on both test sets, beside all peers.

    python benchmarks/mts_dialog.py "$BEDSIDE_DATA" FOLDER [--seeds 7 8 9] [--set training.epochs=2]

The network of ``examples/mts_dialog.yaml`` with default settings, trained once a seed; validation
chooses how candidates are weighed, once with the summaries of similar training dialogues and once
without. Both test sets are judged apart. FOLDER keeps checkpoints and what was written, so that a
stopped benchmark goes on; ``found.jsonl`` there has a line a seed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from openi_networks import QUIET, Written, alone, without_cases, written

from bedside.baselines.fitting import fit_baselines
from bedside.evaluation.comparison import compare
from bedside.evaluation.judge import Exam, judge_model
from bedside.schema import Array, Arrays
from bedside.study import Study
from bedside.tasks.summarise import Summarise

STUDY = Path(__file__).resolve().parent.parent / "examples" / "mts_dialog.yaml"
TESTS = ("MTS-Dialog-TestSet-1-MEDIQA-Chat-2023.csv", "MTS-Dialog-TestSet-2-MEDIQA-Sum-2023.csv")
PARTS = (
    ("MTS-Dialog-TrainingSet.csv", "train"),
    ("MTS-Dialog-ValidationSet.csv", "validation"),
    *((name, "test") for name in TESTS),
)
COLUMNS = ("file", "part", "section_header", "dialogue", "section_text")
SHOWN = ("rouge1", "rouge2", "rougeL", "rougeL_uncommon")
OVERRIDES = ("package.carry_cases=true", "evaluation.subgroups=[]")


def study_of(data: Path, folder: Path, *, seed: int, sets: list[str]) -> Study:
    """The example's study over one table, whose test part holds both test sets."""
    folder.mkdir(parents=True, exist_ok=True)
    table = (folder / "dialogues.csv").absolute()
    with table.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(COLUMNS)
        for name, part in PARTS:
            source = data / "text" / "mts_dialog" / name
            with source.open(newline="", encoding="utf-8-sig") as own:
                for row in csv.DictReader(own):
                    rows.writerow([name, part, *(row[column] for column in COLUMNS[2:])])
    own_words = [f"data.table={table}", f"training.seed={seed}", *OVERRIDES]
    return Study.load(STUDY, overrides=[*own_words, *sets])


def of_test_set(exam: Exam, rows: Array) -> Exam:
    """The protocol with some rows of the test part."""
    changed = {
        name: {**part, "test": part["test"][rows]}
        for name, part in (("rows", exam.rows), ("groups", exam.groups))
    }
    targets = {**exam.targets, "test": exam.targets["test"].take(rows)}
    return replace(exam, targets=targets, attributes={"test": {}}, **changed)  # type: ignore[arg-type]


def measured(found: Written, seed: int) -> dict[str, Any]:
    """Judge one seed on both test sets, beside its peers."""
    peers = fit_baselines(
        Summarise.baselines, found.materials.modalities, found.preparation.parts,
        state=found.exam.state, seed=seed, threads=1, progress=QUIET,
    )  # fmt: skip
    every = {
        "carried": (found.exam, found.outputs),
        "alone": (
            without_cases(found.exam), {part: alone(own) for part, own in found.outputs.items()}
        ),
        **{name: (found.exam, outputs) for name, outputs in peers.items()},
    }  # fmt: skip
    files = found.materials.cohort.cases["file"].to_numpy()[found.exam.rows["test"]]
    result: dict[str, Any] = {
        "seed": seed,
        "best_epoch": found.story.best_epoch,
        "epochs": found.story.epoch,
        "train_seconds": round(found.story.seconds, 1),
        "validation_loss": round(found.story.best_loss, 4),
        "tests": [],
    }
    for name in TESTS:
        rows = np.flatnonzero(files == name)
        judged = {
            model: judge_model(of_test_set(exam, rows), _taken(outputs, rows))
            for model, (exam, outputs) in every.items()
        }
        result["validation"] = {model: round(each.validation, 4) for model, each in judged.items()}
        result["ranking"] = {
            model: judged[model].state["ranking"] for model in ("carried", "alone")
        }
        scores = {model: each.scores["test"] for model, each in judged.items()}
        peer = max(peers, key=lambda model: judged[model].validation)
        result["tests"].append(
            {
                "cases": len(rows),
                "peer": peer,
                "models": {model: own.table for model, own in scores.items()},
                "difference": {
                    f"{model} - {other}": compare(
                        scores[model], scores[other], metric="rougeL", confidence=0.95
                    )
                    for model in ("carried", "alone")
                    for other in peers
                },
            }
        )
    return result


def _taken(outputs: Mapping[str, Arrays], rows: Array) -> dict[str, Arrays]:
    """Outputs with some rows of the test part."""
    test = {name: values[rows] for name, values in outputs["test"].items()}
    return {"validation": outputs["validation"], "test": test}


def told(found: list[dict[str, Any]]) -> None:
    """A table a test set, in percent: every seed's value with its interval of 95 %."""
    for place in range(len(TESTS)):
        own = [one["tests"][place] for one in found]
        print(f"\nTest set {place + 1}, {own[0]['cases']} dialogues")
        print(f"| model | seed | {' | '.join(SHOWN)} |\n|---|---|{'---:|' * len(SHOWN)}")
        for model in own[0]["models"]:
            seeds = found if model in ("carried", "alone") else found[:1]
            for one in seeds:
                table = one["tests"][place]["models"][model]
                seed = one["seed"] if len(seeds) > 1 else ""
                print(f"| {model} | {seed} | {' | '.join(_cell(table[m]) for m in SHOWN)} |")
        for one in found:
            for name, change in one["tests"][place]["difference"].items():
                print(f"seed {one['seed']}: {name}, ROUGE-L {_cell(change)}")
    for one in found:
        print({key: value for key, value in one.items() if key != "tests"})
        print("best peer on validation:", one["tests"][0]["peer"])


def _cell(estimate: dict[str, float | None]) -> str:
    value, low, high = (
        float("nan") if estimate[key] is None else 100 * float(estimate[key] or 0)
        for key in ("value", "low", "high")
    )
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--set", dest="sets", action="append", default=[])
    parser.add_argument("--write-only", action="store_true", help="train and write; judge nothing")
    asked = parser.parse_args()
    kept = asked.folder / "found.jsonl"
    lines = kept.read_text().splitlines() if kept.exists() else []
    found = [json.loads(line) for line in lines]
    for seed in asked.seeds:
        if seed in [one["seed"] for one in found]:
            continue
        start, own = time.perf_counter(), asked.folder / f"seed-{seed}"
        done = written(study_of(asked.data, own, seed=seed, sets=asked.sets), own)
        print(f"seed {seed}: {time.perf_counter() - start:.0f} s in all", flush=True)
        if asked.write_only:
            continue
        found.append(measured(done, seed))
        with kept.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(found[-1]) + os.linesep)
    if found:
        told(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
