"""A learning rate for each layer, in proportion."""

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

    Learning rate, schedule, clipping and all else stay one; `optimizer.learning_rate` is what
    layers with multiplier 1 get. Use it to fine-tune: a tenth on a pretrained backbone
    (`for_backbone`), or less and less towards the input (`by_depth`); in a recipe,
    `StagewiseLearningRates` does both. A multiplier of 0 saves no time: freeze layers instead, by
    `trainable`.

    The multipliers are settled when the optimizer is built. From then on the config holds one for
    each trainable weight, in order, so that a loaded model trains on as before.

    Memory: none. Time: on PyTorch one weight tensor is updated after the other, which takes about
    three times as long as all together.

    Args:
        optimizer: A Keras optimizer, or the name of one; no wrapper, `Nadam` or `Muon`.
        multipliers: A dictionary from layers, or from what names of layers begin with, to floats of
            at least 0; or one float for each trainable weight, in the model's order. A layer comes
            before a name, a layer within another and a longer name before the others. `""` stands
            for what nothing else names. Weights in models that are layers themselves are not always
            found by that model's name: give the layer.
        name: String, or `None`.

    Raises:
        ValueError: If a multiplier is negative; when it is built, if a key matches no trainable
            weight, a weight is not covered, or there are not as many floats as weights, as after
            layers were unfrozen: make a new one and compile again.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="stem"),
    ...                           keras.layers.Dense(1, name="head")])
    >>> optimizer = LayerwiseLearningRates("sgd", {"stem": 0.1, "head": 1.0})
    >>> optimizer.build(model.trainable_variables)
    >>> optimizer.get_config()["multipliers"]
    [0.1, 0.1, 1.0, 1.0]

    Reference:
        Howard and Ruder, 2018, https://arxiv.org/abs/1801.06146, section 3.2, which divides by 2.6
        from layer to layer.
    """

    def __init__(
        self,
        optimizer,
        multipliers: Mapping | Sequence[float],
        name: str | None = None,
    ):
        by_key = multipliers if isinstance(multipliers, Mapping) else dict(enumerate(multipliers))
        for key, value in by_key.items():
            check_number(f"multipliers[{getattr(key, 'name', key)!r}]", value, at_least=0)
        super().__init__(optimizer, name)
        self.multipliers = multipliers

    @classmethod
    def for_backbone(cls, optimizer, model, backbone, multiplier: float = 0.1):
        """Returns one with `multiplier` on a backbone and 1 on the rest of a built model.

        Args:
            optimizer: As for the class.
            model: A built `keras.Model`, with `trainable` set as it is going to be trained.
            backbone: A layer of it, which may be a model.
            multiplier: Float of at least 0. A tenth is what lectures start from.
        """
        if not model.trainable_variables:
            raise ValueError(f"`model` must be built and trainable. Received: model={model!r}")
        lowered = {id(weight) for weight in backbone.weights}
        weights = model.trainable_variables
        return cls(optimizer, [multiplier if id(w) in lowered else 1.0 for w in weights])

    @classmethod
    def by_depth(cls, optimizer, groups: Sequence, factor: float = 0.5):
        """Returns one whose multipliers fall by `factor` from group to group towards the input.

        Args:
            optimizer: As for the class.
            groups: Layers, or lists of layers, from the input to the output, which have all
                trainable weights among them: `model.layers`, say, or the stages of a backbone and
                the head.
            factor: Float in `(0, 1]`. The last group has multiplier 1, the one before it `factor`.
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
        return {**super().get_config(), "multipliers": self._plain_multipliers()}

    def _plain_multipliers(self):
        if self.built:
            return [*self._resolved]
        if not isinstance(self.multipliers, Mapping):
            return [*self.multipliers]
        if all(isinstance(key, str) for key in self.multipliers):
            return dict(self.multipliers)
        raise ValueError(
            "`multipliers` of layers can be saved only once the optimizer is built: call "
            "`optimizer.build(model.trainable_variables)` first."
        )


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
