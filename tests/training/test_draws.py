from __future__ import annotations

import torch

from bedside.training.draws import Draws, drawing

CPU = torch.device("cpu")


def drawn(draws: Draws) -> list[float]:
    return [*torch.rand(2, generator=draws.generator).tolist(), *torch.rand(2).tolist()]


def test_an_epoch_draws_the_same_whatever_was_drawn_before() -> None:
    found = []
    for before in (1, 2):
        torch.manual_seed(before)
        with drawing(7, 3, device=CPU) as draws:
            found.append(drawn(draws))
        assert torch.rand(1) == torch.rand(1, generator=torch.Generator().manual_seed(before))
    assert found[0] == found[1]
    with drawing(7, 4, device=CPU) as draws:
        assert drawn(draws) != found[0]


def test_it_goes_on_from_a_state_that_was_kept() -> None:
    with drawing(7, 3, device=CPU) as draws:
        drawn(draws)
        state = draws.state()
        wanted = drawn(draws)
    torch.manual_seed(1)
    with drawing(7, 3, device=CPU) as draws:
        draws.restore(state)
        assert drawn(draws) == wanted
    assert set(state) == {"epoch", "cpu"}
    assert all(tensor.dtype == torch.uint8 for tensor in state.values())
