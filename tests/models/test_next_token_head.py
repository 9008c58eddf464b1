"""The head of a language model, with its encoder: what it may know, and what it answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.errors import StudyError
from bedside.modalities.text_tokens import BEGIN, END, PAD, UNKNOWN
from bedside.models.network import InputPlan, StudyNetwork
from bedside.models.next_token_head import NextTokenHead
from bedside.schema import Targets
from bedside.tasks.language import NONE
from bedside.training.next_tokens import with_next_tokens

V, T = 12, 21
STATE = {"source": "note", "size": V}
SHAPES = {"tokens": (T,), "mask": (T,), "offsets": (T, 2)}


def made(encoder: str = "onward-lstm") -> StudyNetwork:
    torch.manual_seed(0)
    plan = InputPlan(encoder, SHAPES, {"symbols": {"tokens": V}})
    return StudyNetwork(
        {"note": plan}, fusion="concat", head=lambda f: NextTokenHead(f, STATE), needs="onward"
    )


def texts(lengths: list[int], seed: int = 0) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    mask = np.arange(T) < np.array(lengths)[:, None]
    tokens = np.where(mask, rng.integers(4, V, mask.shape), PAD)
    tokens[:, 1] = np.where(mask[:, 1], UNKNOWN, PAD)
    offsets = np.arange(T * 2).reshape(1, T, 2) * mask[:, :, None]
    return {
        "note.tokens": torch.from_numpy(tokens.astype(np.int32)),
        "note.mask": torch.from_numpy(mask),
        "note.offsets": torch.from_numpy(offsets.astype(np.int32)),
    }


def answered(network: StudyNetwork, inputs: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    network.eval()
    with torch.inference_mode():
        return {name: own.numpy() for name, own in network(inputs).items()}


def test_it_asks_what_the_targets_say() -> None:
    inputs = texts([0, 1, 5, T - 1, T])
    arrays = {name: own.numpy() for name, own in inputs.items()}
    known = Targets({"known": np.ones((5, 1), bool)}, ("token",), "language")
    made_targets = with_next_tokens(
        {"train": known}, {"train": arrays}, {"note": {"symbols": {"tokens": V}}}
    )["train"]
    truth = made_targets.arrays["truth"]
    assert made_targets.facts == {"source": "note", "size": V}
    assert truth.shape == (5, T + 1)
    assert truth[0].tolist() == [END] + [NONE] * T
    assert truth[2, :6].tolist() == [*arrays["note.tokens"][2, :5].tolist(), END]
    assert END not in truth[4]  # it fills its room, and may go on
    found = answered(made(), inputs)
    assert np.array_equal(found["counts"] > 0, truth != NONE)
    assert np.array_equal(found["unknown"] > 0, truth == UNKNOWN)
    assert np.array_equal(found["offsets"], arrays["note.offsets"])
    assert (found["surprise"][truth == NONE] == 0).all()


def test_no_token_knows_of_those_behind_it() -> None:
    network, inputs = made(), texts([T, T])
    before = answered(network, inputs)["surprise"]
    inputs["note.tokens"][:, 10] = (inputs["note.tokens"][:, 10] - 3) % (V - 4) + 4
    after = answered(network, inputs)["surprise"]
    assert np.array_equal(before[:, :10], after[:, :10])
    assert (before[:, 10] != after[:, 10]).all()
    assert (before[:, 11] != after[:, 11]).all()


def test_probabilities_of_a_next_token_sum_to_one() -> None:
    network = made()
    total = 0.0
    for token in (n for n in range(V) if n not in (PAD, BEGIN)):
        inputs = texts([3])
        inputs["note.tokens"][0, 2] = token
        total += float(np.exp(-answered(network, inputs)["surprise"][0, 2]))
    assert total == pytest.approx(1, abs=1e-5)


def test_a_longer_batch_changes_nothing() -> None:
    network = made()
    alone = answered(network, texts([4]))["surprise"]
    both = texts([4, 19])
    both["note.tokens"][0] = texts([4])["note.tokens"][0]
    assert answered(network, both)["surprise"][:1] == pytest.approx(alone, abs=1e-6)


def test_what_it_learns_from_is_what_it_is_measured_by() -> None:
    network, inputs = made(), texts([0, 3, 9])
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    network.train()
    learnt = network(inputs)
    measured = answered(network, inputs)
    assert learnt["surprise"].shape == (1 + 4 + 10,)
    assert float(learnt["surprise"].detach().sum()) == pytest.approx(
        measured["surprise"].sum(), rel=1e-5
    )
    learnt["surprise"].sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


@pytest.mark.parametrize("encoder", ["text-lstm", "transformer", "bag", "text-cnn"])
def test_encoders_that_have_seen_the_answer_are_refused(encoder: str) -> None:
    with pytest.raises(StudyError, match="expected an encoder that reads onward alone"):
        made(encoder)
