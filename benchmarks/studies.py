"""Run a study of examples/ with several training seeds and print a Markdown table.

    python benchmarks/studies.py --data DIR --study pneumoniamnist --seeds 7 8 9 --output table.md

Enters: a study of examples/, the folder that its data lie in (--data or BEDSIDE_DATA; the
synthetic study needs none), training seeds. Leaves: one run folder a seed, and a table on
standard output: one line a seed, their mean and standard deviation, published numbers where
there are some, and the machine. With --runs DIR the runs are kept, and a benchmark that was
stopped goes on where it was.

Seeds change the training and the bootstrap; data, split and test part stay the same.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bedside
from bedside.progress import Progress

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DEFAULT_SEEDS = (7, 8, 9)
SECONDS = "benchmark-seconds.json"
"""Wall-clock seconds of a run so far, beside its metrics."""


@dataclass(frozen=True)
class Benchmark:
    """A study of examples/.

    Args:
        file: in examples/.
        data: name of its file or folder, and the key of the study that names it.
        files: in that folder, where the key names them and not the folder.
        published: method, and what others report for the same parts of the first two metrics.
        source: of the published numbers.
        metrics: the primary one first.
        headings: of the columns of these metrics.
    """

    file: str
    data: tuple[str, str] | None = None
    files: tuple[str, ...] = ()
    published: tuple[tuple[str, float, float], ...] = ()
    source: str = ""
    metrics: tuple[str, ...] = ("auroc", "accuracy", "ece")
    headings: tuple[str, ...] = ("AUROC", "ACC", "ECE")


STUDIES = {
    "pneumoniamnist": Benchmark(
        "pneumoniamnist.yaml",
        ("pneumoniamnist.npz", "data.npz"),
        published=(
            ("ResNet-18, 28 x 28", 0.944, 0.854),
            ("auto-sklearn", 0.942, 0.855),
            ("Google AutoML Vision", 0.991, 0.946),
        ),
        source="Yang et al. 2023, MedMNIST v2, doi:10.1038/s41597-022-01721-8",
    ),
    "adrenalmnist3d": Benchmark(
        "adrenalmnist3d.yaml",
        ("adrenalmnist3d.npz", "data.npz"),
        published=(
            ("ResNet-18, 3-D", 0.827, 0.721),
            ("auto-sklearn", 0.828, 0.802),
            ("AutoKeras", 0.804, 0.705),
        ),
        source="Yang et al. 2023, MedMNIST v2, doi:10.1038/s41597-022-01721-8",
    ),
    "hippocampus": Benchmark(
        "hippocampus.yaml",
        ("Task04_Hippocampus", "data.decathlon"),
        metrics=("dice", "dice_anterior", "dice_posterior", "hd95_mm", "assd_mm"),
        headings=("Dice", "anterior", "posterior", "HD95 mm", "ASSD mm"),
    ),
    "ncbi-disease": Benchmark(
        "ncbi_disease.yaml",
        ("ncbi_disease", "data.annotated"),
        ("train.tsv", "devel.tsv", "test.tsv"),
        metrics=("entity_f1", "entity_precision", "entity_recall", "relaxed_f1", "entity_ece"),
        headings=("entity F1", "precision", "recall", "relaxed F1", "ECE"),
    ),
    "nih": Benchmark("nih_chest_xray.yaml", ("nih_chest_xray/labels.csv", "data.table")),
    "synthetic": Benchmark("chest_xray_synthetic.yaml"),
}


@dataclass(frozen=True)
class Result:
    """One seed: its metrics.json, its environment.json and the seconds of its run."""

    seed: int
    metrics: dict[str, Any]
    environment: dict[str, Any]
    seconds: float


def main() -> int:
    options = _options()
    benchmark = STUDIES[options.study]
    overrides = [*data_override(benchmark, options.data), *options.overrides]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(options.runs or scratch) / options.study
        folder.mkdir(parents=True, exist_ok=True)
        # a copy, so that the count of looks does not land in examples/
        copied = Path(shutil.copy(EXAMPLES / benchmark.file, folder / benchmark.file))
        results = []
        for seed in options.seeds:
            study = bedside.Study.load(copied, overrides=[*overrides, f"training.seed={seed}"])
            results.append(run_seed(study, folder / f"seed-{seed}"))
            print(f"seed {seed}: {line(results[-1], benchmark)}", file=sys.stderr)
    text = report(options.study, results, options.overrides)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("BEDSIDE_DATA"))
    parser.add_argument("--study", choices=STUDIES, default="pneumoniamnist")
    parser.add_argument("--seeds", type=int, nargs="+", default=DEFAULT_SEEDS)
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--runs", type=Path, help="keep the runs here, and go on with them")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


def data_override(benchmark: Benchmark, folder: Path | None) -> list[str]:
    """Where the study's data lie: the first such file in or below the folder."""
    if benchmark.data is None:
        return []
    name, key = benchmark.data
    if folder is None:
        raise SystemExit(f"--data: name the folder that holds {name}, or set BEDSIDE_DATA.")
    found = sorted(Path(folder).rglob(name))
    if not found:
        raise SystemExit(f"--data: {name} is not in or below this folder.")
    place = found[0].resolve()
    if benchmark.files:
        return [f"{key}={json.dumps([str(place / file) for file in benchmark.files])}"]
    groups = [place / "groups.csv"] if (place / "groups.csv").is_file() else []
    return [
        f"{key}={json.dumps(str(place))}",
        *(f"data.groups={json.dumps(str(table))}" for table in groups),
    ]


