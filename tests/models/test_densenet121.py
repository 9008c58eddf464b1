"""DenseNet-121: MONAI's network to the letter, but for the stem of small images."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from monai.networks.nets.densenet import DenseNet121 as MonaiDenseNet121
from torch import nn

from bedside.errors import StudyError
from bedside.models.densenet121 import DenseNet121


def built(side: int) -> DenseNet121:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return DenseNet121({"values": (1, side, side)}).eval()


def values(side: int) -> torch.Tensor:
    return torch.rand(2, 1, side, side, generator=torch.Generator().manual_seed(0))


def test_it_computes_what_monais_network_computes_before_its_last_layer() -> None:
    ours, theirs = built(64), MonaiDenseNet121(spatial_dims=2, in_channels=1, out_channels=1).eval()
    theirs.features.load_state_dict(ours.features.state_dict())
    theirs.class_layers.out = nn.Identity()
    with torch.no_grad():
        pooled = ours({"values": values(64)}).pooled
        torch.testing.assert_close(pooled, theirs(values(64)))
    assert pooled.shape == (2, ours.width) == (2, 1024)


def test_small_images_keep_maps_to_the_end_under_the_same_names() -> None:
    assert not isinstance(built(64).features.pool0, nn.Identity)
    small = built(28)
    assert isinstance(small.features.pool0, nn.Identity)
    assert small.state_dict().keys() == built(64).state_dict().keys()
    with torch.no_grad():
        (maps,) = small({"values": values(28)}).pyramid
    assert maps.shape == (2, 1024, 1, 1)


def test_too_small_an_image_is_refused_with_the_way_out() -> None:
    with pytest.raises(StudyError) as refused:
        DenseNet121({"values": (1, 15, 40)})
    assert str(refused.value) == (
        "encoder 'densenet121': expected images of at least 16x16 pixels, got 15x40. "
        "Raise the input's size or choose the encoder 'resnet'."
    )


def test_monais_handler_of_warnings_is_taken_out_again() -> None:
    code = (
        "import sys, warnings; before = warnings.showwarning; import bedside.models.densenet121\n"
        "assert 'monai' in sys.modules and warnings.showwarning is before"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
