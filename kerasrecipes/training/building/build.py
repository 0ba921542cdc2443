"""A recipe's objects before the first training step: data, compiled model, augmentation."""

import functools
from dataclasses import dataclass
from typing import Any

import keras

from kerasrecipes.base.compilation_cache import keep_compiled
from kerasrecipes.base.text import listed
from kerasrecipes.callbacks import Snapshots
from kerasrecipes.callbacks.optimizer_averages import check_averages
from kerasrecipes.data.augment_fit import check_augment
from kerasrecipes.data.balancing.sampled_order import SampledClasses
from kerasrecipes.data.batches import shuffled_images
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.layers.augmentation.protocol import mixes_labels
from kerasrecipes.models.surgery.assembly import assemble, check_raw_pixels, network_of
from kerasrecipes.models.surgery.kernel_regularization import regularize_kernels
from kerasrecipes.models.surgery.network_stages import head, stages
from kerasrecipes.models.surgery.weight_normalization import initialize_weight_normalization
from kerasrecipes.optimizers.stagewise_learning_rates import StagewiseLearningRates
from kerasrecipes.optimizers.weight_averaging import WeightAveraging
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.recipe.validation import blamed_on
from kerasrecipes.steps import TrainingStep
from kerasrecipes.training.building.compile import compile_arguments
from kerasrecipes.training.building.execution import (
    check_compiled,
    execution_arguments,
    in_precision,
)
from kerasrecipes.training.building.monitors import build_callbacks, check_monitors
from kerasrecipes.training.building.start import start_argument, take_over_weights
from kerasrecipes.training.resuming.carried_state import check_carried

# A model is initialized from this number of images: enough for the mean and variance of a channel.
INITIALIZATION_IMAGES = 256
# Augmentation adapts to at most so many images: enough for three digits of a colour covariance.
ADAPT_IMAGES = 10_240


@dataclass(frozen=True)
class BuiltRecipe:
    """A recipe's objects, fresh and seeded.

    Args:
        recipe: The recipe.
        dataset: The images, or the features in their place.
        length: The length of the run.
        batch_size: The number of samples in a training batch.
        model: The compiled model that is trained on the data set.
        augment: The layers that augment training images.
        averaging: The averages that the optimizer holds because the recipe names them, if it does.
        checkpoint: Name of the checkpoint's file. A checkpoint of one model cannot be restored
            into another, so each has a file of its own.
        step: What a training step does to get a gradient, if it is not Keras's.
        sampled: The shares with which classes are drawn, if not every image is taken once a pass.
    """

    recipe: Recipe
    dataset: Dataset
    length: RunLength
    batch_size: int
    model: keras.Model
    augment: list[keras.layers.Layer]
    averaging: Any = None
    checkpoint: str = "state.npz"
    step: TrainingStep | None = None
    sampled: SampledClasses | None = None

    @functools.cached_property
    def predictor(self) -> keras.Model:
        """The model, not compiled: where it takes several steps at once, Keras unrolls `predict`.

        It is the same model at every call, so that Keras compiles its predictions once.
        """
        return keras.Model(self.model.inputs[0], self.model.outputs[0])

    @property
    def mixed_labels(self) -> bool:
        """Whether training labels are soft: mixed from those of several samples."""
        return any(map(mixes_labels, self.augment))


def build_recipe(recipe: Recipe, dataset: Dataset, start: keras.Model | None = None) -> BuiltRecipe:
    """Builds the objects that a recipe names, and compiles the model.

    Keras's global random seed is set. Keras's dtype policy is set and restored afterwards.

    Args:
        recipe: The recipe.
        dataset: Its loaded data.
        start: The trained model that the recipe starts from, if it does.

    Raises:
        ValueError: If an option is out of range, model, data and metrics do not fit together, or
            snapshots are to be taken and the learning rate has too few cycles.
        MonitorError: If the recipe monitors a quantity that is not logged, or of which nothing
            tells whether it is better when larger or smaller.
    """
    length = run_length(recipe, dataset)
    keep_compiled()
    keras.utils.set_random_seed(recipe.seed)
    sampled = _sampled(recipe, dataset, length)
    augment = _augment(recipe, dataset)
    check_augment(recipe.augment, augment, dataset)
    mixed = any(map(mixes_labels, augment))
    with in_precision(recipe.precision):
        model = _model(recipe, dataset, start)
        _regularize(recipe, model)
        optimizer, averaging = _optimizer(recipe, length)
        _assign_stages(optimizer, model)
        model.compile(
            optimizer=optimizer,
            **compile_arguments(
                recipe, dataset.class_names, mixed, dataset.class_counts()["train"]
            ),
            **execution_arguments(recipe, length),
        )
        check_compiled(recipe, model)
    if recipe.averaging:
        check_averages(model.optimizer)
    size = _batch_size(recipe, dataset)
    check_monitors(recipe, model, dataset, size)
    callbacks = build_callbacks(recipe, model, dataset.class_names, length)
    for callback in callbacks:
        if isinstance(callback, Snapshots):
            callback.check(model, length.total_steps)
    if recipe.checkpoint_minutes is not None:
        check_carried(callbacks)
    step = recipe.step.build("step", length) if recipe.step else None
    return BuiltRecipe(
        recipe, dataset, length, size, model, augment, averaging, step=step, sampled=sampled
    )


