"""The shape of the code: import direction, sizes, signatures, names, what the base half needs."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "bedside"
SHARED = (
    *("errors", "registry", "schema", "study", "yaml_words", "run_folder", "progress"),
    "environment",
    "extras",
    "abilities",
)
ORDER = (
    "data",
    "modalities",
    "measurement",
    "models",
    "tasks",
    "training",
    "baselines",
    "audit",
    "evaluation",
    "explanation",
    "privacy",
    "deployment",
    "reporting",
    "pipeline",
    "demo",
    "repeats",
    "side_by_side",
    "decathlon",
    "benchmark_run",
    "command_words",
    "command_run",
    "command_compare",
    "command_recalibrate",
    "command_benchmark",
    "command_data",
    "command_explain",
    "command_package",
    "command_checklist",
    "command_measure",
    "command_deidentify",
    "command_process",
    "cli",
)
HEAVY = ("torch", "pandas", "sklearn", "skimage", "matplotlib", "lightgbm", "monai", "pyarrow")
SERVING = (*SHARED, "modalities", "measurement", "tasks", "deployment")
TORCH_HALVES = (
    "bedside.modalities.image_augmentation",
    "bedside.modalities.volume_augmentation",
    "bedside.modalities.uniform_draws",
    "bedside.modalities.image_features",
    "bedside.deployment.export",
)
"""Modules beside the serving path that training alone imports."""
FREE_FACTS = {"run_folder.py: Log.write"}
"""The facts of a log line have no fixed names; everywhere else options are spelt out."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One parsed source file."""

    path: Path
    tree: ast.Module

    @property
    def label(self) -> str:
        return str(self.path.relative_to(SOURCE))

    @property
    def name(self) -> str:
        steps = ["bedside", *self.path.relative_to(SOURCE).with_suffix("").parts]
        return ".".join(steps[:-1] if steps[-1] == "__init__" else steps)

    @property
    def package(self) -> str:
        """The name the direction rule speaks of: ``bedside.data.cohort`` belongs to ``data``."""
        return [*self.name.split("."), ""][1]


MODULES = [
    Module(p, ast.parse(p.read_text(encoding="utf-8"))) for p in sorted(SOURCE.rglob("*.py"))
]


def guarded(node: ast.AST) -> bool:
    """Whether a node is ``if TYPE_CHECKING:``."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports(module: Module) -> list[tuple[int, str]]:
    """Line and absolute name of every import that runs, those inside functions included."""
    found: list[tuple[int, str]] = []
    todo: list[ast.AST] = [module.tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
        if isinstance(node, ast.If) and guarded(node):
            todo += node.orelse
        else:
            todo += ast.iter_child_nodes(node)
    return found


def absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    depth = node.level - (1 if module.path.name == "__init__.py" else 0)
    steps = module.name.split(".")
    base = steps[: len(steps) - depth]
    return ".".join([*base, node.module] if node.module else base)


def functions(module: Module) -> list[tuple[str, Function, bool, bool]]:
    """Dotted name, node, is public, is a method that takes self or cls; nested ones too."""
    found: list[tuple[str, Function, bool, bool]] = []

    def walk(node: ast.AST, prefix: str, *, public: bool, owner: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                shown = public and (not child.name.startswith("_") or child.name == "__init__")
                static = any("staticmethod" in ast.dump(d) for d in child.decorator_list)
                bound = owner == "class" and not static
                found.append((f"{prefix}{child.name}", child, shown, bound))
                walk(child, f"{prefix}{child.name}.", public=False, owner="function")
            elif isinstance(child, ast.ClassDef):
                shown = public and not child.name.startswith("_")
                walk(child, f"{prefix}{child.name}.", public=shown, owner="class")
            else:
                walk(child, prefix, public=public, owner=owner)

    walk(module.tree, "", public=True, owner="module")
    return found


def test_there_is_something_to_check() -> None:
    assert {m.package for m in MODULES} >= {"", *SHARED, "data", "modalities", "tasks"}


def test_every_package_has_its_place_in_the_order() -> None:
    assert {m.package for m in MODULES} <= {"", *SHARED, *ORDER, "__main__"}


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.label)
def test_imports_point_up(module: Module) -> None:
    if module.package in SHARED:
        allowed: set[str] = set(SHARED)
    elif module.package in ORDER:
        allowed = {*SHARED, *ORDER[: ORDER.index(module.package) + 1]}
    else:
        allowed = {*SHARED, *ORDER} if module.package == "__main__" else set()
    wrong = [
        f"{module.label}:{line} imports {name}"
        for line, name in imports(module)
        if name.startswith("bedside.")
        and name.split(".")[1] not in allowed
        and (SOURCE / name.split(".")[1]).with_suffix(".py").exists()
        | (SOURCE / name.split(".")[1]).is_dir()
    ]
    assert not wrong


def test_the_direction_rule_sees_every_form_of_import() -> None:
    text = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import bedside.cli\n"
        "else:\n    import bedside.audit\n"
        "def f():\n    from bedside import pipeline\n    from ..reporting import page\n"
    )
    module = Module(SOURCE / "data" / "cohort.py", ast.parse(text))
    names = {name for _, name in imports(module)}
    assert names == {
        "typing.TYPE_CHECKING",
        "bedside.audit",
        "bedside.pipeline",
        "bedside.reporting.page",
    }


def test_no_public_function_shares_a_name_with_a_submodule_beside_it() -> None:
    wrong = []
    for module in MODULES:
        beside = {p.stem for p in module.path.parent.iterdir() if p.suffix == ".py" or p.is_dir()}
        for name, _, public, _ in functions(module):
            if public and name in beside:
                wrong.append(f"{module.label}: {name}")
    assert not wrong


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.label)
def test_sizes_and_signatures(module: Module) -> None:
    wrong = []
    lines = len(module.path.read_text(encoding="utf-8").splitlines())
    if lines > 400:
        wrong.append(f"{module.label}: {lines} lines, at most 400")
    for name, node, public, bound in functions(module):
        where = f"{module.label}: {name}"
        length = (node.end_lineno or 0) - node.body[0].lineno + 1
        if length > 60:
            wrong.append(f"{where} has a body of {length} lines, at most 60")
        positional = len(node.args.posonlyargs) + len(node.args.args) - bound
        if public and positional > 3:
            wrong.append(f"{where} takes {positional} positional parameters, at most 3")
        if public and node.args.kwarg is not None and where not in FREE_FACTS:
            wrong.append(f"{where} takes **{node.args.kwarg.arg}; spell its options out")
    assert not wrong


def test_no_module_is_called_utils() -> None:
    names = {"utils", "util", "helpers", "misc", "common"}
    assert [m.label for m in MODULES if names & {m.path.stem, m.path.parent.name}] == []


def test_sources_are_documented() -> None:
    bare = [m.label for m in MODULES if m.path.stat().st_size and not ast.get_docstring(m.tree)]
    assert bare == []


def python(code: str, *arguments: str) -> str:
    """Run code in a new interpreter, warnings as errors; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LOADED = """
import json, sys
heavy = json.loads(sys.argv[1])
{action}
print("LOADED", json.dumps([name for name in heavy if name in sys.modules]))
"""
HELP = """
import contextlib, io
sys.argv = ["bedside", "--help"]
from bedside.cli import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main()
"""


