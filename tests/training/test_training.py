import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import filelock
import keras
import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.building.class_weighting import class_weights
from kerasrecipes.training.files.run_folders import runs_of
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=30),
    augment=[use("RandomTranslation", height_factor=0.1, width_factor=0.1)],
    model=use("MLP", units=[16], dropout_rate=0.1),
    optimizer=use("Adam", learning_rate=use("CosineDecay", initial_learning_rate=0.01)),
    epochs=4,
)


class Interrupt(keras.callbacks.Callback):
    """Ends a process's training in mid-epoch, as Ctrl-C does."""

    def __init__(self, epoch: int):
        super().__init__()
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.params["epochs"] and self.epoch_now == self.epoch and batch == 1:
            raise KeyboardInterrupt

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_now = epoch


def without_seconds(run):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]


def assert_same(run, other):
    assert without_seconds(run) == without_seconds(other)
    assert run.metrics == other.metrics
    for name, array in run.predictions.items():
        np.testing.assert_array_equal(array, other.predictions[name])
    for left, right in zip(run.load_model().weights, other.load_model().weights, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(RECIPE, directory=tmp_path_factory.mktemp("runs"), verbose=0)


def test_the_data_of_a_run_are_loaded_only_as_they_were(run):
    assert run.load_dataset().hash == run.data["hash"]
    other = Run(run.folder)
    other.data["hash"] = "0" * 64
    with pytest.raises(ValueError, match="have changed since .* Expected the hash 000000000000"):
        other.load_dataset()


def test_a_run_folder_holds_everything(run):
    there = {path.name for path in run.folder.iterdir()}
    assert there == {
        "model.keras", "recipe.json", "history.csv", "metrics.json", "environment.json",
        "predictions.npz", "examples.npz", "data.json", "logs", "final_state",
    }  # fmt: skip
    assert run.recipe == RECIPE
    assert [row["epoch"] for row in run.history] == [1, 2, 3, 4]
    assert run.history[0]["learning_rate"] == pytest.approx(0.01)
    assert run.history[2]["learning_rate"] == pytest.approx(0.005)


def test_scores_are_those_of_the_saved_model(run):
    splits = Digits(classes=(0, 1, 2), examples_per_class=30).load().splits
    for name in ("validation", "test"):
        split = splits[name]
        images = split.read(np.arange(len(split)))
        model = run.load_model()
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(keras.ops.softmax(model.predict(images, verbose=0))),
            run.predictions[f"{name}_probabilities"],
            atol=1e-5,
        )
        loss, accuracy = model.evaluate(images, split.labels, verbose=0)
        assert run.metrics[name]["loss"] == pytest.approx(loss, rel=1e-4)
        assert run.metrics[name]["accuracy"] == pytest.approx(accuracy)
        assert run.metrics[name]["n"] == len(split)


def test_the_best_epoch_by_the_monitored_metric_is_kept(run):
    accuracies = [row["val_accuracy"] for row in run.history]
    assert run.metrics["epoch"] == int(np.argmax(accuracies)) + 1
    assert run.metrics["validation"]["accuracy"] == pytest.approx(max(accuracies))


