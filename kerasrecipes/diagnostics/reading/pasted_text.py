"""Progress bars and log lines, as they are copied from a terminal, a notebook or a file."""

import re
from dataclasses import dataclass, field

from kerasrecipes.base.text import shortened, without_controls
from kerasrecipes.diagnostics.reading.values import as_epochs, canonical, number
from kerasrecipes.diagnostics.record.series import Series

# Colours and movements of a terminal's cursor.
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*(?:\x07|\x1b\\)|[@-Z\\-_])")
# A bar is drawn over and over: after a carriage return, after backspaces, or, where those were lost
# on the way, behind the one before it.
_REDRAWN = re.compile(r"\r|\x08+|\n")
_BAR = re.compile(r"(?<![\d/.])(\d+)/(\d+|Unknown|None|\?)\s*(?=[━\[╸]|\s-\s|$)")
_HEADER = re.compile(r"(?i)\bepochs?\b[\s:#=\[(]*0*(\d+)\b(?:\s*(?:/|of)\s*0*(\d+)\b)?")
_NUMBER = r"[-+]?(?:\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?|nan|inf(?:inity)?)\b"
_PAIR = re.compile(
    rf"(?i)([a-z][a-z0-9_]*(?:[ /_.\-][a-z0-9_]+)*)\s*[:=]\s*({_NUMBER})(?![\w./:]*[:/])"
)
# Of a terminal's "Epoch 3: val_loss improved from 0.5 to 0.4": no values of the epoch.
_REMARK = re.compile(r"(?i)(improved from|did not improve|saving model|reducing learning rate)")


@dataclass
class _Epoch:
    number: int
    values: dict[str, float | None] = field(default_factory=dict)
    step: int = 0
    steps: int = 0

    @property
    def is_whole(self) -> bool:
        return self.step >= self.steps


@dataclass
class _Fit:
    planned: int | None = None
    epochs: list[_Epoch] = field(default_factory=list)
    stopped_by: str | None = None
    has_headers: bool = False


def read_text(text: str, fit: int = -1) -> Series:
    r"""Returns the epochs in the output of a training.

    It reads what Keras 2 and 3 print with `verbose=1` and `verbose=2`, with colours and redrawn
    lines, and lines of other tools that name an epoch and values by `name: value` or
    `name=value`. An epoch that the text breaks off in counts only if there is no other.

    Args:
        text: The text.
        fit: Integer, which of several trainings in it: 0 for the first, -1 for the last.

    Raises:
        ValueError: If there is no loss in it, or there are fewer trainings.

    Example:

    >>> text = "Epoch 1/2\n9/9 - 1s - loss: 0.9 - val_loss: 1.1\nEpoch 2/2\n9/9 - 0s - loss: 0.4"
    >>> read_text(text).epochs
    {'loss': [0.9, 0.4], 'val_loss': [1.1, None]}
    """
    fits = _fits(text)
    if not fits:
        raise ValueError(
            "Expected the output of a training, with lines such as 'Epoch 3/10' and '63/63 ━━━━ 1s "
            "3ms/step - accuracy: 0.91 - loss: 0.31 - val_loss: 0.42'. Received: "
            + (repr(shortened(without_controls(text.strip()), 60)) if text.strip() else "no text")
        )
    if not -len(fits) <= fit < len(fits):
        raise ValueError(
            f"`fit` must be the number of one of {len(fits)} trainings in the text, from 0. "
            f"Received: fit={fit}"
        )
    chosen = fits[fit]
    names = dict.fromkeys(name for epoch in chosen.epochs for name in epoch.values)
    columns = {name: [epoch.values.get(name) for epoch in chosen.epochs] for name in names}
    return Series(as_epochs(columns), chosen.planned, stopped_by=chosen.stopped_by)


def _fits(text: str) -> list[_Fit]:
    fits: list[_Fit] = [_Fit()]
    for line in _lines(text):
        _read(line, fits)
    for found in fits:
        found.epochs = [e for e in found.epochs if "loss" in e.values or "val_loss" in e.values]
        whole = [epoch for epoch in found.epochs if epoch.is_whole]
        if whole and not found.epochs[-1].is_whole:
            unfinished = found.epochs[-1]
            # That the loss is not finite is known before the epoch ends.
            bad = unfinished.values.get("loss", 0.0) is None
            found.epochs = whole + [unfinished] * bad
    fits = [found for found in fits if found.epochs]
    if len(fits) > 1 and all(found.planned == 1 for found in fits):
        # `fit(epochs=1)` in a loop.
        return [_Fit(None, [epoch for found in fits for epoch in found.epochs])]
    return fits


def _lines(text: str) -> list[str]:
    clean = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    lines = []
    for line in _REDRAWN.split(clean):
        begins = [found.start() for found in _BAR.finditer(line) if "━" in line or "[" in line]
        cuts = [0, *(begin for begin in begins[1:] if begin), len(line)]
        lines += [line[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    return [line for line in lines if line.strip()]


def _read(line: str, fits: list[_Fit]) -> None:
    now = fits[-1]
    if re.search(r"\bKeyboardInterrupt\b", line):
        now.stopped_by = "interruption"
        return
    if re.search(r"(?i)\bearly stopping\b", line):
        now.stopped_by = "EarlyStopping"
        return
    if _REMARK.search(line):
        return
    pairs = {
        name: number(value)
        for given, value in _PAIR.findall(line)
        if (name := canonical(re.sub(r"(?i)^.*\bstep[ -]+", "", given)))
    }
    header = _HEADER.search(line)
    bar = _BAR.search(line[header.end() :] if header else line)
    if header:
        now = _at_header(int(header[1]), header[2], bool(pairs), fits)
    if not pairs:
        return
    step, steps = (int(bar[1]), int(bar[2])) if bar and bar[2].isdigit() else (0, 0)
    if not now.epochs or (not now.has_headers and _begins_anew(now.epochs[-1], step, steps, pairs)):
        now.epochs.append(_Epoch(len(now.epochs) + 1))
    epoch = now.epochs[-1]
    if steps and epoch.steps and epoch.is_whole and (step < steps or steps != epoch.steps):
        return  # The bar of `evaluate` or `predict`, after the last epoch.
    validated = any(name.startswith("val_") for name in epoch.values)
    if validated and steps and not header and not any(name.startswith("val_") for name in pairs):
        return
    epoch.values |= pairs
    epoch.step, epoch.steps = step, steps


def _at_header(number: int, planned: str | None, has_values: bool, fits: list[_Fit]) -> _Fit:
    """Returns the training that a line "Epoch 3/10" is of."""
    now = fits[-1]
    last = now.epochs[-1] if now.epochs else None
    again = last is not None and last.number == number and last.values and not has_values
    if last is not None and (number < last.number or again):
        now = _Fit()
        fits.append(now)
        last = None
    now.has_headers = True
    now.planned = int(planned) if planned else now.planned
    if last is None or last.number != number:
        now.epochs.append(_Epoch(number))
    return now


def _begins_anew(last: _Epoch, step: int, steps: int, pairs: dict) -> bool:
    """Returns whether a line without a header is of the next epoch."""
    if steps and last.steps:
        return step < last.step or (last.is_whole and last.values.keys() & pairs.keys() == {*pairs})
    return bool(last.values.keys() & pairs.keys())
