"""Reading of page templates, and writing of pages."""

from pathlib import Path

import jinja2

from kerasrecipes.base.files import write_text
from kerasrecipes.base.text import without_controls
from kerasrecipes.page import formats

FILTERS = ("percent", "count", "number", "duration", "plain")


def template(path: Path, **filters) -> jinja2.Template:
    """Returns a template. It may include files of this folder; an unknown name in it is an error.

    Args:
        path: Path of the template.
        **filters: Functions that the template uses besides those of `formats`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([path.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: getattr(formats, name) for name in FILTERS} | filters
    return environment.get_template(path.name)


def _finalized(value: object) -> object:
    """Returns a value for a page: names from other people's files do not turn its direction."""
    # Escapes are no markup, so that a `Markup` stays one.
    return type(value)(without_controls(value, but="\n\t")) if isinstance(value, str) else value


def write_page(path: Path, page: str) -> Path:
    """Writes a page in one step, so that no reader sees half of it, and returns its path."""
    # File names may contain lone surrogates, which UTF-8 cannot encode.
    write_text(path, page.encode("utf-8", "replace").decode("utf-8"))
    return path
