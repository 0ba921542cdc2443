import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from kerasrecipes.transfer import LinearProbe


@pytest.fixture(scope="module")
def digits():
    """Returns pixels of digits as features, and labels, of training, validation and test."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    parts = np.split(order, [400, 800])
    return [(data.data[part].astype("float32"), data.target[part]) for part in parts]


def test_it_equals_scikit_learn(digits):
    (x, y), (x_validation, y_validation), (x_test, y_test) = digits
    probe = LinearProbe().fit(x, y, x_validation, y_validation)
    peers = [LogisticRegression(C=c, max_iter=3000).fit(x, y) for c in (1e-3, 1e-2, 0.1, 1, 10)]
    peer = max(peers, key=lambda p: p.score(x_validation, y_validation))
    accuracy = probe.correct(x_test, y_test) / len(y_test)
    assert accuracy == pytest.approx(peer.score(x_test, y_test), abs=0.01)


def test_the_minimum_is_that_of_the_formula(digits):
    (x, y), validation, _ = digits
    l2 = 0.01
    probe = LinearProbe(l2=[l2], iterations=3000).fit(x, y, *validation)
    deviation = x.std(0, dtype="float64")
    alive = deviation > 0
    weights = (probe.kernel * deviation[:, None])[alive]
    z = ((x - x.mean(0, dtype="float64"))[:, alive] / deviation[alive]).astype("float64")
    bias = probe.bias + x.mean(0, dtype="float64") @ probe.kernel
    logits = z @ weights + bias
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    error = (softmax - np.eye(10)[y]) / len(y)
    np.testing.assert_allclose(z.T @ error + l2 * weights, 0, atol=3e-4)
    np.testing.assert_allclose(error.sum(0), 0, atol=3e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_no_other_weights_have_a_lower_value_of_the_formula(digits, classes):
    """The reference minimizes what the docstring says, written down anew, over all weights."""
    (x, y), (x_validation, y_validation), _ = digits
    chosen = y_validation < classes
    validation = x_validation[chosen][:, 18:22], y_validation[chosen]
    x, y, l2 = x[y < classes][:, 18:22].astype("float64"), y[y < classes], 0.05
    z = (x - x.mean(0)) / x.std(0)

    def formula(parameters):
        w, b = np.split(parameters, [z.shape[1] * classes])
        w = w.reshape(-1, classes)
        return -log_softmax(z @ w + b, -1)[np.arange(len(y)), y].mean() + l2 / 2 * (w**2).sum()

    best = minimize(formula, np.zeros((z.shape[1] + 1) * classes), method="L-BFGS-B", tol=1e-14)
    probe = LinearProbe(l2=[l2], iterations=3000).fit(x, y, *validation)
    expected = best.x[:-classes].reshape(-1, classes) / x.std(0)[:, None]
    np.testing.assert_allclose(probe.kernel, expected, atol=2e-4)


def test_two_classes_are_scikit_learn_s_with_both_signs(digits):
    (x, y), (x_validation, y_validation), _ = digits
    x, y = x[y < 2][:, 18:22], y[y < 2]
    validation = x_validation[y_validation < 2][:, 18:22], y_validation[y_validation < 2]
    probe = LinearProbe(l2=[0.1], iterations=3000).fit(x, y, *validation)
    z = (x - x.mean(0)) / x.std(0)
    peer = LogisticRegression(C=2 / (0.1 * len(y)), max_iter=3000, tol=1e-8).fit(z, y)
    difference = peer.coef_[0] / x.std(0)
    np.testing.assert_allclose(probe.kernel, np.stack([-difference, difference], 1) / 2, atol=1e-3)
    margins = np.diff(probe.logits(x))[:, 0]
    np.testing.assert_allclose(margins, peer.decision_function(z), atol=5e-3)


def test_validation_chooses(digits):
    (x, y), (x_validation, y_validation), _ = digits
    grid = (1e-2, 30.0, 1000.0)
    chosen = LinearProbe(l2=grid).fit(x, y, x_validation, y_validation)
    each = [LinearProbe(l2=[l2]).fit(x, y, x_validation, y_validation) for l2 in grid]
    best = max(probe.validation_accuracy for probe in each)
    assert chosen.validation_accuracy == pytest.approx(best, abs=0.005)
    assert chosen.l2 == 1e-2
    found = chosen.correct(x_validation, y_validation) / len(y_validation)
    assert chosen.validation_accuracy == found


def test_two_classes_and_a_dead_feature(digits):
    (x, y), (x_validation, y_validation), _ = digits
    two, two_validation = y < 2, y_validation < 2
    x = np.hstack([x, np.zeros((len(x), 1), "float32")])[two]
    x_validation = np.pad(x_validation, ((0, 0), (0, 1)))[two_validation]
    probe = LinearProbe(l2=[1e-3]).fit(x, y[two], x_validation, y_validation[two_validation])
    assert probe.kernel.shape == (65, 2)
    peer = LogisticRegression().fit(x, y[two])
    agree = np.mean(probe.logits(x_validation).argmax(1) == peer.predict(x_validation))
    assert agree > 0.98


@pytest.mark.parametrize(
    ("options", "message"),
    [({"l2": []}, "at least one penalty"), ({"l2": [0]}, "l2"), ({"iterations": 0}, "iterations")],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        LinearProbe(**options)


def test_bad_features():
    x, y = np.zeros((4, 2, 2, 3)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match="Pool feature maps first.*(4, 2, 2, 3)"):
        LinearProbe().fit(x, y, x, y)
    x = np.zeros((4, 2))
    with pytest.raises(ValueError, match=r"no samples of \[1\]"):
        LinearProbe().fit(x, [0, 2, 0, 2], x, y)
    with pytest.raises(ValueError, match="no samples of a second class"):
        LinearProbe().fit(x, [0, 0, 0, 0], x, [0, 0, 0, 0])
