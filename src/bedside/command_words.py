"""What all commands share: how examples look in the help, and the option that asks for silence.

Enters: nothing. Leaves: typer's forms.
"""

from __future__ import annotations

from typing import Annotated

import typer

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]


def examples(*lines: str) -> str:
    """An epilogue that keeps its lines."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
