"""The report's section on what the network looks at, in plain words.

Enters: ``explanations/explanation.json`` of a run. Leaves: what the template shows. Tests of
explanations are sums over cases and stand in every report; cases, their pictures and the
training cases near them stay out of the copy to share.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.explanation import REGISTRY as METHODS
from bedside.reporting.embedding import png_uri, svg_style, svg_uri
from bedside.reporting.formatting import PLAIN, Form, counted, number, percent
from bedside.reporting.glossary import form_of
from bedside.reporting.tables import Cell, Table
from bedside.reporting.telling import Notice
from bedside.run_folder import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedside.reporting.record import Record

NAME = "explanation.json"
HIDDEN = 0.05
"""Share of the elements in the sentence that says what hiding does."""
TITLES = {
    "integrated-gradients": "Integrated gradients",
    "grad-cam": "Grad-CAM",
    "attention": "Attention",
    "shapley": "Shapley values",
    "occlusion": "Occlusion",
}
ELEMENTS = {
    "image": "picture", "volume": "volume", "signal": "readings", "text": "words",
    "table": "columns",
}  # fmt: skip
"""Form of an input -> what is hidden of it."""


OVERALL = {
    "image": "Over {cases} test cases of which the model is surest: the mean picture, and in "
    "orange where it looks most. A patch in a corner, on a border or on lettering would say that "
    "it has learnt something other than the disease.",
    "volume": "Over {cases} test cases of which the model is surest: the mean volume, and in "
    "orange where it looks most.",
    "signal": "Over {cases} test windows: their mean, and in orange which readings count most.",
    "table": "Over {cases} test cases of which the model is surest: how much each column counts, "
    "as a share of all columns.",
    "text": "",
}


def looks_page(record: Record, *, cases: bool) -> list[dict[str, Any]]:
    """One entry an input; empty where the run holds no explanation."""
    place = record.folder.root / "explanations"
    if not (place / NAME).exists():
        return []
    found: Mapping[str, Any] = read_json(place / NAME)
    refused = [{"name": name, "refused": why} for name, why in found["refused"].items()]
    return [*(_input(found, own, place=place, cases=cases) for own in found["inputs"]), *refused]


def _input(
    found: Mapping[str, Any], own: Mapping[str, Any], *, place: Path, cases: bool
) -> dict[str, Any]:
    """What the template shows of one input."""
    shown = next((one for one in own["tested"] if one["method"] == own["method"]), None)
    looks = []
    if cases:
        looks = [
            _look(found, case, look, place=place)
            for case, look in zip(found["cases"], own["looks"], strict=True)
        ]
    return {
        "name": own["input"],
        "refused": "",
        "form": own["form"],
        "moves": bool(found["unit"]),
        "title": TITLES.get(own["method"], own["method"]),
        "how": METHODS.load(own["method"]).words,
        "verdict": verdict_words(found, own),
        "table": _tested_table(own, found["unit"]),
        "curves": svg_uri(place, own["curves"]),
        "curves_style": svg_style(place / Path(own["curves"]).name),
        "curves_words": _curves_words(found, shown),
        "curves_caption": CURVES[bool(found["unit"])],
        "looks": looks,
        "overall": _uri(place, own["overall"]) if cases else None,
        "words": [
            {**one, "of": found["names"][one["which"]]}
            for one in (own["words"] if cases else [])
            if one["words"]
        ],
        "overall_cases": own["overall_cases"],
        "overall_words": OVERALL[own["form"]].format(cases=own["overall_cases"]),
    }


def verdict_words(found: Mapping[str, Any], own: Mapping[str, Any] | None) -> Notice:
    """May a reader believe the marks of an input? In one or two sentences."""
    tested = own["tested"] if own else []
    shown = next((one for one in tested if own and one["method"] == own["method"]), None)
    if shown is None or own is None:
        text = "They were not tested in this run: take them for no more than a hint."
        return Notice("amber", "These marks are not tested", text)
    what = ELEMENTS[own["form"]]
    if not shown["fit"]:
        text = (
            f"Do not trust them: {shown['why']} ({counted(shown['cases'], 'case')}). They are "
            "shown so that nobody has to take their failure on faith."
        )
        return Notice("red", "These marks failed their test", text)
    at = _near(found["shares"], HIDDEN)
    curves = shown["curves"]
    form = answer_form(found["unit"])
    hidden, lot = (form.text(curves[key][at]) for key in ("deletion", "deletion_lot"))
    fell = f"With the marked {percent(found['shares'][at])} of the {what} hidden, the "
    if found["unit"]:
        fell += f"forecast moves by {hidden}; with as much hidden by lot, by {lot}"
    else:
        whole = form.text(curves["deletion"][0])
        fell += f"probability goes from {whole} to {hidden}; with as much hidden by lot, to {lot}"
    text = f"On {counted(shown['cases'], 'validation case')}, {shown['why']}. {fell}."
    return Notice("green", "These marks passed their test", text)


def _near(shares: Sequence[float], wanted: float) -> int:
    return min(range(len(shares)), key=lambda place: abs(shares[place] - wanted))


def answer_form(unit: str) -> Form:
    """How answers are written: as forecasts where they have a unit, else as probabilities."""
    return form_of("mae_pooled", unit) if unit else Form(2)


CURVES = {
    False: "Left: the sooner the answer falls below the dotted line, the truer the marks. Right: "
    "the sooner it rises above it. The dotted line hides and shows by lot.",
    True: "Left: the sooner the forecast moves away, above the dotted line, the truer the marks. "
    "Right: the sooner it comes back to what it was, below it. The dotted line hides and shows by "
    "lot.",
}
"""Whether the answer has a unit, as forecasts have -> the caption of its test."""


def _answer_word(found: Mapping[str, Any]) -> str:
    return "change of the forecast" if found["unit"] else "probability"


def _uri(place: Path, name: str | None) -> str | None:
    return svg_uri(place, name) if name and name.endswith(".svg") else png_uri(place, name)


def _tested_table(own: Mapping[str, Any], unit: str) -> Table | None:
    """All methods that were tested, the one that is shown marked."""
    rows = []
    for one in own["tested"]:
        chosen = one["method"] == own["method"]
        gains = [_gain_cell(one["gains"][name], unit) for name in ("deletion", "insertion")]
        rows.append(
            [
                Cell(TITLES.get(one["method"], one["method"]), "shown here" if chosen else ""),
                Cell("fit" if one["fit"] else "unfit", tone="best" if one["fit"] else "worse"),
                *gains,
                Cell(number(one["alike"], decimals=2)),
            ]
        )
    if not rows:
        return None
    after = f", {unit}" if unit else ""
    header = [
        Cell("Method"),
        Cell("Verdict"),
        Cell("Hiding", f"better than by lot{after}"),
        Cell("Showing", f"better than by lot{after}"),
        Cell("Alike", "with weights drawn anew"),
    ]
    return Table(
        "Ways to explain, and their test on validation cases",
        header,
        rows,
        "Hiding and showing: area between the curve and that by lot, with its 95 % interval over "
        "patients; above 0 is better. Alike: rank correlation with the marks of the same network "
        "whose weights were drawn anew; from 0.5 an explanation says nothing of what was learnt.",
    )


def _gain_cell(values: Sequence[float], unit: str) -> Cell:
    form = form_of("mae_pooled", unit) if unit else PLAIN
    value, low, high = (form.text(each, bare=True) for each in values)
    return Cell(value, f"{low} to {high}")


def _curves_words(found: Mapping[str, Any], shown: Mapping[str, Any] | None) -> str:
    """The figure for those who cannot see it."""
    if shown is None:
        return ""
    at = _near(found["shares"], 0.1)
    curves = shown["curves"]
    form = answer_form(found["unit"])
    told = {name: form.text(values[at], bare=True) for name, values in curves.items()}
    share = percent(found["shares"][at])
    return (
        f"Two curves of the mean {_answer_word(found)}. With {share} hidden in the order of "
        f"the marks {told['deletion']}, by lot {told['deletion_lot']}; with {share} shown in the "
        f"order of the marks {told['insertion']}, by lot {told['insertion_lot']}."
    )


def _look(
    found: Mapping[str, Any], case: Mapping[str, Any], look: Mapping[str, Any], *, place: Path
) -> dict[str, Any]:
    """One case: picture, what is true, what was answered, what lies near."""
    name, unit = found["names"][look["which"]], found["unit"]
    answer = answer_form(unit).text(look["answer"])
    return {
        "group": "Forecast" if unit else case["group"],
        "row": ", ".join(filter(None, (case["row"], case.get("time")))),
        "truth": case["truth"],
        "answer": f"{answer} {name}" if unit else f"{name}: {answer}",
        "uri": _uri(place, look["picture"]),
        "pieces": look["pieces"],
        "nearest": [
            f"{one['row']}" + (f" ({one['truth']})" if one["truth"] else "")
            for one in case["nearest"]
        ],
    }
