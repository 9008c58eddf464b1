"""A pretrained model writes by steps what it reads at once, whatever its kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bedside.errors import StudyError
from bedside.modalities.text import Text
from bedside.modalities.text_pretrained import pretrained_vocabulary
from bedside.modalities.text_tokens import END, OFFSET, Vocabulary
from bedside.models.network import as_callable
from bedside.models.pretrained_writer import PretrainedWriter
from bedside.schema import Sample, Targets
from bedside.tasks.drawing import Manner, draw
from bedside.tasks.summarise import Summarise, as_texts

from ..pretrained_made import save_model
from ..tasks.writer_made import reports

TEXTS, SUMMARIES = reports(24)


@pytest.fixture(scope="module", params=["t5", "bart"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model"), TEXTS + SUMMARIES, kind=request.param)


def writer_of(folder: Path, **words: Any) -> tuple[PretrainedWriter, dict[str, Any]]:
    """A writer, with all that was made on the way."""
    modality = Text(column="findings").spoken_by(str(folder))
    own = modality.fit([Sample(text) for text in TEXTS])
    prepared = modality.collate([modality.prepare(Sample(text), own) for text in TEXTS])
    arrays = {f"findings.{name}": values for name, values in prepared.items()}
    task = Summarise(column="impression", **{"drawn": 2, **words})
    known = np.ones((len(TEXTS), 1), dtype=bool)
    facts = {"source": "findings"}
    targets = Targets({"truth": as_texts(SUMMARIES), "known": known}, ("s",), "summary", facts)
    state = task.fit_inputs(
        (arrays, targets), task.fit(targets), states={"findings": own}, carry_cases=False
    )
    writer = PretrainedWriter(str(folder), state, length=own["length"])
    made = {"task": task, "state": state, "arrays": arrays, "targets": targets, "own": own}
    return writer, made


def test_its_vocabulary_spells_what_its_tokenizer_spells(folder: Path) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    state = pretrained_vocabulary(str(folder))
    ours = Vocabulary.from_state(state)
    for text in TEXTS[:4]:
        found = ours.encode(text)
        assert [n - OFFSET for n in found] == theirs(
            text, add_special_tokens=False, truncation=False
        )["input_ids"]
        assert ours.decode(found) == text
        assert len(ours.spans(text)) == len(found)
    frame = state["frame"]
    assert frame["after"] == [1]
    assert frame["before"] in ([], [3])
    assert state["size"] == ours.size == theirs.vocab_size + 3 + OFFSET


def test_steps_are_as_surprised_as_the_whole(folder: Path) -> None:
    writer, made = writer_of(folder)
    writer.eval()
    task, state = made["task"], made["state"]
    told = task.told(made["targets"], state)
    arrays = {**made["arrays"], **told}
    whole = as_callable(writer)(arrays)
    parts = {name: as_callable(part) for name, part in task.networks(writer).items()}
    read = parts["remember"](made["arrays"])
    assert read["keys"].shape[1] == made["own"]["length"] + 1 + len(writer.before)
    (tokens,) = told.values()
    hidden, coverage = read["hidden"][:, None], np.zeros_like(read["there"])[:, None]
    names = ("keys", "values", "there", "numbers")
    for place in range(6):
        answer = parts["step"](
            {**{name: read[name] for name in names}, "tokens": tokens[:, place : place + 1],
             "hidden": hidden, "coverage": coverage}
        )  # fmt: skip
        hidden, coverage = answer["next_hidden"], answer["next_coverage"]
        wanted = tokens[:, place + 1]
        rows = np.flatnonzero(wanted > 1)
        found = -np.log(answer["probability"][rows, 0, wanted[rows]])
        np.testing.assert_allclose(found, whole["surprise"][rows, place], atol=1e-4)
        assert np.ptp(found) > 0.01
    there = (read["numbers"][:, :, None] == tokens[:, None, 2:]) & (tokens[:, None, 2:] > 3)
    assert (answer["copied"] >= 0).all()
    assert there.any()


def test_padding_and_what_stands_behind_it_change_nothing(folder: Path) -> None:
    writer, made = writer_of(folder)
    remember = as_callable(writer.parts()["remember"])
    short = {name: values[:3] for name, values in made["arrays"].items()}
    other = {**short, "findings.tokens": short["findings.tokens"].copy()}
    other["findings.tokens"][~short["findings.mask"]] = 9
    one, two = remember(short), remember(other)
    length = int(short["findings.mask"][0].sum()) + 1
    np.testing.assert_array_equal(one["there"], two["there"])
    np.testing.assert_allclose(one["keys"][0, :length], two["keys"][0, :length], atol=1e-6)


def test_it_learns_and_then_writes_with_marks(folder: Path) -> None:
    writer, made = writer_of(folder, drawn=2)
    task, state = made["task"], made["state"]
    arrays = {**made["arrays"], **task.told(made["targets"], state)}
    batch = {name: torch.from_numpy(values) for name, values in arrays.items()}
    writer.train()
    optimiser = torch.optim.AdamW(writer.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        loss = task.loss(writer(batch), {}, state)
        optimiser.zero_grad()
        loss.backward()
        assert not [n for n, w in writer.named_parameters() if w.requires_grad and w.grad is None]
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.35 * losses[0]
    parts = {name: as_callable(part) for name, part in task.networks(writer).items()}
    manner = Manner(2, state["longest"], 0.5, seed=0)
    drawn = draw(parts, made["arrays"], manner, source="findings")
    vocabulary = Vocabulary.from_state(state["vocabulary"])
    said = [vocabulary.decode(row) for row in drawn.tokens[:, 0]]
    assert sum("No acute disease" in text for text in said) >= 3
    assert not (drawn.tokens == END).any()
    assert drawn.copied.any()
    assert not drawn.copied.all()
    alone = draw(parts, {n: v[3:4] for n, v in made["arrays"].items()}, manner, source="findings")
    np.testing.assert_array_equal(alone.tokens[0], drawn.tokens[3])


def test_texts_longer_than_the_model_reaches_are_refused(tmp_path: Path) -> None:
    save_model(tmp_path, TEXTS, kind="bart")
    with pytest.raises(StudyError, match="at most 64 tokens, got 82"):
        PretrainedWriter(str(tmp_path), writer_of(tmp_path)[1]["state"], length=80)


def test_a_decoder_of_another_manner_is_refused(tmp_path: Path) -> None:
    save_model(tmp_path, TEXTS, kind="led")
    with pytest.raises(StudyError, match=r"of a 'led'\. Choose another model; T5, BART"):
        writer_of(tmp_path)


def test_weights_that_are_no_safetensors_or_not_whole_are_refused(tmp_path: Path) -> None:
    save_model(tmp_path, TEXTS)
    _, made = writer_of(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    save_file({"shared.weight": weights["shared.weight"]}, tmp_path / "model.safetensors")
    with pytest.raises(StudyError, match="weights for all of the model"):
        PretrainedWriter(str(tmp_path), made["state"], length=8)
    (tmp_path / "model.safetensors").unlink()
    torch.save(weights, tmp_path / "pytorch_model.bin")
    with pytest.raises(StudyError, match=r"model\.safetensors\), got none that can be read here"):
        PretrainedWriter(str(tmp_path), made["state"], length=8)


@pytest.mark.parametrize("name", ["./nowhere", "google/flan-t5-small"])
def test_a_model_that_is_not_here_is_not_fetched(name: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"^model\.pretrained: expected ") as caught:
        pretrained_vocabulary(name)
    asked = "Correct the path." if name.startswith(".") else "fetch it once with: hf download NAME."
    assert str(caught.value).endswith(asked)


def test_a_model_that_is_no_writer_is_refused(tmp_path: Path) -> None:
    from transformers import BertConfig

    BertConfig(vocab_size=50, hidden_size=16).save_pretrained(tmp_path)
    with pytest.raises(StudyError, match="one of the kind 'bert'"):
        pretrained_vocabulary(str(tmp_path))
