"""Private names of Keras, TensorFlow and PyTorch: reason, fallback and test of each use.

Beside this module, `tracing.py` holds the few that tell who traces a function,
`gradient_registry.py` those that free TensorFlow's models, `fit_frame.py` the one that reads the
arguments of `fit`, and `double_promotion.py` the one that lets Keras compute in float64.
"""

import warnings
from collections.abc import Callable

import keras


class ForeachUpdates(keras.optimizers.Optimizer):
    """Lets an optimizer update all weights at once on PyTorch, by its `update_foreach`.

    Uses: `Optimizer._backend_update_step`, which Keras calls with all gradients and variables.

    Reason: eager PyTorch takes time for each operation, and Keras's loop over `update_step` runs a
    dozen of them for each of a network's hundreds of weights. A `torch._foreach_*` function takes
    all weights in one call.

    Fallback: Keras's loop. An optimizer without `update_foreach` uses it too, and so do all of them
    if a later Keras does not call `_backend_update_step`.

    Test: `tests/optimizers/test_private.py`.
    """

    update_foreach: Callable | None = None

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if self.update_foreach is None or keras.backend.backend() != "torch":
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            return
        import torch

        with torch.no_grad():
            gradients = [
                gradient.to(variable.value.dtype)
                for gradient, variable in zip(grads, trainable_variables, strict=True)
            ]
            self.update_foreach(gradients, trainable_variables, learning_rate)


class AllowsEmptyWeightDecay(keras.optimizers.Optimizer):
    """Lets an optimizer with `weight_decay` train weights that are all excluded from it.

    Uses: `Optimizer._apply_weight_decay`.

    Reason: PyTorch's functions refuse an empty list of tensors. If every weight is excluded, as
    when only normalization scales are trained, Keras therefore raises a `RuntimeError` on PyTorch.

    Fallback: Keras's own method, with that error.

    Test: `tests/optimizers/test_private.py`.
    """

    def _apply_weight_decay(self, variables):
        if any(uses_weight_decay(self, variable) for variable in variables):
            super()._apply_weight_decay(variables)


class DecaysWithinItsStep(AllowsEmptyWeightDecay):
    """Lets an optimizer's `update_step` decay weights itself, by its `weight_decay`.

    Keras decays the weights of every optimizer with a `weight_decay`, before the step and in
    proportion to the whole learning rate. LARS adds the decay to the gradient instead, and an
    optimizer with a learning rate for each layer decays in proportion to that rate. Such an
    optimizer excludes all weights from Keras's decay when it is built, and `decays` tells which
    weights its step is to decay. Nothing here is private but what the base class and
    `uses_weight_decay` use.
    """

    def build(self, variables):
        if not self.built:
            self._decays = [uses_weight_decay(self, variable) for variable in variables]
            self.exclude_from_weight_decay(var_list=variables)
        super().build(variables)

    def decays(self, index: int) -> bool:
        """Returns whether the step has to decay a weight.

        Args:
            index: Position of the weight among the model's trainable weights.
        """
        return bool(self.weight_decay) and self._decays[index]


class ShowsInnerAverages(keras.optimizers.Optimizer):
    """Lets `keras.callbacks.SwapEMAWeights` find the averages of the optimizer inside another one.

    Uses: `Optimizer._model_variables_moving_average`.

    Reason: the callback looks for it in the model's optimizer, or in a `LossScaleOptimizer`'s.

    Fallback: the callback's own error, that there are no averages; `AveragedWeights` does without.

    Test: `tests/optimizers/test_wrappers.py`.
    """

    optimizer: keras.optimizers.Optimizer

    @property
    def _model_variables_moving_average(self):
        return self.optimizer._model_variables_moving_average


def uses_weight_decay(optimizer, variable) -> bool:
    """Returns whether an optimizer decays a variable, if it decays any.

    Uses: `Optimizer._is_excluded_from_weight_decay` of Keras 3.16, or `_use_weight_decay` of
    Keras 3.15, which answers before the optimizer is built. That of Keras 3.16 does not.

    Reason: nothing public tells which variables were given to `exclude_from_weight_decay`, and a
    second call of that method forgets those of the first.

    Fallback: every variable counts as decayed, as if none had been excluded, with a warning.

    Test: `tests/optimizers/test_private.py`.
    """
    is_excluded = getattr(optimizer, "_is_excluded_from_weight_decay", None)
    if is_excluded is not None:
        return not is_excluded(variable)
    is_decayed = getattr(optimizer, "_use_weight_decay", None)
    if is_decayed is not None:
        return is_decayed(variable)
    warnings.warn(
        "This version of Keras does not tell which weights `exclude_from_weight_decay` excluded "
        f"from the weight decay of {type(optimizer).__name__}. All of them will be decayed.",
        stacklevel=2,
    )
    return True


def metric_direction(metric) -> str | None:
    """Returns `"max"` if a metric is better when larger, `"min"` if when smaller, else `None`.

    Uses: `Metric._direction`, and `MeanMetricWrapper._fn`, the loss that is used as a metric.

    Reason: Keras's metrics know which of their values are better, but nothing public tells. Names
    do not tell either: `MeanAbsoluteError(name="brier")`.

    Fallback: `None`, and users have to give the direction as `mode`. Keras itself does not set the
    direction of every metric.

    Test: `tests/callbacks/test_monitored.py`.
    """
    if isinstance(getattr(metric, "_fn", None), keras.losses.Loss):
        return "min"
    return {"up": "max", "down": "min"}.get(getattr(metric, "_direction", ""))


