"""Weights of another run: which fit, which are refused, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bedside.data.seen import Seen, write_seen
from bedside.errors import RunError, StudyError
from bedside.models.heads import LogitHead
from bedside.models.network import InputPlan, StudyNetwork
from bedside.run_folder import RunFolder, write_json, write_text
from bedside.schema import Targets
from bedside.study import Study
from bedside.training.checkpoint import save_checkpoint
from bedside.training.loop import CHECKPOINT
from bedside.training.origin import PLAN, Origin, begin_from, find_origin, network_plan

NOBODY = Seen({part: np.zeros(0, dtype="S16") for part in ("train", "validation")})
CASES = "case_id,part\na,train\nb,validation\nc,test\n"


def plans(**inputs: tuple[str, int]) -> dict[str, InputPlan]:
    """``xray=("cnn", 24)``: encoder and side."""
    rule = {"standardise": {"values": {"mean": [float(len(inputs))], "std": [2.0]}}}
    return {n: InputPlan(e, {"values": (1, side, side)}, rule) for n, (e, side) in inputs.items()}


def network(of: dict[str, InputPlan], *, seed: int, classes: int = 1) -> StudyNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return StudyNetwork(of, fusion="concat", head=lambda width: LogitHead(width, classes))


def study(**model: Any) -> Study:
    words = {"data": {"table": "cases.csv"}, "inputs": {"xray": {"modality": "image"}}}
    return Study.parse({**words, "target": {"task": "classify"}, "model": model})


def plan_of(of: dict[str, InputPlan], names: tuple[str, ...] = ("well", "ill")) -> dict[str, Any]:
    return network_plan(of, study=study(), targets=Targets({}, names))


def run_of(folder: Path, *, deep: str = "cnn", **models: dict[str, InputPlan]) -> RunFolder:
    """A finished run as far as a start needs it; weights of model n are drawn with seed n."""
    run = RunFolder(folder)
    write_text(run.study, study().dump())
    write_json(run.metrics, {"deep": deep})
    write_text(run.splits, CASES)
    write_seen(run, NOBODY)
    for number, (name, of) in enumerate(models.items()):
        best = network(of, seed=number)
        best.head.calibrate([0.5], [3.0])  # type: ignore[operator]
        save_checkpoint(run.checkpoint / name / CHECKPOINT, {"best": best.state_dict()}, {})
        write_json(run.checkpoint / name / PLAN, {**plan_of(of), "start_from": None})
    return run


def found(tmp_path: Path, path: Path) -> Origin:
    origin = find_origin(study(start_from=str(path)), RunFolder(tmp_path / "own"))
    assert origin is not None
    return origin


def begun(
    tmp_path: Path,
    ours: dict[str, InputPlan],
    *,
    names: tuple[str, ...] = ("well", "ill"),
    **models: Any,
) -> tuple[dict[str, Any], dict[str, Any], StudyNetwork]:
    """State, record, and the fresh network, started from a run of these models."""
    run = run_of(tmp_path / "first", **models)
    fresh = network(ours, seed=99, classes=max(1, len(names) - 1))
    state, record = begin_from(found(tmp_path, run.root), fresh, plan_of(ours, names))
    return state, record, fresh


def refused(tmp_path: Path, ours: dict[str, InputPlan], **models: Any) -> str:
    with pytest.raises(StudyError) as error:
        begun(tmp_path, ours, **models)
    return str(error.value)


def test_no_start_from_is_no_origin(tmp_path: Path) -> None:
    assert find_origin(study(), RunFolder(tmp_path)) is None


def test_encoder_and_head_of_the_same_question_are_taken_whole(tmp_path: Path) -> None:
    xray = plans(xray=("cnn", 24))
    state, record, fresh = begun(tmp_path, xray, cnn=xray)
    theirs = network(xray, seed=0)
    assert all(
        torch.equal(v, state[k]) for k, v in theirs.encoders.state_dict(prefix="encoders.").items()
    )
    assert torch.equal(state["head.linear.weight"], theirs.head.linear.weight)  # type: ignore[union-attr]
    # the calibration is fitted on a study's own validation part
    assert state["head.temperature"].tolist() == [1.0]
    assert state["head.shift"].tolist() == [0.0]
    assert record | {"weights": ""} == {
        "run": "first", "model": "cnn", "inputs": {"xray": "xray"},
        "taken": ["encoder of xray", "head"], "fresh": [], "tensors": 10, "weights": "",
    }  # fmt: skip
    fresh.load_state_dict(state)


def test_the_fitted_state_stays_the_studys_own(tmp_path: Path) -> None:
    theirs, ours = plans(xray=("cnn", 24)), plans(xray=("cnn", 24))
    ours["xray"].state["standardise"]["values"]["mean"][0] = 77.0
    state, _, _ = begun(tmp_path, ours, cnn=theirs)
    assert state["standardise.0.values_mean"].item() == 77.0


@pytest.mark.parametrize("names", [("well", "sick"), ("mild", "some", "grave")])
def test_another_question_gets_a_fresh_head(tmp_path: Path, names: tuple[str, ...]) -> None:
    xray = plans(xray=("cnn", 24))
    state, record, fresh = begun(tmp_path, xray, names=names, cnn=xray)
    assert record["fresh"] == ["head"]
    assert torch.equal(state["head.linear.weight"], fresh.head.linear.weight)  # type: ignore[union-attr]


def test_one_input_matches_one_input_of_another_name(tmp_path: Path) -> None:
    _, record, _ = begun(tmp_path, plans(film=("cnn", 24)), cnn=plans(xray=("cnn", 24)))
    assert record["inputs"] == {"film": "xray"}
    assert record["taken"] == ["encoder of film", "head"]


def test_inputs_that_the_run_lacks_begin_anew_and_the_head_with_them(tmp_path: Path) -> None:
    ours = plans(side=("cnn", 24), xray=("cnn", 24))
    state, record, fresh = begun(tmp_path, ours, cnn=plans(xray=("cnn", 24)))
    assert (record["taken"], record["fresh"]) == (["encoder of xray"], ["encoder of side", "head"])
    theirs = network(plans(xray=("cnn", 24)), seed=0).encoders[0].state_dict()
    assert all(torch.equal(state[f"encoders.1.{k}"], v) for k, v in theirs.items())
    own = fresh.encoders[0].state_dict()
    assert all(torch.equal(state[f"encoders.0.{k}"], v) for k, v in own.items())


def test_one_of_the_runs_two_encoders_is_taken_by_its_name(tmp_path: Path) -> None:
    both = plans(side=("cnn", 24), xray=("cnn", 24))
    state, record, _ = begun(tmp_path, plans(xray=("cnn", 24)), two=both)
    assert (record["taken"], record["fresh"]) == (["encoder of xray"], ["head"])
    theirs = network(both, seed=0).encoders[1].state_dict()
    assert all(torch.equal(state[f"encoders.0.{k}"], v) for k, v in theirs.items())


def test_of_several_networks_the_one_with_the_encoder_is_taken_the_chosen_first(
    tmp_path: Path,
) -> None:
    cnn, resnet = plans(xray=("cnn", 24)), plans(xray=("resnet", 24))
    run = run_of(tmp_path / "first", deep="z", a=cnn, b=resnet, z=cnn)
    origin = found(tmp_path, run.root)
    taken = [
        begin_from(origin, network(of, seed=5), plan_of(of))[1]["model"] for of in (cnn, resnet)
    ]
    assert taken == ["z", "b"]
    one = found(tmp_path, run.checkpoint / "a" / CHECKPOINT)
    assert (list(one.networks), one.name) == (["a"], "first")


def test_another_encoder_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, plans(xray=("resnet", 24)), cnn=plans(xray=("cnn", 24)))
    assert said == (
        "model.start_from: expected a network with the encoder 'resnet' for input 'xray', got run "
        "'first' with cnn. Name that encoder under model.encoders, or leave start_from out."
    )


def test_other_shapes_are_refused_and_named(tmp_path: Path) -> None:
    said = refused(tmp_path, plans(xray=("cnn", 30)), cnn=plans(xray=("cnn", 24)))
    assert said == (
        "model.start_from: expected encoder 'cnn' for values (1, 30, 30), dense.1.weight "
        "(128, 512), got encoder 'cnn' for values (1, 24, 24), dense.1.weight (128, 128). Give the "
        "input the same size and channels there and here, or leave start_from out."
    )


def test_an_encoder_that_reads_any_size_is_taken_at_another_size(tmp_path: Path) -> None:
    _, record, _ = begun(tmp_path, plans(xray=("resnet", 48)), resnet=plans(xray=("resnet", 24)))
    assert record["taken"] == ["encoder of xray", "head"]


def test_inputs_without_a_common_name_are_refused(tmp_path: Path) -> None:
    both = plans(side=("cnn", 24), front=("cnn", 24))
    said = refused(tmp_path, both, cnn=plans(xray=("cnn", 24)))
    assert "expected an input named side or front there too, got run 'first' with the " in said
    assert "inputs xray. Give the input the same name in both studies." in said


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("gone", "got no such folder 'first'. Correct the path"),
        ("metrics.json", "expected the folder of a finished run, got 'first' without metrics"),
        (f"checkpoint/cnn/{CHECKPOINT}", f"expected a run with checkpoint/<network>/{CHECKPOINT}"),
        ("checkpoint/cases.safetensors", "without a whole checkpoint/cases.safetensors"),
        ("splits.csv", "got run 'first' without a whole splits.csv"),
    ],
)
def test_a_run_that_is_not_whole_is_refused(tmp_path: Path, damage: str, said: str) -> None:
    run = run_of(tmp_path / "first", cnn=plans(xray=("cnn", 24)))
    if damage == "gone":
        run.root.rename(tmp_path / "moved")
    else:
        (run.root / damage).unlink()
    with pytest.raises((StudyError, RunError)) as error:
        found(tmp_path, run.root)
    assert str(error.value).startswith("model.start_from: ")
    assert said in str(error.value)


def test_a_run_does_not_start_from_itself(tmp_path: Path) -> None:
    run = run_of(tmp_path / "own", cnn=plans(xray=("cnn", 24)))
    with pytest.raises(StudyError, match="expected another run, got this run's own folder"):
        found(tmp_path, run.root)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    xray = plans(xray=("cnn", 24))
    run = run_of(tmp_path / "first", cnn=xray)
    path = run.checkpoint / "cnn" / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RunError, match="got a damaged file"):
        begin_from(found(tmp_path, run.root), network(xray, seed=1), plan_of(xray))


def test_the_digest_follows_the_weights(tmp_path: Path) -> None:
    xray = plans(xray=("cnn", 24))
    run = run_of(tmp_path / "first", a=xray, b=xray)
    digests = {
        begin_from(
            found(tmp_path, run.checkpoint / name / CHECKPOINT),
            network(xray, seed=1),
            plan_of(xray),
        )[1]["weights"]
        for name in ("a", "b", "a")
    }
    assert len(digests) == 2


def test_the_plan_is_plain_json() -> None:
    plan = plan_of(plans(xray=("cnn", 24)))
    assert json.loads(json.dumps(plan)) == plan == {
        "inputs": {"xray": {"encoder": "cnn", "shapes": {"values": [1, 24, 24]}}},
        "fusion": "concat",
        "answer": ["classify", "binary", "well", "ill"],
    }  # fmt: skip
