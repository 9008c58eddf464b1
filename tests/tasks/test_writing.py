"""A writer from training cases to summaries: what it learns, draws, chooses and says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bedside.modalities.text_tokens import Vocabulary, fit_vocabulary
from bedside.models.network import as_callable
from bedside.schema import TOLD
from bedside.tasks import writing
from bedside.tasks.summarise import as_texts
from bedside.tasks.writing import REFUSED, words_of

from .writer_made import Made, made, reports, trained


@pytest.fixture(scope="module")
def writer() -> Made:
    return trained(made(48), steps=60)


def networks(writer: Made) -> dict[str, Any]:
    parts = writer.task.networks(writer.network)
    return {name: as_callable(part) for name, part in parts.items()}


def test_the_state_is_plain_json_and_the_same_twice() -> None:
    one, other = made().state, made().state
    assert json.loads(json.dumps(one, allow_nan=False)) == one == other
    assert one["longest"] % 8 == 0
    assert "cases" in one
    assert made(longest=12).state["longest"] == 12


def test_without_carried_cases_no_training_text_is_in_the_state() -> None:
    state = made(carry=False).state
    assert "cases" not in state
    assert state["ranking"]["neighbours"] == 0
    assert state["neighbours"] == 0


def test_what_is_carried_names_nobody() -> None:
    task, writer = made().task, made()
    named = [f"Seen by Dr. Zyxwvski on 01/02/2020. {t}" for t in writer.targets.arrays["truth"]]
    arrays = {**writer.targets.arrays, "truth": as_texts(named)}
    state = task.fit_inputs(
        (writer.arrays, replace(writer.targets, arrays=arrays)),
        task.fit(writer.targets),
        states=writer.states,
        carry_cases=True,
    )
    vocabulary = Vocabulary.from_state(state["vocabulary"])
    carried = [vocabulary.decode(tokens) for tokens in state["cases"]["summaries"]]
    assert all("zyxwvski" not in text and "2020" not in text for text in carried)
    assert all("seen by" in text for text in carried)


def test_a_finding_says_more_than_small_words_and_rare_words_stay_behind() -> None:
    task, writer = made(60).task, made(60)
    texts = [*writer.targets.arrays["truth"]]
    texts[:2] = [f"{text} Zyxwvski zyxwvski" for text in texts[:2]]
    arrays = {**writer.targets.arrays, "truth": as_texts(texts)}
    state = task.fit_inputs(
        (writer.arrays, replace(writer.targets, arrays=arrays)),
        task.fit(writer.targets),
        states=writer.states,
        carry_cases=False,
    )
    telling = state["telling"]
    assert telling["rare"] > telling["words"]["nodule"] > telling["words"]["the"] > 0
    assert "zyxwvski" not in json.dumps(state).lower()


def test_references_become_what_is_learnt() -> None:
    writer = made()
    told = writer.task.told(writer.targets, writer.state)[TOLD]
    assert told.shape == (24, writer.state["longest"] + 2)
    assert (told[:, 0] == 2).all()
    vocabulary = Vocabulary.from_state(writer.state["vocabulary"])
    assert [vocabulary.decode(row) for row in told] == [
        text.lower() for text in writer.targets.arrays["truth"]
    ]
    assert (np.take_along_axis(told, (told > 0).sum(axis=1)[:, None] - 1, axis=1) == 3).all()


def test_it_writes_what_the_reports_say(writer: Made) -> None:
    texts, wanted = reports(20, seed=9)
    arrays = prepared(writer, texts)
    parts = networks(writer)
    validation = {name: rows[:24] for name, rows in writer.arrays.items()}
    outputs = writer.task.write(parts, validation, writer.state)
    state = writer.task.calibrate(outputs, writer.targets.take(np.arange(24)), writer.state)
    assert state["ranking"].keys() == writer.state["ranking"].keys()
    found = writer.task.infer(parts, arrays, state).arrays
    same = [a == b.lower() for a, b in zip(found["text"], wanted, strict=True)]
    assert np.mean(same) > 0.7
    assert found["neighbours"].shape == (20, 3)
    for text, support in zip(found["text"], found["support"], strict=True):
        words = json.loads(support)
        assert " ".join(word for word, _ in words) == text
        assert {origin for _, origin in words} <= {"copied", "generated", "neighbour"}
    assert any(origin == "copied" for s in found["support"] for _, origin in json.loads(s))


def test_what_was_written_before_is_chosen_from_without_networks(writer: Made) -> None:
    arrays = prepared(writer, reports(8, seed=5)[0])
    outputs = writer.task.write(networks(writer), arrays, writer.state)
    again = writer.task.infer({"network": lambda _: outputs}, {}, writer.state)
    whole = writer.task.infer(networks(writer), arrays, writer.state)
    assert again.arrays["text"].tolist() == whole.arrays["text"].tolist()
    assert again.arrays["support"].tolist() == whole.arrays["support"].tolist()


def test_a_batch_is_its_cases_one_by_one_and_an_empty_note_has_an_empty_summary(
    writer: Made,
) -> None:
    arrays = prepared(writer, [*reports(4, seed=2)[0], "", "Zz qqq 77 §§"])
    found = writer.task.infer(networks(writer), arrays, writer.state).arrays
    whole = found["text"]
    assert (whole[4], found["support"][4]) == ("", "[]")
    assert (found["neighbours"][4] == -1).all()
    assert all(whole[row] for row in (0, 1, 2, 3))
    for row in range(6):
        one = {name: values[row : row + 1] for name, values in arrays.items()}
        alone = writer.task.infer(networks(writer), one, writer.state).arrays["text"]
        assert alone[0] == whole[row]


@pytest.mark.parametrize("text", ["", "  \n ", ". , ;!", "---", "(…) — §"])
def test_what_holds_no_word_is_refused_and_the_rest_goes_on(writer: Made, text: str) -> None:
    texts = [reports(1, seed=2)[0][0], text, "5 mm", "Größe unverändert"]
    found = writer.task.infer(networks(writer), prepared(writer, texts), writer.state)
    rows = writer.task.rows(found, writer.state)
    assert rows["status"].tolist() == ["written", REFUSED, "written", "written"]
    assert (rows["summary"][1], rows["support"][1], rows["nearest"][1]) == ("", "[]", "[]")
    assert all(rows["summary"][row] for row in (0, 2, 3))


def test_of_whole_words_a_text_of_none_that_is_known_is_refused() -> None:
    texts = reports(24)[0]
    vocabulary = Vocabulary(fit_vocabulary(texts, how="words", size=400, lowercase=True))
    tokens = [vocabulary.encode(text) for text in ("Qwx zzk, vvb.", texts[0])]
    padded = np.zeros((2, max(map(len, tokens))), np.int32)
    for row, own in enumerate(tokens):
        padded[row, : len(own)] = own
    assert writing._wordless(padded, vocabulary).tolist() == [True, False]


def test_a_summary_of_a_similar_case_is_said_to_be_one(writer: Made) -> None:
    arrays = prepared(writer, reports(3, seed=2)[0])
    ranking = {"neighbours": 1.0, "sharpness": 20.0, "facts": 0.0, "length": 0.0}
    strict = {**writer.state, "ranking": ranking}
    outputs = writer.task.write(networks(writer), arrays, strict)
    outputs = {**outputs, "drawn": np.full_like(outputs["drawn"], 0)}
    found = writer.task.infer({"network": lambda _: outputs}, {}, strict).arrays
    for support in found["support"]:
        assert {origin for _, origin in json.loads(support)} == {"neighbour"}


def test_words_have_the_origin_of_their_first_token() -> None:
    vocabulary = Vocabulary.from_state(made().state["vocabulary"])
    tokens = vocabulary.encode("effusion xq9 base.")
    origins = ["copied"] + ["generated"] * (len(tokens) - 1)
    words = words_of(vocabulary, tokens, origins)
    assert [word for word, _ in words] == ["effusion", "xq9", "base."]
    assert [origin for _, origin in words] == ["copied", "generated", "generated"]


def prepared(writer: Made, texts: list[str]) -> dict[str, np.ndarray]:
    from bedside.schema import Sample

    own = [writer.modality.prepare(Sample(t), writer.states["findings"]) for t in texts]
    return {f"findings.{k}": v for k, v in writer.modality.collate(own).items()}
