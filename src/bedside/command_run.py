"""The command ``run``: one study, or the same one with several seeds or without one site each.

Nothing heavy is imported before the study file was read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bedside.command_words import Overrides, Quiet, StudyFile, examples, read_study
from bedside.errors import StudyError

if TYPE_CHECKING:
    from bedside.pipeline import Run
    from bedside.study import Study

RUN_EXAMPLES = examples(
    "bedside run study.yaml -o runs/first",
    "bedside run study.yaml --set training.epochs=5 --set training.seed=8 -o runs/short",
    "bedside run study.yaml -o runs/first --resume",
    "bedside run study.yaml --seeds 5 -o runs/seeds      how much does the seed matter?",
    "bedside run study.yaml --each-site -o runs/sites    does it hold at a new hospital?",
)


def run_command(
    study: StudyFile,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Run folder; default runs/NAME.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run.")
    ] = False,
    seeds: Annotated[
        int | None, typer.Option(min=2, help="Run with so many training seeds, a folder each.")
    ] = None,
    each_site: Annotated[
        bool, typer.Option("--each-site", help="Leave out one site at a time, and test on it.")
    ] = False,
    overrides: Overrides = None,
    quiet: Quiet = False,
) -> None:
    """Audit, split, train, compare, evaluate, package and report."""
    asked = read_study(study, overrides)
    if seeds is not None or each_site:
        _repeat(asked, output, seeds, each_site=each_site, resume=resume, quiet=quiet)
        return
    from bedside.pipeline import run as run_study
    from bedside.progress import Progress

    finished = run_study(asked, output, resume=resume, progress=Progress(quiet=quiet))
    if not quiet:
        tell(finished)


def _repeat(
    study: Study,
    output: Path | None,
    seeds: int | None,
    *,
    each_site: bool,
    resume: bool,
    quiet: bool,
) -> None:
    """Run a study with several seeds, or with one site left out at a time."""
    from bedside.progress import Progress
    from bedside.repeats import run_seeds, run_sites

    progress = Progress(quiet=quiet)
    if each_site and seeds is not None:
        raise StudyError("run: expected --seeds or --each-site, got both. Choose one.")
    if seeds is not None:
        page = run_seeds(study, seeds, output, resume=resume, progress=progress)
    else:
        page = run_sites(study, output, resume=resume, progress=progress)
    if not quiet:
        typer.echo(f"Report: {page}")


def tell(run: Run) -> None:
    """The answer in two lines, and where the rest is."""
    from bedside.reporting.formatting import signed, with_interval
    from bedside.reporting.glossary import difference_form, form_of

    metrics = run.metrics
    primary, unit = metrics["primary"], str(metrics.get("unit") or "")
    form, apart = form_of(primary, unit), difference_form(primary, unit)
    for name in (metrics["deep"], metrics["best_baseline"]):
        entry = metrics["models"][name][primary]
        typer.echo(f"{primary} {name:<16} {with_interval(entry, form)}")
    difference = signed(with_interval(metrics["difference"], apart))
    typer.echo(f"difference {'':<12} {difference}  {metrics['verdict']}")
    typer.echo(f"Report:  {run.folder.report}")
    typer.echo(f"Package: {run.folder.package}")
