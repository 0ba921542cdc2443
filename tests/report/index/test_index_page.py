"""The index of a directory's runs: what is on the page, and what its script does with it."""

import re
import time

import pytest

from kerasrecipes.report import write_index
from kerasrecipes.report.index.scripts import PageScript, curves_of
from kerasrecipes.runs import listed_runs, listed_searches
from tests.page.reading import Page
from tests.report.index.browser import dumped, needs_browser
from tests.runs.listing.folders import EVIL, write_run, write_search

pytestmark = pytest.mark.backend_neutral


@pytest.fixture
def index(tmp_path):
    """The page of eight runs, of which two were trained with Adam, and one is not finished."""
    directory = tmp_path / "saved_models"
    for number in range(1, 8):
        optimizer = {"use": "Adam"} if number in (2, 5) else {"use": "SGD", "momentum": 0.9}
        write_run(directory, number, optimizer=optimizer)
    write_run(directory, 8, finished=False)
    return write_index(listed_runs(directory), directory)


def shown(page):
    """Returns what a browser shows: the numbers of the runs in order, the count, and curves."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr data-run[^>]*>", body)
    numbers = [
        int(re.search(r'data-run="(\d+)"', row)[1]) + 1 for row in rows if "hidden" not in row
    ]
    count = re.search(r'<span id="count">([^<]*)', page)[1]
    curves = page.partition('<svg id="curves"')[2].partition("</svg>")[0]
    return numbers, count, curves.count("<path")


def test_every_run_is_a_row_with_its_score_interval_and_what_differs(index):
    page = Page(index.read_text("utf-8"))
    assert page.source.count("<tr data-run=") == 8
    assert "57.0% 47.0% to 67.0%" in page.text
    assert "optimizer.momentum" in page.text
    assert "model.units" not in page.text
    assert "unfinished" in page.text


def test_reports_and_searches_are_linked_by_relative_paths(tmp_path):
    folder = write_run(tmp_path, 1, name="a b#c")
    (folder / "report.html").write_text("")
    (write_search(tmp_path) / "search.html").write_text("")
    path = write_index(listed_runs(tmp_path), tmp_path, listed_searches(tmp_path))
    links = [value for name, value in Page(path.read_text("utf-8")).attributes if name == "href"]
    assert links == [
        f"a%20b%23c-{1:012x}-01234567-v3/report.html",
        "search-000000000001-01234567-v3/search.html",
    ]


def test_what_comes_from_files_is_text_and_nothing_else(tmp_path):
    write_run(tmp_path, 1, model={"use": EVIL, "x": EVIL})
    folder = write_run(tmp_path, 2, monitor=EVIL)
    (folder / "history.csv").write_text(f"epoch,{EVIL.replace(chr(34), '')}\n1,0.5\n")
    page = Page(write_index(listed_runs(tmp_path), tmp_path).read_text("utf-8"))
    assert page.tags.count("script") == 2
    assert "img" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_only_the_pages_own_script_may_run(index):
    page = index.read_text("utf-8")
    script = PageScript.of("curves.js", "sorting.js", "index.js")
    assert page.count(f"<script>{script.text}</script>") == 1
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {script.policy}"
    assert ("content", policy) in Page(page).attributes
    assert "innerHTML" not in script.text
    assert not re.search(r"(src|href)=\"?(https?:)?//", page)


def test_long_curves_are_thinned_and_end_where_they_end():
    history = [{"epoch": e, "loss": 1 / e, "val_accuracy": float("nan")} for e in range(1, 1001)]
    curves = curves_of("run", history)
    assert (len(curves["epochs"]), curves["epochs"][-1]) == (143, 1000)
    assert curves["curves"] == {
        "val_accuracy": [None] * 143,
        "loss": [float(f"{1 / e:.5g}") for e in curves["epochs"]],
    }


def test_two_hundred_runs_take_a_moment(tmp_path):
    for number in range(200):
        write_run(tmp_path, number, seed=number)
    began = time.process_time()
    path = write_index(listed_runs(tmp_path), tmp_path)
    assert time.process_time() - began < 2
    assert path.stat().st_size < 1_000_000


@needs_browser
def test_the_best_run_comes_first_and_five_curves_are_drawn(index, tmp_path):
    assert shown(dumped(index, tmp_path / "profile")) == (
        [7, 6, 5, 4, 3, 2, 1, 8],
        "8 of 8 runs; 5 curves",
        5,
    )


@needs_browser
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("adam", [5, 2]),
        ("optimizer=SGD test>=0.54", [7, 6]),
        ("optimizer.momentum=0.9 status!=finished", [8]),
        ("nothing", []),
    ],
)
def test_a_filter_takes_words_and_conditions(index, tmp_path, typed, expected):
    script = f"""
        document.getElementById("filter").value = {typed!r};
        document.getElementById("filter").dispatchEvent(new Event("input"));
    """
    numbers, count, curves = shown(dumped(index, tmp_path / "profile", script))
    assert numbers == expected
    assert count == f"{len(expected)} of 8 runs; {min(len(expected), 5)} curves"
    assert curves == min(len(expected), 5)


@needs_browser
def test_a_header_sorts_and_sorts_back_and_ticks_choose_curves(index, tmp_path):
    script = """
        const button = document.querySelector('th[data-name="seconds"] button');
        button.click();
    """
    assert shown(dumped(index, tmp_path / "one", script))[0] == [1, 2, 3, 4, 5, 6, 7, 8]
    script += """
        button.click();
        for (const number of [0, 3]) {
          document.querySelector(`tr[data-run="${number}"] input`).click();
        }
    """
    numbers, count, _ = shown(dumped(index, tmp_path / "two", script))
    assert numbers == [8, 7, 6, 5, 4, 3, 2, 1]
    assert count == "8 of 8 runs; 2 curves"
