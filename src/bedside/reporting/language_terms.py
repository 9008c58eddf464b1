"""The metrics of language models, in plain words.

Enters: nothing. Leaves: a `Term` for each metric, and words that are no metrics.
"""

from __future__ import annotations

from bedside.reporting.terms import Term

LANGUAGE_TERMS: dict[str, Term] = {
    "perplexity": Term(
        "Perplexity",
        "How many equally likely words the model seems to hesitate between at each place, on "
        "average. 1 is a text known in advance; lower is better. The end of a text counts as a "
        "word.",
        higher_is_better=False,
        hint="words hesitated between; lower is better",
        form="ratio",
    ),
    "bits_per_token": Term(
        "Bits a token",
        "The same as a number of yes-or-no questions: the binary logarithm of the perplexity.",
        higher_is_better=False,
        hint="the same as yes-or-no questions",
        form="ratio",
    ),
    "perplexity_known": Term(
        "Perplexity of known words",
        "The perplexity over the words that stand in the vocabulary, the end included.",
        higher_is_better=False,
        form="ratio",
    ),
    "unknown_tokens": Term(
        "Unknown words",
        "The share of the test part's words that are not in the vocabulary. They are one word to "
        "every model, whichever they are: predicting that some unknown word comes is all that is "
        "asked.",
        higher_is_better=False,
        form="percent",
        hint="one word to every model",
    ),
}

LANGUAGE_WORDS: tuple[tuple[str, str], ...] = (
    (
        "Language model",
        "A model that gives every word a probability to come next, after the words before it.",
    ),
    (
        "Vocabulary",
        "The words that a model can name: those of at least three training texts. All models of "
        "this report have the same, since a perplexity means nothing without it.",
    ),
    (
        "Surprise",
        "Minus the logarithm of a word's probability: 1 bit is a coin toss, 10 bits are one chance "
        "in a thousand.",
    ),
)
