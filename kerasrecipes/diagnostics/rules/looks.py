"""What rules ask of looks at a model."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.record.model_facts import Layer
from kerasrecipes.diagnostics.record.probes import LayerStatistics, Probe
from kerasrecipes.diagnostics.record.record import Record

# A model has learnt nothing if it is not better than the most frequent class by as much: the error
# of an accuracy on 32 samples is up to 0.09.
BETTER = 0.1
# Nor is one for numbers if its answers hardly go with the targets,
CORRELATED = 0.3
# nor one of which the loss has fallen by less than this fraction.
FALLEN = 0.05


def hidden(record: Record) -> list[Layer]:
    """Returns the layers with an output that is not the model's, in their order."""
    if record.model is None:
        return []
    last = {output.layer for output in record.outputs}
    return [layer for layer in record.model.layers if layer.name not in last]


def of_layers(look: Probe, layers: list[Layer]) -> Iterator[tuple[Layer, LayerStatistics]]:
    """Yields layers that were looked at, with their statistics."""
    for layer in layers:
        if layer.name in look.layers:
            yield layer, look.layers[layer.name]


def learns_nothing(record: Record) -> bool:
    """Returns whether no answer shows that the model has learnt anything.

    The loss alone does not tell: on TensorFlow it may fall while all answers stay alike.
    """
    look = record.looks[-1]
    shown = [_is_learnt(answer) for answer in look.predictions]
    if any(each is not None for each in shown):
        return not any(shown)
    return (moved := loss_fell(record)) is not None and moved < FALLEN


def _is_learnt(answer) -> bool | None:
    if answer.accuracy is not None:
        return answer.accuracy >= min(1.0, (answer.target_top_share or 0.0) + BETTER)
    if answer.correlation is not None:
        return abs(answer.correlation) >= CORRELATED
    return None if answer.std is None or answer.std > 0 else False


def loss_fell(record: Record) -> float | None:
    """Returns by which fraction the loss on the fixed batch has fallen, less than 0 if it rose."""
    looks = record.looks
    first, last = looks[0].loss, looks[-1].loss
    if first is None or last is None or not first:
        return None
    return (first - last) / abs(first)


def has_kernel(layer: Layer) -> bool:
    """Returns whether a layer's units sum their inputs."""
    return layer.fan_in is not None
