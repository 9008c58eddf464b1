"""The errors a user sees.

Enters: what was expected, what was found, what to do. Leaves: one sentence,
``where: expected X, got Y. Do Z.``, never a cell's content, a patient's name or
a note's text. Checks that can find several faults collect them in `Problems`
and raise once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN_PROBLEMS = 20


class BedsideError(Exception):
    """Something the user can mend; the command prints it without a traceback."""


class StudyError(BedsideError):
    """The study file, or an option set on the command line, is wrong."""


class DataError(BedsideError):
    """A table, file or value of the data is wrong."""


class LeakageError(BedsideError):
    """The parts of a split overlap, or a fit would see more than training cases."""


class PackageError(BedsideError):
    """A package is damaged, of an unknown version, or computes other numbers here."""


class RunError(BedsideError):
    """A run folder is missing, incomplete or belongs to another study."""


def sentence(where: str, *, expected: str, got: str, remedy: str) -> str:
    """Build the one error sentence of the project.

    Args:
        where: the place, by file, row, key or column.
        expected: what should have been there.
        got: a type, shape, range, unit, row or key; never a cell's content.
        remedy: what to do, as an imperative without the final full stop.
    """
    return f"{where}: expected {expected}, got {got}. {remedy.rstrip('.')}."


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is meant: ``did you mean 'epochs'?`` or the list of known names."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known are: {', '.join(names)}." if names else "None is known here."


@dataclass
class Problems:
    """Collects every fault of one check, then raises them together."""

    kind: type[BedsideError]
    found: list[str] = field(default_factory=list)

    def add(self, where: str, *, expected: str, got: str, remedy: str) -> None:
        """Note one fault; the arguments are those of `sentence`."""
        self.found.append(sentence(where, expected=expected, got=got, remedy=remedy))

    def raise_if_any(self) -> None:
        """Raise one error with all faults, one a line, the first twenty in full."""
        if not self.found:
            return
        lines = self.found[:SHOWN_PROBLEMS]
        if len(self.found) > SHOWN_PROBLEMS:
            lines.append(f"... and {len(self.found) - SHOWN_PROBLEMS} more of the same kind.")
        raise self.kind("\n".join(lines))
