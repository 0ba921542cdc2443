import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from kerasrecipes import use
from tests.benchmarks import fit_and_resident

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def in_jax():
    """A function that calls another one in a process whose backend is JAX."""
    pytest.importorskip("jax")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "jax")
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield lambda function, *arguments: pool.submit(function, *arguments).result()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "precisions", "tolerance"),
    [
        ("resnet20", ["float32"], 1e-5),
        ("resnet20", ["bfloat16", "float16"], 0.02),
        # Its one-pass variances round more, and norms over few values make much of that.
        ("resnet50", ["float32"], 0.01),
    ],
)
def test_peer_trains_as_keras_does(network, precisions, tolerance):
    pytest.importorskip("jax")
    pytest.importorskip("optax")
    rows = _run("--small", "--networks", network, "--precisions", *precisions)
    assert [row[2] for row in rows] == precisions
    for row in rows:
        assert row[:2] == [network, "jax"]
        assert float(row[-1]) < tolerance


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("resnet20", 40_551_040),  # By hand, from the table in section 4.2 of the paper.
        pytest.param("resnet50", 4_089_184_256, marks=pytest.mark.slow),  # As torchvision counts.
    ],
)
def test_multiplications(network, expected, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from steps.case import NETWORKS
    from steps.operations import multiplications

    assert multiplications(NETWORKS[network].build()) == expected


def test_a_training_without_the_host_is_that_of_fit(in_jax):
    augment = [use("AlternatingFlip"), use("RandomPadCrop", padding_pixels=1)]
    fitted, resident = in_jax(fit_and_resident.weights_of_both, 3, augment)
    # The same steps as one program round otherwise: by 7e-7 after 30 of them, where it was seen.
    for theirs, ours in zip(fitted, resident, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch_size": 11}, "whole batches of 11"),
        ({"sampling": "PowerSampling"}, "sampling in the recipe"),
        ({"class_weight": "balanced"}, "class_weight in the recipe"),
    ],
)
def test_what_cannot_be_trained_so_is_refused(in_jax, changes, said):
    assert said in in_jax(fit_and_resident.refusal, changes)


@pytest.mark.slow
def test_the_speed_recipe_trains_by_one_command(tmp_path):
    pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (1200, 32, 32, 3), "uint8")
    labels = (np.arange(1200) % 10).astype("uint8")
    path = tmp_path / "images.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    lines = _printed("--small", "--fast", str(path), "--precisions", "float32").splitlines()
    precision, seed, *figures = lines[-1].split()
    assert (precision, seed) == ("float32", "0")
    compiled, trained, *accuracies = (float(figure.rstrip("%")) for figure in figures[:4])
    assert compiled > 0
    assert trained > 0
    # Twenty random images, learnt for two steps.
    assert all(accuracy in range(0, 101, 5) for accuracy in accuracies)


def _run(*arguments) -> list[list[str]]:
    """Returns the rows of the printed table, in words."""
    lines = _printed(*arguments).splitlines()
    title = next(i for i, line in enumerate(lines) if line.startswith("network"))
    return [line.split() for line in lines[title + 1 :]]


def _printed(*arguments) -> str:
    command = [sys.executable, str(BENCHMARKS / "gpu.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
