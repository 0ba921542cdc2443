"""Wrong labels of a folder: names and list; the folds' predictions are given."""

import pytest

from kerasrecipes import use
from kerasrecipes.proposals import find_wrong_labels, wrong_labels
from tests.proposals.pets import FLIPPED, cross_validated_pets, write_pets

pytestmark = pytest.mark.backend_neutral


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.setattr(wrong_labels, "cross_validate", cross_validated_pets)
    return write_pets(tmp_path)


def test_wrong_labels_are_named_and_what_is_listed_can_be_left_out(recipe, tmp_path):
    found = find_wrong_labels(recipe, folds=3)
    assert set(found.names) == set(FLIPPED)
    for image in found.images():
        expected = ("cat", "dog") if image.name.startswith("cat") else ("dog", "cat")
        assert (image.label, image.suggested) == expected
        assert image.label_probability == pytest.approx(1 - image.suggested_probability)
        assert (image.image.mean() > 110) == (image.suggested == "dog")
    path = found.write(tmp_path / "list.txt")
    left = recipe.replace({"data.exclude": str(path)}).data.build("data").load()
    assert sum(left.sizes.values()) == 22


def test_folds_of_a_recipe_that_has_some_are_kept(recipe):
    data = use("CrossValidation", data=recipe.data, folds=3, split_seed=5)
    found = find_wrong_labels(recipe.replace({"data": data}), folds=9)
    assert (found.folds, set(found.names)) == (3, set(FLIPPED))


def test_a_network_that_has_seen_the_labels_cannot_judge_them(recipe):
    with pytest.raises(ValueError, match="starts from one"):
        find_wrong_labels(recipe.replace({"start": recipe}))
