from __future__ import annotations

import errno
import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn

from bedside.errors import RunError
from bedside.training.checkpoint import (
    flatten_optimiser,
    load_checkpoint,
    restore_optimiser,
    save_checkpoint,
)

PROGRESS = {"epoch": 3, "best_loss": math.inf, "precision": "bf16", "epochs": [{"loss": 0.1 + 0.2}]}


def model() -> tuple[nn.Module, torch.optim.AdamW]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    return network, torch.optim.AdamW(network.parameters(), lr=0.01)


def learn(network: nn.Module, optimiser: torch.optim.AdamW, steps: range) -> None:
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        loss = network(torch.randn(6, 3, generator=generator)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def test_tensors_and_progress_return_bit_for_bit(tmp_path: Path) -> None:
    tensors = {
        "a": torch.randn(3, 2),
        "deep.b": torch.tensor(5),
        "c/d": torch.randn(4).to(torch.bfloat16),
        "e": torch.arange(6).reshape(2, 3).T,
        "f": torch.zeros(0, 3),
    }
    path = tmp_path / "new" / "c.safetensors"
    save_checkpoint(path, {"network": tensors, "net": {"a": torch.ones(1)}}, PROGRESS)
    found = load_checkpoint(path)
    assert found.progress == PROGRESS
    assert set(found.group("network")) == set(tensors)
    for name, tensor in tensors.items():
        assert found.group("network")[name].dtype == tensor.dtype
        assert torch.equal(found.group("network")[name], tensor)
    assert list(found.group("net")) == ["a"]
    assert found.group("absent") == {}
    assert [p.name for p in path.parent.iterdir()] == ["c.safetensors"]


def test_shared_tensors_are_saved_each(tmp_path: Path) -> None:
    one = torch.randn(4)
    save_checkpoint(tmp_path / "c", {"x": {"a": one, "b": one, "c": one[1:]}}, {})
    assert torch.equal(load_checkpoint(tmp_path / "c").group("x")["c"], one[1:])


def test_training_goes_on_digit_for_digit(tmp_path: Path) -> None:
    network, optimiser = model()
    learn(network, optimiser, range(8))
    half, half_optimiser = model()
    learn(half, half_optimiser, range(5))
    groups = {"network": half.state_dict(), "optimiser": flatten_optimiser(half_optimiser)}
    save_checkpoint(tmp_path / "c", groups, {})  # type: ignore[arg-type]
    again, again_optimiser = model()
    found = load_checkpoint(tmp_path / "c")
    again.load_state_dict(found.group("network"))
    restore_optimiser(again_optimiser, found.group("optimiser"))
    learn(again, again_optimiser, range(5, 8))
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    learn(half, torch.optim.AdamW(half.parameters(), lr=0.01), range(5, 8))
    assert not torch.equal(network.state_dict()["0.weight"], half.state_dict()["0.weight"]), (
        "without the optimiser's moments it would not"
    )


def test_it_is_no_pickle(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c", {"x": {"a": torch.ones(2)}}, PROGRESS)
    content = (tmp_path / "c").read_bytes()
    assert b"\x80\x02" not in content
    assert not content.startswith((b"PK", b"\x80"))
    with safe_open(tmp_path / "c", framework="numpy") as stream:
        assert stream.get_tensor("x/a").tolist() == [1, 1]
    with pytest.raises(Exception, match=r"(?i)pickle|magic|Weights only|corrupt"):
        torch.load(tmp_path / "c", weights_only=True)


def whole(tmp_path: Path) -> bytes:
    save_checkpoint(tmp_path / "whole", {"x": {"a": torch.ones(64)}}, PROGRESS)
    return (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("damage", ["empty", "text", "header", "cut", "absent", "no progress"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, damage: str) -> None:
    path, content = tmp_path / "c.safetensors", whole(tmp_path)
    if damage == "no progress":
        from safetensors.torch import save_file

        save_file({"x/a": torch.ones(2)}, path)
    elif damage != "absent":
        broken = content[:8] + b"x" + content[9:]
        path.write_bytes(
            {"empty": b"", "text": b"not a checkpoint", "header": broken, "cut": content[:-9]}[
                damage
            ]
        )
    with pytest.raises(RunError) as caught:
        load_checkpoint(path)
    assert str(caught.value) == (
        "c.safetensors: expected a checkpoint of bedside, got a damaged file. "
        "Remove the checkpoint folder and run again."
    )


def test_a_full_disk_is_one_sentence_and_keeps_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, {"x": {"a": torch.ones(2)}}, {"epoch": 1})

    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match=r"^c\.safetensors: the disk is full\. .* --resume"):
        save_checkpoint(path, {"x": {"a": torch.zeros(2)}}, {"epoch": 2})
    assert load_checkpoint(path).progress == {"epoch": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["c.safetensors"]
