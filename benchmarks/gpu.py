"""Claim: on a GPU, Keras trains at 90% or more of the rate of a hand-written JAX loop.

    python benchmarks/gpu.py
    python benchmarks/gpu.py --networks resnet50 --precisions bfloat16 --backends jax torch
    python benchmarks/gpu.py --small
    python benchmarks/gpu.py --fast cifar10.npz --seeds 11 12 13 14 15 --precisions bfloat16

Trains ResNet-20 (32x32 pixels) and ResNet-50 (224x224 pixels) with `fit`, on JAX and PyTorch, from
batches that are on the device. The peer is the same network, from the same weights, in JAX and
optax without Keras. Both train in one process, in turn; a ratio is of neighbours. The columns:

    images/s, peer   median over the repeats
    ratio            of the two: median (lowest to highest)
    memory           the most that the device held at once for Keras, before the peer was built
    outside          share of the time of `fit` that goes by outside the device's work: on JAX, what
                     is left beyond the same steps as one program; on PyTorch, beyond its kernels
    of matmul        the network's multiplications and additions in a second, as a share of those of
                     a large matrix product in the same precision and process
    losses           by how much the mean losses of the first three steps differ, relatively: the
                     two are the same network and the same optimizer

float32 may mean TF32 on a GPU: the backends' defaults stand. bfloat16 and float16 are Keras's mixed
policies. `--small` shrinks everything, for a test: its rates mean nothing. Without a GPU that is
all it does.

`--fast` trains recipes/cifar10_fast.py instead, on JAX, with the images on the device and each
epoch as one program; see `steps/resident.py`. It prints the seconds of compilation and of training,
and the accuracy on the 10,000 test images, scored once, with mirrored views and without. With
`--small`, one epoch of 20 images.
"""

import argparse
import importlib.metadata
import itertools
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from steps.case import NETWORKS, POLICIES, Case
from steps.measure import has_accelerator, measure
from steps.speed_recipe import SpeedTraining, train_fast

BACKENDS = ("jax", "torch")
COLUMNS = "{:<10} {:<8} {:<9} {:>9} {:>9}  {:<22} {:>9} {:>9} {:>10} {:>8}"
FAST_COLUMNS = "{:<9} {:>4} {:>10} {:>9} {:>9} {:>9}"


def main() -> None:
    options = _options()
    small = options.small or not _in_fresh_process(has_accelerator)
    print(", ".join(f"{n} {importlib.metadata.version(n)}" for n in ("keras", "optax", *BACKENDS)))
    if options.fast:
        print_fast(options, small)
    else:
        print_rates(options, small)


def print_fast(options: argparse.Namespace, small: bool) -> None:
    """Trains the speed recipe with each precision and seed, and prints a line of each."""
    titles = "precision", "seed", "compiled s", "trained s", "accuracy", "views"
    print(FAST_COLUMNS.format(*titles))
    for precision, seed in itertools.product(options.precisions, options.seeds):
        result = _in_fresh_process(train_fast, SpeedTraining(options.fast, precision, seed, small))
        print(
            FAST_COLUMNS.format(
                precision,
                seed,
                f"{result['compile_seconds']:.1f}",
                f"{result['seconds']:.2f}",
                f"{result['accuracy']:.2%}",
                f"{result['accuracy_with_views']:.2%}",
            ),
            f"on {result['device']}",
            flush=True,
        )


def print_rates(options: argparse.Namespace, small: bool) -> None:
    """Measures each case beside its peer, and prints a line of each."""
    device = None
    chosen = itertools.product(options.networks, options.backends, options.precisions)
    for network, backend, precision in chosen:
        case = Case(network, backend, precision, small)
        result = _in_fresh_process(measure, case)
        if device is None:
            device = result["device"]
            size = ", small networks: the rates mean nothing" if small else ""
            print(f"{device}, {result['repeats']} repeats{size}")
            titles = "images/s", "peer", "ratio", "memory", "outside", "of matmul", "losses"
            print(COLUMNS.format("network", "backend", "precision", *titles))
        print(_row(case, result), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=["jax"])
    parser.add_argument("--precisions", nargs="+", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--small", action="store_true", help="tiny networks, for a test")
    parser.add_argument("--fast", metavar="NPZ", help="train the speed recipe on CIFAR-10's images")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11], help="of --fast")
    return parser.parse_args()


def _in_fresh_process(function: Callable, *arguments):
    # A backend is chosen once in a process, and JAX's peak of memory never falls.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _row(case: Case, result: dict) -> str:
    low, middle, high = result["ratio"]
    return COLUMNS.format(
        case.network,
        case.backend,
        case.precision,
        f"{result['images_per_second']:.0f}",
        f"{result['peer_images_per_second']:.0f}",
        f"{middle:.3f} ({low:.3f} to {high:.3f})",
        _or_dash(result["memory_bytes"], lambda size: f"{size / 2**20:.0f} MiB"),
        _or_dash(result["outside"], "{:.1%}".format),
        f"{result['of_matmul']:.1%}",
        f"{result['losses_differ']:.0e}",
    )


def _or_dash(value, write) -> str:
    return "-" if value is None else write(value)


if __name__ == "__main__":
    main()
