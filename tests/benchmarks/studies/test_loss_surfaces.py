import keras
import numpy as np
import pytest
from PIL import Image

from benchmarks.studies import loss_surfaces, optimizer_paths
from benchmarks.studies.optimizer_paths import literal_nesterov, path
from kerasrecipes.optimizers import Momentum

SURFACES = {surface.title: surface for surface in optimizer_paths.SURFACES}


def _steep(x):
    return (100 * x,)


def _ends(title):
    """Returns where each optimizer ends on a surface."""
    surface = SURFACES[title]
    return {
        name: path(optimizer, surface.gradient, surface.start)[-1]
        for name, optimizer in surface.optimizers().items()
    }


@pytest.mark.parametrize("title", list(SURFACES))
def test_gradients_are_those_of_the_loss(title):
    surface, h = SURFACES[title], 1e-6
    for x, y in np.random.default_rng(0).uniform(-2, 2, (20, 2)):
        along_x = (surface.loss(x + h, y) - surface.loss(x - h, y)) / (2 * h)
        along_y = (surface.loss(x, y + h) - surface.loss(x, y - h)) / (2 * h)
        np.testing.assert_allclose(surface.gradient(x, y), (along_x, along_y), atol=1e-6)


@pytest.mark.parametrize("title", list(SURFACES))
def test_the_lowest_loss_is_the_lowest(title):
    surface = SURFACES[title]
    x, y = np.meshgrid(np.linspace(-5, 5, 2001), np.linspace(-3, 3, 1201))
    np.testing.assert_allclose(surface.loss(x, y).min(), surface.lowest, atol=2e-5)


def test_nesterov_as_printed_diverges_and_corrected_converges():
    printed = literal_nesterov(_steep, (1.0,), 8, 0.001, 0.9)
    assert -6e12 < printed[-1, 0] < -5e12
    corrected = path(Momentum(0.001, nesterov=True), _steep, (1.0,), 200)
    assert abs(corrected[-1, 0]) < 1e-8


def test_the_corrected_form_is_keras_s_and_the_package_s_seen_from_where_it_looks():
    """`v = rho v + g(x - eta rho v), x -= eta v`; both optimizers hold `w = x - eta rho v`."""
    x, v, ahead = 1.0, 0.0, []
    for _ in range(50):
        v = 0.9 * v + 100 * (x - 0.001 * 0.9 * v)
        x -= 0.001 * v
        ahead.append(x - 0.001 * 0.9 * v)
    for optimizer in (
        Momentum(0.001, nesterov=True),
        keras.optimizers.SGD(0.001, momentum=0.9, nesterov=True),
    ):
        found = path(optimizer, _steep, (1.0,), 50)[1:, 0]
        np.testing.assert_allclose(found, ahead, atol=1e-6)


def test_sgd_jumps_from_wall_to_wall_of_the_ravine_and_adagrad_does_not():
    surface = SURFACES["ravine"]
    optimizers = surface.optimizers()
    sides = {
        name: np.sign(path(optimizers[name], surface.gradient, surface.start, 20)[:, 1])
        for name in ("SGD", "AdaGrad")
    }
    assert (sides["SGD"][1:] == -sides["SGD"][:-1]).all()
    assert (sides["AdaGrad"] == 1).all()


def test_a_path_that_starts_on_the_ridge_ends_at_the_saddle():
    saddle = SURFACES["saddle"]
    for optimizer in saddle.optimizers().values():
        assert abs(path(optimizer, saddle.gradient, (-1.5, 0.0), 20)[:, 1]).max() == 0


def test_all_leave_the_saddle_from_beside_the_ridge():
    for x, y in _ends("saddle").values():
        np.testing.assert_allclose((x, y), (0, 1), atol=0.1)


def test_momentum_alone_passes_the_higher_minimum():
    ends = {name: round(float(x)) for name, (x, _) in _ends("two minima").items()}
    assert ends == {
        "SGD": 1, "momentum": -1, "Nesterov": -1, "AdaGrad": 1, "RMSprop": 1, "Adam": 1
    }  # fmt: skip


def test_adagrad_s_steps_shrink_with_the_root_of_their_number_and_others_do_not():
    lengths, number = optimizer_paths.step_lengths(100), np.arange(1, 101)
    np.testing.assert_allclose(lengths["AdaGrad"], 0.1 / np.sqrt(number), rtol=1e-3)
    np.testing.assert_allclose(lengths["Adam"], 0.1, rtol=1e-3)
    np.testing.assert_allclose(lengths["RMSprop"], 0.1 / np.sqrt(1 - 0.9**number), rtol=1e-3)


def test_all_pictures_are_written(tmp_path):
    loss_surfaces.write_pictures(tmp_path)
    for name in ("loss_surfaces", "adagrad", "nesterov"):
        with Image.open(tmp_path / f"{name}.png") as image:
            assert len(image.getcolors(256)) > 10
    animation = tmp_path / "loss_surfaces.gif"
    with Image.open(animation) as image:
        assert image.n_frames == 34
    assert animation.stat().st_size < 500_000
