"""The commands under ``bedside benchmark``.

Enters: their options. Leaves: runs, and a table on the terminal and in a folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedside.command_words import Overrides, Quiet, examples
from bedside.errors import StudyError
from bedside.run_folder import write_text

benchmark_app = typer.Typer(
    help="Published benchmarks, ours, and runs of them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@benchmark_app.callback()
def _benchmark() -> None:
    """Benchmarks: published numbers and ours, and runs on data that lie here."""


@benchmark_app.command(
    "list",
    epilog=examples(
        "bedside benchmark list",
        "bedside benchmark list pneumoniamnist",
        "bedside benchmark list -o docs/benchmarks.md",
    ),
)
def list_command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Tell all that is known of this one.")
    ] = None,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write them all as Markdown (.md).")
    ] = None,
) -> None:
    """List benchmarks: published numbers, ours, and the command behind them."""
    from bedside.reporting.benchmark_catalogue import (
        benchmark_lines,
        benchmark_page,
        benchmark_section,
    )

    if output is not None:
        if output.suffix.lower() != ".md":
            raise StudyError(f"{output.name}: expected a file ending in .md. Name another with -o.")
        write_text(output, benchmark_page())
        typer.echo(f"Wrote {output}.")
    elif name is not None:
        typer.echo(benchmark_section(name))
    else:
        typer.echo("\n".join(benchmark_lines()))


@benchmark_app.command(
    "run",
    epilog=examples(
        "bedside benchmark run pneumoniamnist",
        "bedside benchmark run pneumoniamnist --data sets/ --seeds 5 -o runs/pneumonia",
    ),
)
def run_command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="As 'bedside benchmark list' has it.")
    ],
    *,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the set's files; default what 'bedside data get' fetched."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Training seeds.")] = 3,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default runs/NAME; goes on there.")
    ] = None,
    overrides: Overrides = None,
    quiet: Quiet = False,
) -> None:
    """Run a benchmark's study over seeds, and set the outcome beside published numbers."""
    from bedside.benchmark_run import Asked, run_benchmark
    from bedside.progress import Progress

    asked = Asked(name, seeds, data, tuple(overrides or ()))
    place = output or Path("runs") / name
    typer.echo(run_benchmark(asked, place, progress=Progress(quiet=quiet)))


@benchmark_app.command(
    "decathlon",
    epilog=examples(
        "bedside benchmark decathlon --task Task04_Hippocampus --root decathlon/",
        "bedside benchmark decathlon --task Task09_Spleen --root decathlon/ --fold 0",
    ),
)
def decathlon_command(
    *,
    task: Annotated[str, typer.Option(help="Folder of the task, such as Task04_Hippocampus.")],
    root: Annotated[Path, typer.Option(help="The folder that the task's folder lies in.")],
    folds: Annotated[int, typer.Option(min=2, help="Folds that the cases are dealt into.")] = 5,
    fold: Annotated[
        list[int] | None, typer.Option(min=0, help="Run this fold alone, from 0; repeatable.")
    ] = None,
    groups: Annotated[
        Path | None, typer.Option(help="Table of case and patient; default the task's groups.csv.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default runs/TASK; goes on there.")
    ] = None,
    overrides: Overrides = None,
    quiet: Quiet = False,
) -> None:
    """Outline a task of the Medical Segmentation Decathlon in folds."""
    from bedside.decathlon import Asked, run_decathlon, table_of
    from bedside.progress import Progress

    asked = Asked(task, root, folds, fold, groups, tuple(overrides or ()))
    place = output or Path("runs") / task
    record = run_decathlon(asked, place, progress=Progress(quiet=quiet))
    typer.echo(table_of(record))
