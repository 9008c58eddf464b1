"""All classical peers of a study, fitted on the same parts as the networks.

Enters: prepared parts. Leaves: each baseline's raw outputs on validation and the test
parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from bedside.baselines import REGISTRY
from bedside.baselines.contract import (
    Lesson,
    TagLesson,
    TextLesson,
    TokenLesson,
    VolumeLesson,
    Written,
)
from bedside.baselines.features import describe_inputs
from bedside.baselines.peer import Peer, encode_peer
from bedside.baselines.plain_scorers import has_plain_form, plain
from bedside.baselines.questions import Answers as Fitted
from bedside.errors import StudyError, sentence
from bedside.modalities import holds_text
from bedside.run_folder import write_bytes
from bedside.schema import Array, Arrays, Modality, Part, State, Task
from bedside.tasks.tag import entities_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bedside.progress import Progress
    from bedside.training.loader import Prepared

Answering = Callable[[Part], Arrays]
METHODS: Mapping[str, tuple[str, ...]] = {
    "forecast": ("fit_windows",),
    "summary": ("fit_texts",),
    "mask": ("fit_volumes",),
    "entities": ("fit_entities",),
    "language": ("fit_tokens",),
}
"""Kind of target -> how its peers learn; all others by ``fit``, and by ``fit_words`` of texts."""
WORDS_FOR = "logistic"
"""The peer whose place `tfidf-logistic` takes where all inputs are texts."""


@dataclass(frozen=True)
class _Kept:
    """Answers of a peer whose plain numbers can be kept."""

    answer: Answering
    peer: Peer

    def __call__(self, part: Part) -> Arrays:
        return self.answer(part)


def fit_baselines(
    names: Sequence[str],
    modalities: Mapping[str, Modality],
    parts: Mapping[Part, Prepared],
    *,
    state: State,
    seed: int,
    threads: int,
    progress: Progress,
    keep: Path | None = None,
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
        keep: folder in which those that can be packaged are kept, one folder each.

    Returns:
        name -> part -> raw outputs, for all parts but train.

    Raises:
        StudyError: a baseline is no peer of this task.
    """
    kind = parts["train"].targets.kind
    reading = ("fit", "fit_words") if any(own.texts for own in parts.values()) else ("fit",)
    makers = _makers(names, methods=METHODS.get(kind, reading))
    if kind == "forecast":
        fit = _forecasters(parts, state=state, seed=seed, threads=threads)
    elif kind == "summary":
        fit = _summarisers(parts, state=state, seed=seed, threads=threads)
    elif kind == "mask":
        fit = _outliners(parts, state=state, seed=seed, threads=threads)
    elif kind == "entities":
        fit = _taggers(parts, state=state, seed=seed, threads=threads)
    elif kind == "language":
        fit = _language_models(parts, state=state, seed=seed, threads=threads)
    else:
        fit = _classifiers(
            parts, modalities, makers.values(), seed=seed, threads=threads, progress=progress
        )
    outputs: dict[str, dict[str, Arrays]] = {}
    with progress.bar("fitting baselines", len(makers)) as done:
        for count, (name, maker) in enumerate(makers.items(), start=1):
            with progress.stage(f"baseline {name}"):
                answer = fit(maker())
                outputs[name] = {part: answer(part) for part in parts if part != "train"}
                if keep is not None and isinstance(answer, _Kept):
                    for file, content in encode_peer(answer.peer).items():
                        write_bytes(keep / name / file, content)
            done(count)
    return outputs


def fair_peers(
    asked: Sequence[str] | Literal["auto"], task: Task, modalities: Mapping[str, Modality]
) -> Sequence[str]:
    """The baselines of a study: those it names, else those of its task that suit its inputs.

    A study of texts alone is compared with `tfidf-logistic` instead of methods that see
    groups of tokens; one of texts and other inputs with all of them.
    """
    if asked != "auto":
        return asked
    texts = [name for name, modality in modalities.items() if holds_text(modality)]
    if not texts or WORDS_FOR not in task.baselines:
        return task.baselines
    others = () if len(texts) == len(modalities) else task.baselines[1:]
    return (task.baselines[0], "tfidf-logistic", *others)


def check_peers(
    asked: Sequence[str] | Literal["auto"], task: Task, modalities: Mapping[str, Modality]
) -> None:
    """Refuse baselines of another task before anything is read or trained.

    A peer learns in a way that all of the task's own baselines learn in; of texts, by words too.

    Raises:
        StudyError: a baseline is no peer of this task.
    """
    if asked == "auto":
        return
    every = {"fit"}.union(*METHODS.values())
    own = [REGISTRY.load(name) for name in task.baselines]
    ways = {way for way in every if all(hasattr(maker, way) for maker in own)}
    if "fit" in ways and any(map(holds_text, modalities.values())):
        ways.add("fit_words")
    _makers(asked, methods=tuple(ways))


