"""The vocabulary of a pretrained sequence-to-sequence model, as a text's state.

Enters: a folder in Hugging Face's form, or the name of a model that lies in the local cache.
Leaves: plain JSON from which `Vocabulary` cuts texts as that model expects them. Its numbers are
ours: 0 to 3 as everywhere (`text_tokens.SPECIAL`), the model's own from `OFFSET` on. Nothing is
ever downloaded and no code of a model's folder is run.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.errors import StudyError, sentence
from bedside.extras import check_extra
from bedside.modalities.text_tokens import OFFSET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedside.schema import State

KEY = "model.pretrained"


def pretrained_vocabulary(name: str) -> State:
    """The state of a vocabulary; see `text_tokens.fit_vocabulary`.

    Beside its keys there are ``theirs`` (the model's numbers of pad, unknown, begin and end),
    ``frame`` (tokens that the model expects around a text), ``width`` (numbers that its decoder
    keeps of each token) and ``reach`` (longest text in tokens, None where there is no limit).

    Raises:
        StudyError: the model is not here, or is none that turns a text into a text.
        InstallError: the extra ``huggingface`` is missing.
    """
    with transformers_offline() as library:
        config = _opened(library.AutoConfig, name)
        if not getattr(config, "is_encoder_decoder", False):
            raise _refusal(
                "a sequence-to-sequence model",
                f"one of the kind '{config.model_type}'",
                "Name a model with an encoder and a decoder, such as T5 or BART",
            )
        tokenizer = _opened(library.AutoTokenizer, name)
        begin = config.decoder_start_token_id
        if begin is None:
            begin = _opened(library.GenerationConfig, name).decoder_start_token_id
    words = _plain_words(tokenizer)
    ids = (tokenizer.pad_token_id, tokenizer.unk_token_id, begin, tokenizer.eos_token_id)
    pad, unknown, begin, end = ids
    if pad is None or begin is None or end is None or len(tokenizer) > config.vocab_size:
        raise _refusal(
            "a tokenizer with a pad and an end token that belongs to the model",
            "another one",
            "Save both again with save_pretrained",
        )
    return {
        "tokenizer": words,
        "how": "pretrained",
        "size": int(config.vocab_size) + OFFSET,
        "name": blake2b(json.dumps(words, sort_keys=True).encode(), digest_size=16).hexdigest(),
        "theirs": [pad, pad if unknown is None else unknown, begin, end],
        "frame": _frame(tokenizer),
        "width": 2 * int(config.num_hidden_layers) * int(config.hidden_size),
        "reach": getattr(config, "max_position_embeddings", None),
    }


@contextmanager
def transformers_offline() -> Iterator[Any]:
    """The library, kept from asking anybody anything; its own errors become one sentence.

    Raises:
        StudyError: what was asked for is not here or cannot be read.
        InstallError: the extra ``huggingface`` is missing.
    """
    check_extra("huggingface", where=KEY)
    for switch in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[switch] = "1"
    import transformers
    from huggingface_hub import constants

    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True  # had others imported it
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield transformers
    except (OSError, ValueError, KeyError) as error:
        raise _refusal(
            "a model of Hugging Face's form (config.json, tokenizer.json, model.safetensors)",
            f"none that can be read here ({type(error).__name__})",
            "Name its folder, or fetch it once with: hf download NAME",
        ) from None
    finally:
        constants.HF_HUB_OFFLINE = before


def _opened(kind: Any, name: str) -> Any:
    if (Path(name).is_absolute() or name.startswith(".")) and not Path(name).is_dir():
        raise _refusal("the folder of a model", "no such folder", "Correct the path")
    return kind.from_pretrained(name, local_files_only=True, trust_remote_code=False)


def _plain_words(tokenizer: Any) -> dict[str, Any]:
    """The tokenizer's own JSON, without cutting off and filling up, which are a study's."""
    library = getattr(tokenizer, "backend_tokenizer", None)
    if library is None:
        raise _refusal("a tokenizer with a tokenizer.json", "another form", "Convert it first")
    words: dict[str, Any] = json.loads(library.to_str())
    return {**words, "truncation": None, "padding": None}


def _frame(tokenizer: Any) -> dict[str, list[int]]:
    """The model's tokens that stand before and after every text."""
    bare = tokenizer("x", add_special_tokens=False)["input_ids"]
    whole = tokenizer("x")["input_ids"]
    starts = [i for i in range(len(whole)) if whole[i : i + len(bare)] == bare]
    begin = starts[0] if starts else 0
    return {"before": whole[:begin], "after": whole[begin + len(bare) :]}


def _refusal(expected: str, got: str, remedy: str) -> StudyError:
    return StudyError(sentence(KEY, expected=expected, got=got, remedy=remedy))
