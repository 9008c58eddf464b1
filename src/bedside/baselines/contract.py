"""What a baseline is: the protocols that registry entries fulfil.

A peer of classification keeps `Baseline`, a peer of forecasts `Forecaster`, a peer of
summaries `Summariser`, a peer of entities `Tagger`, a language model `LanguageModel`; one that
can do more keeps more.
Enters and leaves: nothing but types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from bedside.modalities.text_entities import Entity
from bedside.schema import Array, Arrays, Kind, Rows, State, Targets

Labelled: TypeAlias = tuple[Array, Array, Array]
"""Features (n, F) float32, truth (n, K) float32 0/1, known (n, K) bool."""


class FittedBaseline(Protocol):
    """A fitted baseline; answers like a network does."""

    def outputs(self, features: Array) -> Arrays:
        """Features (n, F) -> ``{"logits": (n, K) float32}``.

        Binary and labels: log-odds of each label. Classes: log-probabilities.

        Raises:
            DataError: a feature is not finite, or there are not F of them.
        """
        ...


class Baseline(Protocol):
    """A classical method that learns from features; built without arguments."""

    name: str

    def fit(
        self,
        features: Array,
        truth: Array,
        known: Array,
        *,
        kind: Kind,
        validation: Labelled,
        seed: int,
        threads: int,
    ) -> FittedBaseline:
        """Learn from training cases; validation cases only choose settings.

        Args:
            features: (n, F) float32.
            truth: (n, K) float32, 0 or 1; binary K=1, classes one-hot, labels multi-hot.
            known: (n, K) bool; truth that is not known changes nothing.
            kind: which of the three forms `truth` has.
            validation: features, truth and known of the validation cases.
            seed: the same seed gives the same result.
            threads: how many may be used.

        Raises:
            DataError: shapes do not agree, or a feature is not finite.
        """
        ...


@dataclass(frozen=True)
class Written:
    """N cases of texts, and what is known of them.

    Args:
        texts: text input -> N whole texts.
        features: (N, F) float32 of all other inputs; None where there are none.
        truth: (N, K) float32, as in `Baseline.fit`.
        known: (N, K) bool.
    """

    texts: Mapping[str, Sequence[str]]
    features: Array | None
    truth: Array
    known: Array

    def __len__(self) -> int:
        return len(self.truth)


class FittedReader(Protocol):
    """A fitted peer that reads texts; answers like a network does."""

    def outputs(self, written: Written) -> Arrays:
        """Texts and features of n cases -> ``{"logits": (n, K) float32}``."""
        ...


class WordReader(Protocol):
    """A classical method that classifies texts by their words; built without arguments."""

    name: str

    def fit_words(
        self, training: Written, *, validation: Written, kind: Kind, seed: int, threads: int
    ) -> FittedReader:
        """Learn from training cases; validation cases only choose settings."""
        ...


@dataclass(frozen=True)
class Lesson:
    """N windows and what came after them, looked up when asked for.

    Args:
        arrays: ``"<input>.<array>"`` -> (N, ...), as networks see them.
        targets: of the same windows.
    """

    arrays: Mapping[str, Rows]
    targets: Targets

    def __len__(self) -> int:
        return len(self.targets.arrays["last"])


class FittedForecaster(Protocol):
    """A fitted peer of forecasts; answers like a network does."""

    def forecast(self, arrays: Mapping[str, Rows]) -> Arrays:
        """Arrays of n windows -> ``{"quantiles": (n, S, Q) float32}`` in the series' unit."""
        ...


class Forecaster(Protocol):
    """A classical method that forecasts a series; built without arguments."""

    name: str

    def fit_windows(
        self, training: Lesson, *, validation: Lesson, state: State, seed: int, threads: int
    ) -> FittedForecaster:
        """Learn from training windows; validation windows only choose settings.

        Args:
            training: windows to learn from.
            validation: windows that may choose settings.
            state: of the task `forecast`, fitted on training windows.
            seed: the same seed gives the same result.
            threads: how many may be used.
        """
        ...


@dataclass(frozen=True)
class TextLesson:
    """N cases of texts and what was written as their summaries.

    Args:
        texts: text input -> N texts as they were read.
        summaries: N reference summaries.
        source: the input that is summarised.
    """

    texts: Mapping[str, Sequence[str]]
    summaries: Sequence[str]
    source: str

    @property
    def sources(self) -> Sequence[str]:
        """The N texts that are summarised."""
        return self.texts[self.source]

    def __len__(self) -> int:
        return len(self.summaries)


