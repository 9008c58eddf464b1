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
    Checkpoint,
    drop_spare,
    flatten_optimiser,
    load_checkpoint,
    restore_optimiser,
    save_checkpoint,
)

PROGRESS = {"epoch": 3, "best_loss": math.inf, "precision": "bf16", "epochs": [{"loss": 0.1 + 0.2}]}


NEWEST, SPARE = "c.safetensors", "c.previous.safetensors"


def loaded(path: Path) -> Checkpoint:
    found = load_checkpoint(path)
    assert found is not None
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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
    found = loaded(path)
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
    assert torch.equal(loaded(tmp_path / "c").group("x")["c"], one[1:])


def test_training_goes_on_digit_for_digit(tmp_path: Path) -> None:
    network, optimiser = model()
    learn(network, optimiser, range(8))
    half, half_optimiser = model()
    learn(half, half_optimiser, range(5))
    groups = {"network": half.state_dict(), "optimiser": flatten_optimiser(half_optimiser)}
    save_checkpoint(tmp_path / "c", groups, {})  # type: ignore[arg-type]
    again, again_optimiser = model()
    found = loaded(tmp_path / "c")
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


DAMAGES = ["empty", "text", "header", "cut", "zeros", "one bit", "no progress"]


def damage_file(path: Path, content: bytes, damage: str) -> None:
    if damage == "no progress":
        from safetensors.torch import save_file

        save_file({"x/a": torch.ones(2)}, path)
        return
    forms = {
        "empty": b"",
        "text": b"not a checkpoint",
        "header": content[:8] + b"x" + content[9:],
        "cut": content[:-9],  # as a disk without power leaves it
        "zeros": content[:-64] + bytes(64),
        "one bit": content[:-1] + bytes([content[-1] ^ 1]),
    }
    path.write_bytes(forms[damage])


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / NEWEST
    damage_file(path, whole(tmp_path), damage)
    with pytest.raises(RunError) as caught:
        load_checkpoint(path)
    assert str(caught.value) == (
        "c.safetensors: expected a checkpoint of bedside, got a damaged file. "
        "Remove the checkpoint folder and run again."
    )


def test_the_checkpoint_before_is_kept_as_a_spare(tmp_path: Path) -> None:
    path = tmp_path / NEWEST
    assert load_checkpoint(path) is None
    for epoch in (1, 2, 3):
        save_checkpoint(path, {}, {"epoch": epoch})
    assert names(tmp_path) == [SPARE, NEWEST]
    assert loaded(path).progress == {"epoch": 3}
    assert loaded(tmp_path / SPARE).progress == {"epoch": 2}
    drop_spare(path)
    drop_spare(path)
    assert names(tmp_path) == [NEWEST]


@pytest.mark.parametrize("damage", DAMAGES)
def test_where_the_newest_is_damaged_the_spare_stands_in(tmp_path: Path, damage: str) -> None:
    path = tmp_path / NEWEST
    for epoch in (1, 2):
        save_checkpoint(path, {"x": {"a": torch.ones(64)}}, {"epoch": epoch})
    damage_file(path, path.read_bytes(), damage)
    found = loaded(path)
    assert (found.progress, found.older) == ({"epoch": 1}, True)
    assert names(tmp_path) == [NEWEST], "a damaged file must not become the spare"
    again = loaded(path)
    assert (again.progress, again.older) == ({"epoch": 1}, False)
    for name in (NEWEST, SPARE):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(RunError, match=r"^c\.safetensors: .* got a damaged file"):
        load_checkpoint(path)


def test_killed_between_the_two_renames_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / NEWEST
    save_checkpoint(path, {}, {"epoch": 1})
    path.replace(tmp_path / SPARE)
    found = loaded(path)
    assert (found.progress, found.older) == ({"epoch": 1}, False)
    assert names(tmp_path) == [NEWEST]


def test_moments_lie_in_memory_as_their_weights_do() -> None:
    weight = torch.randn(4, 3, 2, 2).to(memory_format=torch.channels_last).requires_grad_()
    optimiser = torch.optim.AdamW([weight], fused=True)
    moments = torch.arange(48.0).reshape(4, 3, 2, 2)
    state = {"0.exp_avg": moments, "0.exp_avg_sq": moments + 1, "0.step": torch.tensor(3.0)}
    restore_optimiser(optimiser, state)
    kept = optimiser.state[weight]
    assert torch.equal(kept["exp_avg"], moments)
    assert kept["exp_avg"].stride() == weight.stride()
    assert (kept["step"].ndim, float(kept["step"])) == (0, 3)


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
    assert loaded(path).progress == {"epoch": 1}
    assert names(tmp_path) == [NEWEST]
