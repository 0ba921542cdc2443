"""Rules of the doctor: each a pure function of a record."""

from kerasrecipes.diagnostics.rules.judging import RULES as RULES
from kerasrecipes.diagnostics.rules.judging import judged as judged
from kerasrecipes.diagnostics.rules.questions import Rule as Rule
from kerasrecipes.diagnostics.rules.questions import rule as rule
