import csv

import keras
import numpy as np

from kerasrecipes.training import EpochLog


def test_logs_a_schedule_s_learning_rate_at_the_first_step_of_each_epoch(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=1.0)
    model.compile(keras.optimizers.SGD(schedule), "mse")
    log = EpochLog(tmp_path / "history.csv")
    x, y = np.zeros((8, 2), "float32"), np.zeros((8, 1), "float32")
    history = model.fit(x, y, batch_size=2, epochs=3, callbacks=[log], verbose=0).history
    np.testing.assert_allclose(history["learning_rate"], [0.1 / (1 + 4 * e) for e in range(3)])
    with (tmp_path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["learning_rate"] == "0.1"
    assert all(float(row["seconds"]) > 0 for row in rows)


def test_a_column_that_comes_later_is_kept(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    log = EpochLog(tmp_path / "history.csv")
    log.set_model(model)
    for epoch, logs in enumerate([{"loss": 1.0}, {"loss": 0.5, "val_loss": 0.7}]):
        log.on_epoch_begin(epoch)
        log.on_epoch_end(epoch, logs)
    with (tmp_path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["val_loss"] for row in rows] == ["", "0.7"]