def test_the_saved_model_needs_nothing_but_keras(run):
    code = f"""
        import keras, numpy, sys
        model = keras.saving.load_model({str(run.folder / "model.keras")!r})
        print(model.predict(numpy.zeros((2, 8, 8, 1), "uint8"), verbose=0).shape)
        assert "kerasrecipes" not in sys.modules
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert "(2, 3)" in done.stdout, done.stderr


@pytest.mark.tensorflow_only
def test_the_same_seed_gives_the_same_run_to_the_last_digit(run, tmp_path):
    assert_same(train(RECIPE, directory=tmp_path, verbose=0), run)


def test_another_seed_gives_another_run(run, tmp_path):
    other = train(RECIPE.replace({"seed": 1}), directory=tmp_path, verbose=0)
    assert without_seconds(other) != without_seconds(run)


def test_a_finished_run_is_reused(run):
    before = (run.folder / "metrics.json").stat().st_mtime_ns
    again = train(RECIPE, directory=run.folder.parent, verbose=0)
    assert again.folder == run.folder
    assert (run.folder / "metrics.json").stat().st_mtime_ns == before


def test_an_interrupted_run_goes_on_and_ends_with_the_same_numbers(run, tmp_path, monkeypatch):
    interrupted = RECIPE.replace({})
    monkeypatch.setattr(
        "kerasrecipes.training.fit.TensorBoardScalars", lambda directory: Interrupt(epoch=2)
    )
    with pytest.raises(KeyboardInterrupt):
        train(interrupted, directory=tmp_path, verbose=0)
    monkeypatch.undo()
    (folder,) = tmp_path.iterdir()
    assert not (folder / "metrics.json").exists()
    assert not (folder / "lock").exists()
    assert_same(train(interrupted, directory=tmp_path, verbose=0), run)


@pytest.mark.slow
@pytest.mark.tensorflow_only
def test_runs_killed_at_ten_random_moments_end_with_the_same_numbers(run, tmp_path):
    code = f"""
        from kerasrecipes.recipe.recipe import Recipe
        from kerasrecipes.training.training import train
        train(Recipe.from_dict({RECIPE.to_dict()!r}), directory={str(tmp_path)!r}, verbose=0)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    rng = np.random.default_rng(0)
    kills = 0
    began = time.perf_counter()
    while kills < 10:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Most of the time goes into imports: wait for the run folder, then for a random moment.
        while not list(tmp_path.glob("*/data.json")) and process.poll() is None:
            time.sleep(0.05)
        if kills:
            time.sleep(3)
        time.sleep(rng.uniform(0, 5))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        if list(tmp_path.glob("*/metrics.json")):
            # Finished before the last kill: begin another one.
            (folder,) = tmp_path.iterdir()
            assert_same(type(run)(folder), run)
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            folder.rmdir()
        assert time.perf_counter() - began < 900
    assert_same(train(RECIPE, directory=tmp_path, verbose=0), run)


def copied(run, directory, *names):
    """Returns a folder in a directory with the name and some of the files of a run."""
    folder = directory / run.name
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes((run.folder / name).read_bytes())
    return folder


def test_a_folder_with_another_run_is_refused(run, tmp_path):
    folder = copied(run, tmp_path, "recipe.json", "metrics.json", "environment.json")
    (folder / "data.json").write_text(json.dumps(run.data | {"hash": "0" * 64}))
    with pytest.raises(ValueError, match=r"holds another run.*0000.*another name") as caught:
        train(RECIPE, directory=tmp_path, verbose=0)
    assert "overwrite" not in str(caught.value)


def write_folder(folder, shade):
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("test", 2)):
        for label in range(2):
            (folder / split / str(label)).mkdir(parents=True)
            for n in range(count):
                pixels = rng.integers(100 * label, 100 * label + shade, (8, 8, 3), "uint8")
                Image.fromarray(pixels).save(folder / split / str(label) / f"{n}.png")


def test_two_data_sets_have_two_folders_under_one_fingerprint(tmp_path):
    write_folder(tmp_path / "one", 100)
    write_folder(tmp_path / "other", 20)
    data = use("ImageFolder", directory=str(tmp_path / "one"), image_size=8)
    recipe = RECIPE.replace({"data": data, "augment": [], "epochs": 1})
    other = recipe.replace({"data.directory": str(tmp_path / "other")})
    assert other.fingerprint == recipe.fingerprint
    runs = [train(r, directory=tmp_path / "runs", verbose=0) for r in (recipe, other)]
    assert runs[0].data["hash"] != runs[1].data["hash"]
    assert len({run.folder for run in runs}) == 2
    for each, run in zip((recipe, other), runs, strict=True):
        assert run.name == f"run-{each.fingerprint}-{run.data['hash'][:8]}-v{NUMERICS_VERSION}"
        before = (run.folder / "metrics.json").stat().st_mtime_ns
        assert train(each, directory=tmp_path / "runs", verbose=0).folder == run.folder
        assert (run.folder / "metrics.json").stat().st_mtime_ns == before
    # The same holds for runs to start from: only one of the two was trained on these data.
    started = train(
        other.replace({"start": recipe.to_dict()}), directory=tmp_path / "runs", verbose=0
    )
    assert started.finished
    names = {path.name for path in (tmp_path / "runs").iterdir()}
    assert len(names) == 3, "the start run must be that of the start recipe's own data"


