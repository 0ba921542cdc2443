"""What was measured of a training, as plain values that can be saved: the input of every rule."""

from kerasrecipes.diagnostics.record.data_facts import Data, Duplicates, Values
from kerasrecipes.diagnostics.record.model_facts import Layer, Loss, Model, Optimizer, Output
from kerasrecipes.diagnostics.record.probes import LayerStatistics, Predictions, Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.record.trials import (
    Attempt,
    Controls,
    GradientError,
    InitialLoss,
    Modes,
    Overfit,
    Rates,
    Trials,
)

__all__ = [
    "Attempt",
    "Controls",
    "Data",
    "Duplicates",
    "GradientError",
    "InitialLoss",
    "Layer",
    "LayerStatistics",
    "Loss",
    "Model",
    "Modes",
    "Optimizer",
    "Output",
    "Overfit",
    "Predictions",
    "Probe",
    "Rates",
    "Record",
    "Series",
    "Trials",
    "Values",
]
