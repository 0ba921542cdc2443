"""Training steps of a compiled Keras model, written by hand for each backend, without `fit`.

They compute what `fit` does: the loss and its penalties, gradients, the optimizer's update, the new
batch statistics, and sums of the loss and of the right answers, which are read once, at the end.
"""

# ruff: noqa: TID253  (each of these is one backend and nothing else)

import functools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import keras
from keras import ops


class BareSteps(NamedTuple):
    """Functions of an iterable of batches, each of which waits until the device is done.

    Args:
        forward: Computes the loss of each batch, in training mode.
        gradients: Computes gradients, too.
        train: Takes whole training steps; returns the mean loss and the share of right answers.
    """

    forward: Callable[[Iterable], None]
    gradients: Callable[[Iterable], None]
    train: Callable[[Iterable], tuple[float, float]]


def bare_steps(model: keras.Model) -> BareSteps:
    """Returns the steps of a compiled model on the current backend."""
    model.optimizer.build(model.trainable_variables)
    steps = {"tensorflow": _tensorflow_steps, "jax": _jax_steps, "torch": _torch_steps}
    return steps[keras.backend.backend()](model)


def _loss(labels, logits, penalties):
    losses = ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, True))
    return losses + sum(penalties) if penalties else losses


def _right(labels, logits):
    return ops.mean(ops.cast(ops.equal(ops.argmax(logits, -1), labels), "float32"))


def _loss_and_right(model, images, labels):
    logits = model(images, training=True)
    return _loss(labels, logits, model.losses), _right(labels, logits)


def _means(sums) -> tuple[float, float]:
    """Returns the means of loss and right answers, from their sums and the number of batches."""
    loss, right, batches = sums.tolist()
    return loss / batches, right / batches


def _tensorflow_steps(model):
    import tensorflow as tf

    weights = [variable.value for variable in model.trainable_variables]

    def gradients_of(images, labels):
        with tf.GradientTape() as tape:
            loss, right = _loss_and_right(model, images, labels)
        return tape.gradient(loss, weights), tf.stack([loss, right])

    @tf.function(reduce_retracing=True)
    def forward(images, labels):
        return tf.stack(_loss_and_right(model, images, labels))

    @tf.function(reduce_retracing=True)
    def gradients(images, labels):
        return gradients_of(images, labels)

    @tf.function(reduce_retracing=True)
    def train(images, labels, sums):
        found, both = gradients_of(images, labels)
        model.optimizer.apply(found, model.trainable_variables)
        return sums + tf.concat([both, [1.0]], 0)

    def over(function):
        def run(batches):
            for images, labels in batches:
                result = function(images, labels)
            tf.nest.map_structure(lambda tensor: tensor.numpy(), result)

        return run

    def train_over(batches):
        sums = tf.zeros(3)
        for images, labels in batches:
            sums = train(images, labels, sums)
        return _means(sums.numpy())

    return BareSteps(over(forward), over(gradients), train_over)


def _jax_steps(model):
    import jax

    def loss_of(weights, others, images, labels):
        logits, others, penalties = model.stateless_call(
            weights, others, images, training=True, return_losses=True
        )
        return _loss(labels, logits, penalties), (_right(labels, logits), others)

    gradients_of = jax.value_and_grad(loss_of, has_aux=True)
    forward, gradients = jax.jit(loss_of), jax.jit(gradients_of)

    def step(state, sums, images, labels):
        weights, others, optimizer = state
        (loss, (right, others)), found = gradients_of(weights, others, images, labels)
        weights, optimizer = model.optimizer.stateless_apply(optimizer, found, weights)
        return (weights, others, optimizer), sums + jax.numpy.stack([loss, right, 1.0])

    train = jax.jit(step, donate_argnums=(0, 1))
    groups = model.trainable_variables, model.non_trainable_variables, model.optimizer.variables
    weights, others, optimizer = ([variable.value for variable in group] for group in groups)
    # Copies: what is trained is given away.
    state = jax.tree.map(jax.numpy.copy, (weights, others, optimizer))

    def over(function):
        def run(batches):
            for images, labels in batches:
                result = function(weights, others, images, labels)
            jax.block_until_ready(result)

        return run

    def train_over(batches):
        nonlocal state
        sums = jax.numpy.zeros(3)
        for images, labels in batches:
            state, sums = train(state, sums, images, labels)
        jax.block_until_ready(state)
        return _means(sums)

    return BareSteps(over(forward), over(gradients), train_over)


def _torch_steps(model):
    import torch

    weights = [variable.value for variable in model.trainable_variables]

    def gradients_of(images, labels):
        for weight in weights:
            weight.grad = None
        loss, right = _loss_and_right(model, images, labels)
        loss.backward()
        return torch.stack([loss.detach(), right])

    def over(function):
        def run(batches):
            for images, labels in batches:
                function(images, labels)

        return run

    def train_over(batches):
        sums = torch.zeros(3)
        for images, labels in batches:
            both = gradients_of(images, labels)
            with torch.no_grad():
                model.optimizer.apply([w.grad for w in weights], model.trainable_variables)
                sums += torch.cat([both, torch.ones(1)])
        return _means(sums)

    forward = functools.partial(_loss_and_right, model)
    return BareSteps(over(forward), over(gradients_of), train_over)
