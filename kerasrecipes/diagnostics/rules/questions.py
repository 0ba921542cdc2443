"""Rules: pure functions from a record to findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record

Judge = Callable[[Record], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """A question about a record.

    Args:
        question: What it asks, such as `"Is the loss finite?"`. Yes is good.
        judge: Function that takes a record that has all that it needs, and yields findings.
        needs: Parts of a record, as dotted paths, that must be there: `"series"`, `"data.inputs"`,
            `"trials.overfit"`, `"probes"`, ...
    """

    question: str
    judge: Judge
    needs: tuple[str, ...] = ()

    def missing(self, record: Record) -> str | None:
        """Returns the first part that it needs and a record lacks; `None` if it can run."""
        for path in self.needs:
            parts = path.split(".")
            for depth in range(1, len(parts) + 1):
                reached = ".".join(parts[:depth])
                value = attrgetter(reached)(record)
                if value is None or value == () or (reached == "series" and not len(value)):
                    return reached
        return None


def rule(question: str, *needs: str) -> Callable[[Judge], Rule]:
    """Makes a rule of a function; see `Rule`."""
    return lambda judge: Rule(question, judge, needs)
