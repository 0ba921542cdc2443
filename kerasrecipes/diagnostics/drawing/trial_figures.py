"""Figures of the short trainings of `check`."""

from kerasrecipes.diagnostics.drawing.bars import named_bars
from kerasrecipes.diagnostics.drawing.captions import FindingFigure, alternative_text, captioned
from kerasrecipes.diagnostics.drawing.ranges import rate_range
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record


def rates_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws the learning-rate range test."""
    rates = record.trials and record.trials.rates
    if not rates:
        return None
    used = None if record.optimizer is None else record.optimizer.learning_rate
    caption = "loss of a few steps at ever higher learning rates"
    return captioned(caption, rate_range(rates, used, alternative_text(finding, caption)))


def controls_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws the losses on the data and on the controls."""
    controls = record.trials and record.trials.controls
    if not controls:
        return None
    losses = {
        "the data": controls.loss,
        "inputs of zeros": controls.zeroed_inputs,
        "others' targets": controls.permuted_targets,
    }
    caption = f"loss after {controls.steps} steps on the data, and on what should teach less"
    return captioned(caption, named_bars(losses, alternative_text(finding, caption)))


def overfit_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws the loss on a few samples, before and after they were trained on."""
    trial = record.trials and record.trials.overfit
    if not trial:
        return None
    losses = {"before": trial.first_loss, "after": trial.last_loss}
    if trial.constant_loss is not None:
        losses["one same answer"] = trial.constant_loss
    caption = f"loss on {trial.samples} samples, trained for {trial.steps} steps"
    return captioned(caption, named_bars(losses, alternative_text(finding, caption)))


def modes_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws the loss in training mode beside that in inference mode."""
    modes = record.trials and record.trials.modes
    if not modes:
        return None
    losses = {"in training mode": modes.training, "in inference mode": modes.inference}
    caption = "loss on the same batch"
    return captioned(caption, named_bars(losses, alternative_text(finding, caption)))


def initial_loss_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws the loss before the first step beside what it should be."""
    trial = record.trials and record.trials.initial_loss
    if not trial or trial.expected is None:
        return None
    losses = {"measured": trial.loss, "knowing nothing": trial.expected}
    caption = "loss before the first step"
    return captioned(caption, named_bars(losses, alternative_text(finding, caption)))
