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


def test_a_fixed_value_is_in_a_trial_where_its_condition_holds():
    hps = keras_tuner.HyperParameters()
    hps.Choice("kind", ["a", "b"])
    with hps.conditional_scope("kind", ["b"]):
        hps.Fixed("width", 3)
    cube = UnitCube(hps.space)
    assert cube.decode(np.array([0.25])) == {"kind": "a"}
    assert cube.decode(np.array([0.75])) == {"kind": "b", "width": 3}


def test_coordinates_of_discrete_values_are_moved_to_the_middle_of_their_cells(hps):
    points = np.array([[0.4, 0.3, 0.3, 0.1, 0.9], [0.34, 0.3, 1.5, 0.6, 0.4]])
    given = points.copy()
    snapped = UnitCube(hps.space).snapped(points)
    # Three kinds, four numbers of units, two sizes, two truth values; rates are continuous.
    np.testing.assert_allclose(
        snapped, [[0.5, 0.3, 0.375, 0.25, 0.75], [0.5, 0.3, 0.875, 0.75, 0.25]]
    )
    np.testing.assert_array_equal(points, given)


@pytest.mark.parametrize("sampling", ["linear", "log"])
def test_a_snapped_point_is_that_of_its_values(sampling):
    hps = keras_tuner.HyperParameters()
    step = 1 if sampling == "linear" else 2
    hps.Int("units", 1, 16, step=step, sampling=sampling)
    hps.Float("rate", 0.5, 8.0, step=1.5 if sampling == "linear" else 2, sampling=sampling)
    cube = UnitCube(hps.space)
    for point in cube.snapped(np.random.default_rng(0).random((20, 2))):
        np.testing.assert_allclose(cube.encode(cube.decode(point)), point)


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
