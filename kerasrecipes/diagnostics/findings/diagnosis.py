"""What is wrong with a training, what is not, and what could not be seen."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasrecipes.base.files import write_json, write_text
from kerasrecipes.base.set_options import set_line
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record


@dataclass(frozen=True)
class NotRun:
    """A check that could not run.

    Args:
        check: The question that it asks.
        reason: Why it has no answer.
    """

    check: str
    reason: str


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a training, what is not, and what could not be seen.

    Args:
        findings: What is wrong, the worst and most certain first.
        passed: The questions of the checks that found nothing.
        not_run: The checks that could not run.
        ignored: The kinds that were left out, because the user asked for that.

    Example:

    >>> print(Diagnosis((), passed=("Is the loss finite?",)))
    Nothing is wrong, as far as 1 check can see.
    """

    findings: tuple[Finding, ...] = ()
    passed: tuple[str, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The warnings and errors among the findings."""
        return tuple(finding for finding in self.findings if finding.is_alarm)

    @property
    def ids(self) -> tuple[str, ...]:
        """The kinds of the findings, without repetition, in their order."""
        return tuple(dict.fromkeys(finding.id for finding in self.findings))

    def __bool__(self) -> bool:
        """Whether there is an alarm."""
        return bool(self.alarms)

    def __str__(self) -> str:
        lines = [self.verdict(), ""] if self.findings else [self.verdict()]
        for finding in self.findings:
            lines += [
                f"{finding.severity}: {finding.title} "
                f"({finding.id}, {finding.confidence:.0%} sure)",
                f"    {finding.sentence}",
                f"    {finding.remedy}",
            ]
            if finding.changes:
                lines.append(f"    In a recipe: {set_line(finding.changes)}")
        if self.not_run:
            lines += ["", "Not checked:"]
            for reason, number in Counter(entry.reason for entry in self.not_run).items():
                lines.append(f"    {number} check{'s' if number != 1 else ''}: {reason}")
        return "\n".join(lines)

    def verdict(self, lines: int = 5) -> str:
        """Returns what matters most, in a few lines.

        Args:
            lines: The most lines.
        """
        checks = len(self.passed) + len({finding.id for finding in self.findings})
        if not self.findings:
            plural = "s" if checks != 1 else ""
            return f"Nothing is wrong, as far as {checks} check{plural} can see."
        shown = self.findings[: lines - 1 if len(self.findings) > lines else lines]
        said = [f"{finding.severity}: {finding.sentence}" for finding in shown]
        if left := len(self.findings) - len(shown):
            said.append(f"and {left} more")
        return "\n".join(said)

    def _repr_html_(self) -> str:
        from kerasrecipes.diagnostics.findings.diagnosis_page import fragment

        return fragment(self)

    def to_dict(self) -> dict[str, Any]:
        """Returns the diagnosis as plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Diagnosis":
        """Returns the diagnosis of which `to_dict` has returned the data."""
        return cls(
            tuple(Finding(**finding) for finding in data["findings"]),
            tuple(data["passed"]),
            tuple(NotRun(**entry) for entry in data["not_run"]),
            tuple(data["ignored"]),
        )

    def write(self, path: str | Path, record: Record | None = None) -> Path:
        """Writes the diagnosis to a file, and returns its path.

        Args:
            path: A path that ends in `.html` (a page), `.json` or `.txt`.
            record: What was measured, from which a page draws its figures. Defaults to none.

        Raises:
            ValueError: If it ends otherwise.
        """
        path = Path(path)
        if path.suffix == ".json":
            write_json(path, self.to_dict())
        elif path.suffix == ".txt":
            write_text(path, f"{self}\n")
        elif path.suffix == ".html":
            from kerasrecipes.diagnostics.findings.diagnosis_page import page
            from kerasrecipes.page.pages import write_page

            write_page(path, page(self, record))
        else:
            raise ValueError(
                "A diagnosis is written to a file that ends in .html, .json or .txt. "
                f"Received: {path.name!r}"
            )
        return path
