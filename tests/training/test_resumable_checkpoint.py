import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import BestWeights
from kerasrecipes.training import ResumableCheckpoint

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 5)).astype("float32")
Y = X.sum(-1, keepdims=True)


def compiled(units=8):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01, use_ema=True), "mse")
    return model


def callbacks():
    return [
        keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=0.1),
        keras.callbacks.EarlyStopping(patience=3, min_delta=2.0, restore_best_weights=True),
        BestWeights("val_loss"),
    ]


def fit(path, epochs):
    """Trains up to `epochs` from whatever is at `path`; returns what the run depends on."""
    model, others = compiled(), callbacks()
    checkpoint = ResumableCheckpoint(path, others)
    finished = checkpoint.restore(model)
    # Nothing is left to train after a stop, but the callbacks and the optimizer end as they would.
    last = finished if checkpoint.stopped else epochs
    losses = model.fit(
        X, Y, batch_size=16, shuffle=False, validation_data=(X, Y), epochs=last,
        initial_epoch=finished, callbacks=[*others, checkpoint], verbose=0,
    ).history.get("loss", [])  # fmt: skip
    slots = [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables]
    state = [*model.get_weights(), *slots]
    return losses, state, others


def test_goes_on_as_if_it_had_never_stopped(tmp_path):
    losses, state, others = fit(tmp_path / "whole.npz", 12)
    parts = [fit(tmp_path / "parts.npz", epochs) for epochs in (2, 5, 12)]
    assert [loss for part in parts for loss in part[0]] == losses
    for ours, theirs in zip(parts[-1][1], state, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert parts[-1][2][2].best_epoch == others[2].best_epoch
    assert len(losses) < 12, "EarlyStopping must have stopped, for its count to be tested"


def test_a_stopped_run_stays_stopped(tmp_path):
    fit(tmp_path / "state.npz", 12)
    assert fit(tmp_path / "state.npz", 12)[0] == []


def test_falls_back_on_the_checkpoint_before_a_damaged_one(tmp_path):
    path = tmp_path / "state.npz"
    fit(path, 3)
    path.write_bytes(path.read_bytes()[:100])
    assert ResumableCheckpoint(path).restore(compiled()) == 2
    path.unlink()
    assert ResumableCheckpoint(path).restore(compiled()) == 2


def test_starts_at_the_beginning_without_a_checkpoint(tmp_path):
    assert ResumableCheckpoint(tmp_path / "none.npz").restore(compiled()) == 0


def test_refuses_the_checkpoint_of_another_model(tmp_path):
    fit(tmp_path / "state.npz", 1)
    with pytest.raises(ValueError, match="must be one of this model and optimizer"):
        ResumableCheckpoint(tmp_path / "state.npz").restore(compiled(units=9))


def test_keeps_bfloat16_variables(tmp_path):
    def bfloat16_model():
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, dtype="bfloat16")])
        model.compile("sgd", "mse")
        return model

    model, checkpoint = bfloat16_model(), ResumableCheckpoint(tmp_path / "state.npz")
    model.fit(X, Y, callbacks=[checkpoint], verbose=0)
    other = bfloat16_model()
    assert checkpoint.restore(other) == 1
    kernels = [np.asarray(m.get_weights()[0], "float32") for m in (model, other)]
    np.testing.assert_array_equal(*kernels)
