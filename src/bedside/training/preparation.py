"""Samples become the arrays that networks and baselines see.

Enters: readings of every input, targets, the parts. Leaves: one `Prepared` per
part and each modality's state, fitted on training samples and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bedside.errors import DataError, Problems
from bedside.registry import lookup
from bedside.schema import PARTS, Array, Arrays, Modality, Part, Sample, State, Targets, Task
from bedside.study import parse_options
from bedside.training.loader import Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedside.study import Study


@dataclass(frozen=True)
class Preparation:
    """What training, baselines and the package need of the inputs.

    Args:
        states: input -> the modality's fitted state.
        parts: part -> prepared cases.
    """

    states: dict[str, State]
    parts: dict[Part, Prepared]


def build_modalities(study: Study) -> dict[str, Modality]:
    """The modality of each input, with the study's options.

    Raises:
        StudyError: an unknown modality or option; the nearest name is given.
    """
    return {
        name: parse_options(
            lookup("modalities").load(section.modality),
            section.model_dump(),
            where=f"inputs.{name}.",
        )
        for name, section in study.inputs.items()
    }


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
    samples: Mapping[str, Sequence[Sample | None]],
    targets: Targets,
    *,
    parts: Array,
) -> Preparation:
    """Fit on training samples, then prepare every case whose target is known.

    A case that could not be read (the audit stops there, unless a person waived
    it) is left out of every input and of the targets, so that rows stay together.

    Args:
        modalities: by input.
        samples: input -> N samples, in the cohort's order; None where unreadable.
        targets: of the same N cases.
        parts: (N,) part of each case.

    Raises:
        DataError: a part has no such case.
    """
    known = _any_known(targets)
    for own in samples.values():
        known &= np.array([sample is not None for sample in own], dtype=bool)
    rows = {part: np.flatnonzero((parts == part) & known) for part in PARTS}
    _raise_if_empty(rows)
    states = {
        name: modality.fit(_at(samples[name], rows["train"]))
        for name, modality in modalities.items()
    }
    return Preparation(
        states,
        {
            part: Prepared(_arrays(modalities, states, samples, rows=own), targets.take(own), own)
            for part, own in rows.items()
        },
    )


def _raise_if_empty(rows: Mapping[Part, Array]) -> None:
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


def _at(samples: Sequence[Sample | None], rows: Array) -> list[Sample]:
    return [sample for row in rows if (sample := samples[row]) is not None]


def _arrays(
    modalities: Mapping[str, Modality],
    states: Mapping[str, State],
    samples: Mapping[str, Sequence[Sample | None]],
    *,
    rows: Array,
) -> Arrays:
    arrays: Arrays = {}
    for name, modality in modalities.items():
        prepared = [modality.prepare(one, states[name]) for one in _at(samples[name], rows)]
        for key, values in modality.collate(prepared).items():
            arrays[f"{name}.{key}"] = values
    return arrays
