"""Check of whether there are enough data: what twice as many patients would bring.

Enters: the evidence. Leaves: one finding, and the curve behind it for the report's figure.
"""

from __future__ import annotations

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding

HUNGRY = 0.02
"""Gain of twice the data, at the lower end of its interval, that says that data are few."""

FEW = 150
"""Patients learnt from, under which the interval often misses what twice as many bring."""


def gain_of_more_data(evidence: Evidence) -> list[Finding]:
    """What twice the patients would bring a simple model (note); plainly more (warn)."""
    curve = evidence.learning_curve
    if curve is None:
        return []
    whose = "patients" if evidence.cohort.patients() is not None else "cases"
    start = f"A simple model learns AUROC {curve.auroc[0]:.2f} from {curve.patients[0]} {whose}"
    end = f"{curve.auroc[-1]:.2f} ({curve.low[-1]:.2f} to {curve.high[-1]:.2f})"
    start = f"{start} and {end} from {curve.patients[-1]}"
    if curve.low[-1] <= 0.5:
        message = f"{start}: next to nothing, so that it cannot say what more data would bring."
        return [evidence.finding("enough-data", "note", message, count=curve.now)]
    rough = " From so few that is a rough guess." if curve.patients[-1] < FEW else ""
    message = (
        f"{start}. Followed on, twice the {curve.now} {whose} of training would bring "
        f"{curve.gain:+.3f} AUROC ({curve.gain_low:.3f} to {curve.gain_high:.3f}); networks often "
        f"gain more.{rough}"
    )
    warns = curve.gain_low >= HUNGRY
    remedy = "More data may do more than another model." if warns else ""
    return [
        evidence.finding(
            "enough-data", "warn" if warns else "note", message, count=curve.now, remedy=remedy
        )
    ]
