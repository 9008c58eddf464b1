"""Texts unlike the rest are found, few others are, and no word of them is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.audit import unlikeness as module
from bedside.audit.checks.unlike import unlike_texts
from bedside.audit.evidence import Means
from bedside.audit.unlikeness import FEWEST_TEXTS, find_unlike
from bedside.modalities.text import Text
from bedside.modalities.text_files import clean_text

from .cohorts import cohort, evidence

N = 400
WHERE = ("left base", "right apex", "lingula", "right middle lobe", "left upper lobe", "hila")
WHAT = ("effusion", "opacity", "nodule", "pneumothorax", "consolidation", "atelectasis", "edema")
HOW = ("There is a small {} in the {}.", "No {} in the {}.", "Unchanged {} of the {}.",
       "The {} in the {} has cleared.", "Mild {} projects over the {}.")  # fmt: skip
SPANISH = ("El corazón es de tamaño normal.", "Los pulmones están claros.", "No hay derrame.",
           "Se observa una opacidad en la base izquierda.", "Sin lesiones óseas.")  # fmt: skip
OTHER_FIELD = ("The patient walks with a cane and sleeps badly.", "She was given ibuprofen.",
               "Pain began after lifting a box at work.", "He denies alcohol use.")  # fmt: skip


def drawn(pool: tuple[str, ...], count: int, rng: np.random.Generator) -> list[str]:
    return [" ".join(rng.permutation(pool)[: rng.integers(2, 4)]) for _ in range(count)]


def usual(count: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [
        " ".join(
            str(rng.choice(HOW)).format(rng.choice(WHAT), rng.choice(WHERE))
            for _ in range(rng.integers(1, 7))
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("pool", [SPANISH, OTHER_FIELD], ids=["language", "field"])
@pytest.mark.parametrize("planted", [4, 20])
def test_foreign_texts_are_found_though_they_are_alike(pool: tuple[str, ...], planted: int) -> None:
    texts = [*usual(N), *drawn(pool, planted, np.random.default_rng(1))]
    found = find_unlike(texts)
    assert set(range(N, N + planted)) <= set(found.rows.tolist())
    assert set(found.rows[:planted].tolist()) == set(range(N, N + planted))
    assert (found.score[:N] > found.line[:N]).mean() <= 0.02
    assert found.striking


def test_letters_that_became_others_are_found() -> None:
    texts = usual(N)
    texts[7] = "".join(chr(ord(c) + 13) if c.isalpha() else c for c in texts[7])
    texts[9] = "心脏大小正常。双肺清晰，未见胸腔积液。"
    assert set(find_unlike(texts).rows[:2].tolist()) == {7, 9}


def test_where_nothing_is_foreign_hardly_anything_is_named() -> None:
    found = find_unlike(usual(N))
    assert len(found.rows) <= 0.02 * N


def test_the_length_of_a_text_does_not_make_it_unlike() -> None:
    texts = usual(N)
    long = [" ".join(usual(1, seed)[0] for seed in range(s, s + 30)) for s in range(5)]
    short = ["No effusion in the hila.", "No edema in the lingula."]
    found = find_unlike([*texts, *long, *short])
    assert not set(found.rows.tolist()) & set(range(N, N + 7))


@pytest.mark.parametrize(
    ("text", "named"), [("", []), ("...", [0]), (" ", [])], ids=["empty", "signs", "blank"]
)
def test_odd_cohorts_are_no_fault(text: str, named: list[int]) -> None:
    """Texts that are all alike are never unlike; a lone one of signs is, a blank one is not."""
    for texts in ([text] * FEWEST_TEXTS, ["same words"] * FEWEST_TEXTS):
        found = find_unlike(texts)
        assert np.isfinite(found.score).all()
        assert not found.rows.size
    alone = find_unlike([text, *usual(N)])
    assert np.isfinite(alone.score).all()
    assert alone.rows.tolist() == named


def test_where_nearly_all_texts_are_the_same_the_others_are_not_named() -> None:
    found = find_unlike(["Normal chest."] * (N - 20) + usual(20))
    assert not found.rows.size
    assert not found.striking


def test_a_very_long_text_costs_no_more_than_its_beginning() -> None:
    texts = usual(N)
    texts[3] = texts[3] + " zebra" * 200_000
    assert len(find_unlike(texts).score) == N


def test_many_texts_are_compared_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*usual(N), *drawn(SPANISH, 6, np.random.default_rng(1))]
    monkeypatch.setattr(module, "TOGETHER", 150)
    assert set(range(N, N + 6)) <= set(find_unlike(texts).rows.tolist())


def audited(texts: list[str]) -> list[Any]:
    samples = [clean_text(text, where="x") for text in texts]
    means = Means({"xray": Text(tokenizer="words")})
    return unlike_texts(evidence(samples, table=cohort(len(samples)), means=means))


def test_the_finding_counts_and_names_rows_and_quotes_nothing() -> None:
    texts = usual(N)
    texts[10:14] = drawn(SPANISH, 4, np.random.default_rng(1))
    (finding,) = audited(texts)
    assert (finding.check, finding.severity) == ("unlike-texts", "warn")
    assert set(finding.rows[:4]) == {12, 13, 14, 15}  # rows begin at 2
    assert finding.message.startswith(f"{finding.count} of {N} texts are unlike the rest")
    assert not any(word in finding.message for word in ("derrame", "pulmones", "effusion"))


def test_few_texts_are_not_looked_at() -> None:
    assert audited(usual(FEWEST_TEXTS - 1)) == []
