"""What the losses of steps show, within epochs."""

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.curves.measures import end
from kerasrecipes.diagnostics.rules.questions import rule

# Losses of batches that know nothing of each other lie within a factor of two of their mean.
BLOWN_UP = 3.0


def by_epoch(series: Series) -> np.ndarray | None:
    """Returns the losses of steps as an array of epochs and steps; `None` if they are not regular.

    An epoch's steps are taken to be those of the others: whole epochs only, at the same places.
    """
    steps, losses = series.steps.get("step"), series.steps.get("loss")
    epochs = len(series)
    if not steps or not losses or len(steps) != len(losses) or None in losses or epochs < 1:
        return None
    per_epoch = len(losses) // epochs
    if per_epoch < 5 or per_epoch * epochs != len(losses):
        return None
    places = np.reshape(np.array(steps, float), (epochs, per_epoch))
    if not np.allclose(places - places[:, :1], (places - places[:, :1])[0]):
        return None
    return np.reshape(np.array(losses, float), (epochs, per_epoch))


@rule("Do the first steps lower the loss?", "series.steps")
def first_steps(record: Record) -> Iterator[Finding]:
    """Finds a loss that is thrown far above its start by the first steps."""
    assert record.series is not None
    losses = [value for value in record.series.steps.get("loss", []) if value is not None]
    if len(losses) < 5 or losses[0] <= 0:
        return
    # Three steps in a row, as one batch may be odd.
    windows = np.lib.stride_tricks.sliding_window_view(np.array(losses), 3).min(axis=1)
    highest, place = float(windows.max()), int(windows.argmax())
    if highest < BLOWN_UP * losses[0]:
        return
    # What stays there may as well be driven up, by a gradient of the wrong sign.
    stays = float(np.median(losses[-5:])) > 0.5 * highest
    yield Finding(
        "learning_rate_too_high",
        f"The loss is {losses[0]:.3g} before the first step, and steps throw it up to "
        f"{highest:.3g}.",
        0.4 if stays else 0.85,
        "note" if stays else "warning",
        {"first": losses[0], "highest": highest, "step": record.series.steps["step"][place]},
    )


# In the last epochs, when means no longer change much. An independent pair of 20 steps correlates
# by 0.22 or so, and the mean over five pairs by 0.1.
REPEATED = 0.5


@rule("Are batches new in each epoch?", "series.steps")
def shuffled(record: Record) -> Iterator[Finding]:
    """Finds batches that come again in each epoch, and rise and fall with the order of samples."""
    assert record.series is not None
    losses = by_epoch(record.series)
    if losses is None or len(losses) < 2:
        return
    # With a global seed, `fit` of Keras 3.15 on TensorFlow shuffles arrays alike in each epoch. It
    # is a random order all the same.
    if record.data is not None and record.data.shuffled:
        return
    late = np.log(np.maximum(losses[-6:, :-1], 1e-12))  # The last batch may be smaller.
    late = late - _line(late)
    if (late.std(axis=1) < 1e-9).any():
        return
    pairs = [np.corrcoef(a, b)[0, 1] for a, b in zip(late, late[1:], strict=False)]
    alike, spread = float(np.mean(pairs)), float(late.std(axis=1).mean())
    sampling = 3 / np.sqrt(len(pairs) * late.shape[1])
    if alike < max(REPEATED, sampling):
        return
    # Batches that were drawn once and come again differ as all batches do; those of one class, or
    # of like targets, differ from the next by far.
    runs = float(np.mean([_smoothness(row) for row in late]))
    ordered = runs > 3 / np.sqrt(late.size)
    said = (
        f"The loss of a step is that of the same step in the epoch before (a correlation of "
        f"{alike:.2f}): batches come again in the same order"
    )
    yield Finding(
        "not_shuffled",
        said + (", and neighbours are alike: the samples are sorted." if ordered else "."),
        0.9 if ordered else 0.7,
        "warning" if ordered and spread > 0.2 else "note",
        {"correlation": alike, "neighbours": runs, "spread": spread, "loss": end(losses[-1])},
    )


def _line(rows: np.ndarray) -> np.ndarray:
    """Returns the straight line in each row, by least squares."""
    x = np.arange(rows.shape[1]) - (rows.shape[1] - 1) / 2
    slopes = rows @ x / (x @ x)
    return rows.mean(axis=1, keepdims=True) + slopes[:, None] * x


def _smoothness(row: np.ndarray) -> float:
    """Returns the correlation of neighbours in a row."""
    return float(np.corrcoef(row[:-1], row[1:])[0, 1])


RULES = (first_steps, shuffled)
