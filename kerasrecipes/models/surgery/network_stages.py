"""Stages of a network, which give features and are trained or frozen."""

import re
from collections.abc import Sequence

import keras

from kerasrecipes.base.checks import check_integer, nearest
from kerasrecipes.models.surgery.graph import Graph

# The stage in the name of a layer, in networks of `keras.applications`, KerasHub and our own.
# ConvNeXt's downsampling_block_0 and InceptionV3's mixed9_1, a part of mixed10, are not stages of
# their own.
_STAGE = re.compile(
    r"^(stem)(?=_)"
    r"|(?:^|_)(sta(?:ge|ck)_?\d+|(?<!downsampling_)block_?\d+|conv_pw_\d+|conv\d+(?![\dd])"
    r"|mixed_?\d+[a-z]?(?!_?\d)|expanded_conv_\d+|(?:normal|reduction)_concat_\w+)"
)


def stages(model: keras.Model) -> dict[str, list[keras.layers.Layer]]:
    """Returns the layers of each stage of a network, from the input to the last feature map.

    The last feature map is the last output with four axes. Every layer up to it is in one stage,
    the first whose output depends on it. The first stage therefore includes the layers before the
    first name of a stage, and the last stage those after the last one.

    Args:
        model: A functional convolutional network, or a model that `assemble` made of one.

    Returns:
        A dictionary from the name of each stage to its layers, in order. Together they are all
        layers except those of the head.

    Raises:
        ValueError: If the model is not functional, or has no feature map.

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
    """Returns the layers after the last feature map of a network, in order."""
    graph = Graph.of(model)
    backbone = {layer.name for layer in graph.up_to(graph.feature_map)}
    layers = [layer for layer in graph.layers if isinstance(layer, keras.layers.Layer)]
    return [layer for layer in layers if layer.name not in backbone]


def stage_outputs(model: keras.Model) -> dict[str, str]:
    """Returns, for each stage from the input on, the name of the layer with its output.

    This is the last layer that has the name of the stage in its own name. If a shortcut bypasses
    it, this is the layer that joins the two. The output of the last stage is the last feature map.
    """
    return _outputs(Graph.of(model))


def stage_output(model: keras.Model, stage: str | None) -> str:
    """Returns the name of the layer (or operation) with the output of a stage.

    Args:
        model: As in `stages`.
        stage: The name of a stage, of a part of one, such as `"conv4_block2"`, or of a layer; or
            `None` for the last feature map.

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
    """Makes the head and some stages of a network trainable, and freezes all other layers.

    A frozen layer keeps its weights exactly. A frozen `BatchNormalization` also keeps its moving
    statistics, and normalizes by them in training. Compile the model afterwards.

    Args:
        model: As in `stages`.
        trainable_stages: How many of the last stages are trainable; a list of names of stages; or
            `"all"`.
        train_batch_normalization: Whether `BatchNormalization` in the trainable stages is trainable
            too, with its moving statistics.

    Raises:
        ValueError: If there is no such stage, or there are fewer stages.

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
    """Returns the name of the layer with the output of each stage; see `stage_outputs`."""
    named: dict[str, int] = {}
    end = graph.position(graph.feature_map)
    for position, layer in enumerate(graph.layers[: end + 1]):
        if match := _STAGE.search(layer.name):
            named[match.group(1) or match.group(2)] = position
    order = sorted(named, key=named.__getitem__)
    found = {}
    for name, following in zip(order, [*order[1:], None], strict=True):
        stop = end if following is None else named[following] - 1
        joined = (p for p in range(named[name], stop + 1) if graph.is_cut_point(p))
        found[name] = graph.layers[next(joined, named[name])].name
    last = order[-1] if order else "features"
    return found | {last: graph.feature_map}


def _chosen(trainable_stages: int | str | Sequence[str], names: list[str]) -> list[str]:
    """Returns the names of the trainable stages among those of all stages."""
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
