"""Optimizers inside models: compiled, in half precision, saved, resumed and distributed."""

import os
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from tests.optimizers.cases import OURS, REPRESENTATIVES, WRAPPERS, class_of, inner_options, make

HERE = Path(__file__).parent
every_optimizer = pytest.mark.parametrize("name", REPRESENTATIVES)


def make_optimizer(name):
    """Returns the optimizer of a row for the six weights of `make_model`."""
    if class_of(name) not in WRAPPERS:
        return make(name)
    inner = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(0.01, 20),
        weight_decay=0.1,
        clipnorm=1.0,
        gradient_accumulation_steps=2,
        **inner_options(name),
    )
    return make(name, inner=inner, weights=6)


def make_model(seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(5, activation="relu", name="stem"),
            keras.layers.LayerNormalization(name="norm"),
            keras.layers.Dense(2, name="head", dtype="float32"),
        ]
    )


train = runpy.run_path(str(HERE / "resume_script.py"))["train"]


def run_script(name, *arguments):
    root = str(HERE.parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, str(HERE / name), *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_training_goes_on_exactly_in_a_fresh_process(tmp_path):
    unbroken = {}
    for name in REPRESENTATIVES:
        model = make_model()
        model.compile(make_optimizer(name), "mse", run_eagerly=True)
        train(model, range(4))
        model.save(tmp_path / f"{name}.keras")
        train(model, range(4, 8))
        unbroken[name] = model.get_weights()
    run_script("resume_script.py", tmp_path)
    for name, weights in unbroken.items():
        with np.load(tmp_path / f"{name}.npz") as resumed:
            for weight, key in zip(weights, resumed.files, strict=True):
                np.testing.assert_array_equal(resumed[key], weight, err_msg=name)


@every_optimizer
def test_a_file_holds_every_state_once(name, tmp_path):
    model = make_model()
    model.compile(make_optimizer(name), "mse")
    model.optimizer.build(model.trainable_variables)
    model.save_weights(tmp_path / "model.weights.h5")
    model.save(tmp_path / "model.keras")
    states = sum(int(np.prod(v.shape)) for v in model.optimizer.variables)
    zipfile.ZipFile(tmp_path / "model.keras").extract("model.weights.h5", tmp_path)
    with h5py.File(tmp_path / "model.weights.h5") as file:
        sizes = []
        file["optimizer"].visititems(
            lambda _, item: sizes.append(item.size) if isinstance(item, h5py.Dataset) else None
        )
    assert sum(sizes) == states


@pytest.mark.slow
@every_optimizer
def test_compiled_and_eager_steps_are_the_same(name):
    ends = []
    for options in ({"run_eagerly": True}, {"jit_compile": keras.backend.backend() != "torch"}):
        model = make_model()
        model.compile(make_optimizer(name), "mse", **options)
        train(model, range(6))
        ends.append(model.get_weights())
    for eager, compiled in zip(*ends, strict=True):
        np.testing.assert_allclose(compiled, eager, atol=1e-5)


@pytest.mark.parametrize(
    "policy", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
@every_optimizer
def test_mixed_precision_follows_full_precision(name, policy):
    ends = []
    for each in ("float32", policy):
        keras.config.set_dtype_policy(each)
        try:
            model = make_model()
        finally:
            keras.config.set_dtype_policy("float32")
        optimizer = make_optimizer(name)
        if each == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1024.0)
        # Eager JAX compiles each of some two hundred operations by itself.
        model.compile(optimizer, "mse", run_eagerly=keras.backend.backend() != "jax")
        train(model, range(4))
        ends.append(model.get_weights())
    for full, mixed in zip(*ends, strict=True):
        assert mixed.dtype == "float32"
        np.testing.assert_allclose(mixed, full, atol=0.05)


@pytest.mark.slow
@pytest.mark.tensorflow_only
def test_two_mirrored_replicas_equal_one():
    lines = run_script("mirrored_script.py").strip().splitlines()
    differences = dict(line.rsplit(": ", 1) for line in lines if ": " in line)
    assert {*differences} == {*REPRESENTATIVES}
    assert all(float(difference) < 2e-6 for difference in differences.values()), differences


@pytest.mark.parametrize("cls", OURS)
def test_rows_of_an_embedding_that_were_not_looked_up_follow_the_formula(cls):
    """On TensorFlow the gradient of an embedding holds only the rows that were looked up."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Embedding(4, 2)])
    model.compile(cls(0.5), "mse", run_eagerly=True)
    before = model.get_weights()[0]
    target = np.zeros((1, 1, 2))
    for row in (1, 2):
        model.train_on_batch(np.array([[row]]), target)
    after = model.get_weights()[0]
    np.testing.assert_array_equal(after[[0, 3]], before[[0, 3]])
    twin = keras.Variable(before, name="embeddings")
    optimizer = cls(0.5)
    for row in (1, 2):
        gradient = np.zeros_like(before)
        gradient[row] = ops.convert_to_numpy(twin)[row]  # The loss is the mean of two squares.
        optimizer.apply([ops.convert_to_tensor(gradient)], [twin])
    np.testing.assert_allclose(after, ops.convert_to_numpy(twin), atol=1e-5)


@every_optimizer
def test_unfreezing_needs_a_new_optimizer_and_says_so(name):
    kernel, bias = keras.Variable([[1.0]], name="kernel"), keras.Variable([1.0], name="bias")
    optimizer = make(name)
    optimizer.apply([ops.array([[1.0]])], [kernel])
    with pytest.raises(ValueError, match="recreate a new optimizer instance"):
        optimizer.apply([ops.array([[1.0]]), ops.array([1.0])], [kernel, bias])
