"""The notebooks: they run from top to bottom, and are stored without what they printed."""

import ast
import json
import os

import pytest

from tests.docs.pages import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
SECONDS = 300  # Of a machine that other tests use as well.


def read(notebook):
    return json.loads(notebook.read_text("utf-8"))


def sources(notebook, kind):
    return ["".join(c["source"]) for c in read(notebook)["cells"] if c["cell_type"] == kind]


def test_there_are_three_and_the_page_lists_them():
    page = (ROOT / "docs" / "notebooks" / "index.md").read_text("utf-8")
    assert len(NOTEBOOKS) == 3
    assert all(f"({notebook.name})" in page for notebook in NOTEBOOKS)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_first_cell_installs_and_the_rest_is_python(notebook):
    first, *rest = sources(notebook, "code")
    assert "%pip install -q kerasrecipes" in first
    for source in rest:
        ast.parse(source)
    assert sources(notebook, "markdown")[0].startswith("# ")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_stored(notebook):
    for cell in read(notebook)["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(notebook, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *_given_path()]))
    cells = nbformat.read(notebook, as_version=4)
    nbformat.validate(cells)
    nbclient.NotebookClient(
        cells, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [
        output["data"]["text/html"]
        for cell in cells.cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    # Each shows a value of ours as a table.
    assert any("kerasrecipes" in html for html in shown)


def _given_path():
    given = os.environ.get("PYTHONPATH")
    return [given] if given else []
