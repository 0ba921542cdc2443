import keras
import numpy as np
import pytest

from kerasrecipes.tuning.constraints import Constraint, constraint_of, constraints_of
from kerasrecipes.tuning.keras_tuner.limits import Infeasible, Limits, read_measured


def test_constraints_are_read():
    assert constraint_of(" parameters<=1e6 ") == Constraint("parameters", "<=", 1e6)
    assert constraint_of("val_loss < 0.5").holds(0.4)
    assert not constraint_of("val_f1_score>=0.5").holds(0.4)
    assert constraints_of("parameters<5") == (Constraint("parameters", "<", 5.0),)
    both = constraints_of(["parameters < 9", "parameters > 1"])
    assert [str(each) for each in both] == ["parameters < 9", "parameters > 1"]
    assert both[0].broken_by(1234567.0) == "parameters is 1.23457e+06, not < 9"


@pytest.mark.parametrize("given", ["parameters", "parameters = 5", "5 < parameters", "a < b", ""])
def test_what_is_no_constraint_is_refused(given):
    with pytest.raises(ValueError, match="such as 'parameters < 1e6'"):
        constraint_of(given)


def test_a_side_is_bounded_once():
    with pytest.raises(ValueError, match="each side of a quantity once"):
        constraints_of(["parameters < 5", "parameters <= 6"])


def fitted(tmp_path, *constraints):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    limits = Limits(constraints_of(constraints), tmp_path)
    inputs = np.zeros((8, 3), "float32")
    model.fit(inputs, inputs[:, :2], batch_size=2, epochs=2, verbose=0, callbacks=[limits])
    return model


def test_a_training_ends_before_its_first_step_beyond_its_parameters(tmp_path):
    with pytest.raises(Infeasible, match="parameters is 8, not < 8"):
        fitted(tmp_path, "parameters < 8", "seconds_per_step < 60")
    assert read_measured(tmp_path) == {"parameters": 8.0}


def test_the_time_of_a_step_is_judged_after_an_epoch(tmp_path):
    assert fitted(tmp_path, "parameters <= 8", "seconds_per_step < 60").optimizer.iterations == 8
    measured = read_measured(tmp_path)
    assert measured["parameters"] == 8
    assert 0 < measured["seconds_per_step"] < 60
    with pytest.raises(Infeasible, match="seconds_per_step is .*, not < 1e-12"):
        fitted(tmp_path, "seconds_per_step < 1e-12")
