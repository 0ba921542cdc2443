"""Strategies of transfer learning as recipes, from a linear classifier to full fine-tuning."""

from collections.abc import Sequence

from kerasrecipes.base.checks import check_choice, check_integer
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, use

# The strategies in the order of how much of the pretrained network they change.
STRATEGIES = ("features", "stage features", "last stage", "all stages")

BATCH_SIZE = 32
# The number of steps of a training, whatever the number of images: small data sets get more epochs.
HEAD_STEPS, FINE_TUNING_STEPS = 400, 200
# Steps from one stage to the next one: four stages train after a fifth of the fine-tuning. An epoch
# each would be too long where the run has only five.
UNFREEZE_EVERY_STEPS = FINE_TUNING_STEPS // 20
MIN_EPOCHS, MAX_EPOCHS = 5, 60


def strategy_recipe(
    strategy: str,
    data: Spec,
    model: Spec,
    images: int,
    *,
    stage: str | None = None,
    preprocessing: Sequence[Spec] = (),
) -> Recipe:
    """Returns the recipe of a strategy of transfer learning.

    Args:
        strategy: One of `STRATEGIES`. `"features"` trains a new head on the features of the last
            stage; `"stage features"` trains one on the features of an earlier stage. `"last stage"`
            and `"all stages"` start from the run of `"features"`, and train these stages together
            with the head, at a tenth of the learning rate and at lower rates in earlier stages. The
            head trains first, and the stages join it one by one, from the last to the first.
        data: The data source.
        model: `use("Pretrained", ...)`.
        images: The number of training images, which determines the number of epochs.
        stage: The earlier stage of `"stage features"`.
        preprocessing: The layers before the network, such as `[use("Resizing", ...)]`.

    Returns:
        A `Recipe`. Those of `"last stage"` and `"all stages"` have a `start`.
    """
    check_choice("strategy", strategy, STRATEGIES)
    check_integer("images", images, at_least=1)
    features = Recipe(
        data=data,
        preprocessing=tuple(preprocessing),
        model=_with(model, trainable_stages=0, train_batch_normalization=False),
        optimizer=use("Adam", learning_rate=use("CosineDecay", initial_learning_rate=0.01)),
        epochs=_epochs(images, HEAD_STEPS),
        batch_size=BATCH_SIZE,
        monitor=None,
    )
    if strategy == "features":
        return features
    if strategy == "stage features":
        return features.replace({"model.stage": stage})
    return features.replace(
        {
            "model.trainable_stages": 1 if strategy == "last stage" else "all",
            "optimizer": use(
                "StagewiseLearningRates",
                optimizer=use(
                    "Adam",
                    learning_rate=use(
                        "CosineDecay",
                        initial_learning_rate=0.0,
                        warmup_target=0.001,
                        warmup_epochs=1,
                    ),
                ),
                depth_factor=0.8,
                unfreeze_every_steps=UNFREEZE_EVERY_STEPS,
            ),
            "epochs": _epochs(images, FINE_TUNING_STEPS),
            "start": {
                "model.trainable_stages": 0,
                "optimizer": features.optimizer,
                "epochs": features.epochs,
            },
        }
    )


def _with(model: Spec, **options: object) -> Spec:
    return Spec(model.name, {**model.options, **options})


def _epochs(images: int, steps: int) -> int:
    """Returns the number of epochs with about so many steps, within limits."""
    steps_per_epoch = -(-images // BATCH_SIZE)
    return min(max(-(-steps // steps_per_epoch), MIN_EPOCHS), MAX_EPOCHS)
