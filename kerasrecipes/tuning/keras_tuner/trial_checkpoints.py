"""Checkpoints from which the trials of a tuner resume, and promoted trials continue."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import keras

from kerasrecipes.base.files import replacing
from kerasrecipes.training.resumable_checkpoint import ResumableCheckpoint

NAME = "checkpoint.npz"


def checkpoint_of(
    folder: Path, callbacks: Sequence[keras.callbacks.Callback]
) -> ResumableCheckpoint:
    """Returns the checkpoint in a trial's folder.

    Args:
        folder: The folder of the trial.
        callbacks: The callbacks of the trial. Their states are saved, except for TensorBoard's,
            which is that of its logs.
    """
    saved = [c for c in callbacks if not isinstance(c, keras.callbacks.TensorBoard)]
    return ResumableCheckpoint(folder / NAME, saved)


def resuming(
    folder: Path, parent: Path | None, callbacks: Sequence[keras.callbacks.Callback]
) -> tuple[list[keras.callbacks.Callback], int]:
    """Returns the callbacks of a trial and those that save and restore it, and its first epoch.

    Args:
        folder: The folder of the trial.
        parent: The folder of the trial that it continues; `None` if it continues none.
        callbacks: The callbacks of the trial.
    """
    checkpoint = checkpoint_of(folder, callbacks)
    if not checkpoint.path.exists() and parent is not None:
        copy_checkpoint(parent, folder)
    return [*callbacks, Restore(checkpoint), checkpoint], checkpoint.finished_epochs


def copy_checkpoint(parent: Path, folder: Path) -> None:
    """Copies the checkpoint of a promoted trial's parent into the trial's own folder.

    checkpoint.npz is copied last and whole: where it exists, the copy is complete. When a search
    ends, checkpoints are deleted: if it goes on later, the trial is trained from its beginning.
    """
    if not (parent / NAME).exists():
        return
    for path in parent.glob("checkpoint.weights.h5"):
        shutil.copy(path, folder)
    with replacing(folder / NAME) as temporary:
        shutil.copy(parent / NAME, temporary)


def delete_checkpoint(folder: Path) -> None:
    """Deletes the checkpoint in a trial's folder, and the one before it."""
    for path in folder.glob(f"*{NAME}"):
        path.unlink()


class Restore(keras.callbacks.Callback):
    """Restores the model from a checkpoint before its first epoch."""

    def __init__(self, checkpoint: ResumableCheckpoint):
        super().__init__()
        self.checkpoint = checkpoint

    def on_train_begin(self, logs=None):
        self.checkpoint.restore(self.model)
