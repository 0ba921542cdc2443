"""The page of a comparison."""

import pytest

from kerasrecipes.cli import console
from kerasrecipes.report import write_comparison
from tests.digits_run import digits_run
from tests.page.reading import Page
from tests.report.index.browser import dumped, needs_browser


def written(path):
    return write_comparison([digits_run(), digits_run(seed=1)], path)


def test_scores_options_and_tests_are_there(tmp_path):
    page = Page(written(tmp_path / "page.html").read_text("utf-8"))
    for run in (digits_run(), digits_run(seed=1)):
        assert page.text.count(run.name) >= 2
        assert f"{run.metrics['test']['accuracy']:.1%}" in page.text
    assert "McNemar's exact p" in page.text
    assert "seed 0 1" in page.text
    assert page.tags.count("script") == 2


@needs_browser
def test_all_curves_are_drawn(tmp_path):
    page = dumped(written(tmp_path / "page.html"), tmp_path / "profile")
    curves = page.partition('<svg id="curves"')[2].partition("</svg>")[0]
    assert curves.count("<path") == 2
    assert page.count("<option") >= 4


def test_compare_writes_it(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = [str(digits_run().folder), str(digits_run(seed=1).folder)]
    console(["compare", *folders, "--html"])
    assert capsys.readouterr().out == "page: comparison.html\n"
    console(["compare", *folders, "--html", "other.html"])
    assert capsys.readouterr().out == "page: other.html\n"
    assert (tmp_path / "other.html").read_bytes() == (tmp_path / "comparison.html").read_bytes()
    with pytest.raises(SystemExit, match="2"):
        console(["compare", "--html", *folders])
    assert "give it after the runs" in capsys.readouterr().err