def copy_direction(metric, wrapper) -> None:
    """Lets Keras's own callbacks read the direction of a metric from a wrapper of it.

    Uses: `Metric._direction`.

    Reason: with `mode="auto"`, `EarlyStopping` and its like refuse a metric without it.

    Fallback: that refusal, whose message asks for `mode`.

    Test: `tests/callbacks/test_monitored.py`.
    """
    if hasattr(metric, "_direction"):
        wrapper._direction = metric._direction


def better_when_smaller(metric) -> None:
    """Lets Keras's own callbacks know that a metric of ours is better when smaller.

    Uses: `Metric._direction`.

    Reason: with `mode="auto"`, `EarlyStopping` and its like refuse a metric without it.

    Fallback: that refusal, whose message asks for `mode`.

    Test: `tests/metrics/test_probability_metrics.py`.
    """
    metric._direction = "down"


def compiled_metrics(model) -> list[keras.metrics.Metric]:
    """Returns the metrics that a model was compiled with, once it has been trained or evaluated.

    Uses: `CompileMetrics`, the metric among `Model.metrics` that holds them in its own `metrics`.

    Reason: `Model.metrics` of Keras 3 has one object for all metrics of `compile`.

    Fallback: the metrics that `Model.metrics` has itself.

    Test: `tests/callbacks/test_monitored.py`.
    """
    return [inner for metric in model.metrics for inner in getattr(metric, "metrics", [metric])]


def assign_in_call(variable, value) -> None:
    """Assigns a value to a variable from inside of a layer's call.

    Uses: `keras.src.backend.common.AutocastScope`.

    Reason: under mixed precision, a variable that is read within a call is a copy in the compute
    dtype. On PyTorch `assign` of Keras 3.15 writes into that copy, and the new value is lost.

    Fallback: `assign` alone, which loses no value since Keras 3.16.

    Test: `tests/models/initialization/test_layer_by_layer.py`.
    """
    try:
        from keras.src.backend.common import AutocastScope
    except ImportError:
        variable.assign(value)
        return
    with AutocastScope(None):
        variable.assign(value)


def calls_of(operation) -> list[list[tuple[object, int]]]:
    """Returns, for each call of a layer in a graph, where each tensor that it took is from.

    Uses: `Operation._inbound_nodes`, and what `origin_of` uses. Reason: `Layer.input` tells only of
    a layer's first call, which in a model inside of another is that of its own graph; `get_config`
    fails where a custom layer has none. Fallback: no calls, so that a layer's inputs are unknown.
    Test: `tests/diagnostics/facts/test_models.py`.
    """
    nodes = getattr(operation, "_inbound_nodes", ())
    origins = ([origin_of(tensor) for tensor in node.input_tensors] for node in nodes)
    return [[origin for origin in call if origin is not None] for call in origins]


def origin_of(tensor) -> tuple[object, int] | None:
    """Returns the layer or operation that computes a tensor of a graph, and which output it is.

    Uses: `KerasTensor._keras_history`. Reason and test: as `calls_of`. Fallback: `None`.
    """
    history = getattr(tensor, "_keras_history", None)
    return None if history is None else (history[0], history[2])


def is_symbolic_call() -> bool:
    """Returns whether Keras calls a layer only to learn the shapes of its outputs.

    Uses: `keras.src.backend.common.symbolic_scope.in_symbolic_scope`.

    Reason: on PyTorch, such a call computes on arrays that Keras makes up, and nothing public tells
    them from images.

    Fallback: no. A layer may then warn of the value range of images that are none.

    Test: `tests/layers/augmentation/test_value_range.py`.
    """
    try:
        from keras.src.backend.common.symbolic_scope import in_symbolic_scope
    except ImportError:
        return False
    return in_symbolic_scope()


def gamma(shape, alpha: float, seed: keras.random.SeedGenerator):
    """Returns what `keras.random.gamma` returns, and leaves global random numbers alone.

    Uses: `torch._standard_gamma`, from which `torch.distributions.Gamma` draws.

    Reason: on PyTorch, Keras's function sets the process's global generator to its seed and then
    back. If two threads draw, or one draws while another applies dropout, numbers change from run
    to run. No public function of PyTorch draws gamma variables from a generator of one's own.

    Fallback: Keras's function.

    Test: `tests/layers/augmentation/test_mixed_samples.py`.
    """
    if keras.backend.backend() != "torch":
        return keras.random.gamma(shape, alpha, seed=seed)
    import torch

    concentration = keras.ops.full(shape, alpha, dtype="float32")
    draw = getattr(torch, "_standard_gamma", None)
    if draw is None or concentration.is_meta:
        return keras.random.gamma(shape, alpha, seed=seed)
    first, second = seed.next()
    generator = torch.Generator(concentration.device)
    generator.manual_seed(int(first + second) & 0xFFFFFFFF)
    return draw(concentration, generator=generator)
