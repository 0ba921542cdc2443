"""Looks at a model on a small fixed batch."""

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.differentiation import differentiated
from kerasrecipes.callbacks.model_state import state_variables
from kerasrecipes.diagnostics.facts.layers import activation_name
from kerasrecipes.diagnostics.looking.answers import predictions
from kerasrecipes.diagnostics.looking.fixed_batches import MOST_SAMPLES, probe_batch
from kerasrecipes.diagnostics.looking.kernels import kernel_of
from kerasrecipes.diagnostics.looking.layer_taps import tapped, tapped_layers
from kerasrecipes.diagnostics.looking.statistics_of_layers import layer_statistics, plain
from kerasrecipes.diagnostics.looking.thinning import as_array, channel_axis, sampled, thinned
from kerasrecipes.diagnostics.record.model_facts import Output
from kerasrecipes.diagnostics.record.probes import LayerStatistics, Predictions, Probe

# Float16 rounds gradients below 6e-8 to 0.
FLOAT16_LOSS_SCALE = 1024.0


class LayerProbe:
    """Looks at a model on a small fixed batch, in inference mode, and changes nothing.

    The model is called in a `keras.StatelessScope`: no variable is assigned, neither weights and
    metrics nor the states of recurrent layers and of seed generators.

    Args:
        model: A compiled model. If it is not built, the first look builds it.
        x: Inputs as the model takes them: arrays, of which at most 32 samples from evenly spaced
            places are taken.
        y: Targets, or `None`.
        outputs: Facts of the model's outputs, where they are known.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="dense")])
    >>> model.set_weights([np.array([[3.0], [4.0]]), np.zeros(1)])
    >>> model.compile(loss="mean_squared_error")
    >>> probe = LayerProbe(model, np.eye(2), np.zeros((2, 1))).look(0, 0)
    >>> probe.loss, probe.layers["dense"].mean
    (12.5, 3.5)
    """

    def __init__(self, model: keras.Model, x, y=None, outputs: Sequence[Output] = ()):
        self._model = model
        self.x, self.y = probe_batch(x, y, _fixed_batch_size(model) or MOST_SAMPLES)
        self.outputs = outputs
        self._kernels: dict[str, np.ndarray] = {}
        self._step: int | None = None
        self._compute: Any = None

    def look(self, epoch: int, step: int, values: Sequence[np.ndarray] | None = None) -> Probe:
        """Returns what the model computes.

        Args:
            epoch: The number of finished epochs.
            step: The number of finished steps.
            values: The values of the model's `state_variables` at which to look; by default, the
                present ones.
        """
        if self._compute is None:
            self.build()
        present = [v.value for v in self.variables] if values is None else values
        present = [ops.convert_to_tensor(value) for value in present]
        kernels = [present[place] for place in self._places]
        with _evaluating(self._model):
            loss, rest, gradients = self._compute(kernels, (present, self._tensors))
        penalty, norms, outputs, answers = self._finished(rest, gradients)
        known = self._has_loss
        return Probe(
            epoch,
            step,
            samples=len(keras.tree.flatten(self.x)[0]),
            loss=_number(loss / self._scale) if known else None,
            penalty=_number(penalty) if known else None,
            layers=self._statistics(step, present, outputs, norms),
            predictions=self._predictions(answers),
        )

    def look_at_weights(
        self, epoch: int, step: int, values: Sequence[np.ndarray] | None = None
    ) -> Probe:
        """Returns what can be told without computing: how weights are, and how they changed.

        It takes the arguments of `look`.
        """
        if self._compute is None:
            self.build()
        present = [v.value for v in self.variables] if values is None else values
        return Probe(epoch, step, samples=0, layers=self._statistics(step, present, {}, {}))

    def _statistics(self, step, present, outputs, norms) -> dict[str, LayerStatistics]:
        now = {path: sampled(present[place]) for path, place in self._place_of.items()}
        steps = 0 if self._step is None else step - self._step
        layers = {
            path: layer_statistics(
                outputs.get(path),
                activation_name(layer),
                channel_axis=channel_axis(layer),
                gradient_norm=norms.get(path),
                kernel=now.get(path),
                change=now[path] - self._kernels[path] if path in self._kernels else None,
                steps=steps,
            )
            for path, layer in self._layers.items()
        }
        self._kernels, self._step = now, step
        return layers

    def build(self) -> None:
        """Builds the model if it is not, and finds out what is to be looked at."""
        model = self._model
        convert = ops.convert_to_tensor
        self._tensors = tuple(
            part if part is None else keras.tree.map_structure(convert, part)
            for part in (self.x, self.y)
        )
        # Another step may compute another loss.
        self._has_loss = is_from_keras(type(model).train_step)
        self._keywords = {"training": False} if _takes_training(model) else {}
        if not model.built:
            # What the call would assign is left out; the variables are there when the scope ends.
            with keras.StatelessScope():
                model(self._tensors[0], **self._keywords)
        self._layers = tapped_layers(model)
        self.variables = state_variables(model)
        places = {id(variable): place for place, variable in enumerate(self.variables)}
        kernels = {path: kernel_of(layer) for path, layer in self._layers.items()}
        self._place_of = {
            path: places[id(kernel)] for path, kernel in kernels.items() if id(kernel) in places
        }
        self._places = sorted(
            {place for place in self._place_of.values() if self.variables[place].trainable}
        )
        half = any(layer.compute_dtype == "float16" for layer in self._layers.values())
        self._scale = FLOAT16_LOSS_SCALE if half else 1.0
        self._compute = differentiated(self._loss)

    def _loss(self, kernels, others):
        """Returns the scaled loss; and penalty, outputs and answers."""
        values, (x, y) = others
        values = dict(enumerate(values)) | dict(zip(self._places, kernels, strict=True))
        mapping = [(variable, values[place]) for place, variable in enumerate(self.variables)]
        outputs: dict[str, Any] = {}

        def tell(path, output):
            first = keras.tree.flatten(output)[0]
            if path not in outputs and "float" in keras.backend.standardize_dtype(first.dtype):
                outputs[path] = ops.cast(
                    thinned(first, channel_axis(self._layers[path])), "float32"
                )

        with keras.StatelessScope(mapping, collect_losses=True):
            with tapped(self._layers, tell):
                answers = self._model(x, **self._keywords)
            loss = penalty = ops.zeros(())
            if self._has_loss:
                loss = self._model.compute_loss(x=x, y=y, y_pred=answers, sample_weight=None)
                for each in self._model.losses:
                    penalty = penalty + ops.sum(ops.cast(each, "float32"))
        return loss * self._scale, (penalty, outputs, answers)

    def _finished(self, rest, gradients):
        """Returns penalty, gradients' norms, outputs and answers, as numbers and NumPy arrays."""
        penalty, outputs, answers = rest
        norms = {
            place: float(ops.convert_to_numpy(_root_mean_square(each))) / self._scale
            for place, each in zip(self._places, gradients, strict=True)
            if each is not None and self._has_loss
        }
        return (
            penalty,
            {path: norms[place] for path, place in self._place_of.items() if place in norms},
            {path: ops.convert_to_numpy(each) for path, each in outputs.items()},
            keras.tree.map_structure(as_array, answers),
        )

    def _predictions(self, answers) -> tuple[Predictions, ...]:
        names = getattr(self._model, "output_names", None) or []
        targets = self.y
        if isinstance(targets, dict) and not isinstance(answers, dict):
            targets = [targets.get(name) for name in names]
        flat = keras.tree.flatten(answers)
        given = [None] * len(flat) if targets is None else keras.tree.flatten(targets)
        if len(given) != len(flat):
            return ()
        logits = [bool(each.loss and each.loss.from_logits) for each in self.outputs]
        if len(logits) != len(flat):
            logits = [False] * len(flat)
        return tuple(
            predictions(answer, target, from_logits=from_logits)
            for answer, target, from_logits in zip(flat, given, logits, strict=True)
        )


def _fixed_batch_size(model: keras.Model) -> int | None:
    """Returns the number of samples that a model takes at once; `None` for any."""
    inputs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    return next((each.shape[0] for each in inputs if each.shape[0]), None)


def is_from_keras(function) -> bool:
    """Returns whether a method is Keras's own, and not overridden."""
    return inspect.unwrap(function).__module__.partition(".")[0] == "keras"


def _takes_training(model: keras.Model) -> bool:
    parameters = inspect.signature(model.call).parameters.values()
    return any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)


@contextlib.contextmanager
def _evaluating(model: keras.Model) -> Iterator[None]:
    """Puts modules of PyTorch into inference mode, and its random numbers back to where they were.

    Recurrent layers draw masks for dropout, which they do not use, in inference, too.
    """
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    modules = [(module, module.training) for module in model.modules()]
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    model.eval()
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        for module, training in modules:
            module.training = training


def _root_mean_square(tensor):
    return ops.sqrt(ops.mean(ops.square(ops.cast(tensor, "float32"))))


def _number(tensor) -> float | None:
    return plain(float(ops.convert_to_numpy(tensor)))
