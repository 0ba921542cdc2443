"""Faults that can be planted in a training: each a change of its facts."""

from collections.abc import Callable
from typing import NamedTuple

from diagnosis.trainings.bases import (
    FLATTEN,
    Facts,
    dense,
    has_weights,
    with_data,
    with_layers,
    with_output,
    with_weights,
)

CLASSES = ("multiclass", "binary")
NUMBERS = ("regression",)


class Plant(NamedTuple):
    """A fault.

    Args:
        change: Takes facts and the number of the model, 0 or 1; returns the faulty facts. The two
            models get two forms of the fault, where it has two.
        tasks: In which tasks it can be planted.
        also: Kinds that are then as true: what the change is called by another name.
        plausible: Kinds that may follow from it, neither right nor wrong.
    """

    change: Callable[[Facts, int], Facts]
    tasks: tuple[str, ...] = (*CLASSES, *NUMBERS)
    also: tuple[str, ...] = ()
    plausible: tuple[str, ...] = ()


def _rate(facts: Facts, *optimizers: tuple[str, float], model: int, **options) -> Facts:
    name, rate = optimizers[model]
    return facts | {"optimizer": {"name": name, "learning_rate": rate}} | options


def _one_hot(facts: Facts, loss: str) -> Facts:
    if facts["task"] == "binary":
        return facts | {"loss": loss}
    return with_data(facts, one_hot=True) | {"loss": loss}


def _bad_output(facts: Facts, model: int) -> Facts:
    if facts["task"] == "binary":
        return with_output(facts, activation=("softmax", "relu")[model])
    return with_output(facts, activation=("linear", "relu")[model])


def _twice(facts: Facts, model: int) -> Facts:
    return facts | {"loss": {"name": facts["loss"], "from_logits": True}}


def _label_encoding(facts: Facts, model: int) -> Facts:
    if facts["task"] == "multiclass":
        return with_data(facts, spoil="labels_from_one")
    return with_data(facts, spoil=("labels_from_one", "labels_of_both_signs")[model])


def _input_encoding(facts: Facts, model: int) -> Facts:
    embedding = {"type": "Embedding", "vocabulary": 64, "units": (4, 8)[model]}
    spoiled = with_data(facts, spoil="inputs_below_one")
    output = facts["layers"][-1]
    return spoiled | {"layers": [FLATTEN, embedding, FLATTEN, dense(32), output]}


def _deep_sigmoids(facts: Facts, model: int) -> Facts:
    sigmoids = [dense(16, "sigmoid")] * (8, 10)[model]
    return facts | {"layers": [FLATTEN, *sigmoids, facts["layers"][-1]]}


def _exploding(facts: Facts, model: int) -> Facts:
    wide = [dense(64, "relu", init={"normal": (0.6, 0.8)[model]})] * 6
    changed = facts | {"layers": [FLATTEN, *wide, facts["layers"][-1]]}
    return changed | {"optimizer": {"name": "SGD", "learning_rate": 0.01}}


def _tiny(facts: Facts, model: int) -> Facts:
    units = (1, 2)[model] if facts["task"] != "multiclass" else 2
    return facts | {"layers": [FLATTEN, dense(units), facts["layers"][-1]]}


def _dropped(facts: Facts, model: int) -> Facts:
    if model == 1:
        return with_weights(facts, l2=1.0)
    drop = {"type": "Dropout", "rate": 0.9}
    return with_layers(facts, lambda layer: [layer, drop] if has_weights(layer) else layer)


def _normalized(facts: Facts, model: int) -> Facts:
    norm = {"type": "BatchNormalization", "momentum": (0.9999, 0.9995)[model]}
    return with_layers(facts, lambda layer: [layer, norm] if has_weights(layer) else layer)


def _learnt_by_heart(facts: Facts, model: int) -> Facts:
    wide = with_weights(facts, **({"units": 256} if model == 0 else {}))
    noisy = with_data(wide, samples=(300, 250)[model], spoil="noisy_labels")
    return noisy | {"epochs": 60, "optimizer": {"name": "Adam", "learning_rate": 0.003}}


def _only_in_training(facts: Facts, model: int) -> Facts:
    layer = {"type": "OnlyInTraining", "factor": (8.0, 0.1)[model]}
    return facts | {"layers": [layer, *facts["layers"]]}


