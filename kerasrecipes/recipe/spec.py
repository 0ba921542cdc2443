"""Specs: components and their options as plain data, checked when they are made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from kerasrecipes.base.checks import nearest
from kerasrecipes.recipe import registry, signatures
from kerasrecipes.recipe.families import check_built
from kerasrecipes.recipe.qualified_names import is_users_own
from kerasrecipes.recipe.run_length import RUN_LENGTH_OPTIONS, RunLength, in_steps
from kerasrecipes.recipe.validation import blamed_on, check_depth, takes_number

# Families whose components Keras takes by name too. It does not know the names of ours.
_NAMED_FAMILIES = ("constraint", "initializer", "loss", "metric", "optimizer", "regularizer")


@dataclass(frozen=True)
class Spec:
    """A component's name and options as frozen, comparable, plain data. Made by `use`."""

    name: str
    options: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self):
        options = MappingProxyType({k: frozen(v, k) for k, v in self.options.items()})
        object.__setattr__(self, "options", options)

    def __hash__(self):
        # Without the values: equal values can be of different types, such as 1 and 1.0.
        return hash((self.name, *sorted(self.options)))

    def __reduce__(self):
        return from_plain, (self.to_dict(),)

    def __repr__(self):
        options = [f"{name}={value!r}" for name, value in self.options.items()]
        return f"use({', '.join([repr(self.name), *options])})"

    def to_dict(self) -> dict:
        """Returns the spec in its JSON form, `{"use": name, option: value, ...}`."""
        return {"use": self.name, **{k: to_plain(v) for k, v in self.options.items()}}

    def check(self, family: str) -> None:
        """Raises a `ValueError` unless `family` has this component and it has these options.

        A user's own component that is not imported yet is checked when it is built.
        """
        component = registry.known(self.name, family)
        _check(self, [] if component is None else [component])

    def build(self, family: str | None = None, length: RunLength | None = None):
        """Returns a new object. Options in `*_epochs` become `*_steps`.

        Args:
            family: The family to look the name up in, or `None` for all.
            length: The length of the run. Needed for options in epochs.
        """
        with blamed_on(self):
            built = self.component(family)(**self.arguments(family, length))
        if is_users_own(self.name):
            check_built(built, self.name, family)
        return built

    def component(self, family: str | None = None) -> Callable:
        """Returns the class, or the builder function of a model. A user's own is imported."""
        component = registry.resolve(self.name, family)
        if is_users_own(self.name):
            _check(self, [component])
        return component

    def arguments(self, family: str | None = None, length: RunLength | None = None) -> dict:
        """Returns the keyword arguments that `build` passes. Nested specs are built."""
        component = self.component(family)
        accepted = signatures.options(component)
        arguments = {}
        for name, value in self.options.items():
            if name not in accepted:
                if length is None:
                    raise ValueError(
                        f"`{name}` of {self.name} can be used only if the length of the run is "
                        "known: give it in steps."
                    )
                name, value = in_steps(name), length.steps(name, value)
            # Keras refuses 1 as a learning rate, and its schedules would compute in integers.
            if name.endswith("learning_rate") and type(value) is int:
                value = float(value)
            arguments[name] = value
        inner = _inner_lengths(component, arguments, length)
        arguments = {
            name: _built(value, registry.family_of(name), inner.get(name, length))
            for name, value in arguments.items()
        }
        if length is not None:
            for name in RUN_LENGTH_OPTIONS:
                if name in accepted and arguments.get(name) is None:
                    arguments[name] = length.remaining_steps(self.name, name, arguments)
        return arguments


def use(name: str, /, **options: object) -> Spec:
    """Returns a spec: the name of a component and its options, as plain data.

    Args:
        name: The name of a component of this package or of Keras, `"package>Name"` for a class that
            is registered with Keras, or `"module:Name"` for one of your own.
        **options: The arguments of its `__init__`. An option in steps (`warmup_steps`) may be given
            in epochs instead (`warmup_epochs`). If a schedule's length is left out, the schedule
            spans the whole run.

    Returns:
        A `Spec`, checked against the signature of the component.

    Raises:
        ValueError: If the name or an option is unknown, or if an option without a default is left
            out. The message lists the known ones and names the nearest.

    Example:

    >>> use("SGD", learning_rate=0.1, momentum=0.9)
    use('SGD', learning_rate=0.1, momentum=0.9)
    """
    spec = Spec(name, options)
    _check(spec, registry.candidates(name))
    return spec


