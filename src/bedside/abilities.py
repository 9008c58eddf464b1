"""What some tasks and modalities can do beside what all must (`schema.Task`, `schema.Modality`).

Asked for by ``isinstance``: whoever trains, judges or packages looks here for whether an
answer takes one call of one network or many, and whether samples can be varied further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from torch import nn

    from bedside.schema import Arrays, Modality, Network, Prediction, Rows, State, Targets


@runtime_checkable
class Strengthened(Protocol):
    """What a modality adds whose training samples can be varied more or less."""

    def strengthened(self, factor: float) -> Modality:
        """The same modality, whose `augment` reaches so many times as far; 0 changes nothing."""
        ...


@runtime_checkable
class SoftLabelled(Protocol):
    """What a task adds whose own answers can be learnt from as if they were the truth."""

    def soft_targets(self, prediction: Prediction) -> Arrays:
        """A prediction as target arrays (N, ...), its doubt kept."""
        ...


@runtime_checkable
class Asker(Protocol):
    """What a task adds that asks its networks many times for the answer to one case."""

    def fit_inputs(
        self,
        training: tuple[Mapping[str, Rows], Targets],
        state: State,
        *,
        states: Mapping[str, State],
        carry_cases: bool,
    ) -> State:
        """Learn what needs the inputs too.

        Args:
            training: prepared arrays and targets of the training cases.
            state: as `fit` left it.
            states: of the inputs' modalities.
            carry_cases: whether a package may carry training cases.
        """
        ...

    def networks(self, network: nn.Module) -> dict[str, nn.Module]:
        """The parts of a trained network that `write` asks, and that a package holds."""
        ...

    def write(
        self, networks: Mapping[str, Network], arrays: Mapping[str, Rows], state: State
    ) -> Arrays:
        """Raw outputs (N, ...) of prepared cases, as `calibrate` and `infer` take them."""
        ...


@runtime_checkable
class Writer(Asker, Protocol):
    """What a task adds that answers by writing, step by step, with several networks."""

    def told(self, targets: Targets, state: State) -> Arrays:
        """Arrays (N, ...) that the network sees while it learns, and never afterwards.

        Their names begin with ``_``, as no input's do.
        """
        ...


@runtime_checkable
class Outliner(Asker, Protocol):
    """What a task adds that answers voxel by voxel, in volumes of unequal size."""

    def patches(
        self,
        arrays: Mapping[str, Rows],
        targets: Targets,
        state: State,
        *,
        seed: int | None,
    ) -> tuple[Mapping[str, Rows], Targets]:
        """Cases as a network learns from them: M patches of one size, looked up when asked for.

        Args:
            arrays: prepared cases.
            targets: of them.
            state: of the task.
            seed: of where patches lie; None spreads a few over each case, to measure by.
        """
        ...


@runtime_checkable
class Piecewise(Protocol):
    """What a task adds whose answer to a long text is that to its pieces, one after the other."""

    def pieces(self, text: str, length: int) -> list[tuple[int, int]]:
        """Where each piece of a text begins and ends, one at least.

        Args:
            text: as it is read.
            length: words that the network reads at once.
        """
        ...

    def joined(self, rows: Sequence[Mapping[str, Any]], starts: Sequence[int]) -> dict[str, Any]:
        """The row of a text from those of its pieces, which begin at ``starts``."""
        ...
