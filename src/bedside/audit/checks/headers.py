"""What DICOM headers say that is wrong, contradicts itself, or names a person.

Enters: the evidence; the facts of each header stand in its sample's geometry. Leaves:
findings in plain sentences. Nothing else in the project obeys these
headers, so none of them blocks: they warn of pictures that may not belong here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding, Severity
from bedside.audit.glance import Glance
from bedside.data.dicom_header import CODES
from bedside.data.dicom_terms import RADIOGRAPHS, SLICES, TERMS, VIEWS
from bedside.modalities.reading import Readings
from bedside.schema import Sample

SHOWN_VALUES = 5
NARROW = 0.25
"""A picture whose greys spread over less of the range than this looks flat."""
SPOKEN = {
    "Modality": "the modality",
    "BodyPartExamined": "the body part",
    "ViewPosition": "the view position",
    "PatientPosition": "the patient position",
    "Laterality": "the laterality",
    "ImageLaterality": "the image laterality",
    "BurnedInAnnotation": "the flag for burned-in annotation",
    "PresentationLUTShape": "the presentation",
}
LOOK = "Look at these images; leave out what does not belong here, or have the headers corrected."
WINDOW = (
    "Set the input's window to full, or to [center, width] in the units after the rescale, "
    "such as [40, 400] for soft tissue in CT."
)


def header_faults(evidence: Evidence) -> list[Finding]:
    """Every fault of the DICOM headers, input by input."""
    found: list[Finding] = []
    for name, images in evidence.images.items():
        facts = {r: g.geometry.source for r, g in images.items() if _is_dicom(g)}
        if not facts:
            continue
        headers = _Headers(evidence, evidence.spoken(name), facts)
        found += [
            *_unknown_terms(headers),
            *_views_as_positions(headers),
            *_slices_or_projections(headers),
            *_mixtures(headers),
            *_contradictions(headers),
            *_windows(headers),
            *_flat(headers, evidence.inputs[name]),
            *_left_out(headers),
            *_identifying(headers),
        ]
    return found


@dataclass(frozen=True)
class _Headers:
    """The headers of one input: row -> plain facts."""

    evidence: Evidence
    spoken: str
    facts: Mapping[int, Mapping[str, Any]]

    def rows(self, name: str, value: object) -> list[int]:
        return [row for row, facts in self.facts.items() if facts.get(name) == value]

    def valued(self, name: str) -> dict[str, list[int]]:
        """Value of a fact -> its rows, the most frequent first."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row, facts in self.facts.items():
            if facts.get(name) is not None:
                rows[str(facts[name])].append(row)
        return dict(sorted(rows.items(), key=lambda item: (-len(item[1]), item[0])))

    def finding(
        self,
        severity: Severity,
        message: str,
        *,
        rows: Iterable[int],
        remedy: str = "",
        said: Mapping[str, Sequence[int]] | None = None,
    ) -> Finding:
        """A finding; `said` names words and the rows that they are said of."""
        words = {row: word for word, own in (said or {}).items() for row in own}
        found = sorted(rows)
        return self.evidence.finding(
            "headers",
            severity,
            f"{self.spoken}{message}",
            rows=found,
            remedy=remedy,
            details=[words.get(row, "") for row in found] if words else (),
        )


def _is_dicom(glance: Glance) -> bool:
    return glance.geometry.source.get("format") == "DICOM"


def _cases(rows: list[int]) -> str:
    return "1 case" if len(rows) == 1 else f"{len(rows)} cases"


def _verb(rows: list[int], one: str, many: str) -> str:
    return one if len(rows) == 1 else many


def _unknown_terms(headers: _Headers) -> list[Finding]:
    """Codes that the standard does not know, and fields that hold no code at all."""
    found = []
    for name, keyword in CODES.items():
        wrong = {v: r for v, r in headers.valued(name).items() if v not in TERMS[keyword]}
        if wrong:
            rows = [row for some in wrong.values() for row in some]
            told = _listed([f"'{value}'" for value in wrong])
            message = (
                f"{_cases(rows)} {_verb(rows, 'gives', 'give')} {SPOKEN[keyword]} as "
                f"{told}, which DICOM does not know."
            )
            found.append(headers.finding("warn", message, rows=rows, remedy=LOOK, said=wrong))
        free = [r for r, facts in headers.facts.items() if keyword in facts.get("no_codes", ())]
        if free:
            message = (
                f"{_cases(free)} {_verb(free, 'holds', 'hold')} no code for "
                f"{SPOKEN[keyword]} but other text."
            )
            found.append(headers.finding("warn", message, rows=free, remedy=LOOK))
    return found


