"""Claim: a step of our optimizers costs no more than of their nearest peers.

    KERAS_BACKEND=tensorflow python benchmarks/optimizer_step.py [REPEATS]

Steps on weights of ResNet-50's shapes, 25.6 million in 161 tensors, compiled with XLA on TensorFlow
and JAX, eager on PyTorch. All optimizers take turns, so that what else the machine does falls on
each; printed are medians, and ratios to the peer, beside the time that copying the bytes takes
which a step must read and write (the memory floor).
"""

import statistics
import sys

import keras
import numpy as np
from harness.turns import WALL, take_turns
from keras import ops

from kerasrecipes.optimizers import AdaBelief, DiffGrad, Momentum, RAdam

BACKEND = keras.backend.backend()
# Arrays of the size of the weights that a step reads or writes: gradient, weights, state.
OURS = {
    "RAdam": (RAdam, "Adam", 7),
    "DiffGrad": (DiffGrad, "Adam", 9),
    "AdaBelief": (AdaBelief, "Adam", 7),
    "Momentum": (Momentum, "SGD", 5),
}


def main(repeats: int = 7) -> None:
    rng = np.random.default_rng(0)
    shapes = resnet50_shapes()
    gradients = [rng.normal(size=shape).astype("float32") for shape in shapes]
    size = sum(g.size for g in gradients)
    print(f"{size / 1e6:.1f} million weights in {len(shapes)} tensors, {BACKEND}, n = {repeats}")
    steps = {
        "Adam": keras_step(keras.optimizers.Adam(0.001), gradients),
        "SGD": keras_step(keras.optimizers.SGD(0.01, momentum=0.9), gradients),
        **{name: keras_step(cls(0.001), gradients) for name, (cls, *_) in OURS.items()},
        **{"jax": optax_steps, "torch": torch_steps}.get(BACKEND, lambda g: {})(gradients),
    }
    source = np.ones(size, "float32")
    target = source.copy()
    seconds = take_turns({**steps, "copy": lambda: np.copyto(target, source)}, repeats)
    medians = {name: 1000 * statistics.median(each[:, WALL]) for name, each in seconds.items()}
    for name in steps:
        line = f"{name:28} {medians[name]:7.1f} ms"
        if name in OURS:
            _, peer, arrays = OURS[name]
            floor = medians["copy"] * arrays / 2  # A copy reads one array and writes one.
            line += f"   {medians[name] / medians[peer]:.2f} x {peer}"
            line += f"   {medians[name] / floor:.1f} x the memory floor"
            for other in steps:
                if other.lower().endswith(f".{name.lower()}"):
                    line += f"   {medians[name] / medians[other]:.2f} x {other}"
        print(line)


def resnet50_shapes() -> list[tuple[int, ...]]:
    model = keras.applications.ResNet50(weights=None)
    shapes = [tuple(weight.shape) for weight in model.trainable_weights]
    # Its convolutions have biases before normalization; the usual ResNet-50 has none.
    return [s for w, s in zip(model.trainable_weights, shapes, strict=True)
            if not (w.name == "bias" and "conv" in w.path)]  # fmt: skip


def keras_step(optimizer, gradients):
    """Returns a function that takes one step and waits for its end."""
    weights = [keras.Variable(np.zeros(g.shape), dtype="float32", name="kernel") for g in gradients]
    optimizer.build(weights)
    gradients = [ops.convert_to_tensor(g) for g in gradients]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(lambda: optimizer.apply(gradients, weights), jit_compile=True)

        def step():
            compiled()
            weights[-1].numpy()

    elif BACKEND == "jax":
        import jax

        compiled = jax.jit(
            lambda w, state: optimizer.stateless_apply(state, gradients, w), donate_argnums=(0, 1)
        )
        carry = [[w.value for w in weights], [v.value + 0 for v in optimizer.variables]]

        def step():
            carry[:] = jax.block_until_ready(compiled(*carry))

    else:
        import torch

        def step():
            with torch.no_grad():
                optimizer.apply(gradients, weights)

    return step


def optax_steps(gradients):
    import jax
    import optax

    gradients = [jax.numpy.asarray(g) for g in gradients]

    def make(transformation):
        def update(weights, state, gradients):
            updates, state = transformation.update(gradients, state, weights)
            return optax.apply_updates(weights, updates), state

        compiled = jax.jit(update, donate_argnums=(0, 1))
        weights = [jax.numpy.zeros_like(g) for g in gradients]
        carry = [weights, transformation.init(weights)]

        def step():
            carry[:] = jax.block_until_ready(compiled(*carry, gradients))

        return step

    return {
        "optax.radam": make(optax.radam(0.001)),
        "optax.adabelief": make(optax.adabelief(0.001)),
    }


def torch_steps(gradients):
    import pytorch_optimizer
    import torch

    def make(cls, *arguments, **options):
        weights = [torch.zeros(g.shape, requires_grad=True) for g in gradients]
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = torch.tensor(gradient)
        return cls(weights, *arguments, **options).step

    return {
        "torch.optim.RAdam": make(torch.optim.RAdam, 0.001, foreach=True),
        "torch.optim.Adam": make(torch.optim.Adam, 0.001, foreach=True),
        "pytorch_optimizer.AdaBelief": make(pytorch_optimizer.AdaBelief, 0.001),
        "pytorch_optimizer.DiffGrad": make(pytorch_optimizer.DiffGrad, 0.001),
    }


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
