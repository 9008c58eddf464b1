import numpy as np
import pytest

from bedside.baselines import describe_inputs
from bedside.errors import DataError


class Means:
    """Stands in for a modality: describes a case by its mean and its first value."""

    def __init__(self, array="values", scale=1.0):
        self.array, self.scale, self.sizes = array, scale, []

    def describe(self, arrays):
        values = arrays[self.array].reshape(len(arrays[self.array]), -1)
        self.sizes.append(len(values))
        return np.stack([values.mean(axis=1), values[:, 0] * self.scale], axis=1)


def arrays(n=10):
    rng = np.random.default_rng(0)
    return {"xray.values": rng.random((n, 1, 4, 4)), "age.values": np.arange(n)[:, None]}


@pytest.mark.parametrize("threads", [1, 3])
def test_features_of_all_inputs_stand_side_by_side(threads):
    done = []
    own = arrays()
    features = describe_inputs(
        {"xray": Means(), "age": Means(scale=2.0)},
        own,
        batch=4,
        threads=threads,
        progress=done.append,
    )
    assert features.shape == (10, 4)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[:, 0], own["xray.values"].mean(axis=(1, 2, 3)), rtol=1e-6)
    np.testing.assert_array_equal(features[:, 3], 2 * np.arange(10))
    assert done == [4, 8, 10]


def test_a_modality_never_gets_more_than_a_batch():
    modality = Means()
    describe_inputs({"xray": modality}, arrays(9), batch=4)
    assert modality.sizes == [4, 4, 1]


def test_inputs_whose_names_begin_alike_are_kept_apart():
    own = {"eye.values": np.zeros((3, 2)), "eye2.values": np.ones((3, 2))}
    np.testing.assert_array_equal(describe_inputs({"eye": Means()}, own), np.zeros((3, 2)))


def test_faults_name_the_input_and_no_content():
    own = arrays()
    own["xray.values"][3, 0, 0, 0] = np.nan
    with pytest.raises(DataError) as error:
        describe_inputs({"xray": Means()}, own)
    assert str(error.value) == (
        "input 'xray': expected finite features, got 1 cases with NaN or infinity. "
        "Look for unreadable or blank cases in the audit."
    )
    with pytest.raises(DataError, match="input 'mri': expected prepared arrays, got none"):
        describe_inputs({"mri": Means()}, arrays())
    own = {"a.values": np.zeros((3, 2)), "b.values": np.zeros((4, 2))}
    with pytest.raises(DataError, match="got arrays of 3 and 4 cases"):
        describe_inputs({"a": Means(), "b": Means()}, own)
