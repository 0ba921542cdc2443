"""Small networks that train at any point of the space, in seconds on one core."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasrecipes.data import Digits
from kerasrecipes.data.splitting.stratified import examples_of_each_class
from kerasrecipes.models import ResNetCIFAR
from search_replay.features import load_features
from search_replay.space import OPTIONS

EPOCHS = 27
HEAD_UNITS = 64


def trainers(task: str, images: Path | None) -> "Callable[[Mapping[str, Any]], Trainer]":
    """Returns a function that gives the trainer of hyperparameters; equal graphs are shared."""
    option, data_of = OPTIONS[task].name, functools.cache(functools.partial(load_features, task))
    pixels = load(task, images) if option == "filters" else None

    @functools.cache
    def trainer(chosen: int, batch_size: int) -> Trainer:
        if pixels is not None:
            return Trainer(pixels, _resnet(pixels["train"][0].shape[1:], chosen), batch_size)
        features, copies = data_of(images, chosen)
        return Trainer(features, _head(features["train"][0].shape[1:]), batch_size, copies)

    return lambda values: trainer(values[option], values["batch_size"])


def load(task: str, images: Path | None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns the images, scaled to [-1, 1], and the labels of each of the three splits."""
    if task == "digits":
        data = Digits(validation_fraction=0.25, test_fraction=0.35).load()
        splits = {name: (split.images, split.labels) for name, split in data.splits.items()}
    else:
        with np.load(images) as file:
            names = [str(name) for name in range(10)]
            labels = file["y_train"].astype("int32")
            chosen = examples_of_each_class(labels, 200, 0, names)
            pixels, labels = file["x_train"][chosen], labels[chosen]
            order = np.random.default_rng(0).permutation(len(pixels))
            train, validation = order[:1000], order[1000:]
            splits = {
                "train": (pixels[train], labels[train]),
                "validation": (pixels[validation], labels[validation]),
                "test": (file["x_test"][:1000], file["y_test"][:1000].astype("int32")),
            }
        splits = {name: (_halved(pixels), labels) for name, (pixels, labels) in splits.items()}
    return {
        name: (pixels.astype("float32") / 127.5 - 1, labels)
        for name, (pixels, labels) in splits.items()
    }


def _resnet(shape: tuple[int, ...], filters: int) -> keras.Model:
    # Keras's momentum of 0.99 would lag behind in runs of a few hundred steps.
    normalization = keras.layers.BatchNormalization(momentum=0.9)
    return ResNetCIFAR(shape, 10, depth=8, filters=filters, normalization=normalization)


def _head(shape: tuple[int, ...]) -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [layers.Input(shape), layers.Dense(HEAD_UNITS, activation="relu"), layers.Dense(10)]
    )


class Trainer:
    """A network, and the graph of its epoch at one batch size.

    Args:
        data: Images, or features, and labels of each split.
        network: From images to logits.
        batch_size: Of each step; what is left over of an epoch is not seen in it.
        copies: How many of each image there are, one after another; an epoch draws one of them.
    """

    def __init__(self, data, network: keras.Model, batch_size: int, copies: int = 1):
        import tensorflow as tf

        self.data = {name: tuple(map(tf.constant, split)) for name, split in data.items()}
        self.network, self.copies = network, copies
        self.images = len(data["train"][1]) // copies
        self.steps = self.images // batch_size
        self.batch_size = batch_size
        self.weights = [v.value for v in self.network.trainable_variables]
        self.first, self.second = (
            [tf.Variable(tf.zeros_like(w)) for w in self.weights] for _ in range(2)
        )
        self.initial = [v.numpy() for v in self.network.variables]
        self.epoch = tf.function(self._epoch)
        self.accuracy = tf.function(self._accuracy)

    def train(
        self, values: dict, seed: int, epochs: int = EPOCHS
    ) -> tuple[list[float], list[float]]:
        """Trains from new weights, and returns validation and test accuracies after each epoch."""
        import tensorflow as tf

        seeds = iter(range(1000 * seed, 1000 * seed + 1000))
        for variable, value in zip(self.network.variables, self.initial, strict=True):
            is_kernel = value.ndim > 1
            draw = keras.initializers.HeNormal(next(seeds)) if is_kernel else None
            variable.assign(draw(value.shape) if is_kernel else value)
        for slot in (*self.first, *self.second):
            slot.assign(tf.zeros_like(slot))
        rng, scores = np.random.default_rng(seed), {"validation": [], "test": []}
        size = self.steps * self.batch_size
        step = tf.Variable(0.0)
        options = [tf.constant(values[name], "float32") for name in ("momentum", "weight_decay")]
        is_adam = tf.constant(values["optimizer"] == "adam")
        for epoch in range(epochs):
            rate = values["learning_rate"] * values["final_fraction"] ** (epoch / (EPOCHS - 1))
            order = rng.permutation(self.images)[:size]
            if self.copies > 1:
                order = order + self.images * rng.integers(self.copies, size=size)
            batches = tf.constant(order.reshape(self.steps, -1).astype("int32"))
            self.epoch(batches, tf.constant(rate, "float32"), *options, is_adam, step)
            for split, found in scores.items():
                found.append(float(self.accuracy(*self.data[split])))
        return scores["validation"], scores["test"]

    def _epoch(self, order, rate, momentum, weight_decay, is_adam, step):
        import tensorflow as tf

        images, labels = self.data["train"]
        for batch in order:
            with tf.GradientTape() as tape:
                logits = self.network(tf.gather(images, batch), training=True)
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)
                )
            gradients = tape.gradient(loss, self.weights)
            step.assign_add(1.0)
            slots = zip(self.weights, gradients, self.first, self.second, strict=True)
            for weight, gradient, first, second in slots:
                if len(weight.shape) > 1:  # Only kernels decay, decoupled from the gradient.
                    weight.assign_sub(rate * weight_decay * weight)
                first.assign(momentum * first + tf.where(is_adam, 1 - momentum, 1.0) * gradient)
                second.assign(0.999 * second + 0.001 * gradient**2)
                root = (second / (1 - 0.999**step)) ** 0.5
                # Adam's rate is scaled by a tenth, so that one range suits both update rules.
                adam = 0.1 * first / (1 - momentum**step) / (root + 1e-7)
                weight.assign_sub(rate * tf.where(is_adam, adam, first))

    def _accuracy(self, images, labels):
        import tensorflow as tf

        predicted = tf.argmax(self.network(images, training=False), -1, "int32")
        return tf.reduce_mean(tf.cast(predicted == labels, "float32"))


def _halved(pixels: np.ndarray) -> np.ndarray:
    """Returns images of half the height and width, each pixel the mean of four."""
    n, height, width, channels = pixels.shape
    return pixels.reshape(n, height // 2, 2, width // 2, 2, channels).mean((2, 4))
