"""Recorders of facts: of a model, its outputs, its optimizer and its data."""

from kerasrecipes.diagnostics.facts.datasets import data_facts
from kerasrecipes.diagnostics.facts.describing import described
from kerasrecipes.diagnostics.facts.given import Given, given_data
from kerasrecipes.diagnostics.facts.models import model_facts
from kerasrecipes.diagnostics.facts.optimizers import optimizer_facts
from kerasrecipes.diagnostics.facts.outputs import output_facts
from kerasrecipes.diagnostics.facts.value_statistics import value_facts

__all__ = [
    "Given",
    "data_facts",
    "described",
    "given_data",
    "model_facts",
    "optimizer_facts",
    "output_facts",
    "value_facts",
]
