"""Files of proposals: the script, which is its user's own, and what was written last."""

import hashlib
import importlib.util
import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kerasrecipes.base.damaged_files import decoding
from kerasrecipes.base.files import write_json, write_text
from kerasrecipes.proposals.images.given_images import name_of
from kerasrecipes.proposals.proposing import Proposal
from kerasrecipes.proposals.scripts.script_writing import script_text
from kerasrecipes.recipe.recipe import Recipe


@dataclass(frozen=True)
class Written:
    """A script that was written, and that nobody has changed since.

    Args:
        script: Its path.
        recipe: Its recipe.
        options: What was asked for, besides the images.
    """

    script: Path
    recipe: Recipe
    options: Mapping[str, object]


def default_script(images: str) -> Path:
    """Returns the path of the script for images: their name, in the working directory.

    Example:

    >>> default_script("photos/"), default_script("random")
    (PosixPath('photos.py'), PosixPath('random_recipe.py'))
    """
    name = name_of(images)
    # A script called like a module would be imported in its place by whatever is run beside it.
    is_module = name in sys.stdlib_module_names or importlib.util.find_spec(name) is not None
    return Path(
        f"{name}_recipe.py" if is_module and not Path(f"{name}.py").exists() else f"{name}.py"
    )


def write_proposal(
    proposal: Proposal,
    images: str,
    script: Path,
    *,
    options: Mapping[str, object],
    directory: str | Path = "saved_models",
) -> Path:
    """Writes a proposal as a recipe script, and remembers what was written.

    Args:
        proposal: The proposal.
        images: The images, as they were given.
        script: The path of the script. What is there is replaced.
        options: What was asked for.
        directory: Where runs are kept, and what was written.

    Returns:
        The path of the script.
    """
    text = script_text(
        proposal.chosen.recipe,
        proposal.chosen.choices,
        name=script.stem,
        command=command_line(images, options),
    )
    write_text(script, text)
    record = _record(script, directory)
    record.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "script": _digest(text),
        "images": images,
        "options": dict(options),
        "recipe": proposal.chosen.recipe.to_dict(),
    }
    write_json(record, content)
    return script


def written_before(
    images: str, script: Path, options: Mapping[str, object], directory: str | Path
) -> Written | None:
    """Returns the script that was written for images; `None` if one is to be written.

    Args:
        images: The images, as they are given.
        script: The path of the script.
        options: What is asked for. Without any, what was asked for then holds.
        directory: Where runs are kept.

    Raises:
        ValueError: If a file is there that was not written here, or that was changed: it is not
            replaced, and not run unasked.
    """
    if not script.exists():
        return None
    record = _record(script, directory)
    known: dict = {}
    if record.is_file():
        with decoding(record, "Delete it: only what was written last is known by it."):
            known = json.loads(record.read_text("utf-8"))
    if known.get("script") != _digest(script.read_text("utf-8", errors="replace")):
        what = "was changed since it was written" if known else "is there already"
        raise ValueError(
            f"{script} {what}, and is not replaced: `python {shlex.quote(str(script))}` trains it "
            "as it stands, and --script FILE writes another one"
        )
    if known["images"] != images or (options and dict(known["options"]) != dict(options)):
        return None
    return Written(script, Recipe.from_dict(known["recipe"]), known["options"])


def command_line(images: str, options: Mapping[str, object]) -> str:
    """Returns the command that asks for something.

    Example:

    >>> command_line("my photos", {"minutes": 5, "from_scratch": True, "set": ["epochs=3"]})
    "kerasrecipes train 'my photos' --minutes 5 --from-scratch --set epochs=3"
    """
    words = ["kerasrecipes", "train", shlex.quote(images)]
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, list) else [value]:
            words += [option] if each is True else [option, shlex.quote(str(each))]
    return " ".join(words)


def _record(script: Path, directory: str | Path) -> Path:
    return Path(directory) / f"{script.stem}.proposal.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
