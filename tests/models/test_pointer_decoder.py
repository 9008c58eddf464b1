"""The decoder: step by step it computes what all steps at once do; it copies, and wearies."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.errors import StudyError
from bedside.models.pointer_decoder import Memory, PointerDecoder
from bedside.schema import TOLD

from ..tasks.writer_made import made, trained

ENCODERS = ("text-lstm", "transformer")


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_gradient_reaches_every_parameter_and_it_learns(encoder: str) -> None:
    writer = made(encoder=encoder)
    batch = writer.told()
    with torch.no_grad():
        before = float(writer.task.loss(writer.network(batch), {}, writer.state))
    writer.network.train()
    loss = writer.task.loss(writer.network(batch), {}, writer.state)
    loss.backward()
    still = [
        name
        for name, own in writer.network.named_parameters()
        if own.requires_grad and (own.grad is None or not own.grad.any())
    ]
    # what is read out of the text as a whole is no business of a writer
    assert not [name for name in still if not name.startswith("encoders")]
    learnt = trained(writer, steps=25)
    with torch.no_grad():
        after = float(writer.task.loss(learnt.network(batch), {}, writer.state))
    assert after < before / 2


@pytest.mark.parametrize("encoder", ENCODERS)
def test_step_by_step_is_all_at_once(encoder: str) -> None:
    writer = trained(made(encoder=encoder), steps=10)
    batch, head = writer.told(), writer.network.head
    assert isinstance(head, PointerDecoder)
    told = batch[TOLD].long()
    with torch.no_grad():
        whole = writer.network(batch)["surprise"]
        memory = head.remember(writer.network.features(batch), batch)
        hidden = memory.hidden[:, None]
        coverage = torch.zeros(len(told), 1, memory.there.shape[1])
        for place in range(told.shape[1] - 1):
            found = head.step(
                told[:, place : place + 1],
                Memory(memory.values, memory.keys, memory.there, memory.numbers, hidden),
                coverage,
            )
            assert found["probability"].sum(dim=2) == pytest.approx(torch.ones(len(told), 1))
            said = found["probability"][:, 0].gather(1, told[:, place + 1 : place + 2])[:, 0]
            counts = head.never[told[:, place + 1]] == 0
            wanted = torch.exp(-whole[:, place])
            assert said[counts].numpy() == pytest.approx(wanted[counts].numpy(), abs=1e-5)
            hidden, coverage = found["next_hidden"], found["next_coverage"]


def test_padding_of_texts_and_of_summaries_changes_nothing() -> None:
    writer = made()
    batch = writer.told()
    writer.network.eval()
    wider = {name: torch.nn.functional.pad(values, (0, 5)) for name, values in batch.items()}
    with torch.no_grad():
        narrow, wide = (writer.network(each)["surprise"] for each in (batch, wider))
    assert narrow.numpy() == pytest.approx(wide[:, : narrow.shape[1]].numpy(), abs=1e-5)


def test_a_word_that_the_vocabulary_never_learnt_to_write_can_be_copied() -> None:
    writer = made()
    head = writer.network.head
    assert isinstance(head, PointerDecoder)
    with torch.no_grad():
        head.gate.weight.zero_()
        head.gate.bias.copy_(torch.tensor([-20.0, 20.0]))  # copy, always
        memory = head.remember(writer.network.features(writer.told()), writer.told())
        cases, places = memory.there.shape
        begin = torch.full((cases, 2), 2)
        hidden = memory.hidden[:, None].expand(-1, 2, -1)
        whole = Memory(memory.values, memory.keys, memory.there, memory.numbers, hidden)
        found = head.step(begin, whole, torch.zeros(cases, 2, places))
    mass = found["probability"][0, 0]
    assert mass.sum() == pytest.approx(1, abs=1e-4)
    there = set(memory.numbers[0][memory.there[0]].tolist())
    assert set(np.flatnonzero(mass.numpy() > 1e-6)) <= there


def test_what_is_looked_at_again_counts_less() -> None:
    writer = made()
    head = writer.network.head
    assert isinstance(head, PointerDecoder)
    with torch.no_grad():
        memory = head.remember(writer.network.features(writer.told()), writer.told())
        states = torch.randn(24, 1, 256, generator=torch.Generator().manual_seed(0))
        seen = torch.zeros(24, 1, memory.there.shape[1])
        seen[:, :, 0] = 3
        _, fresh = head._attention(states, memory, coverage=torch.zeros_like(seen))
        _, weary = head._attention(states, memory, coverage=seen)
    assert (weary[:, :, 0] < fresh[:, :, 0]).all()


def test_an_encoder_that_loses_the_order_is_refused() -> None:
    with pytest.raises(StudyError, match="expected for every text one and the same encoder"):
        made(encoder="bag")
