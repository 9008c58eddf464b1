"""Self-supervised learning: an encoder learns from inputs alone what makes two views one case.

Enters: training cases, whether anyone labelled them or not, and a fresh network. Leaves: its
encoders and fusion with weights that know the inputs (SimCLR: Chen et al. 2020,
arXiv:2002.05709). Two strongly augmented views of one case must be more alike than views of
different cases of the batch. It runs in the ordinary training loop, so that it resumes, stops and
keeps its best weights as any training does; validation cases choose between epochs only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from bedside.abilities import Strengthened
from bedside.models.network import StudyNetwork
from bedside.schema import Targets
from bedside.training.job import Job
from bedside.training.joined_rows import joined
from bedside.training.loader import Prepared, augment
from bedside.training.loop import train
from bedside.training.recipe import make_recipe
from bedside.training.step import channels_last

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedside.models.features import Features
    from bedside.models.network import InputPlan
    from bedside.progress import Progress
    from bedside.schema import Modality, State
    from bedside.study import Study
    from bedside.training.loader import Tensors
    from bedside.training.preparation import Preparation

FOLDER = "pretraining"
"""Beside the checkpoints of the networks."""
VIEW_STRENGTH = 2.5
"""Of the augmentation of views, times the usual: weak views are told apart by their exposure."""
PROJECTED = 128
TEMPERATURE = 0.2
COMPARED = 128
"""Cases of a step, each of which must be told from all others."""
LEARNT = ("encoders.", "fusion.")


class Projector(nn.Module):
    """Pooled features -> a unit vector; left behind once the encoder has learnt.

    Args:
        width: F of the pooled features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, 2 * PROJECTED, bias=False),
            nn.BatchNorm1d(2 * PROJECTED),
            nn.ReLU(),
            nn.Linear(2 * PROJECTED, PROJECTED),
        )

    def forward(self, features: Features, inputs: Tensors) -> Tensors:
        """Features (B, F) -> ``projected`` (B, P), float32, of length 1."""
        del inputs
        return {"projected": functional.normalize(self.layers(features.pooled).float(), dim=1)}


class TwoViews(nn.Module):
    """A network that looks at every case twice, each time varied anew.

    Args:
        network: whose head is a `Projector`.
        modalities: by input, as strong as views need.
        seed: of the views in evaluation mode, which are the same each time.
    """

    def __init__(
        self, network: StudyNetwork, modalities: Mapping[str, Modality], *, seed: int
    ) -> None:
        super().__init__()
        self.network, self.modalities, self.seed = network, dict(modalities), seed

    def forward(self, arrays: Tensors) -> Tensors:
        """Arrays (B, ...) -> ``views`` (B, 2, P)."""
        # torch's own generator while learning: it is seeded for the epoch and in the checkpoint
        draws = torch.default_generator if self.training else _seeded(self.seed)
        device = next(iter(arrays.values())).device.type
        with torch.no_grad(), torch.autocast(device, enabled=False):
            views = [augment(arrays, self.modalities, draws) for _ in range(2)]
        both = {name: torch.cat([view[name] for view in views]) for name in arrays}
        projected = self.network(channels_last(both))["projected"]
        return {"views": torch.stack(projected.chunk(2), dim=1)}


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@dataclass(frozen=True)
class Contrast:
    """What is learnt: of all views of a batch, which two are of one case."""

    def unweighted(self, state: State) -> State:
        """Nothing is weighted."""
        return state

    def loss(self, outputs: Tensors, targets: Tensors, state: State) -> torch.Tensor:
        """Mean normalised temperature-scaled cross-entropy of ``views`` (N, 2, P), a scalar.

        More cases than `COMPARED` are compared so many at a time, so that a part's loss is
        on the scale of a batch's.
        """
        del targets, state
        views = outputs["views"]
        blocks = [block for block in torch.split(views, COMPARED) if len(block) > 1]
        if not blocks:  # one case alone can be told from nothing
            return views.sum() * 0
        counts = views.new_tensor([len(block) for block in blocks])
        losses = torch.stack([_told_apart(block) for block in blocks])
        return (losses * counts).sum() / counts.sum()


def _told_apart(views: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of naming each view's partner among all other views of (B, 2, P)."""
    flat = torch.cat([views[:, 0], views[:, 1]])
    alike = flat @ flat.T / TEMPERATURE
    itself = torch.eye(len(flat), dtype=torch.bool, device=flat.device)
    partner = torch.arange(len(flat), device=flat.device).roll(len(views))
    return functional.cross_entropy(alike.masked_fill(itself, -torch.inf), partner)


def pretraining_job(
    study: Study,
    plans: Mapping[str, InputPlan],
    *,
    job: Job,
    modalities: Mapping[str, Modality],
    preparation: Preparation,
    name: str,
) -> Job:
    """The training that comes before a job's own: on the same cases and all unlabelled ones.

    Args:
        study: gives seed and recipe.
        plans: of the network's inputs.
        job: whose network is to begin with what is learnt; it is not changed here.
        modalities: by input; all can be strengthened.
        preparation: gives the labelled training cases and the unlabelled, if any.
        name: of what is learnt; ways that begin alike share it.
    """
    seed = study.training.seed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = StudyNetwork(plans, fusion=study.model.fusion, head=Projector)
    _hand_over(job.network, network)
    views = {
        name: own.strengthened(VIEW_STRENGTH)
        for name, own in modalities.items()
        if isinstance(own, Strengthened)
    }
    train_part = _inputs_alone(preparation.parts["train"], preparation.unlabelled)
    recipe = make_recipe(len(train_part), study.training, unlabelled=True)
    larger = max(recipe.batch_size, min(COMPARED, len(train_part)))
    rate = recipe.learning_rate * (larger / recipe.batch_size) ** 0.5
    return replace(
        job,
        name=f"{name}, inputs alone",
        network=TwoViews(network, views, seed=seed),
        task=Contrast(),
        state={},
        train=train_part,
        validation=_inputs_alone(job.validation, None),
        recipe=replace(recipe, batch_size=larger, learning_rate=rate),
        modalities={},
        folder=None if job.folder is None else job.folder.parent / FOLDER / name,
    )


def pretrain(job: Job, before: Job, *, progress: Progress) -> dict[str, Any]:
    """Learn from inputs, then give the job's network what was learnt.

    Args:
        job: its network is changed.
        before: from `pretraining_job`.
        progress: bars and log.

    Returns:
        How it went, plain JSON: ``cases``, ``epochs_done``, ``best_epoch``, ``loss`` on
        validation, ``train_seconds``.

    Raises:
        RunError: as `loop.train`.
    """
    # what a way before this one learnt, or this run before it died, is there already
    story = train(before, progress=progress, resume=True)
    views = before.network
    if not isinstance(views, TwoViews):
        raise TypeError("expected a job from pretraining_job")
    _hand_over(views.network, job.network)
    return {
        "cases": len(before.train),
        "epochs_done": story.epoch,
        "best_epoch": story.best_epoch,
        "loss": round(story.best_loss, 6),
        "train_seconds": round(story.seconds, 1),
    }


def _hand_over(source: nn.Module, target: nn.Module) -> None:
    """Encoders and fusion of one network to another of the same."""
    own = {key: t for key, t in source.state_dict().items() if key.startswith(LEARNT)}
    target.load_state_dict(own, strict=False)


def _inputs_alone(part: Prepared, more: Prepared | None) -> Prepared:
    """A part without its targets, and further cases behind it."""
    nothing = Targets({}, ())
    if more is None:
        return Prepared(part.arrays, nothing, part.rows)
    return joined(part, more, targets=nothing)
