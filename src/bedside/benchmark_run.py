"""A benchmark of the catalogue, run on data that lie here.

Enters: its name, and where its data lie. Leaves: a run folder a seed, and its table with one more
line: what was just measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.data.public.catalogue import find_set
from bedside.data.public.written_study import study_words
from bedside.errors import StudyError, sentence
from bedside.repeats import run_seeds
from bedside.reporting.benchmark_catalogue import Benchmark, Row, benchmark_section, find_benchmark
from bedside.run_folder import read_json, write_text
from bedside.study import Study
from bedside.yaml_words import override

if TYPE_CHECKING:
    from bedside.progress import Progress

TABLE = "benchmark.md"


@dataclass(frozen=True)
class Asked:
    """What is run.

    Args:
        name: of the benchmark.
        seeds: how many training seeds, from the study's own on; at least two.
        data: folder that the set's files lie in; None reads the local cache.
        overrides: as ``--set`` gives them; they make it another benchmark, and the table says so.
    """

    name: str
    seeds: int = 3
    data: Path | None = None
    overrides: tuple[str, ...] = ()


def run_benchmark(asked: Asked, output: Path, *, progress: Progress | None = None) -> str:
    """Run the study of a benchmark over seeds; what is finished is not run again.

    Returns:
        Its section of the catalogue with our new lines, as Markdown; ``benchmark.md`` of the
        output is the same.

    Raises:
        BedsideError: the benchmark is no study file alone, its data are not here, or a run fails.
    """
    benchmark = find_benchmark(asked.name)
    run_seeds(benchmark_study(asked), asked.seeds, output, resume=True, progress=progress)
    rows = _rows(benchmark, read_json(output / "seeds.json"), asked.overrides)
    text = benchmark_section(asked.name, more=rows)
    write_text(output / TABLE, text)
    return text


def benchmark_study(asked: Asked) -> Study:
    """The study that a benchmark runs.

    Raises:
        StudyError: the benchmark is unknown or no study file alone, or an override is wrong.
    """
    benchmark = find_benchmark(asked.name)
    if benchmark.data is None or not benchmark.keys:
        raise StudyError(
            sentence(
                f"benchmark {asked.name}",
                expected="one that a study file measures",
                got="one with a protocol of its own" if benchmark.command else "one not measured",
                remedy=f"Run: {benchmark.command}"
                if benchmark.command
                else f"It has to wait, since {benchmark.unmeasured}",
            )
        )
    words: dict[str, Any] = study_words(
        benchmark.data, find_set(benchmark.data, where=f"benchmark {asked.name}")
    )
    if asked.data is None:
        words["data"] = {"public": benchmark.data}
    for change in asked.overrides:
        override(words, change)
    study = Study.parse(words)
    if asked.data is not None:
        placed = study.anchored(asked.data.resolve())
        study = study.model_copy(update={"data": placed.data})
    return study.anchored(Path.cwd())


def _rows(benchmark: Benchmark, found: dict[str, Any], overrides: tuple[str, ...]) -> list[Row]:
    """Deep model and best peer: means over seeds, with the spread between them."""
    seeds = ", ".join(map(str, found["seeds"]))
    source = f"this run, seeds {seeds}; {found['verdict']}"
    if overrides:
        source += f"; with {', '.join(overrides)}"
    names = {"deep": "bedside, mean (standard deviation)", "best_baseline": "its best peer"}
    return [
        Row(
            method=name,
            values=[_cell(found["models"][key].get(metric)) for metric in benchmark.keys],
            source=source,
        )
        for key, name in names.items()
    ]


def _cell(entry: dict[str, Any] | None) -> str:
    if entry is None or entry["value"] is None:
        return ""
    spread = "" if entry["seed_sd"] is None else f" ({entry['seed_sd']:.3f})"
    return f"{entry['value']:.3f}{spread}"
