import pytest

from kerasrecipes.cli.arguments import value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("1e-3", 0.001),
        ("-0.5", -0.5),
        ("true", True),
        ("True", True),
        ("null", None),
        ("None", None),
        ("[1, 2]", [1, 2]),
        ("(1, 2)", (1, 2)),
        ("['a', 'b']", ["a", "b"]),
        ('{"use": "SGD"}', {"use": "SGD"}),
        ("'3'", "3"),
        ('"3"', "3"),
        ("RAdam", "RAdam"),
        ("data/cifar-10", "data/cifar-10"),
        ("2024-01-01", "2024-01-01"),
        ("a=b", "a=b"),
        ("", ""),
        ("[1, 2", "[1, 2"),
    ],
)
def test_a_value_is_json_else_python_else_text(text, value):
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


@pytest.mark.parametrize("text", ["[" * 100_000, "(" * 100_000, "1" * 5000, "-" * 100_000 + "1"])
def test_a_value_that_no_parser_takes_is_a_text(text):
    assert value_of(text) == text
