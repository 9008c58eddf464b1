"""Figures of use: acting on the model, a human for the doubtful, and what more data would bring.

Enters: a `Record`. Leaves: a figure, or None where the run has no such numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bedside.reporting import style
from bedside.reporting.formatting import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bedside.reporting.record import Record

LEAST = -0.05
"""Net benefit below which a curve is cut off: treating all falls without end."""


def draw_decision_curve(record: Record) -> Figure | None:
    """Net benefit of the deep model, the best simple one, treating all and none."""
    found = record.metrics.get("decision_curve")
    if not found:
        return None
    at = np.asarray(found["thresholds"])
    figure = style.blank(width=6.4, height=4.2)
    axes = figure.add_subplot()
    top = 0.0
    for name, curve in found["models"].items():
        deep = name == record.deep
        axes.plot(
            at, curve["value"], label=name,
            color=style.DEEP if deep else style.OTHERS[0], linewidth=2.0 if deep else 1.6,
        )  # fmt: skip
        top = max(top, *curve["value"])
        if deep:
            axes.fill_between(at, curve["low"], curve["high"], color="#e4eff6", linewidth=0)
            top = max(top, *curve["high"])
    everyone = np.asarray(found["treat_all"])
    axes.plot(at, everyone, color=style.MUTED, linewidth=1.3, linestyle="--", label="treat all")
    axes.axhline(0, color=style.INK, linewidth=1, label="treat none")
    axes.set(xlim=(0, 1), ylim=(LEAST, max(1.08 * top, 0.05)))
    axes.set(xlabel="Probability from which one would act", ylabel="Net benefit, cases per patient")
    axes.legend(loc="upper right")
    return figure


def draw_risk_coverage(record: Record) -> Figure | None:
    """Share of wrong decisions as more and more cases are decided, the surest first."""
    found = (record.metrics.get("promises") or {}).get("abstain")
    if not found:
        return None
    curve = found["curve"]
    figure = style.blank(width=5.2, height=4.0)
    axes = figure.add_subplot()
    axes.plot(curve["coverage"], curve["risk"], color=style.DEEP, linewidth=2)
    decided = 1 - float(found["asked"]["value"])
    axes.axvline(decided, color=style.MUTED, linewidth=1, linestyle="--")
    axes.annotate(
        f"{percent(decided)} decided",
        (decided, 1), xycoords=("data", "axes fraction"), xytext=(-6, -4),
        textcoords="offset points", ha="right", va="top", color=style.MUTED,
    )  # fmt: skip
    axes.set(xlim=(0, 1.02), ylim=(0, max(1.15 * max(curve["risk"]), 0.02)))
    axes.set(xlabel="Share of cases that the model decides", ylabel="Share decided wrongly")
    return figure


def draw_more_data(record: Record) -> Figure | None:
    """What the audit's simple model learns from more and more patients, and where that leads."""
    found = (record.audit.get("facts") or {}).get("learning_curve")
    if not found:
        return None
    ceiling, loss, exponent = found["fit"]
    now, patients = found["now"], np.asarray(found["patients"])
    figure = style.blank(width=6.4, height=4.0)
    axes = figure.add_subplot()
    along = np.linspace(patients[0], 2 * now, 200)
    axes.plot(along, ceiling - loss * along**-exponent, color=style.MUTED, linestyle="--")
    auroc = np.asarray(found["auroc"])
    reach = [auroc - np.asarray(found["low"]), np.asarray(found["high"]) - auroc]
    axes.errorbar(patients, auroc, yerr=np.maximum(reach, 0), fmt="o", color=style.DEEP, capsize=3)
    for place, words in ((now, "training now"), (2 * now, "twice")):
        axes.axvline(place, color=style.HAIRLINE, linewidth=1)
        axes.annotate(
            words, (place, 0), xycoords=("data", "axes fraction"), xytext=(-4, 4),
            textcoords="offset points", ha="right", color=style.MUTED,
        )  # fmt: skip
    axes.set(xlabel="Patients, or cases, learnt from", ylabel="AUROC of a simple model")
    return figure
