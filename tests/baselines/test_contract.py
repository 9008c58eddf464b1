"""Checks that every entry of the registry must pass."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.baselines import REGISTRY
from bedside.errors import DataError, StudyError

EVERY = REGISTRY.names()
NAMES = [name for name in EVERY if hasattr(REGISTRY.load(name), "fit")]
"""The peers of classification; those of forecasts have checks of their own."""
COLUMNS = {"binary": 1, "classes": 3, "labels": 2}


def labelled(kind, *, n=240, seed=0, width=6):
    """Features of which the first few carry the truth, with some truth unknown."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, width)).astype(np.float32)
    if kind == "classes":
        chosen = features[:, :3].argmax(axis=1)
        truth = np.eye(3, dtype=np.float32)[chosen]
        known = np.repeat(rng.random((n, 1)) > 0.2, 3, axis=1)
    else:
        columns = COLUMNS[kind]
        truth = (features[:, :columns] > 0.3).astype(np.float32)
        known = rng.random((n, columns)) > 0.2
    return features, truth, known


def fitted(name, kind, *, training=None, validation=None, seed=3, threads=1):
    training = training or labelled(kind, seed=1)
    validation = validation or labelled(kind, n=120, seed=2)
    baseline = REGISTRY.load(name)()
    return baseline.fit(*training, kind=kind, validation=validation, seed=seed, threads=threads)


@pytest.mark.parametrize("name", EVERY)
def test_the_class_carries_its_registry_name(name):
    assert REGISTRY.load(name).name == name


def test_the_fair_peers_of_classify_are_there():
    assert {"majority", "logistic", "boosted-trees"} <= set(NAMES)
    with pytest.raises(StudyError, match="Did you mean 'logistic'"):
        REGISTRY.load("logistik")


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_dtype(name, kind):
    model = fitted(name, kind)
    features, _, _ = labelled(kind, n=17, seed=5)
    outputs = model.outputs(features)
    assert set(outputs) == {"logits"}
    assert outputs["logits"].shape == (17, COLUMNS[kind])
    assert outputs["logits"].dtype == np.float32
    assert np.isfinite(outputs["logits"]).all()
    assert model.outputs(features[:0])["logits"].shape == (0, COLUMNS[kind])
    if kind == "classes":
        np.testing.assert_allclose(np.exp(outputs["logits"]).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_result_and_a_batch_equals_its_cases(name, kind):
    features, _, _ = labelled(kind, n=9, seed=5)
    model = fitted(name, kind)
    logits = model.outputs(features)["logits"]
    np.testing.assert_array_equal(logits, fitted(name, kind).outputs(features)["logits"])
    one_by_one = [model.outputs(features[i : i + 1])["logits"] for i in range(9)]
    np.testing.assert_allclose(np.concatenate(one_by_one), logits, atol=1e-5)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "majority"])
def test_learns_a_separable_problem(name, kind):
    features, truth, _ = labelled(kind, n=300, seed=9)
    logits = fitted(name, kind).outputs(features)["logits"]
    for column in range(COLUMNS[kind]):
        assert roc_auc_score(truth[:, column], logits[:, column]) > 0.95


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("name", NAMES)
def test_unknown_truth_changes_nothing(name, kind):
    features, _, _ = labelled(kind, n=20, seed=5)
    training, validation = labelled(kind, seed=1), labelled(kind, n=120, seed=2)

    def overwritten(part):
        own, truth, known = part
        return own, np.where(known, truth, 1 - truth).astype(np.float32), known

    before = fitted(name, kind, training=training, validation=validation)
    after = fitted(name, kind, training=overwritten(training), validation=overwritten(validation))
    np.testing.assert_array_equal(
        before.outputs(features)["logits"], after.outputs(features)["logits"]
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_label_with_one_answer_is_answered_by_a_constant(name):
    features, truth, known = labelled("labels", seed=1)
    truth[:, 1] = 0
    model = fitted(name, "labels", training=(features, truth, known))
    logits = model.outputs(features)["logits"]
    absent = int(known[:, 1].sum())
    np.testing.assert_allclose(logits[:, 1], np.log(0.5 / (absent + 0.5)), rtol=1e-5)
    if name != "majority":
        assert np.ptp(logits[:, 0]) > 1


@pytest.mark.parametrize("name", NAMES)
def test_a_label_that_is_never_known_is_answered_by_even_odds(name):
    features, truth, known = labelled("labels", seed=1)
    known[:, 0] = False
    logits = fitted(name, "labels", training=(features, truth, known)).outputs(features)["logits"]
    np.testing.assert_array_equal(logits[:, 0], 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_class_without_training_cases_gets_the_weight_of_half_a_case(name):
    features, truth, known = labelled("classes", seed=1)
    known[truth[:, 1] == 1] = False
    logits = fitted(name, "classes", training=(features, truth, known)).outputs(features)["logits"]
    used = int(known.all(axis=1).sum())
    np.testing.assert_allclose(np.exp(logits[:, 1]), 0.5 / (used + 0.5), rtol=1e-4)
    np.testing.assert_allclose(np.exp(logits).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("name", NAMES)
def test_works_where_no_validation_truth_is_known(name, kind):
    features, truth, known = labelled(kind, n=30, seed=2)
    model = fitted(name, kind, validation=(features, truth, np.zeros_like(known)))
    assert np.isfinite(model.outputs(features)["logits"]).all()


@pytest.mark.parametrize("name", NAMES)
def test_constant_features_and_few_cases_leak_no_warning(name):
    features = np.zeros((8, 3), np.float32)
    truth = np.array([[0], [1]] * 4, np.float32)
    part = (features, truth, np.ones((8, 1), bool))
    model = fitted(name, "binary", training=part, validation=part)
    np.testing.assert_allclose(model.outputs(features)["logits"], 0, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_fit_alters_no_array_and_predicting_alters_no_model(name):
    training, validation = labelled("binary", seed=1), labelled("binary", n=120, seed=2)
    copies = [array.copy() for array in (*training, *validation)]
    model = fitted(name, "binary", training=training, validation=validation)
    for array, copy in zip((*training, *validation), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    before = model.outputs(validation[0])["logits"]
    model.outputs(labelled("binary", seed=8)[0] * 100)
    np.testing.assert_array_equal(before, model.outputs(validation[0])["logits"])


@pytest.mark.parametrize("name", NAMES)
def test_features_that_are_not_finite_are_refused(name):
    features, truth, known = labelled("binary", seed=1)
    broken = features.copy()
    broken[[3, 5], 0] = np.nan
    with pytest.raises(DataError) as error:
        fitted(name, "binary", training=(broken, truth, known))
    assert str(error.value) == (
        "features of the training cases: expected finite numbers, "
        "got 2 cases with NaN or infinity. Look for blank or constant inputs in the audit."
    )
    model = fitted(name, "binary")
    with pytest.raises(DataError, match=r"features to predict: .* got 2 cases with NaN"):
        model.outputs(broken)
    with pytest.raises(DataError, match=r"expected \(cases, 6\), got shape \(240, 5\)"):
        model.outputs(features[:, :5])


@pytest.mark.parametrize("name", NAMES)
def test_all_wrong_shapes_are_named_at_once(name):
    features, truth, known = labelled("binary", seed=1)
    with pytest.raises(DataError) as error:
        fitted(name, "binary", training=(features, truth[:-1], known[:, 0]))
    lines = str(error.value).splitlines()
    assert lines[0].startswith("truth of the training cases: expected shape (240, 1), got (239, 1)")
    assert lines[1].startswith("known of the training cases: expected shape (240, 1), got (240,)")
