"""Triage of chest X-ray reports: normal or not, by what human indexers made of them (Open-i).

    python benchmarks/openi_triage.py "$BEDSIDE_DATA" RUNS [--seeds 7 8 9] [--set training.epochs=2]

Reads ``text/openi/indiana_reports.csv`` below the folder and runs ``examples/openi_triage.yaml``
with default settings, once a seed, on one split. Left out are reports without findings, and those
of which the indexers say nothing but the quality of the film, or that they did not index it.
Leaves a run folder a seed and a Markdown table: the network beside logistic regression on TF-IDF.
With --write the table of the study is written, and nothing is trained.
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from bedside.pipeline import open_run, run
from bedside.progress import Progress
from bedside.study import Study

STUDY = Path(__file__).resolve().parent.parent / "examples" / "openi_triage.yaml"
NORMAL = "normal"
UNSAID = ("technical quality", "no indexing")
SHOWN = ("auroc", "auprc", "sensitivity", "specificity", "brier")


def triage_table(reports: pd.DataFrame) -> pd.DataFrame:
    """Reports with findings -> the columns of the study.

    Args:
        reports: with ``MeSH`` (headings, parted by semicolons), ``findings``, ``indication``.
    """
    own = reports[reports["findings"].notna()].copy()
    headings = [
        [heading.strip().casefold() for heading in cell.split(";") if heading.strip()]
        for cell in own["MeSH"].astype(str)
    ]
    telling = [[h for h in each if not h.startswith(UNSAID)] for each in headings]
    own["triage"] = [NORMAL if each == [NORMAL] else "abnormal" for each in telling]
    own = own[[bool(each) for each in telling]]
    own["indication"] = own["indication"].fillna("")
    words = [" ".join(re.findall(r"\w+", text.casefold())) for text in own["findings"]]
    own["same_text"] = pd.factorize(pd.Series(words))[0]
    return own[["same_text", "findings", "indication", "triage"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--set", dest="sets", action="append", default=[])
    parser.add_argument("--write", type=Path, help="only write the table of the study")
    asked = parser.parse_args()
    table = triage_table(pd.read_csv(asked.data / "text" / "openi" / "indiana_reports.csv"))
    asked.runs.mkdir(parents=True, exist_ok=True)
    place = asked.write or asked.runs / "triage.csv"
    table.to_csv(place, index=False)
    abnormal = (table["triage"] != NORMAL).mean()
    print(
        f"{len(table)} reports, {table['same_text'].nunique()} different, {abnormal:.3f} abnormal"
    )
    if asked.write:
        return 0
    print(f"| seed | model | {' | '.join(SHOWN)} |\n|---|---|{'---:|' * len(SHOWN)}")
    for seed in asked.seeds:
        tell(seed, finished(asked.runs, place, seed=seed, sets=asked.sets))
    return 0


def finished(runs: Path, table: Path, *, seed: int, sets: list[str]) -> dict[str, Any]:
    """``metrics.json`` of one seed, whose run is made where it is not there yet."""
    folder = runs / f"seed-{seed}"
    if not (folder / "metrics.json").exists():
        own = [f"data.table={table.absolute()}", f"training.seed={seed}", "split.seed=7", *sets]
        study = Path(shutil.copy(STUDY, runs))  # looks at the test part are counted beside it
        run(Study.load(study, overrides=own), folder, resume=folder.exists(), progress=Progress())
    return open_run(folder).metrics


def tell(seed: int, metrics: dict[str, Any]) -> None:
    """Two rows of the table, the difference and the verdict."""
    for name in (metrics["deep"], metrics["best_baseline"]):
        cells = [_told(metrics["models"][name][metric]) for metric in SHOWN]
        print(f"| {seed} | `{name}` | {' | '.join(cells)} |")
    print(f"seed {seed}, {metrics['cases']} reports: difference in AUROC ", end="")
    print(f"{_told(metrics['difference'])}, {metrics['verdict']}", flush=True)


def _told(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


if __name__ == "__main__":
    raise SystemExit(main())
