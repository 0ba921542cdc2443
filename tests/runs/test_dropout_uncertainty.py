import numpy as np
import pytest

from kerasrecipes.data import Digits
from kerasrecipes.metrics.calibration import two_class_curves
from kerasrecipes.models import MonteCarloDropout
from kerasrecipes.runs import evaluate_dropout
from tests.digits_run import digits_run


def run():
    return digits_run(model__dropout_rate=0.5)


def test_it_is_monte_carlo_dropout_of_the_runs_test_images():
    found = evaluate_dropout(run(), samples=5)
    images = Digits().load().test.images
    expected = MonteCarloDropout(run().load_model(), samples=5).predict(images, batch_size=64)
    np.testing.assert_allclose(found.prediction.mean, expected.mean, atol=1e-6)
    np.testing.assert_array_equal(found.once, run().predictions["test_probabilities"])
    np.testing.assert_array_equal(found.correct, expected.mean.argmax(-1) == found.labels)
    wrong = (~found.correct).astype(int)
    area = two_class_curves(wrong, found.prediction.mutual_information).roc_auc
    assert found.mistakes_told[0] == area
    least = found.prediction.mutual_information[found.surest(0.25)]
    assert least.max() <= np.quantile(found.prediction.mutual_information, 0.26)


def test_what_does_not_fit_is_told():
    with pytest.raises(ValueError, match="must have a dropout layer"):
        evaluate_dropout(digits_run())
    with pytest.raises(ValueError, match="`split` must be one of"):
        evaluate_dropout(run(), "train")
