"""A pretrained sequence-to-sequence model of transformers as a network that writes.

Enters: tokens of the texts in the numbers of `text_pretrained`, and while learning the summary to
be written. Leaves: how surprised the model is by each token of that summary. What a package runs
are two parts of it: `remember` runs the encoder once, `step` the decoder for one more token, which
keeps what it computed of earlier ones in arrays of fixed size. No part names the model's kind:
what transformers asks of any decoder's cache is all that is used, and whether both ways of reading
a summary agree is tried out before training.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bedside.errors import StudyError, sentence
from bedside.modalities.text_pretrained import KEY, transformers_offline
from bedside.modalities.text_tokens import BEGIN, END, OFFSET, UNKNOWN
from bedside.models.decoder_slots import Slots, filled_cache, new_cache
from bedside.models.token_embedding import shortest
from bedside.schema import TOLD

Tensors = dict[str, torch.Tensor]
NEVER = -1e9
"""Logit of what cannot be."""
AGREE = 1e-3
"""Probabilities of a summary read at once and token by token differ by less."""


class PretrainedWriter(nn.Module):
    """A model with its weights, as `Summarise` asks of a network that writes.

    Several texts are read one behind the other, in the study's order.

    Args:
        name: a folder, or a name in the local cache.
        state: of the task: ``vocabulary``, ``texts``, ``source``, ``longest``.
        length: tokens of all texts together.

    Raises:
        StudyError: the model cannot be read, is too short for the texts, or its decoder does not
            keep what it computed as transformers' decoders do.
    """

    theirs: torch.Tensor

    def __init__(self, name: str, state: Mapping[str, Any], *, length: int) -> None:
        super().__init__()
        words = state["vocabulary"]
        self.texts, self.source = tuple(state["texts"]), str(state["source"])
        self.before, self.after = words["frame"]["before"], words["frame"]["after"]
        self.longest = int(state["longest"])
        need = max(length + len(self.before) + len(self.after), self.longest + 2)
        if words["reach"] is not None and need > words["reach"]:
            raise _refusal(
                f"texts and summaries of at most {words['reach']} tokens",
                f"{need}",
                "Set inputs.<name>.length or target.longest lower",
            )
        self.model = _opened(name)
        self.origin = {
            "model": Path(name).name if Path(name).is_dir() else name,
            "kind": str(self.model.config.model_type),
        }
        self.register_buffer("theirs", torch.tensor(words["theirs"]), persistent=False)
        self.form = self._tried()

    @property
    def head(self) -> PretrainedWriter:
        """What a task calibrates; a choice between whole summaries folds nothing in."""
        return self

    def carry(self, state: Mapping[str, Any]) -> None:
        """Nothing of the calibration is folded in."""

    def parts(self) -> dict[str, nn.Module]:
        """What a package runs."""
        return {"remember": Remembering(self), "step": Stepping(self)}

    def forward(self, arrays: Tensors) -> Tensors:
        """Texts and summaries to learn from -> ``surprise``, ``repeated``, ``counts`` (B, L)."""
        told = arrays[TOLD].long()
        if self.training:
            told = told[:, : max(int((told > 0).sum(dim=1).max()), 2)]
        tokens, there, _ = self.read(arrays)
        answer = self.model(
            attention_mask=wide(there),
            encoder_outputs=(self.encoded(tokens, there),),
            decoder_input_ids=self.spoken(told[:, :-1]),
            use_cache=False,
        )
        wanted = told[:, 1:]
        said = answer.logits.float().log_softmax(dim=2)
        own = said.gather(2, self.spoken(wanted)[:, :, None])[:, :, 0]
        counts = ((wanted > UNKNOWN) & (wanted != BEGIN)).float()
        return {"surprise": -own, "repeated": torch.zeros_like(own), "counts": counts}

    def spoken(self, tokens: torch.Tensor) -> torch.Tensor:
        """Our numbers of tokens -> the model's."""
        special = self.theirs[tokens.clamp(0, OFFSET - 1)]
        return torch.where(tokens >= OFFSET, tokens - OFFSET, special)

    def read(self, arrays: Tensors) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """All texts of B cases as one, framed as the model expects.

        Returns:
            The model's tokens (B, S) and where there is one (B, S) bool; our numbers of those
            that stand in the source, else -1 (B, S).
        """
        tokens, masks, numbers = [], [], []
        for name in self.texts:
            own, mask = shortest(
                arrays[f"{name}.tokens"], arrays[f"{name}.mask"], learning=self.training
            )
            tokens.append(own.long())
            masks.append(mask)
            numbers.append(own.long() if name == self.source else torch.full_like(own.long(), -1))
        there = torch.cat(masks, dim=1)
        lead, length = len(self.before), there.shape[1] + len(self.before) + len(self.after)
        # the texts move together; what is padding goes to one place more, which is left out
        place = torch.where(there, lead + there.long().cumsum(dim=1) - 1, length)

        def moved(values: torch.Tensor, blank: torch.Tensor) -> torch.Tensor:
            room = torch.zeros_like(values[:, :1]).expand(-1, length + 1) + blank
            return room.scatter(1, place, values)[:, :length]

        found = moved(self.spoken(torch.cat(tokens, dim=1)), self.theirs[0])
        marks = moved(torch.cat(numbers, dim=1), torch.full_like(self.theirs[0], -1))
        places = torch.arange(length, device=found.device)[None]
        ends = lead + there.long().sum(dim=1, keepdim=True)
        for where, token in enumerate(self.before):
            found = torch.where(places == where, token, found)
        for where, token in enumerate(self.after):
            found = torch.where(places == ends + where, token, found)
        return found, places < ends + len(self.after), marks

    def encoded(self, tokens: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """(B, S) -> (B, S, F)."""
        found: torch.Tensor = self.model.get_encoder()(
            input_ids=tokens, attention_mask=wide(there)
        ).last_hidden_state
        return found

    def _tried(self) -> tuple[int, int, int]:
        """Layers, heads and width of a head of the decoder, once both ways to read agreed."""
        self.eval()
        drawn = torch.Generator().manual_seed(0)
        size = int(self.model.config.vocab_size)
        steps = min(4, self.longest)
        told = torch.randint(OFFSET, size + OFFSET, (2, steps), generator=drawn)
        arrays: Tensors = {}
        for name in self.texts:
            text = torch.randint(OFFSET, size + OFFSET, (2, 3), generator=drawn)
            arrays |= {f"{name}.tokens": text, f"{name}.mask": torch.ones(2, 3, dtype=torch.bool)}
        try:
            with torch.no_grad():
                apart = self._difference(arrays, told)
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
            apart, why = float("inf"), type(error).__name__
        else:
            why = f"probabilities that are {apart:.2g} apart"
        if not apart < AGREE:
            raise _refusal(
                "a decoder that writes token by token what it reads at once",
                f"{why} of a '{self.model.config.model_type}'",
                "Choose another model; T5, BART, Pegasus and mBART are known to do so",
            )
        return self.form

    def _difference(self, arrays: Tensors, told: torch.Tensor) -> float:
        tokens, there, _ = self.read(arrays)
        states = self.encoded(tokens, there)
        cache = filled_cache(self.model, states, wide(there))
        layers, (_, heads, _, width) = len(cache), cache[0].keys.shape
        self.form = (layers, heads, width)
        whole = self.model(
            attention_mask=wide(there),
            encoder_outputs=(states,),
            decoder_input_ids=self.spoken(told),
            use_cache=False,
        ).logits.softmax(dim=2)
        memory, step = Remembering(self)(arrays), Stepping(self)
        hidden, coverage = memory["hidden"][:, None], memory["there"][:, None]
        apart = 0.0
        for place in range(told.shape[1]):
            answer = step({**memory, "tokens": told[:, place : place + 1], "hidden": hidden,
                           "coverage": coverage})  # fmt: skip
            hidden = answer["next_hidden"]
            own, plain = answer["probability"][:, 0, OFFSET:], whole[:, place]
            apart = max(apart, float(torch.where(own > 0, own - plain, 0).abs().max()))
        return apart


class Remembering(nn.Module):
    """The part that reads a case once: what every layer of the decoder looks at."""

    def __init__(self, writer: PretrainedWriter) -> None:
        super().__init__()
        self.writer = writer

    def forward(self, arrays: Tensors) -> Tensors:
        """``keys`` and ``values`` (B, S, F), ``there``, ``numbers`` (B, S), ``hidden`` (B, H)."""
        writer = self.writer
        tokens, there, numbers = writer.read(arrays)
        layers = filled_cache(writer.model, writer.encoded(tokens, there), wide(there))
        keys, values = (
            torch.stack([getattr(layer, name) for layer in layers], dim=1)
            .permute(0, 3, 1, 2, 4)
            .flatten(2)
            for name in ("keys", "values")
        )
        count, heads, width = writer.form
        size = 1 + 2 * count * heads * writer.longest * width
        return {
            "keys": keys,
            "values": values,
            "there": there.float(),
            "numbers": numbers.float(),
            "hidden": torch.zeros_like(keys[:, 0, :1]).expand(-1, size) + 0.0,
        }


class Stepping(nn.Module):
    """The part that is asked for every next token.

    ``hidden`` (B, R, H) is the place of the token, which all summaries share, and what the decoder
    keeps of the tokens before it.
    """

    def __init__(self, writer: PretrainedWriter) -> None:
        super().__init__()
        self.writer = writer

    def forward(self, arrays: Tensors) -> Tensors:
        """What was remembered, ``tokens`` (B, R), ``hidden``, ``coverage`` -> the next ones."""
        writer, tokens = self.writer, arrays["tokens"].long()
        cases, rows = tokens.shape
        hidden = arrays["hidden"].reshape(cases * rows, -1)
        place = hidden[0, 0].long()
        own = Slots.unpacked(hidden[:, 1:], writer.form, place=place)
        there = arrays["there"][:, None, :].expand(-1, rows, -1).reshape(cases * rows, -1)
        looked_at = [_by_layer(arrays[name], rows, writer.form) for name in ("keys", "values")]
        places = torch.arange(writer.longest, device=tokens.device)
        seen = torch.where(places <= place, 0.0, NEVER).expand(cases * rows, 1, 1, -1)
        logits = writer.model(
            attention_mask=wide(there > 0),
            encoder_outputs=(torch.zeros_like(there)[:, :, None],),  # it was looked up before
            decoder_input_ids=writer.spoken(tokens).reshape(cases * rows, 1),
            decoder_attention_mask=seen,
            cache=new_cache(own, looked_at),
            use_cache=True,
        ).logits[:, 0]
        now = torch.cat([hidden[:, :1] + 1, Slots.packed(own)], dim=1)
        probability = self._ours(logits.float().softmax(dim=1).reshape(cases, rows, -1))
        numbers = arrays["numbers"].long()[:, None, :].expand(-1, rows, -1)
        copied = probability.gather(2, numbers.clamp_min(0)) * (numbers >= 0)
        return {
            "probability": probability,
            "copied": copied,
            "next_hidden": now.reshape(cases, rows, -1),
            "next_coverage": arrays["coverage"] + copied,
        }

    def _ours(self, theirs: torch.Tensor) -> torch.Tensor:
        """(B, R, V) of the model -> (B, R, V + 4): the end has its own number, padding has none."""
        numbers = torch.arange(theirs.shape[2], device=theirs.device)
        pad, end = self.writer.theirs[0], self.writer.theirs[END]
        ended = torch.where(numbers == end, theirs, 0.0).sum(dim=2, keepdim=True)
        words = torch.where((numbers == end) | (numbers == pad), 0.0, theirs)
        nothing = torch.zeros_like(ended)
        return torch.cat([nothing, nothing, nothing, ended, words], dim=2)


def _opened(name: str) -> Any:
    """The model with all its weights, from safetensors alone: no pickle is opened."""
    with transformers_offline() as library:
        model, found = library.AutoModelForSeq2SeqLM.from_pretrained(
            name,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            attn_implementation="eager",  # its masks may be given ready made
            dtype=torch.float32,
            output_loading_info=True,
        )
    if found["missing_keys"] or found["mismatched_keys"]:
        raise _refusal(
            "weights for all of the model",
            f"{len(found['missing_keys']) + len(found['mismatched_keys'])} without any",
            "Fetch or save the model again",
        )
    return model


def wide(there: torch.Tensor) -> torch.Tensor:
    """(B, S) bool -> what attention adds to its scores, (B, 1, 1, S)."""
    return torch.where(there, 0.0, NEVER)[:, None, None, :]


def _by_layer(values: torch.Tensor, rows: int, form: tuple[int, int, int]) -> list[torch.Tensor]:
    """(B, S, layers * heads * width) -> of each layer (B * R, heads, S, width)."""
    cases, length, _ = values.shape
    parted = values.reshape(cases, 1, length, *form).expand(-1, rows, -1, -1, -1, -1)
    flat = parted.reshape(cases * rows, length, *form).permute(2, 0, 3, 1, 4)
    return list(flat.unbind(0))


def _refusal(expected: str, got: str, remedy: str) -> StudyError:
    return StudyError(sentence(KEY, expected=expected, got=got, remedy=remedy))