def _views_as_positions(headers: _Headers) -> list[Finding]:
    wrong = {v: r for v, r in headers.valued("patient_position").items() if v in VIEWS}
    if not wrong:
        return []
    rows = [row for some in wrong.values() for row in some]
    message = (
        f"{_cases(rows)} {_verb(rows, 'holds', 'hold')} a view ({_listed(list(wrong))}) "
        "as the patient position, where HFS and the like belong; the view position is not "
        "read from there."
    )
    return [headers.finding("note", message, rows=rows, said=wrong)]


def _slices_or_projections(headers: _Headers) -> list[Finding]:
    """Headers that say CT, MR or PT over a picture that looks like a radiograph."""
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, facts in headers.facts.items():
        modality = facts.get("modality")
        view = next((facts[n] for n in ("view_position", "patient_position")
                     if facts.get(n) in VIEWS), None)  # fmt: skip
        placed = facts["sliced"] or (modality == "CT" and facts["rescaled"])
        if modality not in SLICES or (placed and view is None):
            continue
        signs = [f"it names a view ({view})"] if view else []
        signs += [] if facts["sliced"] else ["has no slice position or thickness"]
        signs += ["has no rescale to Hounsfield units"] if not facts["rescaled"] else []
        alike[str(modality), _listed(signs)].append(row)
    found = []
    for (modality, told), rows in alike.items():
        message = (
            f"{_cases(rows)} {_verb(rows, 'says', 'say')} modality {modality} but "
            f"{_verb(rows, 'looks', 'look')} like a radiograph: {told}."
        )
        found.append(headers.finding("warn", message, rows=rows, remedy=LOOK))
    return found


def _mixtures(headers: _Headers) -> list[Finding]:
    """Several modalities or body parts in one cohort."""
    found = []
    modalities = headers.valued("modality")
    kinds = {"radiograph" if m in RADIOGRAPHS else m for m in modalities}
    for name, values, grave in (
        ("modalities", modalities, len(kinds) > 1),
        ("body parts", headers.valued("body_part"), False),
        ("views", headers.valued("view_position"), False),
        ("photometric interpretations", headers.valued("photometric"), False),
    ):
        if len(values) < 2:
            continue
        told = [f"{len(rows)} {value}" for value, rows in values.items()]
        rarer = dict(list(values.items())[1:])
        rows = [row for own in rarer.values() for row in own]
        message = f"Headers name {len(values)} {name}: {_listed(told)}."
        severity: Severity = "warn" if grave else "note"
        remedy = LOOK if grave else ""
        found.append(headers.finding(severity, message, rows=rows, remedy=remedy, said=rarer))
    return found


def _contradictions(headers: _Headers) -> list[Finding]:
    sides = {"L", "R"}
    turned = {("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")}
    torn = [
        row
        for row, facts in headers.facts.items()
        if {facts.get("laterality"), facts.get("image_laterality")} == sides
    ]
    turns = [
        row
        for row, facts in headers.facts.items()
        if (facts["photometric"], facts.get("presentation")) in turned
    ]
    found = []
    if torn:
        message = f"{_cases(torn)} {_verb(torn, 'names', 'name')} both sides: laterality "
        message += "and image laterality contradict each other."
        found.append(headers.finding("warn", message, rows=torn, remedy=LOOK))
    if turns:
        message = (
            f"{_cases(turns)} {_verb(turns, 'contradicts itself', 'contradict themselves')}"
            " on whether low values are bright; the photometric interpretation was followed."
        )
        found.append(headers.finding("warn", message, rows=turns, remedy=LOOK))
    return found


