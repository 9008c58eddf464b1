"""The network that writes summaries, on Open-i: with training cases carried, and alone.

    python benchmarks/openi_networks.py "$BEDSIDE_DATA" FOLDER [--lexicon findings.json]
        [--seeds 7 8 9] [--set training.epochs=2]

Default settings, trained once a seed; validation chooses how candidates are weighed, once with the
summaries of similar training reports and once without. FOLDER keeps checkpoints and what was
written, so that a stopped benchmark goes on; ``found.jsonl`` there has a line a seed. Findings are
measured where a lexicon is given, which is used for nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bedside.audit.gathering import Materials, gather, split_cases
from bedside.baselines.fitting import fit_baselines
from bedside.evaluation.comparison import compare
from bedside.evaluation.judge import Exam, Judged, judge_model
from bedside.evaluation.record import make_exam
from bedside.evaluation.summaries import Summaries
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.schema import Arrays
from bedside.study import Study
from bedside.training.candidates import candidate_encoders, make_job
from bedside.training.job import Story
from bedside.training.loop import train
from bedside.training.precision import set_threads
from bedside.training.preparation import Preparation
from bedside.training.writers import raw_outputs

SHOWN = ("rouge1", "rouge2", "rougeL", "rougeL_unlike", "rougeL_uncommon", "rougeL_positive")
FACTS = ("findings_f1", "dropped_all", "false_findings")
PEER = "neighbour-consensus"
QUIET = Progress(quiet=True)


def study_of(
    data: Path, folder: Path, *, seed: int, lexicon: Path | None, sets: list[str]
) -> Study:
    """The study as a user would write it."""
    words: dict[str, Any] = {
        "data": {"table": str((data / "text" / "openi" / "summaries.csv").absolute())},
        "inputs": {"findings": {"modality": "text", "column": "findings"}},
        "target": {"task": "summarise", "column": "impression"},
        "split": {"by": "case", "column": "split"},
        "training": {"seed": seed},
        "evaluation": {} if lexicon is None else {"lexicon": str(lexicon.absolute())},
        "package": {"carry_cases": True},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "study.yaml"
    path.write_text(json.dumps(words))
    return Study.load(path, overrides=sets)


def alone(outputs: Arrays) -> Arrays:
    """What was written, without the similar training cases."""
    return {
        **outputs,
        "near": outputs["near"][:, :0],
        "similarity": outputs["similarity"][:, :0],
    }


@dataclass(frozen=True)
class Written:
    """What one seed left: the protocol, and what its network wrote of each part."""

    exam: Exam
    outputs: dict[str, Arrays]
    story: Story
    materials: Materials
    preparation: Preparation


def written(study: Study, folder: Path) -> Written:
    """Train one seed, or go on with it, and let it write; what was written is kept."""
    threads = set_threads(study.threads)
    materials = gather(study, threads=threads, progress=QUIET, beside=folder)
    run = RunFolder(folder / "run")
    prepared = materials.prepared(split_cases(materials), folder=run, progress=QUIET)
    exam = make_exam(study, materials.cohort, prepared, task=materials.task)
    (encoders,) = candidate_encoders(study, materials.modalities, materials.task)
    job = make_job(
        study, encoders, modalities=materials.modalities, preparation=prepared,
        task=materials.task, state=exam.state, folder=folder / "checkpoint",
    )  # fmt: skip
    story = train(job, progress=QUIET, resume=True)
    write = raw_outputs(materials.task, job.network, exam.state)
    outputs = {}
    for part in ("validation", "test"):
        kept = folder / f"{part}.npz"
        if not kept.exists():
            np.savez_compressed(kept, **write(prepared.parts[part].arrays))  # type: ignore[arg-type]
        with np.load(kept) as found:
            outputs[part] = dict(found)
    return Written(exam, outputs, story, materials, prepared)


def without_cases(exam: Exam) -> Exam:
    """The same protocol where no cases are carried."""
    own = {key: value for key, value in exam.state.items() if key != "cases"}
    return replace(exam, state=own)


def measured(study: Study, folder: Path) -> dict[str, Any]:
    """Train one seed, or go on with it; judge it on the test part beside its peers."""
    found = written(study, folder)
    exam, outputs, story = found.exam, found.outputs, found.story
    models = {
        "carried": judge_model(exam, outputs),
        "alone": judge_model(
            without_cases(exam), {part: alone(each) for part, each in outputs.items()}
        ),
    }
    peers = fit_baselines(
        ["commonest-summary", "nearest-report", PEER],
        found.materials.modalities, found.preparation.parts,
        state=exam.state, seed=study.training.seed, threads=1, progress=QUIET,
    )  # fmt: skip
    judged = models | {name: judge_model(exam, peer) for name, peer in peers.items()}
    tests = {name: model.scores["test"] for name, model in judged.items()}
    return {
        "seed": study.training.seed,
        "best_epoch": story.best_epoch,
        "epochs": story.epoch,
        "train_seconds": round(story.seconds, 1),
        "validation_loss": round(story.best_loss, 4),
        "ranking": {name: judged[name].state["ranking"] for name in models},
        "validation": {name: round(model.validation, 4) for name, model in judged.items()},
        "test": {name: model.table for name, model in tests.items()},
        "none_stated": {name: none_stated(model) for name, model in judged.items()},
        "difference": {
            f"{name} - {peer} {metric}": compare(
                tests[name], tests[peer], metric=metric, confidence=0.95
            )
            for name in models
            for peer in peers
            for metric in ("rougeL", "rougeL_unlike")
        },
    }


def none_stated(model: Judged) -> float | None:
    """Share of the test reports with a finding whose summary states no finding whatever."""
    if "lexicon" not in model.answers["test"].targets.facts:
        return None
    own = Summaries.of(model.answers["test"])
    return float(
        np.mean([not given for given, there in zip(own.given, own.positive, strict=True) if there])
    )


def told(found: list[dict[str, Any]]) -> None:
    """Tables over the seeds, in percent: the mean, and the least and greatest of the seeds."""
    print(f"| model | {' | '.join((*SHOWN, *FACTS))} |")
    print(f"|---|{'---:|' * len((*SHOWN, *FACTS))}")
    for name in found[0]["test"]:
        cells = []
        for metric in (*SHOWN, *FACTS):
            values = [_percent((one["test"][name].get(metric) or {}).get("value")) for one in found]
            spread = (
                f" ({min(values):.1f} to {max(values):.1f})" if max(values) > min(values) else ""
            )
            cells.append(f"{np.mean(values):.1f}{spread}")
        print(f"| {name} | {' | '.join(cells)} |")
    for name in found[0]["test"]:
        shares = [f"{_percent(one['none_stated'][name]):.1f}" for one in found]
        print(f"reports with a finding, summary with none, {name}: {', '.join(shares)}")
    for one in found:
        print(f"seed {one['seed']}: epoch {one['best_epoch']} of {one['epochs']}, ", end="")
        print(
            f"validation loss {one['validation_loss']}, {one['train_seconds']} s, {one['ranking']}"
        )
        for name, change in one["difference"].items():
            value, low, high = (_percent(change[key]) for key in ("value", "low", "high"))
            print(f"  {name}: {value:+.1f} ({low:.1f} to {high:.1f})")


def _percent(value: float | None) -> float:
    """In percent; not a number where undefined."""
    return float("nan") if value is None else 100 * value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lexicon", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--set", dest="sets", action="append", default=[])
    asked = parser.parse_args()
    kept = asked.folder / "found.jsonl"
    lines = kept.read_text().splitlines() if kept.exists() else []
    found = [json.loads(line) for line in lines]
    for seed in asked.seeds:
        if seed in [one["seed"] for one in found]:
            continue
        start, own = time.perf_counter(), asked.folder / f"seed-{seed}"
        study = study_of(asked.data, own, seed=seed, lexicon=asked.lexicon, sets=asked.sets)
        found.append(measured(study, own))
        with kept.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(found[-1]) + os.linesep)
        print(f"seed {seed}: {time.perf_counter() - start:.0f} s in all", flush=True)
    told(found)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
