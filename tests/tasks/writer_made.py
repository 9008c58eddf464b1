"""A small writer of summaries: made-up reports, a network of random weights, its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from bedside.modalities.text import Text
from bedside.models.network import InputPlan, StudyNetwork
from bedside.schema import Arrays, Sample, State, Targets
from bedside.tasks.summarise import Summarise, as_texts

WHERE = ("left base", "right apex", "left apex", "right base")
WHAT = ("opacity", "nodule", "effusion", "scar")


def reports(count: int, *, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts and their summaries, one of three without a finding."""
    rng = np.random.default_rng(seed)
    texts, summaries = [], []
    for number in range(count):
        where, what = rng.choice(WHERE), rng.choice(WHAT)
        if number % 3 == 0:
            texts.append(f"The heart is normal. No {what} in the {where}.")
            summaries.append("No acute disease.")
        else:
            texts.append(f"The heart is normal. There is a {what} in the {where}.")
            summaries.append(f"{what} in the {where}.".capitalize())
    return texts, summaries


@dataclass(frozen=True)
class Made:
    """All that a writer needs.

    Args:
        task: `summarise`, with few draws.
        state: fitted.
        network: of random weights, or trained by the test.
        arrays: prepared training cases.
        targets: of them.
        modality: of the input ``findings``.
        states: its state by input.
    """

    task: Summarise
    state: State
    network: StudyNetwork
    arrays: Arrays
    targets: Targets
    modality: Text
    states: dict[str, State]

    def told(self) -> dict[str, torch.Tensor]:
        """Arrays to learn from, as tensors."""
        arrays = {**self.arrays, **self.task.told(self.targets, self.state)}
        return {name: torch.from_numpy(values) for name, values in arrays.items()}


def made(count: int = 24, *, carry: bool = True, encoder: str = "text-lstm", **words: Any) -> Made:
    """A writer over `count` reports; the same each time."""
    texts, summaries = reports(count)
    modality = Text(column="findings", vocabulary=400)
    samples = [Sample(text) for text in texts]
    own = modality.fit(samples)
    collated = modality.collate([modality.prepare(sample, own) for sample in samples])
    arrays = {f"findings.{name}": values for name, values in collated.items()}
    task = Summarise(column="impression", **{"drawn": 4, "neighbours": 3, **words})
    targets = Targets(
        {"truth": as_texts(summaries), "known": np.ones((count, 1), dtype=bool)},
        ("summary",),
        "summary",
        {"source": "findings"},
    )
    states = {"findings": own}
    state = task.fit_inputs((arrays, targets), task.fit(targets), states=states, carry_cases=carry)
    shapes = {name: values.shape[1:] for name, values in collated.items()}
    plans = {"findings": InputPlan(encoder, shapes, own)}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = StudyNetwork(
            plans, fusion="concat", head=lambda width: task.head(width, state), needs=task.needs
        )
    return Made(task, state, network, arrays, targets, modality, states)


def trained(writer: Made, *, steps: int = 60) -> Made:
    """The same writer after some steps on all its cases at once."""
    optimiser = torch.optim.AdamW(writer.network.parameters(), lr=5e-3)
    batch = writer.told()
    writer.network.train()
    for _ in range(steps):
        loss = writer.task.loss(writer.network(batch), {}, writer.state)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    writer.network.eval()
    return replace(writer)
