"""What every test and every docstring example finds."""

import gc
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# On a busy machine, drawing an example may take longer than Hypothesis finds healthy.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# Keras is imported in the fixture, not here: xdist's controller runs no test and can do without.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Not the user's own: thousands of temporary folders would be remembered there.
os.environ["KERASRECIPES_CACHE"] = os.path.join(tempfile.gettempdir(), "kerasrecipes-test-cache")
# What JAX took a tenth of a second or more to compile is shared by processes, and by later runs.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent / ".pytest_cache/jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")


_errors_of_pytest = []


def pytest_addoption(parser):
    """Adds --seed."""
    parser.addoption("--seed", type=int, default=0, help="what each test's random numbers are of")


def pytest_collection_modifyitems(config, items):
    """Skips, where another backend than TensorFlow runs, what needs TensorFlow or no backend."""
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        return
    reasons = {"tensorflow_only": "needs TensorFlow as the backend"}
    if config.option.markexpr:
        reasons["backend_neutral"] = "is the same on every backend: runs on TensorFlow"
    for item in items:
        for marker, reason in reasons.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_internalerror(excrepr):
    """Keeps the first error of pytest itself: a worker's, which the controller's own would hide."""
    _errors_of_pytest.append(str(excrepr))


def pytest_unconfigure(config):
    """Ends with the first error of pytest itself, where a log's last lines show it."""
    if len(_errors_of_pytest) > 1 and not hasattr(config, "workerinput"):
        print("The first of the internal errors above:", _errors_of_pytest[0][-2000:], sep="\n")


@pytest.fixture(autouse=True)
def _seed(pytestconfig):
    """Seeds what a test draws without a seed of its own.

    A test must hold for any seed, but a run must come out as it did before.
    """
    import keras

    keras.utils.set_random_seed(pytestconfig.getoption("--seed"))


@pytest.fixture(autouse=True, scope="session")
def _imported():
    """Imports what every test needs, and has the garbage collector pass over it from then on.

    TensorFlow has a million objects, which each collection, and each `train`, would look at again.
    """
    import keras  # noqa: F401

    import kerasrecipes  # noqa: F401

    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _names_in_examples(doctest_namespace):
    """Names that the examples in docstrings use without importing them."""
    import keras
    import numpy as np

    import kerasrecipes

    doctest_namespace.update(keras=keras, np=np, ops=keras.ops, use=kerasrecipes.use)
