"""One case of a finished run: what the network looked at, on a page.

Enters: the run folder (checkpoint, study, package) and the id of a case. Leaves: an HTML file
with the case, the marks, the verdict on such marks and the training cases that lie nearest.
Only this one case is read; nothing is trained. Of a series a case is one window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside import __version__
from bedside.data.sources import load_cohort
from bedside.deployment.package import Contents, read_package
from bedside.errors import StudyError, sentence
from bedside.explanation import ASKED
from bedside.explanation.explainer import look_at, suiting
from bedside.explanation.neighbours import recall
from bedside.explanation.question import Question
from bedside.explanation.reopened import reopen_network
from bedside.explanation.surface import surface_of
from bedside.modalities import columns_of
from bedside.models.network import pooled_features
from bedside.reporting.embedding import bytes_uri
from bedside.reporting.explained_window import cut_after, last_step
from bedside.reporting.explaining import MEMORY, NAME
from bedside.reporting.look_figures import Ahead
from bedside.reporting.look_words import TITLES, answer_form, verdict_words
from bedside.reporting.looks_drawn import Sight, see_case
from bedside.reporting.page import page_environment
from bedside.run_folder import read_json, write_text
from bedside.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedside.data.cohort import Cohort
    from bedside.explanation.explainer import Look
    from bedside.run_folder import RunFolder
    from bedside.schema import Arrays


@dataclass(frozen=True)
class Opened:
    """A finished run, its cohort loaded and its network rebuilt."""

    folder: RunFolder
    cohort: Cohort
    contents: Contents
    question: Question
    record: Mapping[str, Any]


def explain_case(
    folder: RunFolder,
    case: str,
    *,
    time: str | None = None,
    method: str = "auto",
    output: Path | None = None,
) -> Path:
    """Write the page of one case.

    Args:
        folder: of a finished run; the data that its study names must be there.
        case: its id, as ``splits.csv`` has it.
        time: where cases are segments of a series, that of the last reading of one window,
            as ``predictions.csv`` has it.
        method: to explain by; ``auto`` takes the one that the run found fit, else the first.
        output: the HTML file; default ``explanations/`` of the run, named by the case's row, and
            the step of the segment at which a window ends.

    Raises:
        StudyError: there is no such case, the method does not suit it, or no explanation is
            defined for what the study predicts.
        RunError, PackageError: the run is damaged.
        DataError: the case cannot be read.
    """
    opened = _open(folder)
    row = _row_of(opened.cohort, case)
    step = last_step(opened.cohort, row, time)
    arrays, texts = _read(opened, row, step)
    shown = [
        _input(opened, name, arrays, texts=texts, method=method)
        for name in opened.contents.modalities
    ]
    page = (
        page_environment()
        .get_template("case.html.j2")
        .render(
            version=__version__,
            study=opened.contents.facts.study,
            case=case,
            row=opened.cohort.where(row),
            time=time,
            inputs=shown,
            nearest=_nearest(opened, arrays, row),
        )
    )
    name = f"row-{row + opened.cohort.first_row}" + ("" if step is None else f"-step-{step}")
    path = output or folder.root / "explanations" / f"{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page)
    return path


def _open(folder: RunFolder) -> Opened:
    study = Study.load(folder.study)
    contents = read_package(folder.package).contents
    kind = str(contents.task_state.get("kind", study.target.task))
    if kind not in ASKED.names():
        raise StudyError(
            sentence(
                f"{folder.root.name}",
                expected="a study whose answer is one number a case, such as classify",
                got=f"'{study.target.task}'",
                remedy="Look at the examples in its report instead",
            )
        )
    network = reopen_network(
        folder, task=contents.task, state=contents.task_state, states=contents.modality_states
    )
    path = folder.root / "explanations" / NAME
    return Opened(
        folder,
        load_cohort(study),
        contents,
        Question.of(network, kind, contents.task_state),
        read_json(path) if path.exists() else {},
    )


def _row_of(cohort: Cohort, case: str) -> int:
    rows = np.flatnonzero(cohort.ids() == case)
    if len(rows) != 1:
        raise StudyError(
            sentence(
                "--case",
                expected=f"the id of one of the {len(cohort)} cases of {cohort.source}",
                got="another",
                remedy="Take one from splits.csv in the run's folder",
            )
        )
    return int(rows[0])


def _read(opened: Opened, row: int, step: int | None) -> tuple[Arrays, dict[str, str]]:
    """The prepared arrays of one case, first axis 1, and its texts by input.

    Of a segment those of the window that ends at `step`.
    """
    arrays: Arrays = {}
    texts: dict[str, str] = {}
    for name, modality in opened.contents.modalities.items():
        sample = modality.read(opened.cohort.reference(row, columns_of(modality)))
        if isinstance(sample.values, str):
            texts[name] = sample.values
        state = opened.contents.modality_states[name]
        if step is not None:
            sample = cut_after(sample, step, state)
        prepared = modality.prepare(sample, state)
        for key, values in modality.collate([prepared]).items():
            arrays[f"{name}.{key}"] = values
    return arrays, texts


def _input(
    opened: Opened, name: str, arrays: Arrays, *, texts: Mapping[str, str], method: str
) -> dict[str, Any]:
    """What the page shows of one input."""
    prefix = f"{name}."
    shapes = {
        key.removeprefix(prefix): values.shape[1:]
        for key, values in arrays.items()
        if key.startswith(prefix)
    }
    surface = surface_of(name, shapes, opened.contents.modality_states[name])
    inputs = opened.record.get("inputs", [])
    known = next((own for own in inputs if own["input"] == name), None)
    by = str(known["method"]) if known and method == "auto" else method
    by = suiting(opened.question, surface, method=by)[0]
    look = look_at(opened.question, surface, arrays, cases=[0], method=by)[0]
    unit = opened.question.asked.unit
    sight = see_case(
        surface,
        arrays[surface.key][0],
        look.map,
        state=opened.contents.modality_states[name],
        text=texts.get(name),
        unit=unit,
        ahead=_ahead(opened, look) if unit else None,
    )
    return {
        "name": name,
        "title": TITLES.get(by, by),
        "of": opened.question.asked.names[look.which],
        "unit": unit,
        "answer": answer_form(unit).text(look.answer),
        "verdict": verdict_words(opened.record, {**known, "method": by} if known else None),
        "uri": _uri(sight),
        "pieces": sight.pieces,
    }


def _ahead(opened: Opened, look: Look) -> Ahead:
    """The step of a forecast that is explained; what came is not looked up."""
    return Ahead(int(opened.contents.task_state["names"][look.which]), look.answer)


def _uri(sight: Sight) -> str | None:
    if not sight.suffix:
        return None
    kind = "svg+xml" if sight.suffix == "svg" else sight.suffix
    return bytes_uri(sight.data, kind=kind)


def _nearest(opened: Opened, arrays: Arrays, row: int) -> list[dict[str, str]]:
    """The training cases that lie nearest, by what the run remembers; not the case itself."""
    path = opened.folder.root / "explanations" / MEMORY
    if not path.exists():
        return []
    memory = recall(path)
    features = pooled_features(opened.question.network, arrays, np.arange(1))  # type: ignore[arg-type]
    rows, cosines = memory.nearest(features, but=row)
    ids = opened.cohort.ids()
    return [
        {"case": str(ids[near]), "row": opened.cohort.where(int(near)), "likeness": f"{cosine:.2f}"}
        for near, cosine in zip(rows[0], cosines[0], strict=True)
    ]
