"""`bedside benchmark run`: which study it runs, on which data, and what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bedside import benchmark_run
from bedside.benchmark_run import Asked, benchmark_study, run_benchmark
from bedside.cli import app
from bedside.data.public.catalogue import public_sets
from bedside.errors import StudyError
from bedside.reporting.benchmark_catalogue import benchmarks
from bedside.run_folder import write_json
from bedside.study import Study

RUNNABLE = [name for name, each in benchmarks().items() if each.keys]


def entry(value: float, spread: float | None) -> dict[str, Any]:
    return {"value": value, "low": 0.0, "high": 1.0, "seed_sd": spread, "each": []}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Study, int, bool]]:
    """What was asked of the runs, which are not made."""
    calls: list[tuple[Study, int, bool]] = []

    def pretend(study: Study, seeds: int, output: Path, *, resume: bool, progress: object) -> Path:
        calls.append((study, seeds, resume))
        deep = {"auroc": entry(0.91234, 0.0123), "accuracy": entry(0.8, 0.02)}
        peer = {"auroc": entry(0.9, None), "accuracy": {**entry(0.7, 0.0), "value": None}}
        models = {"deep": deep, "best_baseline": peer}
        found = {"seeds": [7, 8], "verdict": "deep better", "models": models}
        write_json(output / "seeds.json", found)
        return output / "report.html"

    monkeypatch.setattr(benchmark_run, "run_seeds", pretend)
    return calls


def test_the_outcome_stands_below_published_numbers(
    ran: list[tuple[Study, int, bool]], tmp_path: Path
) -> None:
    words = ("benchmark", "run", "pneumoniamnist", "--seeds", "2", "-o", str(tmp_path), "-q")
    done = CliRunner().invoke(app, list(words), catch_exceptions=False, standalone_mode=False)
    lines = done.stdout.strip().splitlines()
    assert lines[-2:] == [
        "| bedside, mean (standard deviation) | **0.912 (0.012)** | **0.800 (0.020)** | this run, "
        "seeds 7, 8; deep better |",
        "| its best peer | **0.900** |  | this run, seeds 7, 8; deep better |",
    ]
    assert any(line.startswith("| ResNet-18, 28 pixels | .944 | .854 |") for line in lines)
    assert (tmp_path / "benchmark.md").read_text() in done.stdout
    (study, seeds, resume), *more = ran
    assert (study.data.public, seeds, resume, more) == ("pneumoniamnist", 2, True, [])


def test_what_was_overridden_is_told(ran: list[tuple[Study, int, bool]], tmp_path: Path) -> None:
    asked = Asked("pneumoniamnist", 2, None, ("training.epochs=1",))
    assert "deep better; with training.epochs=1 |" in run_benchmark(asked, tmp_path)
    assert ran[0][0].training.epochs == 1


@pytest.mark.parametrize("name", RUNNABLE)
def test_a_folder_of_files_takes_the_place_of_the_cache(name: str, tmp_path: Path) -> None:
    data = benchmarks()[name].data
    assert data is not None
    placed = benchmark_study(Asked(name, data=tmp_path)).data
    words = public_sets()[data].data or {}
    for key, value in words.items():
        if key in ("npz", "decathlon", "groups"):
            assert getattr(placed, key) == tmp_path.resolve() / value
    assert placed.public is None
    assert benchmark_study(Asked(name)).data.public == data


def test_there_are_some_to_run() -> None:
    assert {"pneumoniamnist", "ncbi-disease", "decathlon-hippocampus"} <= set(RUNNABLE)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("glucobench-broll", r"got one with a protocol of its own\. Run: python benchmarks/gluco"),
        ("ptb-xl", r"got one not measured\. It has to wait, since this version has no reader"),
        ("pneumonia", r"^benchmark: none is called so\. Did you mean 'pneumoniamnist'\?"),
    ],
)
def test_what_cannot_be_run_says_why(name: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        benchmark_study(Asked(name))
