"""Which cases and patients the networks of a run have seen, so that others can start from it.

Enters: the cohort's contents by part and, where the run started from another one, what that one
had seen. Leaves: `Seen`, kept in the run: digests of the cases' raw content, which tell
nothing of them, and of the runs before the ids of their patients. A network that has learnt
from a case of this study's validation or test part is refused.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.contents import DIGEST, Contents
from bedside.data.spans import WITHIN
from bedside.errors import LeakageError, RunError, sentence
from bedside.run_folder import RunFolder, atomic, write_bytes
from bedside.schema import Array

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort
    from bedside.study import DataSection

CONTENTS = "cases.safetensors"
"""In the checkpoint's folder: digests of the cases a run's networks have seen."""
PATIENTS = "seen_before.csv"
"""In the run's folder: patients of the runs that it started from."""
LEARNT: tuple[str, str] = ("train", "validation")
SHOWN_ROWS = 5


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
        noun: what was compared by content, in the singular: ``case`` or ``hour of readings``.
        cases: how many of validation and test were.
        patients: patients of these compared by id; None where ids say nothing.
        chosen_by: validation cases that chose between epochs or models there too.
        namesakes: patients of these parts who share an id with one there, of another source.
    """

    noun: str = "case"
    cases: int = 0
    patients: int | None = None
    chosen_by: int = 0
    namesakes: int = 0


def seen_by(contents: Contents) -> Seen:
    """What the networks of this study will have seen; its patients stand in ``splits.csv``."""
    return Seen({part: contents.of(part) for part in LEARNT})


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
    seen: Seen, cohort: Cohort, contents: Contents, *, by: str, place: str, run: str
) -> Overlap:
    """Refuse a network that has seen what this study is to be measured on.

    Cases are compared by content. Patients are compared by id where both come from one
    place, or where a case of this study stands there too; elsewhere the same id can be
    another person's. A validation case that was one there as well has taught that network
    nothing; it is counted.

    Args:
        seen: by that run's networks.
        cohort: N cases of this study.
        contents: of these, with their parts.
        by: what this study's split keeps together; patients that it lets stand in two
            parts are not compared.
        place: of this study's source.
        run: name of the other run.

    Raises:
        LeakageError: a test case was in its training or validation part, or a validation
            case in its training part, or their patient was.
    """
    validation = contents.parts == "validation"
    tested = ~np.isin(contents.parts, ["train", "validation", ""])
    known = {part: contents.among(seen.contents[part]) for part in LEARNT}
    one_source = bool(known["train"].any() or known["validation"].any())
    people = {
        part: {
            patient
            for other, source, patient in seen.patients
            if other == part and (one_source or _one_place(source, place))
        }
        for part in LEARNT
    }
    ids = _whole_patients(cohort, contents, by=by)
    theirs = {part: np.isin(ids, list(people[part])) for part in LEARNT}
    learnt, chosen = (known[part] | theirs[part] for part in LEARNT)
    leaks = (validation & learnt) | (tested & (learnt | chosen))
    if leaks.any():
        raise _leak(cohort, contents, leaks, tested=tested, run=run)
    judged = set(ids[validation | tested].tolist()) - {""}
    comparable = bool(judged) and any(people.values())
    namesakes = set() if comparable else judged & {patient for *_, patient in seen.patients}
    return Overlap(
        noun=contents.noun,
        cases=int((contents.names[validation | tested] != b"").any(axis=1).sum()),
        patients=len(judged) if comparable else None,
        chosen_by=int((validation & known["validation"]).sum()),
        namesakes=len(namesakes),
    )


def _whole_patients(cohort: Cohort, contents: Contents, *, by: str) -> Array:
    """(U,) patient ids; blank where unknown, or where the split lets them stand in two parts."""
    patients = cohort.patients()
    if patients is None or by == "case":
        return np.full(len(contents.rows), "", dtype=str)
    whole = contents.parts == "held_out_patients" if by == WITHIN else True
    return np.where(whole, patients[contents.rows], "")


def _one_place(a: str, b: str) -> bool:
    """Whether two sources are one: the same, or one inside the other's folder."""
    if a == b:
        return True
    if not (a.startswith(("/", "\\")) or Path(a).is_absolute()):
        return False
    return Path(a).is_relative_to(b) or Path(b).is_relative_to(a)


def _leak(
    cohort: Cohort, contents: Contents, leaks: Array, *, tested: Array, run: str
) -> LeakageError:
    counts = [(int((leaks & tested).sum()), "test"), (int((leaks & ~tested).sum()), "validation")]
    told = " and ".join(f"{n} {part}" for n, part in counts if n)
    noun, _, rest = contents.noun.partition(" ")
    plural = f"{noun}{'s' * (int(leaks.sum()) > 1)}{' ' * bool(rest)}{rest}"
    rows = np.unique(contents.rows[leaks])
    shown = ", ".join(str(row + cohort.first_row) for row in rows[:SHOWN_ROWS].tolist())
    more = ", ..." if len(rows) > SHOWN_ROWS else ""
    return LeakageError(
        sentence(
            "model.start_from",
            expected=f"validation and test cases that the network of run '{run}' has not seen",
            got=f"{told} {plural} that it has learnt from or was chosen by, or of such a patient "
            f"({cohort.noun}s {shown}{more} of {cohort.source})",
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
