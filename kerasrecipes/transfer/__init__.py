"""Trained networks put to other uses: their features, and classifiers on them."""

from kerasrecipes.transfer.advice import Advice, advise
from kerasrecipes.transfer.feature_extraction import extract_features
from kerasrecipes.transfer.linear_probe import FittedProbe, LinearProbe
from kerasrecipes.transfer.stage_probes import StageProbe, join_probe, probe_stages
from kerasrecipes.transfer.strategies import STRATEGIES, strategy_recipe
from kerasrecipes.transfer.task import Task, measure_task

__all__ = [
    "STRATEGIES",
    "Advice",
    "FittedProbe",
    "LinearProbe",
    "StageProbe",
    "Task",
    "advise",
    "extract_features",
    "join_probe",
    "measure_task",
    "probe_stages",
    "strategy_recipe",
]
