"""The U-shaped network: its levels follow from the shape of what it sees."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from bedside.errors import StudyError
from bedside.models.network import InputPlan, StudyNetwork
from bedside.models.unet3d import UNet3d, levels_for
from bedside.models.voxel_head import VoxelHead


@pytest.mark.parametrize(
    ("sides", "strides"),
    [
        ([36, 52, 36], [[1, 1, 1], [2, 2, 2], [2, 2, 2], [2, 2, 2]]),
        ([8, 9, 12], [[1, 1, 1], [2, 2, 2], [1, 1, 1]]),
        ([16, 128, 128], [[1, 1, 1], [1, 2, 2], [1, 2, 2], [1, 2, 2], [2, 2, 2], [2, 2, 2]]),
    ],
)
def test_an_axis_is_halved_while_it_is_long_enough(sides: Any, strides: Any) -> None:
    assert levels_for(sides)[1] == strides


def test_short_axes_are_not_convolved_until_the_others_are_as_short() -> None:
    kernels, _ = levels_for([16, 128, 128])
    assert kernels[:4] == [[1, 3, 3], [1, 3, 3], [1, 3, 3], [3, 3, 3]]


@pytest.mark.parametrize("shape", [(9, 11, 13), (36, 20, 8), (8, 8, 8)])
def test_it_answers_at_every_voxel(shape: Any) -> None:
    network = UNet3d({"values": (2, *shape)}).eval()
    with torch.no_grad():
        features = network({"values": torch.randn(3, 2, *shape)})
    assert features.pyramid[0].shape == (3, network.map_width, *shape)
    assert features.pooled.shape == (3, network.width)


def test_a_head_on_voxels_needs_an_encoder_that_answers_there() -> None:
    plan = InputPlan("resnet3d", {"values": (1, 8, 8, 8)}, {})
    with pytest.raises(StudyError, match="such as unet3d, got resnet3d"):
        StudyNetwork(
            {"mri": plan}, fusion="concat", head=lambda width: VoxelHead(width, 2), needs="pyramid"
        )
