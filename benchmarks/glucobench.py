"""The protocol of GlucoBench, one hour ahead, on its Broll and Hall sets.

    python benchmarks/glucobench.py --data DIR --set broll --output results.jsonl
    python benchmarks/glucobench.py --summary results.jsonl

Enters: the folder that holds broll.csv and hall.csv (--data or BEDSIDE_DATA). For each
seed the protocol's parts are written beside the readings of a long table, and bedside's
own code does the rest: windows, training, peers, calibration, metrics. Leaves: a line of
JSON a seed and study, and a Markdown table of their means beside the published numbers.

Two studies a seed: `protocol` with the published history of least squares (192 or 84
points) and the two peers that check the protocol, and `default`, a study as bedside
writes it by default. Both are scored on the same forecasts. Nothing may be chosen by
these numbers: with --validation only the validation part is printed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bedside
from bedside.audit.gathering import gather, split_cases
from bedside.baselines.fitting import fit_baselines
from bedside.data.series import Channel, Grid, Segment, Stretch, cut
from bedside.evaluation.judge import judge_models
from bedside.evaluation.record import make_exam
from bedside.models.network import as_callable
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.training.candidates import candidate_encoders, make_job
from bedside.training.loop import train

STEP = 5
STRIDE = 30
SEEDS = tuple(range(10, 20))
PROTOCOL_PEERS = ["persistence", "least-squares"]
NAMES = ("rmse_median_window", "mae_median_window", "rmse_pooled", "mae_pooled", "coverage_80",
         "coverage_95")  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One set and its protocol.

    Args:
        gap: minutes above which a segment ends.
        length: L, points of a part; shorter segments are dropped.
        context: M, points that a part's first forecast looks back on.
        lags: history of the published least squares.
        published: model -> median RMSE, median MAE, mean-window RMSE, in distribution.
    """

    gap: int
    length: int
    context: int
    lags: int
    published: dict[str, tuple[float, float, float]]


