"""Samples become the arrays that networks and baselines see.

Enters: readings of every input, targets, the parts. Leaves: one `Prepared` per
part and each modality's state, fitted on training samples and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bedside.errors import DataError, Problems, StudyError, sentence
from bedside.extras import check_extra
from bedside.modalities import extra_of, holds_text
from bedside.registry import lookup
from bedside.schema import PARTS, Array, Modality, Part, State, Targets, Task
from bedside.study import parse_options
from bedside.training.loader import Prepared
from bedside.training.next_tokens import with_next_tokens
from bedside.training.prepared_arrays import Input, PartRows, prepare_arrays
from bedside.training.tags import with_tags
from bedside.training.texts import Texts, texts_of, with_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.data.cache import Place
    from bedside.modalities.reading import Readings
    from bedside.study import Study

UNLABELLED = "unlabelled"
"""Beside the parts: cases to learn from without an answer."""


@dataclass(frozen=True)
class Preparation:
    """What training, baselines and the package need of the inputs.

    Args:
        states: input -> the modality's fitted state.
        parts: part -> prepared cases.
        unlabelled: cases of the training part whose target is unknown, where the study learns
            from them; None where it does not, or there are none.
    """

    states: dict[str, State]
    parts: dict[Part, Prepared]
    unlabelled: Prepared | None = None


def build_modalities(study: Study) -> dict[str, Modality]:
    """The modality of each input, with the study's options and those its task gives it.

    Raises:
        StudyError: an unknown modality or option; the nearest name is given.
        InstallError: an extra is missing that an input is read with.
    """
    kind = lookup("tasks").load(study.target.task)
    given: Mapping[str, Mapping[str, object]] = getattr(kind, "input_options", {})
    found = {
        name: parse_options(
            lookup("modalities").load(section.modality),
            {**given.get(section.modality, {}), **section.model_dump()},
            where=f"inputs.{name}.",
        )
        for name, section in study.inputs.items()
    }
    if (pretrained := study.model.pretrained) is not None:
        found = {name: _spoken(own, pretrained, study=study) for name, own in found.items()}
    for name, modality in found.items():
        if (extra := extra_of(modality)) is not None:
            check_extra(extra, where=f"inputs.{name}")
    return found


def _spoken(modality: Modality, pretrained: str, *, study: Study) -> Modality:
    """A text, cut by the tokenizer of a pretrained model.

    Raises:
        StudyError: the task does not write, or the input is no text.
    """
    speaks = getattr(modality, "spoken_by", None)
    writes = study.target.task == "summarise"
    if speaks is None or not writes:
        raise StudyError(
            sentence(
                "model.pretrained",
                expected="texts alone as inputs, and a target whose task is summarise",
                got="another input" if writes else f"'{study.target.task}'",
                remedy="Leave pretrained out, or the other input",
            )
        )
    spoken: Modality = speaks(pretrained)
    return spoken


def build_task(study: Study) -> Task:
    """The study's task, with its options.

    Raises:
        StudyError: an unknown task or option; the nearest name is given.
    """
    kind = lookup("tasks").load(study.target.task)
    task: Task = parse_options(kind, study.target.model_dump(), where="target.")
    return task


def prepare_parts(
    modalities: Mapping[str, Modality],
    readings: Mapping[str, Readings],
    targets: Targets,
    *,
    parts: Array,
    place: Place | None = None,
    unlabelled: bool = False,
) -> Preparation:
    """Fit on training samples, then prepare every case whose target is known.

    A case that could not be read (the audit stops there, unless a person waived
    it) is left out of every input and of the targets, so that rows stay together.

    Args:
        modalities: by input.
        readings: input -> N samples, in the cohort's order.
        targets: of the same N cases.
        parts: (N,) part of each case.
        place: where arrays lie that do not fit into memory; None keeps all in memory.
        unlabelled: prepare training cases whose target is unknown too, and fit on them as well.

    Raises:
        DataError: a part has no such case.
        RunError: the disk is full or cannot be written.
    """
    known, readable = _any_known(targets), np.ones(len(parts), dtype=bool)
    for own in readings.values():
        readable &= own.readable
    rows: PartRows = {part: np.flatnonzero((parts == part) & known & readable) for part in PARTS}
    raise_if_empty(rows)
    beside = np.flatnonzero((parts == "train") & ~known & readable & unlabelled)
    learnt = np.sort(np.concatenate([rows["train"], beside]))
    inputs = [
        Input(name, modality, modality.fit(readings[name].at(learnt)), readings[name])
        for name, modality in modalities.items()
    ]
    every = prepare_arrays(inputs, _with(beside, rows), place=place)
    arrays = {part: every[part] for part in rows}
    told = {part: targets.take(own) for part, own in rows.items()}
    written = {name: readings[name] for name, own in modalities.items() if holds_text(own)}
    texts: dict[Part, Texts] = texts_of(written, rows)
    if targets.kind == "summary":
        told = with_sources(told, texts)
    elif targets.kind == "entities":
        told = with_tags(told, arrays, texts)
    elif targets.kind == "language":
        told = with_next_tokens(told, arrays, {own.name: own.state for own in inputs})
    return Preparation(
        {own.name: own.state for own in inputs},
        {
            part: Prepared(arrays[part], told[part], own, texts.get(part, {}))
            for part, own in rows.items()
        },
        Prepared(every[UNLABELLED], targets.take(beside), beside) if len(beside) else None,
    )


def _with(beside: Array, rows: PartRows) -> dict[str, Array]:
    """The rows of the parts, and of what is learnt from beside them where there is any."""
    found: dict[str, Array] = dict(rows.items())
    return {**found, UNLABELLED: beside} if len(beside) else found


def raise_if_empty(rows: Mapping[Part, Array]) -> None:
    """Refuse parts without a case.

    Raises:
        DataError: with every such part.
    """
    problems = Problems(DataError)
    for part, own in rows.items():
        if not len(own):
            problems.add(
                f"{part} part",
                expected="at least one case with a known target",
                got="none",
                remedy="Add cases, or split otherwise",
            )
    problems.raise_if_any()


def _any_known(targets: Targets) -> Array:
    known = targets.arrays.get("known")
    if known is None:
        return np.ones(len(next(iter(targets.arrays.values()))), dtype=bool)
    return np.array(known.any(axis=1))
