import re

from kerasrecipes.diagnostics.drawing.layer_strips import MOST_LAYERS, heat_strips
from kerasrecipes.diagnostics.record.probes import LayerStatistics, Probe
from tests.diagnostics.measured import measured
from tests.page.drawn import texts


def looks(**values):
    """Looks at one layer, with a statistic's values."""
    ((name, column),) = values.items()
    return [
        Probe(epoch, 10 * epoch, 8, layers={"dense": LayerStatistics(**{name: value})})
        for epoch, value in enumerate(column)
    ]


def levels(svg):
    return [int(level) for level in re.findall(r"--heat-(\d+)\)", svg)]


def test_fractions_have_shades_from_none_to_all():
    (strip,) = heat_strips(looks(dead_fraction=[0.0, 0.26, 0.5, 1.0]))
    assert levels(strip.svg) == [0, 3, 5, 10]
    assert strip.scale == "white 0.0%, dark 100.0%"


def test_other_statistics_have_logarithmic_shades():
    (strip,) = heat_strips(looks(gradient_norm=[1e-6, 1e-4, 0.1]))
    assert levels(strip.svg) == [0, 4, 10]
    assert strip.scale.startswith("white 1e-06 or less, dark 0.1")


def test_zero_is_palest_and_a_scale_is_not_endless():
    (strip,) = heat_strips(looks(gradient_norm=[0.0, 1e-30, 1.0]))
    assert levels(strip.svg) == [0, 0, 10]
    assert strip.scale.startswith("white 1e-08 or less")


def test_what_is_not_known_has_no_shade():
    (strip,) = heat_strips(looks(update_ratio=[None, 0.1, 0.001]))
    assert levels(strip.svg) == [10, 0]
    assert heat_strips(looks(update_ratio=[None, None])) == []


def test_equal_values_are_drawn():
    assert [len(levels(s.svg)) for s in heat_strips(looks(std=[2.0, 2.0]))] == [2]
    assert [levels(s.svg) for s in heat_strips(looks(std=[0.0, 0.0]))] == [[0, 0]]


def test_strips_of_all_that_is_known():
    strips = heat_strips(measured().probes)
    assert [strip.title for strip in strips] == [
        "Spread of the outputs",
        "Units of relu that answer 0 to everything",
        "Gradient of the weights",
        "A step's change of the weights, over the weights",
    ]
    assert {"conv1", "logits", "finished epochs", "0", "10"} <= set(texts(strips[0].svg))


def test_a_single_look_has_no_time():
    assert heat_strips(measured().probes[:1]) == []


def test_looks_within_an_epoch_are_counted_in_steps():
    probes = [Probe(0, s, 8, layers={"a": LayerStatistics(std=1.0)}) for s in (0, 50)]
    (strip,) = heat_strips(probes)
    assert {"finished steps", "50"} <= set(texts(strip.svg))


def test_of_many_layers_some_are_shown_and_the_scale_says_so():
    layers = {f"layer{i}": LayerStatistics(std=1.0 + i) for i in range(100)}
    (strip,) = heat_strips([Probe(e, e, 8, layers=layers) for e in range(2)])
    assert strip.scale.endswith("40 of 100 layers")
    assert len(levels(strip.svg)) == 2 * MOST_LAYERS
    assert {"layer0", "layer99"} <= set(texts(strip.svg))
