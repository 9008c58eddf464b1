"""Tiny sequence-to-sequence models of random weights, in the form that transformers saves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tokenizers
import torch
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

SPECIAL = ("<pad>", "</s>", "<unk>", "<s>")


def save_tokenizer(folder: Path, texts: Iterable[str], *, begins: bool) -> int:
    """Train a tokenizer on texts and save it; with `begins`, `<s>` opens every text. Its size."""
    from transformers import PreTrainedTokenizerFast

    library = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))
    library.pre_tokenizer = pre_tokenizers.Metaspace()
    library.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=list(SPECIAL), show_progress=False)
    library.train_from_iterator(texts, trainer)
    library.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>" if begins else "$A </s>",
        special_tokens=[("<s>", 3), ("</s>", 1)],
    )
    library.enable_truncation(6)  # as some saved ones do; a study decides for itself
    whole = PreTrainedTokenizerFast(
        tokenizer_object=library, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    whole.save_pretrained(folder)
    return int(library.get_vocab_size())


def save_model(folder: Path, texts: Iterable[str], *, kind: str = "t5", layers: int = 2) -> Path:
    """A model of few layers and of width 16 with its tokenizer."""
    from transformers import AutoModelForSeq2SeqLM, BartConfig, LEDConfig, T5Config

    size = save_tokenizer(folder, texts, begins=kind == "bart") + 3  # models round up
    common = {"vocab_size": size, "d_model": 16, "pad_token_id": 0, "eos_token_id": 1}
    blocks = {"encoder_layers": layers, "decoder_layers": layers, "encoder_ffn_dim": 32,
              "decoder_ffn_dim": 32, "encoder_attention_heads": 4,
              "decoder_attention_heads": 4}  # fmt: skip
    config = {
        "t5": lambda: T5Config(**common, d_kv=4, d_ff=32, num_layers=layers, num_heads=4,
                               decoder_start_token_id=0),
        "bart": lambda: BartConfig(**common, **blocks, max_position_embeddings=64,
                                   bos_token_id=3, decoder_start_token_id=1),
        "led": lambda: LEDConfig(**common, **blocks, attention_window=[4, 4],
                                 decoder_start_token_id=1),
    }[kind]()  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForSeq2SeqLM.from_config(config)
        for weight in model.parameters():  # else all of it answers nearly the same
            weight.data += 0.2 * torch.randn_like(weight)
    model.save_pretrained(folder)
    return folder
