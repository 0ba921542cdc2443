"""What a diagnosis says."""

from kerasrecipes.diagnostics.findings.catalogue import KINDS as KINDS
from kerasrecipes.diagnostics.findings.catalogue import Kind as Kind
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis as Diagnosis
from kerasrecipes.diagnostics.findings.diagnosis import NotRun as NotRun
from kerasrecipes.diagnostics.findings.finding import SEVERITIES as SEVERITIES
from kerasrecipes.diagnostics.findings.finding import Finding as Finding
