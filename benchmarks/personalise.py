"""Personalise a forecast of glucose for people it was not trained on, and print what changed.

    python benchmarks/personalise.py --data DIR --seeds 10 11 12 --output table.md

Enters: the folder that hall.csv (Hall et al. 2018, 57 people, columns id, time, gl) lies in
(--data or BEDSIDE_DATA). Leaves: a table on standard output. With --runs DIR the runs are
kept, and a benchmark that was stopped goes on where it was.

17 people, drawn once, are set aside: method and constants of `bedside personalise` were chosen
on them, and nothing here is reported of them. The other 40 are cut into two halves by each
seed: the model learns from the 17 and one half, and every person of the other half is
personalised with the command's own function, then the other way round. So each person is
reported once a seed, by a model that never saw that person.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import bedside
from bedside.progress import Progress

ASIDE = 17
WORSE = 0.02
"""A rise of the error above this share counts as worse."""
REPLICATES = 10_000
OUTCOMES = "outcomes.json"
METRICS = ("rmse_pooled", "mae_pooled")
Rows = dict[str, list[list[str]]]


def main() -> int:
    options = _options()
    readings = read_people(find_table(options.data))
    outcomes: dict[int, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for seed in options.seeds:
            folder = Path(options.runs or scratch) / f"seed-{seed}"
            outcomes[seed] = run_seed(readings, folder, seed)
            print(f"seed {seed}: {len(outcomes[seed])} people", file=sys.stderr)
    text = report(outcomes)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("BEDSIDE_DATA"))
    parser.add_argument("--seeds", type=int, nargs="+", default=(10, 11, 12))
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--runs", type=Path, help="keep the runs here, and go on with them")
    return parser.parse_args()


def find_table(folder: Path | None) -> Path:
    """The first hall.csv in or below the folder."""
    if folder is None:
        raise SystemExit("--data: name the folder that holds hall.csv, or set BEDSIDE_DATA.")
    found = sorted(Path(folder).rglob("hall.csv"))
    if not found:
        raise SystemExit("--data: hall.csv is not in or below this folder.")
    return found[0]


def read_people(table: Path) -> Rows:
    """Person -> rows (id, time, gl)."""
    people: Rows = defaultdict(list)
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            people[row["id"]].append([row["id"], row["time"], row["gl"]])
    return dict(people)


def halves(people: list[str], seed: int) -> tuple[list[str], list[str], list[str]]:
    """Who is set aside, the same whatever the seed, and the two halves of the others."""
    drawn = np.random.default_rng(0).permutation(len(people))
    names = sorted(people)
    aside, others = [names[i] for i in drawn[:ASIDE]], [names[i] for i in sorted(drawn[ASIDE:])]
    order = np.random.default_rng(seed).permutation(len(others))
    middle = len(others) // 2
    return aside, [others[i] for i in order[:middle]], [others[i] for i in order[middle:]]


def run_seed(readings: Rows, folder: Path, seed: int) -> list[dict[str, Any]]:
    """Train on each half and personalise the other, or take what is there already."""
    aside, one, other = halves(list(readings), seed)
    found: list[dict[str, Any]] = []
    for number, (learn, tell) in enumerate([(one, other), (other, one)], start=1):
        place = folder / f"half-{number}"
        done = place / OUTCOMES
        if not done.exists():
            place.mkdir(parents=True, exist_ok=True)
            package = _train(readings, [*aside, *learn], place=place, seed=seed)
            done.write_text(json.dumps(_personalise(readings, tell, package=package)))
        found += json.loads(done.read_text())
    return found


def _train(readings: Rows, people: list[str], *, place: Path, seed: int) -> Path:
    table, study = place / "learn.csv", place / "study.yaml"
    _write(table, [row for person in people for row in readings[person]])
    study.write_text(
        "name: hall\n"
        "data: {table: learn.csv, patient: id, time: time}\n"
        "inputs: {glucose: {modality: signal, column: gl, unit: mg/dL}}\n"
        "target: {task: forecast}\n"
        f"split: {{by: time_within_patient, seed: {seed}}}\n"
        f"training: {{seed: {seed}}}\n"
        "baselines: [persistence]\n"
        "evaluation: {bootstrap: 200}\n"
    )
    run = bedside.run(
        bedside.Study.load(study), place / "run", resume=True, progress=Progress(quiet=True)
    )
    return run.folder.package


def _personalise(readings: Rows, people: list[str], *, package: Path) -> list[dict[str, Any]]:
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "patient.csv"
        for number, person in enumerate(people):
            _write(table, readings[person])
            outcome: dict[str, Any] = {"person": person, "record": None}
            try:
                made = bedside.personalise(package, table, Path(scratch) / f"out-{number}")
                outcome["record"] = made.record
            except bedside.BedsideError as error:
                if "days' worth of forecasts" not in str(error):
                    raise
            found.append(outcome)
    return found


def _write(table: Path, rows: list[list[str]]) -> None:
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "time", "gl"])
        writer.writerows(rows)


def changes(outcomes: list[dict[str, Any]], metric: str) -> dict[str, float]:
    """Person -> relative change of the error on later days, 0 where the model was kept."""
    found = {}
    for outcome in outcomes:
        if outcome["record"] is not None:
            row = outcome["record"]["metrics"][metric]
            found[outcome["person"]] = row["after"]["value"] / row["before"]["value"] - 1
    return found


def mean_change(by_seed: list[dict[str, float]]) -> tuple[float, float, float]:
    """Mean over people of their mean over seeds, with its 95 % interval over people."""
    people = sorted({person for seed in by_seed for person in seed})
    own = np.array(
        [np.mean([seed[person] for seed in by_seed if person in seed]) for person in people]
    )
    drawn = np.random.default_rng(0).integers(len(own), size=(REPLICATES, len(own)))
    low, high = np.quantile(own[drawn].mean(axis=1), [0.025, 0.975])
    return float(own.mean()), float(low), float(high)


def report(outcomes: dict[int, list[dict[str, Any]]]) -> str:
    """The whole table."""
    lines = [
        "| seed | people | too few days | kept as it was | RMSE change | MAE change "
        "| RMSE worse by over 2 % | MAE worse by over 2 % | 80 % interval holds, before | after |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(str(seed), [own]) for seed, own in outcomes.items()]
    if len(outcomes) > 1:
        lines.append(_line("all", list(outcomes.values())))
    return "\n".join(lines)


def _line(name: str, outcomes: list[list[dict[str, Any]]]) -> str:
    everyone = [outcome for own in outcomes for outcome in own]
    records = [outcome["record"] for outcome in everyone if outcome["record"] is not None]
    kept = sum(record["decision"] != "adapted" for record in records)
    cells = [name, str(len(everyone)), str(len(everyone) - len(records)), str(kept)]
    worse = []
    for metric in METRICS:
        by_seed = [changes(own, metric) for own in outcomes]
        value, low, high = mean_change(by_seed)
        cells.append(f"{value:+.2%} ({low:+.2%} to {high:+.2%})")
        each = [change for seed in by_seed for change in seed.values()]
        worse.append(f"{sum(c > WORSE for c in each)} of {len(each)}")
    cells += worse
    for when in ("before", "after"):
        covers = [record["metrics"]["coverage_80"][when]["value"] for record in records]
        cells.append(f"{np.mean(covers):.3f}")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    raise SystemExit(main())
