"""Learning curves: the power law is found again, gains are those of more data, chance says so."""

import numpy as np
import pytest

from bedside.audit.checks.enough_data import gain_of_more_data
from bedside.audit.evidence import Means
from bedside.audit.examination import audit_cases
from bedside.audit.learning_curve import draw_curve, fit_power_law, gain_of_twice
from bedside.modalities.image import Image

from .cohorts import as_samples, binary, cohort, evidence, readings


def test_a_power_law_is_found_again():
    sizes = np.array([50.0, 100, 200, 300, 400])
    fit = fit_power_law(sizes, 0.9 - 0.8 * sizes**-0.5)
    assert fit == pytest.approx((0.9, 0.8, 0.5), abs=1e-6)
    assert gain_of_twice(fit, 400) == pytest.approx(0.8 * (1 / 20 - 1 / np.sqrt(800)))


def test_a_falling_curve_promises_nothing_and_no_ceiling_is_above_one():
    sizes = np.array([50.0, 100, 200])
    assert gain_of_twice(fit_power_law(sizes, np.array([0.8, 0.79, 0.78])), 200) == 0
    assert fit_power_law(sizes, np.array([0.9, 0.96, 0.999]))[0] <= 1


def cases(n, *, features=20, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features))
    p = 1 / (1 + np.exp(-x @ np.full(features, 0.3)))
    return x, (rng.random(n) < p).astype(float)[:, None]


def test_twice_the_data_bring_about_what_the_curve_says():
    x, y = cases(200)
    curve = draw_curve(x, y, np.arange(200), now=150, seed=0)
    more, truth = cases(20_000, seed=1)
    gained = []
    from bedside.audit.linear_reading import auroc_of, fit_ridge

    for seed in range(10):
        own, answers = cases(300, seed=10 + seed)
        both = [
            auroc_of(fit_ridge(own[:m], answers[:m])(more)[:, 0], truth[:, 0] == 1)
            for m in (150, 300)
        ]
        gained.append(both[1] - both[0])
    assert curve.gain_low <= np.mean(gained) <= curve.gain_high
    assert curve.patients == (19, 38, 75, 112, 150)
    assert all(np.diff(curve.auroc) > 0)


def test_patients_are_held_out_whole():
    """Copies of a patient's case would be known again, were they on both sides."""
    rng = np.random.default_rng(0)
    x, y = np.repeat(rng.normal(size=(80, 5)), 5, axis=0), np.repeat(np.arange(80) % 2, 5)
    curve = draw_curve(x, y[:, None].astype(float), np.repeat(np.arange(80), 5), now=60, seed=0)
    assert curve.auroc[-1] < 0.65


def test_too_few_cases_have_no_curve():
    x, y = cases(30)
    assert draw_curve(x, y, np.arange(30), now=20, seed=0) is None


N = 200
MEANS = Means({"xray": Image(modality="image", column="file", size=(24, 24))}, threads=2)


def films(strength):
    pictures = np.random.default_rng(0).integers(0, 120, (N, 24, 24), dtype=np.uint8)
    pictures[1::2, 6:16, 6:16] += np.uint8(strength)
    return as_samples(pictures)


def test_the_finding_and_the_facts_tell_the_same():
    samples, labels, parts = films(60), np.arange(N) % 2, np.repeat(["train", "test"], [160, 40])
    (finding,) = gain_of_more_data(
        evidence(samples, targets=binary(labels), parts=parts, means=MEANS)
    )
    assert finding.message.startswith("A simple model learns AUROC ")
    assert "twice the 160 patients of training would bring +0.0" in finding.message
    report = audit_cases(
        cohort(N), inputs={"xray": readings(samples)}, targets=binary(labels), kind="binary",
        parts=parts, means=MEANS,
    )  # fmt: skip
    curve = report.facts["learning_curve"]
    assert curve["now"] == 160
    assert f"{curve['gain']['value']:+.3f} AUROC" in finding.message


def test_a_model_that_learns_nothing_promises_nothing():
    labels = np.random.default_rng(3).permutation(np.arange(N) % 2)
    (finding,) = gain_of_more_data(evidence(films(0), targets=binary(labels), means=MEANS))
    assert "cannot say what more data would bring" in finding.message