@pytest.mark.parametrize("action", ["import bedside", "import bedside.cli", HELP])
def test_import_and_help_load_nothing_heavy(action: str) -> None:
    heavy = json.dumps([*HEAVY, "openvino", "onnxruntime", "scipy", "pydicom", "PIL"])
    assert python(LOADED.format(action=action), heavy).splitlines()[-1] == "LOADED []"


BLOCKED = """
import importlib, json, sys
names, heavy = json.loads(sys.argv[1]), set(json.loads(sys.argv[2]))

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in heavy:
            raise ModuleNotFoundError(f"{name} is not in the base install", name=name)
        return None

sys.meta_path.insert(0, Blocker())
faults = []
for name in names:
    try:
        importlib.import_module(name)
    except ImportError as error:
        faults.append(f"{name}: {error}")
print(json.dumps(faults))
"""


def test_the_serving_half_imports_without_the_training_libraries() -> None:
    names = [m.name for m in MODULES if m.package in SERVING and m.name not in TORCH_HALVES]
    assert len(names) > len(SHARED)
    heavy = json.dumps([*HEAVY, "tokenizers", "nibabel", "transformers"])
    assert json.loads(python(BLOCKED, json.dumps(names), heavy)) == []


def test_the_blocker_blocks() -> None:
    faults = json.loads(python(BLOCKED, json.dumps(["torch.nn"]), json.dumps(HEAVY)))
    assert faults == ["torch.nn: torch.nn is not in the base install"] or faults == [
        "torch.nn: torch is not in the base install"
    ]


def test_nothing_that_developers_alone_install_is_imported() -> None:
    """A user's install of all extras but `dev` runs every command."""
    extras = tomllib.loads((SOURCE.parent.parent / "pyproject.toml").read_text())["project"]
    named = {name: map(_distribution, own) for name, own in extras["optional-dependencies"].items()}
    developers = set(named.pop("dev"))
    others = {name for own in named.values() for name in own}
    others |= set(map(_distribution, extras["dependencies"]))
    alone = {name.replace("-", "_").partition(".")[0] for name in developers - others}
    assert "hypothesis" in alone
    imported = {
        f"{module.label} imports {name}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
        if name.partition(".")[0] in alone and not getattr(node, "level", 0)
    }
    assert not imported


def _distribution(requirement: str) -> str:
    return re.split(r"[<>=\[ ]", requirement)[0].lower()