@dataclass(frozen=True)
class VolumeLesson:
    """N volumes and their masks.

    Args:
        name: of the input.
        arrays: prepared volumes: values, source and spacing, under its name.
        targets: of the same cases, with ``grid``.
    """

    name: str
    arrays: Mapping[str, Rows]
    targets: Targets

    def __len__(self) -> int:
        return len(self.targets.arrays["grid"])

    def grids(self) -> Iterator[Array]:
        """The masks (D, H, W) on the common grid, one by one."""
        for row in range(len(self)):
            yield self.targets.arrays["grid"][row : row + 1][0]

    def cases(self) -> Iterator[tuple[Array, Array]]:
        """Volumes (C, D, H, W) with their masks, one by one."""
        values = self.arrays[f"{self.name}.values"]
        for row, grid in enumerate(self.grids()):
            yield values[row : row + 1][0], grid


class FittedOutliner(Protocol):
    """A fitted peer that outlines structures."""

    def outline(self, arrays: Mapping[str, Rows]) -> Arrays:
        """Prepared volumes of n cases -> ``{"mask": (n,) object}``, packed masks."""
        ...


class Outliner(Protocol):
    """A classical method that outlines structures; built without arguments."""

    name: str

    def fit_volumes(
        self,
        training: VolumeLesson,
        *,
        validation: VolumeLesson,
        state: State,
        seed: int,
        threads: int,
    ) -> FittedOutliner:
        """Learn from training cases; validation cases only choose settings.

        Args:
            training: cases to learn from.
            validation: cases that may choose settings.
            state: of the task `segment`, fitted on training cases.
            seed: the same seed gives the same result.
            threads: how many may be used.
        """
        ...


class FittedSummariser(Protocol):
    """A fitted peer of summaries."""

    def summarise(self, sources: Sequence[str]) -> Arrays:
        """N texts -> ``{"text": (n,) object}``, and what else a `Prediction` may say of them."""
        ...


class Summariser(Protocol):
    """A classical method that sums up a text; built without arguments."""

    name: str

    def fit_texts(
        self, training: TextLesson, *, validation: TextLesson, state: State, seed: int, threads: int
    ) -> FittedSummariser:
        """Learn from training cases; validation cases only choose settings.

        Args:
            training: cases to learn from.
            validation: cases that may choose settings.
            state: of the task `summarise`, fitted on training cases.
            seed: the same seed gives the same result.
            threads: how many may be used.
        """
        ...


@dataclass(frozen=True)
class TagLesson:
    """N texts and what people marked in them.

    Args:
        texts: as they were read.
        entities: of each text, in order and without overlaps.
    """

    texts: Sequence[str]
    entities: Sequence[Sequence[Entity]]

    def __len__(self) -> int:
        return len(self.texts)


class FittedTagger(Protocol):
    """A fitted peer of entities."""

    def tag(self, texts: Sequence[str]) -> Arrays:
        """N texts -> ``{"entities": (n,) object}``, as a `Prediction` holds them."""
        ...


class Tagger(Protocol):
    """A classical method that finds entities in texts; built without arguments."""

    name: str

    def fit_entities(
        self, training: TagLesson, *, validation: TagLesson, state: State, seed: int, threads: int
    ) -> FittedTagger:
        """Learn from training cases; validation cases only choose settings.

        Args:
            training: cases to learn from.
            validation: cases that may choose settings.
            state: of the task `tag`, fitted on training cases.
            seed: the same seed gives the same result.
            threads: how many may be used.
        """
        ...


@dataclass(frozen=True)
class TokenLesson:
    """N texts as networks predict them.

    Args:
        tokens: (N, L) int32, the tokens of each text and its end, -1 behind that.
        size: entries of the vocabulary.
    """

    tokens: Array
    size: int

    def __len__(self) -> int:
        return len(self.tokens)


class FittedLanguageModel(Protocol):
    """A fitted peer that predicts each next token; answers like a network does."""

    def surprises(self, tokens: Array) -> Arrays:
        """Tokens (N, L) -> ``surprise``, ``counts`` and ``unknown`` (N, L) of a `Prediction`."""
        ...


class LanguageModel(Protocol):
    """A classical method that predicts each next token; built without arguments."""

    name: str

    def fit_tokens(
        self,
        training: TokenLesson,
        *,
        validation: TokenLesson,
        state: State,
        seed: int,
        threads: int,
    ) -> FittedLanguageModel:
        """Learn from training cases; validation cases only choose settings.

        Args:
            training: cases to learn from.
            validation: cases that may choose settings.
            state: of the task `language`.
            seed: the same seed gives the same result.
            threads: how many may be used.
        """
        ...
