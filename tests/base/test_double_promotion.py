"""Keras's operations in float64."""

import keras
import pytest

from kerasrecipes.base.private.double_promotion import promoted_to_double


def test_float64_stays_float64_within_the_context_only():
    before = keras.backend.result_type("float64", "float32")
    with promoted_to_double():
        assert keras.backend.result_type("float64", "float32") == "float64"
        assert keras.backend.result_type("float32", "float32") == "float32"
    assert keras.backend.result_type("float64", "float32") == before


def test_it_ends_with_an_error():
    before = keras.backend.result_type("float64", "float32")
    with pytest.raises(KeyError), promoted_to_double():
        raise KeyError
    assert keras.backend.result_type("float64", "float32") == before
