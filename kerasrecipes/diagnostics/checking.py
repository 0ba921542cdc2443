"""The check of a model and its data before a training."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import keras

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.diagnostics.facts.describing import described
from kerasrecipes.diagnostics.facts.given import Given, given_data
from kerasrecipes.diagnostics.facts.optimizers import optimizer_facts
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.gradient_checking import gradient_errors
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.record.trials import Trials
from kerasrecipes.diagnostics.rules.judging import judged
from kerasrecipes.diagnostics.trying.all_trials import tried
from kerasrecipes.diagnostics.trying.building import build


def check(
    model: keras.Model,
    x,
    y=None,
    *,
    batch_size: int | None = None,
    epochs: int | None = None,
    validation_split: float = 0.0,
    validation_data=None,
    shuffle: bool = True,
    class_weight=None,
    sample_weight=None,
    steps_per_epoch: int | None = None,
    seconds: float = 10.0,
    gradients: bool = False,
    ignore: Collection[str] = (),
    seed: int = 0,
    record: str | Path | None = None,
) -> Diagnosis:
    """Says, before a training, what is wrong with it.

    It looks at how the model's parts and the data fit together, and trains for a few steps, which
    it undoes: the loss of the untrained model against what the loss predicts; a training on 20
    samples, which a model that can learn learns by heart; training against inference mode; the same
    steps on inputs of zeros and on the targets of other samples; and a test of learning rates. What
    cannot run is listed with its reason.

    Afterwards weights, statistics, random states and the optimizer are what they were, even if the
    check is interrupted: it trains with an optimizer made anew from the config. A model that is not
    built is built as `fit` builds it. Two things cannot be undone: Keras builds
    metrics by the first batch, for which `fit` draws one more order of samples on JAX and PyTorch
    if they are not built; and numbers that a layer draws without a `keras.random.SeedGenerator` of
    its own.

    When to use: before the first training of a model, and after each change of model or data.

    Args:
        model: A compiled model: functional, sequential or subclassed.
        x: As for `fit`, and so are all arguments up to `steps_per_epoch`: arrays, a
            `tf.data.Dataset` or a `keras.utils.PyDataset`. A generator is not consumed; its data
            are not checked.
        y: Targets, if `x` does not hold them.
        batch_size: Positive integer, as it will be given to `fit`.
        epochs: Positive integer, likewise.
        validation_split: Float in `[0, 1)`, likewise.
        validation_data: Likewise.
        shuffle: Likewise.
        class_weight: Likewise.
        sample_weight: Likewise.
        steps_per_epoch: Likewise.
        seconds: Positive float. The time for trainings. What does not fit in is not run. The time
            that Keras takes to compile comes on top, on JAX mostly more than the trainings.
        gradients: Whether to compare gradients with differences, as `check_gradients` does.
        ignore: Kinds of findings that are left out, such as `["class_imbalance"]`.
        seed: Non-negative integer. It determines which samples are trained on.
        record: Path of a JSON file for all that was measured, which contains no samples; it can be
            sent in with an issue.

    Returns:
        A `Diagnosis`, which prints itself. It is true if there is a warning or an error.

    Raises:
        ValueError: If an argument is out of range, or `ignore` names no kind of finding.

    Example:

    >>> x = np.random.default_rng(0).normal(size=(200, 4))
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "softmax")])
    >>> model.compile("adam", "binary_crossentropy")
    >>> print(check(model, x, x[:, 0] > 0).findings[0].id)
    output_loss_mismatch

    Reference:
        Karpathy, 2019, https://karpathy.github.io/2019/04/25/recipe/, sections 1 and 2.
    """
    judged(Record(), ignore)  # A name that is unknown should not cost the time of the trials.
    measured = checked(
        model,
        given_data(
            x,
            y,
            validation_data=validation_data,
            validation_split=validation_split,
            batch_size=batch_size,
            shuffle=shuffle,
            class_weight=class_weight,
            sample_weight=sample_weight,
            steps_per_epoch=steps_per_epoch,
        ),
        epochs=epochs,
        seconds=seconds,
        gradients=gradients,
        seed=seed,
    )
    if record is not None:
        measured.save(record)
    return judged(measured, ignore)


def checked(
    model: keras.Model,
    given: Given,
    *,
    epochs: int | None = None,
    seconds: float = 10.0,
    gradients: bool = False,
    seed: int = 0,
) -> Record:
    """Returns what `check` judges: facts of a model and its data, and results of trials.

    Args:
        model: As for `check`.
        given: The data, as `given_data` returns them.
        epochs: As for `check`.
        seconds: Likewise.
        gradients: Likewise.
        seed: Likewise.
    """
    check_number("seconds", seconds, above=0)
    check_integer("seed", seed, at_least=0)
    if epochs is not None:
        check_integer("epochs", epochs, at_least=1)
    unbuilt = build(model, given)
    record = described(model, given)
    if epochs is not None:
        steps = given.steps_per_epoch
        total = None if steps is None else epochs * steps
        record = replace(
            record,
            series=Series(planned_epochs=epochs),
            optimizer=optimizer_facts(getattr(model, "optimizer", None), total),
        )
    if unbuilt:
        record = replace(record, missing={**record.missing, "trials": unbuilt})
    else:
        record = tried(model, given, record, seconds=seconds, seed=seed)
    if gradients:
        record = _with_gradients(model, given, record, seed)
    return record


def _with_gradients(model, given: Given, record: Record, seed: int) -> Record:
    try:
        errors = gradient_errors(model, given, seed=seed)
    except Exception as error:  # What users' layers raise is not known.
        return replace(record, missing={**record.missing, "trials.gradients": str(error)})
    return replace(record, trials=replace(record.trials or Trials(), gradients=errors))
