"""Two replicas on one CPU: each optimizer's weights must be those of one replica.

Run by `test_training.py` in a process of its own, because devices are settled when TensorFlow
starts. Prints the largest difference for each optimizer.
"""

import keras
import numpy as np
import tensorflow as tf  # noqa: TID253 - a script of its own, about TensorFlow

from kerasrecipes.optimizers import (
    LARS,
    AdaBelief,
    AdaptiveGradientClipping,
    DecayKernelsOnly,
    DiffGrad,
    GradientCentralization,
    LayerwiseLearningRates,
    Lookahead,
    Momentum,
    RAdam,
    StagewiseLearningRates,
    UncorrectedAdam,
)

STEPS = 6
SHAPES = {"kernel": (3, 2), "bias": (2,)}


def inner():
    return keras.optimizers.AdamW(0.1, weight_decay=0.1, use_ema=True, ema_momentum=0.5)


OPTIMIZERS = {
    "RAdam": lambda: RAdam(0.1, weight_decay=0.1),
    "DiffGrad": lambda: DiffGrad(0.1, weight_decay=0.1),
    "AdaBelief": lambda: AdaBelief(0.1, rectify=True),
    "Momentum": lambda: Momentum(0.1, nesterov=True),
    "UncorrectedAdam": lambda: UncorrectedAdam(0.1),
    "LARS": lambda: LARS(0.1, weight_decay=0.1),
    "Lookahead": lambda: Lookahead(inner(), sync_period_steps=2),
    "GradientCentralization": lambda: GradientCentralization(inner()),
    "AdaptiveGradientClipping": lambda: AdaptiveGradientClipping(inner(), 0.1),
    "LayerwiseLearningRates": lambda: LayerwiseLearningRates(inner(), {"kernel": 0.5, "bias": 2.0}),
    "StagewiseLearningRates": lambda: StagewiseLearningRates(
        inner(), unfreeze_every_steps=3, depths=[1, 0]
    ),
    "DecayKernelsOnly": lambda: DecayKernelsOnly(inner()),
}


def end(make, strategy):
    """Returns the weights after all steps, each replica having its part of the gradients."""
    rng = np.random.default_rng(0)
    steps = [{k: rng.normal(size=s).astype("float32") for k, s in SHAPES.items()}] * STEPS
    parts = strategy.num_replicas_in_sync
    with strategy.scope():
        weights = [keras.Variable(np.ones(s), dtype="float32", name=k) for k, s in SHAPES.items()]
        optimizer = make()
        optimizer.build(weights)

    @tf.function
    def run(gradients):
        def replica():
            share = tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, "float32")
            share = (share + 1) / (parts * (parts + 1) / 2)  # Not the same on each.
            optimizer.apply([g * share for g in gradients], weights)

        strategy.run(replica)

    for step in steps:
        run([tf.constant(step[w.name]) for w in weights])
    with strategy.scope():
        optimizer.finalize_variable_values(weights)
    return np.concatenate([w.numpy().ravel() for w in weights])


def main():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    one = tf.distribute.MirroredStrategy(["CPU:0"])
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for name, make in OPTIMIZERS.items():
        print(f"{name}: {np.abs(end(make, one) - end(make, two)).max():.1e}")


if __name__ == "__main__":
    main()
