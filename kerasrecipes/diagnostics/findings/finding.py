"""One thing that is wrong with a training."""

from dataclasses import dataclass, field
from typing import Any, Literal

from kerasrecipes.diagnostics.findings.catalogue import KINDS

Severity = Literal["error", "warning", "note"]
# From the worst. An alarm is a warning or worse.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a training, how that is known, and what to change.

    Args:
        id: One of `KINDS`.
        sentence: What is wrong, in one sentence.
        confidence: Float in `[0, 1]`.
        severity: `"error"` for what cannot train as it is, `"warning"` for what costs much,
            `"note"` for what may be worth a look.
        evidence: What was seen: numbers by their names, with their epochs, steps and layers.
        where: The layer, output or input that it is about; empty for the training as a whole.
        remedy: What to change, in words for plain Keras; by default, that of the kind.
        changes: The remedy as changes of the recipe, by their dotted paths, if there is a recipe.

    Example:

    >>> finding = Finding("learning_rate_too_high", "The loss rose from 2.3 to 9.1.", 0.9)
    >>> finding.is_alarm, finding.title
    (True, 'The learning rate is too high')
    """

    id: str
    sentence: str
    confidence: float
    severity: Severity = "warning"
    evidence: dict[str, Any] = field(default_factory=dict)
    where: str = ""
    remedy: str = ""
    changes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.id not in KINDS:
            raise ValueError(f"`id` must be one of {sorted(KINDS)}. Received: id={self.id!r}")
        if self.severity not in SEVERITIES:
            raise ValueError(
                f"`severity` must be one of {SEVERITIES}. Received: severity={self.severity!r}"
            )
        if not 0 <= self.confidence <= 1:
            raise ValueError(
                f"`confidence` must lie in [0, 1]. Received: confidence={self.confidence!r}"
            )
        if not self.remedy:
            object.__setattr__(self, "remedy", KINDS[self.id].remedy)

    @property
    def title(self) -> str:
        """The name of its kind, as a short sentence."""
        return KINDS[self.id].title

    @property
    def is_alarm(self) -> bool:
        """Whether it is a warning or an error."""
        return self.severity != "note"

    @property
    def rank(self) -> tuple[int, float]:
        """Its place among findings: the least comes first."""
        return SEVERITIES.index(self.severity), -self.confidence
