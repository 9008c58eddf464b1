"""The command: every stage by the name it has in Python.

Nothing heavy is imported before a command needs it, so that ``--help`` is
instant on a slow hospital server.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bedside import __version__
from bedside.command_benchmark import benchmark_app
from bedside.command_checklist import CHECKLIST_EXAMPLES, checklist_command
from bedside.command_compare import (
    COMPARE_EXAMPLES,
    DASHBOARD_EXAMPLES,
    compare_command,
    dashboard_command,
)
from bedside.command_data import data_app
from bedside.command_deidentify import EPILOG, deidentify_command
from bedside.command_explain import EXPLAIN_EXAMPLES, explain_command
from bedside.command_measure import MEASURE_EXAMPLES, measure_command
from bedside.command_package import PACKAGE_EXAMPLES, package_command
from bedside.command_process import EPILOG as PROCESS_EXAMPLES
from bedside.command_process import process_command
from bedside.command_recalibrate import RECALIBRATE_EXAMPLES, recalibrate_command
from bedside.command_run import RUN_EXAMPLES, run_command, tell
from bedside.command_words import Overrides, Quiet, StudyFile, read_study
from bedside.command_words import examples as _examples
from bedside.errors import StudyError, plain_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedside.progress import Progress


app = typer.Typer(
    help="Clinical data from raw files to a model that can stand at the bedside.",
    epilog=_examples(
        "bedside demo                            three studies on made-up patients",
        "bedside init cases.csv -o study.yaml    a study file guessed from the data",
        "bedside audit study.yaml                what is wrong with the data",
        "bedside run study.yaml -o runs/first    train, compare, evaluate, report",
        "bedside predict runs/first/package new/ -o predictions.csv",
    ),
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would double the time of --help
    pretty_exceptions_enable=False,
    add_completion=False,
)


def main() -> None:
    """Run the command; an error the user can mend is one message and exit code 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that lacks a letter stops nothing
        sys.stdout.reconfigure(errors="backslashreplace")
    with plain_errors():
        app()


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"bedside {__version__}")
        raise typer.Exit


@app.command("demo", epilog=_examples("bedside demo -o demo"))
def demo_command(
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the runs.")] = Path(
        "demo"
    ),
    quiet: Quiet = False,
) -> None:
    """Run the built-in studies on made-up patients, with reports."""
    from bedside.demo import run_demo

    for run in run_demo(output, progress=_progress(quiet=quiet)):
        tell(run)


@app.command(
    "init",
    epilog=_examples(
        "bedside init cases.csv -o study.yaml",
        "bedside init images-by-class/ -o study.yaml",
        "bedside init pneumoniamnist.npz -o study.yaml",
        "bedside init brat-folder/ -o study.yaml",
    ),
)
def init_command(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A table, a folder per class, an .npz, a Decathlon folder, annotated texts.",
        ),
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="The study file to write.")] = Path(
        "study.yaml"
    ),
    name: Annotated[str | None, typer.Option(help="Name of the study.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Guess a study file from the data, every line commented."""
    from bedside.data.guess import guess_study
    from bedside.run_folder import write_text

    _never_over([data], output)
    if output.exists() and not force:
        raise StudyError(f"{output.name}: is there already. Add --force to replace it.")
    text = guess_study(data, name=name, relative_to=output.resolve().parent)
    write_text(output, text)
    typer.echo(f"Wrote {output}. Read it, then: bedside audit {output}")
    typer.echo(f"Then train and measure: bedside run {output}")


@app.command("audit", epilog=_examples("bedside audit study.yaml -o audit.json"))
def audit_command(
    study: StudyFile,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write the findings as JSON.")
    ] = None,
    worklist: Annotated[
        Path | None, typer.Option(help="Also write a CSV of the cases to look at, with files.")
    ] = None,
    overrides: Overrides = None,
    quiet: Quiet = False,
) -> None:
    """Say what is wrong with the data before anything is trained.

    Exit code 2 where a finding would stop a run.
    """
    _never_over([study], output, suffix=".json")
    asked = read_study(study, overrides)
    data = [file for file in (asked.data.table, asked.data.labels) if file is not None]
    _never_over([study, *data], worklist, suffix=".csv", option="--worklist")
    from rich.console import Console

    from bedside.audit.terminal import render
    from bedside.pipeline import audit_study
    from bedside.run_folder import write_json

    report = audit_study(asked, worklist=worklist, progress=_progress(quiet=quiet))
    if output is not None:
        write_json(output, report.to_json())
    if not quiet:
        render(report, Console())
    if report.blocking:
        raise typer.Exit(2)


app.command("run", epilog=RUN_EXAMPLES)(run_command)


@app.command(
    "predict",
    epilog=_examples(
        "bedside predict runs/first/package new/*.dcm -o predictions.csv",
        "bedside predict runs/first/package new/ --on-error skip -o predictions.json",
        "bedside predict runs/first/package cases.csv -o predictions.csv",
    ),
)
def predict_command(  # noqa: PLR0913 - each is an option of the command
    package: Annotated[
        Path, typer.Argument(metavar="PACKAGE", help="The package folder of a run.")
    ],
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE", help="Files, folders or one CSV.")
    ],
    *,
    root: Annotated[
        Path | None, typer.Option(help="Folder of a CSV's files; default the CSV's own.")
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="A .csv or .json file; - is CSV on the terminal; a folder gets outlines too.",
        ),
    ] = "-",
    on_error: Annotated[
        Literal["stop", "skip"],
        typer.Option(help="An unreadable case stops all, or gets an error column."),
    ] = "stop",
    also: Annotated[
        Literal["uncertainty", "dicom", "both"] | None,
        typer.Option(help="Of outlines: a map of entropy a case; of DICOM series a SEG and an SR."),
    ] = None,
    lexicon: Annotated[
        Path | None, typer.Option(help="Of summaries: flag findings that the text lacks (JSON).")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Cases in memory at once.")] = 64,
    threads: Annotated[int | None, typer.Option(min=1, help="Default: all there are.")] = None,
    quiet: Quiet = False,
) -> None:
    """Predict new cases with a package, without PyTorch or network."""
    from bedside.deployment.outlines import TABLE
    from bedside.deployment.predictor import load
    from bedside.deployment.records import check_output, write_predictions
    from bedside.deployment.unsupported import lexicon_for, with_unsupported

    folder = Path(output) if output != "-" and not Path(output).suffix else None
    if folder is None:
        check_output(output)
    _never_over(sources, Path(output))
    predictor = load(package, threads=threads)
    if folder is not None:
        if not predictor.outlines:
            check_output(output)
        output = str(folder / TABLE)
    contents = predictor.package.contents
    words = None if lexicon is None else lexicon_for(contents, lexicon)
    cases = predictor.cases(list(sources), root=root)
    so_far = 0
    with _progress(quiet=quiet).bar("predicting", len(cases)) as done:

        def advance(steps: int) -> None:
            nonlocal so_far
            so_far += steps
            done(so_far)

        records = predictor.predict(
            cases,
            batch_size=batch_size,
            on_error=on_error,
            masks=folder,
            also=also,
            progress=advance,
        )
    if words is not None:
        records = with_unsupported(records, cases, contents, lexicon=words)
    write_predictions(records, output)
    outside = len({r["case"] for r in records if r.get("outside") == "yes"})
    if outside:
        sys.stderr.write(
            f"bedside: {outside} of {len(cases)} cases lie outside what this model was trained "
            "on; do not rely on their answers.\n"
        )
    failed = sum(bool(record.get("error")) for record in records)
    if failed:
        sys.stderr.write(f"bedside: {failed} of {len(records)} cases could not be read.\n")
        raise typer.Exit(3)


