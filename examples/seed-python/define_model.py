"""The article's network in Keras, trained here, as an ONNX file that a publisher can upload."""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is imported
import keras

INPUTS = 1_000
CLASSES = 10
# How far the classes lie apart, in multiples of the noise: nobody can tell them all.
SIGNAL = 0.08


@dataclass(frozen=True)
class Examples:
    """A row an example."""

    inputs: NDArray[np.float32]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class DefinedModel:
    """A trained network, and the file that it becomes: operations and weights, no code."""

    network: keras.Model
    onnx: bytes
    loss: float


def make_examples(rows: int, seed: int) -> Examples:
    """Ten classes of points in a thousand dimensions, each round its own centre, with noise."""
    centres = np.random.default_rng(1).normal(0, SIGNAL, (CLASSES, INPUTS))
    generator = np.random.default_rng(seed)
    labels = generator.integers(CLASSES, size=rows)
    inputs = centres[labels] + generator.normal(size=(rows, INPUTS))
    return Examples(inputs.astype(np.float32), labels)


def define_model(examples: Examples, epochs: int) -> DefinedModel:
    """1000 → 128 relu → 10 softmax, trained with Adam on what it is given."""
    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [
            keras.Input((INPUTS,), name="inputs"),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    network.compile(optimizer=keras.optimizers.Adam(5e-4), loss="sparse_categorical_crossentropy")
    training = network.fit(
        examples.inputs, examples.labels, batch_size=64, epochs=epochs, verbose=0
    )
    with TemporaryDirectory() as folder:
        file = Path(folder, "model.onnx")
        network.export(file, format="onnx", verbose=False)
        return DefinedModel(network, file.read_bytes(), training.history["loss"][-1])
