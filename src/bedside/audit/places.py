"""Where to look: the rows of a finding in words.

Enters: row numbers as the user sees them, pairs of rows that belong together, and a few
words on each. Leaves: lines for a terminal, an error or the report.
"""

from __future__ import annotations

from collections.abc import Sequence

LINES = 6
"""Lines for rows that have something said of them, each."""


def row_words(
    rows: Sequence[int],
    *,
    pairs: Sequence[tuple[int, int]] = (),
    details: Sequence[str] = (),
    shown: int = 8,
) -> list[str]:
    """Lines such as ``rows 4 (train) and 9 (test)`` or ``row 7: no such file``.

    Args:
        rows: all rows of a finding.
        pairs: of those that belong together; shown in place of `rows`.
        details: a few words on each of `rows`; rows of which the same is said share a line.
        shown: rows a line.
    """
    if pairs:
        return [_pairs(pairs, dict(zip(rows, details, strict=False)), shown=max(1, shown // 2))]
    if not details:
        return [_named(rows, shown=shown)] if rows else []
    alike: dict[str, list[int]] = {}
    for row, words in zip(rows, details, strict=False):
        alike.setdefault(words, []).append(row)
    lines = [f"{_named(own, shown=shown)}: {words}" for words, own in list(alike.items())[:LINES]]
    if rest := sum(map(len, list(alike.values())[LINES:])):
        lines.append(f"and {rest} more")
    return lines


def _pairs(pairs: Sequence[tuple[int, int]], said: dict[int, str], *, shown: int) -> str:
    def named(row: int) -> str:
        return f"{row} ({said[row]})" if said.get(row) else str(row)

    told = ", ".join(f"{named(a)} and {named(b)}" for a, b in pairs[:shown])
    more = f", and {len(pairs) - shown} pairs more" if len(pairs) > shown else ""
    return f"rows {told}{more}"


def _named(rows: Sequence[int], *, shown: int) -> str:
    told = ", ".join(map(str, rows[:shown]))
    more = f" and {len(rows) - shown} more" if len(rows) > shown else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {told}{more}"
