import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers.augmentation._policy.subset import apply_where
from tests.layers.augmentation.batches import compiled, to_numpy

VALUES = np.arange(12, dtype="float32").reshape(4, 3)
FACTORS = np.array([2, 3, 5, 7], "float32")


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize(
    "mask", [[True, False, True, True], [False] * 4, [True] * 4], ids=["some", "none", "all"]
)
def test_chosen_samples_change_and_others_stay(mask, is_compiled):
    def run(mask, values, factors):
        return apply_where(mask, lambda x, f: x * f[:, None], values, factors)

    run = compiled(run) if is_compiled else run
    received = to_numpy(run(*map(ops.convert_to_tensor, (np.array(mask), VALUES, FACTORS))))
    expected = np.where(np.array(mask)[:, None], VALUES * FACTORS[:, None], VALUES)
    np.testing.assert_array_equal(received, expected)
