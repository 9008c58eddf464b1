"""Packages of simple models: proven, without training libraries, and refused where not servable."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.synthetic.reports import make_reports
from bedside.deployment.from_peer import package_peer
from bedside.deployment.package import read_package
from bedside.deployment.predictor import load
from bedside.deployment.rewriting import write_changed
from bedside.errors import PackageError, RunError
from bedside.modalities import REGISTRY, describes_with
from bedside.pipeline import Run, run
from bedside.run_folder import RunFolder
from bedside.study import Study

from ..made_study import command

if TYPE_CHECKING:
    from ..made_study import Finished

SECRET = "Zyxwvski"
PEERS = ("majority", "logistic", "boosted-trees", "tfidf-logistic")
WORDS: dict[str, Any] = {
    "name": "reports",
    "data": {"table": "reports.csv", "patient": "patient_id"},
    "inputs": {"findings": {"modality": "text", "column": "findings", "vocabulary": 400}},
    "target": {"task": "classify", "column": "priority"},
    "model": {"encoders": {"findings": "bag"}},
    "training": {"epochs": 1, "precision": "float32"},
    "baselines": list(PEERS),
    "evaluation": {"bootstrap": 100},
    "explanation": {"method": "none"},
    "device": "cpu",
    "threads": 1,
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("peers")
    table = make_reports(patients=60, seed=4).table
    named = np.arange(len(table)) % 90 == 0  # a name that stands in two texts
    table["findings"] = table["findings"] + np.where(named, f" {SECRET}, {SECRET}.", "")
    table.to_csv(folder / "reports.csv", index=False)
    (folder / "study.yaml").write_text(json.dumps(WORDS), encoding="utf-8")
    return run(Study.load(folder / "study.yaml"), folder / "run")


ALONE = """
import sys
BLOCKED = {"torch", "pandas", "sklearn", "skimage", "lightgbm", "matplotlib", "onnx", "tokenizers"}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(name)
sys.meta_path.insert(0, Blocker())
import json, bedside
json.dump(bedside.load(sys.argv[1]).predict(sys.argv[2]), sys.stdout)
"""


def predicted_alone(package: Path, table: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE, str(package), str(table)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_words_counted_are_packaged_and_answer_on_the_base_install(
    texts: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = texts.folder.root
    said = command(capsys, "package", root, "--model", "tfidf-logistic")
    assert said.code == 0, said.err
    assert "probabilities on validation cases" in said.out
    package = root / "package-tfidf-logistic"
    assert said.out.splitlines()[-1] == f"Package: {package}"
    wanted = pd.read_csv(root / "predictions" / "tfidf-logistic-test.csv")
    table = pd.read_csv(root.parent / "reports.csv")
    table[table["case_id"].isin(wanted["case_id"])].to_csv(tmp_path / "new.csv", index=False)
    found = predicted_alone(package, tmp_path / "new.csv")
    assert [record["case"] for record in found] == wanted["case_id"].tolist()
    for column in (name for name in wanted.columns if name.startswith("probability")):
        answers = [record[column] for record in found]
        assert answers == pytest.approx(wanted[column].to_numpy(), abs=1e-4)
        assert np.ptp(answers) > 0.3
    for column in {"decision", "set", "certain"} & set(wanted.columns):
        assert [record[column] for record in found] == wanted[column].tolist()
    assert {record["model"] for record in found} == {"tfidf-logistic"}


def test_a_name_of_two_texts_is_nowhere_in_it(texts: Run, tmp_path: Path) -> None:
    made = package_peer(texts.folder, model="tfidf-logistic", output=tmp_path / "package")
    places = [*made.folder.rglob("*"), *texts.folder.baselines.rglob("*")]
    files = [path for path in places if path.is_file()]
    assert len(files) > 8
    for path in files:
        assert SECRET.lower().encode() not in path.read_bytes().lower(), path.name
        assert b"pickle" not in path.read_bytes()


@pytest.mark.parametrize("model", PEERS)
def test_every_peer_is_proven_and_carries_its_own_state(
    texts: Run, model: str, tmp_path: Path
) -> None:
    made = package_peer(texts.folder, model=model, output=tmp_path / "package")
    assert 0 <= made.parity[model] <= 1e-4
    package = read_package(made.folder)
    assert package.networks == {}
    assert package.contents.facts.model == model
    own, metrics = package.contents.facts.metrics, texts.metrics["models"][model]
    assert own["auroc"] == metrics["auroc"]
    state = json.loads((texts.folder.baselines / model / "state.json").read_text())
    assert package.contents.task_state == state
    assert package.contents.model_card.startswith(f"# {model}\n")
    assert f"{metrics['auroc']['value']:.3f}" in package.contents.model_card
    words = json.loads((made.folder / "package.json").read_text())
    assert words["requires"] == ([] if model == "tfidf-logistic" else ["text"])
    texts_asked = ["No acute findings.", "Large left pneumothorax.", ""]
    (tmp_path / "t.csv").write_text("findings\n" + "".join(f'"{t}"\n' for t in texts_asked))
    found = load(made.folder).predict(tmp_path / "t.csv")
    sums = [sum(v for k, v in one.items() if k.startswith("probability")) for one in found]
    assert sums == pytest.approx([1, 1, 1], abs=1e-4)


def test_the_best_is_the_default_and_a_network_is_refused(texts: Run, tmp_path: Path) -> None:
    made = package_peer(texts.folder, output=tmp_path / "package")
    assert set(made.parity) == {texts.metrics["best_baseline"]}
    with pytest.raises(PackageError, match=r"--model: expected one of the run's simple models .*"
                       r"got a network, which package/ holds"):  # fmt: skip
        package_peer(texts.folder, model="bag")
    with pytest.raises(PackageError, match=r"got .other.\. Name one of them"):
        package_peer(texts.folder, model="other")


def copied(texts: Run, tmp_path: Path) -> RunFolder:
    left = shutil.ignore_patterns("package-*")
    return RunFolder(shutil.copytree(texts.folder.root, tmp_path / "run", ignore=left))


def test_other_numbers_than_the_runs_are_refused(texts: Run, tmp_path: Path) -> None:
    folder = copied(texts, tmp_path)
    state = folder.baselines / "tfidf-logistic" / "state.json"
    words = json.loads(state.read_text())
    words["temperature"] = [2 * t for t in words["temperature"]]
    state.write_text(json.dumps(words))
    with pytest.raises(PackageError, match=r"within 0\.0001 on validation cases, got a difference"):
        package_peer(folder, model="tfidf-logistic")
    assert not (folder.root / "package-tfidf-logistic").exists()
    state.unlink()
    with pytest.raises(PackageError, match=r"whose numbers the run kept \(boosted-trees, logistic"):
        package_peer(folder, model="tfidf-logistic")
    (folder.baselines / "logistic" / "peer.npz").write_bytes(b"no")
    with pytest.raises(RunError, match="checkpoint/baselines/logistic: damaged or not whole"):
        package_peer(folder, model="logistic")


def test_data_that_changed_are_told_by_row(texts: Run, tmp_path: Path) -> None:
    folder = copied(texts, tmp_path)
    table = pd.read_csv(texts.folder.root.parent / "reports.csv").iloc[::-1]
    table.to_csv(tmp_path / "reports.csv", index=False)
    words = folder.study.read_text().replace(str(texts.folder.root.parent), str(tmp_path))
    folder.study.write_text(words)
    with pytest.raises(RunError, match="expected the cases of the run in their order, got another"):
        package_peer(folder, model="majority")


def test_features_that_serving_lacks_are_refused(finished: Finished, tmp_path: Path) -> None:
    folder = finished.run.folder
    with pytest.raises(PackageError) as refused:
        package_peer(folder, model="logistic", output=tmp_path / "package")
    assert str(refused.value) == (
        "Model 'logistic': expected features that the base install computes, got those of input "
        "'xray', which need scikit-image. Use the package of the run's network, whose input is "
        "the data itself."
    )
    made = package_peer(folder, model="majority", output=tmp_path / "package")
    share = load(made.folder).predict(finished.folder / "pictures")
    assert len({record["probability"] for record in share}) == 1
    assert load(made.folder).package.peer is not None


DESCRIBE = """
import sys
import numpy as np
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "pandas", "sklearn", "skimage", "lightgbm"}:
            raise ImportError(name)
