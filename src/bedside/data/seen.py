"""Which cases and patients the networks of a run have seen, so that others can start from it.

Enters: the cohort, its split and, where the run started from another one, what that one
had seen. Leaves: `Seen`, kept in the run: digests of the cases' raw content, which tell
nothing of them, and of the runs before the ids of their patients. A network that has learnt
from a case of this study's validation or test part is refused.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.errors import DataError, LeakageError, RunError, sentence
from bedside.run_folder import RunFolder, atomic, write_bytes
from bedside.schema import Array, Reference

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.data.split import Split
    from bedside.study import DataSection

CONTENTS = "cases.safetensors"
"""In the checkpoint's folder: digests of the cases a run's networks have seen."""
PATIENTS = "seen_before.csv"
"""In the run's folder: patients of the runs that it started from."""
DIGEST = "S16"
LEARNT: tuple[str, str] = ("train", "validation")
TELLING_SIZE = 64
"""A shorter text or list of numbers can be equal in two cases by chance."""
READ_WHOLE, BLOCKS, BLOCK = 2**20, 32, 2**13
SHOWN_ROWS = 5
SLICE = 512
"""Rows handed to the threads at a time: bounds what waits in memory."""


@dataclass(frozen=True)
class Seen:
    """What networks learnt from (``train``) and were chosen by (``validation``).

    Args:
        contents: part -> (n,) digests of the raw content of cases, sorted, each once.
        patients: (part, place of the source, patient id).
    """

    contents: Mapping[str, Array]
    patients: frozenset[tuple[str, str, str]] = frozenset()

    def with_older(self, older: Seen | None) -> Seen:
        """What was seen here and before."""
        if older is None:
            return self
        both = {p: np.union1d(self.contents[p], older.contents[p]) for p in LEARNT}
        return Seen(both, self.patients | older.patients)


@dataclass(frozen=True)
class Overlap:
    """How a study was compared with what another run's networks have seen; plain counts.

    Args:
        cases: validation and test cases compared by content.
        patients: patients of these compared by id; None where ids say nothing.
        chosen_by: validation cases that chose between epochs or models there too.
        namesakes: patients of these parts who share an id with one there, of another source.
    """

    cases: int = 0
    patients: int | None = None
    chosen_by: int = 0
    namesakes: int = 0


