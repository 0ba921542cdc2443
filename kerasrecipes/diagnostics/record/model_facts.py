"""Facts of a model, its outputs, its losses and its optimizer."""

from dataclasses import dataclass

from kerasrecipes.diagnostics.record.data_facts import Values


@dataclass(frozen=True)
class Layer:
    """Facts of a layer, innermost layers of nested models included.

    Args:
        name: The layer's path in the model, such as `"backbone/conv1"`.
        kind: The name of its class, such as `"Conv2D"`.
        inputs: The names of the layers whose outputs it takes; empty where that is not known.
        output_shape: The shape of a sample's output; `None` where it is not known or varies.
        activation: The name of its activation, such as `"relu"`, `"linear"`, `"custom"`; `None`
            for a layer that has none (dropout, pooling).
        units: Units of a dense or recurrent layer, filters of a convolution.
        fan_in: The number of values that a unit sums.
        parameters: The number of its own weights.
        trainable: Whether its weights are trained.
        kernel_std: The standard deviation of its initial kernel.
        kernel_constant: Whether all entries of its initial kernel are equal.
        bias_mean: The mean of its initial biases.
        dropout_rate: The fraction that is dropped.
        penalties: The factor of each of its regularizers, such as `{"l2": 0.01}`.
        momentum: Momentum of a batch normalization.
        options: Other options that rules read, such as `{"input_dim": 1000}` of an embedding or
            `{"return_sequences": False}`.
    """

    name: str
    kind: str
    inputs: tuple[str, ...] = ()
    output_shape: tuple[int | None, ...] | None = None
    activation: str | None = None
    units: int | None = None
    fan_in: int | None = None
    parameters: int = 0
    trainable: bool = True
    kernel_std: float | None = None
    kernel_constant: bool = False
    bias_mean: float | None = None
    dropout_rate: float | None = None
    penalties: dict[str, float] | None = None
    momentum: float | None = None
    options: dict[str, bool | int | float | str | None] | None = None


@dataclass(frozen=True)
class Model:
    """Facts of a model.

    Args:
        kind: `"Sequential"`, `"Functional"` or `"subclassed"`.
        layers: Its layers in the order of their computation, as far as that is known.
        parameters: The number of its weights.
        trainable_parameters: The number of those that are trained.
        ordered: Whether `layers` are all layers in the order of their computation; not so in a
            subclassed model.
        dtype_policy: Such as `"float32"` or `"mixed_float16"`.
    """

    kind: str
    layers: tuple[Layer, ...]
    parameters: int
    trainable_parameters: int
    ordered: bool = True
    dtype_policy: str = "float32"


@dataclass(frozen=True)
class Loss:
    """Facts of a loss.

    Args:
        kind: Its canonical name, such as `"binary_crossentropy"`, `"mean_squared_error"`; of a
            class, function or string of Keras alike. `"custom"` for another.
        name: What the user gave, for messages.
        from_logits: Whether it takes logits; `None` where that makes no sense.
        label_smoothing: The smoothing of the targets.
        any_encoding: Whether it takes class indices and one-hot rows alike.
    """

    kind: str
    name: str
    from_logits: bool | None = None
    label_smoothing: float = 0.0
    any_encoding: bool = False


@dataclass(frozen=True)
class Output:
    """An output of a model, with what is asked of it.

    Args:
        name: Its name.
        shape: The shape of a sample's output.
        activation: The last activation before it: `"softmax"`, `"sigmoid"`, `"linear"`, ...;
            `"unknown"` where it cannot be told.
        layer: The name of the layer that gives it.
        loss: Its loss; `None` if it has none.
        metrics: The canonical names of its metrics, such as `"accuracy"`,
            `"mean_absolute_error"`.
        targets: The values of its targets; `None` if they are not known.
    """

    name: str
    shape: tuple[int | None, ...]
    activation: str = "unknown"
    layer: str | None = None
    loss: Loss | None = None
    metrics: tuple[str, ...] = ()
    targets: Values | None = None


@dataclass(frozen=True)
class Optimizer:
    """Facts of an optimizer; of the innermost, where one holds another.

    Args:
        kind: The name of its class, such as `"Adam"`.
        learning_rate: Its learning rate, or the greatest of its schedule over the training.
        schedule: The name of the schedule's class; `None` for a constant rate.
        momentum: Its momentum; `None` where it has none.
        nesterov: Whether the momentum is Nesterov's.
        weight_decay: Decoupled weight decay.
        clipped: Whether gradients are clipped.
        accumulation: Batches of an update.
    """

    kind: str
    learning_rate: float | None = None
    schedule: str | None = None
    momentum: float | None = None
    nesterov: bool = False
    weight_decay: float | None = None
    clipped: bool = False
    accumulation: int = 1