@pytest.mark.parametrize("version", [None, NUMERICS_VERSION + 1])
def test_a_run_of_another_numerics_version_is_shown_and_not_reused(
    run, tmp_path, monkeypatch, version
):
    folder = copied(run, tmp_path, *(p.name for p in run.folder.iterdir() if p.is_file()))
    environment = {k: v for k, v in run.environment.items() if k != "numerics_version"}
    if version is not None:
        environment["numerics_version"] = version
    (folder / "environment.json").write_text(json.dumps(environment))
    older = folder.rename(tmp_path / f"run-{RECIPE.fingerprint}") if version is None else folder
    earlier = Run(older)
    assert earlier.numerics_version == (version or 1)
    assert earlier.metrics == run.metrics
    assert earlier.load_model().count_params() == run.load_model().count_params()
    assert runs_of(tmp_path, "run", RECIPE.fingerprint)[0].folder == older
    short = RECIPE.replace({"epochs": 1})
    with pytest.raises(ValueError, match=r"numerics version \d+, and now it is .*recipe.json"):
        train(short.replace({"start": str(older)}), directory=tmp_path, verbose=0)
    if version is None:
        (older / "metrics.json").unlink()  # As if it could be resumed.
        (older / "checkpoint").mkdir()
        assert train(RECIPE, directory=tmp_path, verbose=0).folder != older
    else:
        with pytest.raises(ValueError, match=f"numerics version is {version}"):
            train(RECIPE, directory=tmp_path, verbose=0)


def test_a_start_run_of_an_older_numerics_version_is_trained_anew(run, tmp_path):
    folder = copied(run, tmp_path, *(p.name for p in run.folder.iterdir() if p.is_file()))
    environment = {k: v for k, v in run.environment.items() if k != "numerics_version"}
    (folder / "environment.json").write_text(json.dumps(environment))
    folder.rename(tmp_path / f"run-{RECIPE.fingerprint}")
    later = RECIPE.replace({"start": RECIPE.to_dict(), "epochs": 1})
    train(later, directory=tmp_path, verbose=0)
    (new,) = runs_of(tmp_path, "run-start", RECIPE.fingerprint)
    assert new.numerics_version == NUMERICS_VERSION


def test_a_run_is_not_continued_on_another_backend(run, tmp_path):
    names = ["recipe.json", "data.json", "environment.json", "history.csv"]
    folder = copied(run, tmp_path, *names)
    environment = run.environment | {"backend": "numpy"}
    (folder / "environment.json").write_text(json.dumps(environment))
    here = keras.backend.backend()
    with pytest.raises(ValueError, match=f"with the backend numpy, and this is {here}"):
        train(RECIPE, directory=tmp_path, verbose=0)
    assert Run(folder).environment["backend"] == "numpy"
    (folder / "metrics.json").write_bytes((run.folder / "metrics.json").read_bytes())
    assert train(RECIPE, directory=tmp_path, verbose=0).folder == folder


def test_threads_of_a_process_train_one_after_the_other(run, tmp_path):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(train, RECIPE, directory=tmp_path / name, verbose=0)
            for name in ("one", "other")
        ]
    for job in jobs:
        assert without_seconds(job.result()) == without_seconds(run)


def test_two_processes_cannot_work_on_one_run(run):
    with filelock.FileLock(run.folder / "lock"):
        (run.folder / "lock").write_text("process 12 on host")
        with pytest.raises(BlockingIOError, match=r"at work in .*: process 12 on host\. Wait"):
            train(RECIPE, directory=run.folder.parent, overwrite=True, verbose=0)
    assert run.finished


def test_bad_options_leave_nothing_behind(tmp_path):
    for changes, message in [
        ({"model.units": [-1]}, "units"),
        ({"class_weight": {"7": 2.0}}, "class_weight"),
        ({"monitor": "val_acuracy"}, "Did you mean 'val_accuracy'"),
        ({"model": "json:dumps"}, "obj"),
    ]:
        with pytest.raises(ValueError, match=message):
            train(RECIPE.replace(changes), directory=tmp_path, verbose=0)
        assert list(tmp_path.iterdir()) == []


