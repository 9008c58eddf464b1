"""What holds for every modality of the registry: read, fit, prepare, collate, augment."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from bedside.modalities import REGISTRY
from bedside.models import ENCODERS
from bedside.schema import Modality, Reference, Sample, State
from bedside.study import parse_options

N = 6


@pytest.fixture(params=REGISTRY.names())
def modality(request: pytest.FixtureRequest) -> Modality:
    made: Modality = parse_options(REGISTRY.load(request.param), {}, where="inputs.x")
    return made


@pytest.fixture
def samples(modality: Modality, rng: np.random.Generator) -> list[Sample]:
    return modality.fake(rng, N)


@pytest.fixture
def state(modality: Modality, samples: list[Sample]) -> State:
    return modality.fit(samples)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[key], other[key]) for key in one)


def tensors(modality: Modality, samples: list[Sample], state: State) -> dict[str, torch.Tensor]:
    collated = modality.collate([modality.prepare(sample, state) for sample in samples])
    return {name: torch.from_numpy(array) for name, array in collated.items()}


def test_its_words_rebuild_it(modality: Modality) -> None:
    words = json.loads(json.dumps(modality.model_dump(mode="json")))  # type: ignore[attr-defined]
    assert parse_options(type(modality), words, where="x") == modality  # type: ignore[type-var]


def test_it_says_what_reads_it_and_what_it_reads(modality: Modality) -> None:
    assert modality.default_encoder in ENCODERS.names()
    assert all(s == s.lower() and s.startswith(".") for s in modality.suffixes)
    columns = modality.columns_used()
    assert columns
    assert all(isinstance(column, str) for column in columns)


def test_made_up_samples_follow_the_seed(modality: Modality) -> None:
    one, same_seed, other = (modality.fake(np.random.default_rng(s), N) for s in (1, 1, 2))
    assert len(one) == N
    assert all(np.array_equal(a.values, b.values) for a, b in zip(one, same_seed, strict=True))
    assert not all(np.array_equal(a.values, b.values) for a, b in zip(one, other, strict=True))


def test_reading_what_was_read_changes_nothing(modality: Modality, samples: list[Sample]) -> None:
    for sample in samples:
        again = modality.read(Reference("row 1", sample.values))
        assert np.array_equal(again.values, sample.values)


def test_the_state_is_plain_json(modality: Modality, samples: list[Sample], state: State) -> None:
    loaded = json.loads(json.dumps(state, allow_nan=False))
    assert loaded == state
    for sample in samples:
        assert same(modality.prepare(sample, loaded), modality.prepare(sample, state))


def test_fitting_reads_a_stream_once_and_gives_the_same_state(
    modality: Modality, samples: list[Sample], state: State
) -> None:
    assert modality.fit(iter(samples)) == state


def test_fitting_and_preparing_leave_the_samples_alone(
    modality: Modality, samples: list[Sample]
) -> None:
    before = [np.array(sample.values) for sample in samples]
    state = modality.fit(samples)
    prepared = [modality.prepare(sample, state) for sample in samples]
    modality.collate(prepared)
    assert all(np.array_equal(a, s.values) for a, s in zip(before, samples, strict=True))


def test_arrays_have_one_row_a_case_and_compact_dtypes(
    modality: Modality, samples: list[Sample], state: State
) -> None:
    prepared = [modality.prepare(sample, state) for sample in samples]
    collated = modality.collate(prepared)
    assert set(collated) == set(prepared[0])
    for name, array in collated.items():
        assert array.shape[0] == N
        assert str(array.dtype) in {"uint8", "float32", "int32", "int64", "bool"}, name
    for name, rule in state.get("standardise", {}).items():
        assert len(rule["mean"]) == len(rule["std"]) == collated[name].shape[1]
        assert min(rule["std"]) > 0


def test_a_batch_equals_its_cases_one_by_one(
    modality: Modality, samples: list[Sample], state: State
) -> None:
    whole = modality.collate([modality.prepare(sample, state) for sample in samples])
    for row, sample in enumerate(samples):
        alone = modality.collate([modality.prepare(sample, state)])
        assert same(alone, {name: array[row : row + 1] for name, array in whole.items()})


def test_augmenting_follows_its_generator_alone(
    modality: Modality, samples: list[Sample], state: State
) -> None:
    batch = tensors(modality, samples, state)
    kept = {name: tensor.clone() for name, tensor in batch.items()}
    found = []
    for global_seed, seed in ((0, 3), (1, 3), (0, 4)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(global_seed)
            generator = torch.Generator().manual_seed(seed)
            found.append(modality.augment(dict(batch), generator))
    assert all(torch.equal(found[0][name], found[1][name]) for name in batch)
    if not all(torch.equal(found[0][name], batch[name]) for name in batch):  # some vary nothing
        assert not all(torch.equal(found[0][name], found[2][name]) for name in batch)
    assert all(torch.equal(batch[name], kept[name]) for name in batch), "the batch stays as it was"
    for name, tensor in found[0].items():
        assert tensor.shape == batch[name].shape
        assert torch.isfinite(tensor.float()).all()


def test_descriptions_are_finite_and_made_case_by_case(
    modality: Modality, samples: list[Sample], state: State
) -> None:
    collated = modality.collate([modality.prepare(sample, state) for sample in samples])
    found = modality.describe(collated)
    assert found.shape[0] == N
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    alone = modality.describe({name: array[2:3] for name, array in collated.items()})
    assert alone[0] == pytest.approx(found[2], abs=1e-5)


def test_a_picture_is_one(modality: Modality, samples: list[Sample]) -> None:
    picture = modality.picture(samples[0])
    if picture is not None:
        assert picture.dtype == np.uint8
        assert picture.ndim == 2 or picture.shape[2] == 3
