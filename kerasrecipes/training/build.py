"""Everything that a recipe builds before the first step of training."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np

from kerasrecipes.base.checks import nearest
from kerasrecipes.callbacks.averaged_weights import check_averages
from kerasrecipes.data.batches import shuffled_images
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.layers.augmentation.protocol import mixes_labels
from kerasrecipes.models.surgery.assembly import assemble, check_raw_pixels, network_of
from kerasrecipes.models.surgery.kernel_regularization import regularize_kernels
from kerasrecipes.models.surgery.network_stages import head, stages
from kerasrecipes.models.surgery.weight_normalization import initialize_weight_normalization
from kerasrecipes.models.surgery.weight_transfer import warm_start
from kerasrecipes.optimizers.stagewise_learning_rates import StagewiseLearningRates
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.registry import arguments
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.training.compile import compile_arguments

# What models are initialized from: enough for the mean and variance of a channel.
START_IMAGES = 256
# What augmentation adapts to at most: enough for three digits of a covariance of colours.
ADAPT_IMAGES = 10_240


@dataclass(frozen=True)
class BuiltRecipe:
    """A recipe's objects, fresh and seeded: data, compiled model, augmentation, run length."""

    recipe: Recipe
    dataset: Dataset
    length: RunLength
    batch_size: int
    model: keras.Model
    augment: list[keras.layers.Layer]

    @property
    def mixed_labels(self) -> bool:
        """Whether training labels are shares of several classes."""
        return any(map(mixes_labels, self.augment))


def build_recipe(recipe: Recipe, dataset: Dataset, start: keras.Model | None = None) -> BuiltRecipe:
    """Builds and compiles what a recipe names.

    Keras's global random seed and dtype policy are set; the policy is set back.

    Args:
        recipe: The recipe.
        dataset: Its loaded data.
        start: The trained model of the run that the recipe starts from.

    Raises:
        ValueError: If an option is out of range, or model, data and metrics do not fit.
    """
    length = run_length(recipe, dataset)
    keras.utils.set_random_seed(recipe.seed)
    # Pictures are augmented in float32, whatever the model computes in.
    augment = [spec.build("layer") for spec in recipe.augment]
    for layer in augment:
        if getattr(layer, "must_adapt", False):
            layer.adapt(shuffled_images(dataset.train, 256, ADAPT_IMAGES // 256))
    with _precision(recipe.precision):
        model = _model(recipe, dataset, start)
        _regularize(recipe, model)
        optimizer = recipe.optimizer.build("optimizer", length)
        _assign_stages(optimizer, model)
        model.compile(
            optimizer=optimizer,
            **compile_arguments(recipe, dataset.class_names, any(map(mixes_labels, augment))),
        )
    if recipe.averaging:
        check_averages(model.optimizer)
    _check_monitors(recipe, model, dataset)
    return BuiltRecipe(recipe, dataset, length, _batch_size(recipe, dataset), model, augment)


def run_length(recipe: Recipe, dataset: Dataset) -> RunLength:
    """Returns how long a run of a recipe is."""
    steps_per_epoch = -(-len(dataset.train) // _batch_size(recipe, dataset))
    return RunLength(recipe.steps_per_epoch or steps_per_epoch, recipe.epochs)


def class_weights(recipe: Recipe, dataset: Dataset) -> dict[int, float] | None:
    """Returns the weight of each class in the loss, by label.

    `"balanced"` weighs a class by `samples / (classes * samples of the class)`.

    Raises:
        ValueError: If a class is unknown.
    """
    weights = recipe.class_weight
    if weights is None:
        return None
    names = dataset.class_names
    if isinstance(weights, str):
        counts = np.bincount(dataset.train.labels, minlength=len(names))
        balanced = len(dataset.train) / (len(names) * np.maximum(counts, 1))
        return dict(enumerate(balanced.tolist()))
    for name in weights:
        if name not in names:
            raise ValueError(
                f"`class_weight` has an unknown class {name!r}.{nearest(name, names)} "
                f"Classes: {', '.join(names)}."
            )
    return {label: float(weights.get(name, 1.0)) for label, name in enumerate(names)}


def _batch_size(recipe: Recipe, dataset: Dataset) -> int:
    size = len(dataset.train)
    return min(recipe.batch_size, size) if isinstance(recipe.batch_size, int) else size


def _model(recipe: Recipe, dataset: Dataset, start: keras.Model | None) -> keras.Model:
    given = recipe.model.arguments("model")
    builder = recipe.model.component("model")
    start_network = None if start is None else network_of(start)
    takes_start = "start" in arguments(builder)
    if start_network is not None and takes_start:
        given["start"] = start_network

    def build_network(input_shape):
        return builder(input_shape, len(dataset.class_names), **given)

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
    if start_network is None:
        images = next(shuffled_images(dataset.train, START_IMAGES, batches=1))
        for spec in recipe.initialization:
            options = spec.arguments("initialization")
            spec.component("initialization")(model, images, **options)
        initialize_weight_normalization(model, images)
    elif not takes_start:
        warm_start(network_of(model), start_network)
    return model


def _regularize(recipe: Recipe, model: keras.Model) -> None:
    regularizer, constraint = recipe.kernel_regularizer, recipe.kernel_constraint
    regularize_kernels(
        network_of(model),
        regularizer and regularizer.build("regularizer"),
        constraint and constraint.build("constraint"),
    )


def _assign_stages(optimizer: keras.optimizers.Optimizer | None, model: keras.Model) -> None:
    """Tells an optimizer that goes by stages, or one inside it, which weights are of which."""
    while optimizer is not None:
        if isinstance(optimizer, StagewiseLearningRates) and optimizer.depths is None:
            optimizer.assign_stages(
                model.trainable_variables, [*stages(model).values(), head(model)]
            )
        optimizer = getattr(optimizer, "optimizer", None)


def _check_monitors(recipe: Recipe, model: keras.Model, dataset: Dataset) -> None:
    """Raises if an unknown quantity is monitored, before any training rather than after an epoch.

    What is logged is known once a batch has been evaluated.
    """
    split, few = dataset.validation, np.arange(min(len(dataset.validation), 8))
    results = model.evaluate(split.read(few), split.labels[few], verbose=0, return_dict=True)
    logged = [prefix + name for prefix in ("", "val_") for name in results]
    monitored: dict[str, object] = {"monitor": recipe.monitor}
    for index, callback in enumerate(recipe.callbacks):
        monitored[f"callbacks.{index}.monitor"] = callback.options.get("monitor")
    for path, name in monitored.items():
        if name is not None and name not in logged:
            raise ValueError(
                f"`{path}` must be one of {', '.join(logged)}.{nearest(name, logged)} "
                f"Received: {path}={name!r}"
            )


@contextlib.contextmanager
def _precision(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
