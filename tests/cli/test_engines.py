import argparse

import pytest

from kerasrecipes.cli import console, main
from kerasrecipes.cli.engines import add_engine, asked_engine
from kerasrecipes.engine import RayEngine
from tests.runs.trainings.threads import ThreadEngine

SEEDS = ["train", "--seeds", "0", "1", "2"]


@pytest.fixture
def opened(monkeypatch):
    """The engines that are opened, which are of threads."""
    found = []

    def engine(workers):
        found.append(ThreadEngine(workers))
        return found[-1]

    monkeypatch.setattr("kerasrecipes.engine.ProcessEngine", engine)
    return found


def test_seeds_on_workers_show_what_one_process_shows(recipe, train, output, opened):
    alone = output(main, recipe, None, [*SEEDS, "--directory", "alone"])
    code, out, _ = output(main, recipe, None, [*SEEDS, "--workers", "2", "--directory", "many"])
    assert code == alone[0] == 0
    table = [line for line in out.splitlines() if line[:1].isdigit() or line.startswith("mean")]
    assert table == [line for line in alone[1].splitlines() if line in table]
    assert len(table) == 4
    assert out.count("epoch 3/3") == 3, "a line where a training ends"
    (engine,) = opened
    assert engine.workers == 2
    assert not engine.is_open


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["train", "--workers", "2"], "`--workers` and `--engine` need `--seeds`"),
        ([*SEEDS, "--workers", "0"], "`workers` must be an integer of at least 1"),
        ([*SEEDS, "--workers", "2", "--cpus", "2"], "`--cpus` is for `--engine ray`"),
        ([*SEEDS, "--engine", "processes"], "`--engine processes` needs `--workers`"),
        ([*SEEDS, "--engine", "ray", "--gpus", "-1"], "`gpus` must be a number of at least 0"),
        ([*SEEDS, "--engine", "dask"], "choose from"),
    ],
)
def test_bad_input_is_one_line(recipe, train, output, argv, message):
    code, _, err = output(main, recipe, None, argv)
    assert code == 2
    assert message in err.splitlines()[-1]
    assert not train.trained


def test_ray_that_is_not_installed_is_named_with_its_command(recipe, train, output, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    code, _, err = output(main, recipe, None, [*SEEDS, "--engine", "ray"])
    assert code == 2
    assert err == "error: This engine needs Ray: pip install 'kerasrecipes[ray]'\n"


def test_what_is_asked_of_ray(monkeypatch):
    monkeypatch.setattr(RayEngine, "open", lambda self: None)
    parser = argparse.ArgumentParser()
    add_engine(parser, "seeds")
    argv = ["--engine", "ray", "--address", "10.0.0.1:6379", "--cpus", "4", "--gpus", "0.5"]
    argv += ["--workers", "3"]
    with asked_engine(parser.parse_args(argv)) as engine:
        asked = (engine.address, engine.cpus, engine.gpus, engine.workers)
    assert asked == ("10.0.0.1:6379", 4, 0.5, 3)


def test_images_are_trained_by_one_process(output, tmp_path):
    (tmp_path / "images" / "a").mkdir(parents=True)
    code, _, err = output(console, ["train", "images", "--workers", "2"])
    assert code == 2
    assert "`--workers` is for a recipe" in err
