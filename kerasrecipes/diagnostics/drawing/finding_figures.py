"""The figure of a finding: of what was measured, the part that shows it."""

from kerasrecipes.diagnostics.drawing.bars import named_bars
from kerasrecipes.diagnostics.drawing.captions import (
    Draw,
    FindingFigure,
    alternative_text,
    captioned,
)
from kerasrecipes.diagnostics.drawing.data_figures import (
    answers_figure,
    classes_figure,
    columns_figure,
    reach_figure,
)
from kerasrecipes.diagnostics.drawing.series_figures import logged_curves
from kerasrecipes.diagnostics.drawing.trial_figures import (
    controls_figure,
    initial_loss_figure,
    modes_figure,
    overfit_figure,
    rates_figure,
)
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.page.formats import percent


def finding_figure(finding: Finding, record: Record | None) -> FindingFigure | None:
    """Returns the figure that shows a finding, or `None` if nothing was measured that does.

    Args:
        finding: What is wrong.
        record: What was measured; `None` if it is not at hand.
    """
    if record is None:
        return None
    drawn = (draw(finding, record) for draw in (*_FIGURES.get(finding.id, ()), _curves))
    return next(filter(None, drawn), None)


def _curves(finding: Finding, record: Record) -> FindingFigure | None:
    names_epoch = any(name.endswith("epoch") for name in finding.evidence)
    if finding.id in _NOT_IN_CURVES and not names_epoch:
        return None
    drawn = logged_curves(record.series, finding.evidence, finding.title + finding.where)
    return None if drawn is None else captioned(*drawn)


def _by_layer(statistic: str, caption: str, *, first: bool = False) -> Draw:
    """Returns a function that draws a statistic of each layer, at the first or the last look."""
    is_fraction = statistic.endswith("_fraction")

    def draw(finding: Finding, record: Record) -> FindingFigure | None:
        probes = record.probes if first else record.probes[::-1]
        for probe in probes:
            values = {name: getattr(layer, statistic) for name, layer in probe.layers.items()}
            known = {name: value for name, value in values.items() if value is not None}
            is_first = not probe.epoch and not probe.step
            when = "before the training" if is_first else f"after {probe.epoch} epochs"
            svg = named_bars(
                known,
                alternative_text(finding, caption),
                logarithmic=not is_fraction,
                marked=finding.where,
                **({"written": percent} if is_fraction else {}),
            )
            if svg is not None:
                return captioned(f"{caption}, {when}", svg)
        return None

    return draw


_GRADIENTS = _by_layer("gradient_norm", "gradient of each layer's weights, logarithmic")
_DEAD = _by_layer("dead_fraction", "units of each layer that answer 0 to everything")
_SATURATED = _by_layer("saturated_fraction", "outputs of each layer where its activation is flat")
_SPREADS = _by_layer("std", "spread of each layer's outputs, logarithmic", first=True)

# Kinds that a curve does not show, unless the evidence of a finding names an epoch.
_NOT_IN_CURVES = (
    "output_loss_mismatch",
    "wrong_loss_for_task",
    "label_encoding",
    "input_encoding",
    "wrong_input_shape",
    "metric_mismatch",
    "inputs_not_scaled",
    "class_imbalance",
    "missing_nonlinearity",
    "bad_initialization",
    "wrong_gradient",
)

# By the kind of a finding, from what shows it best. Curves are drawn where nothing else can be.
_FIGURES: dict[str, tuple[Draw, ...]] = {
    "output_loss_mismatch": (reach_figure, initial_loss_figure),
    "wrong_loss_for_task": (reach_figure, initial_loss_figure),
    "label_encoding": (classes_figure, reach_figure),
    "metric_mismatch": (classes_figure, reach_figure),
    "output_range_too_small": (reach_figure,),
    "targets_not_scaled": (reach_figure,),
    "inputs_not_scaled": (columns_figure,),
    "input_encoding": (columns_figure,),
    "class_imbalance": (classes_figure,),
    "majority_collapse": (answers_figure, classes_figure),
    "labels_unrelated": (controls_figure, overfit_figure),
    "capacity_too_small": (overfit_figure,),
    "train_inference_mismatch": (modes_figure,),
    "stale_statistics": (modes_figure,),
    "saturating_activation": (_SATURATED,),
    "dying_relu": (_DEAD,),
    "vanishing_gradient": (_GRADIENTS,),
    "exploding_gradient": (_GRADIENTS,),
    "bad_initialization": (_SPREADS, initial_loss_figure),
    "missing_nonlinearity": (overfit_figure,),
    "learning_rate_too_high": (rates_figure,),
    "learning_rate_too_low": (rates_figure,),
    "wrong_optimizer": (rates_figure,),
}
