"""What a diagnosis says."""

from kerasrecipes.diagnostics.findings.catalogue import KINDS, Kind
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis, NotRun
from kerasrecipes.diagnostics.findings.finding import SEVERITIES, Finding

__all__ = ["KINDS", "SEVERITIES", "Diagnosis", "Finding", "Kind", "NotRun"]
