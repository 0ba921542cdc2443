"""The diagnosis of a training after it, from what it has left behind."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.reading.sources import read
from kerasrecipes.diagnostics.record.data_facts import Data, Values
from kerasrecipes.diagnostics.record.model_facts import Loss, Optimizer, Output
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.judging import judged


def diagnose(
    history: Any,
    *,
    model: Any = None,
    batch_size: int | None = None,
    samples: int | None = None,
    validation_samples: int | None = None,
    class_counts: Sequence[int] | None = None,
    shuffled: bool | None = None,
    epochs: int | None = None,
    restarts: Sequence[int] = (),
    stopped_by: str | None = None,
    optimizer: str | None = None,
    learning_rate: float | None = None,
    loss: str | None = None,
    fit: int = -1,
    ignore: Collection[str] = (),
) -> Diagnosis:
    """Says what is wrong with a training that is over, by its curves and what else is known of it.

    Noise is estimated from the curves themselves. A decay's steps, bumps of restarts, warmup, an
    early stop, and a gap between training and validation that does no harm are no illness. Without
    a `model`, nothing of Keras is imported.

    When to use: for trainings that were not watched. `check` before and `Doctor` during a training
    see more: half of what goes wrong is not in the curves.

    Args:
        history: What the training has left behind: the `History` that `fit` returns, a run or its
            folder, a dictionary of lists by `"loss"`, `"val_loss"`, `"accuracy"`, ..., the path of
            a CSV file (of Keras, of Lightning, of a run), of a folder of TensorBoard's, or of a
            text file; or the text that a training has printed, as it is copied from a terminal.
        model: The compiled model, whose facts are judged, too. Defaults to that of the `History`.
        batch_size: Positive integer, the number of samples in a batch, if it is known; as is each
            further fact.
        samples: Positive integer, the number of training samples.
        validation_samples: Integer, the number of validation samples.
        class_counts: How often each class occurs among the training samples.
        shuffled: Whether the samples are shuffled in each epoch.
        epochs: Positive integer, the number of epochs that were asked for.
        restarts: The epochs, counted from 0, at which the schedule begins anew.
        stopped_by: The class of the callback that ended the training before, such as
            `"EarlyStopping"`.
        optimizer: The name of the optimizer's class, such as `"Adam"`.
        learning_rate: Positive float, the greatest one of the training.
        loss: The name of the loss, such as `"categorical_crossentropy"`.
        fit: Integer, which of several trainings in a text: 0 for the first, -1 for the last.
        ignore: Kinds of findings that are left out.

    Raises:
        TypeError: If `history` is none of these.
        ValueError: If there is no loss by epochs in it, a file is damaged, or a fact is out of
            range.

    Example:

    >>> epochs = np.arange(30.0)
    >>> curves = {"loss": np.exp(-epochs / 5), "val_loss": 0.5 + (epochs / 20 - 0.5) ** 2}
    >>> print(diagnose(curves).verdict())
    warning: The validation loss was least in epoch 11, 0.5, and rose to 1.18, while that in
    training went on falling, to 0.00303.
    """
    numbers = {"batch_size": batch_size, "samples": samples, "epochs": epochs}
    for name, value in numbers.items():
        if value is not None:
            check_integer(name, value, at_least=1)
    if validation_samples is not None:
        check_integer("validation_samples", validation_samples, at_least=0)
    if learning_rate is not None:
        check_number("learning_rate", learning_rate, above=0)
    record = read(history, fit)
    # A dictionary, a path and a text have no such attribute, and a run no model in memory.
    model = getattr(history, "model", None) if model is None else model
    if model is not None:
        record = _with_model(record, model)
    data = {
        "batch_size": batch_size,
        "samples": samples,
        "validation_samples": validation_samples,
        "shuffled": shuffled,
    }
    ended = {
        "planned_epochs": epochs,
        "restarts": tuple(restarts) or None,
        "stopped_by": stopped_by,
    }
    record = replace(
        record,
        data=_updated(record.data, data, Data),
        series=_updated(record.series, ended, Series),
        outputs=record.outputs or _outputs(loss, class_counts),
    )
    if record.optimizer is None and optimizer is not None:
        record = replace(record, optimizer=Optimizer(optimizer, learning_rate))
    return judged(record, ignore)


def _updated(part: Any, facts: dict[str, Any], kind: type) -> Any:
    """Returns a part of a record with the facts that are known; `None` if nothing is."""
    known = {name: value for name, value in facts.items() if value is not None}
    return replace(part or kind(), **known) if known else part


def _outputs(loss: str | None, class_counts: Sequence[int] | None) -> tuple[Output, ...]:
    """Returns the output of a model of which only this is known."""
    if loss is None and class_counts is None:
        return ()
    targets = None
    if class_counts is not None:
        counts = tuple(int(count) for count in class_counts)
        if not counts or min(counts) < 0 or not sum(counts):
            raise ValueError(
                "`class_counts` must be numbers of samples, not all of them 0. "
                f"Received: class_counts={class_counts!r}"
            )
        targets = Values((), "int64", sum(counts), class_counts=counts)
    return (Output("output", (), loss=Loss(loss, loss) if loss else None, targets=targets),)


def _with_model(record: Record, model: Any) -> Record:
    # It imports Keras.
    from kerasrecipes.diagnostics.facts.describing import described

    facts = described(model)
    return replace(
        record,
        model=facts.model,
        outputs=facts.outputs,
        optimizer=facts.optimizer,
        versions=facts.versions,
        missing=facts.missing,
    )
