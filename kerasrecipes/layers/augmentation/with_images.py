"""Calls on images alone, and on dictionaries with labels."""

from collections.abc import Mapping


def with_images(data, function):
    """Returns `data` with `function(images)` for its images.

    Args:
        data: Images, or a dictionary of `"images"` and others, which stay as they are.
        function: Of the images.
    """
    if isinstance(data, Mapping):
        return {**data, "images": function(data["images"])}
    return function(data)
