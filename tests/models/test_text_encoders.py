"""Encoders of texts: padding, order and emptiness."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.errors import StudyError
from bedside.models.network import InputPlan, build_encoder
from bedside.models.text_lstm import gathered, turned
from bedside.models.token_embedding import masked_maximum, masked_mean, shortest

NAMES = ["bag", "text-cnn", "text-lstm", "transformer"]
V = 50


def made(name: str, length: int) -> torch.nn.Module:
    torch.manual_seed(0)
    shapes = {"tokens": (length,), "mask": (length,)}
    return build_encoder(InputPlan(name, shapes, {"symbols": {"tokens": V}})).eval()


def arrays(texts: list[list[int]], length: int, *, behind: int = 0) -> dict[str, torch.Tensor]:
    tokens = torch.full((len(texts), length), behind, dtype=torch.int32)
    mask = torch.zeros(len(texts), length, dtype=torch.bool)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = torch.tensor(text, dtype=torch.int32)
        mask[row, : len(text)] = True
    return {"tokens": tokens, "mask": mask}


TEXTS = [[4, 9, 30], [7], [], [5, 6, 7, 8, 9, 10]]


@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_nothing_be_it_longer_or_full_of_words(name: str) -> None:
    encoder = made(name, 8)
    with torch.no_grad():
        wanted = encoder(arrays(TEXTS, 8)).pooled
        assert encoder(arrays(TEXTS, 8, behind=12)).pooled == pytest.approx(wanted, abs=1e-6)
        assert encoder(arrays(TEXTS, 20)).pooled == pytest.approx(wanted, abs=1e-5)
        encoder.train()
        for module in encoder.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        assert encoder(arrays(TEXTS, 20)).pooled == pytest.approx(wanted, abs=1e-5)
    assert torch.isfinite(wanted).all()


@pytest.mark.parametrize("name", NAMES)
def test_order_counts(name: str) -> None:
    with torch.no_grad():
        found = made(name, 8)(arrays([[4, 5, 6, 7, 8], [8, 6, 4, 7, 5]], 8)).pooled
    assert (found[0] - found[1]).abs().max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_all_texts_of_a_batch_may_be_empty_while_learning(name: str) -> None:
    encoder = made(name, 8).train()
    features = encoder(arrays([[], []], 8))
    features.pooled.sum().backward()
    assert torch.isfinite(features.pooled).all()


@pytest.mark.parametrize("name", NAMES)
def test_another_kind_of_input_is_refused(name: str) -> None:
    with pytest.raises(StudyError, match=f"encoder '{name}': expected an input with the array 't"):
        build_encoder(InputPlan(name, {"values": (1, 28, 28)}, {}))


def test_an_encoder_of_images_refuses_a_text() -> None:
    plan = InputPlan("cnn", {"tokens": (8,), "mask": (8,)}, {"symbols": {"tokens": V}})
    with pytest.raises(
        StudyError, match="encoder 'cnn': expected an input with the array 'values'"
    ):
        build_encoder(plan)


def test_pooling_by_hand() -> None:
    vectors = torch.tensor([[[1.0], [-5.0], [9.0]], [[-1.0], [-2.0], [3.0]], [[1.0], [1.0], [1.0]]])
    mask = torch.tensor([[True, True, False], [True, True, False], [False, False, False]])
    assert masked_mean(vectors, mask)[:, 0].tolist() == [-2.0, -1.5, 0.0]
    assert masked_maximum(vectors, mask)[:, 0].tolist() == [1.0, -1.0, 0.0]
    tokens = torch.zeros(3, 3, dtype=torch.int32)
    assert shortest(tokens, mask, learning=True)[0].shape == (3, 2)
    assert shortest(tokens, mask, learning=False)[0].shape == (3, 3)
    assert shortest(tokens, mask & False, learning=True)[1].shape == (3, 1)


def test_turning_leaves_padding_where_it_is() -> None:
    mask = torch.tensor([[True, True, True, False], [True, False, False, False]])
    turn = turned(mask)
    assert turn.tolist() == [[2, 1, 0, 3], [0, 1, 2, 3]]
    steps = torch.arange(8.0).reshape(2, 4, 1)
    assert gathered(steps, turn)[:, :, 0].tolist() == [[2, 1, 0, 3], [4, 5, 6, 7]]
    assert np.array_equal(gathered(gathered(steps, turn), turn), steps)
