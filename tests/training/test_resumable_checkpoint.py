import shutil

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import BestWeights
from kerasrecipes.training import ResumableCheckpoint
from kerasrecipes.training.resuming.carried_state import check_carried
from kerasrecipes.training.resuming.checkpoint_file import DamagedCheckpointWarning

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


DAMAGE = {
    "cut": lambda data: data[:100],
    "empty": lambda data: b"",
    "first bytes": lambda data: b"XX" + data[2:],
    "magic string of an array": lambda data: data.replace(b"NUMPY", b"NUMPZ", 1),
    "header of an array": lambda data: data.replace(b"'descr'", b"'dexcr'", 1),
    "one bit of the numbers": lambda data: data[:-2000] + bytes([data[-2000] ^ 1]) + data[-1999:],
}


@pytest.fixture(scope="module")
def three_epochs(tmp_path_factory):
    """A folder with the checkpoints of the second and the third epoch."""
    path = tmp_path_factory.mktemp("epochs") / "state.npz"
    return path, fit(path, 3)[0]


@pytest.mark.parametrize("damage", DAMAGE)
def test_falls_back_on_the_checkpoint_before_a_damaged_one(damage, three_epochs, tmp_path):
    path, model = tmp_path / "state.npz", compiled()
    previous = tmp_path / "previous-state.npz"
    shutil.copy(three_epochs[0].with_name(previous.name), previous)
    path.write_bytes(damaged := DAMAGE[damage](three_epochs[0].read_bytes()))
    checkpoint = ResumableCheckpoint(path, callbacks())
    with pytest.warns(DamagedCheckpointWarning, match=r"state\.npz .* before it, after epoch 2\."):
        assert checkpoint.restore(model) == 2
    assert path.read_bytes() == damaged
    previous.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"copy, or delete the folder .*state\.npz.*previous-sta"):
        checkpoint.restore(model)
    previous.unlink()
    with pytest.raises(ValueError, match="to train from the first epoch again"):
        checkpoint.restore(model)
    assert path.read_bytes() == damaged


def test_a_damaged_checkpoint_never_takes_the_place_of_the_one_before(three_epochs, tmp_path):
    path, previous = tmp_path / "state.npz", tmp_path / "previous-state.npz"
    shutil.copy(three_epochs[0].with_name(previous.name), tmp_path)
    path.write_bytes(b"damaged")
    intact = previous.read_bytes()
    with pytest.warns(DamagedCheckpointWarning):
        assert fit(path, 3)[0] == three_epochs[1][2:]
    assert previous.read_bytes() == intact
    assert ResumableCheckpoint(path).restore(compiled()) == 3
    path.unlink()  # As if a kill had come while it was replaced.
    assert ResumableCheckpoint(path).restore(compiled()) == 2


def test_a_damaged_checkpoint_within_an_epoch_falls_back_on_that_of_the_epoch(
    three_epochs, tmp_path
):
    shutil.copy(three_epochs[0], tmp_path)
    (tmp_path / "within-epoch-state.npz").write_bytes(b"")
    with pytest.warns(DamagedCheckpointWarning, match="after epoch 3"):
        assert ResumableCheckpoint(tmp_path / "state.npz").restore(compiled()) == 3


class Counts(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.batch = batch


@pytest.mark.parametrize(
    ("callback", "why"),
    [
        (Counts(), "Counts cannot be carried over: it is called at every step"),
        (keras.callbacks.LambdaCallback(on_train_batch_begin=print), "called at every step"),
        (
            keras.callbacks.CSVLogger("log.csv"),
            "CSVLogger cannot .*: its attribute '.*' is neither",
        ),
    ],
)
def test_refuses_callbacks_whose_state_it_cannot_carry_over_within_an_epoch(
    callback, why, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    checkpoint = ResumableCheckpoint(tmp_path / "state.npz", [*callbacks(), callback], minutes=1)
    with pytest.raises(ValueError, match=why):
        compiled().fit(X, Y, callbacks=[*checkpoint.callbacks, checkpoint], verbose=0)
    check_carried(callbacks())


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
