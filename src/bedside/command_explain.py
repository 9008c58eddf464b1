"""The command ``bedside explain``.

Enters: a finished run and the id of a case. Leaves: a page that shows what its network looked at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedside.command_words import examples

EXPLAIN_EXAMPLES = examples(
    "bedside explain runs/first --case P0012-1",
    "bedside explain runs/first --case P0012-1 --method occlusion -o case.html",
    "bedside explain runs/glucose --case P0012/3 --time 2026-01-31T07:45",
)


def explain_command(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")
    ],
    *,
    case: Annotated[str, typer.Option(metavar="ID", help="Of a case, as in splits.csv.")],
    time: Annotated[
        str | None,
        typer.Option(help="Of a window's last reading, as in predictions.csv; series alone."),
    ] = None,
    method: Annotated[
        str, typer.Option(help="Way to explain; auto takes the one that passed its test.")
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The HTML file; default in the run's explanations/."),
    ] = None,
) -> None:
    """Show what a network looked at in one case.

    The page holds patient data.
    """
    from bedside.pipeline import open_run
    from bedside.reporting.explained_case import explain_case

    folder = open_run(run_folder).folder
    page = explain_case(folder, case, time=time, method=method, output=output)
    typer.echo(f"Page: {page}")
