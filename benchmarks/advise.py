"""Claim: `advise` names a strategy within 1 point of the best on at least 80% of 24 tasks.

    python benchmarks/advise.py cifar10.npz
    python benchmarks/advise.py cifar10.npz --tasks inverted digits
    python benchmarks/advise.py cifar10.npz --development

A ResNet-8 is trained on five of CIFAR-10's classes, at 16 x 16 pixels. The tasks are the five
others, whole or in part, as they are or changed, and scikit-learn's digits; each with 10 and with
100 images of a class. All four strategies are run on each of them, with three seeds, and tested on
up to 2,000 images. `advise` sees training and validation images only. The tables of runs and of
tasks go to docs/results/; what is there is not run again.

`--development` runs the tasks that `advise`'s own table was chosen by: another network, trained on
the other five classes, and one seed.
"""

import argparse
from pathlib import Path

import numpy as np
from advise_tasks.images import chosen, small, write_task
from advise_tasks.studies import DEVELOPMENT, SCORED

from kerasrecipes import Recipe, sweep, train, use
from kerasrecipes.base.csv_table import read_rows, write_rows
from kerasrecipes.cli.tables import print_table
from kerasrecipes.transfer import STRATEGIES, advise, strategy_recipe

PER_CLASS = (10, 100)
WITHIN = 0.01

SOURCE = Recipe(
    data=use("Npz", path="source.npz", validation_fraction=0.02),
    augment=[use("RandomPadCrop", padding_pixels=2), use("RandomFlip", mode="horizontal")],
    model=use("ResNetCIFAR", depth=8, normalization=use("BatchNormalization", momentum=0.9)),
    optimizer=use("Adam", learning_rate=use("CosineDecay", initial_learning_rate=0.003)),
    epochs=6,
    batch_size=128,
    monitor=None,
)


def source(cifar10: dict, classes, directory: Path) -> str:
    """Returns the folder of the network that is transferred."""
    path = directory / "source.npz"
    images, labels = chosen(cifar10["x_train"], cifar10["y_train"], classes, 5000, 0)
    np.savez(path, x_train=small(images), y_train=labels)
    recipe = SOURCE.replace({"data.path": str(path)})
    return str(train(recipe, directory=directory, name="source", verbose=0).folder)


def measure(task: str, data, backbone: str, seeds, directory: Path, table: Path) -> dict:
    """Returns a row: what `advise` says of a task, and what each strategy scores on average."""
    advice = advise(data, backbone, directory=directory / "features")
    measured = advice.task
    images = len(data.build("data").load().train)
    model = use("Pretrained", backbone=backbone)
    earlier = list(measured.accuracies)[:-1]
    stage = max(reversed(earlier), key=measured.accuracies.__getitem__)
    scores = {}
    for strategy in STRATEGIES:
        recipe = strategy_recipe(strategy, data, model, images, stage=stage)
        label = f"{task}, {strategy}"
        result = sweep(recipe, {label: {}}, seeds, directory=directory, table=table, verbose=0)
        scores[strategy] = result.summary("test_accuracy")[0]["mean"]
    best = max(scores, key=scores.__getitem__)
    return {
        "task": task,
        "size": advice.size,
        "similarity": advice.similarity,
        "images per class": measured.images_per_class,
        "gain of a stage": measured.gain,
        "shift": measured.shift,
        **{f"stage {name}": accuracy for name, accuracy in measured.accuracies.items()},
        **scores,
        "best": best,
        "advised": advice.strategy,
        "loss": scores[best] - scores[advice.strategy],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "images", nargs="?", help="CIFAR-10 as an .npz file, as keras.datasets writes it"
    )
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--tasks", nargs="+", metavar="KIND")
    arguments = parser.parse_args()
    if arguments.images is None:
        print("skipped: give CIFAR-10 as an .npz file")
        return
    study = DEVELOPMENT if arguments.development else SCORED
    if unknown := set(arguments.tasks or ()) - set(study.kinds):
        parser.error(f"--tasks must be among {', '.join(study.kinds)}, not {', '.join(unknown)}")
    root = Path(__file__).parents[1]
    directory = root / "saved_models" / study.name
    directory.mkdir(parents=True, exist_ok=True)
    results = root / "docs" / "results"
    with np.load(arguments.images) as file:
        cifar10 = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    backbone = source(cifar10, study.source_classes, directory)
    table = results / f"{study.name}_tasks.csv"
    rows = {row["task"]: row for row in read_rows(table)} if table.exists() else {}
    for name in arguments.tasks or study.kinds:
        for per_class in PER_CLASS:
            task = f"{name}, {per_class}"
            if task in rows:
                continue
            folder = directory / task.replace(" ", "-")
            folder.mkdir(exist_ok=True)
            path = folder / "images.npz"
            write_task(study.kinds[name], per_class, cifar10, path)
            data = use("Npz", path=str(path), validation_fraction=0.1)
            runs = results / f"{study.name}_runs.csv"
            rows[task] = measure(task, data, backbone, study.seeds, folder, runs)
            write_rows(table, list(rows.values()))
    shown = ("task", "size", "similarity", "best", "advised")
    print_table(
        [{n: row[n] for n in shown} | {"loss": f"{row['loss']:.2%}"} for row in rows.values()]
    )
    within = sum(row["loss"] <= WITHIN for row in rows.values())
    print(f"within 1 point of the best: {within} of {len(rows)} tasks ({within / len(rows):.0%})")
    for strategy in STRATEGIES:
        losses = [max(row[s] for s in STRATEGIES) - row[strategy] for row in rows.values()]
        print(f"always {strategy}: {sum(loss <= WITHIN for loss in losses)} of {len(rows)}")


if __name__ == "__main__":
    main()
