"""Trainings on handwritten digits that go wrong, each in one way: what the doctor says of them.

    python -m benchmarks.studies.ill_trainings

17 trainings of a few seconds each in plain Keras. Their curves are kept in
docs/results/ill_trainings.csv; the figures, and the doctor's words in docs/guides/curves.md, are of
those. `--draw` draws the figures of what is there.
"""

import csv
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from sklearn.datasets import load_digits

from benchmarks.studies.study import BLUE, ORANGE, Study, new_figure
from kerasrecipes.cli.tables import print_table
from kerasrecipes.diagnostics import diagnose

STUDY = Study("ill_trainings")
CURVES = ("loss", "val_loss", "accuracy", "val_accuracy")


class Digits(NamedTuple):
    """Training and validation samples."""

    x: np.ndarray
    y: np.ndarray
    val_x: np.ndarray
    val_y: np.ndarray


class Training(NamedTuple):
    """A training.

    Args:
        optimizer: Makes its optimizer.
        epochs: Positive integer.
        data: Changes the data.
        batch_size: Positive integer.
        units: Of its two hidden layers.
        hidden: Makes further layers behind each hidden layer.
        penalty: Of its kernels.
        loss: Takes targets and probabilities.
        shuffle: Whether samples are shuffled in each epoch.
        callbacks: Makes callbacks.
    """

    optimizer: Callable[[], keras.optimizers.Optimizer] = lambda: keras.optimizers.Adam(0.002)
    epochs: int = 30
    data: Callable[[Digits, np.random.Generator], Digits] = lambda digits, rng: digits
    batch_size: int = 32
    units: int = 64
    hidden: Callable[[], list[keras.layers.Layer]] = list
    penalty: float = 0.0
    loss: Any = "sparse_categorical_crossentropy"
    shuffle: bool = True
    callbacks: Callable[[], list[keras.callbacks.Callback]] = list


def steps_down(epoch: int) -> float:
    """Returns the rate of an epoch: a tenth after each third of the training."""
    return 0.2 * 0.1 ** (epoch // 10)


def restarted(epoch: int) -> float:
    """Returns the rate of an epoch, which falls to 0 and begins anew every 10 epochs."""
    return 0.1 * (1 + math.cos(math.pi * (epoch % 10) / 10))


def scheduled(rate: Callable[[int], float]) -> Training:
    schedule = keras.callbacks.LearningRateScheduler
    return Training(
        lambda: keras.optimizers.SGD(0.1),
        callbacks=lambda: [schedule(lambda epoch, _: rate(epoch))],
    )


def few_and_wrong(digits: Digits, rng: np.random.Generator) -> Digits:
    y = digits.y[:200].copy()
    wrong = rng.random(len(y)) < 0.2
    y[wrong] = rng.permutation(y[wrong])
    return digits._replace(x=digits.x[:200], y=y)


def exchanged(digits: Digits, rng: np.random.Generator) -> Digits:
    return digits._replace(y=rng.permutation(digits.y), val_y=rng.permutation(digits.val_y))


def one_class_in_most(digits: Digits, rng: np.random.Generator) -> Digits:
    kept = (digits.y == 0) | (rng.random(len(digits.y)) < 0.02)
    val = (digits.val_y == 0) | (rng.random(len(digits.val_y)) < 0.02)
    return Digits(digits.x[kept], digits.y[kept], digits.val_x[val], digits.val_y[val])


def split_in_order(digits: Digits, rng: np.random.Generator) -> Digits:
    x, y = np.concatenate([digits.x, digits.val_x]), np.concatenate([digits.y, digits.val_y])
    order = np.argsort(y, kind="stable")
    first, last = order[: len(digits.y)], order[len(digits.y) :]
    return Digits(x[first], y[first], x[last], y[last])


def repeated(digits: Digits, rng: np.random.Generator) -> Digits:
    return digits._replace(val_x=digits.x[::4], val_y=digits.y[::4])


def smaller(samples: int) -> Callable[[Digits, np.random.Generator], Digits]:
    return lambda digits, rng: digits._replace(
        val_x=digits.val_x[:samples], val_y=digits.val_y[:samples]
    )


def logarithm(targets, probabilities):
    """The cross-entropy as one writes it by hand: the logarithm of 0 is infinite."""
    targets = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(targets, (-1,)), "int32"), 10)
    return -keras.ops.log(keras.ops.sum(targets * probabilities, axis=-1))


def rising(targets, probabilities):
    return -keras.losses.sparse_categorical_crossentropy(targets, probabilities)


def norm() -> list[keras.layers.Layer]:
    return [keras.layers.BatchNormalization(momentum=0.9995)]


