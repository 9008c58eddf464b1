"""A task of the Medical Segmentation Decathlon in folds, beside what others reached.

Enters: a folder in the Decathlon's layout. Leaves: a run a fold, and a table of all finished
folds as Markdown and JSON. The cases of a fold are its test part and are looked at once;
training and validation are drawn from the others, by patient where patients are known. A
benchmark that was stopped goes on where it was.
"""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.data.decathlon_source import DATASET, read_decathlon
from bedside.errors import StudyError, nearest, sentence
from bedside.pipeline import open_run, run
from bedside.reporting.formatting import number
from bedside.run_folder import RunFolder, holds_run, write_json, write_text
from bedside.study import Study

if TYPE_CHECKING:
    from bedside.data.raw_cases import RawCases
    from bedside.progress import Progress
    from bedside.schema import Array

VALIDATION = 0.2
"""Of the cases that are not in the test fold."""
SEED = 7
CASES, STUDY, RECORD, TABLE = "cases.csv", "study.yaml", "decathlon.json", "decathlon.md"
METRICS = ("dice", "hd95_mm", "assd_mm")
PUBLISHED: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "Task04_Hippocampus": (
        {
            "method": "nnU-Net",
            "dice": {"anterior": 0.90, "posterior": 0.89},
            "measured_on": "five folds of all 260 training cases, other folds than here",
            "source": "Isensee 2021, doi:10.1038/s41592-020-01008-z",
        },
    ),
}
"""Task -> what others report; only numbers whose source was looked up stand here."""


@dataclass(frozen=True)
class Asked:
    """What is to be run.

    Args:
        task: name of the task's folder, such as ``Task04_Hippocampus``.
        root: the folder that it lies in.
        folds: how many folds the cases are dealt into.
        only: the folds that are run, from 0; None for all.
        groups: table of case and patient; None takes ``groups.csv`` of the task's folder where
            there is one.
        overrides: words of the study file, as ``--set`` takes them.
    """

    task: str
    root: Path
    folds: int = 5
    only: Sequence[int] | None = None
    groups: Path | None = None
    overrides: Sequence[str] = ()


def run_decathlon(asked: Asked, output: Path, *, progress: Progress) -> dict[str, Any]:
    """Run the folds that are asked for, then write the table of all that are finished.

    Args:
        asked: what.
        output: folder for the runs and the table.
        progress: who is told.

    Returns:
        What ``decathlon.json`` holds.

    Raises:
        StudyError: there is no such task, or a fold that is asked for is not among them.
        BedsideError: what a run raises.
    """
    wanted = range(asked.folds) if asked.only is None else sorted(set(asked.only))
    if not wanted or wanted[0] < 0 or wanted[-1] >= asked.folds:
        raise StudyError(
            sentence(
                "--fold",
                expected=f"folds from 0 to {asked.folds - 1}",
                got="another one",
                remedy="Correct it, or --folds",
            )
        )
    write_study(asked, output, progress=progress)
    for fold in wanted:
        place, study = _place(output, fold), _study(asked, output, fold)
        if not holds_run(RunFolder(place), study.dump()):
            progress.say(f"{asked.task}, fold {fold} of {asked.folds}")
            run(study, place, resume=True, progress=progress)
    record = _record(asked, output)
    write_json(output / RECORD, record)
    write_text(output / TABLE, table_of(record))
    return record


def _place(output: Path, fold: int) -> Path:
    return output / f"fold-{fold}"


def _study(asked: Asked, output: Path, fold: int) -> Study:
    words = [*asked.overrides, f"split.column={_column(fold)}"]
    return Study.load(output / STUDY, overrides=words)


def write_study(asked: Asked, output: Path, *, progress: Progress) -> None:
    """Write the table of cases, with their part in every fold, and the study that reads it.

    Raises:
        StudyError: there is no such task, or another benchmark was begun in the folder.
    """
    folder = _folder_of(asked)
    own = folder / "groups.csv"
    groups = asked.groups or (own if own.is_file() else None)
    raw = read_decathlon(folder, groups=groups)
    known = raw.patient is not None
    say = "by patient" if known else "by case, since no table says whose each is"
    progress.say(f"{asked.task}: {len(raw.cases)} cases, dealt into {asked.folds} folds {say}.")
    units = raw.cases["patient" if known else "case_id"].to_numpy(dtype=str)
    own_columns = ("case_id", "image", "mask", *(("patient",) if known else ()))
    columns: dict[str, Array] = {name: raw.cases[name].to_numpy() for name in own_columns}
    for fold, parts in enumerate(fold_parts(units, asked.folds)):
        columns[_column(fold)] = parts
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    _keep(output / CASES, stream.getvalue())
    words = _words(asked.task, folder, raw, known=known)
    _keep(output / STUDY, Study.parse(words, where=asked.task).dump())


def _words(task: str, folder: Path, raw: RawCases, *, known: bool) -> dict[str, Any]:
    """The study: all settings are the defaults."""
    return {
        "name": task.lower(),
        "data": {
            "table": CASES,
            "root": str(folder.resolve()),
            "case": "case_id",
            **({"patient": "patient"} if known else {}),
        },
        "inputs": {"scan": {"modality": "volume", "column": "image"}},
        "target": {"task": "segment", "column": "mask", "structures": dict(raw.structures)},
        "split": {"by": "patient" if known else "case", "column": _column(0), "seed": SEED},
    }


