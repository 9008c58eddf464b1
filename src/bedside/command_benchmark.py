"""The commands under ``bedside benchmark``.

Enters: their options. Leaves: runs, and a table on the terminal and in a folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedside.command_words import Quiet, examples

benchmark_app = typer.Typer(
    help="Run published benchmarks on data that lie here, beside published numbers.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@benchmark_app.callback()
def _benchmark() -> None:
    """Run published benchmarks on data that lie here, beside published numbers."""


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
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the study."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Outline a task of the Medical Segmentation Decathlon in folds."""
    from bedside.decathlon import Asked, run_decathlon, table_of
    from bedside.progress import Progress

    asked = Asked(task, root, folds, fold, groups, tuple(overrides or ()))
    place = output or Path("runs") / task
    record = run_decathlon(asked, place, progress=Progress(quiet=quiet))
    typer.echo(table_of(record))