SETS = {
    "broll": Source(45, 240, 192, 192, {
        "ARIMA": (10.53, 8.67, 20.38), "Linear": (11.68, 9.71, 19.43),
        "XGBoost": (12.80, 11.50, 20.53), "Gluformer": (14.19, 12.55, 22.21),
        "Latent ODE": (14.37, 12.32, 23.26), "NHiTS": (13.79, 12.07, 22.03),
        "TFT": (13.73, 11.07, 24.35), "Transformer": (15.12, 13.20, 21.78),
    }),
    "hall": Source(30, 192, 144, 84, {
        "ARIMA": (8.63, 7.34, 18.14), "Linear": (7.38, 6.33, 14.10),
        "XGBoost": (7.58, 6.55, 15.74), "Gluformer": (7.74, 6.69, 13.91),
        "Latent ODE": (7.13, 6.11, 13.79), "NHiTS": (7.68, 6.57, 14.89),
        "TFT": (7.92, 6.61, 14.28), "Transformer": (7.89, 6.78, 14.61),
    }),
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """One segment of one person on the grid, with the part of each point."""

    person: str
    segment: Segment
    part: np.ndarray[Any, Any]


def main() -> int:
    options = _options()
    if options.summary:
        print(summary(options.summary))
        return 0
    source, done = SETS[options.set], set()
    if options.output and options.output.exists():
        lines = options.output.read_text().splitlines()
        done = {(r["set"], r["study"], r["seed"]) for r in map(json.loads, lines)}
    pieces = read(options.data / f"{options.set}.csv", source)
    for seed in options.seeds:
        for name in options.studies:
            if (options.set, name, seed) in done:
                continue
            found = run_seed(options, source, pieces, seed=seed, name=name)
            text = json.dumps(found)
            print(text if options.verbose else _brief(found), file=sys.stderr)
            if options.output:
                with options.output.open("a") as stream:
                    stream.write(text + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("BEDSIDE_DATA"))
    parser.add_argument("--set", choices=SETS, default="broll")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--studies", nargs="+", default=["protocol", "default"])
    parser.add_argument("--output", type=Path, help="append results here, and skip those there")
    parser.add_argument("--summary", type=Path, help="print the table of a file of results")
    parser.add_argument("--validation", action="store_true", help="tell nothing of test parts")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--override", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    if options.summary is None and options.data is None:
        parser.error("--data or BEDSIDE_DATA must name the folder of broll.csv and hall.csv")
    if options.data is not None:
        options.data = Path(options.data)
        inner = options.data / "glucose"
        options.data = inner if inner.is_dir() else options.data
    return options


def read(path: Path, source: Source) -> list[Piece]:
    """Segments as the protocol cuts them, on the grid, in the table's order of persons."""
    table = pd.read_csv(path)
    table["minute"] = pd.to_datetime(table["time"]).dt.round("1min").astype("datetime64[s]")
    grid = Grid(STEP, source.gap, 1, (Channel("gl"),))
    pieces = []
    for person, readings in table.groupby("id"):
        own = readings.sort_values("minute")
        minutes = own["minute"].to_numpy().astype(np.int64) // 60
        values = own["gl"].to_numpy(dtype=float)
        edges = np.flatnonzero(np.diff(minutes) > source.gap) + 1
        for rows in np.split(np.arange(len(minutes)), edges):
            if len(rows) >= source.length:
                (segment,) = cut(Stretch(minutes[rows], values[rows, None]), grid)
                pieces.append(Piece(str(person), segment, np.full(len(segment), "train", object)))
    return pieces


def parted(pieces: list[Piece], source: Source, seed: int) -> Iterator[Piece]:
    """The same segments with the parts that the protocol draws for a seed."""
    people = list(dict.fromkeys(piece.person for piece in pieces))
    count = math.ceil(0.1 * len(people))
    held = np.random.RandomState(seed).choice(people, count, replace=False)
    for person in people:
        own = [Piece(p.person, p.segment, p.part.copy()) for p in pieces if p.person == person]
        if person in held:
            for piece in own:
                piece.part[:] = "held_out_patients"
                piece.part[: source.context] = ""
        else:
            _share_out(own, source)
        yield from own


def _share_out(own: list[Piece], source: Source) -> None:
    """Test and validation of one person: the ends of the last segment, or of the one before."""
    length, context = source.length, source.context
    last, before = own[-1].part, own[-2].part if len(own) > 1 else None
    if len(last) >= context + 3 * length:
        last[-length:], last[-2 * length : -length] = "test", "validation"
    elif len(last) >= context + 2 * length:
        if before is not None:
            last[:context], last[context:-length] = "", "validation"
        last[-length:] = "test"
    elif before is not None:
        last[:context], last[context:] = "", "test"
        if len(before) >= context + 2 * length:
            before[-length:] = "validation"


def run_seed(
    options: argparse.Namespace, source: Source, pieces: list[Piece], *, seed: int, name: str
) -> dict[str, Any]:
    """One study on the parts of one seed."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_table(folder / "table.csv", list(parted(pieces, source, seed)))
        study = make_study(folder, source, seed=seed, name=name, overrides=options.override)
        start = time.perf_counter()
        metrics, training = judged(study, folder)
    models = {"test": metrics["models"]}
    models |= {part: found["models"] for part, found in metrics["other_parts"].items()}
    found: dict[str, Any] = {
        "set": options.set, "seed": seed, "study": name, "deep": metrics["deep"],
        "seconds": round(time.perf_counter() - start, 1), "training": training,
        "validation": metrics["validation"],
    }  # fmt: skip
    if not options.validation:
        found["parts"] = {
            part: {
                model: {key: table[key]["value"] for key in NAMES if key in table}
                for model, table in tables.items()
            }
            for part, tables in models.items()
        }
    return found


def write_table(path: Path, pieces: list[Piece]) -> None:
    frames = []
    for piece in pieces:
        steps = piece.segment.first_minute + STEP * np.arange(len(piece.segment))
        frames.append(
            pd.DataFrame(
                {
                    "id": piece.person,
                    "time": steps.astype("datetime64[m]").astype("datetime64[s]"),
                    "gl": piece.segment.values[:, 0],
                    "part": piece.part,
                }
            )
        )
    pd.concat(frames).to_csv(path, index=False)


def make_study(
    folder: Path, source: Source, *, seed: int, name: str, overrides: list[str]
) -> bedside.Study:
    signal: dict[str, Any] = {
        "modality": "signal", "column": "gl", "unit": "mg/dL", "every_minutes": STEP,
        "longest_gap_minutes": source.gap,
    }  # fmt: skip
    words: dict[str, Any] = {
        "name": name,
        "data": {"table": "table.csv", "patient": "id", "time": "time"},
        "inputs": {"glucose": signal},
        "target": {"task": "forecast", "count_filled": True, "score_every_minutes": STRIDE},
        "split": {"by": "time_within_patient", "column": "part"},
        "training": {"seed": seed},
        "evaluation": {"bootstrap": 100},
        "device": "cpu",
    }
    if name == "protocol":
        signal |= {"history_minutes": STEP * source.lags, "time_of_day": False}
        words["baselines"] = PROTOCOL_PEERS
        words["model"] = {"encoders": {"glucose": "linear"}}
        words["training"]["epochs"] = 1
    path = folder / "study.yaml"
    path.write_text(json.dumps(words))
    return bedside.Study.load(path, overrides=overrides if name != "protocol" else [])


def judged(study: bedside.Study, folder: Path) -> tuple[dict[str, Any], Any]:
    """All models of a study, judged as a run judges them."""
    quiet, threads = Progress(quiet=True), os.cpu_count() or 1
    materials = gather(study, threads=threads, progress=quiet, beside=folder)
    run = RunFolder(folder / "run")
    split = split_cases(materials)
    prepared = materials.prepared(split, folder=run, progress=quiet)
    exam = make_exam(study, materials.cohort, prepared, task=materials.task)
    outputs, epochs = {}, {}
    for encoders in candidate_encoders(study, materials.modalities, materials.task):
        job = make_job(
            study, encoders, modalities=materials.modalities, preparation=prepared,
            task=materials.task, state=exam.state,
        )  # fmt: skip
        story = train(job, progress=quiet)
        call = as_callable(job.network)
        others = {part: own for part, own in prepared.parts.items() if part != "train"}
        outputs[job.name] = {part: call(own.arrays) for part, own in others.items()}
        epochs[job.name] = [story.best_epoch, story.epoch]
    names = materials.task.baselines if study.baselines == "auto" else study.baselines
    peers = fit_baselines(
        names, materials.modalities, prepared.parts,
        state=exam.state, seed=study.training.seed, threads=threads, progress=quiet,
    )  # fmt: skip
    return judge_models(exam, outputs, peers).metrics, epochs


def _brief(found: dict[str, Any]) -> str:
    where = found.get("parts", {}).get("test")
    marks = {m: t["rmse_pooled"] for m, t in where.items()} if where else found["validation"]
    shown = ", ".join(f"{model} {mark:.2f}" for model, mark in marks.items())
    part = "test" if where else "validation"
    head = f"{found['set']} {found['study']} seed {found['seed']} ({found['seconds']} s)"
    return f"{head}, {part}: {shown}"


def summary(path: Path) -> str:
    """Means over seeds, beside the published numbers."""
    results = [json.loads(line) for line in path.read_text().splitlines()]
    lines = []
    for name in dict.fromkeys(r["set"] for r in results):
        own = [r for r in results if r["set"] == name]
        seeds = sorted({r["seed"] for r in own})
        lines += [f"## {name.title()}, mean of seeds {seeds[0]} to {seeds[-1]} ({len(seeds)})", ""]
        for part, title in (("test", "In distribution"), ("held_out_patients", "Held-out people")):
            lines += [f"{title}:", "", *_table(own, part), ""]
        lines += ["Published, in distribution:", "", *_published(SETS[name]), ""]
    return "\n".join(lines)


def _table(results: list[dict[str, Any]], part: str) -> list[str]:
    reference = _means(results, "protocol", part)["least-squares"]["rmse_pooled"]
    numbers = ["median RMSE", "median MAE", "mean-window RMSE", "to least squares", "80 %", "95 %"]
    lines = [
        f"| model | history | {' | '.join(numbers)} |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for study, history in (("protocol", "as published"), ("default", "default")):
        for model, means in _means(results, study, part).items():
            if study == "protocol" and model not in PROTOCOL_PEERS:
                continue
            cells = [f"{means[key]:.2f}" for key in NAMES[:3]]
            cells.append(f"{means['rmse_pooled'] / reference:.3f}")
            cells += [f"{means[key]:.3f}" for key in NAMES[4:]]
            lines.append(f"| {model} | {history} | {' | '.join(cells)} |")
    return lines


def _means(results: list[dict[str, Any]], study: str, part: str) -> dict[str, dict[str, float]]:
    own = [r["parts"][part] for r in results if r["study"] == study]
    if not own:
        return {}
    return {m: {k: float(np.mean([r[m][k] for r in own])) for k in own[0][m]} for m in own[0]}


def _published(source: Source) -> list[str]:
    lines = ["| model | median RMSE | median MAE | mean-window RMSE |", "|---|---:|---:|---:|"]
    for model, numbers in source.published.items():
        lines.append(f"| {model} | {' | '.join(f'{number:.2f}' for number in numbers)} |")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
