"""What the network of a run looks at: explained, tested, drawn and written.

Enters: the network a run chose, its prepared cases, its answers. Leaves:
``explanations/explanation.json``, ``look-NN`` and ``overall-NN`` (PNG or SVG): cases with what was
looked at, the tests of every method, the training cases that lie nearest. They hold patient
data; the tests alone stay in the copy to share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.errors import StudyError
from bedside.explanation import ASKED
from bedside.explanation.choosing import choose_cases
from bedside.explanation.drawn_weights import randomised
from bedside.explanation.explainer import explain_input
from bedside.explanation.faithfulness import SHARES
from bedside.explanation.neighbours import keep, remember
from bedside.explanation.question import Question
from bedside.explanation.surface import surface_of
from bedside.models.network import pooled_features
from bedside.reporting import style
from bedside.reporting.explained_window import time_words
from bedside.reporting.look_figures import Ahead, draw_test
from bedside.reporting.look_words import answer_form
from bedside.reporting.looks_drawn import Sight, see_case, see_cohort, see_words, unit_of
from bedside.run_folder import write_bytes, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import nn

    from bedside.audit.gathering import Materials
    from bedside.evaluation.judge import Judgement
    from bedside.explanation.choosing import Choice
    from bedside.explanation.explainer import Explained, Look, Tested
    from bedside.run_folder import RunFolder
    from bedside.schema import Array, State, Targets
    from bedside.training.loader import Prepared
    from bedside.training.preparation import Preparation

NAME, MEMORY = "explanation.json", "training.npz"
NONE = "none"
"""The method of a study that wants no explanation."""


def explain_run(
    folder: RunFolder,
    network: nn.Module,
    judged: tuple[Materials, Preparation, Judgement],
) -> None:
    """Explain a run just judged, every input in turn; what cannot be explained is left out.

    Args:
        folder: of the run.
        network: that it chose, with its calibration.
        judged: cohort, modalities and study; prepared parts; the answers on the test part.
    """
    materials, preparation, judgement = judged
    place = folder.root / "explanations"
    place.mkdir(parents=True, exist_ok=True)
    for old in (*place.glob("look-*"), *place.glob("overall-*"), *place.glob("test-*.svg")):
        old.unlink()
    for name in (NAME, MEMORY):
        (place / name).unlink(missing_ok=True)
    section = materials.study.explanation
    test = preparation.parts["test"]
    kind = test.targets.kind
    if section.method == NONE or kind not in ASKED.names():
        return
    model = judgement.models[judgement.deep]
    question = Question.of(network, kind, model.state)
    chosen = choose_cases(model.answers["test"].prediction, test.targets, count=section.cases)
    seed, unit = materials.study.training.seed, question.asked.unit
    questions = question, question.of_other(randomised(network, seed=seed))
    told: list[dict[str, Any]] = []
    refused: dict[str, str] = {}
    for name in materials.modalities:
        try:
            explained = explain_input(
                questions,
                surface_of(name, shapes_of(test, name), preparation.states[name]),
                tests=preparation.parts["validation"].arrays,
                groups=materials.cohort.groups()[preparation.parts["validation"].rows],
                shown=test.arrays,
                cases=[choice.case for choice in chosen],
                method=section.method,
                seed=seed,
            )
        except StudyError as refusal:  # one input of several may have no explanation
            refused[name] = str(refusal)
            continue
        told.append(
            _input_words(place, explained, test, state=preparation.states[name],
                         first=len(told) * len(chosen), unit=unit_of(materials.study.inputs[name]))
        )  # fmt: skip
        told[-1]["curves"] = f"test-{len(told):02d}.svg"
        with style.drawing():
            curves = draw_test(told[-1], shares=SHARES, answer=_axis(unit))
            style.write_svg(curves, place / told[-1]["curves"])
    near = _nearest(folder, network, chosen, materials=materials, preparation=preparation)
    cases = [
        _case_words(choice, near=near[i], materials=materials, preparation=preparation)
        for i, choice in enumerate(chosen)
    ]
    write_json(
        place / NAME,
        {"kind": kind, "unit": unit, "names": list(question.asked.names),
         "shares": list(SHARES), "cases": cases, "inputs": told, "refused": refused},
    )  # fmt: skip


def _axis(unit: str) -> str:
    return f"Change of the forecast, {unit}" if unit else "Probability"


def shapes_of(part: Prepared, name: str) -> dict[str, tuple[int, ...]]:
    """Array of an input -> shape of one case."""
    prefix = f"{name}."
    return {
        key.removeprefix(prefix): tuple(values.shape[1:])
        for key, values in part.arrays.items()
        if key.startswith(prefix)
    }


def _input_words(
    place: Path, explained: Explained, test: Prepared, *, state: State, first: int, unit: str
) -> dict[str, Any]:
    """What the record says of one input; its pictures are written."""
    surface = explained.surface
    values, texts = test.arrays[surface.key], test.texts.get(surface.name)
    looks = []
    for number, look in enumerate(explained.looks, start=first + 1):
        own = np.asarray(values[np.array([look.case])])[0]
        text = None if texts is None else texts[look.case]
        ahead = _ahead(test.targets, look) if test.targets.kind == "forecast" else None
        sight = see_case(surface, own, look.map, state=state, text=text, unit=unit, ahead=ahead)
        looks.append(
            {"which": look.which, "answer": round(look.answer, 4), "pieces": sight.pieces,
             "picture": _write(place / f"look-{number:02d}", sight)}
        )  # fmt: skip
    overall: str | None = None
    words: list[dict[str, Any]] = []
    if texts is not None:
        read = np.array([texts[case] for case in explained.cohort_cases], dtype=object)
        for number in np.unique(explained.cohort_which):
            own = explained.cohort_which == number
            found = see_words(read[own].tolist(), explained.cohort[own], state=state)
            words.append({"which": int(number), "texts": int(own.sum()), "words": found})
    else:
        many = np.asarray(values[explained.cohort_cases])
        sight = see_cohort(surface, many, explained.cohort, state=state, unit=unit)
        overall = _write(place / f"overall-{first + 1:02d}", sight)
    return {
        "input": surface.name,
        "form": surface.form,
        "method": explained.method,
        "tested": [_tested_words(one) for one in explained.tested],
        "looks": looks,
        "overall": overall,
        "words": words,
        "overall_cases": len(explained.cohort_cases),
    }


def _ahead(targets: Targets, look: Look) -> Ahead:
    """The step of a forecast that a look explains, and what came."""
    came = _came(targets, look.case, step=look.which)
    return Ahead(int(targets.names[look.which]), look.answer, came)


def _came(targets: Targets, case: int, *, step: int) -> float | None:
    """What was measured at a step after a window; None where it is not known."""
    row = np.array([case])
    known = bool(targets.arrays["known"][row][0, step])
    return float(targets.arrays["truth"][row][0, step]) if known else None


def _write(stem: Path, sight: Sight) -> str | None:
    """The name of the file that a sight was written to, None where it has none."""
    if not sight.suffix:
        return None
    path = stem.with_suffix(f".{sight.suffix}")
    write_bytes(path, sight.data)
    return path.name


def _tested_words(one: Tested) -> dict[str, Any]:
    verdict, curves = one.verdict, one.curves
    return {
        "method": one.name,
        "fit": verdict.fit,
        "why": verdict.why,
        "cases": one.cases,
        "alike": round(verdict.alike, 4),
        "gains": {name: _rounded(values) for name, values in verdict.gains.items()},
        "curves": {
            name: _rounded(getattr(curves, name).mean(axis=0))
            for name in ("deletion", "insertion", "deletion_lot", "insertion_lot")
        },
    }


def _rounded(values: Sequence[float] | Array) -> list[float]:
    return [round(float(value), 4) for value in values]


def _nearest(
    folder: RunFolder,
    network: Any,
    chosen: Sequence[Choice],
    *,
    materials: Materials,
    preparation: Preparation,
) -> list[list[dict[str, Any]]]:
    """Of each chosen case the training cases that lie nearest, by their ids and rows.

    What the network makes of training cases is kept, for `explained_case`.
    """
    if materials.cohort.series is not None:  # a window has no id, and its neighbours overlap it
        return [[] for _ in chosen]
    training, test = preparation.parts["train"], preparation.parts["test"]
    memory = remember(network, training.arrays, training.rows, seed=materials.study.training.seed)
    keep(memory, folder.root / "explanations" / MEMORY)
    if not chosen:
        return []
    features = pooled_features(network, test.arrays, np.array([choice.case for choice in chosen]))
    rows, cosines = memory.nearest(features)
    ids = materials.cohort.ids()
    return [
        [
            {"case": str(ids[row]), "row": materials.cohort.where(int(row)),
             "likeness": round(float(cosine), 4),
             "truth": _truth_words(materials, int(row))}
            for row, cosine in zip(own, near, strict=True)
        ]
        for own, near in zip(rows, cosines, strict=True)
    ]  # fmt: skip


def _case_words(
    choice: Choice, *, near: list[dict[str, Any]], materials: Materials, preparation: Preparation
) -> dict[str, Any]:
    test = preparation.parts["test"]
    row = int(test.rows[choice.case])
    time = truth = ""
    if test.targets.kind == "forecast":
        time = time_words(int(test.targets.arrays["minute"][np.array([choice.case])][0]))
        came = _came(test.targets, choice.case, step=-1)
        truth = "" if came is None else answer_form(str(test.targets.facts["unit"])).text(came)
    return {
        "case": str(materials.cohort.ids()[row]),
        "row": materials.cohort.where(row),
        "time": time,
        "group": choice.group,
        "truth": truth or _truth_words(materials, row),
        "nearest": near,
    }


def _truth_words(materials: Materials, row: int) -> str:
    """The label of a case of the cohort in the study's words; blank for other targets."""
    targets = materials.targets
    if targets.kind not in ("binary", "classes", "labels"):
        return ""
    columns: Mapping[str, Array] = materials.task.truth_rows(targets.take(np.array([row])))
    if "truth" in columns:
        return str(columns["truth"][0])
    return ", ".join(
        name.removeprefix("truth_") for name, own in columns.items() if str(own[0]) == "1"
    )
