import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasrecipes.base.csv_table import from_cell, read_rows, to_cell, write_rows
from kerasrecipes.base.damaged_files import DamagedFileError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(values)
def test_a_cell_is_read_back_as_it_was_written(value):
    read = from_cell(to_cell(value))
    assert read == value
    assert type(read) is type(value)


def test_numbers_that_are_none_survive():
    assert math.isnan(from_cell(to_cell(math.nan)))
    assert from_cell(to_cell(-math.inf)) == -math.inf


@pytest.mark.parametrize("text", ["123456789012", "1234567e1234", "NaN", "null", "", '"x"', "true"])
def test_a_string_that_looks_like_something_else_stays_a_string(text):
    assert from_cell(to_cell(text)) == text


def test_rows_are_read_back_as_they_were_written(tmp_path):
    rows = [
        {"label": "a,b\n\"c\"", "seed": 0, "x": 0.1 + 0.2},
        {"label": "é", "seed": 1, "y": [1, {"use": "SGD"}]},
    ]  # fmt: skip
    path = tmp_path / "table.csv"
    write_rows(path, rows)
    assert path.read_text("utf-8").splitlines()[0] == "label,seed,x,y"
    assert read_rows(path) == [{**rows[0], "y": None}, {**rows[1], "x": None}]
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_an_empty_file_has_no_rows_and_a_ragged_one_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("")
    assert read_rows(path) == []
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(
        DamagedFileError, match="every row must have as many cells as the header, 2"
    ):
        read_rows(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b\n1,0.93\n2,0.9", "must end with a line break, so that its last cell may be cut"),
        (b"a\n\xff\n", "can't decode byte 0xff"),
        (b"a\n" + b"[" * 100_000 + b"\n", "is nested too deeply"),
        (b"a\n" + b"x" * 200_000 + b"\n", "larger than field limit"),
    ],
)
def test_a_damaged_table_is_named_with_the_way_out(tmp_path, content, reason):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=reason) as raised:
        read_rows(path, "Put back a copy.")
    assert str(raised.value).startswith(f"{path} cannot be read: ")
    assert str(raised.value).endswith(". Put back a copy.")


def test_a_number_of_too_many_digits_is_a_text():
    assert from_cell("1" * 5000) == "1" * 5000
