"""Reads docstrings in Keras's form as mkdocstrings reads Google's."""

import re
from typing import Any

import griffe

# What Keras writes, and what is read in its place.
_FORMS = (
    # A second list of parameters, under a title of its own.
    (r"^Call arguments:$", "Other Parameters: Call arguments"),
    # A description without a type in front.
    (r"^Returns:\n((?:    .*\n?|\n(?=    ))+)", lambda found: _described("Returns", found[1])),
    # An example that is not indented.
    (r"^Example:\n(?=\n\S)", "**Example:**\n"),
    (r"^(?:>>>.*\n?(?:.*\S.*\n?)*)+", lambda found: f"```pycon\n{found[0].rstrip()}\n```\n"),
)


def _described(title: str, text: str) -> str:
    return f"**{title}:**\n\n" + re.sub(r"^    ", "", text, flags=re.M)


class KerasDocstrings(griffe.Extension):
    """Rewrites every docstring before it is parsed."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrites the docstring of one object."""
        if obj.docstring:
            for pattern, form in _FORMS:
                obj.docstring.value = re.sub(pattern, form, obj.docstring.value, flags=re.M)

    def on_attribute_instance(self, *, attr: griffe.Attribute, **kwargs: Any) -> None:
        """Gives a recipe's fields the defaults that a user would write."""
        field = re.match(r"_component\('\w+'(?:, default=(.*))?\)$", str(attr.value))
        if field:
            attr.value = field[1]
