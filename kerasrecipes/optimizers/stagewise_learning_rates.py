"""Learning rates by stage and gradual unfreezing, from the head to the input."""

from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.optimizers._base.step_numbers import last_gradient
from kerasrecipes.optimizers._base.update_wrapper import ScaledUpdates


@keras.saving.register_keras_serializable(package="kerasrecipes")
class StagewiseLearningRates(ScaledUpdates):
    """Lowers the learning rate from stage to stage, and unfreezes one stage after the other.

    At step `t`, the weights of the stage that lies `d` stages below the head are trained at
    `k * learning_rate`, and decoupled weight decay is multiplied by `k` as well:

        k = 1                                                 d = 0, the head itself
        k = backbone_multiplier * depth_factor**(d - 1)       d >= 1
        k = 0                                                 while t < d * unfreeze_every_steps

    Weights are assigned to stages before the optimizer is built: `train` does so for a recipe's
    model, `assign_stages` for any model. `depths` then holds the result, so that a loaded model
    goes on training as before. Which stages are frozen depends on the number of the step alone, so
    that an interrupted run can be resumed exactly.

    A frozen stage keeps its weights to the last bit, but its gradients and moments are computed all
    the same. For stages that are never to be trained, set `trainable = False`: that saves time.

    Memory: none. Time: as `LayerwiseLearningRates`.

    Args:
        optimizer: A Keras optimizer, or the name of one; no wrapper, `Nadam` or `Muon`.
        backbone_multiplier: Float of at least 0. A tenth is a usual first choice.
        depth_factor: Float in `(0, 1]`. Defaults to 1: the same rate for all stages of the
            backbone.
        unfreeze_every_steps: Non-negative integer. Defaults to 0: all stages train from the start.
            A recipe may give `unfreeze_every_epochs` instead. With gradient accumulation, steps are
            batches, as they are for schedules.
        depths: One integer for each trainable weight, in the model's order: how many stages it lies
            below the head. Defaults to `None`: not assigned yet.
        name: String, or `None`.

    Raises:
        ValueError: If an argument is out of range; when it is built, if the weights are not
            assigned to stages, or there are not as many depths as weights, as after layers were
            unfrozen.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="stage1"),
    ...                           keras.layers.Dense(2, name="stage2"),
    ...                           keras.layers.Dense(1, name="head")])
    >>> optimizer = StagewiseLearningRates("sgd", depth_factor=0.5)
    >>> optimizer.assign_stages(model.trainable_variables, model.layers)
    >>> optimizer.depths
    [2, 2, 1, 1, 0, 0]
    >>> optimizer.multipliers
    [0.05, 0.05, 0.1, 0.1, 1.0, 1.0]

    Reference:
        Howard and Ruder, 2018, https://arxiv.org/abs/1801.06146, sections 3.2 and 3.3. Differs from
        it in: the ratio of the head's rate to the backbone's is a number of its own; rates are for
        stages, not for layers; moments of frozen stages are updated.
    """

    def __init__(
        self,
        optimizer,
        backbone_multiplier: float = 0.1,
        depth_factor: float = 1.0,
        unfreeze_every_steps: int = 0,
        depths: Sequence[int] | None = None,
        name: str | None = None,
    ):
        check_number("backbone_multiplier", backbone_multiplier, at_least=0)
        check_number("depth_factor", depth_factor, above=0, at_most=1)
        check_integer("unfreeze_every_steps", unfreeze_every_steps, at_least=0)
        for depth in depths or ():
            check_integer("depths", depth, at_least=0)
        super().__init__(optimizer, name)
        self.backbone_multiplier = backbone_multiplier
        self.depth_factor = depth_factor
        self.unfreeze_every_steps = unfreeze_every_steps
        self.depths = depths

    @property
    def multipliers(self) -> list[float]:
        """The multiplier of each trainable weight, in the model's order, once it is unfrozen."""
        return [self._multiplier(depth) for depth in self.depths or ()]

    def assign_stages(self, variables: Sequence, stages: Sequence) -> None:
        """Assigns each trainable weight to the stage that it is in, by setting `depths`.

        Args:
            variables: The trainable weights of the model, in its order.
            stages: Layers, or lists of layers, from the input to the head; the last has depth 0.

        Raises:
            ValueError: If a weight is in none of the stages.
        """
        listed = [stage if isinstance(stage, list | tuple) else [stage] for stage in stages]
        depth_of = {
            id(weight): len(listed) - 1 - position
            for position, stage in enumerate(listed)
            for layer in stage
            for weight in layer.weights
        }
        uncovered = [v.path for v in variables if id(v) not in depth_of]
        if uncovered:
            raise ValueError(
                "`stages` must hold every layer with trainable weights. "
                f"Not covered: {', '.join(uncovered)}"
            )
        self.depths = [depth_of[id(variable)] for variable in variables]

    def build(self, variables):
        if self.built:
            return
        if self.depths is None:
            raise ValueError(
                "The weights must be assigned to stages before the optimizer is built: call "
                "`optimizer.assign_stages(model.trainable_variables, stages)` first."
            )
        if len(self.depths) != len(variables):
            raise ValueError(
                f"`depths` must be one for each of the {len(variables)} trainable weights. If "
                "layers were frozen or unfrozen, make a new optimizer for the present weights. "
                f"Received: {len(self.depths)} depths"
            )
        self._depths = [*self.depths]
        super().build(variables)

    def multiplier_of(self, index):
        return self._multiplier(self._depths[index])

    def update_step(self, gradient, variable, learning_rate):
        start = self._depths[self._get_variable_index(variable)] * self.unfreeze_every_steps
        if start:
            rate = ops.convert_to_tensor(learning_rate)
            step = last_gradient(self.iterations, self.gradient_accumulation_steps)
            learning_rate = ops.where(step >= start, rate, 0.0)
        super().update_step(gradient, variable, learning_rate)

    def _multiplier(self, depth: int) -> float:
        if depth == 0:
            return 1.0
        return self.backbone_multiplier * self.depth_factor ** (depth - 1)

    def get_config(self):
        return {
            **super().get_config(),
            "backbone_multiplier": self.backbone_multiplier,
            "depth_factor": self.depth_factor,
            "unfreeze_every_steps": self.unfreeze_every_steps,
            "depths": self.depths if self.depths is None else [*self.depths],
        }
