"""The command ``recalibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedside.command_words import Quiet, examples

RECALIBRATE_EXAMPLES = examples(
    "bedside recalibrate runs/first/package ours.csv -o our-package",
    "bedside recalibrate runs/first/package ours.csv --label pneumonia --patient id -o our-package",
)


def recalibrate_command(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help="A package that classifies.")],
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="New cases with their labels, one a row (CSV).")
    ],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="New folder for the site's package.")
    ],
    label: Annotated[
        str | None, typer.Option(help="Column of the label; default the study's own.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option(help="Column that says whose a case is; default each its own.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Default: all there are.")] = None,
    quiet: Quiet = False,
) -> None:
    """Fit a package to labelled cases of another site.

    Probabilities change only as far as the cases demand. Decisions of yes and no stay as they were.
    """
    from bedside.deployment.recalibrating import recalibrate
    from bedside.deployment.recalibration_words import terminal_lines

    made = recalibrate(package, table, output, label=label, patient=patient, threads=threads)
    if not quiet:
        for line in terminal_lines(made.record):
            typer.echo(line)
        typer.echo(f"Package: {made.folder}")
