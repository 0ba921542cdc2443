"""The recipes of transfer learning, from a linear classifier to fine-tuning all of a network."""

from collections.abc import Sequence

from kerasrecipes.base.checks import check_choice, check_integer
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, use

# From what changes least of the pretrained network to what changes most.
STRATEGIES = ("features", "stage features", "last stage", "all stages")

BATCH_SIZE = 32
# How long training takes, whatever the number of images: small data sets get more epochs.
HEAD_STEPS, FINE_TUNING_STEPS = 400, 200
LEAST_EPOCHS, MOST_EPOCHS = 5, 60


def strategy_recipe(
    strategy: str,
    data: Spec,
    model: Spec,
    images: int,
    *,
    stage: str | None = None,
    preprocessing: Sequence[Spec] = (),
) -> Recipe:
    """Returns the recipe of a way to use a pretrained network.

    Args:
        strategy: One of `STRATEGIES`: `"features"` trains a new last layer on the features of the
            last stage; `"stage features"` on those of an earlier one; `"last stage"` and
            `"all stages"` go on from there and train so much of the backbone too, at a tenth of the
            rate and less with depth.
        data: The data source.
        model: `use("Pretrained", ...)`.
        images: The number of training images, which decides how many epochs there are.
        stage: The earlier stage that `"stage features"` takes its features from.
        preprocessing: What comes before the network, such as `use("Resizing", ...)`.

    Returns:
        A `Recipe`; for the last two with `start`, the first strategy's.
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
    steps_per_epoch = -(-images // BATCH_SIZE)
    return min(max(-(-steps // steps_per_epoch), LEAST_EPOCHS), MOST_EPOCHS)
