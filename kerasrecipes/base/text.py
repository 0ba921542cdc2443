"""Lists and names as messages and figures show them: no longer than one can read."""

from collections.abc import Iterable


def listed(items: Iterable[object], most: int = 10, separator: str = ", ") -> str:
    """Returns items in a row, and how many there are beyond the first `most`.

    Args:
        items: What is shown, each by `str`. Give `map(repr, names)` for names in quotes.
        most: Positive integer.
        separator: String between items, and before "and".

    Example:

    >>> listed(["ship", "truck"]), listed(range(12), most=3)
    ('ship, truck', '0, 1, 2 and 9 more')
    """
    texts = [str(item) for item in items]
    shown, more = separator.join(texts[:most]), len(texts) - most
    if more <= 0:
        return shown
    return f"{shown}{separator if separator.strip(', ') else ' '}and {more:,} more"


def shortened(text: str, longest: int, tail: int = 0) -> str:
    """Returns a text in at most `longest` characters, with an ellipsis for what is left out.

    Args:
        text: Any string.
        longest: Positive integer.
        tail: How many characters of its end are kept.

    Example:

    >>> shortened("a_long_name_of_a_class", 12), shortened("a_long_name_of_a_class", 12, tail=5)
    ('a_long_name…', 'a_long…class')
    """
    if len(text) <= longest:
        return text
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"
