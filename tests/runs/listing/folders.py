"""Run folders with their small files alone, for tests of what lists them."""

import json
from pathlib import Path

EVIL = '</script><img src=x onerror="alert(1)">'


def write_run(directory: Path, number: int, *, finished=True, name="train", **options) -> Path:
    """Writes the small files of a run, whose scores grow with its number."""
    folder = directory / f"{name}-{number:012x}-01234567-v3"
    folder.mkdir(parents=True)
    recipe = {
        "kerasrecipes": 1,
        "data": {"use": "Digits"},
        "model": {"use": "MLP", "units": [8]},
        "optimizer": {"use": "SGD", "momentum": 0.9},
        "epochs": 3,
        "seed": 0,
        **options,
    }
    accuracy = 0.5 + number / 100
    score = {"loss": 0.1, "accuracy": accuracy, "n": 100}
    score["accuracy_interval"] = [accuracy - 0.1, accuracy + 0.1]
    files = {
        "recipe.json": recipe,
        "data.json": {
            "source": "digits",
            "hash": "01234567" * 8,
            "sizes": {"train": 10},
            "class_names": ["a", "b"],
            "image_shape": [8, 8, 1],
            "value_range": [0, 255],
        },
        "environment.json": {
            "numerics_version": 3,
            "started": f"2026-01-02T03:04:{number % 60:02d}+00:00",
            "wall_seconds": 10.0 * number,
        },
    }
    if finished:
        files["metrics.json"] = {
            "epoch": 3,
            "monitor": "val_accuracy",
            "validation": score,
            "test": {**score, "accuracy": accuracy - 0.01},
            "parameters": {"total": 5, "trainable": 5},
        }
    for file, contents in files.items():
        (folder / file).write_text(json.dumps(contents))
    epochs = range(1, 4 if finished else 2)
    rows = "".join(f"{e},{1 / e},{accuracy * (1 - 0.5 / e)},1.0\n" for e in epochs)
    (folder / "history.csv").write_text(f"epoch,loss,val_accuracy,seconds\n{rows}")
    return folder


def write_search(directory: Path, name="search-000000000001-01234567-v3") -> Path:
    """Writes the small files of a finished search with a run."""
    folder = directory / name
    folder.mkdir(parents=True)
    (folder / "search.json").write_text(json.dumps({"objective": "val_accuracy"}))
    (folder / "result.json").write_text(json.dumps({"score": {"mean": 0.75, "n": 3}}))
    (folder / "trials.csv").write_text("trial,score\na,0.5\nb,0.75\n")
    write_run(folder / "runs", 9, name="finalist")
    return folder
