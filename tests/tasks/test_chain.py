"""Chains of tags against all sequences counted one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from bedside.modalities.text_tags import UNTOLD, allowed_transitions, pieces_of, tag_count
from bedside.models.chain_head import ChainHead, chain_loss
from bedside.models.features import Features
from bedside.tasks.chain import Chains

LABELS, WORDS, LENGTHS = 2, 5, [5, 3, 1, 0]
K = tag_count(LABELS)


@pytest.fixture
def chains(rng: np.random.Generator) -> Chains:
    transitions = np.where(allowed_transitions(LABELS), rng.normal(size=(K + 1, K)), -1e4)
    mask = np.arange(WORDS) < np.array(LENGTHS)[:, None]
    return Chains(2 * rng.normal(size=(len(LENGTHS), WORDS, K)), transitions, mask)


def scores(chains: Chains, text: int) -> dict[tuple[int, ...], float]:
    """Every sequence of a text -> its score."""
    found = {}
    for tags in product(range(K), repeat=LENGTHS[text]):
        score, before = 0.0, K
        for t, tag in enumerate(tags):
            score += chains.transitions[before, tag] + chains.emissions[text, t, tag]
            before = tag
        found[tags] = score
    return found


@pytest.mark.parametrize("text", [0, 1, 2])
def test_sums_and_the_best_are_those_of_all_sequences(chains: Chains, text: int) -> None:
    every = scores(chains, text)
    assert chains.total[text] == pytest.approx(logsumexp(list(every.values())))
    best = max(every, key=lambda tags: every[tags])
    assert tuple(chains.best()[text, : LENGTHS[text]]) == best
    assert (chains.best()[text, LENGTHS[text] :] == 0).all()


@pytest.mark.parametrize("text", [0, 1])
def test_the_probability_of_an_entity_is_the_share_of_sequences_that_hold_it(
    chains: Chains, text: int
) -> None:
    every = scores(chains, text)
    total = logsumexp(list(every.values()))
    for first, last, label in [(0, 0, 0), (0, 1, 1), (1, 2, 0), (2, 2, 1)]:
        holding = [s for tags, s in every.items()
                   if (first, last, label) in pieces_of(np.array(tags))
                   and chains.transitions[-1, tags[0]] > -1e3 and s > -1e3]  # fmt: skip
        wanted = np.exp(logsumexp(holding) - total)
        found = chains.probability(text, first, last, begin=1 + 2 * label)
        assert found == pytest.approx(wanted, abs=1e-9)


def test_a_text_without_a_word_says_nothing(chains: Chains) -> None:
    assert chains.best()[3].tolist() == [0] * WORDS


def test_network_and_numpy_measure_the_same(rng: np.random.Generator) -> None:
    state = {"names": ["a", "b"], "source": "note", "temperature": 1.0}
    torch.manual_seed(0)
    head = ChainHead(7, state)
    torch.nn.init.normal_(head.transitions)
    mask = torch.arange(WORDS) < torch.tensor(LENGTHS)[:, None]
    tokens = torch.randn(len(LENGTHS), WORDS, 7)
    offsets = torch.zeros(len(LENGTHS), WORDS, 2, dtype=torch.int32)
    features, inputs = Features(tokens[:, 0], tokens=tokens, mask=mask), {"note.offsets": offsets}
    outputs = head(features, inputs)
    tags = torch.tensor([[0, 1, 2, 0, 3], [3, 4, 4, 0, 0], [1, 0, 0, 0, 0], [0] * 5])
    tags = tags.masked_fill(~mask, UNTOLD)
    arrays = {name: own.detach().numpy().astype(np.float64) for name, own in outputs.items()}
    chains = Chains(arrays["emissions"], arrays["transitions"][0], arrays["mask"] > 0.5)
    assert float(chain_loss(outputs, tags).detach()) == pytest.approx(
        chains.surprise(tags.numpy()), 1e-5
    )
    head.carry({**state, "temperature": 2.0})
    cooler = head.eval()(features, inputs)
    assert torch.allclose(2 * cooler["emissions"], outputs["emissions"], atol=1e-5)
