"""Tables of what a recipe can be made of: components, their options, stages of backbones."""

import fnmatch
import inspect
from collections.abc import Callable

from kerasrecipes.base.checks import check_choice, nearest
from kerasrecipes.cli.tables import print_table
from kerasrecipes.recipe import registry, signatures
from kerasrecipes.recipe.families import FAMILIES
from kerasrecipes.recipe.run_length import RUN_LENGTH_OPTIONS


def list_components(family: str | None = None, pattern: str = "*") -> None:
    """Prints the families; or of one family the components whose name matches a pattern."""
    if family is None:
        print_table([_family(name) for name in FAMILIES])
        return
    check_choice("FAMILY", family, FAMILIES)
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
