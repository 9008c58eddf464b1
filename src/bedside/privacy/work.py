"""What the readers of every kind of file share: settings, secret, tagger, key.

Enters: how a release is to be made. Leaves: `Work`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bedside.privacy.dates import Order
from bedside.privacy.identifiers import Tagger
from bedside.privacy.key_file import Key
from bedside.privacy.notes import Deidentified, deidentify_text
from bedside.privacy.surrogates import Surrogates


@dataclass(frozen=True)
class Settings:
    """How a release is made; the same for all of its files.

    Args:
        columns: of tables, with free text.
        patient: column of tables that names the patient.
        dates: order of the numbers of dates, None lets each text tell.
        keep_names: whether files keep their names.
        dicom_keep: options of the DICOM profile: ``characteristics``, ``descriptions``, ``device``.
        show: whether the report and the list for a human may quote words.
    """

    columns: tuple[str, ...] = ()
    patient: str | None = None
    dates: Order | None = None
    keep_names: bool = False
    dicom_keep: tuple[str, ...] = ()
    show: bool = False


@dataclass(frozen=True)
class Work:
    """What the readers of each kind of file share.

    Args:
        settings: of the release.
        secret: by which surrogates are drawn.
        tagger: a trained one, or none.
        key: where replacements are kept, or nowhere.
    """

    settings: Settings
    secret: bytes
    tagger: Tagger | None = None
    key: Key | None = None

    def surrogates(self, patient: str) -> Surrogates:
        """The surrogates of a patient, by the name that the files use."""
        return Surrogates(self.secret, patient)

    def text(self, text: str, surrogates: Surrogates, *, names: Sequence[str] = ()) -> Deidentified:
        """One text without its identifiers."""
        return deidentify_text(
            text, surrogates, order=self.settings.dates, tagger=self.tagger, names=names
        )

    def keep(self, entries: list[dict[str, Any]]) -> int:
        """Put entries under lock; the length of the key file then, 0 where there is none."""
        return 0 if self.key is None else self.key.add(entries)


def key_entries(done: Deidentified, surrogates: Surrogates) -> list[dict[str, Any]]:
    """What a key keeps of one text: each pair of words once."""
    pairs = {(one.span.kind, one.original, one.surrogate) for one in done.replaced}
    return [
        patient_entry(surrogates),
        *({"kind": kind, "was": was, "is": now} for kind, was, now in sorted(pairs)),
    ]


def patient_entry(surrogates: Surrogates) -> dict[str, Any]:
    """What a key keeps of a patient."""
    return {
        "patient": surrogates.patient,
        "code": surrogates.pseudonym(),
        "days": surrogates.days,
    }
