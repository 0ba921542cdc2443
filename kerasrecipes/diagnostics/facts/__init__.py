"""Recorders of facts: of a model, its outputs, its optimizer and its data."""

from kerasrecipes.diagnostics.facts.datasets import data_facts as data_facts
from kerasrecipes.diagnostics.facts.describing import described as described
from kerasrecipes.diagnostics.facts.given import Given as Given
from kerasrecipes.diagnostics.facts.given import given_data as given_data
from kerasrecipes.diagnostics.facts.models import model_facts as model_facts
from kerasrecipes.diagnostics.facts.optimizers import optimizer_facts as optimizer_facts
from kerasrecipes.diagnostics.facts.outputs import output_facts as output_facts
from kerasrecipes.diagnostics.facts.value_statistics import value_facts as value_facts
