from __future__ import annotations

import numpy as np
import torch

from bedside.schema import Targets
from bedside.training.loader import (
    Prepared,
    augment,
    epoch_generator,
    epoch_rows,
    fingerprint,
    take,
)


def part(n: int) -> Prepared:
    numbers = np.arange(n)
    truth = (numbers % 2).astype(np.float32)[:, None]
    targets = Targets({"truth": truth, "known": truth >= 0}, ("a", "b"))
    return Prepared({"x.values": numbers.astype(np.uint8)[:, None]}, targets, numbers + 100)


def seen(n: int, size: int, generator: torch.Generator) -> list[list[int]]:
    return [rows.tolist() for rows in epoch_rows(n, size, generator)]


def joined(batches: list[list[int]]) -> list[int]:
    return [case for batch in batches for case in batch]


def test_an_epoch_has_its_own_generator_that_comes_back() -> None:
    def draw(seed: int, epoch: int) -> list[float]:
        return torch.rand(3, generator=epoch_generator(seed, epoch)).tolist()

    assert draw(7, 3) == draw(7, 3)
    assert len({tuple(draw(s, e)) for s in (0, 1, 7, 2**40) for e in (0, 1, 2)}) == 12


def test_every_case_comes_once_an_epoch_in_a_new_order() -> None:
    first, again, second = (seen(22, 5, epoch_generator(1, e)) for e in (1, 1, 2))
    assert first == again != second
    assert [len(batch) for batch in first] == [5, 5, 5, 5, 2]
    assert sorted(joined(first)) == sorted(joined(second)) == list(range(22))
    assert joined(first) != list(range(22))


def test_a_batch_of_one_is_left_out_and_it_is_not_always_the_same_case() -> None:
    epochs = [joined(seen(21, 5, epoch_generator(1, e))) for e in range(1, 6)]
    assert all(len(set(epoch)) == 20 for epoch in epochs)
    left = {(set(range(21)) - set(epoch)).pop() for epoch in epochs}
    assert len(left) > 1
    assert seen(1, 5, epoch_generator(1, 1)) == []


def test_inputs_and_targets_stay_together_and_keep_their_dtypes() -> None:
    inputs, targets = take(part(9), np.array([7, 2]))
    assert inputs["x.values"].dtype == torch.uint8
    assert inputs["x.values"][:, 0].tolist() == [7, 2]
    assert targets["truth"][:, 0].tolist() == [1, 0]
    assert targets["known"].dtype == torch.bool
    for rows in epoch_rows(30, 4, epoch_generator(0, 1)):
        inputs, targets = take(part(30), rows)
        assert torch.equal(inputs["x.values"] % 2, targets["truth"].to(torch.uint8))


def test_a_batch_is_a_copy(rng: np.random.Generator) -> None:
    prepared = part(4)
    inputs, _ = take(prepared, np.array([1, 2]))
    inputs["x.values"].zero_()
    assert prepared.arrays["x.values"][:, 0].tolist() == [0, 1, 2, 3]


class Shift:
    """A modality that adds a drawn number and forgets nothing else."""

    def augment(
        self, batch: dict[str, torch.Tensor], generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        assert set(batch) == {"values", "mask"}
        return {**batch, "values": batch["values"] + torch.rand(1, generator=generator)}


def test_each_modality_augments_its_own_arrays() -> None:
    names = ("x.values", "x.mask", "xx.values")
    inputs = {name: torch.zeros(2) for name in names}
    found = augment(inputs, {"x": Shift()}, epoch_generator(0, 1))  # type: ignore[dict-item]
    assert list(found) == list(names)
    drawn = torch.rand(1, generator=epoch_generator(0, 1))
    assert torch.equal(found["x.values"], drawn.expand(2))
    assert not found["xx.values"].any()
    assert not inputs["x.values"].any()
    assert augment(inputs, {}, epoch_generator(0, 1)) == inputs


def test_the_fingerprint_names_the_data() -> None:
    arrays = {"xray.values": np.arange(12, dtype=np.uint8).reshape(3, 4), "truth": np.ones(3)}
    name = fingerprint(arrays)
    assert len(name) == 16
    assert fingerprint(dict(reversed(arrays.items()))) == name
    assert fingerprint({**arrays, "xray.values": arrays["xray.values"].copy(order="F")}) == name
    others = [
        {**arrays, "truth": np.array([1.0, 1.0, 0.0])},
        {**arrays, "xray.values": arrays["xray.values"][::-1]},
        {**arrays, "xray.values": arrays["xray.values"].reshape(4, 3)},
        {**arrays, "xray.values": arrays["xray.values"].astype(np.int16)},
        {"xray.values": arrays["xray.values"]},
    ]
    assert len({name, *map(fingerprint, others)}) == len(others) + 1
