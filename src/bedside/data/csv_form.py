"""The form of a table of text: what separates its cells.

Enters: its first line. Leaves: one of comma, tab, semicolon and bar. Spreadsheets of many
countries write semicolons into a .csv. Nothing heavy is imported: serving reads tables, too.
"""

from __future__ import annotations

import re

TAB_SUFFIX = ".tsv"
SEPARATORS = ",\t;|"
_QUOTED = re.compile(r'"[^"]*"')


def first_line(text: str) -> str:
    """The first line, however lines end."""
    return re.split(r"[\r\n]", text, maxsplit=1)[0]


def separator_of(header: str, suffix: str) -> str:
    """The first of `SEPARATORS` that a header holds, names in quotes aside; a tab in a .tsv."""
    if suffix.lower() == TAB_SUFFIX:
        return "\t"
    bare = _QUOTED.sub("", header)
    return next((mark for mark in SEPARATORS if mark in bare), ",")
