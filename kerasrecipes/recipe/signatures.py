"""Arguments and options of components, from their signatures."""

import inspect
from collections.abc import Callable, Iterator

# What `train` hands to a model's builder; everything else in its signature is an option.
BUILDER_ARGUMENTS = ("input_shape", "classes", "start")

# The same of functions that initialize a model.
INITIALIZATION_ARGUMENTS = ("model", "batch")


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


def required(component: Callable) -> list[str]:
    """Returns the options of a component that must be given.

    They are those of a class's own `__init__`: it gives the bases what they require.
    """
    own = next(_signatures(component), inspect.Signature()).parameters
    found = options(component)
    return [name for name in found if name in own and own[name].default is inspect.Parameter.empty]


def _signatures(component: Callable) -> Iterator[inspect.Signature]:
    if not inspect.isclass(component):
        yield inspect.signature(component)
        return
    for base in component.__mro__:
        if "__init__" in vars(base) and base is not object:
            signature = inspect.signature(vars(base)["__init__"])
            yield signature.replace(parameters=list(signature.parameters.values())[1:])
