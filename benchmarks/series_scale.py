"""A long table of ten million readings: read, audited, split, windowed, trained one epoch.

    python benchmarks/series_scale.py [--points 10000000] [--patients 500] [--encoder dense]

Leaves: seconds of each stage and the peak memory of the process, as a Markdown table. The
readings are made first, in another process that is not measured: 20 virtual people of
`synthetic: glucose`, each copied under new names with a gain, an offset and sensor noise of
its own, and 3 % of the readings missing in stretches. Promise: 10 million points of 500
patients within 2 GiB and 10 minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

PEOPLE = 20
DAY = 288
STRETCH = 24
MISSING = 0.03


def main() -> int:
    options = _options()
    if options.make:
        make(options.make, points=options.points, patients=options.patients)
        return 0
    if options.measure:
        print(json.dumps(measure(options.measure, options)))
        return 0
    shape = ["--points", str(options.points), "--patients", str(options.patients)]
    shape += ["--encoder", options.encoder, "--windows", str(options.windows)]
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        table = Path(scratch) / "readings.csv"
        for step in ("--make", "--measure"):
            done = subprocess.run(
                [sys.executable, __file__, step, str(table), *shape],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
    print(report(json.loads(done.stdout), options))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--patients", type=int, default=500)
    parser.add_argument("--encoder", default="dense")
    parser.add_argument("--windows", type=int, default=50_000, help="drawn for the epoch")
    parser.add_argument("--folder", help="where the table lies meanwhile")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def make(path: Path, *, points: int, patients: int) -> None:
    """Write the long table: patient, time, glucose."""
    from bedside.data.synthetic import REGISTRY

    each = points // patients
    people = min(PEOPLE, patients)
    days = -(-each // DAY)
    made = REGISTRY.load("glucose")(patients=people, seed=7, days=days).table
    series = [own["plasma_glucose"].to_numpy() for _, own in made.groupby("patient", observed=True)]
    rng = np.random.default_rng(7)
    start = np.datetime64("2024-01-01T00:00:00", "s")
    clock = [str(t).replace("T", " ") for t in start + 300 * np.arange(each)]
    with path.open("w", encoding="utf-8") as stream:
        stream.write("patient,time,glucose\n")
        for patient in range(patients):
            true = series[patient % people][:each]
            read = rng.uniform(0.9, 1.1) * true + rng.normal(0, 5) + rng.normal(0, 3, each)
            cells = np.clip(np.rint(read), 40, 400).astype(int)
            gone = np.repeat(rng.random(-(-each // STRETCH)) < MISSING, STRETCH)[:each]
            name = f"p{patient:04d}"
            stream.writelines(
                f"{name},{clock[row]},{cells[row]}\n" for row in np.flatnonzero(~gone).tolist()
            )


def measure(table: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Go through the stages of a run up to the first epoch."""
    import bedside
    from bedside.audit.gathering import examine, gather, split_cases
    from bedside.evaluation.record import make_exam
    from bedside.progress import Progress
    from bedside.run_folder import RunFolder
    from bedside.training.candidates import make_job
    from bedside.training.loop import train

    words = {
        "data": {"table": str(table), "patient": "patient", "time": "time"},
        "inputs": {"glucose": {"modality": "signal", "column": "glucose", "unit": "mg/dL"}},
        "target": {"task": "forecast"},
        "split": {"by": "time_within_patient", "held_out_patients": 0.1},
        "model": {"encoders": {"glucose": options.encoder}},
        "training": {"epochs": 1, "cases_per_epoch": options.windows},
        "device": "cpu",
    }
    study = bedside.Study.parse(words)
    quiet, threads, stages = Progress(quiet=True), os.cpu_count() or 1, Stages()
    folder = RunFolder(table.parent / "run")
    materials = gather(study, threads=threads, progress=quiet, beside=table.parent)
    stages.done("read and cut into segments")
    split = split_cases(materials)
    stages.done("split")
    audit = examine(materials, parts=split.parts_of_cases())
    stages.done("audit")
    prepared = materials.prepared(split, folder=folder, progress=quiet)
    exam = make_exam(study, materials.cohort, prepared, task=materials.task)
    stages.done("windows and the task's state")
    job = make_job(
        study, {"glucose": options.encoder}, modalities=materials.modalities,
        preparation=prepared, task=materials.task, state=exam.state,
    )  # fmt: skip
    story = train(job, progress=quiet)
    stages.done("start from least squares, one epoch and validation")
    series = materials.cohort.series
    return {
        "stages": stages.seconds, "peak": stages.peak, "points": len(series.values),
        "segments": len(series), "readings": materials.cohort.readings.readings,
        "windows": {part: len(own) for part, own in prepared.parts.items()},
        "drawn": job.drawn, "findings": [f.check for f in audit.findings if f.severity != "note"],
        "loss": story.epochs[0]["validation_loss"],
    }  # fmt: skip


class Stages:
    """Seconds of each stage, and the peak memory after it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak: dict[str, int] = {}
        self._since = time.perf_counter()

    def done(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self._since = now - self._since, now
        self.peak[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def report(found: dict[str, Any], options: argparse.Namespace) -> str:
    windows = ", ".join(f"{part} {count:,}" for part, count in found["windows"].items())
    warned = ", ".join(found["findings"]) or "nothing to warn of"
    lines = [
        f"{found['readings']:,} readings of {options.patients} patients: {found['points']:,} "
        f"points in {found['segments']:,} segments; windows: {windows}; {found['drawn']:,} drawn "
        f"for the epoch of `{options.encoder}`; audit: {warned}.",
        "",
        "| stage | seconds | peak memory so far, GiB |",
        "|---|---:|---:|",
    ]
    for name, seconds in found["stages"].items():
        lines.append(f"| {name} | {seconds:.1f} | {found['peak'][name] / 2**30:.2f} |")
    total = sum(found["stages"].values())
    lines.append(f"| all | {total:.1f} | {max(found['peak'].values()) / 2**30:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
