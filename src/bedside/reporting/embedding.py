"""Pictures within the one file of a report.

Enters: a file. Leaves: a data URI.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

_WIDTH = re.compile(r'<svg [^>]*?width="([\d.]+)pt"', re.DOTALL)
_PX_PER_PT = 4 / 3


def data_uri(path: Path, *, kind: str) -> str:
    """The content of a picture; `kind` is ``png`` or ``svg+xml``."""
    return bytes_uri(path.read_bytes(), kind=kind)


def bytes_uri(content: bytes, *, kind: str) -> str:
    """A picture that is in memory."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def svg_style(path: Path) -> str:
    """The style of a figure's ``img``: how wide it was drawn, so that letters keep their size."""
    return drawn_style(path.read_text(encoding="utf-8")) if path.exists() else ""


def drawn_style(svg: str) -> str:
    """The same of a figure that is in memory."""
    found = _WIDTH.search(svg)
    return f"--natural:{float(found[1]) * _PX_PER_PT:.0f}px" if found else ""


def png_uri(folder: Path, name: str | None) -> str | None:
    """A PNG of a folder by its name, None where there is none."""
    return _named(folder, name, kind="png")


def svg_uri(folder: Path, name: str | None) -> str | None:
    """An SVG of a folder by its name, None where there is none."""
    return _named(folder, name, kind="svg+xml")


def _named(folder: Path, name: str | None, *, kind: str) -> str | None:
    path = folder / Path(name).name if name else None
    return data_uri(path, kind=kind) if path is not None and path.exists() else None
