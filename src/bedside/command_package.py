"""The command ``bedside package``.

Enters: a finished run and the name of one of its simple models. Leaves: a package of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedside.command_words import examples

PACKAGE_EXAMPLES = examples(
    "bedside package runs/first --model tfidf-logistic",
    "bedside package runs/first -o simple-package",
    "bedside predict runs/first/package-tfidf-logistic new.csv -o predictions.csv",
)


def package_command(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A simple model of the run; default its best one."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The package; default RUN/package-NAME."),
    ] = None,
) -> None:
    """Package a simple model of a run.

    Where it is the better choice, or no worse than the deep one.

    Nothing is trained. The study's data must be there: the package must give validation cases
    the probabilities that the run wrote down.
    """
    from bedside.deployment.from_peer import package_peer
    from bedside.pipeline import open_run

    run = open_run(run_folder)
    made = package_peer(run.folder, model=model, output=output)
    ((name, largest),) = made.parity.items()
    if run.metrics["verdict"] == "deep better":
        typer.echo(f"Mind: on the test part, {run.metrics['deep']} was better than simple models.")
    typer.echo(f"{name}: within {largest:.1g} of the run's probabilities on validation cases")
    typer.echo(f"Package: {made.folder}")
