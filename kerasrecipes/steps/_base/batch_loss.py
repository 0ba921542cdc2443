"""Loss of a batch as a function of the weights, and its gradient on each backend."""

import copy
import inspect
from collections.abc import Sequence
from typing import NamedTuple

import keras

from kerasrecipes.base.differentiation import value_and_gradients


class Pass(NamedTuple):
    """What a pass of a batch through a model gives beside its gradients.

    Args:
        loss: The loss, without an optimizer's loss scale.
        outputs: The outputs of the model.
        state: The model's other variables after the pass, such as normalization statistics.
        metrics: The values of the model's metrics after the loss was computed.
    """

    loss: object
    outputs: object
    state: list
    metrics: list


class BatchLoss:
    """Loss of a batch as a function of a compiled model's weights, which stay as they are.

    Every pass starts from the same state, so that all of them draw the same dropout masks.

    Args:
        model: A compiled `keras.Model`.
        batch: What `fit` hands to a training step.
        state: Values of the model's non-trainable variables.
        metrics: Values of its metrics' variables.
        scale: Tensor by which the loss is multiplied before its gradient is computed.
    """

    def __init__(self, model: keras.Model, batch, state: Sequence, metrics: Sequence, scale):
        self.model = model
        self.inputs, self.targets, self.weights = keras.utils.unpack_x_y_sample_weight(batch)
        self.state = state
        self.metrics = metrics
        self.scale = scale

    def __call__(self, values: Sequence) -> tuple[object, Pass]:
        """Returns the scaled loss at some values of the trainable weights, and the pass."""
        model = self.model
        variables = (
            *zip(model.trainable_variables, values, strict=True),
            *zip(model.non_trainable_variables, self.state, strict=True),
            *zip(model.metrics_variables, self.metrics, strict=True),
        )
        trained = "training" in inspect.signature(model.call).parameters
        with keras.StatelessScope(state_mapping=variables, collect_losses=True) as scope:
            outputs = model(self.inputs, **({"training": True} if trained else {}))
            loss = model.compute_loss(
                x=self.inputs,
                y=self.targets,
                y_pred=outputs,
                sample_weight=self.weights,
                training=True,
            )
        state = [scope.get_current_value(v) for v in model.non_trainable_variables]
        metrics = [scope.get_current_value(v) for v in model.metrics_variables]
        return loss * keras.ops.cast(self.scale, loss.dtype), Pass(loss, outputs, state, metrics)

    def gradients(self, values: Sequence) -> tuple[list, Pass]:
        """Returns the gradients at some values of the trainable weights, and the pass.

        A gradient is `None` where the loss does not depend on the weight, on TensorFlow and
        PyTorch; on JAX it is 0.
        """
        _, done, gradients = value_and_gradients(self._scaled, values, ())
        if keras.backend.backend() == "torch":
            done = Pass(*keras.tree.map_structure(lambda tensor: tensor.detach(), tuple(done)))
        return gradients, done

    def with_inputs(self, inputs) -> "BatchLoss":
        """Returns the loss of a batch with other inputs, and all else the same."""
        other = copy.copy(self)
        other.inputs = inputs
        return other

    def gradient_by_inputs(self, values: Sequence, inputs):
        """Returns the gradient of the scaled loss by inputs, a tensor, or `None` if it has none.

        Args:
            values: Values of the trainable weights.
            inputs: Tensor in the place of the batch's inputs.
        """

        def scaled(tensors, _):
            return self.with_inputs(tensors[0])(values)

        return value_and_gradients(scaled, [inputs], ())[2][0]

    def _scaled(self, values: Sequence, _) -> tuple[object, Pass]:
        return self(values)
