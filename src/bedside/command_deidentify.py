"""The command ``bedside deidentify``.

Enters: its options. Leaves: copies without identifiers, a report, and its sum on the terminal.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bedside.command_words import Quiet, examples

if TYPE_CHECKING:
    from bedside.privacy.identifiers import Tagger


class DicomOption(StrEnum):
    """Options of the DICOM profile, by the names that the command knows them by."""

    CHARACTERISTICS = "characteristics"
    DESCRIPTIONS = "descriptions"
    DEVICE = "device"


EPILOG = examples(
    "bedside deidentify notes/ -o shared",
    "bedside deidentify visits.csv --columns note --patient patient_id -o shared",
    "bedside deidentify notes/ -o shared --key keys/2026.key",
    "bedside deidentify notes/ -o shared --tagger runs/names/package",
)


def deidentify_command(  # noqa: PLR0913 - one parameter for each option
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A note, a table, a DICOM file, or a folder.")
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="New folder for the copies.")],
    columns: Annotated[
        list[str] | None, typer.Option(help="Column of a table with free text; may be repeated.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of a table that names the patient.")
    ] = None,
    dates: Annotated[
        Literal["month-first", "day-first"] | None,
        typer.Option(help="How 3/4/2020 is read; default: as each note tells."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also keep what stood where, locked.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line locks the key.")
    ] = None,
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="Files keep their names.")
    ] = False,
    dicom_keep: Annotated[
        list[DicomOption] | None,
        typer.Option(help="Option of the DICOM profile; may be repeated."),
    ] = None,
    tagger: Annotated[
        Path | None,
        typer.Option(metavar="PACKAGE", help="A package that finds names, beside the rules."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="The report may quote words; it then holds patient data.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted one.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Copy notes, tables and DICOM without what names people.

    The input is never touched. Exit code 3 where a file had to be left out.
    """
    from bedside.privacy.files import count_files
    from bedside.privacy.job import deidentify
    from bedside.privacy.passphrase import passphrase_from
    from bedside.privacy.work import Settings
    from bedside.progress import Progress
    from bedside.reporting.deidentification import summary_lines, write_page

    word = "" if key is None else passphrase_from(passphrase_file, new=not key.exists())
    settings = Settings(
        columns=tuple(columns or ()),
        patient=patient,
        dates=dates,
        keep_names=keep_names,
        dicom_keep=tuple(option.value for option in dicom_keep or ()),
        show=show,
    )
    with Progress(quiet=quiet).bar("files", count_files(source)) as done:
        report = deidentify(
            source,
            output,
            settings,
            key=key,
            passphrase=word,
            resume=resume,
            tagger=None if tagger is None else _trained(tagger),
            progress=done,
        )
    page = write_page(report, output / "report.html")
    if not quiet:
        for line in summary_lines(report):
            typer.echo(line)
        typer.echo(f"Report: {page}")
    if report["files_left_out"]:
        raise typer.Exit(3)


def _trained(package: Path) -> Tagger:
    """The tagger of a package; what it cannot be used for is refused before anything is read."""
    from bedside.deployment.predictor import load
    from bedside.deployment.tagger import entities_in, labels_of
    from bedside.privacy.trained import identifying

    predictor = load(package)
    return identifying(lambda text: entities_in(predictor, [text])[0], labels_of(predictor))
