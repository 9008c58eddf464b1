"""A tiny study's package, written once: 16 x 16 images, a network of one convolution."""

import shutil

import numpy as np
import pytest
import torch
from torch import nn

from bedside.deployment.package import Contents, Facts
from bedside.deployment.packing import write_package
from bedside.modalities.image import Image
from bedside.schema import Targets
from bedside.tasks.classify import Classify


class TinyNetwork(nn.Module):
    """Mean of a convolution over every input, joined, to one logit."""

    def __init__(self, inputs=("xray",)):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.inputs = inputs
        self.convolution = nn.Conv2d(1, 4, 3)
        self.linear = nn.Linear(4 * len(inputs), 1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))

    def forward(self, arrays):
        pooled = []
        for name in self.inputs:
            scaled = arrays[f"{name}.values"].float() / 255 - 0.5
            pooled.append(8 * torch.relu(self.convolution(scaled)).mean((2, 3)))
        logits = self.linear(torch.cat(pooled, 1))
        return {"logits": logits if self.training else logits / 1.5}


def make_contents(inputs=("xray",), *, model_card="# Card\n"):
    rng = np.random.default_rng(0)
    modalities = {
        name: Image(column="file" if name == "xray" else name, size=(16, 16)) for name in inputs
    }
    states = {name: each.fit(each.fake(rng, 5)) for name, each in modalities.items()}
    task = Classify(column="label", positive="ill")
    truth = np.array([[0], [1], [1], [0]], dtype=np.float32)
    task_state = task.fit(Targets({"truth": truth, "known": truth > -1}, ("well", "ill")))
    facts = Facts(
        study="lungs",
        model="tiny",
        created="2026-01-01T00:00:00+00:00",
        data_version="f00d",
        training_cases=4,
        split="by patient",
        intended_use="tests",
        metrics={"auroc": {"value": 0.9, "low": 0.8, "high": 0.95}},
    )
    return Contents(
        modalities, states, task, {**task_state, "thresholds": [0.25]}, facts, model_card
    )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def tiny_network():
    return TinyNetwork


@pytest.fixture(scope="session")
def contents_of():
    return make_contents


@pytest.fixture(scope="session")
def written_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "package"
    write_package(folder, {"network": TinyNetwork()}, make_contents())
    return folder


@pytest.fixture(scope="session")
def written_twice(tmp_path_factory):
    """A package with two inputs."""
    inputs = ("front", "side")
    folder = tmp_path_factory.mktemp("written") / "two"
    write_package(folder, {"network": TinyNetwork(inputs)}, make_contents(inputs))
    return folder


@pytest.fixture
def package_folder(written_once, tmp_path):
    return shutil.copytree(written_once, tmp_path / "package")


@pytest.fixture
def pictures(tmp_path):
    """Three PNG files and the arrays in them."""
    from PIL import Image as Pillow

    folder = tmp_path / "pictures"
    (folder / "deeper").mkdir(parents=True)
    arrays = list(np.random.default_rng(3).integers(0, 256, (3, 20, 24), dtype=np.uint8))
    for name, array in zip(["b.png", "a.PNG", "deeper/c.jpeg"], arrays, strict=True):
        Pillow.fromarray(array).save(folder / name, format="PNG")
    (folder / "notes.txt").write_text("not an image")
    (folder / ".hidden.png").write_bytes(b"")
    return folder, arrays
