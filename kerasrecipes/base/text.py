"""Lists and names as texts, shortened for messages and figures."""

import os
from collections.abc import Iterable


def listed(items: Iterable[object], most: int = 10, separator: str = ", ") -> str:
    """Returns the first `most` items as one text, and the number of further ones.

    Args:
        items: The items, which `str` turns into texts. Give `map(repr, names)` for names in quotes.
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
    """Returns a text with at most `longest` characters, with an ellipsis for the missing ones.

    Args:
        text: String.
        longest: Positive integer.
        tail: The number of characters that are kept at the end of the text.

    Example:

    >>> shortened("a_long_name_of_a_class", 12), shortened("a_long_name_of_a_class", 12, tail=5)
    ('a_long_name…', 'a_long…class')
    """
    if len(text) <= longest:
        return text
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def printable(name: object) -> str:
    r"""Returns a file's name as a text that can be printed and written to UTF-8 files.

    A name that is not UTF-8, as other systems and old archives leave them, has escapes in it.

    Example:

    >>> import os
    >>> printable("café.png"), printable(os.fsdecode(b"caf\xe9.png"))
    ('café.png', 'caf\\xe9.png')
    """
    return os.fsencode(str(name)).decode("utf-8", "backslashreplace")
