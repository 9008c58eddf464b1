"""De-identification of whole inputs: files in, files out, a journal and a report.

Enters: a file or a folder of notes, tables and DICOM. Leaves: a new folder with their copies
under other names, ``report.json`` with what was found, and ``review.jsonl`` with the places
that a human should look at. One file at a time is in memory; a table goes row by row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bedside.errors import DataError, RunError, sentence
from bedside.privacy.dicom_files import copy_dicom
from bedside.privacy.encodings import encoding_of
from bedside.privacy.files import Found, files_of, refuse_overlap
from bedside.privacy.identifiers import Tagger
from bedside.privacy.journal import Journal
from bedside.privacy.key_file import open_key
from bedside.privacy.risk import write_risk
from bedside.privacy.tables import copy_csv, copy_parquet
from bedside.privacy.tally import Tally
from bedside.privacy.tokens import WORD
from bedside.privacy.work import Settings, Work, key_entries
from bedside.run_folder import write_bytes

LONGEST_NOTE = 200_000_000
"""Bytes of a text file; a longer one is no note."""


def deidentify(
    source: Path,
    output: Path,
    settings: Settings | None = None,
    *,
    key: Path | None = None,
    passphrase: str = "",
    resume: bool = False,
    tagger: Tagger | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Copy an input without what identifies; the input is never touched.

    Args:
        source: a file or a folder.
        output: a new or empty folder apart from it.
        settings: of the release.
        key: where what stood where is kept, locked; none keeps nothing.
        passphrase: of the key.
        resume: go on with a work that was interrupted.
        tagger: a text in, spans with probabilities out, beside the rules.
        progress: called with the number of files done so far.

    Returns:
        The report, as ``report.json`` holds it.

    Raises:
        RunError: the output is or holds something else, or cannot be written.
        StudyError: a column or a passphrase is missing or wrong.
        DataError: a table is damaged.
    """
    settings = settings or Settings()
    refuse_overlap(source, output)
    if key is not None:
        _refuse_key_inside(key, source, output)
    journal = Journal(output)
    told = {
        **json.loads(json.dumps(asdict(settings))),
        "key": key is not None,
        "tagger": tagger is not None,
    }
    secret = journal.begin(told, resume=resume)
    opened = None if key is None else open_key(key, passphrase)
    work = Work(settings, opened.secret if opened else secret, tagger, opened)
    first, last = journal.finished()
    if opened is not None and last is not None:
        opened.cut(last["key_bytes"])
    for number, found in enumerate(_skipped(source, first, last)):
        line = _one(found, output, work)
        journal.note({"path": _fingerprint(found), **line})
        if progress is not None:
            progress(first + number + 1)
    report = write_risk(output, journal.read(), show=settings.show, key=key is not None)
    journal.close()
    return report


def _skipped(source: Path, count: int, last: dict[str, Any] | None) -> Iterator[Found]:
    """The files that are still to do.

    Raises:
        RunError: other files lie in the input than when the work began.
    """
    found = files_of(source)
    for number in range(count):
        one = next(found, None)
        ended = number == count - 1
        if one is None or (ended and last is not None and last["path"] != _fingerprint(one)):
            raise RunError(
                f"{source.name}: expected the same files as when the work began, got others. "
                "Put them back, or begin again with another -o."
            )
    yield from found


def _fingerprint(found: Found) -> str:
    return hashlib.blake2b("/".join(found.relative).encode(errors="surrogateescape"),
                           digest_size=12).hexdigest()  # fmt: skip


def _one(found: Found, output: Path, work: Work) -> dict[str, Any]:
    """Copy one file; what cannot be is left out and told."""
    target = output_path(found, output, work)
    name = "/".join(target.relative_to(output).parts)
    left_out = ""
    try:
        tally = _copy(found, target, work)
    except DataError as error:
        tally, left_out = Tally(), str(error)
    except OSError as error:  # of reading: what is written says so itself
        tally, left_out = Tally(), f"a file: cannot be read ({error.strerror}). Allow it."
    length = work.keep([{"file": "/".join(found.relative), "copy": name}])
    return {
        "form": found.form,
        "copy": name,
        "left_out": left_out,
        "key_bytes": length,
        **tally.to_json(),
    }


def _copy(found: Found, target: Path, work: Work) -> Tally:
    if found.form == "link":
        raise DataError("a file: expected a file, got a link. Put the file itself there.")
    if found.form == "table":
        return copy_csv(found.path, target, work)
    if found.form == "parquet":
        return copy_parquet(found.path, target, work)
    if found.form == "dicom":
        return copy_dicom(found.path, target, work)
    return copy_note(found, target, work)


def output_path(found: Found, output: Path, work: Work) -> Path:
    """Where a copy goes: under codes, since names of files and folders name patients, too."""
    if work.settings.keep_names:
        return output.joinpath("files", *found.relative)
    *folders, name = found.relative
    steps = [
        work.surrogates("/".join(found.relative[: place + 1])).pseudonym("folder")
        for place in range(len(folders))
    ]
    if folders:
        steps[0] = work.surrogates(folders[0]).pseudonym()
    code = work.surrogates("/".join(found.relative)).pseudonym(
        {"text": "note", "dicom": "image"}.get(found.form, "table")
    )
    suffix = {"text": ".txt", "dicom": ".dcm"}.get(found.form, Path(name).suffix.lower())
    return output.joinpath("files", *steps, code + suffix)


def copy_note(found: Found, target: Path, work: Work) -> Tally:
    """Copy one text file without its identifiers, in UTF-8.

    The patient is the first folder below the input, or the file itself where there is none.

    Raises:
        DataError: it is no text, or too long for a note.
    """
    encoding = None
    if found.path.stat().st_size <= LONGEST_NOTE:
        encoding = encoding_of(found.path)
    if encoding is None:
        raise DataError(
            sentence(
                "a file",
                expected="a text, a table or DICOM",
                got="another kind, or a text too long for a note",
                remedy="Look at it yourself",
            )
        )
    text = found.path.read_bytes().decode(encoding.name)
    surrogates = work.surrogates(found.relative[0])
    done = work.text(text, surrogates, names=_names_in(found))
    write_bytes(target, done.text.encode("utf-8", "replace"))
    tally = Tally()
    tally.add(done, place={}, show=work.settings.show)
    if not encoding.sure:
        tally.remarks.append("not UTF-8: read as Windows-1252, letters could be wrong")
    work.keep(key_entries(done, surrogates))
    return tally


def _names_in(found: Found) -> tuple[str, ...]:
    """Words of the file's and folders' names that are people's by a dictionary."""
    from bedside.privacy.vocabulary import known_words

    known = known_words()
    words = {w for step in found.relative for w in WORD.findall(Path(step).stem.replace("_", " "))}
    return tuple(
        word
        for word in sorted(words)
        if not known.is_word(word.lower())
        and (known.is_given(word.lower()) or known.is_surname(word.lower()))
    )


def _refuse_key_inside(key: Path, source: Path, output: Path) -> None:
    folders = {output.resolve(), source.resolve()}
    if folders & {key.resolve(), *key.resolve().parents}:
        raise RunError(
            f"{key.name}: expected a key apart from input and output, so that it is not handed on "
            "with them, got one inside. Name another file with --key."
        )
