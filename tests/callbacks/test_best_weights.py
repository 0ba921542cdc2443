import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import BestWeights


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    metrics = ["accuracy", keras.metrics.MeanSquaredError(), keras.metrics.MeanAbsoluteError("mae")]
    model.compile("sgd", "mse", metrics=metrics)
    model.evaluate(np.zeros((1, 1)), np.zeros((1, 1)), verbose=0)
    return model


def run(model, monitor, values, **options):
    """Ends epochs with the weight at 0, 1, 2, ... and the monitored quantity at `values`."""
    callback = BestWeights(monitor, **options)
    callback.set_model(model)
    for epoch, value in enumerate(values):
        model.set_weights([np.full((1, 1), epoch, "float32")])
        callback.on_epoch_end(epoch, {monitor: value, "loss": 1.0})
    return callback


@pytest.mark.parametrize(
    ("monitor", "values", "best"),
    [
        ("val_accuracy", [0.1, 0.5, 0.4], 1),
        ("val_loss", [0.3, 0.5, 0.2, 0.4], 2),
        ("val_mean_squared_error", [3.0, 1.0, 2.0], 1),
        ("val_mae", [0.9, 0.5, 0.3, 0.7], 2),
        ("val_accuracy", [0.5, 0.5, 0.5], 0),
        ("val_loss", [float("nan"), 0.7, float("nan")], 1),
    ],
)
def test_restores_the_weights_of_the_first_best_epoch(model, monitor, values, best):
    assert run(model, monitor, values).restore(model) == best
    assert model.get_weights()[0].item() == best


@pytest.mark.parametrize(("mode", "best"), [("min", 2), ("max", 1)])
def test_mode_says_what_no_metric_does(model, mode, best):
    values = [0.3, 0.5, 0.2, 0.4]
    assert run(model, "val_gap", values, mode=mode).restore(model) == best
    with pytest.raises(
        ValueError, match="'val_gap' is better .* give `mode` as 'max' or 'min', or"
    ):
        run(model, "val_gap", values)
    with pytest.raises(ValueError, match="`mode` must be one of 'auto', 'min', 'max'"):
        BestWeights("val_gap", mode="lower")


def test_leaves_the_model_alone_when_no_epoch_had_a_value(model):
    assert run(model, "val_loss", [float("nan")] * 3).restore(model) is None
    assert model.get_weights()[0].item() == 2


def test_names_what_is_logged_when_the_monitored_quantity_is_not(model):
    callback = BestWeights("val_acuracy")
    callback.set_model(model)
    with pytest.raises(ValueError, match=r"loss, val_accuracy.*Did you mean 'val_accuracy'\?"):
        callback.on_epoch_end(0, {"val_accuracy": 1.0, "loss": 0.0})