def run_seed(study: bedside.Study, folder: Path) -> Result:
    """Run one seed, or take the run of this very study that is there already."""
    clock = folder / SECONDS
    before = json.loads(clock.read_text()) if clock.exists() else 0.0
    done = (folder / "report.html").exists() and clock.exists()
    if not (done and (folder / "study.yaml").read_text(encoding="utf-8") == study.dump()):
        start = time.perf_counter()
        try:
            bedside.run(study, folder, resume=True, progress=Progress())
        finally:
            if (folder / "checkpoint").exists():
                clock.write_text(json.dumps(before + time.perf_counter() - start))
    finished = bedside.open_run(folder)
    environment = json.loads(finished.folder.environment.read_text(encoding="utf-8"))
    return Result(study.training.seed, finished.metrics, environment, json.loads(clock.read_text()))


def line(result: Result, benchmark: Benchmark) -> str:
    """The cells of one seed."""
    metrics = result.metrics
    first, *others = benchmark.metrics
    deep, peer = (metrics["models"][metrics[which]] for which in ("deep", "best_baseline"))
    return " | ".join(
        [
            f"{_interval(deep[first])}",
            f"{metrics['best_baseline']} {_number(peer[first]['value'])}",
            _interval(metrics["difference"], sign="+"),
            metrics["verdict"],
            *(_number(deep[name]["value"]) for name in others),
            f"{result.seconds:.0f}",
        ]
    )


def report(name: str, results: list[Result], overrides: list[str]) -> str:
    """The whole table with what one must know to read it."""
    benchmark = STUDIES[name]
    first_heading, *other_headings = benchmark.headings
    first = results[0]
    models = first.metrics
    lines = [
        f"{name}: {models['cases']} test cases; deep model {models['deep']}; intervals "
        f"{models['confidence']:.0%}.",
        *([f"Settings: {', '.join(overrides)}."] if overrides else []),
        "",
        f"| seed | {first_heading} deep | best peer, {first_heading} | difference | verdict | "
        f"{' | '.join(other_headings)} | seconds |",
        "|---" * (6 + len(other_headings)) + "|",
        *(f"| {result.seed} | {line(result, benchmark)} |" for result in results),
    ]
    if len(results) > 1:
        lines.append(f"| mean (sd) | {summary(results, benchmark)} |")
    for method, one, other in benchmark.published:
        lines.append(f"| {method} | {one:.3f} | | | | {other:.3f} |{' |' * len(other_headings)}")
    if benchmark.source:
        lines += ["", f"Published: {benchmark.source}."]
    return "\n".join([*lines, "", machine(first.environment)])


def summary(results: list[Result], benchmark: Benchmark) -> str:
    """Mean and standard deviation over seeds."""
    deep = [r.metrics["models"][r.metrics["deep"]] for r in results]
    peers = [r.metrics["models"][r.metrics["best_baseline"]] for r in results]
    better = sum(r.metrics["verdict"] == "deep better" for r in results)
    name, *names = benchmark.metrics
    columns = [
        [entry[name]["value"] for entry in deep],
        [entry[name]["value"] for entry in peers],
        [r.metrics["difference"]["value"] for r in results],
        *([entry[other]["value"] for entry in deep] for other in names),
    ]
    first, peer, difference, *others = map(_mean_and_sd, columns)
    seconds = statistics.mean(r.seconds for r in results)
    verdict = f"deep better {better} of {len(results)}"
    cells = [first, peer, difference, verdict, *others, f"{seconds:.0f}"]
    return " | ".join(cells)


def machine(environment: dict[str, Any]) -> str:
    """Processor, threads and versions of the first run."""
    libraries = environment["libraries"]
    precision = " and ".join(sorted({r["precision"] for r in environment["training"].values()}))
    used = ", ".join(f"{n} {libraries[n]}" for n in ("torch", "scikit-learn", "lightgbm"))
    return (
        f"Machine: {environment['cpu']}, {environment['threads']} threads, "
        f"{environment['platform']}; trained in {precision}; "
        f"Python {environment['python']}, "
        f"bedside {environment['bedside']}, {used}."
    )


def _mean_and_sd(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return "n/a"
    return f"{statistics.mean(known):.3f} ({statistics.stdev(known):.3f})"


def _interval(entry: dict[str, Any], *, sign: str = "") -> str:
    if entry["low"] is None:
        return _number(entry["value"], sign=sign)
    return f"{entry['value']:{sign}.3f} ({entry['low']:{sign}.3f} to {entry['high']:{sign}.3f})"


def _number(value: float | None, *, sign: str = "") -> str:
    return "n/a" if value is None else f"{value:{sign}.3f}"


if __name__ == "__main__":
    sys.exit(main())
