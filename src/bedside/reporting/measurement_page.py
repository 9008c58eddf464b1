"""The files of a measured mask: CSV, JSON, pictures, one page.

Enters: a `Measured`, and the changes where there is an earlier mask. Leaves: ``measurements.csv``,
``measurements.json``, ``planes.png``, ``surface.png`` and ``measurements.html`` in a folder.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bedside import __version__
from bedside.measurement.record import Change
from bedside.measurement.record_rows import as_csv, notes_of, rows_of, told
from bedside.reporting import style
from bedside.reporting.measurement_figures import Measured, planes_figure, surface_figure
from bedside.run_folder import write_bytes, write_json, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CSV, JSON, PAGE = "measurements.csv", "measurements.json", "measurements.html"
WORDS = {
    "planes": "Three planes through the tumour, or through the largest structure where none is "
    "known. Head and front are up; the person's right is on the left.",
    "surface": "The surfaces in space; dark lines join the nearest points of the tumour and the "
    "other structures.",
}


def write_measurements(
    folder: Path, measured: Measured, changed: Mapping[str, Change] | None = None
) -> Path:
    """Write all files; returns the page.

    Args:
        folder: is made where it is not there.
        measured: the mask, its image and its record.
        changed: of an earlier mask, by structure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows, notes = rows_of(measured.record, changed), notes_of(measured.record, changed)
    write_text(folder / CSV, as_csv(rows))
    words = measured.record.to_json() | {"notes": notes}
    if changed is not None:
        words["changes"] = {name: asdict(change) for name, change in changed.items()}
    write_json(folder / JSON, words)
    pictures = []
    with style.drawing():
        for name, draw in (("planes", planes_figure), ("surface", surface_figure)):
            data = _png(draw(measured))
            write_bytes(folder / f"{name}.png", data)
            pictures.append({"data": base64.b64encode(data).decode(), "words": WORDS[name]})
    page = _page(measured, pictures, notes, [(*r[:3], f"{told(r)} {r.unit}") for r in rows])
    write_text(folder / PAGE, page)
    return folder / PAGE


def _page(
    measured: Measured,
    pictures: list[dict[str, str]],
    notes: list[str],
    rows: list[tuple[str, str, str, str]],
) -> str:
    from bedside.reporting.page import page_environment

    spacing = " x ".join(f"{side:.3g}" for side in measured.record.spacing_mm)
    template = page_environment().get_template("measurement.html.j2")
    return template.render(
        version=__version__, spacing=spacing, notes=notes, pictures=pictures, rows=rows
    )


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()
