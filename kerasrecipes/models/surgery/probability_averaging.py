"""Average of the probabilities of several models, as one model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import keras
import numpy as np
from keras import ops

from kerasrecipes.models.surgery.frozen_part import FrozenPart
from kerasrecipes.models.surgery.output_form import gives_probabilities


def averaged_probabilities(
    models: Iterable[keras.Model], weights: Sequence[float] | None = None
) -> keras.Model:
    """Returns a model whose probabilities are the weighted mean of those of several models.

    Its logits are the logarithms of the mean probabilities, of which the softmax is the mean
    again. A frozen backbone that several of the models begin with is in the model once, and is
    computed once. It consists of the layers of the models, which it shares, and of layers of
    Keras's own: if Keras alone loads the models, it loads this one.

    Args:
        models: Functional or sequential models from images of the same shape to logits `(batch,
            classes)` of the same classes.
        weights: Non-negative numbers, one for each model. They are divided by their sum. Models
            with the weight 0 are left out. Defaults to `None`: all are equal.

    Returns:
        A functional `keras.Model`, which is not compiled.

    Raises:
        ValueError: If there are no models, they have other inputs or outputs than the first,
            return probabilities, or the weights do not fit.

    Example:

    >>> models = [keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]) for _ in range(2)]
    >>> images = np.ones((5, 4), "float32")
    >>> averaged = ops.softmax(averaged_probabilities(models)(images))
    >>> mean = (ops.softmax(models[0](images)) + ops.softmax(models[1](images))) / 2
    >>> bool(ops.all(ops.abs(averaged - mean) < 1e-6))
    True

    Reference:
        Hansen and Salamon, 1990, https://doi.org/10.1109/34.58871
    """
    models = list(models)
    _check(models)
    shares = normalized(weights, len(models))
    kept = [(model, float(share)) for model, share in zip(models, shares, strict=True) if share > 0]
    given = models[0].inputs[0]
    inputs = keras.Input(given.shape[1:], dtype=given.dtype, name="pixels")
    outputs = zip(_logits([model for model, _ in kept], inputs), kept, strict=True)
    mean, *others = (_weighted(logits, share) for logits, (_, share) in outputs)
    for other in others:
        mean = ops.logaddexp(mean, other)
    return keras.Model(inputs, mean, name="averaged_probabilities")


def normalized(weights: Sequence[float] | None, count: int) -> np.ndarray:
    """Returns weights that add up to 1.

    Raises:
        ValueError: If they are not as many as `count`, one is negative or not finite, or all are 0.
    """
    if weights is None:
        return np.full(count, 1 / count)
    given = np.asarray(weights, "float64")
    fits = given.shape == (count,) and np.isfinite(given).all() and (given >= 0).all()
    if not fits or given.sum() == 0:
        raise ValueError(
            f"`weights` must be {count} numbers of at least 0, one for each model, and not all 0. "
            f"Received: weights={np.asarray(weights).tolist()}"
        )
    return given / given.sum()


def _check(models: Sequence[keras.Model]) -> None:
    if not models:
        raise ValueError("There must be models to average. Received: none")
    first = models[0]
    for place, model in enumerate(models):
        if len(model.inputs) != 1 or len(model.outputs) != 1 or len(model.outputs[0].shape) != 2:
            raise ValueError(
                "Models to average must have one input, and one output (batch, classes). Received: "
                f"{model.input_shape} to {model.output_shape} as number {place}"
            )
        if gives_probabilities(model) or model.outputs[0].shape[-1] < 2:
            raise ValueError(
                "Models to average must return a logit for each class, without a softmax or "
                f"sigmoid. Received: {model.name!r} as number {place}"
            )
        for what, one, other in (
            ("inputs", first.inputs[0], model.inputs[0]),
            ("outputs", first.outputs[0], model.outputs[0]),
        ):
            if one.shape != other.shape:
                raise ValueError(
                    f"Models to average must have {what} of the same shape, {one.shape}. Received: "
                    f"{other.shape} as number {place}"
                )


def _weighted(logits, share: float):
    logarithms = keras.layers.Activation("log_softmax", dtype="float32")(logits)
    return keras.layers.Rescaling(1.0, offset=float(np.log(share)), dtype="float32")(logarithms)


def _logits(models: Sequence[keras.Model], inputs) -> Iterator:
    """Yields the logits of each model. Of equal backbones, the first is computed for all."""
    parts = [FrozenPart.of(model) if len(models) > 1 else None for model in models]
    owners = [_owner(parts, place) for place in range(len(parts))]
    features: dict[int, keras.KerasTensor] = {}
    for place, (model, part, owner) in enumerate(zip(models, parts, owners, strict=True)):
        if part is None or owners.count(owner) == 1:
            yield _named(model, f"member_{place}")(inputs)
            continue
        if owner not in features:
            features[owner] = _named(part.backbone, f"backbone_{owner}")(inputs)
        yield _named(part.head, f"member_{place}")(features[owner])


def _owner(parts: Sequence[FrozenPart | None], place: int) -> int:
    """Returns the place of the first part whose backbone is equal to that at a place."""
    part = parts[place]
    if part is None:
        return place
    earlier = (
        p for p, other in enumerate(parts[:place]) if other is not None and _same(other, part)
    )
    return next(earlier, place)


def _same(first: FrozenPart, second: FrozenPart) -> bool:
    one, other = first.backbone, second.backbone
    if one.output_shape != other.output_shape or _plain(one) != _plain(other):
        return False
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def _plain(model: keras.Model) -> object:
    """Returns the configuration of a model, with a number for each name that a layer has."""
    numbers: dict[str, str] = {}

    def names(config: object) -> None:
        if isinstance(config, Mapping):
            if isinstance(config.get("name"), str):
                numbers.setdefault(config["name"], f"layer {len(numbers)}")
            config = list(config.values())
        if isinstance(config, list | tuple):
            for value in config:
                names(value)

    def numbered(config: object) -> object:
        if isinstance(config, Mapping):
            return {key: numbered(value) for key, value in config.items()}
        if isinstance(config, list | tuple):
            return [numbered(value) for value in config]
        return numbers.get(config, config) if isinstance(config, str) else config

    config = model.get_config()
    names(config)
    return numbered(config)


def _named(model: keras.Model, name: str) -> keras.Model:
    """Returns a model of the same layers under another name."""
    return keras.Model(model.inputs[0], model.outputs[0], name=name)
