"""The recipe: how long and how fast to train, from the size of the training part.

Enters: the number of training cases and the study's ``training`` section.
Leaves: a `Recipe` without a single ``auto``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedside.schema import Kind
    from bedside.study import TrainingSection

SEEN_CASES = 80_000
SEEN_WINDOWS = 300_000
SEEN_SUMMARIES = 28_000
"""Writing costs many steps a case, and soon learns the training part by heart."""
SEEN_TAGGED, FEWEST_TAGGED = 27_000, 4
"""A text holds many words, and each of them teaches; epochs at least."""
SEEN_PREDICTED = 50_000
"""Of texts whose every next token is predicted."""
SEEN_PRETRAINED, PRETRAINED_RATE = 9_000, 1e-4
"""Of a pretrained model: steps that are customary when all its weights are tuned further."""
SEEN_VOXELS = 300_000_000
"""Of patches: what two cores look at in some minutes."""
BATCH_VOXELS = 280_000
MOST_PATCHES = 16
WINDOWS_AN_EPOCH = 50_000
"""Windows overlap so far that an epoch of more shows nothing new."""
# the gains of a one-cycle schedule come late: on small cohorts validation can look
# worse than at the start until half way
PATIENT_SHARE = 0.6
SHORTEST, LONGEST = 6, 40
MOST_EPOCHS = 100
"""Of patches, which are never the same twice."""


@dataclass(frozen=True)
class Recipe:
    """A full recipe.

    Args:
        epochs: passes over the training part at most.
        batch_size: cases a step.
        learning_rate: peak of AdamW's one-cycle schedule.
        weight_decay: AdamW's, on weights of two or more axes only.
        patience: epochs without a better validation loss before stopping.
        averaging: decay of the moving average of the weights that is evaluated.
        cases_per_epoch: cases drawn for one epoch, at most; 0 takes all.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    patience: int
    averaging: float = 0.995
    cases_per_epoch: int = 0


def make_recipe(
    cases: int,
    section: TrainingSection,
    *,
    kind: Kind = "binary",
    pretrained: bool = False,
    voxels: int = 0,
    unlabelled: bool = False,
) -> Recipe:
    """Fill in what the study leaves to ``auto``.

    A fixed number of seen cases (80,000) between 6 and 40 epochs: small
    cohorts get more passes, large ones fewer, and the time stays within minutes
    on two cores. Of windows 300,000 are seen, in larger batches, and an epoch draws
    50,000 at most. Of summaries 28,000 are seen, in smaller batches; a pretrained model sees
    9,000 in small steps, since it knows the language. Of texts with entities 27,000 are seen,
    in small batches, of texts that are predicted 50,000. Of volumes, patches of 300 million
    voxels in all are seen, an epoch drawing two patches a case. Where most cases have no label,
    half as many are seen: there is less to learn from them.

    Args:
        cases: number of training cases.
        section: the study's ``training``.
        kind: of the targets: windows of series are cheap and overlap, summaries are dear.
        pretrained: whether the network begins as a pretrained model.
        voxels: of a patch, where the network outlines.
        unlabelled: whether training cases without a label are among them.
    """
    if kind == "mask":
        return _outlining(cases, section, voxels=voxels)
    drawn = min(cases, WINDOWS_AN_EPOCH) if kind == "forecast" else cases
    if section.cases_per_epoch != "auto":
        drawn = min(cases, section.cases_per_epoch)
    seen = {
        "forecast": SEEN_WINDOWS,
        "summary": SEEN_SUMMARIES,
        "entities": SEEN_TAGGED,
        "language": SEEN_PREDICTED,
    }.get(kind, SEEN_CASES)
    shortest = FEWEST_TAGGED if kind == "entities" else SHORTEST
    seen, shortest = (SEEN_PRETRAINED, 3) if pretrained else (seen, shortest)
    seen = seen // 2 if unlabelled else seen
    epochs = round(min(max(seen / max(drawn, 1), shortest), LONGEST))
    if section.epochs != "auto":
        epochs = section.epochs
    batch_size = _batch_size(cases, kind)
    if section.batch_size != "auto":
        batch_size = section.batch_size
    batch_size = max(2, min(batch_size, drawn))
    rate = PRETRAINED_RATE if pretrained else _rate(batch_size, kind)
    if section.learning_rate != "auto":
        rate = section.learning_rate
    patience = max(8, round(PATIENT_SHARE * epochs))
    if section.patience != "auto":
        patience = section.patience
    return Recipe(
        epochs,
        batch_size,
        rate,
        section.weight_decay,
        patience,
        cases_per_epoch=drawn if drawn < cases else 0,
    )


def _batch_size(cases: int, kind: Kind) -> int:
    """Cases a step, where the study leaves it open."""
    if kind in ("entities", "language"):
        return 16
    usual = 64 if cases >= 2000 else 32 if cases >= 1000 else 16
    if kind == "summary":
        return min(usual, 32)
    return 256 if kind == "forecast" and cases >= 2000 else usual


def _rate(batch_size: int, kind: Kind) -> float:
    """Peak learning rate of a network with random weights.

    The noise of a step falls with the root of its cases, so the rate may rise with it;
    windows of one series are near copies, and a batch of them is worth a fraction.
    """
    peak, of = {
        "forecast": (3e-3, 256),
        "summary": (3e-3, 32),
        "entities": (3e-3, 16),
        "language": (3e-3, 16),
    }.get(kind, (1e-3, 16))
    return peak * math.sqrt(batch_size / of)


def _outlining(cases: int, section: TrainingSection, *, voxels: int) -> Recipe:
    """The recipe of networks that learn from patches."""
    batch_size = round(min(max(BATCH_VOXELS / voxels, 2), MOST_PATCHES))
    if section.batch_size != "auto":
        batch_size = section.batch_size
    drawn = 2 * max(cases, 2 * batch_size)
    if section.cases_per_epoch != "auto":
        drawn = section.cases_per_epoch
    epochs = round(min(max(SEEN_VOXELS / voxels / drawn, SHORTEST), MOST_EPOCHS))
    if section.epochs != "auto":
        epochs = section.epochs
    rate = 2e-3 * math.sqrt(batch_size / 4)
    if section.learning_rate != "auto":
        rate = section.learning_rate
    patience = max(8, round(PATIENT_SHARE * epochs))
    if section.patience != "auto":
        patience = section.patience
    return Recipe(epochs, batch_size, rate, section.weight_decay, patience, cases_per_epoch=drawn)