def _keep(path: Path, text: str) -> None:
    """Write it, or make sure that it is what was written before."""
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise StudyError(
            sentence(
                path.name,
                expected="the cases, folds and study of the benchmark that was begun here",
                got="others",
                remedy="Name a new folder with -o",
            )
        )
    write_text(path, text)


def _folder_of(asked: Asked) -> Path:
    """The folder of the task, in the root or the root itself."""
    for folder in (asked.root / asked.task, asked.root):
        if folder.name == asked.task and (folder / DATASET).is_file():
            return folder
    there = sorted(path.parent.name for path in asked.root.glob(f"*/{DATASET}"))
    raise StudyError(
        f"--task: no '{asked.task}' with {DATASET} there. {nearest(asked.task, there)}"
    )


def fold_parts(units: Array, folds: int) -> list[Array]:
    """Deal units into folds, evenly and by lot -> the part (N,) of each case in every fold.

    Args:
        units: (N,) what stays together: patients, or cases.
        folds: from 2 on.

    Raises:
        StudyError: there are fewer units than folds and a validation part need.
    """
    names, places = np.unique(units, return_inverse=True)
    if not 2 <= folds < len(names):
        raise StudyError(
            sentence(
                "--folds",
                expected=f"2 to {len(names) - 1}, fewer than there are patients or cases",
                got=str(folds),
                remedy="Correct it",
            )
        )
    rng = np.random.default_rng(SEED)
    dealt = np.empty(len(names), dtype=int)
    dealt[rng.permutation(len(names))] = np.arange(len(names)) % folds
    found = []
    for fold in range(folds):
        parts = np.where(dealt == fold, "test", "train").astype("<U10")
        others = rng.permutation(np.flatnonzero(dealt != fold))
        parts[others[: max(1, round(VALIDATION * len(others)))]] = "validation"
        found.append(parts[places])
    return found


def _column(fold: int) -> str:
    return f"part_of_fold_{fold}"


def _record(asked: Asked, output: Path) -> dict[str, Any]:
    """What all folds found that are finished with these settings, and their means."""
    folds: dict[str, Any] = {}
    for fold in range(asked.folds):
        place = _place(output, fold)
        if not holds_run(RunFolder(place), _study(asked, output, fold).dump()):
            continue
        metrics = open_run(place).metrics
        deep = metrics["models"][metrics["deep"]]
        names = [f"{m}_{s}" if s else m for m in METRICS for s in ("", *metrics["structures"])]
        peer = metrics["models"][metrics["best_baseline"]]["dice"]["value"]
        folds[str(fold)] = {
            "cases": metrics["cases"],
            "structures": metrics["structures"],
            "train_seconds": metrics["timing"]["train_seconds"],
            "best_baseline": metrics["best_baseline"],
            "best_baseline_dice": peer,
            "metrics": {name: deep[name]["value"] for name in names},
        }
    first = next(iter(folds.values()))
    mean, sd = {}, {}
    for name in first["metrics"]:
        values = [v for v in (fold["metrics"][name] for fold in folds.values()) if v is not None]
        mean[name] = statistics.mean(values) if values else None
        sd[name] = statistics.stdev(values) if len(values) > 1 else None
    return {
        "task": asked.task,
        "folds": asked.folds,
        "settings": list(asked.overrides),
        "structures": first["structures"],
        "finished": folds,
        "mean": mean,
        "sd": sd,
        "published": [dict(each) for each in PUBLISHED.get(asked.task, ())],
    }


def table_of(record: Mapping[str, Any]) -> str:
    """``decathlon.json`` -> Markdown."""
    structures, done = record["structures"], record["finished"]
    heads = [f"Dice {name}" for name in structures]
    lines = [
        f"# {record['task']}",
        "",
        f"{len(done)} of {record['folds']} folds finished"
        + (f"; settings: {', '.join(record['settings'])}." if record["settings"] else "."),
        "",
        f"| fold | cases | {' | '.join(heads)} | HD95, mm | ASSD, mm "
        "| best peer, Dice | training, s |",
        "|---" * (len(heads) + 6) + "|",
    ]
    names = [*(f"dice_{name}" for name in structures), "hd95_mm", "assd_mm"]
    for fold, own in done.items():
        cells = [number(own["metrics"][name]) for name in names]
        peer = f"{own['best_baseline']} {number(own['best_baseline_dice'])}"
        seconds = f"{own['train_seconds']:.0f}"
        lines.append(f"| {fold} | {own['cases']} | {' | '.join(cells)} | {peer} | {seconds} |")
    if len(done) > 1:
        cells = [f"{number(record['mean'][n])} ({number(record['sd'][n])})" for n in names]
        lines.append(f"| mean (sd) | | {' | '.join(cells)} | | |")
    for each in record["published"]:
        dice = [number(each["dice"].get(name)) for name in structures]
        lines.append(f"| {each['method']} | | {' | '.join(dice)} | | | | |")
    for each in record["published"]:
        lines += ["", f"{each['method']}: {each['measured_on']}. {each['source']}."]
    if not record["published"]:
        lines += ["", "No published numbers of this task are kept here."]
    return "\n".join(lines) + "\n"
