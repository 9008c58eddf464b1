"""A whole archive of notes -> one structured record each, in a file that can be gone on with.

Enters: packages, notes, where the records go. Leaves: JSON lines in the order of the notes, and
beside them ``<name>.about.json``: what they were made with and how many there are. A few notes
are in memory at once, whatever the archive holds. A work that was killed goes on by the same
command: whole lines are kept, half a line is cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from bedside import __version__
from bedside.deployment.notes.archive import Archive, Note, notes_of
from bedside.deployment.notes.codes import CodeBook, read_codes
from bedside.deployment.notes.fhir import bundle
from bedside.deployment.notes.lines import append, cut_to, see_onto_disk, whole_lines
from bedside.deployment.notes.panel import Answers, Panel, open_panel
from bedside.deployment.notes.structure import Record, headed, structured
from bedside.errors import DataError, RunError, sentence
from bedside.modalities.text_files import clean_text
from bedside.modalities.text_places import Places, places_in
from bedside.run_folder import read_json, write_json

SUFFIXES = (".jsonl", ".ndjson")
ABOUT = ".about.json"
SYNCED_SECONDS = 1.0
"""So often is what was written seen onto the disk; only lost power makes later notes again."""
MOST_CHARACTERS = 2_000_000
"""Of the notes that are in memory at once, but for one that is longer."""


@dataclass
class Tally:
    """What is in the records so far."""

    notes: int = 0
    errors: int = 0
    remarks: int = 0
    entities: int = 0
    denied: int = 0
    codes: int = 0

    def add(self, record: Record) -> None:
        """Count one record."""
        self.notes += 1
        self.errors += "error" in record
        self.remarks += bool(record.get("remarks"))
        self.entities += len(record.get("entities", ()))
        self.denied += sum(one["denied"] for one in record.get("entities", ()))
        self.codes += len(record.get("codes", ()))


@dataclass(frozen=True)
class Work:
    """What one work is made with.

    Args:
        panel: the packages.
        codes: the user's terms, or none.
        output: where records go.
        fhir: where bundles go, or nowhere.
        tally: of the records.
    """

    panel: Panel
    codes: CodeBook | None
    output: Path
    fhir: Path | None = None
    tally: Tally = field(default_factory=Tally)

    def see_onto_disk(self) -> None:
        """Wait until what was written outlasts lost power."""
        for path in (self.output, self.fhir):
            if path is not None:
                see_onto_disk(path)


@dataclass(frozen=True)
class Read:
    """A note as it was read, or the sentence that says why it was not.

    Args:
        number: of the note, from 1.
        note: itself.
        written: its text as it was written.
        places: the same as it is read; None where it could not be.
        remark: on how it was read.
        problem: why it could not be.
    """

    number: int
    note: Note
    written: str = ""
    places: Places | None = None
    remark: str | None = None
    problem: str | None = None


def process(  # noqa: PLR0913 - each is an option of the command
    packages: Sequence[str | Path],
    notes: str | Path,
    output: str | Path,
    *,
    column: str | None = None,
    id_column: str | None = None,
    patient_column: str | None = None,
    codes: str | Path | None = None,
    fhir: str | Path | None = None,
    threads: int | None = None,
    batch_size: int = 64,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Write one structured record a note; a work that was killed goes on.

    Args:
        packages: folders of packages that tag, summarise or classify one text; none is fine.
        notes: a folder of .txt files, a table (CSV, TSV, Parquet, JSON lines) or a .txt file.
        output: a .jsonl file apart from the notes.
        column: of a table, with the texts.
        id_column: of a table, that names the notes.
        patient_column: of a table, that names the patients.
        codes: a CSV with the columns term, code and system.
        fhir: a .ndjson file that gets a FHIR R4 bundle a note, too; None writes none.
        threads: of the engine; None takes what the machine has.
        batch_size: notes in memory at once.
        progress: called with the number of notes done so far.

    Returns:
        What ``<output>.about.json`` holds: ``settings``, ``packages`` and ``counts``.

    Raises:
        StudyError: a column, an option or a package does not fit.
        DataError: there are no notes, or a table is broken.
        RunError: the output holds something else, other notes than before, or cannot be written.
        PackageError: a package is damaged.
    """
    archive = Archive(Path(notes), column, id_column, patient_column)
    output = Path(output)
    beside = None if fhir is None else Path(fhir)
    for path in (output, beside):
        check_places(archive.source, path or output)
    if beside is not None and beside.resolve() == output.resolve():
        raise _another(output, "the same file for records and for FHIR")
    found = notes_of(archive)
    book = None if codes is None else read_codes(Path(codes))
    work = Work(open_panel(packages, threads=threads), book, output, beside)
    about = _begun(work, archive)
    numbered = enumerate(found, start=1)
    _go_on(work, numbered)
    synced = monotonic()
    for batch in _batches(numbered, batch_size):
        _write(batch, work, begun=about["begun"])
        if monotonic() - synced > SYNCED_SECONDS:
            work.see_onto_disk()
            synced = monotonic()
        if progress is not None:
            progress(work.tally.notes)
    work.see_onto_disk()
    about = {**about, "finished": _now(), "counts": asdict(work.tally)}
    write_json(about_path(output), about)
    return about


