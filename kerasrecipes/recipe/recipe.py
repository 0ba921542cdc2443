"""Recipes: everything that determines a training run, as frozen plain data."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kerasrecipes.recipe import recipe_file
from kerasrecipes.recipe.fields import component_field, components
from kerasrecipes.recipe.flattening import flatten
from kerasrecipes.recipe.notebook_form import recipe_fragment
from kerasrecipes.recipe.paths import check_names, replaced
from kerasrecipes.recipe.spec import Spec, canonical, from_plain, frozen, to_plain
from kerasrecipes.recipe.validation import check_values


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A training run as a value: data, model, optimizer and everything else that determines it.

    A recipe is frozen, comparable and plain: `to_dict` returns its JSON form, `fingerprint` its
    name. A component is given by `use`, or by its name alone if the default options suffice.

    Args:
        data: The data source.
        model: The builder of the network.
        initialization: Functions `(model, batch)`, such as `use("lsuv")`, that initialize the built
            model from a batch of training images, one after another.
        preprocessing: Layers between the raw pixels and the network. They are part of the saved
            model. Layers with an `adapt` method adapt to the training split. Defaults to scaling
            pixels to [0, 1].
        sampling: How often each class is drawn. Defaults to `None`: every image once in each pass.
        augment: Layers that change training images (and labels) in the input pipeline.
        start: A `Recipe`, or the path of a recipe.json or of a run folder, whose trained network is
            the start of this one's training. It may also be a dictionary of changes, as `replace`
            takes them, which turn this recipe into the one to start from. Defaults to `None`.
        resume_start: Whether the training of `start` goes on from its last epoch, with its
            optimizer's state. `epochs` then counts its epochs too. Defaults to `False`.
        loss: Defaults to the cross-entropy of integer labels and logits. A loss or metric with the
            option `from_logits` gets `True` unless it is set, because models return logits. A loss
            of probabilities without it, such as `KLDivergence`, gets their softmax.
        metrics: Names or specs. Keras's metrics of classes (`F1Score`, `Recall` with `class_id`)
            are given probabilities and one-hot labels. Defaults to accuracy.
        optimizer: Defaults to `Adam`.
        kernel_regularizer: Penalty on the kernels of the network, but not on its biases nor on the
            scales and offsets of normalization. Defaults to `None`: the penalties that the model's
            builder sets. For weight decay of kernels only, see the optimizer `DecayKernelsOnly`.
        kernel_constraint: Constraint on the kernels of the network, such as `use("MaxNorm",
            max_value=3)` on the incoming weights of each unit. Defaults to `None`, likewise.
        step: How a training step gets its gradient, such as `use("SharpnessAwareMinimization")`.
            Defaults to `None`: Keras's own step. The saved model does not contain it.
        callbacks: Further Keras callbacks.
        averaging: `True` to evaluate and keep averages of the weights that the optimizer holds, as
            `Lookahead` does; or an average that it is to hold, as `use("ExponentialAverage")`.
        epochs: Positive integer.
        steps_per_epoch: Positive integer, or `None` for one pass over the training split.
        batch_size: Positive integer, or `"all"` for the whole training split.
        class_weight: `None`, `"balanced"`, `"effective_number"`, or positive weights by class name.
        precision: Keras's dtype policy. Defaults to `"float32"`.
        jit_compile: Whether steps are compiled: by XLA, on PyTorch by `torch.compile`. Defaults to
            `"auto"`: as Keras chooses. Like the next one, it changes numbers by rounding alone.
        steps_per_execution: Positive integer, a divisor of the steps of an epoch: how many steps
            are one call from Keras. Defaults to 1.
        monitor: The logged quantity by which the epoch is chosen whose weights are kept, or `None`
            to keep the weights of the last epoch. Defaults to `"val_accuracy"`.
        mode: `"min"` if smaller values of `monitor` are better, `"max"` if larger ones are, or
            `"auto"` for what the metric says that logs it. Defaults to `"auto"`.
        checkpoint_minutes: Positive number: how often checkpoints are written within epochs, as one
            is when a signal stops the training. Defaults to `None`: only after epochs.
        seed: Non-negative integer. It determines initial weights, order and augmentation.

    Raises:
        ValueError: If a component or an option is unknown, or a value is out of range.
        TypeError: If a value has the wrong type.

    Example:

    >>> recipe = Recipe(data="Digits", model=use("MLP", units=[32]), epochs=3)
    >>> recipe.replace({"optimizer": "SGD", "optimizer.learning_rate": 0.1}).optimizer
    use('SGD', learning_rate=0.1)
    """

    data: Spec = component_field("data")
    preprocessing: tuple[Spec, ...] = component_field(
        "layer", default=(Spec("Rescaling", {"scale": 1 / 255}),)
    )
    sampling: Spec | None = component_field("sampling", default=None)
    augment: tuple[Spec, ...] = component_field("layer", default=())
    start: "Recipe | Mapping[str, object] | str | None" = None
    resume_start: bool = False
    model: Spec = component_field("model")
    initialization: tuple[Spec, ...] = component_field("initialization", default=())
    loss: Spec = component_field(
        "loss", default=Spec("SparseCategoricalCrossentropy", {"from_logits": True})
    )
    metrics: tuple[str | Spec, ...] = component_field("metric", default=("accuracy",))
    optimizer: Spec = component_field("optimizer", default=Spec("Adam"))
    kernel_regularizer: Spec | None = component_field("regularizer", default=None)
    kernel_constraint: Spec | None = component_field("constraint", default=None)
    step: Spec | None = component_field("step", default=None)
    callbacks: tuple[Spec, ...] = component_field("callback", default=())
    averaging: Spec | bool = component_field("averaging", default=False)
    epochs: int = 10
    steps_per_epoch: int | None = None
    batch_size: int | str = 32
    class_weight: Mapping[str, float] | str | None = None
    precision: str = "float32"
    jit_compile: bool | str = "auto"
    steps_per_execution: int = 1
    monitor: str | None = "val_accuracy"
    mode: str = "auto"
    checkpoint_minutes: float | None = None
    seed: int = 0

    def __post_init__(self):
        for f in dataclasses.fields(self):
            value = from_plain(getattr(self, f.name))
            left_out = isinstance(value, bool | None) and type(value) is type(f.default)
            if "family" in f.metadata and not left_out:
                several = isinstance(f.default, tuple)
                value = components(f.name, value, f.metadata["family"], several)
            elif f.name != "start":
                value = frozen(value, f.name)
            object.__setattr__(self, f.name, value)
        object.__setattr__(self, "start", _start(self.start))
        if isinstance(self.start, Mapping):
            self.start_recipe()
        check_values(self)

    def __hash__(self):
        return hash(self.fingerprint)

    def __reduce__(self):
        return Recipe.from_dict, (self.to_dict(),)

    def _repr_html_(self) -> str:
        return recipe_fragment(self)

    def replace(self, changes: Mapping[str, object]) -> "Recipe":
        """Returns a recipe with values changed.

        Args:
            changes: Dictionary from dotted path to new value. The result is checked after all
                changes are applied. A component's name replaces the component together with its
                options.

        Raises:
            ValueError: If a path does not exist or the result is not a valid recipe.

        Example:

        >>> recipe = Recipe(data="Digits", model="MLP", optimizer=use("SGD", momentum=0.9))
        >>> recipe.replace({"optimizer.momentum": 0.8, "epochs": 20}).optimizer
        use('SGD', momentum=0.8)
        """
        fields = dataclasses.fields(self)
        families = {f.name: f.metadata["family"] for f in fields if "family" in f.metadata}
        plain = replaced(self.to_dict(), changes, set(families))
        check_names(plain, changes, families)
        return Recipe.from_dict(plain)

    def flatten(self) -> dict[str, object]:
        """Returns every value of the recipe by its dotted path."""
        return flatten(self.to_dict())

    def to_dict(self) -> dict:
        """Returns the recipe as plain data, the contents of recipe.json."""
        values = ((f.name, getattr(self, f.name)) for f in dataclasses.fields(self))
        plain = {n: v.to_dict() if isinstance(v, Recipe) else to_plain(v) for n, v in values}
        return {"kerasrecipes": recipe_file.FORMAT, **plain}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Recipe":
        """Returns the recipe that a plain form describes.

        Raises:
            ValueError: If it does not describe a recipe, or was written by a newer version.
        """
        recipe_file.check_format(plain)
        given = {name: value for name, value in plain.items() if name != "kerasrecipes"}
        recipe_file.check_fields(given, [f.name for f in dataclasses.fields(cls)])
        return cls(**given)

    @classmethod
    def read(cls, path: str | Path) -> "Recipe":
        """Returns the recipe in a recipe.json, or in a run folder.

        Raises:
            ValueError: If there is no such file, or it cannot be read.
        """
        plain = recipe_file.read_plain(Path(path))
        try:
            return cls.from_dict(plain)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{recipe_file.file_of(Path(path))}: {error}") from error

    @functools.cached_property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that identify the recipe, including its seed.

        Fields at their defaults and local paths are left out. So the fingerprint stays the same if
        a later version adds a field, or if the data moves to another folder.
        """
        canonical = json.dumps(self._canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def start_recipe(self) -> "Recipe | None":
        """Returns the recipe whose trained network this one starts from, or `None`."""
        if isinstance(self.start, Mapping):
            return self.replace({"start": None, "resume_start": False, **self.start})
        return Recipe.read(self.start) if isinstance(self.start, str) else self.start

    def _canonical(self, above: tuple[str, ...] = ()) -> dict:
        """Returns what the fingerprint is of.

        Args:
            above: The files of the recipes that start from this one.

        Raises:
            ValueError: If this recipe starts from one of them, and so from itself.
        """
        plain = {
            f.name: canonical(getattr(self, f.name), f.metadata.get("family"))
            for f in dataclasses.fields(self)
            if f.name != "start" and getattr(self, f.name) != f.default
        }
        if isinstance(self.start, str):
            above = recipe_file.with_start(above, self.start)
        start = self.start_recipe()
        return plain | ({"start": start._canonical(above)} if start else {})


def _start(value: object) -> "Recipe | Mapping[str, object] | str | None":
    if isinstance(value, Mapping) and "kerasrecipes" in value:
        return Recipe.from_dict(value)
    if isinstance(value, Mapping):
        return MappingProxyType({path: frozen(change, path) for path, change in value.items()})
    if value is None or isinstance(value, str | Recipe):
        return value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(
        "`start` must be a recipe, or the path of a recipe.json or of a run folder, or a "
        f"dictionary of changes. Received: start={value!r}"
    )
