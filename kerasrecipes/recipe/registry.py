"""Names of components: ours, then Keras's, then `"package>Name"`, then a user's `"module:Name"`.

Classes are the only schema. What may stand in a recipe follows from what the packages below export
and from the signatures of that; nothing describes a component a second time. Packages are imported
by name and only when a name is asked for, so that this module costs nothing to import.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kerasrecipes.base.checks import check_choice, nearest
from kerasrecipes.recipe import qualified_names
from kerasrecipes.recipe.hints import how_to_name

# What `train` hands to a model's builder; everything else in its signature is an option.
BUILDER_ARGUMENTS = ("input_shape", "classes", "start")

# The same of functions that initialize a model.
INITIALIZATION_ARGUMENTS = ("model", "batch")


class Family(NamedTuple):
    """Where the components of a family are.

    Args:
        package: Our package that exports them; empty if none does.
        base: The class of Keras's that they inherit from, or that they return if they are
            functions; empty if there is none. Keras's own components stand beside it.
    """

    package: str
    base: str = ""


FAMILIES = {
    "data": Family("kerasrecipes.data"),
    "model": Family("kerasrecipes.models"),
    "optimizer": Family("kerasrecipes.optimizers", "keras.optimizers.Optimizer"),
    "schedule": Family("kerasrecipes.schedules", "keras.optimizers.schedules.LearningRateSchedule"),
    "layer": Family("kerasrecipes.layers", "keras.layers.Layer"),
    "loss": Family("kerasrecipes.losses", "keras.losses.Loss"),
    "metric": Family("kerasrecipes.metrics", "keras.metrics.Metric"),
    "regularizer": Family("kerasrecipes.regularizers", "keras.regularizers.Regularizer"),
    "initializer": Family("kerasrecipes.initializers", "keras.initializers.Initializer"),
    "initialization": Family("kerasrecipes.models.initialization"),
    "constraint": Family("", "keras.constraints.Constraint"),
    "callback": Family("kerasrecipes.callbacks", "keras.callbacks.Callback"),
}

# What tells the components of the other families from what else their package exports.
_KINDS: dict[str, Callable[[object], bool]] = {
    "data": lambda export: inspect.isclass(export) and hasattr(export, "load"),
    "model": lambda export: _positional(export) == BUILDER_ARGUMENTS[:2],
    "initialization": lambda export: _positional(export) == INITIALIZATION_ARGUMENTS,
}

# Options that may be a schedule although their names do not end in "schedule".
_SCHEDULED_OPTIONS = ("learning_rate", "momentum")


def names(family: str) -> dict[str, Callable]:
    """Returns the components of a family, ours first, each list in alphabetical order.

    Args:
        family: One of `FAMILIES`.

    Returns:
        A dictionary from name to class (or builder function, for models).
    """
    check_choice("family", family, FAMILIES)
    return dict(_components(family))


def import_components() -> None:
    """Imports every package that exports components, which registers their classes with Keras."""
    for family in FAMILIES.values():
        if family.package:
            importlib.import_module(family.package)


def resolve(name: str, family: str | None = None) -> Callable:
    """Returns the class, or a model's builder, that `name` stands for.

    Args:
        name: `"Name"`, `"package>Name"` (registered with `keras.saving`) or `"module:Name"`.
        family: One of `FAMILIES`, or `None` to look in all of them.

    Raises:
        ValueError: If there is no such component, with the nearest name, or if it is none of the
            family.
    """
    component = candidates(name, family)[0]
    if family:
        _check_base(component, name, family)
    return component


def candidates(name: str, family: str | None = None) -> list[Callable]:
    """Returns all components that `name` may stand for; see `resolve`.

    Keras uses some names twice, such as `CategoricalCrossentropy` for a loss and for a metric.
    """
    if not isinstance(name, str):
        raise TypeError(f"A component is named by a string. Received: {name!r}")
    if ":" in name:
        return [qualified_names.imported(name)]
    if ">" in name:
        return [qualified_names.registered(name)]
    families = [family] if family else list(FAMILIES)
    found = [names(f)[name] for f in families if name in names(f)]
    if not found:
        raise ValueError(_unknown(name, family, families))
    return found


def options(component: Callable) -> dict[str, inspect.Parameter]:
    """Returns the arguments of a component that a recipe may give, by name.

    They are collected along the bases of a class: `**kwargs` in an `__init__` stands for the
    arguments of the next base; it never makes an arbitrary name acceptable.
    """
    found = arguments(component)
    if inspect.isclass(component):
        return found
    given = BUILDER_ARGUMENTS + INITIALIZATION_ARGUMENTS
    return {name: found[name] for name in found if name not in given}


def arguments(component: Callable) -> dict[str, inspect.Parameter]:
    """Returns all arguments of a component; see `options`."""
    collected: dict[str, inspect.Parameter] = {}
    for signature in _signatures(component):
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                collected.setdefault(parameter.name, parameter)
        if all(p.kind is not p.VAR_KEYWORD for p in signature.parameters.values()):
            break
    return collected


def family_of(option: str) -> str | None:
    """Returns the family that an option's name implies: "regularizer" for `*_regularizer`."""
    if option in _SCHEDULED_OPTIONS:
        return "schedule"
    return next((f for f in FAMILIES if option == f or option.endswith(f"_{f}")), None)


