"""Training with Keras's `fit`, as a user does it."""

import time

import keras

from steps.case import POLICIES, Network

LEARNING_RATE, MOMENTUM = 0.01, 0.9


class DeviceBatches(keras.utils.PyDataset):
    """The same few batches, on the device, for an epoch."""

    def __init__(self, batches, steps: int):
        super().__init__()
        self.batches, self.steps = batches, steps

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        return self.batches[index % len(self.batches)]


def compiled(network: Network, precision: str) -> keras.Model:
    """Returns the network, compiled with SGD, cross-entropy and accuracy."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(POLICIES[precision])
    model = network.build()
    model.compile(
        optimizer=keras.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def fit(model: keras.Model, batches, steps: int) -> float:
    """Trains for some steps; returns the mean loss, and so has waited for the device."""
    history = model.fit(DeviceBatches(batches, steps), verbose=0, shuffle=False)
    return history.history["loss"][0]


def device_seconds(model: keras.Model, batches, steps: int) -> float | None:
    """Returns how long the device works for steps of `fit`, or `None` where it cannot be told."""
    if keras.backend.backend() == "jax":
        return _as_one_program(model, batches[0], steps)
    return _in_kernels(model, batches, steps)


def _as_one_program(model, batch, steps):
    import jax

    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    state = tuple([variable.value for variable in group] for group in groups)

    @jax.jit
    def train(state):
        return jax.lax.fori_loop(0, steps, lambda _, s: model.train_step(s, batch)[1], state)

    jax.block_until_ready(train(state))
    began = time.perf_counter()
    jax.block_until_ready(train(state))
    return time.perf_counter() - began


def _in_kernels(model, batches, steps):
    import torch

    if not torch.cuda.is_available():
        return None
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        fit(model, batches, steps)
    on_device = torch.autograd.DeviceType.CUDA
    kernels = [e for e in profile.key_averages() if e.device_type == on_device]
    return sum(e.self_device_time_total for e in kernels) / 1e6
