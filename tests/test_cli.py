"""The command as a user types it: answers and exit codes, and that nothing is overwritten."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

import bedside

from .made_study import (
    SECRET,
    WORDS,
    Finished,
    command,
    contents,
    skip_package_and_report,
    table_of,
    words_with,
    write_study,
    write_table,
)

Capture = pytest.CaptureFixture[str]
HEAVY = {"torch", "pandas", "matplotlib", "numpy", "pydantic", "scipy", "openvino", "sklearn"}
HELP = """
import json, sys
sys.argv = ["bedside", "--help"]
from bedside.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code
print("\\n" + json.dumps(sorted(set(name.partition(".")[0] for name in sys.modules))))
"""

TYPO = """
import json, sys
sys.argv = ["bedside", *{words}]
from bedside.cli import main
try:
    main()
except SystemExit as stop:
    assert stop.code == 1
print(json.dumps(sorted(set(name.partition(".")[0] for name in sys.modules))))
"""


# Help


def test_help_imports_nothing_heavy() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert modules & HEAVY == set()
    for name in ("demo", "init", "audit", "run", "predict", "personalise", "report"):
        assert f"\n  {name} " in done.stdout
    assert "..." not in done.stdout.partition("Commands:")[2]  # no sentence is cut off
    assert spent < 1.0  # 0.2 s where nothing else runs


@pytest.mark.parametrize("name", ["audit", "run"])
def test_a_typo_is_told_before_anything_heavy_is_imported(here: Path, name: str) -> None:
    words = [name, "study.yaml", "--set", "training.epoch=3"]
    code = TYPO.format(words=words)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True
    )
    assert "training.epoch: unknown key. Did you mean 'epochs'?" in done.stderr
    assert set(json.loads(done.stdout)) & (HEAVY - {"pydantic"}) == set()


@pytest.mark.parametrize(
    "name", ["demo", "init", "audit", "run", "predict", "personalise", "report"]
)
def test_every_command_shows_examples(name: str, capsys: Capture) -> None:
    said = command(capsys, name, "--help")
    assert said.code == 0
    assert f"bedside {name} " in said.out.partition("Examples:")[2]


def test_the_version_is_told(capsys: Capture) -> None:
    assert command(capsys, "--version").out == f"bedside {bedside.__version__}\n"


def test_an_unknown_command_names_the_nearest(capsys: Capture) -> None:
    said = command(capsys, "runn")
    assert said.code == 2
    assert "Did you mean 'run'?" in said.err


# As a new user types it


def make_folder(place: Path) -> None:
    for row in table_of(place)[1:]:
        (place / "by-class" / row[5]).mkdir(parents=True, exist_ok=True)
        shutil.copy(place / row[4], place / "by-class" / row[5])


def make_npz(place: Path) -> None:
    rows = table_of(place)[1:]
    images = np.stack([np.asarray(Image.open(place / row[4])) for row in rows])
    labels = np.array([[row[5] == "ill"] for row in rows], dtype=np.uint8)
    parts = {"train": slice(0, 40), "val": slice(40, 56), "test": slice(56, 72)}
    arrays = {f"{part}_images": images[rows] for part, rows in parts.items()}
    arrays |= {f"{part}_labels": labels[rows] for part, rows in parts.items()}
    np.savez(place / "set.npz", **arrays)


@pytest.mark.parametrize(
    ("data", "make", "cases"),
    [("cases.csv", None, 72), ("by-class", make_folder, 72), ("set.npz", make_npz, 72)],
)
def test_init_then_audit_then_run(
    data: str,
    make: Callable[[Path], None] | None,
    cases: int,
    here: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    skip_package_and_report(monkeypatch)
    if make:
        make(here)
    said = command(capsys, "init", data, "-o", "new.yaml")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "Wrote new.yaml. Read it, then: bedside audit new.yaml\n"
        "Then train and measure: bedside run new.yaml\n"
    )
    assert all("#" in line for line in Path("new.yaml").read_text().splitlines() if line)
    said = command(capsys, "audit", "new.yaml", "-o", "audit.json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(Path("audit.json").read_text())["facts"]["cases"] == cases
    quick = ["training.epochs=1", "evaluation.bootstrap=100", "baselines=[majority]", "threads=1"]
    settings = [word for each in quick for word in ("--set", each)]
    said = command(capsys, "run", "new.yaml", *settings)
    assert said.code == 0, said.err
    (root,) = Path("runs").iterdir()
    saved = yaml.safe_load((root / "study.yaml").read_text())
    assert (saved["training"]["epochs"], saved["evaluation"]["bootstrap"]) == (1, 100)
    metrics = json.loads((root / "metrics.json").read_text())
    lines = said.out.splitlines()
    assert lines[0].startswith("auroc resnet ")
    assert lines[2].endswith(metrics["verdict"])
    assert lines[3:] == [f"Report:  {root}/report.html", f"Package: {root}/package"]
    assert "Audit: 0 blocking, " in said.err
    assert "GiB of memory" in said.err
    assert "lightning" not in said.err.lower()
    assert "bfloat16" not in said.err


def test_quiet_says_nothing(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_package_and_report(monkeypatch)
    assert command(capsys, "run", "study.yaml", "-o", "runs/a", "-q") == (0, "", "")
    assert command(capsys, "audit", "study.yaml", "-q") == (0, "", "")


def test_audit_exits_with_2_where_a_run_would_stop(here: Path, capsys: Capture) -> None:
    (here / table_of(here)[3][4]).write_bytes(b"")
    said = command(capsys, "audit", "study.yaml", "-o", "audit.json")
    assert said.code == 2
    assert "unreadable-files" in said.out
    (first, *_) = json.loads(Path("audit.json").read_text())["findings"]
    assert (first["severity"], first["rows"]) == ("block", [4])
    assert SECRET not in said.out + said.err + Path("audit.json").read_text()


def test_a_terminal_that_lacks_letters_stops_nothing() -> None:
    words = "from bedside.cli import main\ntry: main()\nfinally: print('Entz\\xfcndung')"
    said = subprocess.run(
        [sys.executable, "-c", words, "--version"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True, check=False,
    )  # fmt: skip
    assert (said.returncode, said.stderr) == (0, b"")
    assert said.stdout.endswith(b"Entz\\xfcndung\n")


def test_audit_lists_the_cases_to_look_at_with_their_files(here: Path, capsys: Capture) -> None:
    name = table_of(here)[3][4]
    (here / name).write_bytes(b"")
    assert command(capsys, "audit", "study.yaml", "--worklist", "look.csv", "-q") == (2, "", "")
    (line,) = [li for li in Path("look.csv").read_text("utf-8-sig").splitlines() if "block" in li]
    assert line.startswith("block,unreadable-files,4,,")
    assert line.endswith(name)


def test_audit_shows_patients_across_given_parts(here: Path, capsys: Capture) -> None:
    table = table_of(here)
    table[0].append("part")
    for number, row in enumerate(table[1:]):
        row.append(["train", "val", "test"][number % 3])
    write_table(here, table)
    write_study(here, words_with(split={"column": "part"}))
    said = command(capsys, "audit", "study.yaml")
    assert said.code == 2
    assert "patients-across-parts" in " ".join(said.out.split())


def test_report_is_written_again_and_without_cases(
    finished: Finished, tmp_path: Path, capsys: Capture
) -> None:
    said = command(capsys, "report", finished.root, "--no-cases", "-o", tmp_path / "share.html")
    assert (said.code, said.out) == (0, f"Report: {tmp_path / 'share.html'}\n")
    assert SECRET not in (tmp_path / "share.html").read_text(encoding="utf-8")
    assert "row 2 of" not in (tmp_path / "share.html").read_text(encoding="utf-8")


def test_a_mended_study_runs_with_the_same_words(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    same_words = ("run", "study.yaml", "-o", "runs/a", "-q")
    write_study(here, words_with(target={**WORDS["target"], "column": "labl"}))
    assert command(capsys, *same_words).code == 1
    write_study(here)
    assert command(capsys, *same_words) == (0, "", "")


def test_settings_on_the_command_line_are_checked_like_the_file(
    here: Path, capsys: Capture
) -> None:
    for setting, sentence in {
        "training.epoch=3": "study.yaml: training.epoch: unknown key. Did you mean 'epochs'?",
        "training.epochs=many": "study.yaml: training.epochs: expected ",
        "training.epochs": "--set: expected key=value such as training.epochs=5, got",
        "name.first=x": "--set name.first: 'name' is a value, not a section.",
    }.items():
        said = command(capsys, "run", "study.yaml", "--set", setting)
        assert said.code == 1
        assert said.err.startswith(f"bedside: {sentence}")
    assert not (here / "runs").exists()


# Where nothing may be written


def test_an_output_that_is_a_file_or_holds_other_files_is_refused(
    here: Path, capsys: Capture
) -> None:
    (here / "thesis").mkdir()
    (here / "thesis" / "splits.csv").write_text("mine")
    before = contents(here)
    said = command(capsys, "run", "study.yaml", "-o", "cases.csv")
    assert (said.code, said.err) == (
        1,
        "bedside: cases.csv: expected a folder for the run, got a file. Name another with -o.\n",
    )
    said = command(capsys, "run", "study.yaml", "-o", "thesis")
    assert said.err == (
        "bedside: thesis: expected a new or empty folder, got one with other files. "
        "Name another with -o.\n"
    )
    assert contents(here) == before


def test_a_place_that_cannot_be_written_is_one_sentence(
    here: Path, package: Path, capsys: Capture
) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("needs /proc, where even root cannot write")
    said = command(capsys, "run", "study.yaml", "-o", "/proc/run")
    assert said.code == 1
    assert "cannot be written (" in said.err
    said = command(capsys, "predict", package, "cases.csv", "-o", "/proc/p.csv")
    assert said.code == 1
    assert said.err.startswith("bedside: p.csv: cannot be written (")


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "study.yaml", "-o", "study.yaml"),
        ("audit", "study.yaml", "--worklist", "cases.csv"),
        ("init", "cases.csv", "-o", "cases.csv", "--force"),
        ("predict", "PACKAGE", "cases.csv", "-o", "./cases.csv"),
    ],
)
def test_an_answer_is_never_written_over_its_question(
    words: tuple[str, ...], here: Path, package: Path, capsys: Capture
) -> None:
    before = contents(here)
    said = command(capsys, *(str(package) if word == "PACKAGE" else word for word in words))
    assert said.code == 1
    assert "expected a file of its own for the output, got the input. Name another" in said.err
    assert contents(here) == before


def test_init_replaces_a_file_only_when_told(here: Path, capsys: Capture) -> None:
    said = command(capsys, "init", "cases.csv")
    assert (said.code, said.err) == (
        1,
        "bedside: study.yaml: is there already. Add --force to replace it.\n",
    )
    assert command(capsys, "init", "cases.csv", "--force").code == 0
    assert "# Guessed by 'bedside init'" in (here / "study.yaml").read_text()


# Stopped, and unforeseen


def test_ctrl_c_says_how_to_go_on(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("bedside.pipeline.train_candidates", stop)
    # a shell starts its background jobs with SIGINT ignored, and children inherit that
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        said = command(capsys, "run", "study.yaml", "-q")
    finally:
        signal.signal(signal.SIGINT, before)
    assert said == (130, "", "bedside: stopped. A run goes on with --resume.\n")


def test_an_unforeseen_error_tells_its_place_and_no_data(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr("bedside.pipeline.train_candidates", fail)
    said = command(capsys, "run", "study.yaml", "-q")
    assert said.code == 1
    assert said.err.startswith("bedside: unforeseen KeyError in test_cli.py line ")
    assert "set BEDSIDE_TRACEBACK=1 and repeat." in said.err
    assert SECRET not in said.err + (here / "runs" / "tiny" / "log.jsonl").read_text()
    monkeypatch.setenv("BEDSIDE_TRACEBACK", "1")
    with pytest.raises(KeyError):
        command(capsys, "run", "study.yaml", "-q")


def test_a_missing_library_names_the_extra(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("bedside.study.Study.load", fail)
    said = command(capsys, "run", "study.yaml")
    assert (said.code, said.err) == (
        1,
        "bedside: this command needs 'torch', which is not installed. "
        "Install it with: pip install 'bedside[study]'\n",
    )
    assert os.listdir(here / "pictures")  # noqa: PTH208 - nothing was touched


@pytest.mark.parametrize(
    ("words", "suffix"), [(("audit", "study.yaml"), ".json"), (("report", "runs/a"), ".html")]
)
def test_an_answer_never_takes_the_place_of_a_table(
    here: Path, capsys: Capture, words: tuple[str, ...], suffix: str
) -> None:
    before = (here / "cases.csv").read_bytes()
    said = command(capsys, *words, "-o", here / "cases.csv")
    assert (said.code, said.err) == (
        1,
        f"bedside: cases.csv: expected a file ending in {suffix}, got '.csv'. "
        "Name another with -o.\n",
    )
    assert (here / "cases.csv").read_bytes() == before
