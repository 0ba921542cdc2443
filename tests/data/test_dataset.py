import json

import numpy as np
import pytest

from kerasrecipes.data.dataset import Dataset, evaluation_split
from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.data.split import ArraySplit


def split(labels, shape=(4, 6, 1), value=0):
    return ArraySplit(np.full((len(labels), *shape), value, np.uint8), np.array(labels, np.int32))


def dataset(**options):
    defaults = {
        "train": split([0, 0, 1, 2, 2, 2]),
        "validation": split([0, 2]),
        "test": split([1, 1, 1]),
        "class_names": ("a", "b", "c"),
        "image_shape": (4, 6, 1),
        "source": "made up",
    }
    return Dataset(**(defaults | options))


def test_to_dict_is_plain_data():
    data = dataset(resize="crop", skipped=(("b/x.txt", "not an image file"),))
    contents = data.to_dict()
    assert json.loads(json.dumps(contents)) == contents
    assert contents == {
        "source": "made up",
        "hash": data.hash,
        "sizes": {"train": 6, "validation": 2, "test": 3},
        "class_names": ["a", "b", "c"],
        "class_counts": {"train": [2, 1, 3], "validation": [1, 0, 1], "test": [0, 3, 0]},
        "image_shape": [4, 6, 1],
        "value_range": [0, 255],
        "resize": "crop",
        "skipped": [["b/x.txt", "not an image file"]],
    }


def test_without_a_test_split():
    data = dataset(test=None)
    assert data.sizes == {"train": 6, "validation": 2}
    assert list(data.class_counts()) == ["train", "validation"]


def test_hash_tells_contents_apart_and_nothing_else():
    same = [dataset(), dataset(), dataset(source="elsewhere", skipped=(("x", "y"),))]
    assert len({data.hash for data in same}) == 1
    others = [
        dataset(test=None),
        dataset(class_names=("a", "b", "d")),
        dataset(train=split([0, 0, 1, 2, 2, 1])),
        dataset(train=split([0, 0, 1, 2, 2, 2], value=1)),
        dataset(validation=split([1, 1, 1]), test=split([0, 2])),
    ]
    assert len({data.hash for data in [same[0], *others]}) == 6


def test_hash_is_computed_once():
    data = dataset()
    before = data.hash
    data.train.images[...] = 9
    assert data.hash == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation": split([])}, "`validation` must hold images"),
        ({"test": split([0], (6, 4, 1))}, r"`test` must have images of shape \(4, 6, 1\)"),
        ({"train": split([0, 3])}, r"labels of `train` must be in \[0, 3\).*from 0 to 3"),
        ({"train": split([-1, 0])}, "from -1 to 0"),
    ],
)
def test_inconsistent_splits(options, message):
    with pytest.raises(ValueError, match=message):
        dataset(**options)


def test_a_model_is_judged_by_test_or_else_validation():
    assert evaluation_split(dataset().splits) == "test"
    assert evaluation_split(dataset(test=None).splits) == "validation"
    with pytest.raises(ValueError, match="a test or a validation split. Received: train"):
        evaluation_split(["train"])


def test_it_shows_itself_in_a_line():
    shown = repr(Digits(classes=(0, 1)).load())
    assert shown.startswith("Dataset(scikit-learn's handwritten digits")
    assert shown.endswith(" test; 8 x 8 x 1, 2 classes)")
    assert "\n" not in shown
