"""Networks and a training step in JAX and optax, written by hand, without Keras.

Weights are Keras's, by the names of its layers. Batch statistics are the mean and the mean square,
in one pass over the images, as in Flax.
"""

# ruff: noqa: TID253  (this is JAX and nothing else)

import functools

import jax
import jax.numpy as jnp
import keras
import optax
from jax import lax

from steps.case import Network

EPSILON, MOMENTUM = 1e-3, 0.99  # Those of Keras's BatchNormalization.
# float16 has too short a range for gradients; Keras's LossScaleOptimizer starts at the same scale.
LOSS_SCALES = {"float32": 1.0, "bfloat16": 1.0, "float16": 2.0**15}


def weights_of(model) -> tuple[dict, dict]:
    """Returns copies of a Keras model's weights and moving statistics, by layer and name."""
    weights: dict = {}
    moving: dict = {}
    for layer in model.layers:
        for variable in layer.weights:
            chosen = weights if variable.trainable else moving
            value = jnp.array(keras.ops.convert_to_numpy(variable))
            chosen.setdefault(layer.name, {})[variable.name] = value
    return weights, moving


class Layers:
    """The layers of a network as functions of its weights; new moving statistics gather."""

    def __init__(self, weights: dict, moving: dict):
        self.weights = weights
        self.moving = dict(moving)

    def convolve(self, name, x, strides=1):
        kernel = self.weights[name]["kernel"].astype(x.dtype)
        around = [(size // 2, size // 2) for size in kernel.shape[:2]]
        dimensions = ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(
            x, kernel, (strides, strides), around, dimension_numbers=dimensions
        )

    def normalize(self, name, x):
        weights, before = self.weights[name], self.moving[name]
        wide = x.astype("float32")
        mean = wide.mean((0, 1, 2))
        variance = jnp.square(wide).mean((0, 1, 2)) - jnp.square(mean)
        self.moving[name] = {
            "moving_mean": MOMENTUM * before["moving_mean"] + (1 - MOMENTUM) * mean,
            "moving_variance": MOMENTUM * before["moving_variance"] + (1 - MOMENTUM) * variance,
        }
        scale = weights["gamma"] * lax.rsqrt(variance + EPSILON)
        return ((wide - mean) * scale + weights["beta"]).astype(x.dtype)

    def classify(self, x):
        x = x.mean((1, 2)).astype("float32")
        return x @ self.weights["logits"]["kernel"] + self.weights["logits"]["bias"]


def resnet20(layers: Layers, x, depth: int):
    """Returns the logits of a network as `ResNetCIFAR`."""
    x = jax.nn.relu(layers.normalize("stem_norm", layers.convolve("stem_conv", x)))
    for stage in (1, 2, 3):
        for number in range(1, (depth - 2) // 6 + 1):
            name = f"stage{stage}_block{number}"
            strides = 2 if stage > 1 and number == 1 else 1
            branch = layers.convolve(f"{name}_conv1", x, strides)
            branch = jax.nn.relu(layers.normalize(f"{name}_norm1", branch))
            branch = layers.convolve(f"{name}_conv2", branch)
            branch = layers.normalize(f"{name}_norm2", branch)
            new_channels = branch.shape[-1] - x.shape[-1]
            shortcut = jnp.pad(x[:, ::strides, ::strides], [(0, 0)] * 3 + [(0, new_channels)])
            x = jax.nn.relu(shortcut + branch)
    return layers.classify(x)


def resnet50(layers: Layers, x):
    """Returns the logits of a network as `ResNet(depth=50)`."""
    x = jax.nn.relu(layers.normalize("conv1_norm", layers.convolve("conv1_conv", x, 2)))
    around = [(0, 0), (1, 1), (1, 1), (0, 0)]
    lowest = jnp.zeros((), x.dtype)  # Behind ReLU, zeros never exceed a pixel.
    x = lax.reduce_window(x, lowest, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), around)
    for stage, blocks in enumerate((3, 4, 6, 3), start=2):
        for number in range(1, blocks + 1):
            name = f"conv{stage}_block{number}"
            strides = 2 if stage > 2 and number == 1 else 1
            branch, shortcut = x, x
            for part, stride in enumerate((1, strides, 1), start=1):
                branch = layers.convolve(f"{name}_conv{part}", branch, stride)
                branch = layers.normalize(f"{name}_norm{part}", branch)
                branch = jax.nn.relu(branch) if part < 3 else branch
            if number == 1:
                shortcut = layers.convolve(f"{name}_shortcut_conv", x, strides)
                shortcut = layers.normalize(f"{name}_shortcut_norm", shortcut)
            x = jax.nn.relu(shortcut + branch)
    return layers.classify(x)


class Peer:
    """A training loop: SGD with momentum, cross-entropy, accuracy."""

    def __init__(self, network: Network, precision: str, model, learning_rate, momentum):
        optimizer = optax.sgd(learning_rate, momentum)
        if precision == "float16":
            optimizer = optax.apply_if_finite(optimizer, max_consecutive_errors=1000)
        weights, moving = weights_of(model)
        logits = functools.partial(resnet20, depth=network.depth)
        self.logits = resnet50 if network.is_bottleneck else logits
        self.precision, self.optimizer = precision, optimizer
        self.state = weights, moving, optimizer.init(weights), (jnp.zeros(()), jnp.zeros(()))
        self._step = jax.jit(self.step, donate_argnums=0)

    def train(self, batches, steps: int) -> None:
        """Trains for some steps and waits for the device."""
        for step in range(steps):
            self.state = self._step(self.state, batches[step % len(batches)])
        jax.block_until_ready(self.state)

    def step(self, state, batch):
        weights, moving, velocity, (losses, hits) = state
        images, labels = batch
        scale = LOSS_SCALES[self.precision]

        def scaled_loss(weights):
            layers = Layers(weights, moving)
            logits = self.logits(layers, images.astype(self.precision))
            loss = optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
            return loss * scale, (loss, logits, layers.moving)

        gradients, (loss, logits, moving) = jax.grad(scaled_loss, has_aux=True)(weights)
        gradients = jax.tree.map(lambda g: g / scale, gradients)
        updates, velocity = self.optimizer.update(gradients, velocity, weights)
        weights = optax.apply_updates(weights, updates)
        correct = (logits.argmax(-1) == labels).mean()
        return weights, moving, velocity, (losses + loss, hits + correct)
