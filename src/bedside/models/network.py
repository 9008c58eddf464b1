"""The whole network of a study: standardise, encode each input, fuse, head.

Enters: named arrays ``"<input>.<array>"`` as the modalities prepared them
(uint8 stays uint8 until here). Leaves: the head's named outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from bedside.errors import StudyError, sentence
from bedside.models import ENCODERS, FUSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bedside.models.features import Encoder, Features
    from bedside.schema import Array, Arrays, Rows, State


TEXTS = ("tokens", "spelling")
"""What encoders of a text read."""


@dataclass(frozen=True)
class InputPlan:
    """What the network must know of one input.

    Args:
        encoder: name in the registry of encoders.
        shapes: array name (without prefix) -> shape of one case.
        state: the modality's fitted state; its ``standardise`` is done here.
    """

    encoder: str
    shapes: Mapping[str, tuple[int, ...]]
    state: State


def build_encoder(plan: InputPlan) -> Encoder:
    """The encoder of one input, with new weights.

    One that ``reads`` tokens is told how many different ones there are, the ``symbols`` of
    the modality's state.

    Raises:
        StudyError: it is unknown, or reads inputs of another kind.
    """
    kind: Any = ENCODERS.load(plan.encoder)
    if kind.reads not in plan.shapes:
        raise StudyError(
            sentence(
                f"encoder '{plan.encoder}'",
                expected=f"an input with the array '{kind.reads}'",
                got=f"one with {', '.join(sorted(plan.shapes))}",
                remedy="Choose an encoder of this kind of input under model.encoders",
            )
        )
    symbols = plan.state.get("symbols")
    encoder: Encoder = kind(plan.shapes) if symbols is None else kind(plan.shapes, symbols)
    return encoder


class Standardise(nn.Module):
    """``(x - mean) / std`` over axis 1, in float32, for the arrays that ask for it."""

    def __init__(
        self, rules: Mapping[str, Mapping[str, list[float]]], shapes: Mapping[str, tuple[int, ...]]
    ) -> None:
        super().__init__()
        self.names = tuple(rules)
        for name, rule in rules.items():
            view = (1, -1) + (1,) * (len(shapes[name]) - 1)
            self.register_buffer(f"{name}_mean", torch.tensor(rule["mean"]).view(view))
            self.register_buffer(f"{name}_scale", 1 / torch.tensor(rule["std"]).view(view))

    def forward(self, arrays: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Standardise the named arrays; others pass through."""
        done = dict(arrays)
        for name in self.names:
            mean, scale = getattr(self, f"{name}_mean"), getattr(self, f"{name}_scale")
            done[name] = (arrays[name].to(mean.dtype) - mean) * scale
        return done


