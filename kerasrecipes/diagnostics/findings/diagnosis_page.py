"""A diagnosis as HTML: for notebooks, as a part of other pages, and as a page."""

import re
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from kerasrecipes.base.set_options import set_line
from kerasrecipes.base.text import listed, shortened
from kerasrecipes.diagnostics.drawing.finding_figures import finding_figure
from kerasrecipes.diagnostics.drawing.layer_strips import heat_strips
from kerasrecipes.diagnostics.drawing.series_figures import logged_curves
from kerasrecipes.diagnostics.findings.catalogue import KINDS
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.page.formats import number
from kerasrecipes.page.pages import template

# A longer value of the evidence is shortened.
VALUE_LENGTH = 120

_CODE = re.compile(r"`([^`]+)`")


def fragment(diagnosis: Diagnosis) -> str:
    """Returns a diagnosis as HTML for a notebook, which brings its style with it.

    Its colours are those of the page around it, light or dark.
    """
    return _template("fragment").render(_contents(diagnosis, None))


def page(diagnosis: Diagnosis, record: Record | None = None) -> str:
    """Returns a diagnosis as a page that needs no network and no script.

    Args:
        diagnosis: What is wrong.
        record: What was measured, from which figures are drawn. Defaults to none.
    """
    return _template("diagnosis").render(
        headline=_headline(diagnosis),
        summary="" if record is None else _summary(record),
        sections=sections(diagnosis, record, alone=True),
        figures=[] if record is None else _curves(record),
        versions="" if record is None else ", ".join(map(" ".join, record.versions.items())),
    )


def sections(diagnosis: Diagnosis, record: Record | None = None, *, alone: bool = False) -> Markup:
    """Returns the part of a page that shows a diagnosis: findings, checks, layers over time.

    Args:
        diagnosis: What is wrong.
        record: What was measured, from which figures are drawn. Defaults to none.
        alone: Whether the page shows nothing else: checks are unfolded then, and it says itself
            how many findings there are.
    """
    return Markup(
        _template("sections").render(
            _contents(diagnosis, record),
            verdict="" if alone else _headline(diagnosis),
            open=alone,
            strips=[] if record is None else heat_strips(record.probes),
            looks="" if record is None else _looks(record),
            ignored=", ".join(diagnosis.ignored),
        )
    )


def _template(name: str):
    return template(Path(__file__).with_name(f"{name}.html.jinja"), prose=_prose)


def _prose(sentence: str) -> Markup:
    """Returns a sentence in which names in backticks are set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(sentence))))


def _contents(diagnosis: Diagnosis, record: Record | None) -> dict[str, Any]:
    return {
        "headline": _headline(diagnosis),
        "entries": [_entry(finding, record) for finding in diagnosis.findings],
        "passed": diagnosis.passed,
        "not_run": diagnosis.not_run,
    }


def _headline(diagnosis: Diagnosis) -> str:
    """Returns what was found, in a line."""
    if not diagnosis.findings:
        return diagnosis.verdict()
    counts = {"wrong": len(diagnosis.alarms)}
    counts["worth a look"] = len(diagnosis.findings) - counts["wrong"]
    told = [
        f"{n} thing{'s' if n != 1 else ''} {'are' if n != 1 else 'is'} {what}"
        for what, n in counts.items()
        if n
    ]
    return " and ".join(told)


def _entry(finding: Finding, record: Record | None) -> dict[str, Any]:
    return {
        "finding": finding,
        "sure": f"{finding.confidence:.0%}",
        "alike": ", ".join(KINDS[kind].title.lower() for kind in KINDS[finding.id].alike),
        "changes": set_line(finding.changes),
        "evidence": [
            (name.replace("_", " "), _written(value)) for name, value in finding.evidence.items()
        ],
        "figure": finding_figure(finding, record),
    }


def _written(value: object) -> str:
    """Returns a value of the evidence for readers."""
    if value is None:
        return "not finite"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list | tuple):
        return listed(map(_written, value), most=8)
    if isinstance(value, dict):
        return listed((f"{key}: {_written(entry)}" for key, entry in value.items()), most=8)
    return shortened(str(value), VALUE_LENGTH)


def _summary(record: Record) -> str:
    """Returns what was trained on what, in a line."""
    told = []
    if model := record.model:
        told.append(f"{model.kind} model, {model.trainable_parameters:,} trainable parameters")
    if losses := list(dict.fromkeys(out.loss.name for out in record.outputs if out.loss)):
        told.append(f"loss {listed(losses, most=3)}")
    if optimizer := record.optimizer:
        rate = "" if optimizer.learning_rate is None else f" at {number(optimizer.learning_rate)}"
        told.append(f"{optimizer.kind}{rate}")
    if record.data and record.data.samples is not None:
        told.append(f"{record.data.samples:,} training samples")
    if record.series and len(record.series):
        epochs = len(record.series)
        told.append(f"{epochs:,} epoch{'s' if epochs != 1 else ''}")
    return "; ".join(told)


def _looks(record: Record) -> str:
    """Returns on what the layers were looked at, and since when."""
    if not record.probes:
        return ""
    first, samples = record.probes[0].epoch, max(probe.samples for probe in record.probes)
    since = f", since epoch {first}" if first else ""
    return f"{len(record.probes)} looks at a fixed batch of {samples} samples{since}"


def _curves(record: Record) -> list[dict[str, object]]:
    """Returns the curves of the loss and of the first metrics, with captions."""
    logged = record.series.epochs if record.series else {}
    own = [n for n in logged if not n.startswith("val_") and n not in ("epoch", "seconds")]
    drawn = (logged_curves(record.series, {"metric": name}, "Training") for name in own[:3])
    return [{"caption": caption.capitalize(), "svg": svg} for caption, svg in filter(None, drawn)]
