"""From multipliers for layers to one for each weight."""

from collections.abc import Mapping, Sequence

from kerasrecipes.optimizers.weight_paths import check_starts, starts_within


def resolve_multipliers(multipliers: Mapping | Sequence[float], variables) -> list[float]:
    """Returns one multiplier for each variable; see `LayerwiseLearningRates`."""
    if not isinstance(multipliers, Mapping):
        if len(multipliers) != len(variables):
            raise ValueError(
                f"`multipliers` must be one for each of the {len(variables)} trainable weights. If "
                "layers were frozen or unfrozen, make a new optimizer for the weights as they are. "
                f"Received: {len(multipliers)} multipliers"
            )
        return [float(multiplier) for multiplier in multipliers]
    found = _by_layer(multipliers, variables)
    names = [key for key in multipliers if isinstance(key, str)]
    check_starts("multipliers", [name for name in names if name], [v.path for v in variables])
    for variable in variables:
        matching = [name for name in names if starts_within(variable.path, name)]
        if matching and id(variable) not in found:
            found[id(variable)] = multipliers[max(matching, key=len)]
    uncovered = [variable.path for variable in variables if id(variable) not in found]
    if uncovered:
        raise ValueError(
            "`multipliers` must cover every trainable weight; the key '' stands for the rest. "
            f"Not covered: {', '.join(uncovered)}"
        )
    return [float(found[id(variable)]) for variable in variables]


def _by_layer(multipliers: Mapping, variables) -> dict[int, float]:
    """Returns multipliers by the identity of the variables that the layers among the keys have."""
    known = {id(variable) for variable in variables}
    layers = [key for key in multipliers if not isinstance(key, str)]
    found = {}
    # Those with most weights first, so that a layer overrides the model that it is in.
    for layer in sorted(layers, key=lambda layer: -len(layer.weights)):
        weights = [id(weight) for weight in layer.weights if id(weight) in known]
        if not weights:
            raise ValueError(
                "`multipliers` must be for layers with trainable weights of the model. "
                f"Received: {layer.name!r}, which has none"
            )
        found.update(dict.fromkeys(weights, multipliers[layer]))
    return found
