"""The choices: pure functions of facts, times and minutes."""

import pytest

from kerasrecipes.proposals import Network
from kerasrecipes.proposals.budget.lengths import fine_tuning_length, head_seconds, scratch_length
from kerasrecipes.proposals.choices import Advised, changed
from kerasrecipes.proposals.choosing import choose
from kerasrecipes.proposals.images.splitting import held_out
from kerasrecipes.proposals.networks import SCRATCH
from kerasrecipes.recipe.spec import use

SECONDS = 480


@pytest.fixture
def chosen(facts, timed):
    """Chooses for images of these counts, with what is given otherwise."""

    def choose_for(*counts, seconds=SECONDS, advised=None, strategy=None, network=None, **others):
        found = facts(*counts, **others)
        held = held_out(found, folds_fit=True)
        on = timed(network, **({"image_size": 32} if network is SCRATCH else {}))
        return choose(found, held, on, seconds, advised or Advised(), strategy)

    return choose_for


def test_much_time_fine_tunes_all_stages_from_a_head(chosen):
    found = chosen(400, 400)
    recipe = found.recipe
    assert (found.strategy, found.folds) == ("all stages", 0)
    assert recipe.data == use(
        "ImageFolder",
        directory="photos",
        image_size=128,
        validation_fraction=0.15,
        test_fraction=0.15,
    )
    assert recipe.model.options["trainable_stages"] == "all"
    assert recipe.start_recipe().augment == ()
    assert recipe.start_recipe().model.options["trainable_stages"] == 0
    # 560 training images are 18 steps an epoch; 600 steps are of use.
    assert recipe.epochs == 34
    assert recipe.monitor is None
    assert recipe.class_weight is None
    assert found.seconds < SECONDS


def test_images_are_mirrored_only_if_they_keep_their_class(chosen):
    both = (use("RandomFlip", mode="horizontal"), use("RandomPadCrop", padding_pixels=16))
    assert chosen(400, 400).recipe.augment == both
    not_mirrored = chosen(400, 400, advised=Advised(mirror=False, mirror_reason="b is no d"))
    assert not_mirrored.recipe.augment == both[1:]
    (told,) = [c for c in not_mirrored.choices if c.field == "augment"]
    assert str(told) == "shifted images, none mirrored: b is no d"


def test_the_advice_is_followed_where_there_is_time(chosen):
    advised = Advised("last stage", "they are few and similar")
    assert chosen(200, 200, advised=advised).strategy == "last stage"
    assert chosen(200, 200, advised=advised).recipe.augment == ()
    assert chosen(200, 200, advised=advised, seconds=12).strategy == "features"


def test_too_little_time_for_fine_tuning_trains_a_head(chosen):
    found = chosen(400, 400, seconds=13)
    assert found.strategy == "features"
    assert found.recipe.start is None
    assert found.seconds < 13


def test_too_little_time_for_anything_says_how_much_it_takes(chosen):
    with pytest.raises(ValueError, match=r"no time.*needs about 0\.\d.*--minutes.*--image-size"):
        chosen(400, 400, seconds=4)
    with pytest.raises(ValueError, match="no time"):
        chosen(400, 400, seconds=3, network=SCRATCH)


def test_less_than_two_passes_are_two_parts_of_one(chosen):
    found = chosen(20_000, 20_000, seconds=85)
    assert found.recipe.epochs == 2
    assert 30 <= found.recipe.steps_per_epoch < 1000
    assert found.recipe.start_recipe().steps_per_epoch is None
    assert found.seconds <= 85


def test_few_images_share_the_time_between_folds(chosen):
    found = chosen(100, 100)
    assert found.folds == 5
    assert found.recipe.data.name == "CrossValidation"
    alone = chosen(100, 100, seconds=SECONDS / 6)
    assert found.seconds <= SECONDS
    assert alone.strategy != found.strategy or alone.recipe.epochs <= found.recipe.epochs


@pytest.mark.parametrize(("counts", "weight"), [((300, 101), None), ((300, 100), "balanced")])
def test_uneven_classes_are_weighted(chosen, counts, weight):
    assert chosen(*counts).recipe.class_weight == weight


def test_from_scratch_scales_pixels_and_takes_all_of_the_time(chosen):
    found = chosen(400, 400, network=SCRATCH)
    assert found.strategy == "from scratch"
    assert found.recipe.model == use("ResNetCIFAR", depth=20)
    assert found.recipe.preprocessing == (use("Rescaling", scale=1 / 255),)
    assert found.recipe.epochs == 120
    assert found.recipe.data.options["image_size"] == 32


