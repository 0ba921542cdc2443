"""Names of components: ours, then Keras's, then `"package>Name"`, then a user's `"module:Name"`.

Classes are the only schema. What may stand in a recipe follows from the modules below and from the
signatures of what they export; nothing describes a component a second time. Modules are imported
by name and only when a name is asked for, so that this module costs nothing to import.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator

from kerasrecipes.base.checks import check_choice, nearest

# Where the names of a family are looked up, in this order.
FAMILIES = {
    "data": ("kerasrecipes.data",),
    "model": ("kerasrecipes.models",),
    "optimizer": ("kerasrecipes.optimizers", "keras.optimizers"),
    "schedule": ("kerasrecipes.schedules", "keras.optimizers.schedules"),
    "layer": ("kerasrecipes.layers", "keras.layers"),
    "loss": ("kerasrecipes.losses", "keras.losses"),
    "metric": ("kerasrecipes.metrics", "keras.metrics"),
    "regularizer": ("kerasrecipes.regularizers", "keras.regularizers"),
    "initializer": ("kerasrecipes.initializers", "keras.initializers"),
    "initialization": ("kerasrecipes.models.initialization",),
    "constraint": ("keras.constraints",),
    "callback": ("kerasrecipes.callbacks", "keras.callbacks"),
}

# Abstract base classes, which Keras exports beside the components.
_BASES = {"LearningRateSchedule", *(family.capitalize() for family in FAMILIES)}

# What `train` hands to a model's builder; everything else in its signature is an option.
BUILDER_ARGUMENTS = ("input_shape", "classes", "start")

# The same of functions that initialize a model.
INITIALIZATION_ARGUMENTS = ("model", "batch")


def names(family: str) -> dict[str, Callable]:
    """Returns the components of a family, ours first, each list in alphabetical order.

    Args:
        family: One of `FAMILIES`.

    Returns:
        A dictionary from name to class (or builder function, for models).
    """
    check_choice("family", family, FAMILIES)
    found: dict[str, Callable] = {}
    for module in FAMILIES[family]:
        for name, component in sorted(_exports(module).items()):
            found.setdefault(name, component)
    return found


def resolve(name: str, family: str | None = None) -> Callable:
    """Returns the class, or a model's builder, that `name` stands for.

    Args:
        name: `"Name"`, `"package>Name"` (registered with `keras.saving`) or `"module:Name"`.
        family: One of `FAMILIES`, or `None` to look in all of them.

    Raises:
        ValueError: If there is no such component; the message names the nearest.
    """
    return candidates(name, family)[0]


def candidates(name: str, family: str | None = None) -> list[Callable]:
    """Returns all components that `name` may stand for; see `resolve`.

    Keras uses some names twice, such as `CategoricalCrossentropy` for a loss and for a metric.
    """
    if not isinstance(name, str):
        raise TypeError(f"A component is named by a string. Received: {name!r}")
    if ":" in name:
        return [_users(name)]
    if ">" in name:
        return [_registered(name)]
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


def is_ours(component: Callable) -> bool:
    """Returns whether a component comes from this package."""
    return component.__module__.split(".")[0] == "kerasrecipes"


def summary(component: Callable) -> str:
    """Returns the first line of a component's docstring, without its full stop."""
    return (inspect.getdoc(component) or "").strip().split("\n", 1)[0].rstrip(".")


@functools.cache
def _exports(module: str) -> dict[str, Callable]:
    if module.startswith("kerasrecipes."):
        package = importlib.import_module(module)
        return {name: getattr(package, name) for name in package.__all__}
    # By attribute from the top, because the modules of Keras's public API are not all importable.
    package = functools.reduce(getattr, module.split(".")[1:], importlib.import_module("keras"))
    return {
        name: component
        for name, component in vars(package).items()
        if inspect.isclass(component) and name not in _BASES
    }


def _signatures(component: Callable) -> Iterator[inspect.Signature]:
    if not inspect.isclass(component):
        yield inspect.signature(component)
        return
    for base in component.__mro__:
        if "__init__" in vars(base) and base is not object:
            signature = inspect.signature(vars(base)["__init__"])
            yield signature.replace(parameters=list(signature.parameters.values())[1:])


def _users(name: str) -> Callable:
    path, _, attribute = name.partition(":")
    if not all(part.isidentifier() for part in (*path.split("."), attribute)):
        raise ValueError(f"A component of yours is named 'module:Name'. Received: {name!r}")
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if not f"{path}.".startswith(f"{error.name}."):
            raise  # It is there, and imports something that is not.
        raise ValueError(
            f"There is no module {path!r}: it must be importable, from the current directory or "
            f"installed. Received: {name!r}"
        ) from error
    if not hasattr(module, attribute):
        public = [n for n in dir(module) if not n.startswith("_")]
        raise ValueError(
            f"Module {path!r} has no {attribute!r}.{nearest(attribute, public)} Received: {name!r}"
        )
    component = getattr(module, attribute)
    if not callable(component):
        raise TypeError(f"{name!r} must be a class or a function. Received: {component!r}")
    return component


def _registered(name: str) -> Callable:
    import keras

    component = keras.saving.get_registered_object(name)
    if component is None:
        raise ValueError(
            f"No class is registered with Keras as {name!r}: import the module that registers it "
            f"(`keras.saving.register_keras_serializable`) first. Received: {name!r}"
        )
    return component


def _unknown(name: str, family: str | None, families: list[str]) -> str:
    known = [n for f in families for n in names(f)]
    what = f"{family} " if family else ""
    message = f"There is no {what}component {name!r}.{nearest(name, known)}"
    if family and len(known) <= 40:
        return f"{message} Available: {', '.join(known)}."
    return f"{message} `kerasrecipes list {family or 'FAMILY'}` shows what there is."
