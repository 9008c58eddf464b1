"""Finished runs side by side: which model is better, and all runs of a folder at a glance.

Enters: run folders. Leaves: plain mappings, and pages.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bedside.errors import RunError, nearest, sentence
from bedside.evaluation.looks import PASSING
from bedside.evaluation.replicates import JudgedRun, read_judged_run
from bedside.evaluation.several_runs import pairwise, shared_metric
from bedside.pipeline import open_run
from bedside.reporting.compared_runs import comparison_sheet, dashboard_sheet
from bedside.reporting.overview import write_sheet
from bedside.run_folder import RunFolder, read_json

if TYPE_CHECKING:
    from bedside.evaluation.scoring import Scores


def compare_runs(
    runs: Sequence[str | Path], *, metric: str | None = None, page: Path | None = None
) -> dict[str, Any]:
    """Compare models of finished runs on the same test cases, pair by pair.

    Args:
        runs: run folders, at least two; ``runs/a:logistic`` names a model of a run, which is
            the network that validation chose where none is named. One run given twice with
            two models compares these.
        metric: a plain metric that all have; default the primary one they share.
        page: also write an HTML page there.

    Returns:
        ``metric``, ``unit`` (of the target), ``confidence``, ``models`` (name -> ``model``,
        ``estimate``, ``changes``) and ``pairs``.

    Raises:
        RunError: a run is missing, unfinished, or was tested on other cases.
    """
    if len(runs) < 2:
        raise RunError(f"comparison: expected at least two runs, got {len(runs)}. Name another.")
    found = [_named_model(str(place)) for place in runs]
    names = _names([(folder, model) for folder, model, _ in found])
    judged = {name: run for name, (_, _, run) in zip(names, found, strict=True)}
    wanted = shared_metric(judged, metric)
    scores: list[tuple[str, Scores]] = [
        (name, run.scores[model]) for name, (_, model, run) in zip(names, found, strict=True)
    ]
    confidence = found[0][2].metrics["confidence"]
    pairs = pairwise(scores, metric=wanted, confidence=confidence)
    first = _words(found[0][0])
    models = {
        name: {
            "model": model,
            "estimate": run.scores[model].table[wanted],
            "changes": _changes(first, _words(folder)),
        }
        for name, (folder, model, run) in zip(names, found, strict=True)
    }
    unit = str(found[0][2].metrics.get("unit") or "")
    if page is not None:
        write_sheet(page, comparison_sheet(models, pairs, metric=wanted, unit=unit))
    return {
        "metric": wanted,
        "unit": unit,
        "confidence": confidence,
        "models": models,
        "pairs": pairs,
    }


def write_dashboard(folder: str | Path, page: Path | None = None) -> Path:
    """Write a page over every finished run below a folder, with links to their reports.

    Args:
        folder: looked through to any depth.
        page: default ``index.html`` of the folder.

    Returns:
        The page.

    Raises:
        RunError: there is no finished run.
    """
    root = Path(folder)
    page = page or root / "index.html"
    places = sorted(place.parent for place in root.rglob("metrics.json"))
    runs = {}
    for place in places:
        metrics = read_json(place / "metrics.json")
        if isinstance(metrics, dict) and {"deep", "best_baseline", "verdict"} <= set(metrics):
            runs[place.relative_to(root).as_posix()] = metrics
    if not runs:
        raise RunError(
            sentence(
                root.name or "dashboard",
                expected="a folder with finished runs in it",
                got="none" if root.is_dir() else "no such folder",
                remedy="Name the folder that -o of your runs lies in",
            )
        )
    base = page.resolve().parent
    reports = {name: root / name / "report.html" for name in runs}
    links = [
        (name, Path(os.path.relpath(report.resolve(), base)).as_posix())
        for name, report in reports.items()
        if report.exists()
    ]
    return write_sheet(page, dashboard_sheet(runs, links))


def _named_model(place: str) -> tuple[RunFolder, str, JudgedRun]:
    """``folder`` or ``folder:model``."""
    folder, model = place, ""
    if not Path(place).is_dir() and ":" in place:
        folder, _, model = place.rpartition(":")
    opened = open_run(folder).folder
    run = read_judged_run(opened)
    model = model or str(run.metrics["deep"])
    if model not in run.scores:
        raise RunError(f"{opened.root.name}: no model '{model}'. {nearest(model, run.scores)}")
    return opened, model, run


def _names(found: Sequence[tuple[RunFolder, str]]) -> list[str]:
    """A name for each that no other has: the folder, with the model, or with the whole path."""
    plain = [folder.root.resolve().name for folder, _ in found]
    with_model = [f"{name}:{model}" for name, (_, model) in zip(plain, found, strict=True)]
    whole = [f"{folder.root}:{model}" for folder, model in found]
    for names in (plain, with_model, whole):
        if len(set(names)) == len(names):
            return names
    raise RunError("comparison: expected different models, got one twice. Leave out the second.")


def _words(folder: RunFolder) -> dict[str, Any]:
    words = yaml.safe_load(folder.study.read_text(encoding="utf-8"))
    return {key: value for key, value in words.items() if key not in PASSING}


def _changes(first: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """``training.seed: 8`` for each key that the other study file says otherwise."""
    ours, theirs = _flat(first), _flat(other)
    return [
        f"{key}: {theirs.get(key)}" for key in theirs | ours if ours.get(key) != theirs.get(key)
    ]


def _flat(words: Any, above: str = "") -> dict[str, Any]:
    if not isinstance(words, dict):
        return {above: words}
    return {
        key: value
        for name, inner in words.items()
        for key, value in _flat(inner, f"{above}.{name}" if above else str(name)).items()
    }
