import json

import keras
import numpy as np
import pytest

from kerasrecipes import use
from kerasrecipes.cli import console, main
from kerasrecipes.cli.commands.plot_schedule import POINTS, rates_over
from kerasrecipes.optimizers import Momentum
from kerasrecipes.recipe.run_length import RunLength

CYCLE = use("OneCycle", peak_learning_rate=0.1, warmup_epochs=1)


@pytest.fixture
def scheduled(recipe):
    return recipe.replace({"optimizer.learning_rate": CYCLE.to_dict(), "batch_size": 100})


@pytest.mark.parametrize(
    ("file", "signature"), [("a/b.png", b"\x89PNG"), ("c.svg", b"<?xml"), ("d.pdf", b"%PDF")]
)
def test_a_recipe_is_drawn_before_it_runs(scheduled, output, tmp_path, train, file, signature):
    (tmp_path / "recipe.json").write_text(json.dumps(scheduled.to_dict()))
    code, out, _ = output(console, ["plot-schedule", "recipe.json", "--output", file])
    assert code == 0
    assert (tmp_path / file).read_bytes().startswith(signature)
    rate, momentum, steps = out.splitlines()
    assert rate.startswith("learning rate: 0.004 at first, 0.1 at most (epoch 1), ")
    assert momentum == "momentum: 0.9 at first, 0.9 at most (epoch 0), 0.9 at last"
    assert steps.startswith("3 epochs of ")
    assert steps.endswith(f" steps: {file}")
    assert not train.trained


def test_a_script_draws_its_own(scheduled, output, tmp_path):
    code, out, _ = output(main, scheduled, None, ["plot-schedule", "--set", "epochs=2"])
    assert code == 0
    assert out.splitlines()[-1].startswith("2 epochs of ")
    assert (tmp_path / "schedule.png").exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--set", "epochs=1"], "The warmup must end before"),
        (["--output", "schedule.jpg"], "the suffix of --output` must be one of '.png', '.svg'"),
    ],
)
def test_bad_input_is_one_line(scheduled, output, tmp_path, argv, message):
    code, out, err = output(main, scheduled, None, ["plot-schedule", *argv])
    assert (code, out) == (2, "")
    assert message in err.splitlines()[-1]
    assert not list(tmp_path.glob("schedule*"))


def test_every_step_of_a_short_run_is_looked_at():
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=1.0)
    epochs, series = rates_over(keras.optimizers.SGD(schedule), RunLength(4, 2))
    np.testing.assert_allclose(epochs, np.arange(8) / 4)
    np.testing.assert_allclose(series["learning_rate"], 0.1 / np.arange(1, 9), rtol=1e-6)
    assert [*series] == ["learning_rate"]


def test_a_long_run_is_looked_at_from_its_first_step_to_its_last():
    epochs, series = rates_over(keras.optimizers.SGD(0.1, momentum=0.9), RunLength(1000, 10))
    assert (len(epochs), epochs[0], epochs[-1]) == (POINTS, 0, 9.999)
    assert set(series["momentum"]) == {0.9}


def test_with_gradient_accumulation_steps_are_batches():
    """Learning rate and momentum, whose schedules count batches, are drawn as without it."""
    length = RunLength(10, 4)
    options = {"learning_rate": CYCLE.build("schedule", length)}
    options["momentum"] = keras.optimizers.schedules.PolynomialDecay(0.9, 40, 0.5)
    plain, accumulated = (Momentum(**options, gradient_accumulation_steps=n) for n in (None, 2))
    for optimizer in (plain, accumulated):
        optimizer.build([keras.Variable([0.0])])
    (_, expected), (_, found) = (rates_over(o, length) for o in (plain, accumulated))
    np.testing.assert_array_equal(found["learning_rate"], expected["learning_rate"])
    # An update has the momentum of its last batch.
    np.testing.assert_array_equal(found["momentum"][1::2], expected["momentum"][1::2])
    np.testing.assert_array_equal(found["momentum"][::2], expected["momentum"][1::2])