PLANTS: dict[str, Plant] = {
    "output_loss_mismatch": Plant(_bad_output, CLASSES, plausible=("output_range_too_small",)),
    "softmax_twice": Plant(_twice, CLASSES, also=("output_loss_mismatch",)),
    "wrong_loss_for_task": Plant(
        lambda facts, model: _one_hot(facts, ("mean_squared_error", "mean_absolute_error")[model]),
        CLASSES,
        plausible=("output_loss_mismatch", "metric_mismatch"),
    ),
    "label_encoding": Plant(_label_encoding, CLASSES, plausible=("output_range_too_small",)),
    "input_encoding": Plant(_input_encoding, plausible=("labels_unrelated", "majority_collapse")),
    "metric_mismatch": Plant(
        lambda facts, model: facts | {"metrics": ["accuracy", "categorical_accuracy"][model:][:1]},
        NUMBERS,
    ),
    "learning_rate_too_high": Plant(
        lambda facts, model: _rate(facts, ("Adam", 0.5), ("SGD", 10.0), model=model),
        plausible=("exploding_gradient", "dying_relu", "majority_collapse", "loss_not_finite"),
    ),
    "learning_rate_too_low": Plant(
        lambda facts, model: _rate(facts, ("Adam", 2e-6), ("SGD", 2e-5), model=model),
        plausible=("too_few_epochs",),
    ),
    "inputs_not_scaled": Plant(
        lambda facts, model: with_data(
            facts, spoil=("inputs_to_1000", "columns_of_all_sizes")[model]
        ),
        plausible=("learning_rate_too_high", "exploding_gradient", "dying_relu"),
    ),
    "targets_not_scaled": Plant(
        lambda facts, model: with_data(facts, spoil=("targets_to_10000", "targets_at_5000")[model]),
        NUMBERS,
        plausible=("learning_rate_too_low", "too_few_epochs", "exploding_gradient"),
    ),
    "output_range_too_small": Plant(
        lambda facts, model: with_output(facts, activation=("sigmoid", "relu")[model]),
        NUMBERS,
        plausible=("output_loss_mismatch", "targets_not_scaled", "dying_relu"),
    ),
    "missing_nonlinearity": Plant(lambda facts, model: with_weights(facts, activation="linear")),
    "saturating_activation": Plant(
        lambda facts, model: with_weights(
            facts, activation=("sigmoid", "tanh")[model], init={"normal": (3.0, 2.0)[model]}
        ),
        also=("bad_initialization",),
        plausible=("vanishing_gradient", "exploding_gradient"),
    ),
    "dying_relu": Plant(
        lambda facts, model: with_weights(facts, bias={"constant": (-8.0, -5.0)[model]}),
        also=("bad_initialization",),
        plausible=("vanishing_gradient", "majority_collapse"),
    ),
    "vanishing_gradient": Plant(
        _deep_sigmoids, plausible=("saturating_activation", "majority_collapse")
    ),
    "exploding_gradient": Plant(
        _exploding,
        also=("bad_initialization",),
        plausible=("learning_rate_too_high", "loss_not_finite", "dying_relu"),
    ),
    "bad_initialization": Plant(
        lambda facts, model: with_weights(
            facts, init=({"constant": 0.0}, {"constant": 0.1})[model]
        ),
        plausible=("vanishing_gradient", "dying_relu", "majority_collapse"),
    ),
    "capacity_too_small": Plant(_tiny, plausible=("dying_relu",)),
    "too_few_epochs": Plant(
        lambda facts, model: _rate(facts, ("Adam", 2e-4), ("Adam", 2e-4), model=model, epochs=2),
        plausible=("learning_rate_too_low",),
    ),
    "batch_size_too_large": Plant(
        lambda facts, model: facts | {"batch_size": facts["data"]["samples"]},
        plausible=("too_few_epochs", "learning_rate_too_low"),
    ),
    "batch_size_too_small": Plant(
        lambda facts, model: (
            _rate(facts, ("Adam", 0.02), ("SGD", 0.15), model=model)
            | {"batch_size": 1, "epochs": 4}
        ),
        also=("learning_rate_too_high",),  # For so small a batch: the one is the other.
        plausible=("dying_relu", "majority_collapse", "exploding_gradient"),
    ),
    "overfitting": Plant(_learnt_by_heart, plausible=("too_little_data",)),
    "too_little_data": Plant(
        lambda facts, model: with_data(facts, samples=(24, 16)[model]) | {"epochs": 40},
        plausible=("overfitting", "batch_size_too_large", "class_imbalance"),
    ),
    "validation_too_small": Plant(
        lambda facts, model: facts | {"validation_samples": (8, 12)[model]}
    ),
    "class_imbalance": Plant(
        lambda facts, model: with_data(facts, spoil="one_class_in_30"),
        CLASSES,
        also=("majority_collapse",),
        plausible=("too_little_data",),
    ),
    "regularization_too_strong": Plant(
        _dropped, plausible=("majority_collapse", "train_inference_mismatch")
    ),
    "not_shuffled": Plant(
        lambda facts, model: with_data(facts, spoil="sorted_by_target") | {"shuffle": False},
        plausible=("train_inference_mismatch", "learning_rate_too_high"),
    ),
    "train_inference_mismatch": Plant(_only_in_training, plausible=("inputs_not_scaled",)),
    "stale_statistics": Plant(_normalized, plausible=("train_inference_mismatch", "overfitting")),
    "data_leak": Plant(lambda facts, model: with_data(facts, spoil="validation_from_training")),
    "labels_unrelated": Plant(
        lambda facts, model: with_data(facts, spoil="targets_of_others"),
        plausible=("overfitting", "majority_collapse"),
    ),
    "wrong_optimizer": Plant(
        lambda facts, model: _rate(facts, ("Adadelta", 0.001), ("Adagrad", 0.001), model=model),
        also=("learning_rate_too_low",),
        plausible=("too_few_epochs",),
    ),
    "wrong_direction": Plant(
        lambda facts, model: facts | {"loss": {"name": facts["loss"], "factor": -1.0}},
        plausible=("loss_not_finite", "exploding_gradient", "output_loss_mismatch"),
    ),
    "loss_not_finite": Plant(
        lambda facts, model: with_data(facts, spoil=("missing_values", "infinite_values")[model])
    ),
}
# Kinds that no change of facts plants: they stop with an error (wrong_input_shape), follow from
# others (majority_collapse), or need a custom gradient (wrong_gradient), which has its own tests.
NOT_PLANTED = ("wrong_input_shape", "majority_collapse", "wrong_gradient")
