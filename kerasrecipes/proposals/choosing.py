"""What a practitioner would choose for images, each choice with its reason."""

from collections.abc import Mapping

from kerasrecipes.proposals.budget.lengths import (
    PLANNED,
    TO_OPTIMUM,
    Length,
    fine_tuning_length,
    head_seconds,
    scratch_length,
)
from kerasrecipes.proposals.budget.step_times import BATCH_SIZE
from kerasrecipes.proposals.choices import (
    FEATURES,
    LAST_STAGE,
    SCRATCH,
    Advised,
    Choices,
    explained,
)
from kerasrecipes.proposals.images.image_facts import ImageFacts
from kerasrecipes.proposals.images.splitting import HeldOut
from kerasrecipes.proposals.networks import TimedNetwork
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, use
from kerasrecipes.transfer.strategies import strategy_recipe

# The ratio of the largest class to the smallest from which on classes are weighted.
UNEVEN = 3.0
# Images are shifted by up to an eighth of their side, as CIFAR's usually are.
_SHIFT = 8
# Each further stage joins after so small a part of the steps: of MobileNet's 14 the last one after
# a sixth of them, of a ResNet's five after a sixteenth.
_UNFREEZE = 80
_SCRATCH_RATE, _FINE_TUNING_RATE = 0.003, 0.001


def choose(
    facts: ImageFacts,
    held: HeldOut,
    timed: TimedNetwork,
    seconds: float,
    advised: Advised,
    strategy: str | None = None,
) -> Choices:
    """Chooses a recipe. It is a pure function: what it must know was measured before.

    Args:
        facts: The images.
        held: How they are held out.
        timed: The network, its image size, and its times on this machine.
        seconds: The time for all trainings.
        advised: What was advised.
        strategy: A strategy that is to be chosen, or `None`.

    Returns:
        A `Choices`.

    Raises:
        ValueError: If not even the shortest training fits into the time.
    """
    network, times = timed.network, timed.times
    trainings = held.folds + 1 if held.folds else 1
    from_scratch = network.weights is None
    length_of = scratch_length if from_scratch else fine_tuning_length
    length = length_of(held, times, seconds / trainings, facts.decode_seconds)
    head = head_seconds(held, times, facts.decode_seconds)
    if from_scratch:
        chosen = SCRATCH
        why = advised.reason if advised.strategy == SCRATCH else "no pretrained weights are used"
    elif strategy is not None:
        chosen, why = strategy, "it was asked for"
    elif length is None:
        chosen, why = FEATURES, "fine-tuning would gain nothing in the steps that there is time for"
    else:
        chosen, why = advised.strategy, advised.reason
    optimal = head_seconds(held, times, facts.decode_seconds, longer=TO_OPTIMUM)
    to_optimum = advised.l2 is not None and chosen == FEATURES and optimal * trainings <= seconds
    head = optimal if to_optimum else head
    expected = head if chosen == FEATURES else length.seconds if length else float("inf")
    # What is planned leaves room, which may be used before anything is refused.
    if expected * trainings > seconds / PLANNED:
        _refuse(facts, timed, trainings * head, from_scratch)
    recipe = _recipe(chosen, facts, held, timed, length, advised.l2)
    if to_optimum:
        recipe = recipe.replace({"epochs": TO_OPTIMUM * recipe.epochs})
    changes: dict[str, object] = {"augment": _augment(chosen, facts, timed, advised)}
    if changes["augment"] and recipe.start is not None:
        # The head is trained on features, which are computed once of each image as it is.
        changes["start"] = _start(recipe) | {"augment": ()}
    if facts.unevenness >= UNEVEN:
        changes["class_weight"] = "balanced"
    recipe = recipe.replace(changes)
    choices = explained(recipe, facts, held, timed, advised, chosen, why)
    return Choices(recipe, choices, chosen, held.folds, trainings * expected)


