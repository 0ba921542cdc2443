"""Loss of a batch as a function of the weights, and its gradient on each backend."""

import inspect
from collections.abc import Sequence
from typing import NamedTuple

import keras


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
        return _GRADIENTS[keras.backend.backend()](self, values)


def _on_tensorflow(loss: BatchLoss, values: Sequence) -> tuple[list, Pass]:
    import tensorflow

    with tensorflow.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        scaled, done = loss(values)
    gradients = tape.gradient(scaled, values)
    return [g if g is None else tensorflow.convert_to_tensor(g) for g in gradients], done


def _on_jax(loss: BatchLoss, values: Sequence) -> tuple[list, Pass]:
    import jax

    (_, done), gradients = jax.value_and_grad(loss, has_aux=True)(list(values))
    return gradients, done


def _on_torch(loss: BatchLoss, values: Sequence) -> tuple[list, Pass]:
    import torch

    leaves = [value.detach().requires_grad_() for value in values]
    with torch.enable_grad():
        scaled, done = loss(leaves)
    gradients = torch.autograd.grad(scaled, leaves, allow_unused=True)
    done = Pass(*keras.tree.map_structure(torch.Tensor.detach, tuple(done)))
    return list(gradients), done


_GRADIENTS = {"tensorflow": _on_tensorflow, "jax": _on_jax, "torch": _on_torch}
