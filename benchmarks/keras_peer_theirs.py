"""Keras' half of keras_peer.py: the same networks in Keras on TensorFlow, its usual recipe.

Enters: commands on standard input, one a line. Leaves: seconds, one JSON line each. Runs in
a virtual environment of its own, without bedside.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras_peer_talk import STEPS, images, listen, windows

POLICIES = {"float32": "float32", "bf16": "mixed_bfloat16"}


def cnn() -> keras.Model:
    """The article's CNN: Adam, binary cross-entropy."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((128, 128, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(1, activation="sigmoid", dtype="float32"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


def cnn_data(cases: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Images scaled to 0..1 in float32 beforehand, which spares Keras the conversion."""
    data = images(cases)
    return data.pixels.astype(np.float32) / 255, data.labels


def lstm() -> keras.Model:
    """The article's LSTM: Adam, mean squared error."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((STEPS, 1)),
            layers.LSTM(64, return_sequences=True),
            layers.LSTM(64),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    return model


def lstm_data(cases: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Standardised windows."""
    history, ahead = windows(cases)
    return (history[:, :, None] - 150) / 30, (ahead - 150) / 30


WORKLOADS = {"cnn": (cnn, cnn_data), "lstm": (lstm, lstm_data)}


class Side:
    """What the driver asks for."""

    def __init__(self) -> None:
        self.models: dict[tuple[str, str], keras.Model] = {}

    def train(self, workload: str, *, cases: int, batch_size: int, precision: str) -> Any:
        """Seconds of one epoch; the first call traces and warms up."""
        data, labels = WORKLOADS[workload][1](cases)
        model, fresh = self._model(workload, precision)
        if fresh:
            model.fit(data, labels, batch_size=batch_size, verbose=0)
        start = time.perf_counter()
        model.fit(data, labels, batch_size=batch_size, verbose=0)
        return time.perf_counter() - start, precision

    def predict(self, workload: str, *, cases: int, precision: str) -> Any:
        """Seconds of `Model.predict` as it is called by default."""
        data, _ = WORKLOADS[workload][1](cases)
        model, _ = self._model(workload, precision)
        model.predict(data[:64], verbose=0)
        start = time.perf_counter()
        model.predict(data, verbose=0)
        return time.perf_counter() - start, precision

    def _model(self, workload: str, precision: str) -> tuple[keras.Model, bool]:
        key = (workload, precision)
        fresh = key not in self.models
        if fresh:
            keras.mixed_precision.set_global_policy(POLICIES[precision])
            self.models[key] = WORKLOADS[workload][0]()
        return self.models[key], fresh


if __name__ == "__main__":
    sys.exit(listen(Side()))
