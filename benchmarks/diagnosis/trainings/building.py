"""Models, losses and optimizers of facts."""

from typing import Any

import keras

from kerasrecipes import optimizers, schedules

Facts = dict[str, Any]

# The names of layers' arguments in Keras, where the facts use a shorter one.
ARGUMENTS = {"kernel": "kernel_size", "pool": "pool_size", "shape": "target_shape"}
INITIALIZERS = {
    "uniform": lambda limit: keras.initializers.RandomUniform(-limit, limit),
    "normal": lambda deviation: keras.initializers.RandomNormal(stddev=deviation),
    "constant": keras.initializers.Constant,
}
# Where optimizers and schedules are looked for: Keras's, then ours.
PLACES = (keras.optimizers, keras.optimizers.schedules, optimizers, schedules)


class OnlyInTraining(keras.layers.Layer):
    """A fault: multiplies its inputs in training, and not in inference."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def call(self, inputs, training=False):
        return inputs * self.factor if training else inputs


class Times(keras.losses.Loss):
    """A loss times a factor."""

    def __init__(self, loss: keras.losses.Loss, factor: float):
        super().__init__(name=f"{factor:g}_times_{loss.name}")
        self.loss, self.factor = loss, factor

    def call(self, targets, outputs):
        return self.factor * self.loss(targets, outputs)


def model_of(facts: Facts, shape: tuple[int, ...]) -> keras.Model:
    """Returns a compiled model.

    Args:
        facts: Its `"layers"`, `"loss"`, `"optimizer"`, `"metrics"` and `"batch_size"`.
        shape: The shape of a sample.
    """
    is_stateful = any(layer.get("stateful") for layer in facts["layers"])
    batch = facts["batch_size"] if is_stateful else None
    inputs = keras.Input(batch_shape=(batch, *shape))
    model = keras.Sequential([inputs, *(_layer(layer) for layer in facts["layers"])])
    metrics = [
        keras.metrics.Accuracy() if name == "exact_accuracy" else name for name in facts["metrics"]
    ]
    model.compile(optimizer_of(facts["optimizer"]), _loss(facts["loss"]), metrics=metrics)
    return model


def optimizer_of(facts: Any) -> Any:
    """Returns an optimizer or a schedule of its `"name"` and arguments, and these of theirs."""
    if not isinstance(facts, dict):
        return facts
    options = {name: optimizer_of(value) for name, value in facts.items()}
    name = options.pop("name")
    (kind, *_) = (getattr(place, name) for place in PLACES if hasattr(place, name))
    return kind(**options)


def _layer(facts: Facts) -> keras.layers.Layer:
    options = {ARGUMENTS.get(name, name): value for name, value in facts.items()}
    kind = options.pop("type")
    if kind == "Frozen":
        return _frozen(options["filters"])
    if kind == "OnlyInTraining":
        return OnlyInTraining(**options)
    if kind == "Embedding":
        return keras.layers.Embedding(options["vocabulary"], options["units"])
    if "init" in options:
        options["kernel_initializer"] = _initializer(options.pop("init"))
    if "bias" in options:
        options["bias_initializer"] = _initializer(options.pop("bias"))
    if "l2" in options:
        options["kernel_regularizer"] = keras.regularizers.L2(options.pop("l2"))
    for name in ("kernel_constraint", "recurrent_constraint"):
        if name in options:
            options[name] = keras.constraints.MaxNorm(options[name])
    return getattr(keras.layers, kind)(**options)


def _frozen(filters: list[int]) -> keras.Model:
    layers: list[keras.layers.Layer] = []
    for count in filters:
        convolution = keras.layers.Conv2D(count, 3, padding="same", activation="relu")
        layers += [convolution, keras.layers.MaxPooling2D()]
    base = keras.Sequential(layers, name="base")
    base.trainable = False
    return base


def _initializer(facts: str | dict[str, float]):
    if isinstance(facts, str):
        return facts
    ((name, value),) = facts.items()
    return INITIALIZERS[name](value)


def _loss(facts: str | Facts):
    if isinstance(facts, str):
        return facts
    options = {name: value for name, value in facts.items() if name not in ("name", "factor")}
    kind = "".join(part.title() for part in facts["name"].split("_"))
    loss = getattr(keras.losses, kind)(**options)
    return Times(loss, facts["factor"]) if "factor" in facts else loss
