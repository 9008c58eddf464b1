"""Train encoders on the training parts of three studies and score them on validation alone.

    python benchmarks/encoders.py --data DIR --encoders resnet densenet121 --seeds 7 8 \
        --results found.jsonl --output table.md

Enters: studies of examples/ and the folder that their data lie in (--data or BEDSIDE_DATA),
names of encoders, training seeds. Leaves: one JSON line a training in --results (those that
stand there are not repeated) and a Markdown table. The test parts are never scored: this is
where encoders are chosen.

With --costs nothing is learnt and no data is needed: parameters, and milliseconds an image of
training steps and of prediction on noise, one channel, batches of 32, in the precision that
`auto` takes here, for sides of 28, 64 and 128 pixels.

The patients of small studies are few, so their training and validation parts are pooled and
cut anew into folds, by patient; the test part stays out of all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from studies import EXAMPLES, STUDIES, data_override

import bedside
from bedside.audit.gathering import Materials, gather, split_cases
from bedside.data.split import Split
from bedside.evaluation.record import make_exam
from bedside.models import ENCODERS
from bedside.models.network import as_callable
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.training.candidates import make_job
from bedside.training.loop import train
from bedside.training.precision import has_fast_bf16, set_threads
from bedside.training.preparation import Preparation

SIDES, BATCH, STEPS = (28, 64, 128), 32, 5
QUIET = Progress(quiet=True)
POOLED = {"nih": 4, "synthetic": 0, "pneumoniamnist": 0}
"""Folds of a study's training and validation parts; 0 keeps the parts as they are."""
MORE_PATIENTS = ["data.patients=900", "split.validation=0.4", "split.test=0.1"]
"""Of made-up patients there are as many as one likes: enough to tell networks apart."""


@dataclass(frozen=True)
class Found:
    """One training and what validation says of it.

    Args:
        study, encoder, seed, fold: which; fold -1 is the study's own validation part.
        cases: of the validation part.
        auroc, log_loss: on validation, log loss after temperature scaling there.
        parameters: of the whole network.
        train_seconds: all epochs, validation included.
        train_ms, predict_ms: milliseconds an image.
        best_epoch, epochs: the epoch that was kept, and how many there were.
    """

    study: str
    encoder: str
    seed: int
    fold: int
    cases: int
    auroc: float
    log_loss: float
    parameters: int
    train_seconds: float
    train_ms: float
    predict_ms: float
    best_epoch: int
    epochs: int

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What makes a training this one and no other."""
        return self.study, self.encoder, self.seed, self.fold


Known = dict[tuple[str, str, int, int], Found]


def main() -> int:
    options = _options()
    if options.costs:
        print(cost_table(options.encoders))
        return 0
    known = read_found(options.results)
    for name in options.studies:
        overrides = [*data_override(STUDIES[name], options.data)]
        overrides += [*(MORE_PATIENTS if name == "synthetic" else []), *options.overrides]
        study = bedside.Study.load(EXAMPLES / STUDIES[name].file, overrides=overrides)
        with tempfile.TemporaryDirectory() as scratch:
            for one in measured(study, name, options, known=known, scratch=Path(scratch)):
                known[one.key] = one
                print(json.dumps(asdict(one)), file=sys.stderr)
                if options.results:
                    with options.results.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(asdict(one)) + "\n")
    text = table([one for one in known.values() if one.encoder in options.encoders])
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def measured(
    study: bedside.Study, name: str, options: argparse.Namespace, *, known: Known, scratch: Path
) -> Iterator[Found]:
    """Every training that is asked for and not known yet; the data are read once."""
    threads = set_threads(study.threads)
    materials = gather(study, threads=threads, progress=QUIET, beside=scratch)
    for fold, split in folds(materials, POOLED[name]):
        folder = RunFolder(scratch / str(fold))
        preparation = materials.prepared(split, folder=folder, progress=QUIET)
        for seed in options.seeds:
            for encoder in options.encoders:
                if (key := (name, encoder, seed, fold)) not in known:
                    yield measure(materials, preparation, name=key)


def folds(materials: Materials, count: int) -> list[tuple[int, Split]]:
    """The study's own split, or `count` that validate each non-test case once, by patient."""
    split = split_cases(materials)
    if not count:
        return [(-1, split)]
    rows = np.flatnonzero(split.parts != "test")
    strata = materials.task.strata(materials.targets)[rows]
    groups = materials.cohort.groups()[rows]
    cut = StratifiedGroupKFold(count, shuffle=True, random_state=split.seed)
    found = []
    for fold, (_, held) in enumerate(cut.split(rows, strata, groups)):
        parts = split.parts.copy()
        parts[rows] = "train"
        parts[rows[held]] = "validation"
        found.append((fold, replace(split, parts=parts)))
    return found


