"""The nouns that all parts share.

Axis letters, everywhere: N cases of a cohort, B cases of a batch, C channels,
T time or tokens, D depth, H height, W width, F features, K classes or labels.

A batch is a flat dict of named arrays, ``"<input>.<array>"`` (``"xray.values"``),
with explicit masks where anything was padded. Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bedside.data.cohort import Cohort

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Arrays: TypeAlias = dict[str, Array]
State: TypeAlias = dict[str, Any]


class Rows(Protocol):
    """N rows of one array, looked up when asked for: in memory, on disk, or made on the way.

    An ``np.ndarray`` and an ``np.memmap`` are rows as they are; so is any object of this
    form, such as windows over a series. Whoever is given rows asks for some at a time: all
    of them may not fit into memory.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, ...)."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of every row."""
        ...

    def __len__(self) -> int:
        """N."""
        ...

    def __getitem__(self, rows: slice | Array, /) -> Array:
        """A slice or (n,) integers -> those rows (n, ...), in that order, to be left unchanged."""
        ...


Network: TypeAlias = Callable[[Arrays], Arrays]
"""Named input arrays, first axis B -> named output arrays, first axis B."""

Part: TypeAlias = Literal["train", "validation", "test", "held_out_patients"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
OTHER_PARTS: tuple[Part, ...] = ("held_out_patients",)
"""Further test parts that a split may make; their scores stand under ``other_parts``."""

Kind: TypeAlias = Literal[
    "binary", "classes", "labels", "forecast", "summary", "mask", "entities", "language"
]
"""One label of two classes, one of several classes, several labels at once, the next
steps of a series, a text that sums up another, structures outlined in a volume, pieces of a text
with their labels, or each next token of a text."""


@dataclass(frozen=True)
class Reference:
    """Where the raw value of one input of one case lies.

    Args:
        where: names the place in messages by its row (``"row 12 of cases.csv"``),
            never by a file name, which may carry a patient's name.
        content: the file's path, the array itself, a text, or the cells of a row.
    """

    where: str
    content: Path | Array | str | Mapping[str, Any]


@dataclass(frozen=True)
class Geometry:
    """How a sample's values lie in the world; what is unknown stays None.

    Args:
        shape: shape of the source before any resizing.
        spacing_mm: distance of neighbouring source elements along each axis.
        affine: (4, 4) index -> patient coordinates in mm.
        times_seconds: (T,) sampling times.
        every_seconds: time between neighbouring elements, where it is always the same.
        source: plain facts of the source (``{"mode": "RGBA", "format": "PNG"}``),
            free of anything that names a patient.
    """

    shape: tuple[int, ...] = ()
    spacing_mm: tuple[float, ...] | None = None
    affine: Array | None = None
    times_seconds: Array | None = None
    every_seconds: float | None = None
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """One input of one case, read: values in physical units (text: str) and geometry."""

    values: Array | str
    geometry: Geometry = field(default_factory=Geometry)


class Modality(Protocol):
    """One kind of raw input; everything after it is blind to which.

    The study's words under ``inputs.<name>`` are the fields of a modality
    (a pydantic model), so the study file and the package rebuild it alike.
    All methods but `augment` and `describe` work on the base install.

    Args:
        default_encoder: the encoder a study gets that names none.
        suffixes: file suffixes it reads, lower case with the dot; empty where it reads none.
    """

    default_encoder: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]

    def columns_used(self) -> list[str]:
        """Columns of the cohort that hold this input's references."""
        ...

    def read(self, reference: Reference) -> Sample:
        """Raw file, array or cells -> values. Raises DataError naming `reference.where`."""
        ...

    def fit(self, samples: Iterable[Sample]) -> State:
        """Learn from training samples only, which come one by one and once; plain JSON.

        ``state["standardise"] = {array: {"mean": [C], "std": [C]}}`` asks the
        network to standardise that array over its axis 1, so that compact
        dtypes (uint8) travel all the way to it.
        """
        ...

    def prepare(self, sample: Sample, state: State) -> Arrays:
        """One sample -> named arrays without batch axis (``values`` and any masks)."""
        ...

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack prepared samples, first axis B; pads with explicit masks."""
        ...

    def augment(
        self, batch: dict[str, torch.Tensor], generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """Training only; the arrays of this input, names without the input's prefix."""
        ...

    def describe(self, arrays: Arrays) -> Array:
        """Collated arrays (B, ...) -> (B, F) float32 hand-made features for classical peers."""
        ...

    def picture(self, sample: Sample) -> Array | None:
        """How a person would see it: (H, W) or (H, W, 3) uint8; None where there is no picture."""
        ...

    def fake(self, rng: np.random.Generator, n: int) -> list[Sample]:
        """Made-up samples of plausible shape and range, for tests and packages."""
        ...


