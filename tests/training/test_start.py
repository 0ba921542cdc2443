import pytest

from kerasrecipes.training.building.start import check_start
from tests.digits_run import RECIPE, digits_run


def check(**changes):
    recipe = RECIPE.replace({path.replace("__", "."): value for path, value in changes.items()})
    check_start(recipe, recipe.data.build("data").load(), digits_run())


def test_another_optimizer_and_fewer_images_can_start_from_a_run():
    check(optimizer="SGD", data__examples_per_class=10)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"preprocessing": ["Normalization"]},
            r"`preprocessing` must be the same as in .*Rescaling.* Received: .*Normalization",
        ),
        (
            {"data__image_size": [8, 10]},
            r"size of those of the run to start from, \(8, 8, 1\).*Received: \(8, 10, 1\)",
        ),
        (
            {"data__classes": [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]},
            r"10 classes, 0, 1, 2, 3, 4 and 5 more.*Pretrained.*Received: 10 classes, 9, 8",
        ),
    ],
)
def test_a_recipe_that_the_weights_do_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        check(**changes)