def _windows(headers: _Headers) -> list[Finding]:
    """Which window is shown, where a file offers several or only some files offer one."""
    found = []
    grey = {r: f for r, f in headers.facts.items() if f["photometric"].startswith("MONO")}
    several = [r for r, f in grey.items() if f["windows"] > 1 and f["window"].startswith("first")]
    if several:
        message = (
            f"{_cases(several)} {_verb(several, 'offers', 'offer')} several windows; the "
            "first is used."
        )
        found.append(headers.finding("note", message, rows=several, remedy=WINDOW))
    without = [row for row, facts in grey.items() if not facts["windowed"]]
    if 0 < len(without) < len(grey):
        fewer = without if 2 * len(without) <= len(grey) else sorted(set(grey) - set(without))
        said = {"without a window" if fewer is without else "in a window": fewer}
        windowed = len(grey) - len(without)
        message = (
            f"{windowed} of {len(grey)} cases {'is' if windowed == 1 else 'are'} shown in a window "
            f"of {'its' if windowed == 1 else 'their'} header, the others without one: their "
            "brightness is not comparable."
        )
        found.append(headers.finding("warn", message, rows=fewer, remedy=WINDOW, said=said))
    return found


def _flat(headers: _Headers, readings: Readings) -> list[Finding]:
    """Deep pictures without a window whose greys lie in a narrow band of the stored range."""
    rows = [
        row
        for row, facts in headers.facts.items()
        if not facts["windowed"]
        and facts["bits"] > 8
        and _spread(next(readings.at([row]))) < NARROW
    ]
    if not rows:
        return []
    message = (
        f"{_cases(rows)} without a window {_verb(rows, 'uses', 'use')} less than "
        f"{NARROW:.0%} of the range of {_verb(rows, 'its', 'their')} stored bits, and "
        f"{_verb(rows, 'looks', 'look')} flat."
    )
    return [headers.finding("warn", message, rows=rows, remedy=WINDOW)]


def _spread(sample: Sample) -> float:
    """Range of the greys, the outermost hundredths and black surroundings left out."""
    values = np.asarray(sample.values)
    inside = values[values > 0]
    if values.dtype == np.uint8 or not inside.size:
        return 1.0
    low, high = np.quantile(inside, (0.01, 0.99))
    return float(high - low)


def _left_out(headers: _Headers) -> list[Finding]:
    """Burned-in text, overlays that are not drawn, frames that are not read."""
    found = []
    burned = headers.rows("burned_in", "YES")
    if burned:
        message = (
            f"{_cases(burned)} {_verb(burned, 'says', 'say')} that text is burned into the "
            "pixels: it may name the patient, or give the answer away."
        )
        remedy = "Look at these images and cover the text, or leave them out."
        found.append(headers.finding("warn", message, rows=burned, remedy=remedy))
    drawn = [row for row, facts in headers.facts.items() if facts.get("overlays")]
    if drawn:
        message = f"{_cases(drawn)} with overlays, which are left out."
        found.append(headers.finding("note", message, rows=drawn))
    frames = [row for row, facts in headers.facts.items() if facts.get("frames")]
    if frames:
        message = f"{_cases(frames)} with several frames, of which one is read."
        found.append(headers.finding("note", message, rows=frames))
    return found


def _identifying(headers: _Headers) -> list[Finding]:
    """Attributes that name a person or a place, by keyword; never a value."""
    counted = Counter(word for facts in headers.facts.values() for word in facts["identifying"])
    if not counted:
        return []
    rows = [row for row, facts in headers.facts.items() if facts["identifying"]]
    told = [f"{word} in {cases}" for word, cases in counted.most_common()]
    message = (
        f"{_cases(rows)} {_verb(rows, 'carries', 'carry')} header attributes that name a "
        f"person or a place: {_listed(told, shown=len(told))}. None of them is copied anywhere."
    )
    remedy = "De-identify the files before they leave the hospital."
    return [headers.finding("note", message, rows=rows, remedy=remedy)]


def _listed(words: list[str], *, shown: int = SHOWN_VALUES) -> str:
    """``a, b and c``, the first few and how many more."""
    if len(words) > shown:
        return f"{', '.join(words[:shown])} and {len(words) - shown} more"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