@dataclass(frozen=True)
class Targets:
    """What a task predicts, for N cases.

    Args:
        arrays: named arrays, first axis N; a task whose targets are large may give
            `Rows` instead. `classify`: ``truth`` (N, K) float32 0/1 (binary K=1,
            several classes one-hot, several labels multi-hot) and ``known`` (N, K)
            bool, in memory; unknown is never negative. `forecast`, N windows and S
            steps: ``truth`` (N, S) float32 in the target's unit, ``known`` (N, S) bool
            (a point that no reading stands behind is unknown), ``last`` (N,) float32 the
            last value before the forecast, ``minute`` (N,) int64 the local clock minutes
            of that value since 1970-01-01 (hour of day: ``minute // 60 % 24``), and, where
            patients are known, ``patient`` (N,) int32, equal for windows of one patient.
            `summary`: ``truth`` (N,) object, the reference summaries (str, runs of blanks
            collapsed), ``known`` (N, 1) bool and, once cases are in parts, ``source`` (N,)
            object, the text that is summarised, ``novel`` (N,) bool, whether no training
            case has that text, ``unlike`` (N,) bool, whether none has even nine in ten of its
            words, ``uncommon`` (N,) bool, whether the reference is none of the
            twenty commonest of training. `mask`: ``truth`` (N,) object, a `PackedMask` a
            case on the grid of its source, 0 background, else 1 + place among `names`;
            ``known`` (N, 1) bool; once cases are in parts, ``grid`` (N,) object, the same as
            uint8 voxels (D, H, W) on the grid that networks see.
            `entities`: ``truth`` (N,) object, JSON text ``[[start, end, label], ...]`` in
            characters of the text as read, in order and without overlaps, ``known`` (N, 1)
            bool, all True, and, once cases are in parts, ``tags`` (N, T) int64, one a word, as
            `text_tags` counts them, -1 where no word is. `language`: ``known`` (N, 1) bool, all
            True, and, once cases are in parts, ``truth`` (N, T + 1) int32, the tokens of each
            text and the end of it, -1 behind that; a text of T tokens and more has no end.
        names: K class or label names; binary: (negative, positive); forecast: the
            minutes ahead of each step (``"5"``, ``"10"``...); summary: ``("summary",)``;
            mask: the structures; entities: their labels; language: ``("token",)``.
        kind: which of the forms above.
        facts: plain JSON that the task's `fit` needs beside the arrays, such as the unit.
    """

    arrays: Mapping[str, Any]
    names: tuple[str, ...]
    kind: Kind = "binary"
    facts: Mapping[str, Any] = field(default_factory=dict)

    def take(self, rows: Array) -> Targets:
        """The same targets for some rows, in that order."""
        arrays = {key: value[rows] for key, value in self.arrays.items()}
        return Targets(arrays, self.names, self.kind, self.facts)


