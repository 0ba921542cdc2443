"""The progress of a search, for notebooks and scripts."""

import sys
from pathlib import Path
from typing import Any

from markupsafe import Markup

from kerasrecipes.page.formats import number
from kerasrecipes.page.notebook import quiet
from kerasrecipes.tuning.notebook_form import search_fragment
from kerasrecipes.tuning.search_folder import Search


class SearchDisplay:
    """Shows a search while it runs: in a notebook as a table, elsewhere a line for each trial.

    Give it to `search` as `on_event`. On the command line, `kerasrecipes search` shows its own.

    Example:

    ```python
    found = search(recipe, space, "20x2,8x8,3x30", on_event=SearchDisplay())
    ```
    """

    def __init__(self):
        self._folder: Path | None = None
        self._now: dict[str, Any] = {}
        self._handle: Any = None
        self._in_notebook = _in_notebook()

    def __call__(self, event: str, row: dict[str, Any]) -> None:
        if event == "search":
            self._folder = Path(row["folder"])
        elif event == "trial_begin":
            self._now = {**row, "epoch": 0, "score": None}
        elif event == "epoch":
            self._now |= {"epoch": row["epoch"], "score": row["score"]}
        elif event == "adopted":
            print(row["text"], flush=True)
        elif event in ("finalist", "finalist_end"):
            self._now = {"finalist": row["trial"], "seed": row["seed"]}
            self._now |= {"score": number(row["score"])} if "score" in row else {}
        if self._in_notebook:
            self._show()
        elif event in ("trial_end", "finalist_end"):
            print(self._line(), flush=True)

    def _line(self) -> str:
        """Returns what is trained now, in a line."""
        if "trial" not in self._now:
            return " ".join(f"{name} {value}" for name, value in self._now.items())
        now = self._now
        values = ", ".join(f"{path}={value}" for path, value in now["values"].items())
        return (
            f"rung {now['rung']}, trial {now['trial']}: epoch {now['epoch']} of {now['epochs']}, "
            f"score {number(now['score'])}; {values}"
        )

    def _show(self) -> None:
        from IPython.display import HTML, display

        # search.json is written after the first event.
        folder, table = self._folder, Markup()
        if folder is not None and (folder / "search.json").is_file():
            table = search_fragment(Search(folder))
        page = HTML(table + quiet(self._line()))
        if self._handle is None:
            self._handle = display(page, display_id=True)
        else:
            self._handle.update(page)


def _in_notebook() -> bool:
    """Returns whether this process is the kernel of a notebook, which shows HTML."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")
