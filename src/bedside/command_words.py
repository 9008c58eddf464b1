"""What all commands share: their options, and how examples look in the help.

Enters: nothing. Leaves: typer's forms.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bedside.study import Study

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (YAML).")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key: --set training.epochs=5."),
]


def examples(*lines: str) -> str:
    """An epilogue that keeps its lines."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def read_study(path: Path, overrides: list[str] | None) -> Study:
    """The study, read before anything heavy is imported, so that a typo is told at once."""
    from bedside.study import Study

    return Study.load(path, overrides=overrides or [])
