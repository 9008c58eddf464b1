"""The command ``bedside checklist``.

Enters: a finished run and the name of a reporting checklist. Leaves: the checklist, filled from it.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bedside.command_words import examples

CHECKLIST_EXAMPLES = examples(
    "bedside checklist runs/first",
    "bedside checklist runs/first --form claim -o claim.html",
)


class FormName(StrEnum):
    """The forms there are."""

    TRIPOD_AI = "tripod-ai"
    CLAIM = "claim"


def checklist_command(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")
    ],
    *,
    form: Annotated[
        FormName, typer.Option(help="TRIPOD+AI for prediction models, CLAIM for images.")
    ] = FormName.TRIPOD_AI,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .md or .html; default RUN/checklist-FORM.md."),
    ] = None,
) -> None:
    """Fill a reporting checklist from a run.

    Each answer says where it stands. What the run does not hold is left to the authors;
    nothing is made up.
    """
    from bedside.pipeline import open_run
    from bedside.reporting.checklist.filling import write_checklist

    filled, path = write_checklist(open_run(run_folder).folder, form.value, output)
    typer.echo(f"{filled.form.name}: {filled.summary}")
    typer.echo(f"Checklist: {path}")
