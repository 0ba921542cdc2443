"""Optimizers against independent implementations; where they differ, by how much and why."""

import numpy as np
import pytest

from kerasrecipes.optimizers import LARS, AdaBelief, Lookahead, Momentum, RAdam
from tests.optimizers.problems import gradients, path_of, precision, relative_error

RATE = 2**-7  # The same in float32 and float64.


def path_of_torch(make, steps):
    torch = pytest.importorskip("torch")
    w = torch.zeros(steps.shape[1:], dtype=torch.float64, requires_grad=True)
    optimizer, path = make(torch.optim, [w]), []
    for gradient in steps:
        w.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def path_of_optax(make, steps, start=0.0):
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    with jax.enable_x64(True):
        steps = jax.numpy.asarray(steps, "float64")
        transformation = make(optax)
        w = jax.numpy.full(steps.shape[1:], start)

        def step(carry, gradient):
            w, state = carry
            updates, state = transformation.update(gradient, state, w)
            w = optax.apply_updates(w, updates)
            return (w, state), w

        return np.array(jax.lax.scan(step, (w, transformation.init(w)), steps)[1])


def ours(optimizer, steps, start=0.0):
    with precision("float64"):
        return path_of(optimizer(), steps, "float64", start)


def test_radam_equals_torchs_but_for_the_place_of_epsilon():
    steps = gradients()
    received = ours(lambda: RAdam(RATE, epsilon=1e-20), steps)
    theirs = path_of_torch(lambda o, w: o.RAdam(w, RATE, eps=1e-20), steps)
    assert relative_error(received, theirs) < 1e-11
    # PyTorch adds epsilon to the uncorrected root, which is far smaller at the start.
    received = ours(lambda: RAdam(RATE, epsilon=1e-3), steps)
    theirs = path_of_torch(lambda o, w: o.RAdam(w, RATE, eps=1e-3), steps)
    assert relative_error(received[:, 0], theirs[:, 0]) > 1e-3
    # With the algorithm's threshold only the fifth step differs.
    paper = np.diff(ours(lambda: RAdam(RATE, epsilon=1e-20, threshold=4.0), steps), axis=0)
    code = np.diff(ours(lambda: RAdam(RATE, epsilon=1e-20), steps), axis=0)
    differs = np.abs(paper - code).max(axis=(1, 2)) > 1e-9
    assert differs.nonzero()[0].tolist() == [3]


@pytest.mark.parametrize("epsilon", [1e-7, 1e-3])
def test_radam_equals_optax(epsilon):
    steps = gradients()
    theirs = path_of_optax(lambda o: o.radam(RATE, eps=epsilon), steps)
    assert relative_error(ours(lambda: RAdam(RATE, epsilon=epsilon), steps), theirs) < 1e-11


@pytest.mark.parametrize("epsilon", [1e-16, 1e-4])
def test_adabelief_equals_optax(epsilon):
    steps = gradients()
    theirs = path_of_optax(lambda o: o.adabelief(RATE, eps=epsilon, eps_root=epsilon), steps)
    assert relative_error(ours(lambda: AdaBelief(RATE, epsilon=epsilon), steps), theirs) < 1e-11


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_equals_torch_without_dampening(nesterov):
    steps = gradients()
    theirs = path_of_torch(lambda o, w: o.SGD(w, RATE, momentum=0.9, nesterov=nesterov), steps)
    assert relative_error(ours(lambda: Momentum(RATE, nesterov=nesterov), steps), theirs) < 1e-12


def test_torch_does_not_dampen_the_first_gradient():
    steps = gradients()
    theirs = path_of_torch(lambda o, w: o.SGD(w, RATE, momentum=0.9, dampening=0.9), steps)
    received = ours(lambda: Momentum(RATE, dampening=0.9), steps)
    # The other 0.9 of the first gradient decay with the momentum.
    powers = np.cumsum(0.9 ** np.arange(len(steps)))[:, None, None]
    rest = -RATE * 0.9 * steps[0].astype("float64") * powers
    assert relative_error(received + rest, theirs) < 1e-12


def test_lars_equals_optax_but_for_the_norm_that_it_divides_by():
    steps = gradients()
    theirs = path_of_optax(lambda o: o.lars(RATE, trust_coefficient=0.1), steps, start=1.0)
    received = ours(lambda: LARS(RATE, trust_coefficient=0.1), steps, start=1.0)
    assert relative_error(received, theirs) < 1e-11
    # With decay, one divides by the norm of a sum and one by a sum of norms. These are equal if all
    # gradients point in the direction of the weights.
    decayed = {"trust_coefficient": 0.1, "weight_decay": 0.125}
    steps = steps[:, :1]
    theirs = path_of_optax(lambda o: o.lars(RATE, **decayed), steps, start=1.0)
    received = ours(lambda: LARS(RATE, **decayed), steps, start=1.0)
    assert relative_error(received, theirs) > 1e-3
    parallel = np.ones_like(steps)
    theirs = path_of_optax(lambda o: o.lars(RATE, **decayed), parallel, start=1.0)
    received = ours(lambda: LARS(RATE, **decayed), parallel, start=1.0)
    assert relative_error(received, theirs) < 1e-11


def test_lookahead_equals_optax():
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    steps = gradients()
    with jax.enable_x64(True):
        transformation = optax.lookahead(optax.sgd(RATE, momentum=0.9), 5, 0.5)
        params = optax.LookaheadParams.init_synced(jax.numpy.zeros(steps.shape[1:]))

        def step(carry, gradient):
            params, state = carry
            updates, state = transformation.update(gradient, state, params)
            params = optax.apply_updates(params, updates)
            return (params, state), params.fast

        start = params, transformation.init(params)
        theirs = np.array(jax.lax.scan(step, start, jax.numpy.asarray(steps, "float64"))[1])
    received = ours(lambda: Lookahead(Momentum(RATE)), steps)
    assert relative_error(received, theirs) < 1e-11
