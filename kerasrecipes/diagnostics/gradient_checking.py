"""Gradients against differences of the loss."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_integer
from kerasrecipes.base.differentiation import differentiated
from kerasrecipes.diagnostics.facts.given import Given, given_data
from kerasrecipes.diagnostics.numeric_gradients.double_models import (
    as_double,
    double_copy,
    double_loss,
    double_precision,
)
from kerasrecipes.diagnostics.numeric_gradients.layers_alone import errors_of_layers
from kerasrecipes.diagnostics.numeric_gradients.quotients import compared
from kerasrecipes.diagnostics.record.trials import GradientError
from kerasrecipes.diagnostics.rules.trials.checked_gradients import wrong_layers
from kerasrecipes.diagnostics.trying.building import build
from kerasrecipes.diagnostics.trying.nested_layers import layers_within
from kerasrecipes.diagnostics.trying.subset import batch_of, subset_of


@dataclass(frozen=True)
class GradientCheck:
    """Relative errors of a model's gradients.

    Args:
        errors: One for each weight, from the first layer to the last; where one is wrong, also
            those of layers that were tried by themselves.
    """

    errors: tuple[GradientError, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The layers whose gradient is wrong."""
        return wrong_layers(self.errors)

    def __str__(self) -> str:
        lines = [f"{'layer':24} {'weight':16} {'entries':>7} {'kinks':>5} {'error':>9}"]
        for error in self.errors:
            value = "not known" if error.error is None else f"{error.error:9.1e}"
            lines.append(
                f"{error.layer:24} {error.weight:16} {error.entries:7} {error.kinks:5} {value:>9}"
            )
        wrong = ", ".join(self.wrong)
        return "\n".join([*lines, f"wrong: {wrong}" if wrong else "All gradients are right."])


def check_gradients(
    model: keras.Model,
    x,
    y=None,
    *,
    samples: int = 4,
    entries: int = 4,
    seed: int = 0,
) -> GradientCheck:
    """Compares the gradient of each weight with central differences of the loss.

    For an entry `w` of a weight, the gradient is compared with

        (loss(w + h) - loss(w - h)) / (2 * h)

    for two steps `h`; where the quotients differ from each other, there is a kink, and the entry is
    left out. All is done on a copy of the model in float64 and in inference mode, that is without
    dropout and with fixed statistics. If a weight's gradient is wrong, each layer is tried by
    itself, to tell which one it is. The model stays as it is.

    When to use: after writing a layer, an activation or a loss with a gradient of its own
    (`keras.ops.custom_gradient`, `tf.custom_gradient`, `jax.custom_vjp`,
    `torch.autograd.Function`). Everything else is differentiated by the backend.

    Args:
        model: A model that can be made anew from its config. If it is not compiled, or the loss
            cannot compute in float64, a random weighted sum of the outputs takes its place.
        x: Array of inputs, or a list or dictionary of them.
        y: Array of targets, or a list or dictionary of them.
        samples: Positive integer. The number of samples.
        entries: Positive integer. The number of entries of each weight that are tried; the one
            with the greatest gradient is among them. Each takes four passes.
        seed: Non-negative integer.

    Returns:
        A `GradientCheck` with the errors and the names of the wrong layers.

    Raises:
        ValueError: If the model cannot be copied, or there are no data.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "tanh", name="hidden"),
    ...                           keras.layers.Dense(1)])
    >>> model.compile(loss="mse")
    >>> found = check_gradients(model, np.ones((4, 3)), np.zeros((4, 1)))
    >>> found.errors[0].layer, found.errors[0].error < 1e-6, found.wrong
    ('hidden', True, ())

    Reference:
        Karpathy, 2015, https://cs231n.github.io/neural-networks-3/, section "Gradient checks".
    """
    check_integer("samples", samples, at_least=1)
    check_integer("entries", entries, at_least=1)
    check_integer("seed", seed, at_least=0)
    given = given_data(x, y)
    if given.x is None or not given.samples:
        raise ValueError(f"`x` must be arrays with samples. Received: x={type(x).__name__}")
    return GradientCheck(gradient_errors(model, given, samples, entries, seed))


def gradient_errors(
    model, given: Given, samples: int = 4, entries: int = 4, seed: int = 0
) -> tuple[GradientError, ...]:
    """Returns what `check_gradients` does, of data as `given_data` returns them."""
    if (reason := build(model, given)) is not None:
        raise ValueError(reason)
    batch = batch_of(given, subset_of(given, samples, seed))
    generator = np.random.default_rng(seed)
    with double_precision():
        batch = as_double(batch)
        copy = double_copy(model, batch[0])
        loss = _loss(model, copy, batch, generator)
        variables = copy.trainable_variables
        values = [np.array(ops.convert_to_numpy(v)) for v in variables]

        def value(tensors, others):
            with keras.StatelessScope(state_mapping=list(zip(variables, tensors, strict=True))):
                return loss(), ()

        owners = _owners(copy)
        errors = [
            GradientError(owners[id(variable)], variable.name, *found)
            for variable, found in zip(
                variables,
                compared(differentiated(value), values, entries, generator),
                strict=True,
            )
        ]
        if wrong_layers(errors):
            errors += errors_of_layers(copy, batch[0], generator)
    return tuple(errors)


def _loss(model, copy, batch: tuple, generator) -> Callable:
    """Returns a function for the loss of a copy; a weighted sum of outputs, if it has none."""
    if len(batch) == 2 and model.compiled and model.loss is not None:
        try:
            weights = model.get_compile_config().get("loss_weights")
            copy.compile(loss=double_loss(model.loss), loss_weights=weights)

            def loss():
                return copy.compute_loss(*batch, copy(batch[0], training=False), training=False)

            if keras.backend.standardize_dtype(loss().dtype) == "float64":
                return loss
        except Exception:  # A loss that cannot be made anew: that of the layers can be told.
            pass
    shapes = [tuple(y.shape) for y in keras.tree.flatten(copy(batch[0], training=False))]
    factors = [generator.normal(size=shape) for shape in shapes]

    def weighted():
        outputs = keras.tree.flatten(copy(batch[0], training=False))
        return sum(ops.sum(ops.multiply(y, f)) for y, f in zip(outputs, factors, strict=True))

    return weighted


def _owners(model) -> dict[int, str]:
    """Returns the name of the innermost layer of each weight."""
    layers = sorted(layers_within(model), key=lambda layer: -len(layer.weights))
    return {id(weight): layer.name for layer in layers for weight in layer.weights}
