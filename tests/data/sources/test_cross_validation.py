import numpy as np
import pytest

from kerasrecipes import use
from kerasrecipes.data import CrossValidation, Digits


def _pixels(split):
    return {image.tobytes() for image in split.read(np.arange(len(split)))}


def test_every_image_is_validated_on_in_one_fold():
    loaded = Digits().load()
    everything = _pixels(loaded.train) | _pixels(loaded.validation)
    folds = [CrossValidation(Digits(), folds=4, fold=fold).load() for fold in range(4)]
    assert sum(len(fold.validation) for fold in folds) == 1438
    assert set().union(*(_pixels(fold.validation) for fold in folds)) == everything
    for fold in folds:
        assert len(fold.train) + len(fold.validation) == 1438
        assert len(_pixels(fold.train) & _pixels(fold.validation)) <= 2  # Digits has duplicates.
        np.testing.assert_array_equal(fold.test.images, loaded.test.images)
        counts = np.bincount(fold.validation.labels)
        assert counts.max() - np.bincount(loaded.train.labels).max() / 3 < 5
    assert len({fold.hash for fold in folds}) == 4


def test_folds_are_stratified_and_equally_large():
    folds = [CrossValidation(Digits(), folds=5, fold=fold).load() for fold in range(5)]
    sizes = [len(fold.validation) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    counts = np.array([np.bincount(fold.validation.labels) for fold in folds])
    assert np.all(counts.max(0) - counts.min(0) <= 1)


def test_images_and_labels_belong_together():
    loaded = Digits().load()
    labels = {}
    for split in (loaded.train, loaded.validation):
        images = split.read(np.arange(len(split)))
        labels |= dict(zip((i.tobytes() for i in images), split.labels, strict=True))
    fold = CrossValidation(Digits(), folds=3, fold=1).load()
    order = np.random.default_rng(0).permutation(len(fold.train))[:200]
    images = fold.train.read(order)
    assert [labels[i.tobytes()] for i in images] == list(fold.train.labels[order])
    first = loaded.train.name(0), loaded.validation.name(0)
    everything = CrossValidation(Digits(), fold=None).load().train
    assert (everything.name(0), everything.name(len(loaded.train))) == first


def test_all_images_are_trained_on_without_a_fold():
    loaded, data = Digits().load(), CrossValidation(Digits(), fold=None).load()
    assert len(data.train) == len(loaded.train) + len(loaded.validation)
    assert _pixels(data.validation) == _pixels(loaded.validation)


def test_the_seed_draws_the_folds():
    first, again, other = (
        CrossValidation(Digits(), split_seed=seed).load().hash for seed in (0, 0, 1)
    )
    assert first == again != other


def test_it_stands_in_a_recipe():
    spec = use("CrossValidation", data=use("Digits"), folds=3, fold=2)
    assert spec.build("data").load().sizes["validation"] == 479


@pytest.mark.parametrize("options", [{"folds": 1}, {"fold": 5}, {"fold": -1}, {"split_seed": -1}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="Received"):
        CrossValidation(Digits(), **options)


def test_too_few_images_for_the_folds():
    with pytest.raises(ValueError, match="at least 300"):
        CrossValidation(Digits(), folds=300, fold=0).load()
