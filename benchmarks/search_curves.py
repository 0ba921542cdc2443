"""Computes the table of learning curves that `benchmarks/search.py` replays.

    python benchmarks/search_curves.py digits [--seconds 480]
    python benchmarks/search_curves.py cifar10 --images cifar10.npz [--seconds 480]

A ResNetCIFAR of depth 8 is trained for 27 epochs at points of a space of seven dimensions: on 720
of scikit-learn's digits (8x8 pixels), and on 1,000 images of CIFAR-10 at 16x16. The first points
are a scrambled Sobol sequence; those after them lie around the best so far, so that a surrogate
fitted on the table is sharp where searches end up; the last repeat some points with other seeds and
tell the noise. A row a point, with validation and test accuracy after every epoch, is appended to
benchmarks/search_tables/ as soon as it is there; what is there is not computed again.

The learning rate falls exponentially, by the same factor an epoch however long the run: the first
`e` epochs of a curve are those of a run of `e` epochs. One graph serves all points of an update
rule, width and batch size, so that a point takes seconds on one core.
"""

import argparse
import csv
import functools
import time
from pathlib import Path

import keras
import numpy as np
from scipy.stats import qmc

from kerasrecipes.data import Digits
from kerasrecipes.data.stratified import examples_of_each_class
from kerasrecipes.models import ResNetCIFAR

EPOCHS = 27
TABLES = Path(__file__).parent / "search_tables"
# Points of the Sobol sequence, points around the best, points that are repeated, seeds of each.
POINTS = {"digits": (160, 80, 16, 3), "cifar10": (64, 32, 12, 2)}
FILTERS = {"digits": (2, 4, 8), "cifar10": (4, 8, 12)}
BATCH_SIZES = (32, 64, 128)
RULES = ("sgd", "adam")
DIMENSIONS = 7
NEIGHBOURHOOD = 0.12


def values_at(task: str, point: np.ndarray) -> dict:
    """Returns the hyperparameters at a point of the unit cube."""
    u = np.clip(point, 0, 1 - 1e-9)
    return {
        "optimizer": RULES[int(u[0] * len(RULES))],
        "learning_rate": 10 ** (-4 + 4 * u[1]),
        "momentum": 0.99 * u[2],
        "weight_decay": 10 ** (-5 + 5 * u[3]),
        "final_fraction": 10 ** (-3 + 3 * u[4]),
        "filters": FILTERS[task][int(u[5] * len(FILTERS[task]))],
        "batch_size": BATCH_SIZES[int(u[6] * len(BATCH_SIZES))],
    }


def point_of(task: str, values: dict) -> np.ndarray:
    """Returns where hyperparameters lie in the unit cube; what is discrete, amid its cell."""
    return np.array(
        [
            (RULES.index(values["optimizer"]) + 0.5) / len(RULES),
            (np.log10(values["learning_rate"]) + 4) / 4,
            values["momentum"] / 0.99,
            (np.log10(values["weight_decay"]) + 5) / 5,
            (np.log10(values["final_fraction"]) + 3) / 3,
            (FILTERS[task].index(values["filters"]) + 0.5) / len(FILTERS[task]),
            (BATCH_SIZES.index(values["batch_size"]) + 0.5) / len(BATCH_SIZES),
        ]
    )


def read_table(task: str) -> list[dict]:
    """Returns the rows of a table: hyperparameters, seed and two arrays of accuracies."""
    path = TABLES / f"{task}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [_parsed(row) for row in csv.DictReader(file)]


def main(task: str, images: Path | None, seconds: float) -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    began, data = time.perf_counter(), load(task, images)
    trainer = functools.cache(functools.partial(Trainer, data))
    while (pending := _pending(task)) and time.perf_counter() - began < seconds:
        point, seed = pending[0]
        values = values_at(task, point)
        network = trainer(values["filters"], values["batch_size"])
        validation, test = network.train(values, seed)
        _append(task, {"point": len(read_table(task)), "seed": seed, **values}, validation, test)
    print(f"{task}: {len(read_table(task))} rows, {len(_pending(task))} to come")


