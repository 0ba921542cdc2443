"""Checkpoint from which training resumes as if it had never been interrupted."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from kerasrecipes.base.files import replacing
from kerasrecipes.callbacks.model_state import assign, pack, state_variables, to_arrays, unpack
from kerasrecipes.recipe.signatures import arguments


class ResumableCheckpoint(keras.callbacks.Callback):
    """Saves everything that the remaining epochs depend on, after every epoch, in one file.

    The file holds the model's variables, with the states of its seed generators, which neither
    `.keras` nor `.weights.h5` files hold; the optimizer's variables; and the state of other
    callbacks. Their state consists of all attributes that are numbers, strings, arrays, or lists
    and dictionaries of these, except for those that are arguments.

    The file is replaced in one step and the previous file is kept. So a process that is killed
    loses no more than the epoch that it was in.

    Place it last in the list of callbacks that `fit` is given.

    Differs from `keras.callbacks.BackupAndRestore` in: callbacks such as `EarlyStopping` continue
    their counts; dropout continues its sequence of random numbers.

    Args:
        path: Path of the file, with the suffix `.npz`.
        callbacks: The callbacks whose state is saved and restored. To restore a file, give them in
            the same order as when it was written.

    Example:

    ```python
    early = keras.callbacks.EarlyStopping(patience=5)
    checkpoint = ResumableCheckpoint("checkpoint.npz", callbacks=[early])
    finished = checkpoint.restore(model)
    model.fit(..., initial_epoch=finished, callbacks=[early, checkpoint])
    ```
    """

    def __init__(self, path: str | Path, callbacks: Sequence[keras.callbacks.Callback] = ()):
        super().__init__()
        self.path = Path(path)
        self.callbacks = list(callbacks)
        self.stopped = False
        self._restored: list[dict] = []
        self._random: np.ndarray | None = None

    @property
    def finished_epochs(self) -> int:
        """The number of finished epochs in the last checkpoint; 0 without one."""
        saved = self._read()
        return 0 if saved is None else saved[0]["epochs"]

    def restore(self, model: keras.Model) -> int:
        """Restores the state of a compiled model and of the callbacks from the last checkpoint.

        Args:
            model: The model, compiled as it was when the checkpoint was written.

        Returns:
            The number of finished epochs, for `fit(initial_epoch=...)`; 0 without a checkpoint.
            Afterwards, the attribute `stopped` says whether a callback had ended the training.

        Raises:
            ValueError: If the checkpoint is of another model or optimizer.
        """
        saved = self._read()
        if saved is None:
            return 0
        header, arrays = saved
        model.optimizer.build(model.trainable_variables)
        variables = _variables(model)
        shapes = [tuple(v.shape) for v in variables]
        if shapes != [arrays[i].shape for i in header["variables"]]:
            raise ValueError(
                "The checkpoint must be one of this model and optimizer, but its variables have "
                f"other shapes. Received: {self.path}"
            )
        assign(variables, [arrays[i] for i in header["variables"]])
        self._random = _decoded(header["random"], arrays)
        self._restored = [_decoded(state, arrays) for state in header["callbacks"]]
        self.stopped = header["stopped"]
        self._restore_callbacks()
        return header["epochs"]

    def on_train_begin(self, logs=None):
        # A second time, because `EarlyStopping` and others reset their counts here.
        self._restore_callbacks()
        # Not earlier, because `fit` draws random numbers while it builds the model.
        _set_global_random_state(self._random)

    def on_epoch_end(self, epoch, logs=None):
        arrays: list[np.ndarray] = []
        header = {
            "epochs": epoch + 1,
            "stopped": bool(self.model.stop_training),
            "variables": [_index(arrays, a) for a in to_arrays(_variables(self.model))],
            "random": _encoded(_global_random_state(), arrays),
            "callbacks": [_encoded(_state(c), arrays) for c in self.callbacks],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        layout, data = pack(arrays)
        with replacing(self.path, durable=False) as temporary:
            np.savez(temporary, header=np.array(json.dumps(header | {"layout": layout})), data=data)
            if self.path.exists():
                self.path.replace(self._previous)

    def _restore_callbacks(self) -> None:
        for callback, state in zip(self.callbacks, self._restored, strict=False):
            vars(callback).update(state)

    @property
    def _previous(self) -> Path:
        return self.path.with_name(f"previous-{self.path.name}")

    def _read(self) -> tuple[dict, list[np.ndarray]] | None:
        for candidate in (self.path, self._previous):
            try:
                with candidate.open("rb") as opened, np.load(opened) as file:
                    header = json.loads(str(file["header"]))
                    return header, unpack(header["layout"], file["data"])
            except (FileNotFoundError, zipfile.BadZipFile, EOFError):
                continue
        return None


def _variables(model: keras.Model) -> list:
    return [*state_variables(model), *model.optimizer.variables]


def _global_random_state() -> np.ndarray | None:
    """Returns PyTorch's global random state, from which unseeded dropout draws on that backend."""
    if keras.backend.backend() != "torch":
        return None
    import torch

    return torch.get_rng_state().numpy()


def _set_global_random_state(state: np.ndarray | None) -> None:
    if state is not None:
        import torch

        torch.set_rng_state(torch.from_numpy(state))


def _state(callback: keras.callbacks.Callback) -> dict:
    """Returns the attributes of a callback that are plain values or arrays and no arguments.

    Arguments are given again when training resumes. They must not be restored on top, because a
    callback may change them: Keras's `EarlyStopping` flips the sign of its `min_delta`.
    """
    given = {"params", "_model", *arguments(type(callback))}
    own = {name: value for name, value in vars(callback).items() if name not in given}
    return {name: value for name, value in own.items() if _is_plain(value)}


def _is_plain(value) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(v) for v in value)
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    return value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic)


def _encoded(value, arrays: list[np.ndarray]):
    """Returns a value as plain data for JSON. Each array is moved to the list `arrays`.

    The plain data holds the array's index in the list instead.
    """
    if isinstance(value, np.ndarray | np.generic):
        return {"array": _index(arrays, value)}
    if isinstance(value, dict):
        return {"dict": {k: _encoded(v, arrays) for k, v in value.items()}}
    if isinstance(value, list | tuple):
        return [_encoded(v, arrays) for v in value]
    return value


def _decoded(value, arrays: list[np.ndarray]):
    if isinstance(value, list):
        return [_decoded(v, arrays) for v in value]
    if isinstance(value, dict) and "array" in value:
        return arrays[value["array"]]
    if isinstance(value, dict):
        return {k: _decoded(v, arrays) for k, v in value["dict"].items()}
    return value


def _index(arrays: list[np.ndarray], array) -> int:
    arrays.append(np.asarray(array))
    return len(arrays) - 1