def _makers(names: Sequence[str], *, methods: tuple[str, ...]) -> dict[str, Any]:
    """Name -> class, all of which learn in one of the ways of this task."""
    every = {name: REGISTRY.load(name) for name in REGISTRY.names()}
    peers = [name for name, maker in every.items() if any(hasattr(maker, m) for m in methods)]
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
    parts: Mapping[Part, Prepared],
    modalities: Mapping[str, Modality],
    makers: Iterable[Any],
    *,
    seed: int,
    threads: int,
    progress: Progress,
) -> Callable[[Any], Answering]:
    """How a baseline is fitted: on features, or on texts beside the features of other inputs."""
    told = partial(_features, parts=parts, threads=threads, progress=progress)
    makers = list(makers)
    features, written = {}, {}
    others = {name: m for name, m in modalities.items() if not holds_text(m)}
    if any(hasattr(maker, "fit") for maker in makers):
        features = told(modalities)
    if any(hasattr(maker, "fit_words") for maker in makers):
        beside: Mapping[Part, Array | None] = told(others) if others else dict.fromkeys(parts)
        written = {
            part: Written(own.texts, beside[part], *_answers(own)) for part, own in parts.items()
        }

    def fit(baseline: Any) -> Answering:
        settings = {"kind": parts["train"].targets.kind, "seed": seed, "threads": threads}
        if hasattr(baseline, "fit_words"):
            reader = baseline.fit_words(
                written["train"], validation=written["validation"], **settings
            )
            reading: Answering = lambda part: reader.outputs(written[part])  # noqa: E731
            own = reader.plain(tuple(others)) if hasattr(reader, "plain") else None
            return reading if own is None else _Kept(reading, own)
        labelled = {
            part: (features[part], *_answers(parts[part])) for part in ("train", "validation")
        }
        fitted = baseline.fit(*labelled["train"], validation=labelled["validation"], **settings)
        answer: Answering = lambda part: fitted.outputs(features[part])  # noqa: E731
        return answer if (peer := _plain(fitted, modalities)) is None else _Kept(answer, peer)

    return fit


def _plain(fitted: Any, modalities: Mapping[str, Modality]) -> Peer | None:
    """A peer that learnt from features as numbers; None where it is none of ours."""
    if not isinstance(fitted, Fitted) or not all(map(has_plain_form, fitted.scorers)):
        return None
    return Peer(Fitted(tuple(map(plain, fitted.scorers)), fitted.width), tuple(modalities))


def _answers(own: Prepared) -> tuple[Array, Array]:
    return own.targets.arrays["truth"], own.targets.arrays["known"]


def _forecasters(
    parts: Mapping[Part, Prepared], *, state: State, seed: int, threads: int
) -> Callable[[Any], Answering]:
    lessons = {part: Lesson(own.arrays, own.targets) for part, own in parts.items()}

    def fit(baseline: Any) -> Answering:
        fitted = _learnt(baseline.fit_windows, lessons, state=state, seed=seed, threads=threads)
        return lambda part: fitted.forecast(lessons[part].arrays)

    return fit


def _outliners(
    parts: Mapping[Part, Prepared], *, state: State, seed: int, threads: int
) -> Callable[[Any], Answering]:
    name = state["plan"]["input"]
    lessons = {part: VolumeLesson(name, own.arrays, own.targets) for part, own in parts.items()}

    def fit(baseline: Any) -> Answering:
        fitted = _learnt(baseline.fit_volumes, lessons, state=state, seed=seed, threads=threads)
        return lambda part: fitted.outline(lessons[part].arrays)

    return fit


def _summarisers(
    parts: Mapping[Part, Prepared], *, state: State, seed: int, threads: int
) -> Callable[[Any], Answering]:
    lessons = {
        part: TextLesson(own.texts, own.targets.arrays["truth"].tolist(), state["source"])
        for part, own in parts.items()
    }

    def fit(baseline: Any) -> Answering:
        fitted = _learnt(baseline.fit_texts, lessons, state=state, seed=seed, threads=threads)
        return lambda part: fitted.summarise(lessons[part].sources)

    return fit


def _taggers(
    parts: Mapping[Part, Prepared], *, state: State, seed: int, threads: int
) -> Callable[[Any], Answering]:
    lessons = {
        part: TagLesson(own.texts[state["source"]], entities_of(own.targets.arrays["truth"]))
        for part, own in parts.items()
    }

    def fit(baseline: Any) -> Answering:
        fitted = _learnt(baseline.fit_entities, lessons, state=state, seed=seed, threads=threads)
        return lambda part: fitted.tag(lessons[part].texts)

    return fit


def _language_models(
    parts: Mapping[Part, Prepared], *, state: State, seed: int, threads: int
) -> Callable[[Any], Answering]:
    lessons = {
        part: TokenLesson(own.targets.arrays["truth"], state["size"]) for part, own in parts.items()
    }

    def fit(baseline: Any) -> Answering:
        fitted = _learnt(baseline.fit_tokens, lessons, state=state, seed=seed, threads=threads)
        return lambda part: fitted.surprises(lessons[part].tokens)

    return fit


def _learnt(
    method: Callable[..., Any],
    lessons: Mapping[Part, Any],
    *,
    state: State,
    seed: int,
    threads: int,
) -> Any:
    """What a baseline's way of learning makes of the lessons of training and validation."""
    return method(
        lessons["train"],
        validation=lessons["validation"],
        state=state,
        seed=seed,
        threads=threads,
    )


def _features(
    modalities: Mapping[str, Modality],
    *,
    parts: Mapping[Part, Prepared],
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
