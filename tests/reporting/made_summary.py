"""A run of summaries, as the judge leaves it: made-up reports, simple models, true scores."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bedside.baselines import REGISTRY, TextLesson
from bedside.data.cohort import Cohort
from bedside.data.split import Split
from bedside.evaluation.judge import judge_models
from bedside.evaluation.record import make_exam, write_judgement
from bedside.modalities.text import Text
from bedside.reporting.kinds.summary import SUMMARY
from bedside.reporting.model_card import write_model_card
from bedside.reporting.telling import Shown
from bedside.run_folder import RunFolder
from bedside.schema import Arrays, Sample, Targets
from bedside.study import Study
from bedside.tasks.summarise import Summarise, as_texts
from bedside.training.loader import Prepared
from bedside.training.preparation import Preparation
from bedside.training.texts import with_sources

SECRET = "SECRETPATIENT"
CASES = {"train": 160, "validation": 60, "test": 80}
FINDINGS = ("effusion", "nodule", "fracture", "opacity", "scoliosis", "granuloma")
LEXICON: dict[str, Any] = {
    "negation": ["no", "without"],
    "findings": {name: [f"{name[:-1]}*"] for name in FINDINGS},
}


def reports(rng: np.random.Generator, count: int, *, first: int) -> tuple[list[str], list[str]]:
    """References and sources: three in five are normal, the others hold one or two findings."""
    normal = ("No acute disease.", "No acute disease.", "Normal chest.")
    sides = ("left", "right", "upper", "lower", "middle")
    references, sources = [], []
    for number in range(count):
        own = f"Film {first + number} of the chest. Heart size is normal."
        if rng.random() < 0.6:
            references.append(str(rng.choice(normal)))
            sources.append(f"{own} No effusion. Lungs are clear.")
            continue
        names = rng.choice(FINDINGS, size=rng.integers(1, 3), replace=False, p=None)
        told = [f"{rng.choice(sides)} {name}" for name in names]
        references.append(f"Small {' and '.join(told)}.")
        sources.append(f"{own} There is a small {'. A further '.join(told)}. No pneumothorax.")
    return references, sources


def deep_outputs(targets: Targets, rng: np.random.Generator) -> Arrays:
    """A model that is mostly right, loses some findings and makes some up."""
    texts, support, neighbours = [], [], []
    for reference in targets.arrays["truth"]:
        lot = rng.random()
        text = reference if lot < 0.7 else "No acute disease."
        text = f"Small left {rng.choice(FINDINGS)}." if lot > 0.93 else text
        origins = ("copied", "neighbour", "generated")
        texts.append(text)
        support.append(json.dumps([[word, str(rng.choice(origins))] for word in text.split()]))
        neighbours.append([int(rng.integers(160)), int(rng.integers(160)), -1])
    return {
        "text": as_texts(texts),
        "support": as_texts(support),
        "neighbours": np.asarray(neighbours),
    }


def make_summary_run(
    root: Path, *, lexicon: bool = True, changes: dict[str, Any] | None = None
) -> RunFolder:
    rng = np.random.default_rng(5)
    root.mkdir(parents=True, exist_ok=True)
    own = root.parent / f"{root.name}-lexicon.json"
    own.write_text(json.dumps(LEXICON))
    words = _words(own if lexicon else None)
    study, cohort, preparation = Study.parse(words), _cohort(), _preparation(rng)
    exam = make_exam(study, cohort, preparation, task=Summarise(column="impression"))
    deep = {
        part: deep_outputs(own.targets, rng)
        for part, own in preparation.parts.items()
        if part != "train"
    }
    judgement = judge_models(exam, {"pointer-gru": deep}, _peers(preparation))
    folder = RunFolder(root)
    split = Split(np.array(["train"] * len(cohort)), "patient", seed=5)
    timing = {"train_seconds": 312.5, "cases_per_second_training": 420.0,
              "cases_per_second_predict": 12.0}  # fmt: skip
    facts = {"waived": [], "timing": timing}
    write_judgement(folder, judgement, exam, materials=(study, cohort, split), facts=facts)
    folder.metrics.write_text(json.dumps(json.loads(folder.metrics.read_text()) | (changes or {})))
    folder.study.write_text(json.dumps(words | {"evaluation": _plain(words["evaluation"])}))
    _write_rest(folder, preparation)
    answers = judgement.models["pointer-gru"].answers["test"]
    names = [f"row {row + 2} of reports.csv" for row in answers.rows]
    SUMMARY.write_examples(folder, answers, Shown(names, lambda _: None, 7))
    write_model_card(folder)
    return folder


def _plain(section: dict[str, Any]) -> dict[str, Any]:
    return {key: str(v) if isinstance(v, Path) else v for key, v in section.items()}


def _preparation(rng: np.random.Generator) -> Preparation:
    texts, targets, rows, first = {}, {}, {}, 0
    for part, count in CASES.items():
        references, sources = reports(rng, count, first=first)
        rows[part] = np.arange(first, first + count)
        texts[part] = {"findings": sources}
        arrays = {"truth": as_texts(references), "known": np.ones((count, 1), dtype=bool)}
        targets[part] = Targets(arrays, ("summary",), "summary", {"source": "findings"})
        first += count
    made = with_sources(targets, texts)  # type: ignore[arg-type]
    modality = Text(column="findings")
    state = modality.fit(map(Sample, texts["train"]["findings"]))
    parts = {}
    for part in CASES:
        samples = map(Sample, texts[part]["findings"])
        arrays = modality.collate([modality.prepare(sample, state) for sample in samples])
        own = {f"findings.{name}": array for name, array in arrays.items()}
        parts[part] = Prepared(own, made[part], rows[part], texts[part])  # type: ignore[index]
    return Preparation({"findings": state}, parts)  # type: ignore[arg-type]


def _peers(preparation: Preparation) -> dict[str, dict[str, Arrays]]:
    lessons = {
        part: TextLesson(own.texts, own.targets.arrays["truth"].tolist(), "findings")
        for part, own in preparation.parts.items()
    }
    found: dict[str, dict[str, Arrays]] = {}
    for name in Summarise.baselines:
        peer: Any = REGISTRY.load(name)()
        fitted = peer.fit_texts(
            lessons["train"], validation=lessons["validation"], state={}, seed=1, threads=1
        )
        asked = ("validation", "test")
        found[name] = {part: fitted.summarise(lessons[part].sources) for part in asked}  # type: ignore[index]
    return found


def _cohort() -> Cohort:
    count = sum(CASES.values())
    cases = pd.DataFrame(
        {
            "case_id": [f"{SECRET}{n}/1" for n in range(count)],
            "patient": [f"{SECRET}{n // 2}" for n in range(count)],
            "sex": np.resize(["F", "M", "M"], count),
        }
    )
    return Cohort(cases, "reports.csv", first_row=2, patient="patient")


def _words(lexicon: Path | None) -> dict[str, Any]:
    return {
        "name": "reports",
        "data": {"table": "/home/somebody/secretfolder/reports.csv", "patient": "patient"},
        "inputs": {"findings": {"modality": "text", "column": "findings"}},
        "target": {"task": "summarise", "column": "impression"},
        "training": {"seed": 7},
        "evaluation": {"bootstrap": 100, "subgroups": ["sex"], "lexicon": lexicon},
        "package": {"carry_cases": True},
        "about": {"intended_use": "Drafts that a radiologist reads and signs."},
    }


def _write_rest(folder: RunFolder, preparation: Preparation) -> None:
    trained = {"pointer-gru": {"epochs": 9, "best_epoch": 6, "batch_size": 32, "device": "cpu"}}
    folder.environment.write_text(json.dumps(
        {"bedside": "0.1.0", "python": "3.12.4", "libraries": {"torch": "2.13.0"}, "threads": 2,
         "looks": 1, "training": trained, "hostname": "secrethost"}
    ))  # fmt: skip
    folder.audit.write_text(json.dumps({"findings": [], "facts": {}}))
    with folder.splits.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["case_id", "patient_id", "part"])
        for part, own in preparation.parts.items():
            for row in own.rows:
                writer.writerow([f"{SECRET}{row}/1", f"{SECRET}{row // 2}", part])
    lines = [
        {"event": "epoch", "model": "pointer-gru", "epoch": epoch + 1,
         "train_loss": 1 + 2 * np.exp(-epoch / 3),
         "validation_loss": 1.1 + 2 * np.exp(-epoch / 3) + 0.03 * max(0, epoch - 5)}
        for epoch in range(9)
    ]  # fmt: skip
    folder.log.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