def from_plain(value: object, depth: int = 0) -> object:
    """Returns the value that a JSON form describes: `{"use": ...}` becomes a `Spec`."""
    check_depth(depth)
    if isinstance(value, Mapping):
        inner = {k: from_plain(v, depth + 1) for k, v in value.items()}
        if "use" in value:
            spec = Spec(value["use"], {k: v for k, v in inner.items() if k != "use"})
            _check(spec, registry.candidates(spec.name, may_import=False))
            return spec
        return MappingProxyType(inner)
    if isinstance(value, list | tuple):
        return tuple(from_plain(v, depth + 1) for v in value)
    return value


def to_plain(value: object) -> object:
    """Returns the JSON form of an option's value."""
    if isinstance(value, Spec):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {k: to_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(v) for v in value]
    return value


def canonical(value: object, family: str | None = None) -> object:
    """Returns the JSON form for fingerprints: without local paths, and with 1 for 1.0."""
    if isinstance(value, Spec):
        local = getattr(registry.known(value.name, family), "local_paths", ())
        options = {k: canonical(v) for k, v in value.options.items() if k not in local}
        return {"use": value.name, **options}
    if isinstance(value, Mapping):
        return {k: canonical(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [canonical(v, family) for v in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check(spec: Spec, components: list[Callable]) -> None:
    """Raises unless one of the components takes the options of the spec."""
    errors = [list(_errors(spec, component)) for component in components]
    if errors and all(errors):
        raise ValueError(errors[0][0])


def _errors(spec: Spec, component: Callable) -> Iterator[str]:
    accepted = signatures.options(component)
    for name, value in spec.options.items():
        if name not in accepted and in_steps(name) not in accepted:
            listed = ", ".join(accepted) or "none"
            yield (
                f"{spec.name} has no option {name!r}.{nearest(name, accepted)} Options: {listed}."
            )
        elif name not in accepted and in_steps(name) in spec.options:
            yield f"{spec.name} takes {in_steps(name)!r} or {name!r}, not both."
        elif isinstance(value, bool) and takes_number(name, accepted.get(name)):
            yield f"`{name}` of {spec.name} must be a number. Received: {name}={value!r}"
        if isinstance(value, Spec) and (family := registry.family_of(name)):
            value.check(family)
    given = {n for name in spec.options for n in (name, in_steps(name))}
    for name in signatures.required(component):
        if name not in given and name not in RUN_LENGTH_OPTIONS:
            yield f"{spec.name} needs the option {name!r}. Received: {spec!r}"


def _inner_lengths(component: Callable, arguments: Mapping, length: RunLength | None) -> dict:
    """Returns the lengths of the schedules inside a schedule, by option.

    The length is a list for an option that holds several schedules.
    """
    if length is None or not hasattr(component, "inner_steps"):
        return {}
    return {
        name: [length.part(s) for s in steps] if isinstance(steps, list) else length.part(steps)
        for name, steps in component.inner_steps(arguments, length.total_steps).items()
    }


def _built(value, family, length):
    if family in _NAMED_FAMILIES and isinstance(value, str):
        ours = registry.names(family).get(value)
        value = Spec(value) if ours and registry.is_ours(ours) else value
    if isinstance(value, Spec):
        return value.build(family, length)
    if isinstance(value, Mapping):
        return {k: _built(v, family, length) for k, v in value.items()}
    if isinstance(value, tuple):
        lengths = length if isinstance(length, list) else [length] * len(value)
        return [_built(v, family, own) for v, own in zip(value, lengths, strict=True)]
    return value


def frozen(value: object, name: str) -> object:
    """Returns an option's value as immutable plain data."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return MappingProxyType({str(k): frozen(v, name) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(v, name) for v in value)
    if isinstance(value, float) and not np.isfinite(value):
        raise ValueError(f"`{name}` must be finite. Received: {name}={value}")
    if value is None or isinstance(value, bool | int | float | str | Spec):
        return value
    if hasattr(value, "__fspath__"):
        return str(value)
    raise TypeError(
        f"`{name}` must be plain data (None, bool, number, string, list, dictionary) or another "
        f"`use(...)`: a recipe is written to JSON. Received: {name}={value!r}"
    )
