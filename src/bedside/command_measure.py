"""The command ``bedside measure``.

Enters: its options. Leaves: measurements as lines on the terminal and, where asked for, as files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bedside.command_words import Quiet, examples
from bedside.errors import StudyError

MEASURE_EXAMPLES = examples(
    "bedside measure mask.nii.gz --name organ=1 --name tumour=2 --organ organ -o measured",
    "bedside measure mask.nii.gz --name tumour=2 --margin 5 --margin 20",
    "bedside measure segmentation.dcm --tumour lesion --series ct/ -o measured",
    "bedside measure mask.nii.gz --image ct.nii.gz --previous earlier.nii.gz -o measured",
)


def measure_command(  # noqa: PLR0913 - one parameter for each option
    mask: Annotated[Path, typer.Argument(metavar="MASK", help="A mask, or a prediction of one.")],
    *,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="What a number means: tumour=2."),
    ] = None,
    tumour: Annotated[str | None, typer.Option(help="Distances start from this structure.")] = None,
    organ: Annotated[str | None, typer.Option(help="The structure that the tumour is in.")] = None,
    margin: Annotated[
        list[float] | None, typer.Option(help="Shell around the tumour in mm; default 5 and 10.")
    ] = None,
    image: Annotated[Path | None, typer.Option(help="Its image, for the pictures.")] = None,
    previous: Annotated[Path | None, typer.Option(help="An earlier mask, to compare.")] = None,
    series: Annotated[
        Path | None, typer.Option(help="Its DICOM series: also write a SEG and an SR, with -o.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for CSV, JSON, pictures, page.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Measure structures of a mask, and their distances."""
    from bedside.measurement.record_rows import lines_of
    from bedside.progress import Progress
    from bedside.reporting.measuring import Files, asked_for, measure_files, write_dicom

    if series is not None and output is None:
        raise StudyError("--series: expected a folder for the DICOM files, got none. Add -o.")

    progress = Progress(quiet=quiet)
    asked = asked_for(tumour=tumour, organ=organ, margins_mm=margin)
    found, changed = measure_files(
        Files(mask, image, previous),
        names=name or [],
        asked=asked,
        progress=lambda what: progress.say(f"measuring {what}"),
    )
    for line in lines_of(found.record, changed):
        typer.echo(line)
    if output is not None:
        from bedside.reporting.measurement_page import write_measurements

        page = write_measurements(output, found, changed)
        if series is not None:
            write_dicom(output, found, series)
        typer.echo(f"Page: {page}")
