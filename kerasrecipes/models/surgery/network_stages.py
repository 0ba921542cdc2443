"""The stages of a network: the parts that features are taken from and that are trained or not."""

import re
from collections.abc import Sequence

import keras

from kerasrecipes.base.checks import check_integer, nearest
from kerasrecipes.models.surgery.graph import Graph

# How a layer's name tells its stage, in the networks of `keras.applications` and in ours. No stages
# of their own: ConvNeXt's downsampling_block_0, InceptionV3's mixed9_1, a part of mixed10.
_STAGE = re.compile(
    r"^(stem)(?=_)"
    r"|(?:^|_)(stage_?\d+|(?<!downsampling_)block_?\d+|conv_pw_\d+|conv\d+(?![\dd])"
    r"|mixed_?\d+[a-z]?(?!_?\d)|expanded_conv_\d+|(?:normal|reduction)_concat_\w+)"
)


def stages(model: keras.Model) -> dict[str, list[keras.layers.Layer]]:
    """Returns the layers of each stage of a network, from the input to the last feature map.

    Every layer up to the last feature map, the last output of four axes, is in one stage: the first
    whose output depends on it. So the layers before the first that has a stage's name are in the
    first stage, and those behind the last in the last.

    Args:
        model: A functional convolutional network, or one that `assemble` put behind preprocessing.

    Returns:
        A dictionary from stage to its layers, in order. They hold the weights of all layers but the
        head's.

    Raises:
        ValueError: If the model is no functional network, or has no feature map.

    Example:

    >>> from kerasrecipes.models import ResNetCIFAR
    >>> network = ResNetCIFAR((32, 32, 3), 10, depth=8)
    >>> [(name, len(layers)) for name, layers in stages(network).items()]
    [('stem', 4), ('stage1', 7), ('stage2', 10), ('stage3', 10)]
    """
    graph = Graph.of(model)
    found: dict[str, list[keras.layers.Layer]] = {}
    taken: set[str] = set()
    for name, output in _outputs(graph).items():
        own = [layer for layer in graph.up_to(output) if layer.name not in taken]
        found[name] = own
        taken.update(layer.name for layer in own)
    return found


def head(model: keras.Model) -> list[keras.layers.Layer]:
    """Returns the layers behind the last feature map of a network, in order."""
    graph = Graph.of(model)
    backbone = {layer.name for layer in graph.up_to(graph.feature_map)}
    layers = [layer for layer in graph.layers if isinstance(layer, keras.layers.Layer)]
    return [layer for layer in layers if layer.name not in backbone]


def stage_outputs(model: keras.Model) -> dict[str, str]:
    """Returns the name of the layer that gives each stage's output, from the input on.

    It is the last layer whose name has the stage's or, where a shortcut goes around it, the layer
    in which both come together. The last stage gives the last feature map.
    """
    return _outputs(Graph.of(model))


def stage_output(model: keras.Model, stage: str | None) -> str:
    """Returns the name of the layer (or operation) whose output a stage gives.

    Args:
        model: As in `stages`.
        stage: A stage; a part of one, such as `"conv4_block2"`; a layer's name; or `None` for the
            last feature map.

    Raises:
        ValueError: If there is no such stage; the message names the nearest.
    """
    graph = Graph.of(model)
    if stage is None:
        return graph.feature_map
    outputs = _outputs(graph)
    if stage in outputs:
        return outputs[stage]
    names = [layer.name for layer in graph.up_to(graph.feature_map)]
    inside = [name for name in names if name == stage or name.startswith(f"{stage}_")]
    if not inside:
        raise ValueError(
            f"`stage` must be one of {', '.join(outputs)}, or the name of a layer."
            f"{nearest(stage, [*outputs, *names])} Received: stage={stage!r}"
        )
    return stage if stage in inside else inside[-1]


def set_trainable_stages(
    model: keras.Model,
    trainable_stages: int | str | Sequence[str],
    *,
    train_batch_normalization: bool = False,
) -> None:
    """Sets `trainable` of every layer: the head's, and those of the stages that are to be trained.

    A layer that is not trainable keeps its weights to the last bit, and `BatchNormalization` its
    statistics too, which it then normalizes by in training as well. Compile the model afterwards.

    Args:
        model: As in `stages`.
        trainable_stages: The number of last stages, names of stages, or `"all"`.
        train_batch_normalization: Whether `BatchNormalization` in trainable stages trains too, its
            moving statistics included.

    Raises:
        ValueError: If there is no such stage, or there are not as many.

    Example:

    >>> from kerasrecipes.models import ResNetCIFAR
    >>> network = ResNetCIFAR((32, 32, 3), 10, depth=8)
    >>> set_trainable_stages(network, 1)
    >>> [weight.path for weight in network.trainable_variables]  # doctest: +NORMALIZE_WHITESPACE
    ['stage3_block1_conv1/kernel', 'stage3_block1_conv2/kernel', 'logits/kernel', 'logits/bias']
    """
    by_stage = stages(model)
    chosen = _chosen(trainable_stages, list(by_stage))
    for name, layers in by_stage.items():
        for layer in layers:
            frozen = not train_batch_normalization and _is_batch_normalization(layer)
            layer.trainable = name in chosen and not frozen
    for layer in head(model):
        layer.trainable = True


def _outputs(graph: Graph) -> dict[str, str]:
    named: dict[str, int] = {}
    end = graph.position(graph.feature_map)
    for position, layer in enumerate(graph.layers[: end + 1]):
        if match := _STAGE.search(layer.name):
            named[match.group(1) or match.group(2)] = position
    order = sorted(named, key=named.__getitem__)
    found = {}
    for name, following in zip(order, [*order[1:], None], strict=True):
        stop = end if following is None else named[following] - 1
        joined = (p for p in range(named[name], stop + 1) if graph.is_passage(p))
        found[name] = graph.layers[next(joined, named[name])].name
    last = order[-1] if order else "features"
    return found | {last: graph.feature_map}


def _chosen(trainable_stages: int | str | Sequence[str], names: list[str]) -> list[str]:
    if trainable_stages == "all":
        return names
    if isinstance(trainable_stages, int) and not isinstance(trainable_stages, bool):
        check_integer("trainable_stages", trainable_stages, at_least=0)
        if trainable_stages > len(names):
            raise ValueError(
                f"`trainable_stages` must be at most {len(names)}, the number of stages: "
                f"{', '.join(names)}. Received: trainable_stages={trainable_stages}"
            )
        return names[len(names) - trainable_stages :]
    if not isinstance(trainable_stages, list | tuple):
        raise TypeError(
            "`trainable_stages` must be a number of stages, a list of their names, or 'all'. "
            f"Received: trainable_stages={trainable_stages!r}"
        )
    for name in trainable_stages:
        if name not in names:
            raise ValueError(
                f"`trainable_stages` must name stages: {', '.join(names)}."
                f"{nearest(name, names)} Received: {name!r}"
            )
    return list(trainable_stages)


def _is_batch_normalization(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)
