"""Planted near copies among films that all look alike; what is merely alike is left alone."""

import numpy as np
import pytest

from bedside.audit.likeness import BLOCK, fit_likeness
from bedside.audit.near_copies import (
    HIGHEST_LINE,
    IN_PLACE_ACCEPTS,
    LOWEST_LINE,
    MOVED_ACCEPTS,
    draw_line,
    find_near_copies,
)

from .cohorts import alike_pictures, altered

KINDS = ("crop", "jpeg", "brighter", "resize")


def planted(n=150, each=6, **words):
    """Pictures and the pairs (original, copy) among them, by kind."""
    pictures = alike_pictures(n, **words)
    copies, pairs = [], {}
    for number, kind in enumerate(kind for kind in KINDS for _ in range(each)):
        pairs.setdefault(kind, []).append((number, n + number))
        copies.append(altered(pictures[number], kind, seed=number))
    return np.concatenate([pictures, copies]), pairs


@pytest.mark.parametrize("side", [28, 64])
def test_planted_copies_are_found_and_nothing_else(side):
    pictures, pairs = planted(side=side)
    found = find_near_copies(pictures)
    got = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    everything = {pair for own in pairs.values() for pair in own}
    for kind, own in pairs.items():
        assert len(got & set(own)) >= len(own) - (side == 28), kind
    assert got <= everything
    assert (np.diff(found.likeness) <= 0).all()


def test_films_that_merely_look_alike_are_no_copies():
    pictures = alike_pictures(200)
    plain = np.corrcoef(pictures.reshape(200, -1).astype(float))
    assert np.median(plain) > 0.6  # what a plain correlation has to tell apart
    assert find_near_copies(pictures).first.size == 0


def test_too_few_pictures_say_nothing():
    pictures = np.concatenate([alike_pictures(10), alike_pictures(9)])
    assert find_near_copies(pictures).first.size == 0


def test_candidates_do_not_depend_on_blocks(monkeypatch):
    pictures, _ = planted()
    likeness = fit_likeness(pictures)
    told = []
    whole = likeness.candidates(pictures, least=0.4, progress=told.append)
    monkeypatch.setattr("bedside.audit.likeness.BLOCK", 50)
    pieces = likeness.candidates(pictures, least=0.4)
    assert len(pictures) < BLOCK
    assert told == [len(pictures)]
    some = likeness.candidates(pictures, least=0.4, asked=np.array([3, 160]))
    pairs = set(zip(whole.first, whole.second, strict=True))
    few = {pair for pair in pairs if pair[0] in (3, 160)}
    assert few <= set(zip(some.first, some.second, strict=True))
    assert set(some.first) | set(some.second) >= {3, 160}
    for one, other in zip(
        sorted(zip(whole.first, whole.second, strict=True)),
        sorted(zip(pieces.first, pieces.second, strict=True)),
        strict=True,
    ):
        assert one == other


def test_descriptions_have_length_one():
    codes = fit_likeness(alike_pictures(60)).describe(alike_pictures(60))
    assert np.allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)


def line(scores, *, tail, accepts=IN_PLACE_ACCEPTS):
    return draw_line(scores, tail=tail, lowest=LOWEST_LINE, accepts=accepts)


def test_line_rises_where_different_pairs_reach_far_up():
    rng = np.random.default_rng(0)
    unrelated = np.tanh(0.4 + rng.exponential(1 / 12, 500))
    neighbours = np.tanh(0.4 + rng.exponential(1 / 4, 500))
    assert line(unrelated, tail=100) == pytest.approx(LOWEST_LINE)
    assert LOWEST_LINE + 0.02 < line(neighbours, tail=100) <= HIGHEST_LINE
    assert line(np.array([0.99, 0.98, 0.5]), tail=50) == pytest.approx(LOWEST_LINE)


def test_line_falls_again_where_many_true_copies_outweigh_a_few_false_ones():
    rng = np.random.default_rng(0)
    neighbours = np.tanh(0.4 + rng.exponential(1 / 8, 2000))
    neighbours = neighbours[neighbours < 0.93]
    alone = line(neighbours, tail=200)
    with_copies = line(np.concatenate([neighbours, np.full(800, 0.99)]), tail=200)
    assert with_copies < alone


def test_pairs_that_moved_must_be_surer_than_those_that_lie_in_place():
    rng = np.random.default_rng(0)
    neighbours = np.tanh(0.4 + rng.exponential(1 / 8, 2000))
    neighbours = neighbours[neighbours < 0.93]
    assert line(neighbours, tail=200, accepts=MOVED_ACCEPTS) > line(neighbours, tail=200)


def test_a_pair_whose_alignment_ran_into_its_limit_is_no_copy(monkeypatch):
    pictures, pairs = planted(side=64)
    monkeypatch.setattr("bedside.audit.near_copies.FURTHEST", 0.03)  # crops move further
    found = find_near_copies(pictures)
    got = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert not got & set(pairs["crop"])
    assert got == {pair for kind in KINDS if kind != "crop" for pair in pairs[kind]}
