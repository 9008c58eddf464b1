"""Task `segment`: structures outlined in a volume or a picture, voxel by voxel.

Enters: a column of label masks on the grids of their volumes or pictures; logits of a network
on patches. Leaves: a mask a case on the grid of its source, its sizes, and how good it
probably is. A picture is a volume of one plane. The base half needs numpy and scipy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bedside.data.patches import Patches, draw_places, spread_places
from bedside.errors import DataError, Problems, StudyError, nearest, sentence
from bedside.schema import Array, Arrays, Network, Prediction, State, Targets
from bedside.tasks.largest_piece import structures_in_one_piece, without_small_pieces
from bedside.tasks.mask_quality import calibrate_quality, quality_of
from bedside.tasks.mask_sizes import size_columns
from bedside.tasks.mask_targets import read_masks
from bedside.tasks.outlining import PATCH, outline
from bedside.tasks.outside import foreign, foreign_columns
from bedside.tasks.passes import MOST_PASSES
from bedside.tasks.segmentation_plan import make_plan

if TYPE_CHECKING:
    import torch
    from torch import nn

    from bedside.data.cohort import Cohort
    from bedside.schema import Modality, Rows

Side = Annotated[int, Field(strict=True, ge=8, le=512)]
Label = Annotated[int, Field(strict=True, ge=1, le=255)]
TURNED, SHIFTED, SCALED = 20.0, 0.05, 0.2
MOVED = 0.4
"""Of the patches of a batch, so many are turned, shifted and scaled."""


class Segment(BaseModel):
    """The words of ``target`` for this task.

    Args:
        column: holds the masks: files on the grid of their volume, 0 for background.
        structures: name -> the mask's number for it; where not given those that the source
            names, or those found in the masks, called ``structure_1``...
        patch: (D, H, W) of what the network sees at a time, in voxels of the common
            spacing, or of pictures (H, W); ``auto`` is the typical volume, or as much of it as
            is affordable.
        overlap: of neighbouring patches where a whole volume is looked at.
        mirror: whether left-right mirrored volumes are plausible, for augmentation.
        passes: looks at each patch, moved by a voxel or two, whose logits are averaged; where
            `mirror` holds, every second one is mirrored.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    needs: ClassVar[str] = "pyramid"
    encoders: ClassVar[Mapping[str, str]] = {"volume": "unet3d", "image": "unet2d"}
    input_options: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "volume": {"size": "whole"},
        "image": {"outlined": True},
    }
    primary: ClassVar[str] = "dice"
    baselines: ClassVar[tuple[str, ...]] = ("mean-atlas", "voxel-threshold", "voxel-forest")

    task: Literal["segment"] = "segment"
    column: str = "mask"
    structures: dict[str, Label] | None = Field(default=None, min_length=1)
    patch: tuple[Side, Side, Side] | tuple[Side, Side] | Literal["auto"] = "auto"
    overlap: float = Field(default=0.5, ge=0, lt=1)
    mirror: bool = False
    passes: int = Field(default=1, strict=True, ge=1, le=MOST_PASSES)

    @model_validator(mode="after")
    def _one_structure_a_label(self) -> Self:
        labels = list((self.structures or {}).values())
        if len(set(labels)) != len(labels):
            raise ValueError("expected structures with different numbers, got one number twice")
        return self

    def columns_used(self) -> list[str]:
        """The column of masks."""
        return [self.column]

    def check_inputs(self, inputs: Mapping[str, tuple[str, Modality]]) -> None:
        """Refuse a study without one whole volume or picture, or one that reads its own answer.

        Raises:
            StudyError: there are several inputs, the input is neither or is read in a way that
                no mask could follow, or it reads the column of the masks.
        """
        problems = Problems(StudyError)
        kinds = sorted(kind for kind, _ in inputs.values())
        if kinds not in (["volume"], ["image"]):
            problems.add(
                "inputs",
                expected="one input of modality volume, its sequences as its channels, or image",
                got=", ".join(kinds),
                remedy="Leave the others out",
            )
        elif self.patch != "auto" and len(self.patch) != (2 if kinds == ["image"] else 3):
            problems.add(
                "target.patch",
                expected="[H, W] of pictures, [D, H, W] of volumes",
                got=f"{len(self.patch)} sides",
                remedy="Correct it, or leave it out",
            )
        for name, (kind, modality) in inputs.items():
            refuse_unfit(name, kind, modality, problems=problems)
            if self.column in modality.columns_used():
                problems.add(
                    f"inputs.{name}",
                    expected="another column than the masks",
                    got=f"target.column '{self.column}' itself",
                    remedy="Name the column that holds the volumes",
                )
        problems.raise_if_any()

    def targets(self, cohort: Cohort) -> Targets:
        """Read the masks of all cases; a blank cell is a case without one.

        Raises:
            StudyError: the column is missing.
            DataError: masks that cannot be read or hold other numbers, by row.
        """
        have = [str(name) for name in cohort.cases.columns]
        if self.column not in have and self.column not in cohort.arrays:
            raise StudyError(
                f"{cohort.source}: no target column '{self.column}'. {nearest(self.column, have)}"
            )
        return read_masks(
            cohort, self.column, structures=self.structures or cohort.structures or None
        )

    def strata(self, targets: Targets) -> Array:
        """Nothing to keep even: -1 for every case."""
        return np.full(len(targets.arrays["known"]), -1)

    def fit(self, targets: Targets, *, balance: bool = True) -> State:
        """Which structures there are; refuses those that no training mask holds.

        Raises:
            DataError: a structure is in no training mask.
        """
        del balance  # patches see to rare structures
        counts = np.zeros(len(targets.names) + 1, dtype=np.int64)
        for mask in targets.arrays["truth"]:
            counts += np.bincount(mask.voxels().reshape(-1), minlength=len(counts))
        missing = [n for n, count in zip(targets.names, counts[1:], strict=True) if not count]
        if missing:
            raise DataError(
                sentence(
                    "target.structures",
                    expected="structures that training masks hold",
                    got=f"none of {', '.join(missing)}",
                    remedy="Leave it out, or split otherwise",
                )
            )
        return {
            "kind": targets.kind,
            "names": list(targets.names),
            "labels": targets.facts["labels"],
            "space": targets.facts.get("space", "volume"),
        }

    def fit_inputs(
        self,
        training: tuple[Mapping[str, Rows], Targets],
        state: State,
        *,
        states: Mapping[str, State],
        carry_cases: bool,
    ) -> State:
        """The plan: how much a network sees at a time, and what training volumes are like."""
        del carry_cases  # a package of this task carries none
        ((name, own),) = states.items()
        wish = None if self.patch == "auto" else (1, *self.patch)[-3:]
        return {
            **state,
            "plan": {
                **make_plan(training[1], own, input=name, patch=wish, overlap=self.overlap),
                "passes": self.passes,
                "mirror": self.mirror,
            },
        }

    def patches(
        self,
        arrays: Mapping[str, Rows],
        targets: Targets,
        state: State,
        *,
        seed: int | None,
    ) -> tuple[Mapping[str, Rows], Targets]:
        """Patches of volumes and masks: drawn with `seed`, or a few that cover every case."""
        plan = state["plan"]
        values, masks = arrays[f"{plan['input']}.values"], targets.arrays["grid"]
        size = tuple(plan["patch"])
        places = spread_places(masks, size) if seed is None else draw_places(masks, size, seed=seed)
        own = {f"{plan['input']}.values": Patches(values, places, dtype="float32")}  # type: ignore[arg-type]
        truth = {"grid": Patches(masks, places, dtype="uint8")}
        return own, Targets(truth, targets.names, targets.kind, targets.facts)

    def networks(self, network: nn.Module) -> dict[str, nn.Module]:
        """The network itself, asked about patches."""
        return {PATCH: network}

    def write(
        self, networks: Mapping[str, Network], arrays: Mapping[str, Rows], state: State
    ) -> Arrays:
        """Masks of whole volumes; see `outlining.outline`."""
        return outline(networks, arrays, state)

    def calibrate(self, outputs: Arrays, targets: Targets, state: State) -> State:
        """Fit on validation how sure the network is, and which structures are in one piece.

        A peer tells nothing of how sure it is, and its pieces stay.
        """
        if "logits" not in outputs:
            return state
        known = np.flatnonzero(targets.arrays["known"][:, 0])
        pairs = outputs["mask"][known].tolist(), targets.arrays["truth"][known].tolist()
        whole = structures_in_one_piece(*pairs, len(targets.names))
        return calibrate_quality(outputs, targets, {**state, "in_one_piece": whole})

    def calibrated(self, outputs: Arrays, state: State) -> Arrays:  # noqa: ARG002
        """The outputs as they are: masks do not depend on the temperature."""
        return outputs

    def infer(self, networks: Mapping[str, Network], arrays: Arrays, state: State) -> Prediction:
        """Masks, ``mask`` (N,), on the grids of the sources, and their ``quality`` (N, K).

        Where ``state["uncertainty"]`` asks for it, ``entropy`` (N,) too, packed like masks. Of a
        network that knows its training patches also ``strangeness`` and ``outside`` (N,).

        ``networks`` are ``patch``, or one ``network`` that answers what was outlined before,
        or by a baseline.
        """
        if "network" in networks:
            outputs = networks["network"](arrays)
        else:
            outputs = outline(networks, arrays, state)
        pieces = state.get("in_one_piece", []) if "logits" in outputs else []
        found = {"mask": without_small_pieces(outputs["mask"], pieces)}
        if "logits" in outputs:
            found["quality"] = quality_of(outputs, state)
        if "entropy" in outputs:
            found["entropy"] = outputs["entropy"]
        found |= foreign(outputs, state)
        return Prediction(found, tuple(state["names"]))

    def rows(self, prediction: Prediction, state: State) -> dict[str, Array]:
        """Columns (N,): sizes, see `size_columns`; where known ``quality_<structure>``.

        ``quality`` is the expected Dice; ``look`` says yes where it is lower than in 95 of 100
        validation cases.
        """
        names, space = state["names"], state.get("space", "volume")
        columns = size_columns(prediction.arrays["mask"], names, space)
        quality = prediction.arrays.get("quality")
        if quality is not None:
            columns |= {f"quality_{n}": quality[:, k] for k, n in enumerate(names)}
            least = state.get("quality", {}).get("suspect_below", 0.0)
            columns["look"] = np.where(quality.min(axis=1) < least, "yes", "no")
        return columns | foreign_columns(prediction)

    def truth_rows(self, targets: Targets) -> dict[str, Array]:
        """Columns (N,): ``truth_ml_<structure>`` and the like."""
        space = targets.facts.get("space", "volume")
        return size_columns(targets.arrays["truth"], targets.names, space, prefix="truth")

    def head(self, width: int, state: State) -> nn.Module:
        """A 1x1 convolution to background and structures."""
        from bedside.models.voxel_head import VoxelHead

        return VoxelHead(width, 1 + len(state["names"]))

    def start(self, head: nn.Module, arrays: Mapping[str, Rows], targets: Targets) -> None:
        """The head begins with random weights."""

    def vary(
        self,
        inputs: dict[str, torch.Tensor],
        targets: dict[str, torch.Tensor],
        state: State,
        *,
        generator: torch.Generator,
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Patches turned, moved and scaled, each mask with its volume."""
        from bedside.modalities.volume_augmentation import Strength, moved_together

        name = f"{state['plan']['input']}.values"
        strength = Strength(rotation_degrees=TURNED, translation=SHIFTED, scale=SCALED)
        values, labels = moved_together(
            inputs[name],
            targets["grid"],
            generator,
            strength=strength,
            share=MOVED,
            mirror=self.mirror,
        )
        return {**inputs, name: values}, {**targets, "grid": labels}

    def unweighted(self, state: State) -> State:
        """The state as it is: nothing is weighted."""
        return state

    def loss(
        self,
        outputs: dict[str, torch.Tensor],
        targets: dict[str, torch.Tensor],
        state: State,  # noqa: ARG002
    ) -> torch.Tensor:
        """Soft Dice of the structures over the batch, plus cross-entropy.

        Source: Milletari et al. 2016, doi:10.1109/3DV.2016.79; Isensee et al. 2021.
        """
        from bedside.models.dice_loss import dice_and_surprise

        return dice_and_surprise(outputs["logits"], targets["grid"])


def refuse_unfit(name: str, kind: str, modality: Modality, *, problems: Problems) -> None:
    """Note an input that is read in a way that its mask could not follow."""
    if kind == "volume" and getattr(modality, "size", None) != "whole":
        problems.add(
            f"inputs.{name}.size",
            expected="none, since volumes are outlined at their own size",
            got="one",
            remedy="Leave it out; target.patch says how much a network sees at a time",
        )
    if kind == "image" and getattr(modality, "resize", None) != "stretch":
        problems.add(
            f"inputs.{name}.resize",
            expected="stretch, so that masks can follow",
            got="pad",
            remedy="Leave it out; choose a size of the pictures' own proportions",
        )
    if kind == "image" and not getattr(modality, "outlined", False):
        problems.add(
            f"inputs.{name}.outlined",
            expected="none, since this task sets it",
            got="false",
            remedy="Leave it out",
        )
