"""What was chosen for images, and the reason of each choice in words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kerasrecipes.proposals.images.image_facts import ImageFacts
from kerasrecipes.proposals.images.splitting import HeldOut
from kerasrecipes.proposals.networks import TimedNetwork
from kerasrecipes.recipe.recipe import Recipe

FEATURES, LAST_STAGE, ALL_STAGES = "features", "last stage", "all stages"
SCRATCH = "from scratch"


@dataclass(frozen=True)
class Choice:
    """A choice and its reason.

    Args:
        field: The field of the recipe that it decides.
        value: What is chosen, in words.
        reason: The reason, a clause.
    """

    field: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.value}: {self.reason}"


@dataclass(frozen=True)
class Choices:
    """A recipe for images, and the reason of each choice.

    Args:
        recipe: The recipe.
        choices: The choices, in the order of the recipe's fields.
        strategy: `"features"`, `"last stage"`, `"all stages"` or `"from scratch"`.
        folds: The number of folds that score the recipe; 0 for a hold-out.
        seconds: The time that all trainings are expected to take.
    """

    recipe: Recipe
    choices: tuple[Choice, ...]
    strategy: str
    folds: int
    seconds: float


@dataclass(frozen=True)
class Advised:
    """A strategy that was advised, and whether mirrored images keep their class.

    Args:
        strategy: A strategy of `advise`; or `"from scratch"`, for another network.
        reason: Its reason, a clause.
        mirror: Whether images may be mirrored.
        mirror_reason: The reason, a clause.
        l2: The penalty on the kernel of a new last layer; `None` for none.
    """

    strategy: str = ALL_STAGES
    reason: str = "it was the best, or within a point of it, on 22 of 24 tasks that it was tried on"
    mirror: bool = True
    mirror_reason: str = "photographs keep their class when they are mirrored (not checked here)"
    l2: float | None = None


def changed(choices: Choices, changes: Mapping[str, object]) -> Choices:
    """Returns choices with changes of the recipe, which need no reason."""
    if not changes:
        return choices
    fields = {path.split(".")[0] for path in changes}
    kept = [choice for choice in choices.choices if choice.field not in fields]
    asked = [Choice(path.split(".")[0], f"{path}={v}", "asked for") for path, v in changes.items()]
    recipe = choices.recipe.replace(changes)
    # A warmup must be shorter than the run.
    longer = [
        path
        for path, value in recipe.flatten().items()
        if path.startswith("optimizer.")
        and path.endswith(".warmup_epochs")
        and isinstance(value, int | float)
        and value >= recipe.epochs
    ]
    recipe = recipe.replace(dict.fromkeys(longer, recipe.epochs / 10)) if longer else recipe
    return replace(choices, recipe=recipe, choices=(*kept, *asked))


def explained(
    recipe: Recipe,
    facts: ImageFacts,
    held: HeldOut,
    timed: TimedNetwork,
    advised: Advised,
    strategy: str,
    why: str,
) -> tuple[Choice, ...]:
    """Returns the choices that a recipe makes, with their reasons.

    Args:
        recipe: The recipe.
        facts: The images.
        held: How they are held out.
        timed: The network at its image size.
        advised: What was advised.
        strategy: The strategy.
        why: Its reason, a clause.
    """
    side = timed.image_size
    found = [
        Choice("data", _parts(held), held.reason),
        Choice("data", f"images of {side} x {side} pixels", timed.why),
        Choice("model", timed.network.title, timed.network.why),
        Choice("model", f"strategy: {strategy}", why),
        _augmentation(recipe, advised),
    ]
    if advised.l2 is not None and strategy != SCRATCH:
        until = "" if recipe.start is None else ", until more is trained"
        reason = "it was the best on training images, a quarter of which were held out for that"
        value = f"a penalty of {advised.l2:g} on the last layer{until}"
        found.insert(4, Choice("model", value, reason))
    if recipe.class_weight is not None:
        found.append(
            Choice(
                "class_weight",
                "every class weighs the same",
                f"the largest has {facts.unevenness:.0f} times the images of the smallest, which "
                "would hardly be learnt; overall accuracy may fall for it",
            )
        )
    return (*found, _epochs(recipe, strategy))


def _parts(held: HeldOut) -> str:
    if held.folds:
        return f"{held.folds} folds of {held.train:,} images"
    parts = {"to train on": held.train, "to validate": held.validation, "to test": held.test}
    return ", ".join(f"{number:,} {what}" for what, number in parts.items() if number)


def _augmentation(recipe: Recipe, advised: Advised) -> Choice:
    if not recipe.augment:
        reason = "the features of an image are computed once, which saves most of the time"
        return Choice("augment", "no augmentation", reason)
    value = "mirrored and shifted images" if advised.mirror else "shifted images, none mirrored"
    return Choice("augment", value, advised.mirror_reason)


def _epochs(recipe: Recipe, strategy: str) -> Choice:
    of = f" of {recipe.steps_per_epoch} steps" if recipe.steps_per_epoch else ""
    if strategy == FEATURES:
        reason = "on features an epoch takes a moment"
    elif recipe.steps_per_epoch:
        reason = "there is no time to see every image twice"
    else:
        reason = "what is of use, and what there is time for on this machine"
    return Choice("epochs", f"{recipe.epochs} epochs{of}", reason)
