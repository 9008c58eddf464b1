"""What an install pulls in, and that running the product tells nobody."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import TypeGuard

import pytest
from licences import EXTRAS, REFUSED, closure, licence_of, required
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "bedside"
THROUGH_OTHERS = {
    "pylibjpeg": "what joins the next two to pydicom",
    "pylibjpeg-openjpeg": "pydicom's decoder of JPEG 2000",
    "pylibjpeg-rle": "pydicom's decoder of RLE",
    "pyjpegls": "pydicom's decoder of JPEG-LS",
    "pyarrow": "pandas' reader of Parquet and its strings",
    "onnxscript": "torch's ONNX exporter",
}
"""Declared, but imported by another library and not by us."""


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def called(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    """Whether a node calls a function by its plain name with a text first."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return False
    first = node.args[0] if node.args else None
    return node.func.id == name and isinstance(first, ast.Constant) and bool(first.value)


def third_party() -> set[str]:
    """Top-level names of all that src imports from elsewhere, for typing or for use."""
    names: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
            elif called(node, "import_module"):
                names.add(node.args[0].value.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"bedside"}


def test_everything_pulled_in_is_pinned() -> None:
    assert closure(*EXTRAS) - set(pins()) == set()


def test_nothing_is_pinned_that_nothing_pulls_in() -> None:
    assert set(pins()) - closure(*EXTRAS) == set()


def test_pins_meet_what_the_project_asks_for_and_hold_for_every_build() -> None:
    for extra in EXTRAS:
        for requirement in required(extra):
            pin = pins()[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(pin), requirement.name
    assert not [name for name, version in pins().items() if "+" in version]
    assert pins()["torch"] == "2.13.0"


def test_torchs_companions_are_never_pulled_in() -> None:
    assert closure(*EXTRAS) & {"torchvision", "torchaudio", "torchtext"} == set()


def test_the_base_install_stays_small() -> None:
    training = {"torch", "pandas", "matplotlib", "scikit-learn", "scikit-image", "lightgbm", "onnx"}
    assert closure("") & training == set()


def test_every_import_is_declared_and_every_dependency_used() -> None:
    owners = packages_distributions()
    declared = {canonicalize_name(r.name) for extra in EXTRAS for r in required(extra)}
    imported = {canonicalize_name(d) for name in third_party() for d in owners.get(name, [name])}
    assert imported - declared - {"mpl-toolkits"} == set()
    shipped = {canonicalize_name(r.name) for extra in ("", "study") for r in required(extra)}
    assert shipped - imported - set(THROUGH_OTHERS) == set()


def test_licences_are_permissive() -> None:
    for name in closure("", "study", "onnxruntime"):
        licence = licence_of(distribution(name))
        assert licence, name
        assert not REFUSED.search(licence), f"{name}: {licence}"


QUIET = """
import json, pathlib, sys, time
asked = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "os.fork", "subprocess.Popen"):
        asked.append(event)
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise OSError("no network in tests")

sys.addaudithook(watch)
{action}
time.sleep(0.5)
home = sorted(str(p) for p in pathlib.Path.home().rglob("*"))
print(json.dumps(dict(asked=asked, home=home)))
"""
RUN_NETWORK = """
import numpy as np, onnx
from onnx import TensorProto, helper
from bedside.deployment.engine import open_engine
shape = ["batch", 3]
graph = helper.make_graph(
    [helper.make_node("Relu", ["x"], ["y"])], "relu",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
network = open_engine(model.SerializeToString(), engine="{engine}")
assert network(dict(x=np.float32([[-1, 0, 2]])))["y"].tolist() == [[0, 0, 2]]
"""


def importers(library: str) -> list[str]:
    """Modules of ours that import a library, be it inside a function."""
    forms = rf"^\s*(import|from) {library}\b|import_module\(.{library}\b"
    pattern = re.compile(forms, re.MULTILINE)
    return [
        ".".join(["bedside", *path.relative_to(SOURCE).with_suffix("").parts])
        for path in sorted(SOURCE.rglob("*.py"))
        if pattern.search(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("library", ["openvino", "onnxruntime"])
def test_an_engine_is_imported_in_one_place_only(library: str) -> None:
    # Both report to their makers unless told otherwise before their first import, and telling
    # them in one place is the only way to be sure.
    assert importers(library) == ["bedside.deployment.engine"]


def new_process(code: str, *, home: Path) -> dict[str, list[str]]:
    """Run code with an empty home folder and no opt-out set by the machine."""
    hidden = {"ORT_DISABLE_TELEMETRY", "CI", "TF_BUILD", "JENKINS_URL"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_an_engine_tells_nobody(engine: str, tmp_path: Path) -> None:
    code = QUIET.format(action=RUN_NETWORK.format(engine=engine))
    assert new_process(code, home=tmp_path) == {"asked": [], "home": []}


LEARN_WORDS = """
from bedside.modalities.text_tokens import Vocabulary, fit_vocabulary
state = fit_vocabulary(["Kein Erguss."], how="bpe", size=300, lowercase=True)
assert Vocabulary.from_state(state).encode("Erguss")
assert not {{"huggingface_hub", "httpx2", "tqdm"}} & set(sys.modules)
"""


def test_a_vocabulary_is_learnt_and_tells_nobody(tmp_path: Path) -> None:
    code = QUIET.format(action=LEARN_WORDS.format())
    assert new_process(code, home=tmp_path) == {"asked": [], "home": []}


READ_PRETRAINED = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.pretrained_made import save_model
folder = Path.home().parent / "model"
save_model(folder, ["Kein Erguss.", "Ein Erguss links."])
asked.clear()
from bedside.errors import StudyError
from bedside.models.pretrained_writer import _opened
from bedside.modalities.text_pretrained import pretrained_vocabulary
assert pretrained_vocabulary(str(folder))["frame"] == dict(before=[], after=[1])
assert _opened(str(folder)).config.model_type == "t5"
try:
    pretrained_vocabulary("google/flan-t5-small")
except StudyError as error:
    assert "hf download" in str(error)
else:
    raise AssertionError("it is not here")
"""


def test_a_pretrained_model_is_read_and_nobody_is_asked(tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir()
    code = QUIET.format(action=READ_PRETRAINED.format(root=str(ROOT)))
    assert new_process(code, home=home)["asked"] == []


def test_the_watch_sees_what_openvino_does_by_itself(tmp_path: Path) -> None:
    seen = new_process(QUIET.format(action="import openvino"), home=tmp_path)
    assert seen["asked"] or seen["home"]