def is_ours(component: Callable) -> bool:
    """Returns whether a component comes from this package."""
    return component.__module__.split(".")[0] == "kerasrecipes"


def summary(component: Callable) -> str:
    """Returns the first line of a component's docstring, without its full stop."""
    return (inspect.getdoc(component) or "").strip().split("\n", 1)[0].rstrip(".")


@functools.cache
def _components(family: str) -> dict[str, Callable]:
    found: dict[str, Callable] = {}
    for exports in (_ours(FAMILIES[family]), _those_of_keras(FAMILIES[family])):
        for name, export in sorted(exports.items()):
            if _belongs(export, family):
                found.setdefault(name, export)
    return found


def _ours(family: Family) -> dict[str, Any]:
    if not family.package:
        return {}
    package = importlib.import_module(family.package)
    return {name: getattr(package, name) for name in package.__all__}


def _those_of_keras(family: Family) -> dict[str, Any]:
    if not family.base:
        return {}
    exports = vars(_of_keras(family.base.rpartition(".")[0]))
    return {name: export for name, export in exports.items() if inspect.isclass(export)}


def _of_keras(path: str) -> Any:
    # By attribute from the top, because the modules of Keras's public API are not all importable.
    return functools.reduce(getattr, path.split(".")[1:], importlib.import_module("keras"))


def _belongs(export: Any, family: str) -> bool:
    """Returns whether an export is a component of a family, and no base class of components."""
    if family in _KINDS:
        return _KINDS[family](export)
    base = _of_keras(FAMILIES[family].base)
    made = inspect.signature(export).return_annotation if inspect.isfunction(export) else export
    if not inspect.isclass(made) or not issubclass(made, base):
        return False
    return made is not base and not _is_base_of_ours(made)


def _is_base_of_ours(component: type) -> bool:
    """Returns whether a class of ours is only there to be inherited from.

    Keras finds what it saves by its `get_config` again under a registered name. A base has none.
    """
    from keras.saving import get_registered_name

    is_saved = is_ours(component) and hasattr(component, "get_config")
    return is_saved and get_registered_name(component) == component.__name__


def _positional(export: object) -> tuple[str, ...]:
    """Returns the names of the positional arguments of a function; of anything else none."""
    if not inspect.isfunction(export):
        return ()
    parameters = inspect.signature(export).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)


def _check_base(component: Callable, name: str, family: str) -> None:
    """Raises a `ValueError` if a class that a user names is of another family."""
    path = FAMILIES[family].base
    if path and inspect.isclass(component) and not issubclass(component, _of_keras(path)):
        raise ValueError(
            f"A component of the family {family} must be a subclass of {path}, or a function. "
            f"Received: {name!r}, which is {component!r}"
        )


def _signatures(component: Callable) -> Iterator[inspect.Signature]:
    if not inspect.isclass(component):
        yield inspect.signature(component)
        return
    for base in component.__mro__:
        if "__init__" in vars(base) and base is not object:
            signature = inspect.signature(vars(base)["__init__"])
            yield signature.replace(parameters=list(signature.parameters.values())[1:])


def _unknown(name: str, family: str | None, families: list[str]) -> str:
    known = [n for f in families for n in names(f)]
    what = f"{family} " if family else ""
    hint = how_to_name(name, family) or nearest(name, known)
    message = f"There is no {what}component {name!r}.{hint}"
    if family and len(known) <= 40:
        return f"{message} Available: {', '.join(known)}."
    return f"{message} `kerasrecipes list {family or 'FAMILY'}` shows what there is."