@dataclass(frozen=True)
class Prediction:
    """What `Task.infer` answers, for N cases.

    Args:
        arrays: named arrays, first axis N. `classify`: ``probability`` (N, K)
            calibrated (binary K=1), ``decision`` (N, K) bool. `forecast`: ``point``
            (N, S), the median, and ``quantiles`` (N, S, Q) rising along Q, calibrated;
            the task's state holds their ``levels`` (Q), ``unit`` and ``every_minutes``.
            `summary`: ``text`` (N,) object, str; where the model says where its words come
            from, ``support`` (N,) object, JSON text of a list of ``[word, origin]`` with
            origin ``copied``, ``neighbour`` or ``generated``, and ``status`` (N,) object, str,
            whether it was written, or refused and why; where it looked at training
            cases, ``neighbours`` (N, k) int64, rows of those carried, -1 for none.
            `mask`: ``mask`` (N,) object, a `PackedMask` a case as in `Targets`; of a network
            ``quality`` (N, K), the Dice that is expected of each structure.
            `entities`: ``entities`` (N,) object, JSON text of a list of ``[start, end, label]``,
            with a network's own probability as the fourth entry. `language`: ``surprise``
            (N, T + 1) float32, minus the log-probability of each token and of the end, in nats,
            ``counts`` (N, T + 1), 1 where there is one, ``unknown`` (N, T + 1), 1 where it is
            not in the vocabulary, and of a network ``offsets`` (N, T, 2), where in the text.
        names: K class or label names; binary: (negative, positive); forecast: the
            minutes ahead of each step; summary: ``("summary",)``; mask: the structures;
            entities: their labels; language: ``("token",)``.
    """

    arrays: Arrays
    names: tuple[str, ...]


class Task(Protocol):
    """What is to be predicted: a base half (numpy) and a torch half.

    The study's words under ``target`` are the fields of a task (a pydantic
    model). `state` is plain JSON and travels in the package.

    Args:
        needs: what of `Features` its head reads: ``pooled``, ``tokens``, ``onward`` (tokens of
            which none knows of those behind it) or ``pyramid``.
        encoders: modality -> the encoder of inputs that name none, where the modality's own
            default would not do.
        primary: name of the metric that comparisons and the verdict use.
        baselines: names of its fair classical peers.
    """

    needs: ClassVar[str]
    encoders: ClassVar[Mapping[str, str]]
    primary: ClassVar[str]
    baselines: ClassVar[tuple[str, ...]]

    def columns_used(self) -> list[str]:
        """Columns of the cohort that hold targets."""
        ...

    def check_inputs(self, inputs: Mapping[str, tuple[str, Modality]]) -> None:
        """Refuse inputs that the task cannot work on, before anything is read.

        Args:
            inputs: name -> the modality's name in the registry, and the modality.

        Raises:
            StudyError: one that is needed is missing.
        """
        ...

    def targets(self, cohort: Cohort) -> Targets:
        """Read the targets of all cases. Raises DataError with every bad row."""
        ...

    def strata(self, targets: Targets) -> Array:
        """(N,) int: what a stratified split keeps even; negative where unknown."""
        ...

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        """Learn from training targets only (classes, weights against imbalance)."""
        ...

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:
        """Fit the calibration on uncalibrated validation outputs; returns a new state."""
        ...

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:
        """Apply the calibration of `state`, as the head does in evaluation mode."""
        ...

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:
        """Networks on prepared arrays -> prediction in the target's own words and units.

        ``networks["network"]`` answers calibrated outputs; the same call serves the
        trained network, a baseline and the package's engine.
        """
        ...

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:
        """Columns (N,) of `predictions.csv` and of what `predict` writes.

        A task whose answer has S steps gives columns (N * S,): a row a step of each case.
        """
        ...

    def truth_rows(self, targets: Targets) -> dict[str, Array]:
        """Columns as long as those of `rows` that put the truth beside; unknown is blank."""
        ...

    def head(self, width: int, state: State) -> nn.Module:
        """Torch half: Features of `width` -> named outputs; applies its calibration in eval."""
        ...

    def start(self, head: nn.Module, arrays: Mapping[str, Rows], targets: Targets) -> None:
        """Give a new head its first weights from training cases; most leave it as it is."""
        ...

    def unweighted(self, state: State) -> State:
        """The state under which `loss` measures instead of teaching: no weights."""
        ...

    def loss(
        self, outputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor], state: State
    ) -> torch.Tensor:
        """Torch half: scalar loss of a batch, unknown targets left out."""
        ...


@runtime_checkable
class Varies(Protocol):
    """What a task has beside, if its targets move with its inputs when these are varied."""

    def vary(
        self,
        inputs: dict[str, torch.Tensor],
        targets: dict[str, torch.Tensor],
        state: State,
        *,
        generator: torch.Generator,
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Training only: a batch of inputs and targets -> one that might have been."""
        ...


TOLD = "_told.tokens"
"""Array of the summaries that a network learns from; no input can be called so."""
