import keras
import numpy as np
import pytest
from keras import ops
from scipy.stats import chi2

from kerasrecipes.data import PowerSampling, training_batches
from kerasrecipes.data.balancing.sampled_order import SampledClasses, SampledOrder
from kerasrecipes.data.sample_order import Order
from kerasrecipes.data.split import ArraySplit, FileSplit

COUNTS = (40, 9, 1)
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(3), COUNTS)).astype("int32")
EVEN = SampledClasses((1 / 3, 1 / 3, 1 / 3))


def order(sampled=EVEN, seed=3, batch_size=16):
    return SampledOrder(len(LABELS), batch_size, seed, LABELS, sampled)


def drawn(of, passes):
    return np.concatenate([of.indices(step) for step in range(passes * of.steps)])


@pytest.mark.backend_neutral
def test_classes_have_their_shares_and_images_of_a_class_are_drawn_in_turn():
    shares = (0.5, 0.3, 0.2)
    taken = drawn(order(SampledClasses(shares)), passes=7)
    for data_pass in range(7):
        of_pass = LABELS[taken[50 * data_pass : 50 * (data_pass + 1)]]
        np.testing.assert_array_equal(np.bincount(of_pass), [25, 15, 10])
    for label in range(3):
        of_class = taken[LABELS[taken] == label]
        times = np.bincount(of_class, minlength=50)[label == LABELS]
        assert times.max() - times.min() <= 1


@pytest.mark.backend_neutral
def test_shares_that_do_not_divide_a_pass_are_exact_on_average():
    seed = np.random.randint(2**31)
    # 0.4 samples of the rarest class in a pass: none in some, one in the others.
    of = order(SampledClasses((0.7, 0.292, 0.008)), seed)
    counts = of._counts(2000)
    np.testing.assert_array_equal(counts.sum(1), 50)
    assert set(counts[:, 2]) == {0, 1}
    # A binomial mean; with a false alarm of one in a million.
    assert abs(counts[:, 2].mean() - 0.4) < 4.9 * np.sqrt(0.4 * 0.6 / 2000)
    np.testing.assert_array_less(np.abs(counts - 50 * np.array(of.sampled.shares)), 1)


@pytest.mark.backend_neutral
def test_every_image_of_a_class_is_as_likely_at_every_place():
    seed = np.random.randint(2**31)
    of = order(SampledClasses((0.9, 0.02, 0.08)), seed)  # One of nine images a pass.
    taken = [drawn_pass[LABELS[drawn_pass] == 1][0] for drawn_pass in _passes(of, 900)]
    # The first image of each turn of nine.
    counts = np.bincount(taken[::9], minlength=50)[LABELS == 1]
    statistic = np.sum((counts - 100 / 9) ** 2 / (100 / 9))
    assert statistic < chi2.isf(1e-6, df=8)
    followed = sum(a + 1 == b for a, b in zip(taken, taken[1:], strict=False))
    assert followed < 300  # A turn in the order of the data would have 800 successors.


def _passes(of, passes):
    for data_pass in range(passes):
        yield np.concatenate([of.indices(data_pass * of.steps + b) for b in range(of.steps)])


@pytest.mark.backend_neutral
def test_the_order_depends_on_seed_and_step_alone():
    steps = [41, 0, 17, 41]
    found = [order().indices(step) for step in steps]
    same = order()
    for step, indices in zip(steps, found, strict=True):
        np.testing.assert_array_equal(indices, same.indices(step))
    assert not np.array_equal(found[0], order(seed=4).indices(41))
    assert [len(same.indices(step)) for step in range(4)] == [16, 16, 16, 2]


@pytest.mark.backend_neutral
def test_until_it_starts_every_image_is_taken_once_in_a_pass():
    of, plain = order(EVEN._replace(start_step=6)), Order(50, 16, 3)
    for step in range(6):
        np.testing.assert_array_equal(of.indices(step), plain.indices(step))
        np.testing.assert_array_equal(of.turns(step), plain.turns(step))
    late = np.concatenate([of.indices(step) for step in range(8, 16)])
    np.testing.assert_allclose(np.bincount(LABELS[late]) / 100, 1 / 3, atol=0.01)


@pytest.mark.backend_neutral
def test_turns_count_how_often_an_image_was_drawn():
    of, first = order(), {}
    for step in range(5 * of.steps):
        for index, turn in zip(of.indices(step).tolist(), of.turns(step).tolist(), strict=True):
            first.setdefault(index, []).append(turn)
    for turns in first.values():
        assert sorted(turns) == list(range(min(turns), min(turns) + len(turns)))
        assert min(turns) in (0, 1)


@pytest.fixture(params=["arrays", "files"])
def split(request, tmp_path):
    """Images of noise, in memory or read anew each time."""
    images = np.random.default_rng(0).integers(40, 200, (50, 4, 4, 1), dtype="uint8")
    if request.param == "arrays":
        return ArraySplit(images, LABELS)
    for number, image in enumerate(images):
        np.save(tmp_path / f"{number}.npy", image)
    names = [f"{number}.npy" for number in range(len(images))]
    return FileSplit(tmp_path, names, LABELS, (4, 4, 1), np.load)


@pytest.mark.parametrize("augment", [[], [keras.layers.RandomBrightness(0.3)]])
def test_batches_hold_what_is_drawn_resumed_or_not_and_an_image_is_augmented_anew(split, augment):
    sampled = PowerSampling(0, start_steps=6).on(LABELS, ["a", "b", "c"])

    def batches(epochs):
        made = training_batches(
            split,
            batch_size=16,
            seed=3,
            steps_per_epoch=3,
            epochs=epochs,
            augment=augment,
            sampled=sampled,
        )
        return [tuple(np.asarray(ops.convert_to_numpy(x)) for x in batch) for batch in made]

    whole, of = batches(range(5)), order(sampled)
    for step, (images, labels) in enumerate(whole):
        np.testing.assert_array_equal(labels, LABELS[of.indices(step)])
        if not augment:
            np.testing.assert_array_equal(images, split.read(of.indices(step)))
    for (images, labels), (again, of_again) in zip(whole[9:], batches(range(3, 5)), strict=True):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(labels, of_again)
    if augment:
        images, labels = whole[8]
        assert len(np.unique(images[labels == 2], axis=0)) == np.sum(labels == 2) > 2
