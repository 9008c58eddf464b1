"""The encoder of tables: its straight way past the layers, its border, what it refuses."""

from __future__ import annotations

import pytest
import torch

from bedside.errors import StudyError
from bedside.models.mlp import FARTHEST, Mlp


def test_columns_pass_beside_the_layers_and_stop_at_the_border() -> None:
    encoder = Mlp({"values": (3,)}).eval()
    values = torch.tensor([[1.0, -2.0, 1e9]])
    pooled = encoder({"values": values}).pooled
    assert pooled.shape == (1, encoder.width)
    assert pooled[0, -3:].tolist() == [1.0, -2.0, FARTHEST]
    nearer = encoder({"values": torch.tensor([[1.0, -2.0, FARTHEST]])}).pooled
    assert torch.equal(pooled, nearer)


def test_an_image_is_refused() -> None:
    with pytest.raises(StudyError, match=r"'mlp': expected a table.*got an array of shape \(1, 8"):
        Mlp({"values": (1, 8, 8)})