def load(task: str, images: Path | None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns images, scaled to [-1, 1], and labels of the three splits."""
    if task == "digits":
        data = Digits(validation_fraction=0.25, test_fraction=0.35).load()
        splits = {name: (split.images, split.labels) for name, split in data.splits.items()}
    else:
        with np.load(images) as file:
            names = [str(name) for name in range(10)]
            labels = file["y_train"].astype("int32")
            chosen = examples_of_each_class(labels, 200, 0, names)
            pixels, labels = file["x_train"][chosen], labels[chosen]
            order = np.random.default_rng(0).permutation(len(pixels))
            train, validation = order[:1000], order[1000:]
            splits = {
                "train": (pixels[train], labels[train]),
                "validation": (pixels[validation], labels[validation]),
                "test": (file["x_test"][:1000], file["y_test"][:1000].astype("int32")),
            }
        splits = {name: (_halved(pixels), labels) for name, (pixels, labels) in splits.items()}
    return {
        name: (pixels.astype("float32") / 127.5 - 1, labels)
        for name, (pixels, labels) in splits.items()
    }


class Trainer:
    """A network of one width, with the graph of an epoch at one batch size."""

    def __init__(self, data, filters: int, batch_size: int):
        import tensorflow as tf

        self.data = {name: tuple(map(tf.constant, split)) for name, split in data.items()}
        images = data["train"][0]
        # Keras's momentum of 0.99 would lag behind in runs of a few hundred steps.
        normalization = keras.layers.BatchNormalization(momentum=0.9)
        self.network = ResNetCIFAR(
            images.shape[1:], 10, depth=8, filters=filters, normalization=normalization
        )
        self.steps = len(images) // batch_size
        self.batch_size = batch_size
        self.weights = [v.value for v in self.network.trainable_variables]
        self.first, self.second = (
            [tf.Variable(tf.zeros_like(w)) for w in self.weights] for _ in range(2)
        )
        self.initial = [v.numpy() for v in self.network.variables]
        self.epoch = tf.function(self._epoch)
        self.accuracy = tf.function(self._accuracy)

    def train(self, values: dict, seed: int) -> tuple[list[float], list[float]]:
        """Returns validation and test accuracy after every epoch."""
        import tensorflow as tf

        seeds = iter(range(1000 * seed, 1000 * seed + 1000))
        for variable, value in zip(self.network.variables, self.initial, strict=True):
            is_kernel = value.ndim > 1
            draw = keras.initializers.HeNormal(next(seeds)) if is_kernel else None
            variable.assign(draw(value.shape) if is_kernel else value)
        for slot in (*self.first, *self.second):
            slot.assign(tf.zeros_like(slot))
        rng, scores = np.random.default_rng(seed), {"validation": [], "test": []}
        size, images = self.steps * self.batch_size, len(self.data["train"][1])
        step = tf.Variable(0.0)
        options = [tf.constant(values[name], "float32") for name in ("momentum", "weight_decay")]
        is_adam = tf.constant(values["optimizer"] == "adam")
        for epoch in range(EPOCHS):
            rate = values["learning_rate"] * values["final_fraction"] ** (epoch / (EPOCHS - 1))
            order = rng.permutation(images)[:size].reshape(self.steps, -1).astype("int32")
            self.epoch(tf.constant(order), tf.constant(rate, "float32"), *options, is_adam, step)
            for split, found in scores.items():
                found.append(float(self.accuracy(*self.data[split])))
        return scores["validation"], scores["test"]

    def _epoch(self, order, rate, momentum, weight_decay, is_adam, step):
        import tensorflow as tf

        images, labels = self.data["train"]
        for batch in order:
            with tf.GradientTape() as tape:
                logits = self.network(tf.gather(images, batch), training=True)
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(labels, batch), logits)
                )
            gradients = tape.gradient(loss, self.weights)
            step.assign_add(1.0)
            slots = zip(self.weights, gradients, self.first, self.second, strict=True)
            for weight, gradient, first, second in slots:
                if len(weight.shape) > 1:  # Kernels alone decay, apart from the gradient.
                    weight.assign_sub(rate * weight_decay * weight)
                first.assign(momentum * first + tf.where(is_adam, 1 - momentum, 1.0) * gradient)
                second.assign(0.999 * second + 0.001 * gradient**2)
                root = (second / (1 - 0.999**step)) ** 0.5
                # As a rule Adam's rate is some tenth of SGD's: one range serves both.
                adam = 0.1 * first / (1 - momentum**step) / (root + 1e-7)
                weight.assign_sub(rate * tf.where(is_adam, adam, first))

    def _accuracy(self, images, labels):
        import tensorflow as tf

        predicted = tf.argmax(self.network(images, training=False), -1, "int32")
        return tf.reduce_mean(tf.cast(predicted == labels, "float32"))


def _pending(task: str) -> list[tuple[np.ndarray, int]]:
    """Returns the next points that are not in the table, each with its seed."""
    rows = read_table(task)
    spread, near, repeated, seeds = POINTS[task]
    done = len(rows)
    if done < spread:
        points = qmc.Sobol(DIMENSIONS, seed=0).random(512)[done:spread]
        # Points that share a graph would come together if they were sorted, but a table that stops
        # early must be spread evenly.
        return [(point, done + i) for i, point in enumerate(points)]
    ranked = sorted(rows[: spread + near], key=lambda row: -row["validation"][-3:].mean())
    if done < spread + near:
        rng = np.random.default_rng(done)
        parent = ranked[int(len(ranked) * 0.2 * rng.random() ** 2)]
        point = point_of(task, parent) + rng.normal(0, NEIGHBOURHOOD, DIMENSIONS)
        return [(np.abs(1 - np.abs(1 - point)), done)]  # Reflected at the borders.
    # From the best to the middling: what is worse is no one's choice.
    chosen = ranked[:: max(1, len(ranked) // (2 * repeated))][:repeated]
    again = [
        (point_of(task, row), row["seed"] + 10_000 * s) for s in range(1, seeds) for row in chosen
    ]
    return again[done - spread - near :]


def _append(task: str, row: dict, validation, test) -> None:
    path = TABLES / f"{task}.csv"
    cells = {name: f"{v:.6g}" if isinstance(v, float) else v for name, v in row.items()}
    for split, scores in (("validation", validation), ("test", test)):
        cells |= {f"{split}_{epoch}": f"{v:.5f}" for epoch, v in enumerate(scores, start=1)}
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, cells, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(cells)


def _parsed(row: dict) -> dict:
    parsed = {name: row[name] if name == "optimizer" else float(row[name]) for name in row}
    for name in ("point", "seed", "filters", "batch_size"):
        parsed[name] = int(parsed[name])
    for split in ("validation", "test"):
        parsed[split] = np.array([parsed.pop(f"{split}_{e}") for e in range(1, EPOCHS + 1)])
    return parsed


def _halved(pixels: np.ndarray) -> np.ndarray:
    """Returns images of half the height and width, each pixel the mean of four."""
    n, height, width, channels = pixels.shape
    return pixels.reshape(n, height // 2, 2, width // 2, 2, channels).mean((2, 4))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("task", choices=("digits", "cifar10"))
    parser.add_argument("--images", type=Path, help="cifar10.npz: x_train, y_train, x_test, y_test")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after these")
    arguments = parser.parse_args()
    main(arguments.task, arguments.images, arguments.seconds)
