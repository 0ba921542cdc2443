"""What all pages share: how templates are read, and how a page is written."""

from pathlib import Path

import jinja2

from kerasrecipes.base.files import write_text
from kerasrecipes.page import formats

FILTERS = ("percent", "count", "number", "duration", "plain")


def template(path: Path, **filters) -> jinja2.Template:
    """Returns a template, which may include this folder's files; an unknown name in it raises.

    Args:
        path: Its file.
        **filters: Functions that it uses besides those of `formats`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([path.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: getattr(formats, name) for name in FILTERS} | filters
    return environment.get_template(path.name)


def write_page(path: Path, page: str) -> Path:
    """Writes a page whole, then renames it; returns its path."""
    # File names may hold lone surrogates, which UTF-8 has no code for.
    write_text(path, page.encode("utf-8", "replace").decode("utf-8"))
    return path