def _write(batch: Sequence[Read], work: Work, *, begun: str) -> None:
    records = _records(batch, work)
    append(work.output, records)
    if work.fhir is not None:
        pairs = zip(records, batch, strict=True)
        append(work.fhir, [bundle(record, one.written, begun=begun) for record, one in pairs])
    for record in records:
        work.tally.add(record)


def about_path(output: Path) -> Path:
    """Where it is written what records were made with."""
    return output.with_suffix(ABOUT)


def check_places(source: Path, output: Path) -> None:
    """Refuse an output that is no file of lines, is the input, or lies inside it.

    Raises:
        RunError: says which.
    """
    got = ""
    expected = f"a file apart from the notes, ending in {' or '.join(SUFFIXES)}"
    inside, outside = output.resolve(), source.resolve()
    if inside == outside:
        got = "the notes themselves"
    elif outside in inside.parents:
        got = "a file inside the folder of notes, which is never touched"
    elif output.suffix.lower() not in SUFFIXES:
        got = f"'{output.suffix}'" if output.suffix else "no ending"
    elif output.is_dir():
        got = "a folder"
    if got:
        remedy = "Name another with -o"
        raise RunError(sentence(output.name, expected=expected, got=got, remedy=remedy))


def _begun(work: Work, archive: Archive) -> dict[str, Any]:
    """What the records are made with; on going on, the same as before.

    Raises:
        RunError: the output is not of this work.
    """
    settings = {
        "notes": archive.source.name,
        "column": archive.column,
        "id_column": archive.id_column,
        "patient_column": archive.patient_column,
        "fhir": work.fhir is not None,
        "codes": None if work.codes is None else work.codes.digest,
        "bedside": __version__,
    }
    made = {"settings": settings, "packages": work.panel.facts()}
    path = about_path(work.output)
    there = [own for own in (work.output, work.fhir) if own and own.exists() and own.stat().st_size]
    if not path.exists() or work.output not in there:  # none was written, so that none is lost
        for own in there:
            raise _another(own, "a file that is there already")
        about = {**made, "begun": _now(), "finished": None, "counts": None}
        write_json(path, about)
        return about
    before = read_json(path)
    for name, now in {**settings, "packages": made["packages"]}.items():
        then = before.get("packages") if name == "packages" else before["settings"].get(name)
        if then != now:
            raise _another(work.output, f"records of other {name}")
    return dict(before)


def _go_on(work: Work, numbered: enumerate[Note]) -> None:
    """Keep the whole lines that are there, and pass the notes that they are of.

    Raises:
        RunError: they are of other notes.
    """
    kept = 0
    most = None if work.fhir is None else sum(1 for _ in whole_lines(work.fhir))
    for end, record in islice(whole_lines(work.output), most):
        number, note = next(numbered, (0, None))
        if note is None or (record.get("number"), record.get("note")) != (number, note.name):
            place = work.tally.notes + 1
            raise _another(work.output, f"records of other notes from note {place} on")
        work.tally.add(record)
        kept = end
    cut_to(work.output, kept)
    if work.fhir is not None:
        bundled = islice((end for end, _ in whole_lines(work.fhir)), work.tally.notes)
        cut_to(work.fhir, max(bundled, default=0))


def _batches(numbered: Iterable[tuple[int, Note]], size: int) -> Iterator[list[Read]]:
    """Notes as they are read, so many at a time, and fewer where they are long."""
    batch: list[Read] = []
    characters = 0
    for number, note in numbered:
        one = _read(number, note)
        batch.append(one)
        characters += len(one.written)
        if len(batch) == size or characters > MOST_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _read(number: int, note: Note) -> Read:
    where = f"note {number}"
    try:
        written, remark = note.read(where=where)
        clean_text(written, where=where)
    except DataError as error:
        return Read(number, note, problem=str(error))
    return Read(number, note, written, places_in(written), remark)


def _records(batch: Sequence[Read], work: Work) -> list[Record]:
    """The records of a batch, in its order."""
    texts = [one.places.text for one in batch if one.places is not None]
    answers = iter(work.panel.ask(texts))
    records = []
    for one in batch:
        if one.places is None:
            own = {"error": one.problem}
        else:
            own = _structured(one, one.places, next(answers), work)
        name, patient = one.note.name, one.note.patient
        records.append(headed(own, number=one.number, name=name, patient=patient))
    return records


def _structured(one: Read, places: Places, answers: Answers, work: Work) -> Record:
    record = structured(one.written, places, answers, codes=work.codes)
    remarks = [one.remark] if one.remark else []
    if not places.text:
        remarks.append("no word")
    problems = [f"note {one.number}, {problem}" for problem in answers.problems]
    return {
        **record,
        **({"remarks": remarks} if remarks else {}),
        **({"error": " ".join(problems)} if problems else {}),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _another(output: Path, got: str) -> RunError:
    return RunError(
        sentence(
            output.name,
            expected="a new file, or the one of this very work",
            got=got,
            remedy="Name another with -o, or remove it with its .about.json",
        )
    )
