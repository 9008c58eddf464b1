"""A form filled from a run: answers with evidence, and what is left for the authors.

Enters: a run folder and a form. Leaves: a `Filled` form, and the file written of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from bedside import __version__
from bedside.errors import StudyError
from bedside.reporting.checklist.answering import REGISTRY
from bedside.reporting.checklist.evidence import Answer, Evidence
from bedside.reporting.checklist.forms import Form, Item, load_form
from bedside.reporting.page import page_environment
from bedside.reporting.record import read_record
from bedside.run_folder import write_text

if TYPE_CHECKING:
    from bedside.reporting.record import Record
    from bedside.run_folder import RunFolder

State: TypeAlias = Literal["filled", "in part", "author"]
UNKNOWN = "this run does not hold it."


@dataclass(frozen=True)
class Line:
    """One item with what the run knows of it.

    Args:
        item: of the form.
        answers: of the run, each with pointers that lead somewhere.
    """

    item: Item
    answers: Sequence[Answer]

    @property
    def state(self) -> State:
        """Whether the run answers it whole, in part or not at all."""
        if not self.answers:
            return "author"
        return "in part" if self.item.author else "filled"

    @property
    def author(self) -> str:
        """What is left for the authors; blank where nothing is."""
        if self.state == "filled":
            return ""
        return f"author: {self.item.author or UNKNOWN}"

    @property
    def evidence(self) -> list[str]:
        """Where the answers stand, each place once."""
        return list(dict.fromkeys(str(p) for answer in self.answers for p in answer.pointers))


@dataclass(frozen=True)
class Filled:
    """A form with a line for each item."""

    form: Form
    study: str
    lines: Sequence[Line]

    def count(self, state: State) -> int:
        """Lines of a state."""
        return sum(line.state == state for line in self.lines)

    @property
    def sections(self) -> list[tuple[str, list[Line]]]:
        """The form's headings in order, with their lines."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.item.section, []).append(line)
        return list(found.items())

    @property
    def summary(self) -> str:
        """How much is filled."""
        return (
            f"filled {self.count('filled')} of {len(self.lines)}, "
            f"in part {self.count('in part')}, for the author {self.count('author')}"
        )


def fill(form: Form, record: Record) -> Filled:
    """Ask the run for every item; an answer without evidence is none.

    Args:
        form: with all its items.
        record: of a finished run.
    """
    evidence = Evidence(record.folder)
    lines = []
    for item in form.items:
        found = (_proven(REGISTRY.load(name)(record), evidence) for name in item.answers)
        lines.append(Line(item, [answer for answer in found if answer is not None]))
    return Filled(form, record.study.name, lines)


def _proven(answer: Answer | None, evidence: Evidence) -> Answer | None:
    """The answer with the pointers that lead somewhere, None where none does."""
    if answer is None:
        return None
    pointers = tuple(dict.fromkeys(p for p in answer.pointers if evidence.holds(p)))
    return Answer(answer.text, pointers) if pointers else None


def write_checklist(
    folder: RunFolder, name: str, output: Path | None = None
) -> tuple[Filled, Path]:
    """Fill a form from a run and write it.

    Args:
        folder: of a finished run; the raw data are not needed.
        name: of the form.
        output: a .md or .html file; default ``checklist-<form>.md`` in the run's folder.

    Raises:
        StudyError: there is no such form, or the file ends otherwise.
        RunError: the run is damaged.
    """
    form = load_form(name)
    path = output or folder.root / f"checklist-{name}.md"
    suffix = path.suffix.lower()
    if suffix not in (".md", ".html"):
        raise StudyError(
            f"{path.name}: expected a file ending in .md or .html, got "
            f"{repr(path.suffix) if path.suffix else 'no ending'}. Name another with -o."
        )
    filled = fill(form, read_record(folder))
    if suffix == ".html":
        page = page_environment().get_template("checklist.html.j2")
        write_text(path, page.render(filled=filled, version=__version__))
    else:
        write_text(path, as_markdown(filled))
    return filled, path


def as_markdown(filled: Filled) -> str:
    """The form as a table of Markdown."""
    form = filled.form
    lines = [
        f"# {_cell(form.title)}",
        "",
        f"Study **{_cell(filled.study)}**: {filled.summary}. Written by bedside {__version__} from "
        "the run folder alone; what the run does not hold is left to the authors.",
        "",
        f"Form: {_cell(form.source)} {_cell(form.licence)}",
        "",
        "| Item | Asks | Answer from the run | Evidence |",
        "|---|---|---|---|",
    ]
    for line in filled.lines:
        item = line.item
        told = " ".join([*(answer.text for answer in line.answers), line.author]).strip()
        places = "<br>".join(_cell(place) for place in line.evidence)
        head = f"{_cell(item.number)} {_cell(item.topic)} ({line.state})"
        lines.append(f"| {head} | {_cell(item.asks)} | {_cell(told)} | {places} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """A text that neither ends its cell nor begins a tag, link or code of its own."""
    words = " ".join(text.split())
    for sign, safe in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "\\`"), ("[", "\\[")):
        words = words.replace(sign, safe)
    return words
