"""The command ``bedside process``.

Enters: its options. Leaves: one structured record a note, and their sum on the terminal.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bedside.command_words import Quiet, examples

EPILOG = examples(
    "bedside process runs/drugs/package notes/ -o records.jsonl",
    "bedside process notes.csv --column text --id note_id -o records.jsonl",
    "bedside process runs/drugs/package runs/triage/package notes/ -o records.jsonl",
    "bedside process first=runs/a/package second=runs/b/package notes/ -o records.jsonl",
    "bedside process runs/drugs/package notes/ --codes codes.csv --fhir notes.ndjson -o r.jsonl",
)


def process_command(  # noqa: PLR0913 - one parameter for each option
    packages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PACKAGE", help="Packages that tag, summarise or classify; NAME=PACKAGE."
        ),
    ] = None,
    notes: Annotated[
        Path,
        typer.Argument(metavar="NOTES", help="A folder of .txt files, a table, or one .txt file."),
    ] = ...,  # type: ignore[assignment]
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="A .jsonl file.")],
    column: Annotated[
        str | None, typer.Option(help="Of a table: the column with the texts.")
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option("--id", metavar="COLUMN", help="Of a table: names the notes; default rows."),
    ] = None,
    patient: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of a table: names the patients.")
    ] = None,
    codes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Terms to code: CSV with term, code and system."),
    ] = None,
    fhir: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a FHIR R4 bundle a note (.ndjson)."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Notes in memory at once.")] = 64,
    threads: Annotated[int | None, typer.Option(min=1, help="Default: all there are.")] = None,
    quiet: Quiet = False,
) -> None:
    """Write one structured record a note, over any number of notes.

    Killed, it goes on by the same command. Exit code 3 where a note could not be read.
    """
    from bedside.deployment.notes.archive import Archive, count_notes
    from bedside.deployment.notes.job import process
    from bedside.progress import Progress

    watched = not quiet and sys.stderr.isatty()
    total = count_notes(Archive(notes, column, id_column, patient)) if watched else 0
    with Progress(quiet=quiet).bar("notes", total) as done:
        about = process(
            packages or [],
            notes,
            output,
            column=column,
            id_column=id_column,
            patient_column=patient,
            codes=codes,
            fhir=fhir,
            threads=threads,
            batch_size=batch_size,
            progress=done,
        )
    counts = about["counts"]
    if not quiet:
        typer.echo(
            f"Notes: {counts['notes']}. Entities: {counts['entities']}, of them denied: "
            f"{counts['denied']}. Codes: {counts['codes']}."
        )
        typer.echo(f"Records: {output}")
    if counts["errors"]:
        errors = f"{counts['errors']} of {counts['notes']} notes could not be read"
        typer.echo(f"bedside: {errors}; their records have the key error.", err=True)
        raise typer.Exit(3)