sys.meta_path.insert(0, Blocker())
from bedside.modalities import REGISTRY
own = REGISTRY.load(sys.argv[1])()
samples = own.fake(np.random.default_rng(0), 4)
state = own.fit(samples)
try:
    own.describe(own.collate([own.prepare(sample, state) for sample in samples]))
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize("name", [n for n in REGISTRY.names() if n != "signal"])
def test_a_modality_says_what_its_features_need(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DESCRIBE, name], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    expected = {None: "", "scikit-image": "skimage"}[describes_with(REGISTRY.load(name)())]
    assert done.stdout.strip().split(".")[0] == expected


def test_a_package_of_a_simple_model_is_rewritten_like_any_other(
    texts: Run, tmp_path: Path
) -> None:
    source = tmp_path / "peer"
    package_peer(texts.folder, model="tfidf-logistic", output=source)
    package = read_package(source)
    state = dict(package.contents.task_state)
    write_changed(tmp_path / "own", source, package, state=state, record=("x.json", {}), card="")
    table = texts.folder.root.parent / "reports.csv"
    one, two = (load(place).predict(table) for place in (source, tmp_path / "own"))
    keys = [key for key in one[0] if key.startswith("probability")]
    assert keys
    assert [[row[k] for k in keys] for row in one] == [[row[k] for k in keys] for row in two]
