"""Task `segment`: words, targets and their faults, plan, head and loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from bedside.abilities import Asker, Outliner, Writer
from bedside.data.cohort import Cohort
from bedside.data.packed_mask import as_masks, pack
from bedside.data.ragged import Ragged
from bedside.errors import DataError, StudyError
from bedside.modalities.volume import Volume
from bedside.models.features import Features
from bedside.schema import Prediction, Targets, Varies
from bedside.study import parse_options
from bedside.tasks.segment import Segment
from bedside.tasks.segmentation_plan import fitting_patch, make_plan, plan_words

from ..outlines_made import write_case


def segment(**words: Any) -> Segment:
    return parse_options(Segment, words, where="target")


def cohort(folder: Path, masks: list[Any], **columns: list[Any]) -> Cohort:
    rows = [
        write_case(folder, f"c{n}", np.zeros(np.shape(m)[:3], np.float32), m)
        for n, m in enumerate(masks)
    ]
    table = pd.DataFrame(rows).assign(case_id=[str(n) for n in range(len(masks))], **columns)
    return Cohort(table, "cases.csv", first_row=2, root=folder)


def labelled(*labels: int) -> Any:
    found = np.zeros((4, 5, 6), np.uint8)
    for place, label in enumerate(labels):
        found[place, 1:3, 1:4] = label
    return found


def test_it_can_what_it_says() -> None:
    task = segment()
    assert all(isinstance(task, each) for each in (Asker, Outliner, Varies))
    assert not isinstance(task, Writer)
    assert task.columns_used() == ["mask"]


def test_masks_are_numbered_as_the_structures_are(tmp_path: Path) -> None:
    own = cohort(tmp_path, [labelled(1, 7), labelled(7), labelled()])
    targets = segment(structures={"tumour": 7, "kidney": 1}).targets(own)
    assert targets.names == ("tumour", "kidney")
    assert targets.kind == "mask"
    first = targets.arrays["truth"][0]
    assert first.shape == (6, 5, 4)  # D, H, W of a file's I, J, K
    assert np.bincount(first.voxels().reshape(-1)).tolist() == [108, 6, 6]
    assert targets.arrays["truth"][2].voxels().max() == 0
    assert targets.arrays["known"].tolist() == [[True]] * 3
    found = segment().targets(own)
    assert found.names == ("structure_1", "structure_7")
    assert found.facts == {"labels": {"structure_1": 1, "structure_7": 7}}


def test_a_blank_cell_is_a_case_without_a_mask(tmp_path: Path) -> None:
    own = cohort(tmp_path, [labelled(1), labelled(1)])
    own.cases.loc[1, "mask"] = None
    targets = segment().targets(own)
    assert targets.arrays["known"].tolist() == [[True], [False]]
    assert segment().fit(targets)["names"] == ["structure_1"]


def test_every_faulty_mask_is_named_by_its_row(tmp_path: Path) -> None:
    own = cohort(tmp_path, [labelled(1), labelled(2), labelled(1, 3)])
    with pytest.raises(DataError) as caught:
        segment(structures={"a": 1}).targets(own)
    lines = str(caught.value).splitlines()
    assert "row 3 of cases.csv, column 'mask': expected no numbers but those of" in lines[0]
    assert "got 2. Add them to target.structures" in lines[0]
    assert "row 4 of cases.csv" in lines[1]
    assert "c1" not in str(caught.value)
    (tmp_path / own.cases["mask"][0]).write_bytes(b"no mask")
    (tmp_path / own.cases["mask"][2]).unlink()
    with pytest.raises(DataError) as caught:
        segment(structures={"a": 1}).targets(own)
    assert [f"row {n} of" in str(caught.value) for n in (2, 3, 4)] == [True, False, True]


def test_masks_without_any_structure_and_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column 'mask': expected masks of 1 to 64 structures"):
        segment().targets(cohort(tmp_path, [labelled(), labelled()]))
    noise = np.random.default_rng(0).integers(0, 250, (8, 8, 8)).astype(np.uint8)
    with pytest.raises(DataError, match="the largest 249"):
        segment().targets(cohort(tmp_path, [noise]))


def test_a_structure_of_no_training_mask_is_refused(tmp_path: Path) -> None:
    targets = segment(structures={"a": 1, "b": 2}).targets(cohort(tmp_path, [labelled(1)]))
    with pytest.raises(DataError, match="got none of b"):
        segment().fit(targets)


def test_inputs_that_it_cannot_outline_are_refused() -> None:
    task, whole = segment(), Volume(size="whole")
    task.check_inputs({"mri": ("volume", whole)})
    with pytest.raises(StudyError, match=r"inputs.mri.size: expected none"):
        task.check_inputs({"mri": ("volume", Volume(size=(16, 16, 16)))})
    with pytest.raises(StudyError, match="expected one input of modality volume"):
        task.check_inputs({"mri": ("volume", whole), "more": ("volume", whole)})
    with pytest.raises(StudyError, match="expected another column than the masks"):
        task.check_inputs({"mri": ("volume", Volume(size="whole", column="mask"))})
    with pytest.raises(StudyError, match="different numbers"):
        segment(structures={"a": 1, "b": 1})
    with pytest.raises(StudyError, match=r"no target column 'mask'\. Did you mean 'masks'"):
        task.targets(Cohort(pd.DataFrame({"case_id": ["1"], "masks": ["x"]}), "cases.csv"))


@pytest.mark.parametrize(
    ("shape", "spacing", "patch"),
    [
        ((35, 51, 35), (1, 1, 1), [36, 52, 36]),
        ((5, 6, 7), (1, 1, 1), [8, 8, 8]),
        ((600, 512, 512), (1, 1, 1), [96, 96, 100]),
        ((20, 320, 256), (3.6, 0.6, 0.6), [20, 216, 212]),
    ],
)
def test_the_patch_is_what_is_affordable(shape: Any, spacing: Any, patch: list[int]) -> None:
    found = fitting_patch(shape, spacing)
    assert found == patch
    assert all(side % 4 == 0 for side in found)


def test_the_plan_is_made_from_training_masks() -> None:
    grids = Ragged([np.zeros((10, 20, 30), np.uint8), np.ones((12, 20, 30), np.uint8)])
    targets = Targets({"grid": grids}, ("a",), "mask")
    state = {"spacing_mm": [2.0, 1.0, 1.0], "normalise": "case"}
    plan = make_plan(targets, state, input="mri", patch=None, overlap=0.5)
    assert plan["patch"] == [12, 20, 32]
    assert plan["share_of_voxels"] == [round(7200 / 13200, 6)]
    assert json.loads(json.dumps(plan)) == plan
    assert "2 x 1 x 1 mm" in plan_words(plan)
    assert make_plan(targets, state, input="mri", patch=(8, 8, 8), overlap=0)["patch"] == [8, 8, 8]


def test_head_and_loss_learn_outlines_by_heart() -> None:
    task = segment()
    state = {"names": ["a", "b"]}
    torch.manual_seed(0)
    head = task.head(8, state).train()
    maps = torch.randn(2, 8, 6, 6, 6)
    grid = (maps[:, 0] > 0.5).to(torch.uint8) + 2 * ((maps[:, 1] > 1) & (maps[:, 0] <= 0.5))
    features = Features(torch.zeros(2, 1), pyramid=(maps,))
    optimiser = torch.optim.AdamW(head.parameters(), lr=0.3)
    losses = []
    for _ in range(150):
        loss = task.loss(head(features, {}), {"grid": grid}, state)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 1
    assert losses[-1] < 0.2
    assert "temperature" not in dict(head.named_buffers())  # masks do not depend on it


def test_a_mask_moves_with_its_volume() -> None:
    task = segment()
    state = {"plan": {"input": "mri"}}
    labels = torch.zeros(6, 20, 24, 22, dtype=torch.uint8)
    labels[:, 5:14, 8:16, 4:15] = 1
    inputs = {"mri.values": labels[:, None].float() * 100}
    values, moved = task.vary(
        inputs, {"grid": labels}, state, generator=torch.Generator().manual_seed(3)
    )
    inside = values["mri.values"][:, 0] > 50
    assert moved["grid"].dtype == torch.uint8
    assert not torch.equal(moved["grid"], labels)
    agrees = (inside == (moved["grid"] == 1)).float().mean(dim=(1, 2, 3))
    assert float(agrees.min()) > 0.97


def test_rows_are_volumes_in_millilitres() -> None:
    mask = pack(labelled(2, 2, 1), (1.0, 2.0, 5.0))
    state = {"names": ["a", "b"]}
    columns = segment().rows(Prediction({"mask": as_masks([mask])}, ("a", "b")), state)
    assert columns["volume_ml_a"].tolist() == pytest.approx([6 * 0.01])
    assert columns["volume_ml_b"].tolist() == pytest.approx([12 * 0.01])
