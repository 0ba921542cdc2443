"""Components in the fields of a recipe."""

from dataclasses import field

from kerasrecipes.recipe.spec import Spec

# Names for which Keras itself chooses a metric that fits the labels.
METRIC_ALIASES = ("accuracy", "acc", "crossentropy", "ce")


def component_field(family: str, **default):
    """A field that holds one component, or several if its default is a tuple."""
    return field(metadata={"family": family}, **default)


def components(name: str, value: object, family: str, several: bool):
    """Returns the value of a recipe's field as a checked spec, or a tuple of specs if `several`."""
    if several:
        listed = value if isinstance(value, tuple) else (value,)
        return tuple(components(f"{name}.{i}", v, family, False) for i, v in enumerate(listed))
    if isinstance(value, str):
        if family == "metric" and value.lower() in METRIC_ALIASES:
            return value.lower()
        value = Spec(value)
    if not isinstance(value, Spec):
        # 1 equals `True`, and would have another fingerprint.
        expected = "True, False, `use(...)`" if family == "averaging" else "`use(...)`"
        raise TypeError(f"`{name}` must be {expected} or a name. Received: {name}={value!r}")
    try:
        value.check(family)
    except ValueError as error:
        raise ValueError(f"`{name}`: {error}") from error
    return value