# By the name of the figure. The first three are healthy.
TRAININGS = {
    "healthy": Training(),
    "step_decay": scheduled(steps_down),
    "restarts": scheduled(restarted),
    "overfitting": Training(epochs=60, data=few_and_wrong, units=256, batch_size=16),
    "too_few_epochs": Training(lambda: keras.optimizers.Adam(3e-4), epochs=4),
    "learning_rate_too_low": Training(lambda: keras.optimizers.SGD(1e-4)),
    "learning_rate_too_high": Training(lambda: keras.optimizers.SGD(1.0, momentum=0.9)),
    "loss_not_finite": Training(lambda: keras.optimizers.Adam(1.0), loss=logarithm),
    "wrong_direction": Training(loss=rising, epochs=12),
    "labels_unrelated": Training(data=exchanged),
    "majority_collapse": Training(lambda: keras.optimizers.SGD(0.003), data=one_class_in_most),
    "regularization_too_strong": Training(hidden=lambda: [keras.layers.Dropout(0.9, seed=0)]),
    "penalty_too_strong": Training(penalty=1.0),
    "not_shuffled": Training(data=split_in_order),
    "stale_statistics": Training(hidden=norm, epochs=12),
    "data_leak": Training(data=repeated),
    "validation_too_small": Training(data=smaller(16)),
}


def main() -> None:
    """Trains, writes the table and the figures, and prints what the doctor says."""
    parser = STUDY.parser(__doc__)
    parser.add_argument("--draw", action="store_true", help="only draw what was trained before")
    if not parser.parse_args().draw:
        digits = split()
        write({name: trained(training, digits) for name, training in TRAININGS.items()})
    curves = read()
    for name, history in curves.items():
        STUDY.save(draw(history), f"curves_{name}")
    print_table([{"training": name, "doctor": words(h)} for name, h in curves.items()])


def split() -> Digits:
    """Returns 900 digits to train on and 600 for validation."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))[:1500]
    x, y = (x[order] / 16).astype("float32"), y[order]
    return Digits(x[:900], y[:900], x[900:], y[900:])


def trained(training: Training, digits: Digits) -> dict[str, list[float]]:
    """Returns the history of a training."""
    keras.utils.set_random_seed(0)
    digits = training.data(digits, np.random.default_rng(0))
    layers: list[keras.layers.Layer] = [keras.Input((64,))]
    for _ in range(2):
        penalty = keras.regularizers.L2(training.penalty) if training.penalty else None
        dense = keras.layers.Dense(training.units, activation="relu", kernel_regularizer=penalty)
        layers += [dense, *training.hidden()]
    model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    model.compile(training.optimizer(), training.loss, metrics=["accuracy"])
    history = model.fit(
        digits.x,
        digits.y,
        training.batch_size,
        training.epochs,
        validation_data=(digits.val_x, digits.val_y),
        shuffle=training.shuffle,
        callbacks=training.callbacks(),
        verbose=0,
    )
    return {name: [float(value) for value in history.history[name]] for name in CURVES}


def write(histories: dict[str, dict[str, list[float]]]) -> None:
    """Writes the table: a row an epoch."""
    with STUDY.table().open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("training", "epoch", *CURVES))
        for name, history in histories.items():
            epochs = zip(*(history[curve] for curve in CURVES), strict=True)
            for epoch, values in enumerate(epochs, start=1):
                rows.writerow((name, epoch, *(f"{value:.7g}" for value in values)))


def read() -> dict[str, dict[str, list[float]]]:
    """Returns the curves in the table, by the name of their training."""
    histories: dict[str, dict[str, list[float]]] = {}
    with STUDY.table().open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            history = histories.setdefault(row["training"], {name: [] for name in CURVES})
            for name in CURVES:
                history[name].append(float(row[name]))
    return histories


def words(history: dict[str, list[float]]) -> str:
    """Returns the doctor's first finding of a training, with its title."""
    findings = diagnose(history).findings
    return f"{findings[0].title}. {findings[0].sentence}" if findings else "Nothing is wrong."


def draw(history: dict[str, list[float]]) -> Figure:
    """Returns a figure: loss and accuracy by epoch, in training and on validation."""
    with new_figure(7, 2.3, 1, 2) as (figure, panels):
        for axes, name in zip(panels, ("loss", "accuracy"), strict=True):
            for curve, label, color in (
                (name, "training", ORANGE),
                (f"val_{name}", "validation", BLUE),
            ):
                epochs = range(1, len(history[curve]) + 1)
                axes.plot(epochs, history[curve], color=color, label=label)
            axes.set_title(name)
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        panels[1].set_ylim(-0.03, 1.03)
        panels[1].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        panels[0].legend(frameon=False)
    return figure


if __name__ == "__main__":
    main()
