import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.training.files.run_folders import run_folder
from tests.fake_train import FakeTrain

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "recipes" / "my_script.py")])
    monkeypatch.setattr(sys, "path", [*sys.path])
    allowed = tmp_path / "home" / "allowed-code.json"
    monkeypatch.setattr("kerasrecipes.cli.consent._path", lambda: allowed)


@pytest.fixture
def recipe():
    return Recipe(
        data="Digits",
        model=use("MLP", units=[8]),
        optimizer=use("SGD", momentum=0.9, learning_rate=0.1),
        epochs=3,
    )


@pytest.fixture
def folder_of():
    """Returns the run folder of a recipe of `my_script`, below a directory."""

    def folder_of(recipe, directory="saved_models"):
        data_hash = recipe.data.build("data").load().hash
        return run_folder(directory, "my_script", recipe.fingerprint, data_hash)

    return folder_of


@pytest.fixture
def train(monkeypatch):
    fake = FakeTrain()
    monkeypatch.setattr("kerasrecipes.training.train", fake)
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", fake)
    monkeypatch.setattr("kerasrecipes.report.write_report", _write_report)
    return fake


def _write_report(run):
    path = run.folder / "report.html"
    path.write_text(f"{path.exists()}")
    return path


@pytest.fixture
def output(capsys):
    """Runs a command line; returns its exit code, and what it wrote to stdout and stderr."""

    def run(command, *arguments):
        code = 0
        try:
            command(*arguments)
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def in_a_process():
    """Starts Python with a program and its arguments."""

    def start(program, *arguments):
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    return start
