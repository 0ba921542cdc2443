import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning.planning.unit_cube import UnitCube

pytestmark = pytest.mark.backend_neutral


@pytest.fixture
def hps():
    hps = keras_tuner.HyperParameters()
    hps.Choice("kind", ["a", "b", "c"])
    hps.Float("rate", 1e-4, 1.0, sampling="log")
    with hps.conditional_scope("kind", ["b"]):
        hps.Int("units", 1, 4)
    hps.Choice("size", [32, 64])
    hps.Boolean("flag")
    hps.Fixed("fixed", 7)
    return hps


def test_points_and_values_stand_for_each_other(hps):
    cube = UnitCube(hps.space)
    values = cube.decode(np.array([0.5, 0.25, 0.9, 0.1, 0.9]))
    assert values == {
        "kind": "b",
        "rate": pytest.approx(0.001),
        "units": 4,
        "size": 32,
        "flag": True,
        "fixed": 7,
    }
    again = cube.decode(cube.encode(values))
    assert again == {**values, "rate": pytest.approx(values["rate"])}


def test_an_inactive_hyperparameter_is_nan_and_in_the_middle_of_the_features(hps):
    cube = UnitCube(hps.space)
    values = cube.decode(np.array([0.1, 0.25, 0.9, 0.1, 0.9]))
    assert "units" not in values
    point = cube.encode(values)
    assert np.isnan(point[2])
    assert np.isnan(cube.snapped(np.array([[0.1, 0.2, 0.9, 0.1, 0.9]]))[0, 2])
    features = cube.features(point[None])[0]
    # They are three columns of `kind`, the rate, the units, the size, and two columns of `flag`.
    assert features.shape == (8,)
    assert features[4] == 0.5
    assert list(cube.categorical) == [True, False, False, False, True]


def test_a_hyperparameter_is_active_where_its_condition_holds_and_it_has_a_value(hps):
    cube = UnitCube(hps.space)
    values = {"kind": "b", "rate": 0.01, "units": 4, "size": 32, "flag": True}
    assert cube.encode(values) == pytest.approx([0.5, 0.5, 0.875, 0.25, 0.75])
    # keras-tuner keeps values of trials whose condition does not hold.
    np.testing.assert_array_equal(np.isnan(cube.encode({**values, "kind": "a"})), [0, 0, 1, 0, 0])
    del values["rate"], values["units"]
    np.testing.assert_array_equal(np.isnan(cube.encode(values)), [0, 1, 1, 0, 0])


def test_categorical_options_are_equally_far_apart(hps):
    cube = UnitCube(hps.space)
    points = np.array([[k / 3 + 0.1, 0.5, np.nan, 0.25, 0.25] for k in range(3)])
    features = cube.features(points)
    distances = [np.linalg.norm(features[i] - features[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(distances, 1.0)


def test_only_widened_ranges_may_be_left(hps):
    beyond = np.array([[0.5, 1.2, 0.5, 1.2, 0.5]])
    assert UnitCube(hps.space).decode(beyond[0])["rate"] == pytest.approx(1.0)
    wide = UnitCube(hps.space, widened=["rate"])
    assert wide.decode(wide.snapped(beyond)[0])["rate"] == pytest.approx(10 ** (0.2 * 4))
    assert wide.decode(np.array([0.5, 2.0, 0.5, 0.5, 0.5]))["rate"] == pytest.approx(10)
