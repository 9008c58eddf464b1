"""What an explanation is drawn on: the elements of one input, and the input without some.

Enters: prepared arrays of an input. Leaves: a `Surface` with its elements (pixels, voxels,
readings, tokens, columns) and, for any choice of elements, the case as it would be without them.
One idea of "without" serves every method and every test: a picture, a volume or a series is
blurred there, a gap in the history of a forecast is filled by a straight line, as gaps in the
data are, a token is left out, a column takes what is usual.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch

from bedside.errors import StudyError, sentence
from bedside.explanation.smoothing import smoothed

if TYPE_CHECKING:
    from bedside.explanation.question import Tensors
    from bedside.schema import State

Form: TypeAlias = Literal["image", "volume", "signal", "text", "table"]
FORMS: dict[int, Form] = {1: "table", 2: "signal", 3: "image", 4: "volume"}
"""Axes of one case's ``values`` -> what they are."""
BLUR = {"image": 0.05, "volume": 0.05, "signal": 0.1}
"""Standard deviation of the blur, as a share of each side: what is smaller vanishes."""


@dataclass(frozen=True)
class Surface:
    """The array of an input that is explained.

    Args:
        name: of the input.
        array: of that input: ``values``, ``tokens`` or, of words by their letters, ``spelling``.
        form: what its elements are.
        shape: of one case's array.
        usual: of a table: (F,) the training mean of each of its numbers.
        groups: of a table whose columns have several numbers each: (F,) whose each one is.
        level: of a signal: whether it is the history of a forecast.
    """

    name: str
    array: str
    form: Form
    shape: tuple[int, ...]
    usual: tuple[float, ...] = ()
    level: bool = False
    groups: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Of the prepared arrays."""
        return f"{self.name}.{self.array}"

    @property
    def grid(self) -> tuple[int, ...]:
        """The elements: the array without its channels; words of a text, columns of a table."""
        if self.form == "text":
            return self.shape[:1]
        if self.groups:
            return (max(self.groups) + 1,)
        return self.shape if self.form == "table" else self.shape[1:]

    @property
    def elements(self) -> int:
        """How many there are."""
        return math.prod(self.grid)

    def there(self, arrays: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """(B, *grid) bool: elements that are no padding."""
        mask = arrays.get(f"{self.name}.mask")
        if mask is not None and tuple(mask.shape[1:]) == self.grid:
            return mask
        values = arrays[self.key]
        return torch.ones((len(values), *self.grid), dtype=torch.bool, device=values.device)

    def without(self, arrays: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The array, float, as it would be without any of its elements; not for texts."""
        values = arrays[self.key].float()
        if self.form == "table":
            return values.new_tensor(self.usual).expand_as(values).clone()
        if self.level:
            return values.mean(dim=-1, keepdim=True).expand_as(values).clone()
        return smoothed(values, [BLUR[self.form] * side for side in self.grid])

    def nothing(self, arrays: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
        """`without`, to be made once where many are kept in turn; None of texts."""
        return None if self.form == "text" else self.without(arrays)

    def keeping(
        self,
        arrays: Mapping[str, torch.Tensor],
        kept: torch.Tensor,
        nothing: torch.Tensor | None = None,
    ) -> Tensors:
        """Arrays in which only some elements are left, kept (B, *grid) bool.

        `nothing` is what `nothing` gave for these arrays, where it was asked before.
        """
        if self.form == "text":
            return self._shortened(arrays, kept)
        values = arrays[self.key].float()
        nothing = self.without(arrays) if nothing is None else nothing
        if self.level:
            some = kept.any(dim=1)[:, None, None]
            return {**arrays, self.key: torch.where(some, _bridged(values, kept), nothing)}
        kept = self._whole_columns(kept) if self.form == "table" else kept[:, None]
        return {**arrays, self.key: torch.where(kept, values, nothing)}

    def _whole_columns(self, kept: torch.Tensor) -> torch.Tensor:
        """(B, columns) -> (B, F): all numbers of a column stay or go together."""
        return kept[:, list(self.groups)] if self.groups else kept

    def summed(self, found: torch.Tensor) -> torch.Tensor:
        """(B, *shape) what each number of the array adds -> (B, *grid), of each element."""
        if self.form != "table":
            return found.sum(dim=1)
        if not self.groups:
            return found
        places = torch.tensor(self.groups, device=found.device)
        return found.new_zeros((len(found), *self.grid)).index_add(1, places, found)

    def _shortened(self, arrays: Mapping[str, torch.Tensor], kept: torch.Tensor) -> Tensors:
        """Texts without some tokens: what is left moves up, as if nothing had stood between."""
        kept = kept & self.there(arrays)
        order = torch.argsort((~kept).to(torch.int8), dim=1, stable=True)
        places = torch.arange(kept.shape[1], device=kept.device)[None]
        mask = places < kept.sum(dim=1, keepdim=True)
        words = arrays[self.key]
        beside = (...,) + (None,) * (words.ndim - 2)
        moved = words.gather(1, order[beside].expand_as(words)) * mask[beside]
        return {**arrays, self.key: moved, f"{self.name}.mask": mask}


def _bridged(values: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """(B, C, T) with straight lines between the readings that are kept (B, T).

    Before the first that is kept, and after the last, its value is carried on.
    """
    steps = kept.shape[1]
    places = torch.arange(steps, device=values.device).expand_as(kept)
    before = torch.where(kept, places, -1).cummax(dim=1).values
    after = torch.where(kept, places, steps).flip(1).cummin(dim=1).values.flip(1)
    first = torch.where(before < 0, after, before).clamp_max(steps - 1)
    last = torch.where(after == steps, before, after).clamp_min(0)
    share = (places - first) / (last - first).clamp_min(1)
    begin, end = (
        values.gather(2, ends[:, None].expand_as(values).contiguous()) for ends in (first, last)
    )
    return torch.lerp(begin, end, share[:, None].to(values.dtype))


def surface_of(
    name: str, shapes: Mapping[str, tuple[int, ...]], state: State | None = None
) -> Surface:
    """The surface of one input.

    Args:
        name: of the input.
        shapes: array -> shape of one case.
        state: of its modality, which knows what is usual of a table.

    Raises:
        StudyError: no explanation is drawn on such arrays.
    """
    for array in ("tokens", "spelling"):
        if array in shapes:
            return Surface(name, array, "text", shapes[array])
    form = FORMS.get(len(shapes["values"])) if "values" in shapes else None
    if form is None:
        raise StudyError(
            sentence(
                f"input '{name}'",
                expected="an image, a volume, a signal, a text of tokens or a table",
                got=f"arrays {', '.join(sorted(shapes))}",
                remedy="Explain another input, or write explanation: {method: none}",
            )
        )
    level = form == "signal" and (state or {}).get("horizon_steps", 0) > 0
    rule = (state or {}).get("standardise", {}).get("values", {})
    if form != "table":
        return Surface(name, "values", form, shapes["values"], level=level)
    usual = tuple(rule.get("mean", [0.0] * shapes["values"][0]))
    groups = tuple((state or {}).get("groups", ()))
    return Surface(name, "values", form, shapes["values"], usual, groups=groups)
