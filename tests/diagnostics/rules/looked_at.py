"""Records of looks, made by hand."""

from kerasrecipes.diagnostics.record.model_facts import Layer, Model, Optimizer, Output
from kerasrecipes.diagnostics.record.probes import LayerStatistics, Predictions, Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series

GOOD = Predictions(0.1, 0.9, 0.5, 0.2, 0.5, 0.5, 0.9)
# What a model answers that gives all samples the same class.
COLLAPSED = Predictions(0.4, 0.6, 0.5, 0.0, 1.0, 0.5, 0.5)


def layer(name: str, activation: str | None = "relu", **options) -> Layer:
    """Returns a dense layer of eight units."""
    return Layer(name, "Dense", activation=activation, units=8, fan_in=8, parameters=72, **options)


def look(step: int, layers: dict[str, dict], answer: Predictions = COLLAPSED, loss=1.0) -> Probe:
    """Returns a look after `step // 10` epochs at layers with the statistics that are given."""
    usual = {"mean": 0.5, "std": 1.0, "sample_std": 1.0, "gradient_norm": 0.1, "weight_norm": 0.3}
    found = {name: LayerStatistics(**{**usual, **given}) for name, given in layers.items()}
    return Probe(step // 10, step, 32, loss, 0.0, found, (answer,))


def record(layers: list[Layer], looks: list[Probe], **parts) -> Record:
    """Returns a record of a model with these layers and an output layer."""
    last = layer("last", "softmax")
    model = Model("Sequential", (*layers, last), 1000, 1000)
    output = Output("last", (2,), "softmax", "last")
    parts = {"outputs": (output,), "optimizer": Optimizer("Adam", 0.001), **parts}
    epochs = max((each.epoch for each in looks), default=1)
    series = Series({"loss": [1.0] * epochs}, planned_epochs=epochs)
    return Record(**{"model": model, "probes": tuple(looks), "series": series, **parts})
