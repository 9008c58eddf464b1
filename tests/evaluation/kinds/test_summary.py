"""Summaries go through the same judge and the same files as every other answer."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.data.split import Split
from bedside.errors import DataError, StudyError
from bedside.evaluation.judge import judge_models
from bedside.evaluation.kinds import Answers
from bedside.evaluation.kinds.summary import SUMMARY, measured_names
from bedside.evaluation.record import make_exam, write_judgement
from bedside.evaluation.scoring import score
from bedside.evaluation.subgroups import score_subgroups
from bedside.modalities.text import Text
from bedside.run_folder import RunFolder
from bedside.schema import Prediction, Sample
from bedside.study import EvaluationSection, Study
from bedside.tasks.summarise import Summarise, as_texts
from bedside.training.loader import Prepared
from bedside.training.preparation import Preparation

from ..summaries_made import LEXICON, REFERENCES, SOURCES, TEXTS, answers_of, targets_of

NAMES = ("effusion", "nodule", "fracture")
CASES = 60


def reports(rng: np.random.Generator, count: int) -> tuple[list[str], list[str]]:
    """References and sources: half of them normal, the others with a finding of three."""
    found = [rng.choice(NAMES) if rng.random() < 0.5 else None for _ in range(count)]
    references = ["No acute disease." if f is None else f"New {f} today." for f in found]
    sources = [f"Case {n}. {text}" for n, text in enumerate(references)]
    return references, sources


def written(folder: RunFolder, rng: np.random.Generator, *, lexicon: Path | None) -> dict[str, Any]:
    """A deep model that is right in nine of ten cases, a constant peer, and one that is poor."""
    words: dict[str, Any] = {
        "name": "reports",
        "data": {"table": "reports.csv"},
        "inputs": {"findings": {"modality": "text", "column": "findings"}},
        "target": {"task": "summarise", "column": "impression"},
        "training": {"seed": 11},
        "evaluation": {"bootstrap": 100, "subgroups": ["sex"], "lexicon": lexicon},
    }
    study = Study.parse(words)
    cases = pd.DataFrame({"case_id": [f"c{n}" for n in range(CASES)], "sex": ["F", "M"] * 30})
    cohort = Cohort(cases, "reports.csv", first_row=2)
    parts, references, states = {}, {}, {}
    for part in ("train", "validation", "test"):
        references[part], sources = reports(rng, CASES)
        uncommon = np.array([text != "No acute disease." for text in references[part]])
        targets = targets_of(references[part], sources, uncommon=uncommon, novel=uncommon)
        parts[part] = Prepared({}, targets, np.arange(CASES))
        states.setdefault("findings", Text(column="findings").fit(map(Sample, sources)))
    task = Summarise(column="impression")
    exam = make_exam(study, cohort, Preparation(states, parts), task=task)  # type: ignore[arg-type]

    def outputs(right: float, wrong: str) -> Any:
        return {
            part: {"text": as_texts([t if rng.random() < right else wrong for t in texts])}
            for part, texts in references.items()
            if part != "train"
        }

    deep = {"gru": outputs(0.9, "No nodule.")}
    peers = {"commonest-summary": outputs(0, "No acute disease."), "lead": outputs(0.1, "Case.")}
    judgement = judge_models(exam, deep, peers)
    split = Split(np.array(["train"] * CASES), "case", seed=5)
    write_judgement(folder, judgement, exam, materials=(study, cohort, split), facts={})
    found: dict[str, Any] = json.loads(folder.metrics.read_text())
    return found


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    path = tmp_path / "lexicon.json"
    path.write_text(json.dumps(LEXICON))
    return path


def test_metrics_of_summaries(tmp_path: Path, lexicon: Path, rng: np.random.Generator) -> None:
    metrics = written(RunFolder(tmp_path / "run"), rng, lexicon=lexicon)
    head = {"task": "summarise", "kind": "summary", "primary": "rougeL", "source": "findings"}
    assert {key: metrics[key] for key in head} == head
    assert metrics["lexicon"] == {"file": "lexicon.json", "findings": list(NAMES)}
    positives = metrics["positive_cases"]
    assert metrics["novel_cases"] == metrics["uncommon_cases"] == positives
    assert 15 < positives < 45
    deep, constant = metrics["models"]["gru"], metrics["models"]["commonest-summary"]
    assert deep["rougeL"]["value"] == pytest.approx(0.93, abs=0.07)
    assert deep["rougeL"]["low"] < deep["rougeL"]["value"] < deep["rougeL"]["high"]
    assert constant["dropped_all"] == {"value": 1.0, "low": pytest.approx(0.85, abs=0.1), "high": 1}
    assert constant["rougeL_positive"]["value"] == 0
    assert constant["rougeL"]["value"] == pytest.approx(1 - positives / CASES)
    assert set(deep) == set(measured_names(targets_of(["a"], ["b"], lexicon=LEXICON)))


def test_a_constant_answer_is_not_the_peer_to_beat(
    tmp_path: Path, lexicon: Path, rng: np.random.Generator
) -> None:
    metrics = written(RunFolder(tmp_path / "run"), rng, lexicon=lexicon)
    validation = metrics["validation"]
    assert validation["commonest-summary"] > validation["lead"]
    assert (metrics["best_baseline"], metrics["verdict"]) == ("lead", "deep better")


def test_subgroups_follow_from_the_texts(
    tmp_path: Path, lexicon: Path, rng: np.random.Generator
) -> None:
    metrics = written(RunFolder(tmp_path / "run"), rng, lexicon=lexicon)
    groups = metrics["subgroups"]
    assert {name: list(own) for name, own in groups.items()} == {
        "sex": ["F", "M"],
        "source": ["new", "seen in training"],
        "nearest source": ["unlike", "nearly the same"],
        "reference": ["its own words", "a common one"],
        "findings": ["stated", "none stated"],
    }
    stated = groups["findings"]["stated"]
    assert stated["positives"] == stated["cases"] == metrics["positive_cases"]
    assert set(stated["metrics"]) == {"rouge1", "rouge2", "rougeL"}


def test_without_a_lexicon_findings_are_not_measured(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    metrics = written(RunFolder(tmp_path / "run"), rng, lexicon=None)
    assert metrics["lexicon"] is metrics["positive_cases"] is None
    kinds = ("", "_novel", "_unlike", "_uncommon")
    assert set(metrics["models"]["gru"]) == {
        *("words", "copied_words"),
        *(f"{name}{kind}" for name in ("rouge1", "rouge2", "rougeL") for kind in kinds),
    }
    assert "findings" not in metrics["subgroups"]


def test_predictions_say_how_each_summary_did(
    tmp_path: Path, lexicon: Path, rng: np.random.Generator
) -> None:
    folder = RunFolder(tmp_path / "run")
    metrics = written(folder, rng, lexicon=lexicon)
    with folder.predictions.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == [
        *("case_id", "row", "truth", "summary"),
        *("rougeL", "reference_findings", "summary_findings", "unsupported_findings"),
    ]
    mean = np.mean([float(row["rougeL"]) for row in rows])
    assert mean == pytest.approx(metrics["models"]["gru"]["rougeL"]["value"], abs=1e-4)
    wrong = [row for row in rows if row["summary"] != row["truth"]]
    assert wrong
    assert all(row["reference_findings"] in row["truth"] for row in rows)
    assert {row["summary_findings"] for row in wrong} == {""}
    assert metrics["reference_words"] == pytest.approx(3)
    assert {path.name for path in (folder.root / "predictions").iterdir()} >= {
        *("gru-test.csv", "gru-validation.csv", "lead-test.csv"),
    }


def test_a_lexicon_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    section = EvaluationSection(lexicon=tmp_path / "none.json")
    with pytest.raises(StudyError, match=r"evaluation.lexicon: expected a file that can be read"):
        SUMMARY.ready(targets_of(REFERENCES, SOURCES), section)


def test_what_cannot_be_scored_is_refused() -> None:
    targets = targets_of(REFERENCES, SOURCES)
    with pytest.raises(DataError, match="scoring, text: expected one entry for each of 4 cases"):
        SUMMARY.check(answers_of(targets, TEXTS[:3], groups=np.arange(4)))
    with pytest.raises(DataError, match="scoring, text: expected texts, got 1 entries that are"):
        SUMMARY.check(answers_of(targets, [*TEXTS[:3], None]))  # type: ignore[list-item]
    nothing = targets_of(REFERENCES, SOURCES, known=np.zeros(4, dtype=bool))
    with pytest.raises(DataError, match="got 4 cases, none of them with one"):
        SUMMARY.check(answers_of(nothing, TEXTS))


def test_other_references_give_other_resamples() -> None:
    targets = targets_of(REFERENCES, SOURCES)
    other = targets_of([*REFERENCES[:3], "Other."], SOURCES)
    fingerprints = [
        score(answers_of(each, texts), replicates=100, seed=1).resamples
        for each, texts in ((targets, TEXTS), (targets, REFERENCES), (other, TEXTS))
    ]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_perfect_summaries_of_few_patients_prove_little() -> None:
    """Of eight cases of four patients all are right: tail^(1/4) may still be the truth."""
    answers = answers_of(
        targets_of(REFERENCES * 2, SOURCES * 2, lexicon=LEXICON), REFERENCES * 2, np.arange(8) % 4
    )
    table = score(answers, replicates=100, seed=1).table
    low = 0.025 ** (1 / 4)
    for name in ("rouge1", "rougeL", "rougeL_novel"):
        assert table[name] == {"value": 1, "low": pytest.approx(low), "high": 1}
    two = 0.025 ** (1 / 2)  # two patients have findings
    assert table["findings_f1"]["low"] == pytest.approx(2 * two / (1 + two))
    assert table["findings_ppv"]["low"] == table["findings_sensitivity"]["low"]
    assert table["findings_ppv"]["low"] == pytest.approx(two)
    assert table["false_findings"]["high"] == pytest.approx(1 - low)
    assert table["dropped_all"] == {"value": 0, "low": 0, "high": pytest.approx(1 - two)}
    assert table["rougeL_positive"]["low"] == pytest.approx(two)
    assert table["words"]["low"] is not None


def test_one_answer_for_all_says_nothing_of_a_case() -> None:
    prediction = answers_of(targets_of(REFERENCES, SOURCES), ["Same."] * 4).prediction
    assert not SUMMARY.tells_apart(prediction)
    assert SUMMARY.tells_apart(Prediction({"text": as_texts(TEXTS)}, ("summary",)))


def test_a_subgroup_of_one_kind_has_one_line() -> None:
    targets = targets_of(["A nodule."] * 30, ["A nodule."] * 30, lexicon=LEXICON)
    answers: Answers = answers_of(targets, ["Nodule."] * 30)
    table = score_subgroups(answers, {}, replicates=100, seed=1)
    assert {name: list(own) for name, own in table.items()} == {
        "source": ["new"],
        "nearest source": ["unlike"],
        "reference": ["its own words"],
        "findings": ["stated"],
    }
    assert table["findings"]["stated"]["metrics"]["rouge1"]["value"] == pytest.approx(2 / 3)
