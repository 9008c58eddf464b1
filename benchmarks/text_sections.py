"""Classify the dialogues of MTS-Dialog by section of the note, on both of its test sets.

    python benchmarks/text_sections.py --data DIR --seeds 7 8 9 --runs RUNS --output text.md

Enters: the folder with MTS-Dialog's four files (--data, or ``text/mts_dialog`` in BEDSIDE_DATA)
and training seeds. Leaves: one run folder a seed and test set, and a Markdown table: accuracy
and AUROC of the network and of TF-IDF with logistic regression, their intervals, and their
difference. With --write a table of one test set is written, and nothing is trained.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from bedside.pipeline import open_run, run
from bedside.progress import Progress
from bedside.study import Study

STUDY = Path(__file__).resolve().parent.parent / "examples" / "mts_dialog_sections.yaml"
TRAINING, VALIDATION = "MTS-Dialog-TrainingSet.csv", "MTS-Dialog-ValidationSet.csv"
TESTS = {
    1: "MTS-Dialog-TestSet-1-MEDIQA-Chat-2023.csv",
    2: "MTS-Dialog-TestSet-2-MEDIQA-Sum-2023.csv",
}
COLUMNS = ("part", "section_header", "dialogue")
SHOWN = ("accuracy", "auroc")


def main() -> int:
    options = _options()
    if options.write:
        write_table(options.data, options.write, test=options.test)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        runs = options.runs or Path(folder)
        rows = [
            line
            for test in sorted(TESTS)
            for seed in options.seeds
            for line in _lines(finished(options.data, runs, test=test, seed=seed), test, seed)
        ]
    head = "| test set | seed | model | accuracy | AUROC | difference in AUROC |"
    text = "\n".join([head, "|---|---|---|---|---|---|", *rows]) + "\n"
    sys.stdout.write(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


def write_table(data: Path, path: Path, *, test: int) -> Path:
    """Join training, validation and one test set into one table."""
    files = {"train": TRAINING, "validation": VALIDATION, "test": TESTS[test]}
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for part, name in files.items():
            with (data / name).open(newline="", encoding="utf-8-sig") as source:
                for row in csv.DictReader(source):
                    table.writerow([part, row["section_header"], row["dialogue"]])
    return path


def finished(data: Path, runs: Path, *, test: int, seed: int) -> dict[str, Any]:
    """``metrics.json`` of one run, which is made where it is not there yet."""
    folder = runs / f"test{test}-seed{seed}"
    if not (folder / "metrics.json").exists():
        runs.mkdir(parents=True, exist_ok=True)
        table = write_table(data, runs / f"test{test}.csv", test=test)
        study = Study.load(
            STUDY, overrides=[f"data.table={table.resolve()}", f"training.seed={seed}"]
        )
        run(study, folder, resume=folder.exists(), progress=Progress())
    return open_run(folder).metrics


def _lines(metrics: dict[str, Any], test: int, seed: int) -> list[str]:
    names = [metrics["deep"], metrics["best_baseline"]]
    found = metrics["difference"]
    difference = f"{found['value']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"
    lines = []
    for name in names:
        values = [_told(metrics["models"][name][metric]) for metric in SHOWN]
        last = difference if name == metrics["deep"] else ""
        lines.append(f"| {test} | {seed} | `{name}` | {' | '.join(values)} | {last} |")
    return lines


def _told(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    root = os.environ.get("BEDSIDE_DATA")
    default = Path(root) / "text" / "mts_dialog" if root else None
    parser.add_argument("--data", type=Path, default=default, required=default is None)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--runs", type=Path, help="keep the runs here, and go on with them")
    parser.add_argument("--output", type=Path, help="write the table here as well")
    parser.add_argument("--write", type=Path, help="only write the table of one test set")
    parser.add_argument("--test", type=int, choices=sorted(TESTS), default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