def _refuse(facts: ImageFacts, timed: TimedNetwork, seconds: float, from_scratch: bool) -> None:
    need = "" if from_scratch else f" A new last layer needs about {seconds / 60 / PLANNED:.1f}."
    raise ValueError(
        f"There is no time for a training: {facts.total:,} images of {timed.image_size} pixels "
        f"take longer than these minutes.{need} Give more (--minutes), smaller images "
        "(--image-size), or fewer (--set data.examples_per_class=100)"
    )


def _recipe(
    strategy: str,
    facts: ImageFacts,
    held: HeldOut,
    timed: TimedNetwork,
    length: Length | None,
    l2: float | None,
) -> Recipe:
    data = held.data(facts.source, _data_options(facts, timed))
    preprocessing = _preprocessing(facts, timed)
    model = timed.network.model
    if strategy == SCRATCH and length is not None:
        return Recipe(
            data=data,
            preprocessing=preprocessing,
            model=model,
            optimizer=use("Adam", learning_rate=_warmed_up(_SCRATCH_RATE, length)),
            epochs=length.epochs,
            steps_per_epoch=length.steps_per_epoch,
            monitor=None,
        )
    recipe = strategy_recipe(strategy, data, model, held.train, preprocessing=preprocessing)
    penalty = {} if l2 is None else {"model.kernel_regularizer": use("L2", l2=l2)}
    if strategy == FEATURES or length is None:
        return recipe.replace(penalty)
    steps = length.epochs * (length.steps_per_epoch or -(-held.train // BATCH_SIZE))
    return recipe.replace(
        {
            "optimizer.optimizer.learning_rate": _warmed_up(_FINE_TUNING_RATE, length),
            "optimizer.unfreeze_every_steps": max(1, steps // _UNFREEZE),
            "epochs": length.epochs,
            "steps_per_epoch": length.steps_per_epoch,
            # The penalty is chosen for features as they are, which fine-tuning changes.
            "start": _start(recipe)
            | penalty
            | ({"steps_per_epoch": None} if length.steps_per_epoch else {}),
        }
    )


def _start(recipe: Recipe) -> dict[str, object]:
    """Returns the changes that turn a recipe of `strategy_recipe` into the one that comes first."""
    return dict(recipe.start) if isinstance(recipe.start, Mapping) else {}


def _data_options(facts: ImageFacts, timed: TimedNetwork) -> dict[str, object]:
    if facts.source.name == "Npz":
        return {}  # The preprocessing resizes them.
    grey = facts.grey and timed.network.weights is None
    options: dict[str, object] = {"image_size": timed.image_size}
    return options | ({"channels": 1} if grey else {})


def _preprocessing(facts: ImageFacts, timed: TimedNetwork) -> tuple[Spec, ...]:
    """Returns the layers before the network: arrays are resized here, files when they are read."""
    side = timed.image_size
    scaling = (use("Rescaling", scale=1 / 255),) if timed.network.weights is None else ()
    if facts.source.name != "Npz" or facts.largest == (side, side):
        return scaling
    return (use("Resizing", height=side, width=side), *scaling)


def _warmed_up(rate: float, length: Length) -> Spec:
    """Returns a rate that rises for an epoch, or for a tenth of a short run, and then decays."""
    warmup = 1 if length.epochs > 5 else length.epochs / 10
    return use("CosineDecay", initial_learning_rate=0.0, warmup_target=rate, warmup_epochs=warmup)


def _augment(
    strategy: str, facts: ImageFacts, timed: TimedNetwork, advised: Advised
) -> tuple[Spec, ...]:
    """Returns the augmentation: none where features are computed once."""
    if strategy in (FEATURES, LAST_STAGE):
        return ()
    side = min(facts.largest) if facts.source.name == "Npz" else timed.image_size
    shift = use("RandomPadCrop", padding_pixels=max(1, side // _SHIFT))
    return (use("RandomFlip", mode="horizontal"), shift) if advised.mirror else (shift,)