def case_contents(
    cohort: Cohort,
    columns: Sequence[str],
    *,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Array:
    """(N, K) digests of the raw content of N cases and K columns; empty where there is none.

    The raw content (bytes of the file, values of the array), since what is read from it
    depends on the study: the same film at another size is still the same film.
    """
    found = np.zeros((len(cohort), len(columns)), dtype=DIGEST)

    def one(row: int) -> list[bytes]:
        return [_digest(cohort, row, column) for column in columns]

    with ThreadPoolExecutor(max(threads, 1), thread_name_prefix="digest") as pool:
        for start in range(0, len(cohort), SLICE):
            rows = range(start, min(start + SLICE, len(cohort)))
            found[rows.start : rows.stop] = list(pool.map(one, rows))
            if progress is not None:
                progress(rows.stop)
    return found


def _digest(cohort: Cohort, row: int, column: str) -> bytes:
    try:
        return content_digest(cohort.reference(row, column))
    except (OSError, DataError):  # the audit names files that cannot be read
        return b""


def content_digest(reference: Reference) -> bytes:
    """16 bytes that name the raw content; none where so little could be equal by chance."""
    content = reference.content
    if isinstance(content, Path):
        return _file_digest(content)
    if isinstance(content, np.ndarray) and content.size >= TELLING_SIZE:
        digest = blake2b(f"{content.dtype.str}{content.shape}".encode(), digest_size=16)
        digest.update(np.ascontiguousarray(content).data)
        return digest.digest()
    if isinstance(content, str) and len(content) >= TELLING_SIZE:
        return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return b""


def _file_digest(path: Path) -> bytes:
    """Of a large file its size and blocks from end to end: archives of terabytes stay unread."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if size <= READ_WHOLE:
            return blake2b(stream.read(), digest_size=16).digest()
        digest = blake2b(str(size).encode(), digest_size=16)
        for number in range(BLOCKS):
            stream.seek((size - BLOCK) * number // (BLOCKS - 1))
            digest.update(stream.read(BLOCK))
    return digest.digest()


def seen_by(split: Split, contents: Array) -> Seen:
    """What the networks of this study will have seen; its patients stand in ``splits.csv``."""
    found = {}
    for part in LEARNT:
        own = np.unique(contents[split.parts == part])
        found[part] = own[own != b""]
    return Seen(found)


def place_of(data: DataSection) -> str:
    """Where a study's cases come from, as one text: patient ids mean the same within it."""
    if data.synthetic is not None:
        return f"synthetic {data.synthetic} {data.seed}"
    given = data.dicom[0] if isinstance(data.dicom, list) else getattr(data, data.source)
    place = Path(given).absolute()
    if data.root is not None:
        return str(data.root.absolute())
    in_a_folder = data.table is not None or isinstance(data.dicom, list)
    return str(place.parent if in_a_folder else place)


def refuse_overlap(
    seen: Seen, cohort: Cohort, split: Split, *, contents: Array, place: str, run: str
) -> Overlap:
    """Refuse a network that has seen what this study is to be measured on.

    Cases are compared by content. Patients are compared by id where both come from one
    place, or where a case of this study stands there too; elsewhere the same id can be
    another person's. A validation case that was one there as well has taught that network
    nothing; it is counted.

    Args:
        seen: by that run's networks.
        cohort: N cases of this study.
        split: of these.
        contents: (N, K) digests.
        place: of this study's source.
        run: name of the other run.

    Raises:
        LeakageError: a test case was in its training or validation part, or a validation
            case in its training part, or their patient was.
    """
    judged = {part: split.parts == part for part in ("validation", "test")}
    known = {part: _rows_in(contents, seen.contents[part]) for part in LEARNT}
    leaks = (judged["validation"] & known["train"]) | (
        judged["test"] & (known["train"] | known["validation"])
    )
    same = bool(known["train"].any() or known["validation"].any())
    people = {
        part: {patient for p, source, patient in seen.patients if p == part
               and (same or _one_place(source, place))}
        for part in LEARNT
    }  # fmt: skip
    patients = cohort.patients() if split.by != "case" else None
    ids = np.array([], dtype=str) if patients is None else patients
    theirs = {part: np.isin(ids, list(people[part])) for part in LEARNT}
    if patients is not None:
        leaks = leaks | (judged["validation"] & theirs["train"])
        leaks = leaks | (judged["test"] & (theirs["train"] | theirs["validation"]))
    if leaks.any():
        raise _leak(cohort, np.flatnonzero(leaks), judged["test"], run=run)
    either = judged["validation"] | judged["test"]
    names = set() if patients is None else set(ids[either].tolist())
    comparable = patients is not None and any(people.values())
    return Overlap(
        cases=int((contents[either] != b"").any(axis=1).sum()),
        patients=len(names) if comparable else None,
        chosen_by=int((judged["validation"] & known["validation"]).sum()),
        namesakes=0 if comparable else len(names & {patient for *_, patient in seen.patients}),
    )


def _rows_in(contents: Array, known: Array) -> Array:
    return np.asarray((np.isin(contents, known) & (contents != b"")).any(axis=1))


def _one_place(a: str, b: str) -> bool:
    """Whether two sources are one: the same, or one inside the other's folder."""
    if a == b:
        return True
    if not (a.startswith(("/", "\\")) or Path(a).is_absolute()):
        return False
    return Path(a).is_relative_to(b) or Path(b).is_relative_to(a)


def _leak(cohort: Cohort, rows: Array, tested: Array, *, run: str) -> LeakageError:
    test = int(tested[rows].sum())
    counts = [(test, "test"), (len(rows) - test, "validation")]
    shown = ", ".join(str(row + cohort.first_row) for row in rows[:SHOWN_ROWS].tolist())
    more = ", ..." if len(rows) > SHOWN_ROWS else ""
    told = " and ".join(f"{n} {part}" for n, part in counts if n)
    return LeakageError(
        sentence(
            "model.start_from",
            expected=f"validation and test cases that the network of run '{run}' has not seen",
            got=f"{told} case{'s' * (len(rows) > 1)} that it has learnt from or was chosen by, "
            f"or of such a patient (rows {shown}{more} of {cohort.source})",
            remedy="Give both studies the same data and split, so that their parts agree, or "
            "train from scratch without start_from",
        )
    )


def write_seen(folder: RunFolder, own: Seen, *, before: Seen | None = None) -> None:
    """Keep what a run's networks are about to see, with what those before them had."""
    from safetensors.numpy import save

    whole = own.with_older(before)
    arrays = {
        part: np.frombuffer(whole.contents[part].tobytes(), dtype=np.uint8).reshape(-1, 16)
        for part in LEARNT
    }
    if before is not None:
        path = folder.root / PATIENTS
        with atomic(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["part", "source", "patient_id"])
            writer.writerows(sorted(whole.patients))
    facts = {"started_from_another": str(before is not None)}
    write_bytes(folder.checkpoint / CONTENTS, save(arrays, metadata=facts))


def read_seen(folder: RunFolder, *, place: str) -> Seen:
    """What a run's networks have seen.

    Args:
        folder: of the run.
        place: of its source.

    Raises:
        RunError: the run does not say it, or a file of it is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder.checkpoint / CONTENTS, framework="numpy") as stream:
            contents = {part: _as_digests(stream.get_tensor(part)) for part in LEARNT}
            older = stream.metadata()["started_from_another"] == "True"
    except (FileNotFoundError, OSError, SafetensorError, KeyError, TypeError, ValueError):
        raise _unknown(folder, f"checkpoint/{CONTENTS}") from None
    own = _people(folder, folder.splits, lambda row: (row["part"], place, row["patient_id"]))
    if older:
        before = folder.root / PATIENTS
        own |= _people(folder, before, lambda r: (r["part"], r["source"], r["patient_id"]))
    return Seen(contents, own)


def _as_digests(values: Array) -> Array:
    return np.ascontiguousarray(values.reshape(-1, 16)).view(DIGEST)[:, 0]


def _people(
    folder: RunFolder, path: Path, read: Callable[[dict[str, str]], tuple[str, str, str]]
) -> frozenset[tuple[str, str, str]]:
    """Patients of a table that a run left; none where the table knows none."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            table = csv.DictReader(stream, strict=True)
            if "patient_id" not in (table.fieldnames or ()):
                return frozenset()
            return frozenset(read(row) for row in table if row["part"] in LEARNT)
    except (OSError, KeyError, UnicodeDecodeError, csv.Error):
        raise _unknown(folder, path.name) from None


def _unknown(folder: RunFolder, name: str) -> RunError:
    return RunError(
        sentence(
            "model.start_from",
            expected="a run that says which cases its network has seen",
            got=f"run '{folder.root.name}' without a whole {name}",
            remedy="Run its study again with this version into a new folder, or leave "
            "start_from out",
        )
    )
