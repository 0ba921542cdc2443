"""Packages whose names lazy_loader reads from a stub: what they export, as griffe should see it."""

from typing import Any

import griffe


class LazyPackages(griffe.Extension):
    """Takes what a stub imports for what its package exports."""

    def on_module(self, *, mod: griffe.Module, **kwargs: Any) -> None:
        """Sets the exports of one package."""
        if mod.exports is None and any(
            member.is_alias and member.target_path.startswith("lazy_loader")
            for member in mod.members.values()
        ):
            mod.exports = [
                name
                for name, member in mod.members.items()
                if member.is_alias and member.target_path.startswith("kerasrecipes.")
            ]