@app.command(
    "personalise",
    epilog=_examples(
        "bedside personalise runs/first/package patient.csv -o patient-package",
        "bedside personalise runs/first/package patient.csv --days 7 -o patient-package",
    ),
)
def personalise_command(
    package: Annotated[
        Path, typer.Argument(metavar="PACKAGE", help="The package folder of a forecast.")
    ],
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="One patient's readings, one a row (CSV, TSV).")
    ],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="New folder for the patient's package.")
    ],
    days: Annotated[
        float | None, typer.Option(min=0.0, help="First days to learn from; default 60 %.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Default: all there are.")] = None,
    quiet: Quiet = False,
) -> None:
    """Adapt a forecast to one patient, and judge it on later days.

    It is kept as it was where first days do not show that adapting helps.
    """
    from bedside.deployment.personal import personalise
    from bedside.deployment.personal_words import terminal_lines

    made = personalise(package, table, output, days=days, threads=threads)
    if not quiet:
        for line in terminal_lines(made.record):
            typer.echo(line)
        typer.echo(f"Package: {made.folder}")


app.command("recalibrate", epilog=RECALIBRATE_EXAMPLES)(recalibrate_command)


@app.command(
    "report", epilog=_examples("bedside report runs/first", "bedside report runs/first --no-cases")
)
def report_command(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")
    ],
    *,
    cases: Annotated[
        bool, typer.Option("--cases/--no-cases", help="--no-cases makes a copy to share.")
    ] = True,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The HTML file.")] = None,
) -> None:
    """Write a run's report again, or a copy without cases."""
    from bedside.pipeline import open_run
    from bedside.reporting.report import write_report

    _never_over([], output, suffix=".html")
    path = write_report(open_run(run_folder).folder, cases=cases, output=output)
    typer.echo(f"Report: {path}")


app.command("compare", epilog=COMPARE_EXAMPLES)(compare_command)
app.command("dashboard", epilog=DASHBOARD_EXAMPLES)(dashboard_command)
app.command("deidentify", epilog=EPILOG)(deidentify_command)
app.command("process", epilog=PROCESS_EXAMPLES)(process_command)
app.command("checklist", epilog=CHECKLIST_EXAMPLES)(checklist_command)
app.command("package", epilog=PACKAGE_EXAMPLES)(package_command)
app.command("explain", epilog=EXPLAIN_EXAMPLES)(explain_command)
app.command("measure", epilog=MEASURE_EXAMPLES)(measure_command)
app.add_typer(benchmark_app, name="benchmark")
app.add_typer(data_app, name="data")


def _never_over(
    inputs: Sequence[Path], output: Path | None, *, suffix: str = "", option: str = "-o"
) -> None:
    """Refuse to write the answer in place of the question, or of a file of another kind."""
    if output is None:
        return
    expected = got = ""
    if any(output.resolve() == one.resolve() for one in inputs):
        expected, got = "a file of its own for the output", "the input"
    elif suffix and output.suffix.lower() != suffix:
        expected = f"a file ending in {suffix}"
        got = f"'{output.suffix}'" if output.suffix else "no ending"
    if got:
        raise StudyError(
            f"{output.name}: expected {expected}, got {got}. Name another with {option}."
        )


def _progress(*, quiet: bool) -> Progress:
    from bedside.progress import Progress

    return Progress(quiet=quiet)


if __name__ == "__main__":
    main()
