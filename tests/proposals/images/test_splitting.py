"""How images are held out, by their number and by what they come with."""

import pytest

from kerasrecipes.proposals.images.splitting import held_out
from kerasrecipes.recipe.spec import use

SOURCE = use("ImageFolder", directory="photos")


@pytest.mark.parametrize(
    ("counts", "folds"),
    [((150, 95), 5), ((3,) * 100, 3), ((2, 400), 2), ((400, 9), 5), ((150, 150), 0)],
)
def test_few_images_or_few_of_a_class_are_put_into_folds(facts, counts, folds):
    assert held_out(facts(*counts), folds_fit=True).folds == folds


def test_folds_are_of_the_whole_source(facts):
    held = held_out(facts(60, 60), folds_fit=True)
    data = held.data(SOURCE, {"image_size": 96})
    inner = use("ImageFolder", directory="photos", image_size=96)
    assert data == use("CrossValidation", data=inner, folds=5, fold=None)
    assert (held.train, held.validation, held.test) == (120, 24, 0)


def test_without_the_time_for_folds_a_quarter_validates(facts):
    held = held_out(facts(60, 60), folds_fit=False)
    assert held.options == {"validation_fraction": 0.25}
    assert (held.folds, held.train, held.validation, held.test) == (0, 90, 30, 0)


@pytest.mark.parametrize(("each", "fraction"), [(200, 0.15), (2000, 0.1)])
def test_more_images_are_held_out_by_fractions(facts, each, fraction):
    held = held_out(facts(each, each), folds_fit=True)
    assert held.options == {"validation_fraction": fraction, "test_fraction": fraction}
    assert held.validation == held.test == round(2 * each * fraction)
    assert held.train + held.validation + held.test == 2 * each


def test_what_is_set_already_stays(facts):
    source = use("ImageFolder", directory="photos", test_fraction=0.3, image_size=50)
    data = held_out(facts(200, 200), folds_fit=True).data(source, {"image_size": 96})
    assert data.options["test_fraction"] == 0.3
    assert data.options["image_size"] == 50
    assert data.options["validation_fraction"] == 0.15


@pytest.mark.parametrize(
    ("each", "options", "parts", "told"),
    [
        (200, {"test_fraction": 0.4}, (180, 60, 160), "40% of each class tests, as it was"),
        (200, {"validation_fraction": 0.25}, (240, 100, 60), "25% of each class validates, as"),
        (50, {"test_fraction": 0.2}, (65, 15, 20), "20% of each class tests, as it was asked"),
        (50, {"validation_fraction": 0.2}, (80, 20, 0), "20% of each class validates, as it was"),
        (
            50,
            {"validation_fraction": 0.2, "test_fraction": 0.3},
            (50, 20, 30),
            "20% of each class validates and 30% of each class tests, as it was asked for",
        ),
    ],
)
def test_fractions_that_are_set_are_counted_with(facts, each, options, parts, told):
    source = use("ImageFolder", directory="photos", **options)
    held = held_out(facts(each, each, source=source), folds_fit=True)
    assert (held.train, held.validation, held.test) == parts
    assert told in held.reason
    assert held.folds == 0
    data = held.data(source, {})
    assert {name: data.options[name] for name in options} == options


def test_a_fraction_of_a_split_that_is_there_is_not_used(facts):
    source = use("ImageFolder", directory="photos", test_fraction=0.4)
    given = facts(counts={"train": (200, 200), "test": (30, 30)}, source=source)
    held = held_out(given, folds_fit=True)
    assert (held.train, held.validation, held.test) == (340, 60, 60)
    assert "own test images" in held.reason


def test_splits_that_are_there_are_used(facts):
    own = facts(counts={"train": (200, 200), "test": (30, 30)})
    held = held_out(own, folds_fit=True)
    assert held.options == {"validation_fraction": 0.15}
    assert (held.validation, held.test) == (60, 60)
    both = facts(counts={"train": (20, 20), "validation": (5, 5), "test": (3, 3)})
    held = held_out(both, folds_fit=True)
    assert (held.options, held.folds) == ({}, 0)
    assert (held.train, held.validation, held.test) == (40, 10, 6)


def test_one_image_of_a_class_is_too_few(facts):
    with pytest.raises(ValueError, match="1 of class 'class1'"):
        held_out(facts(5, 1), folds_fit=True)
