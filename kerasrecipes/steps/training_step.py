"""Base class of training steps that a compiled model's `fit` takes in place of Keras's."""

import contextlib
import types
from collections.abc import Callable, Iterator, Sequence

import keras
from keras import ops

from kerasrecipes.steps._base.batch_loss import BatchLoss, Pass

_NAME = "_training_step_put_on"


class TrainingStep:
    """A training step that is put onto a compiled model, and taken off again.

    `fit` then computes gradients in another way and does all else as before: metrics, callbacks,
    loss scale, gradient accumulation. No layer and no variable is added, so a file that is saved
    meanwhile is that of the plain model.

    A subclass writes `gradients`, `altered` or both. It keeps each argument as an attribute, and
    returns them all from `get_config`.
    """

    # Whether `altered` gives a loss of other inputs: features of images then cannot replace them.
    changes_inputs = False

    def gradients(self, gradients_at: Callable, weights: Sequence, variables: Sequence, step):
        """Returns the gradients for the optimizer, and the pass for metrics and statistics.

        By default they are those at the present weights.

        Args:
            gradients_at: Function from values of the trainable weights to their gradients, of which
                some may be `None`, and a `Pass`.
            weights: The present values.
            variables: The Keras variables that have them.
            step: Number of updates before this one, a scalar integer tensor.
        """
        return gradients_at(weights)

    def altered(self, loss: BatchLoss, weights: Sequence, step) -> BatchLoss:
        """Returns the loss whose gradients are taken: of other inputs, say.

        Args:
            loss: The loss of the batch as `fit` hands it over.
            weights: The present values of the trainable weights.
            step: As in `gradients`.
        """
        return loss

    def put_on(self, model: keras.Model) -> None:
        """Puts this step onto a model, whose next `fit` takes it.

        Raises:
            ValueError: If the model is not compiled, or has a training step of its own.
        """
        own = type(model)
        if getattr(own, _NAME, None) is not None:
            raise ValueError(
                "The model has a training step already: call `take_off(model)` of it first. "
                f"Received: {getattr(own, _NAME)!r} on {model.name!r}"
            )
        if not model.compiled or model.optimizer is None:
            raise ValueError(
                f"The model must be compiled with an optimizer. Received: {model.name!r}"
            )
        if own.train_step is not keras.Model.train_step:
            raise ValueError(
                f"The model must have Keras's own `train_step`. Received: {own.__name__}, which "
                "overrides it"
            )

        def train_step(model, *arguments):
            return _STEPS[keras.backend.backend()](self, model, *arguments)

        # Under the name of its own class, for Keras writes that name into files.
        names: dict[str, object] = {"__module__": own.__module__, "__qualname__": own.__qualname__}
        names |= {"train_step": train_step, _NAME: self}
        model.__class__ = types.new_class(own.__name__, (own,), exec_body=lambda n: n.update(names))
        model.train_function = None  # `fit` would go on with the compiled one.

    def take_off(self, model: keras.Model) -> None:
        """Takes this step off a model, which is of its own class again.

        Raises:
            ValueError: If the model does not have this step.
        """
        if getattr(type(model), _NAME, None) is not self:
            raise ValueError(f"The model does not have this step. Received: {model.name!r}")
        model.__class__ = type(model).__bases__[0]
        model.train_function = None

    @contextlib.contextmanager
    def on(self, model: keras.Model) -> Iterator[keras.Model]:
        """Puts this step onto a model within a `with` block."""
        self.put_on(model)
        try:
            yield model
        finally:
            self.take_off(model)

    def get_config(self) -> dict:
        """Returns the arguments."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict) -> "TrainingStep":
        """Returns the step that a config describes."""
        return cls(**config)


def _stateful(step: TrainingStep, model: keras.Model, batch) -> dict:
    """Returns the logs of a step on TensorFlow or PyTorch."""
    _refuse_replicas()
    state = [_value(v) for v in model.non_trainable_variables]
    metrics = [_value(v) for v in model.metrics_variables]
    loss = BatchLoss(model, batch, state, metrics, model.optimizer.scale_loss(ops.ones(())))
    variables = model.trainable_variables
    weights = [_value(v) for v in variables]
    count = model.optimizer.iterations
    loss = step.altered(loss, weights, count)
    gradients, done = step.gradients(loss.gradients, weights, variables, count)
    _assign(model.non_trainable_variables, state, done.state)
    _assign(model.metrics_variables, metrics, done.metrics)
    with _without_gradients():
        model.optimizer.apply(gradients, variables)
    return _logs(model, loss, done)


def _stateless(step: TrainingStep, model: keras.Model, state, batch) -> tuple[dict, tuple]:
    """Returns the logs of a step on JAX, and the state after it."""
    weights, others, of_optimizer, metrics = state
    optimizer = model.optimizer
    known = zip(optimizer.variables, of_optimizer, strict=True)
    with keras.StatelessScope(state_mapping=[*known]):
        scale, count = (
            optimizer.scale_loss(ops.ones(())),
            ops.convert_to_tensor(optimizer.iterations),
        )
    loss = step.altered(BatchLoss(model, batch, others, metrics, scale), weights, count)
    gradients, done = step.gradients(loss.gradients, weights, model.trainable_variables, count)
    weights, of_optimizer = optimizer.stateless_apply(of_optimizer, gradients, weights)
    measured = zip(model.metrics_variables, done.metrics, strict=True)
    with keras.StatelessScope(state_mapping=[*measured]) as scope:
        logs = _logs(model, loss, done)
    metrics = [scope.get_current_value(v) for v in model.metrics_variables]
    return logs, (weights, done.state, of_optimizer, metrics)


_STEPS: dict[str, Callable] = {"tensorflow": _stateful, "torch": _stateful, "jax": _stateless}


def _logs(model: keras.Model, loss: BatchLoss, done: Pass) -> dict:
    samples = ops.shape(keras.tree.flatten(loss.inputs)[0])[0]
    model.metrics[0].update_state(done.loss, sample_weight=samples)
    return model.compute_metrics(loss.inputs, loss.targets, done.outputs, loss.weights)


def _value(variable):
    """Returns a tensor of a variable's value, which `assign` does not change."""
    if keras.backend.backend() == "torch":
        return variable.value.detach().clone()
    import tensorflow

    return tensorflow.convert_to_tensor(variable.value)


def _assign(variables: Sequence, before: Sequence, after: Sequence) -> None:
    for variable, old, new in zip(variables, before, after, strict=True):
        if new is not old:
            variable.assign(new)


def _without_gradients() -> contextlib.AbstractContextManager:
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()


def _refuse_replicas() -> None:
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow

    replicas = tensorflow.distribute.get_strategy().num_replicas_in_sync
    if replicas > 1:
        raise ValueError(
            f"A training step other than Keras's needs a single replica. Received: {replicas}"
        )
