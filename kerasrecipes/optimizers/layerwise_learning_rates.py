"""Learning rates of layers, in fixed proportions."""

from collections.abc import Mapping, Sequence

import keras

from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers._base.update_wrapper import ScaledUpdates
from kerasrecipes.optimizers._base.weight_paths import check_starts, starts_within


@keras.saving.register_keras_serializable(package="kerasrecipes")
class LayerwiseLearningRates(ScaledUpdates):
    """Multiplies an optimizer's learning rate by a number for each layer.

    With decoupled weight decay, for a weight `w` with multiplier `k`:

        w -= k * learning_rate * weight_decay * w
        w -= the inner optimizer's step at k * learning_rate

    There is still one learning rate, one schedule and one clipping; `optimizer.learning_rate` is
    the rate of layers with multiplier 1. Use this wrapper for fine-tuning: a tenth for a pretrained
    backbone (`for_backbone`), or multipliers that fall towards the input (`by_depth`). In a recipe,
    `StagewiseLearningRates` does both. A multiplier of 0 saves no time: to freeze a layer, set its
    `trainable` instead.

    When the optimizer is built, each trainable weight is assigned a multiplier. From then on the
    config holds these numbers, in the model's order, so that a loaded model goes on training as
    before.

    Memory: none. Time: on PyTorch one weight tensor is updated after the other, which takes about
    three times as long as an update of all at once.

    Args:
        optimizer: A Keras optimizer, or the name of one; no wrapper, `Nadam` or `Muon`.
        multipliers: A dictionary whose values are floats of at least 0 and whose keys are layers,
            names of layers or beginnings of such names; or one float for each trainable weight, in
            the model's order. Where several keys match a weight, a layer wins over a name, an inner
            layer over the layer around it, and a longer name over a shorter one. The key `""`
            stands for all weights that no other key matches. The name of a model that is a layer of
            another one does not always match the weights in it: use that layer itself as the key.
        name: String, or `None`.

    Raises:
        ValueError: If a multiplier is negative; when it is built, if a key matches no trainable
            weight, a weight is matched by no key, or there are not as many floats as weights, as
            after layers were unfrozen.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="stem"),
    ...                           keras.layers.Dense(1, name="head")])
    >>> optimizer = LayerwiseLearningRates("sgd", {"stem": 0.1, "head": 1.0})
    >>> optimizer.build(model.trainable_variables)
    >>> optimizer.get_config()["multipliers"]
    [0.1, 0.1, 1.0, 1.0]

    Reference:
        Howard and Ruder, 2018, https://arxiv.org/abs/1801.06146, section 3.2: from each layer to
        the one below, the rate is divided by 2.6.
    """

    def __init__(
        self,
        optimizer,
        multipliers: Mapping | Sequence[float],
        name: str | None = None,
    ):
        check_multipliers(multipliers)
        super().__init__(optimizer, name)
        self.multipliers = multipliers

    @classmethod
    def for_backbone(cls, optimizer, model, backbone, multiplier: float = 0.1):
        """Returns an optimizer with `multiplier` for a backbone and 1 for the rest of a model.

        Args:
            optimizer: As for the class.
            model: A built `keras.Model`. `trainable` must be set already as it is to be trained.
            backbone: One of its layers, which may be a model.
            multiplier: Float of at least 0. A tenth is a usual first choice.
        """
        if not model.trainable_variables:
            raise ValueError(f"`model` must be built and trainable. Received: model={model!r}")
        lowered = {id(weight) for weight in backbone.weights}
        weights = model.trainable_variables
        return cls(optimizer, [multiplier if id(w) in lowered else 1.0 for w in weights])

    @classmethod
    def by_depth(cls, optimizer, groups: Sequence, factor: float = 0.5):
        """Returns an optimizer whose multipliers fall from group to group towards the input.

        Args:
            optimizer: As for the class.
            groups: Layers, or lists of layers, from the input to the output, such as
                `model.layers`, or the stages of a backbone and the head. Together they must hold
                all trainable weights.
            factor: Float in `(0, 1]`. The last group has multiplier 1, the one before it `factor`,
                the one before that `factor ** 2`, and so on.
        """
        check_number("factor", factor, above=0, at_most=1)
        groups = [group if isinstance(group, list | tuple) else [group] for group in groups]
        groups = [[x for x in group if x.trainable_variables] for group in groups]
        groups = [group for group in groups if group]
        powers = range(len(groups) - 1, -1, -1)
        return cls(
            optimizer,
            {x: factor**n for n, group in zip(powers, groups, strict=True) for x in group},
        )

    def build(self, variables):
        if self.built:
            return
        self._resolved = resolve_multipliers(self.multipliers, variables)
        super().build(variables)

    def multiplier_of(self, index):
        return self._resolved[index]

    def get_config(self):
        resolved = self._resolved if self.built else None
        return {
            **super().get_config(),
            "multipliers": plain_multipliers(self.multipliers, resolved),
        }


def check_multipliers(multipliers: Mapping | Sequence[float]) -> None:
    """Raises unless all multipliers are floats of at least 0."""
    by_key = multipliers if isinstance(multipliers, Mapping) else dict(enumerate(multipliers))
    for key, value in by_key.items():
        check_number(f"multipliers[{getattr(key, 'name', key)!r}]", value, at_least=0)


def plain_multipliers(
    multipliers: Mapping | Sequence[float], resolved: list[float] | None
) -> dict | list[float]:
    """Returns multipliers for a config: once they are resolved, one for each weight."""
    if resolved is not None:
        return [*resolved]
    if not isinstance(multipliers, Mapping):
        return [*multipliers]
    if all(isinstance(key, str) for key in multipliers):
        return dict(multipliers)
    raise ValueError(
        "`multipliers` by layers can be saved only once the optimizer is built: call "
        "`optimizer.build(model.trainable_variables)` first."
    )


def resolve_multipliers(multipliers: Mapping | Sequence[float], variables) -> list[float]:
    """Returns one multiplier for each variable; see `LayerwiseLearningRates`."""
    if not isinstance(multipliers, Mapping):
        if len(multipliers) != len(variables):
            raise ValueError(
                f"`multipliers` must be one for each of the {len(variables)} trainable weights. If "
                "layers were frozen or unfrozen, make a new optimizer for the present weights. "
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
            "`multipliers` must cover every trainable weight; the key '' covers all others. "
            f"Not covered: {', '.join(uncovered)}"
        )
    return [float(found[id(variable)]) for variable in variables]


def _by_layer(multipliers: Mapping, variables) -> dict[int, float]:
    """Returns the multipliers of variables that layers among the keys hold, by their `id`."""
    known = {id(variable) for variable in variables}
    layers = [key for key in multipliers if not isinstance(key, str)]
    found = {}
    # Layers with most weights first, so that a layer overrides the model that it is in.
    for layer in sorted(layers, key=lambda layer: -len(layer.weights)):
        weights = [id(weight) for weight in layer.weights if id(weight) in known]
        if not weights:
            raise ValueError(
                "`multipliers` must have keys with trainable weights of the model. "
                f"Received: {layer.name!r}, which has none"
            )
        found.update(dict.fromkeys(weights, multipliers[layer]))
    return found
