"""What a network with dropout is unsure about."""

import zlib
from dataclasses import dataclass

import keras
import numpy as np
from scipy.special import entr, softmax

from kerasrecipes.base.checks import check_integer
from kerasrecipes.layers import DropConnect, StochasticDepth, VanillaDropout
from kerasrecipes.models.surgery.graph import all_layers

# Spatial dropout is one of Keras's `Dropout`.
DROPOUT_LAYERS = (
    keras.layers.Dropout,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    DropConnect,
    StochasticDepth,
    VanillaDropout,
)


@dataclass(frozen=True)
class MonteCarloPrediction:
    """What many networks, each with a dropout mask of its own, say on average.

    Args:
        mean: `(images, classes)`. Mean of the probabilities.
        standard_deviation: `(images, classes)`. Spread of a probability over the masks.
        entropy: `(images,)`, in nats. Predictive entropy, that of `mean`: all that is uncertain.
        mutual_information: `(images,)`, in nats. How much less the entropy of a single network is
            on average: how far the networks disagree. The rest is what each of them finds
            ambiguous.
    """

    mean: np.ndarray
    standard_deviation: np.ndarray
    entropy: np.ndarray
    mutual_information: np.ndarray


class MonteCarloDropout:
    """Predicts many times with dropout at work, and says what the predictions have in common.

    Works on a copy of the model in which the dropout layers are in training mode whatever Keras
    asks for, and nothing else is: batch normalization uses its moving statistics, noise and
    augmentation do nothing. The model itself is never touched. Time: `samples` predictions.

    Args:
        model: A built functional or sequential model, with models inside it or without, that gives
            logits. Its weights are copied now.
        samples: Integer of at least 2. Masks, and passes over the images.
        seed: Integer. The same seed gives the same prediction each time.

    Raises:
        ValueError: If the model has no dropout layer of its own, or is not made of layers that can
            be copied. Dropout inside other layers, as in `MultiHeadAttention`, does not count.

    Example:

    >>> model = keras.Sequential([
    ...     keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(3)])
    >>> prediction = MonteCarloDropout(model, samples=20).predict(np.ones((5, 4)))
    >>> prediction.mean.shape, prediction.entropy.shape
    ((5, 3), (5,))

    Reference:
        Gal and Ghahramani, 2016, https://arxiv.org/abs/1506.02142; Houlsby et al., 2011,
        https://arxiv.org/abs/1112.5745 (mutual information). The order of samples in a batch and
        its size decide which mask an image gets.
    """

    def __init__(self, model: keras.Model, samples: int = 50, seed: int = 0):
        check_integer("samples", samples, at_least=2)
        check_integer("seed", seed)
        self.samples = samples
        self.seed = seed
        self.network = _with_active_dropout(model, seed)
        generators = [
            layer.layer.seed_generator
            for layer in all_layers(self.network)
            if isinstance(layer, _Active)
        ]
        self._starts = [(g.state, keras.ops.convert_to_numpy(g.state)) for g in generators]

    def predict(self, images, batch_size: int = 32) -> MonteCarloPrediction:
        """Returns what the networks say about images.

        Args:
            images: What `keras.Model.predict` takes and can read more than once.
            batch_size: Positive integer.
        """
        for state, start in self._starts:
            state.assign(start)
        mean = squares = single_entropy = np.zeros(())
        for _ in range(self.samples):
            logits = self.network.predict(images, batch_size=batch_size, verbose=0)
            probabilities = softmax(logits.astype("float64"), axis=-1)
            mean = mean + probabilities / self.samples
            squares = squares + probabilities**2 / self.samples
            single_entropy = single_entropy + entr(probabilities).sum(-1) / self.samples
        variance = np.maximum(squares - mean**2, 0) * self.samples / (self.samples - 1)
        entropy = entr(mean).sum(-1)
        return MonteCarloPrediction(
            mean, np.sqrt(variance), entropy, np.maximum(entropy - single_entropy, 0)
        )


class _Active(keras.layers.Wrapper):
    """Calls a layer in training mode. A call without `training` takes none from the model."""

    def call(self, inputs):
        return self.layer(inputs, training=True)


def _with_active_dropout(model: keras.Model, seed: int) -> keras.Model:
    def copy(layer):
        config = layer.get_config()
        if not isinstance(layer, DROPOUT_LAYERS) or layer.rate == 0:
            return type(layer).from_config(config)
        config["seed"] = zlib.crc32(f"{layer.name} {seed}".encode()) % 2**31
        return _Active(type(layer).from_config(config), dtype=layer.dtype_policy)

    if not hasattr(model, "layers"):
        raise TypeError(f"`model` must be a keras.Model. Received: model={model!r}")
    try:
        network = keras.models.clone_model(model, clone_function=copy, recursive=True)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(
            "`model` must be a functional or sequential model of layers that can be copied from "
            f"their config: {error}"
        ) from error
    if not any(isinstance(layer, _Active) for layer in all_layers(network)):
        raise ValueError(
            "`model` must have a dropout layer, with a rate above 0. Received: model with "
            f"{sorted({type(layer).__name__ for layer in all_layers(model)})}"
        )
    network.set_weights(model.get_weights())
    return network
