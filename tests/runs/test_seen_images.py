import shutil

import numpy as np
import pytest

from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.runs.prediction import split_of_files
from kerasrecipes.runs.seen_images import SeenImages, _offline, count_seen_images
from tests.digits_run import write_digits
from tests.fake_train import FakeTrain


def run_of(data, directory):
    return FakeTrain()(Recipe(data=data, model="MLP", epochs=1), directory=directory)


def files(run, root):
    names = sorted(path.relative_to(root).as_posix() for path in root.glob("*/*.png"))
    return split_of_files(run, root, names, np.zeros(len(names)))


@pytest.mark.parametrize("in_memory", [True, False])
def test_the_images_of_its_own_folder_are_known(tmp_path, in_memory):
    write_digits(tmp_path / "own", 60)
    options = {"image_size": 8, "channels": 1, "in_memory": in_memory, "test_fraction": 0.2}
    data = use("ImageFolder", directory=str(tmp_path / "own"), classes=["1", "2", "3"], **options)
    run = run_of(data, tmp_path / "runs")
    judged = files(run, tmp_path / "own")
    sizes = run.data["sizes"]
    assert count_seen_images(run, judged) == SeenImages(sizes["train"], sizes["validation"])
    # The same files under other names, and without those that were trained on.
    shutil.copytree(tmp_path / "own", tmp_path / "copy")
    for path in (tmp_path / "copy").glob("*/*.png"):
        path.rename(path.with_name(f"copy of {path.name}"))
    assert count_seen_images(run, files(run, tmp_path / "copy")) == count_seen_images(run, judged)
    for name in "0456789":
        shutil.rmtree(tmp_path / "copy" / name)
    counts = count_seen_images(run, files(run, tmp_path / "copy"))
    assert counts == SeenImages(sizes["train"], sizes["validation"])


def test_arrays_are_known_by_their_pixels(tmp_path):
    digits = Digits().load()
    for name, split in (("own", digits.train), ("new", digits.test)):
        np.savez(tmp_path / f"{name}.npz", x_train=split.images, y_train=split.labels)
    own, new = (use("Npz", path=str(tmp_path / f"{name}.npz")) for name in ("own", "new"))
    run = run_of(own, tmp_path / "runs")
    loaded = own.build("data").load()
    for name, expected in (
        ("train", SeenImages(len(loaded.train), 0)),
        ("validation", SeenImages(0, len(loaded.validation))),
    ):
        assert count_seen_images(run, loaded.splits[name], loaded) == expected
        assert count_seen_images(run, loaded.splits[name]) == expected
    assert count_seen_images(run, new.build("data").load().train) == SeenImages(0, 0)


def test_images_that_are_gone_or_changed_are_not_known(tmp_path):
    split = Digits().load().train
    path = tmp_path / "own.npz"
    np.savez(path, x_train=split.images, y_train=split.labels)
    run = run_of(use("Npz", path=str(path)), tmp_path / "runs")
    np.savez(path, x_train=255 - split.images, y_train=split.labels)
    assert count_seen_images(run, split) is None
    path.unlink()
    assert count_seen_images(run, split) is None


def test_nothing_is_downloaded_and_no_code_of_others_is_run():
    tfds = use("TFDS", name="mnist")
    assert _offline(tfds).options["download"] is False
    nested = use("CrossValidation", data=tfds, folds=3)
    assert _offline(nested).options["data"].options["download"] is False
    own = type(tfds)("no_such_module:Source", {})
    assert _offline(own) is None
    assert _offline(type(tfds)("CrossValidation", {"data": own})) is None
