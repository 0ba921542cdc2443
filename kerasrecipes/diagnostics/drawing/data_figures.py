"""Figures of targets, inputs and a model's answers."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.drawing.bars import named_bars
from kerasrecipes.diagnostics.drawing.captions import FindingFigure, alternative_text, captioned
from kerasrecipes.diagnostics.drawing.ranges import column_ranges, value_ranges
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.model_facts import Output
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.page.formats import percent


def classes_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws how many samples each class has."""
    for output in _about(finding, record):
        counts = output.targets and output.targets.class_counts
        if counts and len(counts) > 1:
            named = {f"class {label}": float(count) for label, count in enumerate(counts)}
            caption = "samples of each class"
            svg = named_bars(
                named, alternative_text(finding, caption), written=lambda n: f"{n:,.0f}"
            )
            return captioned(caption, svg)
    return None


def answers_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws how many samples get the most frequent class, beside how many have it."""
    for probe in record.probes[::-1]:
        for answers in probe.predictions:
            if answers.top_share is not None and answers.target_top_share is not None:
                shares = {"answered": answers.top_share, "true": answers.target_top_share}
                caption = "share of the most frequent class"
                svg = named_bars(shares, alternative_text(finding, caption), written=percent)
                return captioned(caption, svg)
    return None


def reach_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws the range of a model's answers below that of its targets."""
    answers = next((probe.predictions for probe in record.probes[::-1] if probe.predictions), ())
    for place, output in enumerate(record.outputs):
        if output not in _about(finding, record) or not output.targets:
            continue
        ranges = {}
        if output.targets.minimum is not None and output.targets.maximum is not None:
            ranges["targets"] = (output.targets.minimum, output.targets.maximum)
        if place < len(answers):
            low, high = answers[place].minimum, answers[place].maximum
            if low is not None and high is not None:
                ranges["answers"] = (low, high)
        caption = "ranges of the targets and of the model's answers"
        if svg := value_ranges(ranges, alternative_text(finding, caption)):
            return captioned(caption, svg)
    return None


def columns_figure(finding: Finding, record: Record) -> FindingFigure | None:
    """Draws the range of each column of the inputs."""
    for values in record.data.inputs if record.data else ():
        caption = "range of each column of the inputs, and its mean"
        if svg := column_ranges(values, alternative_text(finding, caption)):
            return captioned(caption, svg)
    return None


def _about(finding: Finding, record: Record) -> Iterator[Output]:
    """Yields the outputs that a finding is about: the one it names, or all."""
    named = [output for output in record.outputs if output.name == finding.where]
    yield from named or record.outputs
