"""Comparison of ensembles, snapshots, averaged weights, soups and views at equal training cost.

    python -m benchmarks.studies.ensembles digits
    python -m benchmarks.studies.ensembles cifar10 cifar10.npz

80 runs of a few seconds on digits, 40 minutes on 2 CPU cores at a load of 20 (JAX); as many on
CIFAR-10, two hours. At equal cost, four members of a quarter each are no better than one network on
digits (-1.3 points of test accuracy, 95% interval -2.5 to +0.0; 5 seeds, n = 898 images) and worse
on CIFAR-10 (-9.6, -12.8 to -6.4; n = 2,000); views where it is unsure gain 1.6 points on digits
(+0.7 to +2.6).

Every way has the epochs of one training: four members, four snapshots, an average of the tail, a
soup of four runs that fine-tune the same half. The peak learning rate of the long training, of the
short ones and of the cycles is chosen by the log loss on validation with seed 0, which counts no
further. A temperature is fitted to validation for each way. What it shows is in
docs/benchmarks/ensembles.md.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.studies.ensemble_settings import cifar10, digits, with_fewer_test_images
from benchmarks.studies.ensemble_ways import (
    SPLITS,
    Outcome,
    Setting,
    member,
    outcomes,
    probabilities,
    single,
    snapshot,
)
from benchmarks.studies.study import Study, interval
from kerasrecipes import train
from kerasrecipes.cli.tables import print_table
from kerasrecipes.data import Dataset
from kerasrecipes.metrics.calibration import expected_calibration_error, fit_temperature, log_loss
from kerasrecipes.models.surgery.test_time_augmentation import COPIES
from kerasrecipes.runs import SelectiveAugmentation, Sweep, unsure_threshold

STUDY = Study("ensembles")
SEEDS = (1, 2, 3, 4, 5)
BASELINE = "single"
VIEWS = ("views", "views where unsure")


def main() -> None:
    """Trains what is not in the table yet; shows all that is."""
    arguments = _arguments()
    if arguments.name == "digits":
        setting = digits()
    else:
        setting = cifar10(with_fewer_test_images(arguments.images, STUDY.runs / "cifar10.npz"))
    table = STUDY.table(f"ensembles_{arguments.name}")
    result = compare(setting, arguments.seeds, STUDY.runs, table)
    for rows in shown(result):
        print_table(rows)
        print()


def compare(setting: Setting, seeds, directory: Path, table: Path) -> Sweep:
    """Returns a row for each way and seed; writes each into the table as soon as it is there."""
    result = Sweep.read(table) if table.exists() else Sweep(())
    dataset = setting.recipe.data.build("data").load()
    rates = rates_of(result)
    for seed in seeds:
        for way, outcome in outcomes(setting, rates, seed, directory).items():
            labels = (way, *VIEWS) if way == BASELINE else (way,)
            there = {(row["label"], row["seed"]) for row in result.rows}
            if all((label, seed) in there for label in labels):
                continue
            if not rates:
                rates.update(chosen_rates(setting, directory))
            print(way, f"seed {seed}", flush=True)
            for row in rows_of(way, setting, outcome(), dataset):
                peaks = {f"peak_rate_of_{kind}": rate for kind, rate in rates.items()}
                result = result.add({**row, "seed": seed, **peaks})
                result.write(table)
    return result


def rates_of(result: Sweep) -> dict[str, float]:
    """Returns the peak rates that the rows of a table were trained with."""
    start = "peak_rate_of_"
    return {
        name.removeprefix(start): rate
        for row in result.rows[:1]
        for name, rate in row.items()
        if name.startswith(start)
    }


def chosen_rates(setting: Setting, directory: Path) -> dict[str, float]:
    """Returns the peak rate of each kind of training with the lowest log loss on validation."""
    chosen = {}
    for kind in (single, member, snapshot):
        losses = {}
        for rate in setting.rates:
            run = train(kind(setting, rate).replace({"seed": 0}), directory=directory, verbose=0)
            losses[rate] = run.metrics["validation"]["loss"]
            print(kind.__name__, f"rate {rate}: {losses[rate]:.4f} on validation", flush=True)
        chosen[kind.__name__] = min(losses, key=losses.__getitem__)
    return chosen


def rows_of(way: str, setting: Setting, outcome: Outcome, dataset: Dataset) -> Iterator[dict]:
    """Yields the row of a way, and of the single network a second one, with views."""
    members = [probabilities(model, dataset) for model in outcome.models]
    described = {
        "fingerprint": outcome.run.recipe.fingerprint,
        "data_hash": outcome.run.data["hash"],
        "numerics_version": outcome.run.numerics_version,
        "epochs": setting.recipe.epochs,
        "seconds": outcome.seconds,
        **{name: outcome.run.environment[name] for name in ("backend", "device", "keras")},
    }
    yield {
        "label": way,
        **described,
        **scores(members, dataset),
        "passes": outcome.passes,
    }
    if way == BASELINE:
        for label, given, passes in _with_views(outcome.models[0], members[0], setting, dataset):
            yield {"label": label, **described, **scores([given], dataset), "passes": passes}


def _with_views(model, alone, setting: Setting, dataset: Dataset) -> Iterator[tuple]:
    """Yields label, probabilities and passes of a network with views of all or unsure images."""
    selective = SelectiveAugmentation(model, setting.views, 0.0)
    every = probabilities(selective.with_views, dataset)
    yield VIEWS[0], every, COPIES[setting.views]
    labels = dataset.validation.labels
    chosen = unsure_threshold(labels, alone["validation"], every["validation"])
    selective.confidence = chosen.confidence
    some = {split: selective.predict_split(dataset.splits[split]) for split in SPLITS}
    found = {split: each.probabilities.astype("float64") for split, each in some.items()}
    yield VIEWS[1], found, some["test"].passes


def scores(members: list[Mapping[str, np.ndarray]], dataset: Dataset) -> dict[str, float]:
    """Returns scores of the mean probabilities: as they are, and with temperatures.

    The temperature is fitted to the mean or, "before", to each member.
    """
    labels = {split: dataset.splits[split].labels for split in SPLITS}
    mean = {split: np.mean([each[split] for each in members], axis=0) for split in SPLITS}
    fitted = [
        fit_temperature(labels["validation"], each["validation"]) for each in (mean, *members)
    ]
    after = fitted[0].apply(mean["test"])
    before = np.mean(
        [t.apply(each["test"]) for t, each in zip(fitted[1:], members, strict=True)], axis=0
    )
    found = {"temperature": fitted[0].value, "test_n": len(labels["test"])}
    for suffix, each in (("", mean["test"]), ("_after", after), ("_before", before)):
        found[f"test_accuracy{suffix}"] = float(np.mean(each.argmax(-1) == labels["test"]))
        found[f"test_log_loss{suffix}"] = log_loss(labels["test"], each)
        found[f"test_calibration_error{suffix}"] = expected_calibration_error(
            labels["test"], each, equal="mass"
        )
    found["validation_log_loss"] = log_loss(labels["validation"], mean["validation"])
    singles = [float(np.mean(each["test"].argmax(-1) == labels["test"])) for each in members]
    return found | {"test_accuracy_of_members": float(np.mean(singles))}


def shown(result: Sweep) -> Iterator[list[dict[str, str]]]:
    """Yields two tables: the ways, and when to apply a temperature."""
    columns = {
        name: {row["label"]: row for row in result.summary(f"test_{name}")}
        for name in ("accuracy", "log_loss", "calibration_error")
    }
    against = {
        name: {row["label"]: row for row in result.differences(BASELINE, f"test_{name}")}
        for name in ("accuracy", "log_loss")
    }
    passes = {
        label: np.mean([row["passes"] for row in result.rows if row["label"] == label])
        for label in result.labels
    }

    def difference(name: str, label: str, form: str) -> str:
        row = against[name].get(label)
        return "" if row is None else f"{row['mean']:+{form}} ({interval(row, '+' + form)})"

    yield [
        {
            "way": label,
            "test accuracy": f"{columns['accuracy'][label]['mean']:.2%}",
            "difference": difference("accuracy", label, ".2%"),
            "log loss": f"{columns['log_loss'][label]['mean']:.4f}",
            "of log loss": difference("log_loss", label, ".4f"),
            "calibration error": f"{columns['calibration_error'][label]['mean']:.2%}",
            "passes": f"{passes[label]:.2f}",
            "n": str(columns["accuracy"][label]["n"]),
        }
        for label in result.labels
    ]
    yield [
        {
            "way": label,
            **{
                f"{metric.replace('_', ' ')}, {when or 'none'}": _mean(result, label, metric, when)
                for metric in ("log_loss", "calibration_error")
                for when in ("", "before", "after")
            },
        }
        for label in result.labels
    ]


def _mean(result: Sweep, label: str, metric: str, when: str) -> str:
    name = f"test_{metric}" + (f"_{when}" if when else "")
    return f"{np.mean([row[name] for row in result.rows if row['label'] == label]):.4f}"


def _arguments() -> argparse.Namespace:
    parser = STUDY.parser(__doc__)
    data = parser.add_subparsers(dest="name", required=True)
    for name in ("digits", "cifar10"):
        added = data.add_parser(name)
        if name == "cifar10":
            added.add_argument("images", help="an .npz file with x_train, y_train, x_test, y_test")
        added.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
