"""What a model computes on a small fixed batch, at one moment of its training."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LayerStatistics:
    """Statistics of a layer's outputs, gradients and weights. `None` is not known, or not finite.

    Args:
        mean: The mean of its outputs.
        std: Their standard deviation.
        sample_std: Their standard deviation over samples, the root mean square over units: 0 if
            the layer answers all samples alike.
        dead_fraction: The fraction of its units (channels) whose output is 0 for all samples, if
            its activation is a relu.
        saturated_fraction: The fraction of its outputs in the flat part of a bounded activation:
            below 0.02 or above 0.98 of its range.
        gradient_norm: The root mean square of the loss's gradient over its kernel.
        weight_norm: The root mean square of its kernel.
        update_ratio: The root mean square of the kernel's change in a step, over `weight_norm`.
        finite: Whether all outputs, gradients and weights are finite.
    """

    mean: float | None = None
    std: float | None = None
    sample_std: float | None = None
    dead_fraction: float | None = None
    saturated_fraction: float | None = None
    gradient_norm: float | None = None
    weight_norm: float | None = None
    update_ratio: float | None = None
    finite: bool = True


@dataclass(frozen=True)
class Predictions:
    """A model's answers on the batch, for one of its outputs.

    Args:
        minimum: The least value; `None` if none is finite.
        maximum: The greatest value.
        mean: The mean.
        std: The standard deviation over samples, the root mean square over entries.
        top_share: The fraction of the samples that get the most frequent class.
        target_top_share: The fraction of the samples that have their most frequent class.
        accuracy: The fraction of the samples whose class is right.
        correlation: Of a regression, Pearson's correlation with the targets.
    """

    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    top_share: float | None = None
    target_top_share: float | None = None
    accuracy: float | None = None
    correlation: float | None = None


@dataclass(frozen=True)
class Probe:
    """One look at a model, in inference mode.

    Args:
        epoch: The number of finished epochs; 0 before the training.
        step: The number of finished steps.
        samples: The number of samples in the batch.
        loss: The loss on the batch, penalties included.
        penalty: The part of it that regularizers add.
        layers: Statistics by the name of the layer, in the order of `Model.layers`.
        predictions: The answers, in the order of `Record.outputs`.
    """

    epoch: int
    step: int
    samples: int
    loss: float | None = None
    penalty: float | None = None
    layers: dict[str, LayerStatistics] = field(default_factory=dict)
    predictions: tuple[Predictions, ...] = ()
