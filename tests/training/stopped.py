"""Trainings that are stopped, and the numbers by which they are compared with others."""

import keras


class Stop(keras.callbacks.Callback):
    """Ends a training before a step of an epoch, as a killed process would."""

    def __init__(self, epoch: int, step: int):
        super().__init__()
        self.epoch, self.step = epoch, step

    def on_epoch_begin(self, epoch, logs=None):
        self.is_now = epoch == self.epoch

    def on_train_batch_begin(self, batch, logs=None):
        if self.is_now and batch == self.step:
            raise KeyboardInterrupt


def numbers(run):
    """Returns all that a run computed: logs, scores, averages, predictions, weights, random states.

    Those of its snapshots are among them.
    """
    logs = [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]
    models = [run.load_model(), *(snapshot.load_model() for snapshot in run.snapshots)]
    arrays = [keras.ops.convert_to_numpy(v) for model in models for v in model.variables]
    for predictions in (run.predictions, *(snapshot.predictions for snapshot in run.snapshots)):
        arrays += predictions.values()
    table = run.folder / "averages.json"
    averages = table.read_text() if table.is_file() else None
    return logs, run.metrics, averages, [array.tobytes() for array in arrays]
