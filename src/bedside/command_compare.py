"""The commands over several runs: ``compare`` and ``dashboard``.

Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bedside.command_words import Quiet, examples
from bedside.errors import StudyError

COMPARE_EXAMPLES = examples(
    "bedside compare runs/first runs/second",
    "bedside compare runs/first runs/first:logistic -o compared.html",
    "bedside compare runs/a runs/b runs/c --metric sensitivity -o compared.json",
)
DASHBOARD_EXAMPLES = examples("bedside dashboard runs -o runs/index.html")


def compare_command(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="Run folders; RUN:MODEL names a model.")
    ],
    *,
    metric: Annotated[str | None, typer.Option(help="Default: the runs' primary metric.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write a .html page or .json.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Compare models of finished runs on the same cases."""
    if output is not None and output.suffix.lower() not in (".html", ".json"):
        raise StudyError(
            f"{output.name}: expected a file ending in .html or .json, got "
            f"{repr(output.suffix) if output.suffix else 'no ending'}. Name another with -o."
        )
    from bedside.run_folder import write_json
    from bedside.side_by_side import compare_runs

    page = output if output is not None and output.suffix.lower() == ".html" else None
    found = compare_runs(runs, metric=metric, page=page)
    if output is not None and page is None:
        write_json(output, found)
    if not quiet:
        for line in _lines(found):
            typer.echo(line)
        if output is not None:
            typer.echo(f"Written: {output}")


def _lines(found: dict[str, Any]) -> list[str]:
    from bedside.reporting.compared_runs import pair_verdict
    from bedside.reporting.formatting import p_value, signed, with_interval
    from bedside.reporting.glossary import difference_form, form_of

    form = form_of(found["metric"], found["unit"])
    apart = difference_form(found["metric"], found["unit"])
    looks = len(found["pairs"])
    wide = max(map(len, found["models"]))
    lines = [f"{found['metric']} on the same test cases"]
    lines += [
        f"{name:<{wide}}  {about['model']:<16} {with_interval(about['estimate'], form)}"
        for name, about in found["models"].items()
    ]
    for pair in found["pairs"]:
        after = ""
        if looks > 1 and pair["p_corrected"] is not None:
            after = f" (p {p_value(pair['p_corrected'])})"
        lines.append(
            f"{pair['a']} - {pair['b']}: {signed(with_interval(pair, apart))}  "
            f"{pair_verdict(pair, looks=looks)}{after}"
        )
    return lines


def dashboard_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with runs in it.")],
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The page; default FOLDER/index.html.")
    ] = None,
) -> None:
    """Write one page over all runs of a folder."""
    if output is not None and output.suffix.lower() != ".html":
        raise StudyError(f"{output.name}: expected a file ending in .html. Name another with -o.")
    from bedside.side_by_side import write_dashboard

    typer.echo(f"Dashboard: {write_dashboard(folder, output)}")
