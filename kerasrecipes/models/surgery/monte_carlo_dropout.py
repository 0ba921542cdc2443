"""Monte Carlo dropout: uncertainty of the predictions of a network."""

import zlib
from dataclasses import dataclass

import keras
import numpy as np
from scipy.special import entr, expit, softmax

from kerasrecipes.base.checks import check_integer
from kerasrecipes.layers import DropConnect, StochasticDepth, VanillaDropout
from kerasrecipes.models.surgery.graph import all_layers
from kerasrecipes.models.surgery.output_form import are_distributions, gives_probabilities

# Keras's layers of spatial dropout are subclasses of `Dropout`.
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
    """The predictions of many networks, each with its own dropout mask, as averages.

    Args:
        mean: `(images, classes)`. Mean of the probabilities.
        standard_deviation: `(images, classes)`. Standard deviation of each probability over the
            masks.
        entropy: `(images,)`, in nats. Predictive entropy, which is that of `mean`: the total
            uncertainty.
        mutual_information: `(images,)`, in nats. The predictive entropy minus the mean entropy of
            the single networks: the part of the uncertainty on which the networks disagree. The
            remaining part is ambiguity that each of them sees in the image.
    """

    mean: np.ndarray
    standard_deviation: np.ndarray
    entropy: np.ndarray
    mutual_information: np.ndarray


class MonteCarloDropout:
    """Predicts many times with active dropout, and summarizes the predictions.

    It works on a copy of the model. In the copy, the dropout layers are always in training mode.
    All other layers are in inference mode: batch normalization uses its moving statistics, and
    noise and augmentation do nothing. The model itself is not changed. The cost is that of
    `samples` predictions.

    Args:
        model: A built functional or sequential model with one output, `(batch, classes)`, or
            `(batch, 1)` for two classes. It may contain other models. Its weights are copied when
            the object is created.
        samples: Integer of at least 2. The number of masks, and so of passes over the images.
        seed: Integer. The same seed gives the same prediction each time.
        from_logits: Whether the model returns logits; otherwise it returns probabilities. Defaults
            to `None`: it returns logits unless its last layer ends in a softmax or a sigmoid.

    One output stands for two classes: its probability is that of the second one.

    Raises:
        ValueError: If the model has no dropout layer, has several outputs, or contains layers that
            cannot be copied; when it predicts, if what it returns is not what `from_logits` says.
            Dropout inside other layers, such as `MultiHeadAttention`, does not count.

    Example:

    >>> model = keras.Sequential([
    ...     keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(3)])
    >>> prediction = MonteCarloDropout(model, samples=20).predict(np.ones((5, 4)))
    >>> prediction.mean.shape, prediction.entropy.shape
    ((5, 3), (5,))

    Reference:
        Gal and Ghahramani, 2016, https://arxiv.org/abs/1506.02142; Houlsby et al., 2011,
        https://arxiv.org/abs/1112.5745 (mutual information). The mask of an image depends on its
        place in the batch and on the batch size.
    """

    def __init__(
        self,
        model: keras.Model,
        samples: int = 50,
        seed: int = 0,
        from_logits: bool | None = None,
    ):
        check_integer("samples", samples, at_least=2)
        check_integer("seed", seed)
        self.samples = samples
        self.seed = seed
        self.network = _with_active_dropout(model, seed)
        self.from_logits = not gives_probabilities(model) if from_logits is None else from_logits
        generators = [
            layer.layer.seed_generator
            for layer in all_layers(self.network)
            if isinstance(layer, _AlwaysTraining)
        ]
        self._starts = [(g.state, keras.ops.convert_to_numpy(g.state)) for g in generators]

    def predict(self, images, batch_size: int = 32) -> MonteCarloPrediction:
        """Returns the averaged predictions for images.

        Args:
            images: Images in any form that `keras.Model.predict` accepts and can read several
                times.
            batch_size: Positive integer.
        """
        for state, start in self._starts:
            state.assign(start)
        mean = squares = single_entropy = np.zeros(())
        for _ in range(self.samples):
            outputs = self.network.predict(images, batch_size=batch_size, verbose=0)
            # A loaded model may return a list of one output.
            (outputs,) = keras.tree.flatten(outputs)
            probabilities = _probabilities(outputs.astype("float64"), self.from_logits)
            mean = mean + probabilities / self.samples
            squares = squares + probabilities**2 / self.samples
            single_entropy = single_entropy + entr(probabilities).sum(-1) / self.samples
        variance = np.maximum(squares - mean**2, 0) * self.samples / (self.samples - 1)
        entropy = entr(mean).sum(-1)
        return MonteCarloPrediction(
            mean, np.sqrt(variance), entropy, np.maximum(entropy - single_entropy, 0)
        )


def _probabilities(outputs: np.ndarray, from_logits: bool) -> np.ndarray:
    """Returns distributions over classes. One output becomes a distribution over two."""
    if from_logits:
        if are_distributions(outputs):
            raise ValueError(
                "`from_logits` must be False for a model that returns probabilities. Received: "
                f"from_logits=True, and outputs that add up to 1, such as {outputs[0]}"
            )
        if outputs.shape[-1] == 1:
            return expit(np.concatenate([-outputs, outputs], axis=-1))
        return softmax(outputs, axis=-1)
    if outputs.shape[-1] == 1:
        outputs = np.concatenate([1 - outputs, outputs], axis=-1)
    if not are_distributions(outputs):
        raise ValueError(
            "The model must return probabilities that add up to 1 for each image, or logits with "
            f"from_logits=True. Received: outputs such as {outputs[0]}"
        )
    return outputs


class _AlwaysTraining(keras.layers.Wrapper):
    """Calls a layer in training mode, whatever mode the model is in."""

    def call(self, inputs):
        # Calling the layer itself would put the layers after it into training mode too: with Keras
        # 3.16, an argument that is given explicitly counts for the whole model from there on.
        return self.layer.call(inputs, training=True)


def _with_active_dropout(model: keras.Model, seed: int) -> keras.Model:
    """Returns a copy of a model in which dropout layers are always in training mode."""

    def copy(layer):
        config = layer.get_config()
        if not isinstance(layer, DROPOUT_LAYERS) or layer.rate == 0:
            return type(layer).from_config(config)
        config["seed"] = zlib.crc32(f"{layer.name} {seed}".encode()) % 2**31
        return _AlwaysTraining(type(layer).from_config(config), dtype=layer.dtype_policy)

    if not hasattr(model, "layers"):
        raise TypeError(f"`model` must be a keras.Model. Received: model={model!r}")
    try:
        network = keras.models.clone_model(model, clone_function=copy, recursive=True)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(
            "`model` must be a functional or sequential model of layers that can be copied from "
            f"their config: {error}"
        ) from error
    if not any(isinstance(layer, _AlwaysTraining) for layer in all_layers(network)):
        raise ValueError(
            "`model` must have a dropout layer, with a rate above 0. Received: a model of "
            f"{', '.join(sorted({type(layer).__name__ for layer in all_layers(model)}))}"
        )
    if len(network.outputs) != 1:
        names = ", ".join(output.name for output in network.outputs)
        raise ValueError(
            "`model` must have one output: make a model of one of them, "
            "keras.Model(model.inputs, model.outputs[0]). "
            f"Received: {len(network.outputs)} outputs, {names}"
        )
    network.set_weights(model.get_weights())
    return network
