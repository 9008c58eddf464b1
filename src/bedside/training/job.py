"""What a training is given, and what it tells afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch
    from torch import nn

    from bedside.schema import Modality, State
    from bedside.training.loader import Prepared
    from bedside.training.precision import Precision
    from bedside.training.recipe import Recipe


class Teaching(Protocol):
    """What a training asks of a task (`schema.Task`)."""

    def unweighted(self, state: State) -> State:
        """The state under which `loss` measures instead of teaching."""
        ...

    def loss(
        self, outputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor], state: State
    ) -> torch.Tensor:
        """Scalar loss of a batch."""
        ...


@dataclass(frozen=True)
class Job:
    """Everything one training needs.

    Args:
        name: the model's name in the log and the metrics.
        network: freshly made from `seed`.
        modalities: by input, for augmentation; empty to train without.
        precision: as the study says; ``auto`` is settled before the first step.
        folder: where the checkpoint goes; None keeps none.
    """

    name: str
    network: nn.Module
    task: Teaching
    state: State
    train: Prepared
    validation: Prepared
    recipe: Recipe
    modalities: Mapping[str, Modality]
    seed: int
    device: torch.device
    precision: Precision | str = "auto"
    folder: Path | None = None

    @property
    def drawn(self) -> int:
        """Training cases of one epoch."""
        return min(len(self.train), self.recipe.cases_per_epoch or len(self.train))


@dataclass
class Story:
    """What happened, plain JSON, part of the checkpoint.

    Args:
        epoch: epochs that are done.
        step: steps that are done of the epoch under way.
        losses: their sum.
        averaged: steps that went into the averaged weights.
        best_epoch: the one of the least validation loss, whose weights are kept.
        best_loss: that loss.
        precision: that training runs in; empty until it is settled.
        seconds: of training, over all that were needed to get here.
        epoch_seconds: those of the epoch under way.
        cases: seen in training, each as often as it was.
        data: part -> fingerprint of the cases it learns from and is measured on.
        epochs: one entry each: number, losses, seconds.
    """

    epoch: int = 0
    step: int = 0
    losses: float = 0.0
    averaged: int = 0
    best_epoch: int = 0
    best_loss: float = math.inf
    precision: str = ""
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    cases: int = 0
    data: dict[str, str] = field(default_factory=dict)
    epochs: list[dict[str, float]] = field(default_factory=list)
