"""Each optimizer on two replicas of one CPU: its weights must be those of a single replica.

`test_training.py` runs this script in a process of its own, because TensorFlow's devices are fixed
once it has started. It prints the largest difference for each optimizer.
"""

import keras
import numpy as np
import tensorflow as tf  # noqa: TID253 - a script of its own, about TensorFlow

from tests.optimizers.cases import REPRESENTATIVES, inner_options, make

STEPS = 6
SHAPES = {"kernel": (3, 2), "bias": (2,)}


def make_optimizer(name):
    options = {"use_ema": True, "ema_momentum": 0.5, **inner_options(name)}
    inner = keras.optimizers.AdamW(0.1, weight_decay=0.1, **options)
    return make(name, learning_rate=0.1, inner=inner, weights=len(SHAPES))


def end(name, strategy):
    """Returns the weights after all steps, in which each replica has a part of the gradients."""
    rng = np.random.default_rng(0)
    steps = [{k: rng.normal(size=s).astype("float32") for k, s in SHAPES.items()}] * STEPS
    parts = strategy.num_replicas_in_sync
    with strategy.scope():
        weights = [keras.Variable(np.ones(s), dtype="float32", name=k) for k, s in SHAPES.items()]
        optimizer = make_optimizer(name)
        optimizer.build(weights)

    @tf.function
    def run(gradients):
        def replica():
            index = tf.distribute.get_replica_context().replica_id_in_sync_group
            # The parts add up to 1, and differ.
            part = (tf.cast(index, "float32") + 1) / (parts * (parts + 1) / 2)
            optimizer.apply([g * part for g in gradients], weights)

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
    for name in REPRESENTATIVES:
        print(f"{name}: {np.abs(end(name, one) - end(name, two)).max():.1e}")


if __name__ == "__main__":
    main()