def test_a_recipe_starts_from_another_run(run, tmp_path):
    directory = run.folder.parent
    changes = {"start": RECIPE.to_dict(), "epochs": 1, "optimizer.learning_rate": 1e-9}
    later = RECIPE.replace(changes)
    started = train(later, directory=directory, verbose=0)
    expected = run.load_model().get_weights()
    for ours, theirs in zip(started.load_model().get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert later.fingerprint == later.replace({"start": str(run.folder)}).fingerprint
    assert len(list(directory.iterdir())) == 2, "the first run must be reused, not trained again"


def test_starting_from_another_architecture_names_the_difference(run):
    other = RECIPE.replace({"start": str(run.folder), "model.units": [8]})
    with pytest.raises(ValueError, match=r"weight 0 must be kernel of shape \(64, 8\).*\(64, 16\)"):
        train(other, directory=run.folder.parent, verbose=0)


def test_averaged_weights_are_scored_and_kept(tmp_path):
    averaging = RECIPE.replace({"optimizer.use_ema": True, "averaging": True, "epochs": 2})
    run = train(averaging, directory=tmp_path, verbose=0)
    assert run.metrics["validation"]["accuracy"] == pytest.approx(
        max(row["val_accuracy"] for row in run.history)
    )
    with pytest.raises(ValueError, match="optimizer that holds averages"):
        train(RECIPE.replace({"averaging": True}), directory=tmp_path, verbose=0)


def test_a_warmup_as_long_as_the_run_is_named_by_its_path():
    warmed = use("CosineDecay", initial_learning_rate=0.0, warmup_target=0.1, warmup_epochs=4)
    recipe = RECIPE.replace({"optimizer.learning_rate": warmed})
    with pytest.raises(ValueError, match="warmup of CosineDecay must be shorter") as refused:
        build_recipe(recipe, recipe.data.build("data").load())
    assert refused.value.__notes__[-1] == (
        "If the run is too short for it, shorten optimizer.learning_rate.warmup_epochs=4."
    )


def test_class_weights_by_name_and_balanced():
    dataset = Digits(classes=(0, 1)).load()
    recipe = RECIPE.replace({"class_weight": {"1": 3.0}})
    assert class_weights(recipe, dataset) == {0: 1.0, 1: 3.0}
    weights = class_weights(RECIPE.replace({"class_weight": "balanced"}), dataset)
    counts = np.bincount(dataset.train.labels)
    np.testing.assert_allclose([weights[c] * counts[c] for c in (0, 1)], counts.sum() / 2)
    weights = class_weights(RECIPE.replace({"class_weight": "effective_number"}), dataset)
    effective = (1 - 0.999**counts) / (1 - 0.999)
    np.testing.assert_allclose(weights[0] * effective[0], weights[1] * effective[1])
    assert weights[0] + weights[1] == pytest.approx(2)


def test_preprocessing_adapts_to_the_training_split_and_is_saved(tmp_path):
    recipe = RECIPE.replace({"preprocessing": [use("Normalization", axis=None)], "epochs": 1})
    dataset = Digits(classes=(0, 1, 2), examples_per_class=30).load()
    layer = build_recipe(recipe, dataset).model.layers[1]
    pixels = dataset.train.images.astype("float64")
    assert float(np.squeeze(layer.mean)) == pytest.approx(pixels.mean(), rel=1e-5)
    assert float(np.squeeze(layer.variance)) == pytest.approx(pixels.var(), rel=1e-5)


def test_precision_is_the_model_s_and_not_left_behind():
    dataset = Digits(classes=(0, 1, 2), examples_per_class=30).load()
    model = build_recipe(RECIPE.replace({"precision": "mixed_bfloat16"}), dataset).model
    assert keras.config.dtype_policy().name == "float32"
    assert {layer.compute_dtype for layer in model.layers[-1].layers[1:-1]} == {"bfloat16"}


def test_trains_without_tensorflow(tmp_path):
    """With TensorFlow kept from being imported, as where it has been uninstalled."""
    code = f"""
        import sys

        class NoTensorFlow:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == "tensorflow":
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, NoTensorFlow())
        from kerasrecipes.recipe.recipe import Recipe
        from kerasrecipes.training.training import train
        run = train(Recipe.from_dict({RECIPE.to_dict()!r}), directory={str(tmp_path)!r}, verbose=0)
        print(run.metrics["test"]["n"])
    """
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(Path.cwd())}
    pytest.importorskip("jax")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.stdout.strip().isdecimal(), done.stderr


def test_importing_the_package_imports_no_backend():
    heavy = "{'keras', 'tensorflow', 'jax', 'torch'}"
    code = f"import sys, kerasrecipes; print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
