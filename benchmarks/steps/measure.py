"""Measurement of a case: Keras and its peer in turn, in one process."""

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from steps.case import Case, Network

BATCHES, COMPARED_STEPS = 4, 3


def measure(case: Case) -> dict:
    """Returns rates, memory and shares. Call it in a process that has not imported Keras yet."""
    os.environ["KERAS_BACKEND"] = case.backend
    # So that memory is what was asked for, and PyTorch finds some beside JAX.
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    import jax

    from steps.fit import LEARNING_RATE, MOMENTUM, compiled, device_seconds, fit
    from steps.operations import matrix_rate, operations_per_image
    from steps.peer import Peer

    network = case.trained
    arrays = _arrays(network)
    model = compiled(network, case.precision)
    batches = [_on_device(case.backend, *batch) for batch in arrays]
    loss = fit(model, batches, COMPARED_STEPS)
    fit(model, batches, network.steps)
    memory = _peak_memory(case.backend)

    untrained = compiled(network, case.precision)
    peer = Peer(network, case.precision, untrained, LEARNING_RATE, MOMENTUM)
    peer_batches = [jax.device_put(batch) for batch in arrays]
    peer.train(peer_batches, COMPARED_STEPS)
    peer_loss = float(peer.state[-1][0]) / COMPARED_STEPS
    peer.train(peer_batches, network.steps)

    seconds, peer_seconds = [], []
    for _ in range(case.repeats):
        seconds.append(_seconds(lambda: fit(model, batches, network.steps)))
        peer_seconds.append(_seconds(lambda: peer.train(peer_batches, network.steps)))
    ratios = [theirs / ours for ours, theirs in zip(seconds, peer_seconds, strict=True)]
    images = network.steps * network.batch_size
    rate = images / statistics.median(seconds)
    on_device = device_seconds(model, batches, network.steps)
    reached = rate * operations_per_image(model)
    return {
        "device": jax.devices()[0].device_kind,
        "repeats": case.repeats,
        "images_per_second": rate,
        "peer_images_per_second": images / statistics.median(peer_seconds),
        "ratio": (min(ratios), statistics.median(ratios), max(ratios)),
        "memory_bytes": memory,
        "outside": None if on_device is None else 1 - on_device / statistics.median(seconds),
        "of_matmul": reached / matrix_rate(case.precision, case.small),
        "losses_differ": abs(loss / peer_loss - 1),
    }


def has_accelerator() -> bool:
    """Returns whether JAX finds another device than the CPU."""
    import jax

    return jax.default_backend() != "cpu"


def _arrays(network: Network) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    shape = (network.batch_size, network.image_size, network.image_size, 3)
    return [
        (
            rng.standard_normal(shape, "float32"),
            rng.integers(0, network.classes, network.batch_size, "int32"),
        )
        for _ in range(BATCHES)
    ]


def _on_device(backend: str, images: np.ndarray, labels: np.ndarray) -> tuple:
    if backend == "jax":
        import jax

        return jax.device_put((images, labels))
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device)


def _peak_memory(backend: str) -> int | None:
    if backend == "jax":
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    import torch

    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None


def _seconds(action: Callable) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