def rebuilt(recipe: Recipe, dataset: Dataset, model: keras.Model) -> BuiltRecipe:
    """Returns the built recipe of a model that it has trained, to look at that once more."""
    augment, size = _augment(recipe, dataset), _batch_size(recipe, dataset)
    return BuiltRecipe(recipe, dataset, run_length(recipe, dataset), size, model, augment)


def run_length(recipe: Recipe, dataset: Dataset) -> RunLength:
    """Returns the length of a recipe's run on a data set."""
    steps_per_epoch = -(-len(dataset.train) // _batch_size(recipe, dataset))
    return RunLength(recipe.steps_per_epoch or steps_per_epoch, recipe.epochs)


def _sampled(recipe: Recipe, dataset: Dataset, length: RunLength) -> SampledClasses | None:
    if recipe.sampling is None:
        return None
    with blamed_on(recipe.sampling):
        sampling = recipe.sampling.build("sampling", length)
        return sampling.on(dataset.train.labels, dataset.class_names)


def _augment(recipe: Recipe, dataset: Dataset) -> list[keras.layers.Layer]:
    # Images are augmented in float32, whatever the model computes in.
    augment = [spec.build("layer") for spec in recipe.augment]
    for spec, layer in zip(recipe.augment, augment, strict=True):
        if getattr(layer, "must_adapt", False):
            with blamed_on(spec):
                layer.adapt(shuffled_images(dataset.train, 256, ADAPT_IMAGES // 256))
    return augment


def _batch_size(recipe: Recipe, dataset: Dataset) -> int:
    size = len(dataset.train)
    return min(recipe.batch_size, size) if isinstance(recipe.batch_size, int) else size


def _optimizer(recipe: Recipe, length: RunLength) -> tuple[keras.optimizers.Optimizer, Any]:
    """Returns the optimizer, and the averages that it holds besides its own, or `None`.

    An error names the options that a longer run would allow.
    """
    try:
        optimizer = recipe.optimizer.build("optimizer", length)
        if isinstance(recipe.averaging, bool):
            return optimizer, None
        averaging = recipe.averaging.build("averaging", length)
    except ValueError as error:
        spans = {k: v for k, v in recipe.flatten().items() if k.endswith(("_epochs", "_steps"))}
        fields = ("optimizer.", "averaging.")
        told = [f"{path}={span}" for path, span in spans.items() if path.startswith(fields)]
        if told:
            error.add_note(f"If the run is too short for it, shorten {listed(told)}.")
        raise
    return WeightAveraging(optimizer, averaging.averages), averaging


def _model(recipe: Recipe, dataset: Dataset, start: keras.Model | None) -> keras.Model:
    builder = recipe.model.component("model")
    options = {**recipe.model.arguments("model"), **start_argument(recipe, start)}

    def build_network(input_shape):
        with blamed_on(recipe.model):
            return builder(input_shape, len(dataset.class_names), **options)

    preprocessing = [spec.build("layer") for spec in recipe.preprocessing]
    model = assemble(dataset.image_shape, preprocessing, build_network, dataset.train)
    if getattr(builder, "takes_raw_pixels", False):
        check_raw_pixels(model, recipe.model.name)
    expected = (None, len(dataset.class_names))
    if model.output_shape != expected:
        raise ValueError(
            f"The model must return logits of shape {expected}, one for each class. "
            f"Received: {recipe.model.name} with output_shape={model.output_shape}"
        )
    if start is None:
        _initialize(recipe, model, dataset)
    else:
        take_over_weights(recipe, model, start)
    return model


def _initialize(recipe: Recipe, model: keras.Model, dataset: Dataset) -> None:
    """Applies the recipe's data-dependent initialization to a new model."""
    images = next(shuffled_images(dataset.train, INITIALIZATION_IMAGES, batches=1))
    for spec in recipe.initialization:
        initialize = spec.component("initialization")
        initialize(model, images, **spec.arguments("initialization"))
    initialize_weight_normalization(model, images)


def _regularize(recipe: Recipe, model: keras.Model) -> None:
    regularizer, constraint = recipe.kernel_regularizer, recipe.kernel_constraint
    regularize_kernels(
        network_of(model),
        regularizer and regularizer.build("regularizer"),
        constraint and constraint.build("constraint"),
    )


def _assign_stages(optimizer: keras.optimizers.Optimizer | None, model: keras.Model) -> None:
    """Tells a `StagewiseLearningRates`, here or inside the optimizer, the weights of each stage."""
    while optimizer is not None:
        if isinstance(optimizer, StagewiseLearningRates) and optimizer.depths is None:
            optimizer.assign_stages(
                model.trainable_variables, [*stages(model).values(), head(model)]
            )
        optimizer = getattr(optimizer, "optimizer", None)
