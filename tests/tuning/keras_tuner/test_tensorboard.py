from pathlib import Path

import keras
import pytest

from kerasrecipes.tuning import CoarseToFine
from kerasrecipes.tuning.keras_tuner.hparams_log import log_hyperparameters
from tests.tuning.keras_tuner.test_coarse_to_fine import IMAGES, LABELS, build


def sessions(folder: Path) -> dict[str, tuple[str, dict]]:
    """Returns trial and values of each HParams session below a folder, by its path in it."""
    from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data as parse

    found = {}
    for path, value in _values(folder):
        if value.metadata.plugin_data.plugin_name == "hparams" and "session_start" in value.tag:
            info = parse(value.metadata.plugin_data.content)
            values = {
                name: getattr(given, given.WhichOneof("kind"))
                for name, given in info.hparams.items()
            }
            found[str(path.parent.relative_to(folder))] = info.group_name, values
    return found


def scalars(folder: Path) -> dict[str, list[int]]:
    """Returns the steps of each scalar below a folder, by its folder and tag."""
    found: dict[str, list[int]] = {}
    for path, value in _values(folder, with_step=True):
        step, value = value
        if value.metadata.plugin_data.plugin_name == "scalars" or value.tag.startswith("epoch_"):
            found.setdefault(f"{path.parent.relative_to(folder)}/{value.tag}", []).append(step)
    return found


def _values(folder: Path, with_step=False):
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    for path in sorted(folder.rglob("*tfevents*")):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                yield path, (event.step, value) if with_step else value


def test_values_of_all_kinds_are_read_back(tmp_path):
    changes = {"rate": 0.5, "units": (8, 16), "optimizer": "SGD", "nesterov": True, "size": 3}
    for _ in range(2):
        log_hyperparameters(tmp_path / "logs", changes, "0007")
    assert len(list((tmp_path / "logs").iterdir())) == 1
    shown = {"rate": 0.5, "units": "[8, 16]", "optimizer": "SGD", "nesterov": True, "size": 3.0}
    assert sessions(tmp_path) == {"logs": ("0007", shown)}


@pytest.mark.tensorflow_only
def test_keras_tuners_hparams_with_a_continued_trial(tmp_path):
    tuner = CoarseToFine(
        build, "val_accuracy", rungs="2x1,1x3", seed=0, directory=str(tmp_path / "search")
    )
    callbacks = [keras.callbacks.TensorBoard(str(tmp_path / "logs"))]
    given = {"validation_data": (IMAGES, LABELS), "verbose": 0, "callbacks": callbacks}
    tuner.search(IMAGES, LABELS, **given)
    found = sessions(tmp_path / "logs")
    trials = tuner.oracle.observations()
    assert {path.split("/")[0] for path in found} == {trial.name for trial in trials}
    for path, (_, values) in found.items():
        assert set(values) == {"units", "rate"}
        trial = tuner.oracle.get_trial(path.split("/")[0])
        assert values["units"] == trial.hyperparameters.values["units"]
    (promoted,) = [trial for trial in trials if trial.parent is not None]
    steps = scalars(tmp_path / "logs")
    own = [steps[key] for key in steps if _is(key, promoted.name, "validation/epoch_accuracy")]
    assert own == [[1, 2]], "its own epochs, in its own folder"
    parents = [steps[key] for key in steps if _is(key, promoted.parent, "epoch_accuracy")]
    assert parents == [[0], [0]], "training and validation"


def _is(key: str, trial: str, end: str) -> bool:
    return key.startswith(trial) and key.endswith(end)
