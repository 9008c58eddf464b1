"""Cases unlike those of training: as arrays, and as columns of every task."""

import numpy as np

from bedside.schema import Prediction
from bedside.tasks.outside import foreign, foreign_columns


def test_what_lies_beyond_the_limit_is_outside() -> None:
    outputs = {"strangeness": np.array([[0.9], [1.5], [1.6]], dtype=np.float32)}
    found = foreign(outputs, {"familiar": {"limit": 1.5}})
    assert found["outside"].tolist() == [False, False, True]
    assert found["strangeness"].shape == (3,)
    columns = foreign_columns(Prediction(found, ("10", "20")), lines=2)
    assert columns["outside"].tolist() == ["no", "no", "no", "no", "yes", "yes"]
    assert columns["strangeness"][::2].tolist() == found["strangeness"].tolist()


def test_without_a_limit_nothing_is_said() -> None:
    outputs = {"strangeness": np.ones((2, 1))}
    assert list(foreign(outputs, {})) == ["strangeness"]
    assert foreign({}, {"familiar": {"limit": 1.0}}) == {}
    assert foreign_columns(Prediction(foreign(outputs, {}), ("a",))) == {}