class StudyNetwork(nn.Module):
    """Encoders by input, fusion, head.

    Args:
        plans: by input.
        fusion: name in the registry of fusions.
        head: F of the features that it reads -> the head.
        needs: which features those are: ``pooled``, ``tokens``, ``onward`` or ``pyramid``.
    """

    def __init__(
        self,
        plans: Mapping[str, InputPlan],
        *,
        fusion: str,
        head: Callable[[int], nn.Module],
        needs: str = "pooled",
    ) -> None:
        super().__init__()
        # lists, since a ModuleDict refuses inputs named "type" or "values"
        self.array_names = {name: tuple(plan.shapes) for name, plan in plans.items()}
        rules = [
            Standardise(plan.state.get("standardise", {}), plan.shapes) for plan in plans.values()
        ]
        encoders = [build_encoder(plan) for plan in plans.values()]
        self.standardise = nn.ModuleList(rules)
        self.encoders = nn.ModuleList(encoders)
        self.fusion = FUSIONS.load(fusion)([encoder.width for encoder in encoders])
        self.head = head(_width(needs, plans, encoders, fused=self.fusion.width))

    def forward(self, arrays: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Named arrays (B, ...) -> the head's outputs (B, ...)."""
        outputs: dict[str, torch.Tensor] = self.head(self.features(arrays), arrays)
        return outputs

    def features(self, arrays: dict[str, torch.Tensor]) -> Features:
        """Named arrays (B, ...) -> what encoders and fusion make of them."""
        features: list[Features] = []
        inputs = zip(self.array_names.items(), self.standardise, self.encoders, strict=True)
        for (name, own_names), standardise, encoder in inputs:
            own = {array: arrays[f"{name}.{array}"] for array in own_names}
            features.append(encoder(standardise(own)))
        fused: Features = self.fusion(features)
        return fused


def _width(
    needs: str, plans: Mapping[str, InputPlan], encoders: Sequence[Encoder], *, fused: int
) -> int:
    """F of the features that a head reads."""
    if needs == "tokens":
        return _token_width(plans, encoders)
    if needs == "onward":
        return _onward_width(plans, encoders)
    return _map_width(plans, encoders) if needs == "pyramid" else fused


def _map_width(plans: Mapping[str, InputPlan], encoders: Sequence[Encoder]) -> int:
    """F of the maps at the input's own resolution, of the one input."""
    if len(encoders) != 1 or not encoders[0].map_width:
        raise StudyError(
            sentence(
                "model.encoders",
                expected="an encoder that answers at every voxel, such as unet3d",
                got=", ".join(plan.encoder for plan in plans.values()),
                remedy="Name that one",
            )
        )
    return encoders[0].map_width


def _onward_width(plans: Mapping[str, InputPlan], encoders: Sequence[Encoder]) -> int:
    """F of the tokens of the one text, none of which may know of those behind it."""
    if len(encoders) != 1 or not encoders[0].one_way:
        raise StudyError(
            sentence(
                "model.encoders",
                expected="an encoder that reads onward alone, such as onward-lstm",
                got=", ".join(plan.encoder for plan in plans.values()),
                remedy="Name that one: others have seen the words that are to be predicted",
            )
        )
    return encoders[0].token_width


def _token_width(plans: Mapping[str, InputPlan], encoders: Sequence[Encoder]) -> int:
    """F of the tokens of all texts, which lie one behind the other."""
    widths = {
        plan.encoder: encoder.token_width
        for plan, encoder in zip(plans.values(), encoders, strict=True)
        if encoder.reads in TEXTS
    }
    if len(set(widths.values())) != 1 or 0 in widths.values():
        raise StudyError(
            sentence(
                "model.encoders",
                expected="for every text one and the same encoder that keeps its tokens, "
                "text-lstm or transformer",
                got=", ".join(widths) or "no text",
                remedy="Name one of them for each text",
            )
        )
    return widths.popitem()[1]


AT_ONCE = 64


def pooled_features(
    network: StudyNetwork, arrays: Mapping[str, Rows], places: Array, *, at_once: int = AT_ONCE
) -> Array:
    """(n, F) pooled features of some cases, in evaluation mode, some at once."""
    network.eval()
    device = next(network.parameters()).device
    found = []
    with torch.inference_mode():
        for start in range(0, len(places), at_once):
            own = places[start : start + at_once]
            batch = {name: torch.from_numpy(v[own].copy()).to(device) for name, v in arrays.items()}
            found.append(network.features(batch).pooled.float().cpu().numpy())
    return np.concatenate(found)


def as_callable(
    network: nn.Module, *, batch_size: int = 256
) -> Callable[[Mapping[str, Rows]], Arrays]:
    """A trained network as named numpy arrays -> named numpy arrays, batch by batch.

    The network is set to evaluation mode at every call, so its calibration
    applies. It is a `Network` that takes `Rows` as well: no more than a batch is looked up.
    """

    def call(arrays: Mapping[str, Rows]) -> Arrays:
        network.eval()
        device = next(network.parameters()).device
        count = len(next(iter(arrays.values())))
        found: dict[str, list[Array]] = {}
        with torch.inference_mode():
            for start in range(0, max(count, 1), batch_size):  # no case: outputs of length 0
                batch = {
                    name: torch.from_numpy(array[start : start + batch_size].copy()).to(device)
                    for name, array in arrays.items()
                }
                for name, values in network(batch).items():
                    found.setdefault(name, []).append(values.float().cpu().numpy())
        return {name: np.concatenate(parts) for name, parts in found.items()}

    return call
