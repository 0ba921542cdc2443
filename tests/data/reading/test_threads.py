import pytest

from kerasrecipes.data.reading.threads import map_in_threads


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 257, 1000])
def test_results_are_in_order(count):
    assert map_in_threads(lambda item: item * item, range(count)) == [i * i for i in range(count)]


def test_an_error_is_raised():
    with pytest.raises(ZeroDivisionError):
        map_in_threads(lambda item: 1 // (item - 500), range(1000))
