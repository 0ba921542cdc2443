"""Tables of what a recipe can be made of: components, their options, stages of backbones."""

import fnmatch
import inspect
from collections.abc import Callable

from kerasrecipes.base.checks import check_choice, nearest
from kerasrecipes.cli.tables import print_table
from kerasrecipes.recipe import registry, signatures
from kerasrecipes.recipe.families import FAMILIES
from kerasrecipes.recipe.run_length import RUN_LENGTH_OPTIONS

# What `Pretrained` takes by name: no family of a recipe, since it is an option of a model.
BACKBONE = "backbone"


def list_components(family: str | None = None, pattern: str = "*") -> None:
    """Prints the families; or of one family the components whose name matches a pattern."""
    if family is None:
        print_table([*(_family(name) for name in FAMILIES), _family_of_backbones()])
        return
    check_choice("FAMILY", family, (*FAMILIES, BACKBONE))
    if family == BACKBONE:
        list_backbones(pattern)
        return
    found = _distinct(family)
    chosen = {n: c for n, c in found.items() if fnmatch.fnmatchcase(n.lower(), pattern.lower())}
    if not chosen:
        raise ValueError(f"No {family} matches {pattern!r}.{nearest(pattern.strip('*'), found)}")
    print_table(
        [
            {"name": name, "from": _source(component), "what": registry.summary(component)}
            for name, component in chosen.items()
        ]
    )


def list_backbones(pattern: str = "*") -> None:
    """Prints the backbones whose name matches a pattern, with their published figures."""
    from kerasrecipes.models.backbones.catalogue import backbone_names
    from kerasrecipes.models.backbones.published import PUBLISHED

    names = backbone_names()
    chosen = [name for name in names if fnmatch.fnmatchcase(name.lower(), pattern.lower())]
    if not chosen:
        raise ValueError(f"No {BACKBONE} matches {pattern!r}.{nearest(pattern.strip('*'), names)}")
    rows = []
    for name in chosen:
        known = PUBLISHED.get(name) or _own_figures(name)
        rows.append(
            {
                "name": name,
                "from": "keras" if name in PUBLISHED else "kerasrecipes",
                "parameters": f"{known.parameters:.1f} M" if known else None,
                "image size": known.image_size if known else None,
                "top-1": f"{known.top1:.1f}%" if known else None,
            }
        )
    print_table(rows)
    print(
        "\ntop-1: published accuracy on ImageNet, and of ours on CIFAR-10. A run folder, a .keras "
        "file\nand, where KerasHub is installed, hub:PRESET are backbones too."
    )


def _own_figures(name: str):
    """Returns the figures of a network that comes with the package, of its own run."""
    import json

    from kerasrecipes.models.backbones.published import Published
    from kerasrecipes.models.backbones.trained_network import (
        find_trained_network,
        load_trained_network,
    )

    path = find_trained_network(name)
    model = load_trained_network(path, True)
    score = json.loads(path.with_name("metrics.json").read_text("utf-8"))["test"]["accuracy"]
    return Published(model.count_params() / 1e6, model.input_shape[1], 100 * score)


def show_component(name: str) -> None:
    """Prints what a name stands for: its options with their defaults, and its documentation."""
    for component in dict.fromkeys(registry.candidates(name)):
        print(f"{name} ({_source(component)})\n")
        required = signatures.required(component)
        rows = [
            {"option": _in_both_units(name), "default": _default(parameter, name in required)}
            for name, parameter in signatures.options(component).items()
        ]
        print_table(rows)
        print(f"\n{inspect.getdoc(component) or ''}\n")


def is_backbone(name: str) -> bool:
    """Returns whether a name is that of a backbone for `Pretrained`."""
    from kerasrecipes.models.backbones.catalogue import backbone_names

    return name in backbone_names()


def show_backbone(name: str) -> None:
    """Prints the stages of a backbone: the layer that gives each, its output, its weights."""
    from kerasrecipes.models.backbones.catalogue import build_backbone
    from kerasrecipes.models.surgery.graph import Graph
    from kerasrecipes.models.surgery.network_stages import stage_outputs, stages

    size = 224 if name[0].isupper() else 32  # Of ImageNet's networks, of ours for CIFAR.
    backbone = build_backbone(name, (size, size, 3), {}, None)
    graph, outputs = Graph.of(backbone), stage_outputs(backbone)
    print(f"{name}: use('Pretrained', backbone={name!r}, stage=..., trainable_stages=[...])\n")
    print_table(
        [
            {
                "stage": stage,
                "output of": outputs[stage],
                f"for {size} x {size} pixels": " x ".join(
                    map(str, graph.output(outputs[stage]).shape[1:])
                ),
                "weights": f"{sum(layer.count_params() for layer in layers):,}",
            }
            for stage, layers in stages(backbone).items()
        ]
    )


def _family(name: str) -> dict[str, object]:
    components = _distinct(name).values()
    ours = sum(map(registry.is_ours, components))
    return {"family": name, "kerasrecipes": ours, "keras": len(components) - ours}


def _family_of_backbones() -> dict[str, object]:
    from kerasrecipes.models.backbones.applications import application_builders
    from kerasrecipes.models.backbones.trained_network import shipped_networks

    ours, keras = len(shipped_networks()), len(application_builders())
    return {"family": BACKBONE, "kerasrecipes": ours, "keras": keras}


def _distinct(family: str) -> dict[str, Callable]:
    """Returns the components of a family, without the other names that Keras has for some."""
    named: dict[Callable, str] = {}
    for name, component in registry.names(family).items():
        if component not in named or name == component.__name__:
            named[component] = name
    return {name: component for component, name in named.items()}


def _source(component: Callable) -> str:
    return component.__module__.split(".")[0]


def _in_both_units(option: str) -> str:
    stem = option.removesuffix("_steps")
    return option if stem == option else f"{option} (or {stem}_epochs)"


def _default(parameter: inspect.Parameter, required: bool) -> str:
    if parameter.default is not parameter.empty:
        return repr(parameter.default)
    if parameter.name in RUN_LENGTH_OPTIONS:
        return "the whole run"
    return "(required)" if required else "(set by the class)"
