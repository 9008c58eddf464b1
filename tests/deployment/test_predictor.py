"""Prediction equals the trained network, case by case, and never needs torch."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from bedside.deployment import predictor as module
from bedside.deployment.predictor import load
from bedside.errors import DataError, PackageError
from bedside.schema import Sample


@pytest.fixture
def predictor(written_once):
    return load(written_once, threads=1)


def trained_probability(network, images):
    with torch.no_grad():
        logits = network.eval()({"xray.values": torch.from_numpy(np.stack(images)[:, None])})
    return 1 / (1 + np.exp(-logits["logits"].numpy()[:, 0].astype(float)))


def test_records_say_what_the_trained_network_says(predictor, tiny_network):
    images = list(np.random.default_rng(5).integers(0, 256, (5, 16, 16), dtype=np.uint8))
    images += [np.zeros((16, 16), np.uint8), np.full((16, 16), 255, np.uint8)]
    expected = trained_probability(tiny_network(), images)
    records = predictor.predict(images)
    assert [record["case"] for record in records] == list("1234567")
    np.testing.assert_allclose([r["probability"] for r in records], expected, atol=2e-5)
    decided = ["ill" if p >= 0.25 else "well" for p in expected]
    assert [r["decision"] for r in records] == decided
    assert set(decided) == {"ill", "well"}  # else the line above shows nothing
    assert {r["threshold"] for r in records} == {0.25}
    assert {(r["model"], r["package"], r["data_version"]) for r in records} == {
        ("tiny", predictor.package.version, "f00d")
    }
    assert "error" not in records[0]


def test_every_answer_of_yes_or_no_says_from_which_probability_on():
    assert module._thresholds(("well", "ill"), {"kind": "binary", "thresholds": [0.25]}) == {
        "threshold": 0.25
    }
    assert module._thresholds(("a", "b"), {"kind": "labels", "thresholds": [0.1, 0.9]}) == {
        "threshold_a": 0.1,
        "threshold_b": 0.9,
    }
    classes = {"kind": "classes", "thresholds": [0.5, 0.5, 0.5]}
    assert module._thresholds(("a", "b", "c"), classes) == {}, "the likeliest class is named"


def test_files_equal_the_arrays_in_them_and_batches_do_not_matter(predictor, pictures):
    folder, arrays = pictures
    by_file = predictor.predict([folder / "b.png", folder / "a.PNG", folder / "deeper" / "c.jpeg"])
    by_array = predictor.predict(arrays)
    numbers = [record["probability"] for record in by_file]
    assert numbers == [record["probability"] for record in by_array]
    assert len(set(numbers)) == 3
    assert predictor.predict(arrays, batch_size=1) == by_array == predictor.predict(arrays * 2)[:3]
    assert [r["probability"] for r in predictor.predict(folder)] == [numbers[i] for i in (1, 0, 2)]


def test_both_engines_and_any_number_of_threads_agree(written_once, predictor, pictures):
    reference = predictor.predict(pictures[0])
    for options in ({"engine": "onnxruntime"}, {"threads": 2}, {}):
        others = load(written_once, **options).predict(pictures[0])
        for one, other in zip(reference, others, strict=True):
            assert one.pop("probability") == pytest.approx(other.pop("probability"), abs=1e-5)
            assert one == other
        reference = predictor.predict(pictures[0])


def test_samples_are_not_read_again(predictor, pictures):
    sample = predictor.package.contents.modalities["xray"].read(
        predictor.cases(pictures[1][0])[0].inputs["xray"]
    )
    assert isinstance(sample, Sample)
    assert predictor.predict(sample) == predictor.predict([pictures[1][0]])


def test_two_inputs_come_from_a_table(written_twice, pictures):
    folder, _ = pictures
    (folder / "new.csv").write_text("front,side\nb.png,a.PNG\na.PNG,b.png\n")
    first, second = load(written_twice).predict(folder / "new.csv")
    assert (first["case"], second["case"]) == ("row-2", "row-3")
    assert first["probability"] != second["probability"]


@pytest.fixture
def damaged(pictures):
    """The folder with two files that are no pictures among three that are."""
    (pictures[0] / "0_Maria_Huber.png").write_text("this is text")
    (pictures[0] / "z.dcm").write_bytes(b"")
    return pictures[0]


def test_unreadable_files_stop_with_all_of_them_named_by_number(predictor, damaged, monkeypatch):
    inferred = []
    monkeypatch.setattr(
        type(predictor), "_records", lambda self, batch, *a, **k: inferred.append(len(batch)) or []
    )
    with pytest.raises(DataError) as caught:
        predictor.predict(damaged, batch_size=1)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("2 of 5 cases cannot be predicted, so none was.")
    assert "--on-error skip" in lines[0]
    assert lines[1].startswith("file 1 of 5: expected ")
    assert lines[2].startswith("file 4 of 5: expected ")
    assert "Huber" not in str(caught.value)
    assert inferred == []  # nothing is computed after the first fault


def test_unreadable_files_are_skipped_on_request_and_lose_no_other(predictor, damaged):
    alone = {r["case"]: r["probability"] for r in predictor.predict(sorted(damaged.glob("[ab]*")))}
    records = predictor.predict(damaged, on_error="skip", batch_size=2)
    assert [record["error"] is None for record in records] == [False, True, True, False, True]
    assert records[0]["case"].endswith("0_Maria_Huber.png")
    assert "probability" not in records[0]
    assert records[0]["error"].startswith("file 1 of 5: expected ")
    found = {r["case"]: r["probability"] for r in records if r["error"] is None}
    assert alone.items() <= found.items()


def test_a_bad_row_of_a_table_is_skipped_too(predictor, pictures):
    folder, _ = pictures
    (folder / "new.csv").write_text("file\n../x.png\nb.png\nnone.png\n")
    records = predictor.predict(folder / "new.csv", on_error="skip")
    assert records[0]["error"].startswith("row 2 of new.csv, column 'file': expected a file in")
    assert records[1]["error"] is None
    assert records[2]["error"].startswith("row 4 of new.csv: expected ")


def test_all_unreadable_gives_errors_only(predictor, tmp_path):
    (tmp_path / "a.png").write_text("text")
    (record,) = predictor.predict(tmp_path / "a.png", on_error="skip")
    assert record["error"]
    assert "probability" not in record


def test_an_answer_that_is_no_number_is_not_written_as_one(predictor, pictures):
    def broken(arrays):
        return {"logits": np.array([[0.0], [np.nan], [1.0]], np.float32)}

    predictor.networks["network"] = broken
    message = "file 2 of 3: expected a prediction, got a value that is not a number"
    with pytest.raises(DataError, match=message):
        predictor.predict(pictures[0])
    records = predictor.predict(pictures[0], on_error="skip")
    assert [record["error"] is None for record in records] == [True, False, True]


def test_cases_can_be_listed_first_and_progress_counts_them(predictor, pictures):
    cases = predictor.cases(pictures[0])
    steps = []
    predictor.predict(cases, batch_size=2, progress=steps.append)
    assert steps == [2, 1]


def test_memory_holds_one_batch(predictor, monkeypatch):
    sizes = []
    read_all = module.read_all

    def spy(modality, references, **options):
        sizes.append(len(references))
        return read_all(modality, references, **options)

    monkeypatch.setattr(module, "read_all", spy)
    predictor.predict([np.zeros((16, 16), np.uint8)] * 10, batch_size=4)
    assert sizes == [4, 4, 2]


def test_a_damaged_package_does_not_load(package_folder):
    (package_folder / "network.onnx").write_bytes(b"")
    with pytest.raises(PackageError, match=r"^network\.onnx: .*Copy the package again"):
        load(package_folder)


ALONE = """
import sys
BLOCKED = {"torch", "pandas", "sklearn", "skimage", "matplotlib", "onnx", "onnxruntime"}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(name)
sys.meta_path.insert(0, Blocker())
def refuse(event, _):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(refuse)
import bedside
from bedside.deployment.records import write_predictions
write_predictions(bedside.load(sys.argv[1]).predict(sys.argv[2]), sys.argv[3])
heavy = {"scipy", "pydicom", "rich", "openvino_telemetry"} & set(sys.modules)
assert not heavy, heavy
import resource
usage = resource.getrusage(resource.RUSAGE_SELF)
sys.stdout.write(str(usage.ru_utime + usage.ru_stime))
"""


def test_predicting_needs_no_torch_no_network_and_little_time(
    written_once, predictor, pictures, tmp_path
):
    output = tmp_path / "predictions.json"
    arguments = [written_once, pictures[0] / "b.png", output]
    seconds = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", ALONE, *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        seconds.append(float(done.stdout))
    (record,) = json.loads(output.read_text())
    assert record == predictor.predict(pictures[0] / "b.png")[0]
    assert min(seconds) < 1.5