def test_grey_images_stay_grey_from_scratch_only(chosen):
    assert chosen(400, 400, network=SCRATCH, grey=True).recipe.data.options["channels"] == 1
    assert "channels" not in chosen(400, 400, grey=True).recipe.data.options


def test_arrays_are_resized_in_the_model(chosen):
    arrays = {"source": use("Npz", path="a.npz"), "largest": (28, 28), "sides": (28, 28, 28)}
    found = chosen(400, 400, **arrays).recipe
    assert found.preprocessing == (use("Resizing", height=128, width=128),)
    assert "image_size" not in found.data.options
    # They are augmented before that.
    assert found.augment[-1] == use("RandomPadCrop", padding_pixels=3)


def test_a_strategy_that_is_asked_for_is_taken(chosen):
    assert chosen(400, 400, strategy="features").strategy == "features"
    assert chosen(400, 400, strategy="last stage").strategy == "last stage"


def test_every_choice_has_a_reason(chosen):
    for choice in chosen(900, 100).choices:
        assert len(choice.reason) > 10
        assert choice.field in vars(chosen(900, 100).recipe)


def test_changes_need_no_reason(chosen):
    found = changed(chosen(400, 400), {"epochs": 3})
    assert found.recipe.epochs == 3
    assert [str(c) for c in found.choices if c.field == "epochs"] == ["epochs=3: asked for"]


def test_a_warmup_stays_shorter_than_a_run_that_is_cut(chosen):
    path = "optimizer.optimizer.learning_rate.warmup_epochs"
    assert chosen(400, 400).recipe.flatten()[path] == 1
    assert changed(chosen(400, 400), {"epochs": 1}).recipe.flatten()[path] == 0.1


def test_a_last_layer_with_a_penalty_is_trained_to_its_optimum_where_there_is_time(chosen):
    usual = chosen(400, 400, strategy="features")
    penalized = Advised(l2=0.01)
    found = chosen(400, 400, strategy="features", advised=penalized)
    assert found.recipe.epochs == 4 * usual.recipe.epochs
    assert found.seconds > usual.seconds
    short = chosen(400, 400, strategy="features", advised=penalized, seconds=usual.seconds)
    assert short.recipe.epochs == usual.recipe.epochs
    assert chosen(400, 400, advised=penalized).recipe.start_recipe().epochs == usual.recipe.epochs


def test_a_penalty_is_that_of_the_last_layer(chosen):
    advised = Advised(l2=0.01)
    alone = chosen(400, 400, strategy="features", advised=advised)
    assert alone.recipe.model.options["kernel_regularizer"] == use("L2", l2=0.01)
    assert "a penalty of 0.01 on the last layer" in [choice.value for choice in alone.choices]
    # It is chosen for features as they are, which fine-tuning changes.
    tuned = chosen(400, 400, advised=advised)
    assert tuned.recipe.model.options.get("kernel_regularizer") is None
    start = tuned.recipe.start_recipe()
    assert start.model.options["kernel_regularizer"] == use("L2", l2=0.01)
    told = "a penalty of 0.01 on the last layer, until more is trained"
    assert told in [choice.value for choice in tuned.choices]


def test_lengths_add_up(facts, timed):
    held = held_out(facts(400, 400), folds_fit=True)
    times = timed().times
    length = fine_tuning_length(held, times, SECONDS)
    assert head_seconds(held, times) < length.seconds < SECONDS
    longer = fine_tuning_length(held, times, SECONDS, decode_seconds=0.05)
    assert longer.seconds > length.seconds
    for seconds in range(20, 200, 7):
        found = scratch_length(held, times, seconds)
        assert found is None or found.seconds <= seconds
    assert fine_tuning_length(held, timed(step=None).times, SECONDS) is None


def test_a_short_training_from_scratch_counts_its_new_statistics(facts, timed):
    """18 steps are a pass of 0.36 s; new statistics of 18 batches, in runs of 200 steps, 0.58 s."""
    held = held_out(facts(400, 400), folds_fit=True)
    assert held.train == 560
    assert scratch_length(held, timed().times, 12).epochs == 16
    short = scratch_length(held, timed().times, 8)
    assert short.epochs == 4
    assert short.seconds == pytest.approx(3.24 + 4 * (0.36 + 0.576 + 0.17), abs=0.01)


def test_a_network_is_named_with_its_options():
    network = Network("MobileNet", "a.h5", {"alpha": 0.25})
    assert network.title == "MobileNet (alpha=0.25)"
    assert network.model == use(
        "Pretrained", backbone="MobileNet", backbone_options={"alpha": 0.25}, weights="a.h5"
    )
