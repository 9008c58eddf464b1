"""The commands under ``bedside data``: what open sets there are, and fetching one.

Enters: their options. Leaves: a table on the terminal; a set in the local cache.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bedside.command_words import Quiet, examples

if TYPE_CHECKING:
    from bedside.data.public.catalogue import PublicSet

Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of the sets; default BEDSIDE_DATA, else ~/.cache/bedside/data."),
]

data_app = typer.Typer(
    help="Open data sets: list them, and fetch one.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@data_app.callback()
def _data() -> None:
    """Open data sets: list them, fetch one with its licence accepted."""


@data_app.command("list", epilog=examples("bedside data list", "bedside data list openi"))
def list_command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Tell all that is known of this set.")
    ] = None,
    *,
    folder: Folder = None,
) -> None:
    """List the open data sets, their licences, and which are here."""
    from bedside.data.public.catalogue import find_set, public_sets
    from bedside.data.public.place import is_here

    if name is not None:
        typer.echo(_told(name, find_set(name, where="data list")))
        return
    sets = public_sets()
    width = max(map(len, sets))
    for each, entry in sets.items():
        here = "here" if is_here(each, folder) else ""
        licence = entry.licence if len(entry.licence) <= 16 else f"{entry.licence[:15]}…"
        typer.echo(f"{each:<{width}}  {here:<4}  {licence:<16}  {entry.what}")


@data_app.command(
    "get",
    epilog=examples(
        "bedside data get pneumoniamnist",
        "bedside data get decathlon-hippocampus --accept-licence --folder sets/",
    ),
)
def get_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As 'bedside data list' has it.")],
    *,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the set's licence without a question.")
    ] = False,
    folder: Folder = None,
    quiet: Quiet = False,
) -> None:
    """Fetch an open data set: the one command that uses the network."""
    from bedside.data.public.fetching import get_public
    from bedside.data.public.place import is_here
    from bedside.data.public.written_study import STUDY
    from bedside.progress import Progress

    progress = Progress(quiet=quiet)
    was_here = is_here(name, folder)

    def accepted(entry: PublicSet) -> bool:
        progress.say(_told(name, entry))
        return accept_licence or (
            sys.stdin.isatty() and typer.confirm(f"Accept the licence, {entry.licence}?", err=True)
        )

    place = get_public(name, accept=accepted, folder=folder, progress=progress)
    if quiet:
        return
    typer.echo(f"{'Here already' if was_here else 'Fetched'}: {place}")
    if (place / STUDY).is_file():
        typer.echo(f"Then train and measure: bedside run {place / STUDY}")


def _told(name: str, entry: PublicSet) -> str:
    """All that is known of a set, one fact a line."""
    known = {each.known[0] if each.known else "none published" for each in entry.files}
    readable = f"data: {{public: {name}}}" if entry.data else f"none: {entry.unread}"
    facts = [
        ("cite", entry.cite),
        ("licence", f"{entry.licence}, {entry.licence_url}"),
        ("page", entry.home),
        *(("from", each.url) for each in entry.files),
        ("checksum", " and ".join(sorted(known))),
        ("checked", entry.checked),
        ("study", readable),
        *([("note", " ".join(entry.note.split()))] if entry.note else []),
    ]
    return "\n".join([f"{name}: {entry.what}", *(f"  {key:<10} {value}" for key, value in facts)])
