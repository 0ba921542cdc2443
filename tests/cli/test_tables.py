import sys

from kerasrecipes.cli.tables import print_table


def test_a_table_on_a_terminal_keeps_its_brackets(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    print_table([{"option": "beta_1", "range": "[0, 1)"}, {"option": "[bold]", "range": None}])
    out = capsys.readouterr().out
    assert "[0, 1)" in out
    assert "[bold]" in out
