"""All classical peers of a study, fitted on the same parts as the networks.

Enters: prepared parts. Leaves: each baseline's raw outputs on validation and the test
parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from bedside.baselines import REGISTRY
from bedside.baselines.contract import Lesson, TextLesson
from bedside.baselines.features import describe_inputs
from bedside.errors import StudyError, sentence
from bedside.schema import Array, Arrays, Modality, Part, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedside.progress import Progress
    from bedside.training.loader import Prepared

Answering = Callable[[Part], Arrays]
METHODS: Mapping[str, str] = {"forecast": "fit_windows", "summary": "fit_texts"}
"""Kind of target -> how its peers learn; all others by ``fit``."""


def fit_baselines(
    names: Sequence[str],
    modalities: Mapping[str, Modality],
    parts: Mapping[Part, Prepared],
    *,
    state: State,
    seed: int,
    threads: int,
    progress: Progress,
) -> dict[str, dict[str, Arrays]]:
    """Fit each baseline on training cases or windows, and ask it for every other part.

    Args:
        names: of the registry of baselines.
        modalities: by input; they describe their own arrays.
        parts: train, validation, test and further test parts.
        state: of the task, fitted on training targets.
        seed: of the baselines that draw.
        threads: that may be used.
        progress: bars and log.

    Returns:
        name -> part -> raw outputs, for all parts but train.

    Raises:
        StudyError: a baseline is no peer of this task.
    """
    kind = parts["train"].targets.kind
    makers = _makers(names, method=METHODS.get(kind, "fit"))
    if kind == "forecast":
        fit = _forecasters(parts, state=state, seed=seed, threads=threads)
    elif kind == "summary":
        fit = _summarisers(parts, state=state, seed=seed, threads=threads)
    else:
        features = _features(modalities, parts, threads=threads, progress=progress)
        fit = _classifiers(parts, features, seed=seed, threads=threads)
    outputs: dict[str, dict[str, Arrays]] = {}
    with progress.bar("fitting baselines", len(makers)) as done:
        for count, (name, maker) in enumerate(makers.items(), start=1):
            with progress.stage(f"baseline {name}"):
                answer = fit(maker())
                outputs[name] = {part: answer(part) for part in parts if part != "train"}
            done(count)
    return outputs


def _makers(names: Sequence[str], *, method: str) -> dict[str, Any]:
    """Name -> class, all of which learn in the way of this task."""
    every = {name: REGISTRY.load(name) for name in REGISTRY.names()}
    peers = [name for name, maker in every.items() if hasattr(maker, method)]
    for name in names:
        if name in every and name not in peers:
            raise StudyError(
                sentence(
                    "baselines",
                    expected=f"peers of this task ({', '.join(peers)})",
                    got=f"'{name}'",
                    remedy="Name others, or write auto",
                )
            )
    return {name: REGISTRY.load(name) for name in names}


def _classifiers(
    parts: Mapping[Part, Prepared], features: Mapping[Part, Array], *, seed: int, threads: int
) -> Callable[[Any], Answering]:
    labelled = {
        part: (features[part], own.targets.arrays["truth"], own.targets.arrays["known"])
        for part, own in parts.items()
    }

    def fit(baseline: Any) -> Answering:
        fitted = baseline.fit(
            *labelled["train"],
            kind=parts["train"].targets.kind,
            validation=labelled["validation"],
            seed=seed,
            threads=threads,
        )
        return lambda part: fitted.outputs(features[part])

    return fit


def _forecasters(
    parts: Mapping[Part, Prepared], *, state: State, seed: int, threads: int
) -> Callable[[Any], Answering]:
    lessons = {part: Lesson(own.arrays, own.targets) for part, own in parts.items()}

    def fit(baseline: Any) -> Answering:
        fitted = baseline.fit_windows(
            lessons["train"],
            validation=lessons["validation"],
            state=state,
            seed=seed,
            threads=threads,
        )
        return lambda part: fitted.forecast(lessons[part].arrays)

    return fit


def _summarisers(
    parts: Mapping[Part, Prepared], *, state: State, seed: int, threads: int
) -> Callable[[Any], Answering]:
    lessons = {
        part: TextLesson(own.texts, own.targets.arrays["truth"].tolist(), state["source"])
        for part, own in parts.items()
    }

    def fit(baseline: Any) -> Answering:
        fitted = baseline.fit_texts(
            lessons["train"],
            validation=lessons["validation"],
            state=state,
            seed=seed,
            threads=threads,
        )
        return lambda part: fitted.summarise(lessons[part].sources)

    return fit


def _features(
    modalities: Mapping[str, Modality],
    parts: Mapping[Part, Prepared],
    *,
    threads: int,
    progress: Progress,
) -> dict[Part, Array]:
    features: dict[Part, Array] = {}
    total = sum(map(len, parts.values()))
    with progress.stage("describe"), progress.bar("features for baselines", total) as done:
        for part, own in parts.items():
            before = sum(map(len, features.values()))
            features[part] = describe_inputs(
                modalities,
                own.arrays,
                threads=threads,
                progress=partial(_shifted, done, before),
            )
    return features


def _shifted(done: Callable[[int], None], before: int, count: int) -> None:
    done(before + count)