def measure(
    materials: Materials, preparation: Preparation, *, name: tuple[str, str, int, int]
) -> Found:
    """Train one encoder and score it on validation."""
    _, encoder, seed, _ = name
    training = materials.study.training.model_copy(update={"seed": seed})
    study = materials.study.model_copy(update={"training": training})
    exam = make_exam(study, materials.cohort, preparation, task=materials.task)
    job = make_job(
        study,
        {next(iter(study.inputs)): encoder},
        modalities=materials.modalities,
        preparation=preparation,
        task=materials.task,
        state=exam.state,
    )
    story = train(job, progress=QUIET)
    validation = preparation.parts["validation"]
    start = time.perf_counter()
    outputs = as_callable(job.network)(validation.arrays)
    predict_ms = 1000 * (time.perf_counter() - start) / len(validation)
    state = materials.task.calibrate(outputs, validation.targets, exam.state)
    calibrated = materials.task.calibrated(outputs, state)
    found = materials.task.infer({"network": lambda _: calibrated}, {}, state)
    truth, chance = validation.targets.arrays["truth"][:, 0], found.arrays["probability"][:, 0]
    return Found(
        *name,
        cases=len(validation),
        auroc=float(roc_auc_score(truth, chance)),
        log_loss=float(log_loss(truth, chance.astype(np.float64))),
        parameters=sum(p.numel() for p in job.network.parameters()),
        train_seconds=round(story.seconds, 1),
        train_ms=round(1000 * story.seconds / max(story.cases, 1), 3),
        predict_ms=round(predict_ms, 3),
        best_epoch=story.best_epoch,
        epochs=story.epoch,
    )


def cost_table(encoders: list[str]) -> str:
    """Parameters, and milliseconds an image in training and predicting, at each side."""
    lines = [
        "| encoder | parameters | " + " | ".join(f"{s} x {s}: train, predict, ms" for s in SIDES),
        "|---|---|" + "---|" * len(SIDES),
    ]
    lines[0] += " |"
    for encoder in encoders:
        found = [cost(encoder, side) for side in SIDES]
        cells = " | ".join(f"{train_ms:.2f}, {predict_ms:.2f}" for _, train_ms, predict_ms in found)
        lines.append(f"| `{encoder}` | {found[-1][0]:,} | {cells} |")
    threads = torch.get_num_threads()
    half = "bf16" if has_fast_bf16(torch.device("cpu")) else "float32"
    return "\n".join(
        [*lines, "", f"{threads} threads, training in {half}, torch {torch.__version__}."]
    )


def cost(encoder: str, side: int) -> tuple[int, float, float]:
    """Parameters, and the best of a few steps: milliseconds an image in training, predicting."""
    network = ENCODERS.load(encoder)({"values": (1, side, side)})
    network = network.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.0)
    images = {"values": torch.randn(BATCH, 1, side, side)}
    seconds: list[list[float]] = [[], []]
    for _ in range(STEPS):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bf16(torch.device("cpu"))):
            pooled = network.train()(images).pooled
        pooled.float().square().mean().backward()
        optimiser.step()
        optimiser.zero_grad()
        seconds[0].append(time.perf_counter() - start)
        start = time.perf_counter()
        with torch.inference_mode():
            network.eval()(images)
        seconds[1].append(time.perf_counter() - start)
    parameters = sum(p.numel() for p in network.parameters())
    return parameters, *(1000 * min(own) / BATCH for own in seconds)


def read_found(path: Path | None) -> Known:
    """What an earlier call measured."""
    if path is None or not path.exists():
        return {}
    lines = [Found(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    return {one.key: one for one in lines}


def table(found: list[Found]) -> str:
    """One row an encoder and study: mean over seeds and folds, spread of the seeds' means."""
    lines = [
        "| study | encoder | trainings | AUROC (sd) | log loss (sd) | parameters | "
        "ms an image, training | predicting |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for study, encoder in dict.fromkeys((one.study, one.encoder) for one in found):
        own = [one for one in found if (one.study, one.encoder) == (study, encoder)]
        lines.append(
            f"| {study} | {encoder} | {len(own)} | {_spread(own, 'auroc')} | "
            f"{_spread(own, 'log_loss')} | {own[0].parameters:,} | "
            f"{statistics.median(o.train_ms for o in own):.2f} | "
            f"{statistics.median(o.predict_ms for o in own):.2f} |"
        )
    return "\n".join(lines)


def _spread(own: list[Found], name: str) -> str:
    """Mean over all trainings, and the standard deviation of the seeds' means."""
    by_seed: dict[int, list[float]] = {}
    for one in own:
        by_seed.setdefault(one.seed, []).append(getattr(one, name))
    means = [statistics.mean(values) for values in by_seed.values()]
    sd = f" ({statistics.stdev(means):.4f})" if len(means) > 1 else ""
    return f"{statistics.mean(means):.4f}{sd}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("BEDSIDE_DATA"))
    parser.add_argument("--studies", choices=STUDIES, nargs="+", default=list(STUDIES))
    parser.add_argument("--encoders", nargs="+", default=["resnet"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8])
    parser.add_argument("--results", type=Path, help="one JSON line a training; goes on there")
    parser.add_argument("--costs", action="store_true", help="time steps on noise, learn nothing")
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
