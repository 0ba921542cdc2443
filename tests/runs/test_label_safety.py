import keras
import numpy as np
import pytest

from kerasrecipes import layers
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.runs.label_safety import OperationCheck, check_augmentation
from kerasrecipes.runs.operations import own_operations, usual_operations


def side_model(from_logits=True):
    """Says on which side an image is brighter: 0 for left, 1 for right."""
    kernel = np.zeros((4, 6, 1, 2), "float32")
    kernel[:, :3, 0, 0] = kernel[:, 3:, 0, 1] = 0.001
    activation = None if from_logits else "softmax"
    model = keras.Sequential([keras.Input((4, 6, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(2, use_bias=False, activation=activation))
    model.layers[-1].set_weights([kernel.reshape(24, 2)])
    return model


def sides(each=40):
    labels = np.arange(2 * each) % 2
    images = np.full((2 * each, 4, 6, 1), 10, "uint8")
    images[labels == 0, :, :3] = 200
    images[labels == 1, :, 3:] = 200
    return images, labels


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_mirror_changes_sides_and_a_brighter_picture_does_not(from_logits):
    images, labels = sides()
    wrong = labels.copy()
    wrong[:6] = 1 - wrong[:6]  # The model does not know these: they do not count.
    mirror, brighter = check_augmentation(
        side_model(from_logits),
        images,
        wrong,
        {
            "mirror": layers.RandomGeometry(horizontal_flip=1.0),
            "brighter": layers.RandomPhotometry(brightness=(1.1, 1.1)),
        },
    )
    assert (len(mirror.before), mirror.agreement, mirror.verdict) == (74, 0.0, "changes")
    np.testing.assert_array_equal(mirror.after, 1 - mirror.before)
    assert sorted(mirror.changed_classes) == [0, 1]
    by_class = mirror.by_class()[0]
    assert (by_class["n"], by_class["becomes"]) == (37, 1)
    assert (by_class["low"], by_class["high"]) == wilson_interval(0, 37)
    np.testing.assert_array_equal(mirror.augmented, mirror.originals[:, :, ::-1])
    assert (brighter.agreement, brighter.verdict) == (1.0, "keeps")
    assert brighter.interval == wilson_interval(74, 74)
    assert mirror.confidences.min() > 0.5


def test_only_images_that_change_count():
    images, labels = sides()
    (half,) = check_augmentation(
        side_model(), images, labels, {"half": layers.RandomGeometry(horizontal_flip=0.5)}
    )
    assert 20 < len(half.before) < 60
    assert half.agreement == 0
    (none,) = check_augmentation(side_model(), images, labels, {"none": layers.RandomBlur(0.0)})
    assert len(none.before) == 0
    assert (none.verdict, none.changed_classes, none.places) == ("unclear", [], None)


def test_verdicts():
    def check(kept, n, threshold=0.9):
        before = np.repeat([0, 1], n)
        after = before.copy()
        after[kept:n] = 1
        return OperationCheck("x", before, after, threshold)

    assert check(50, 50).verdict == "keeps"
    assert check(3, 3).verdict == "unclear"
    assert check(30, 50).verdict == "changes"
    assert check(30, 50).changed_classes == [0]
    assert check(30, 50, threshold=0.5).verdict == "keeps"
    # An interval on both sides of the threshold tells nothing.
    assert check(44, 50).changed_classes == []


def test_the_surest_of_the_lost_come_first():
    images, labels = sides(4)
    images[0, :, :3], images[2, :, :3] = 100, 250
    mirror = {"mirror": layers.RandomGeometry(horizontal_flip=1.0)}
    (check,) = check_augmentation(side_model(), images, labels, mirror)
    assert check.places[0] == 2
    assert 0 not in check.places
    assert (np.diff(check.confidences) <= 0).all()


def test_bad_input():
    images, labels = sides()
    with pytest.raises(ValueError, match="must keep labels. Received: 'mix'"):
        check_augmentation(side_model(), images, labels, {"mix": layers.MixedSamples()})
    with pytest.raises(ValueError, match="must classify some of the images correctly"):
        check_augmentation(side_model(), images, 1 - labels, {})
    with pytest.raises(ValueError, match="must keep the size of images. Received: 'crop'"):
        check_augmentation(side_model(), images, labels, {"crop": keras.layers.RandomCrop(2, 2)})
    with pytest.raises(ValueError, match="`threshold` must be a number in"):
        check_augmentation(side_model(), images, labels, {}, threshold=1.0)


def test_operations_of_a_recipe():
    augment = [
        use("RandomGeometry", rotation_degrees=(-5, 10), scale=1.1, fill_mode="reflect", seed=1),
        use("RandomPadCrop"),
        use("RandomPadCrop", padding_pixels=2),
    ]
    recipe = Recipe(data="Digits", model="MLP", augment=augment)
    assert own_operations(recipe) == {
        "rotation_degrees=-5..10": use(
            "RandomGeometry", rotation_degrees=(-5, 10), fill_mode="reflect", seed=1
        ),
        "scale=1.1": use("RandomGeometry", scale=1.1, fill_mode="reflect", seed=1),
        "RandomPadCrop": augment[1],
        "RandomPadCrop (2)": augment[2],
    }
    grey, colour = usual_operations(1), usual_operations(3)
    assert {"horizontal_flip=1", "rotation_degrees=180", "inversion=1", "blur=1"} <= grey.keys()
    assert colour.keys() - grey.keys() == {"saturation=0.5", "hue_degrees=-30..30"}
    for spec in colour.values():
        spec.build("layer")
