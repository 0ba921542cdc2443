"""Lists and names as texts, shortened for messages and figures."""

import os
import re
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


# Control characters, which move a terminal's cursor, and those that turn the direction of writing.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(name: object) -> str:
    r"""Returns the name of a file or class as a text that can be printed and written as UTF-8.

    It stands for itself in a terminal, too. What is not UTF-8, as other systems and old archives
    leave it, and what controls a terminal or the direction of writing, has escapes in it.

    Example:

    >>> import os
    >>> printable("café.png"), printable(os.fsdecode(b"caf\xe9.png")), printable("\x1b[2J\n")
    ('café.png', 'caf\\xe9.png', '\\x1b[2J\\n')
    """
    return without_controls(os.fsencode(str(name)).decode("utf-8", "backslashreplace"))


def without_controls(text: str, but: str = "") -> str:
    r"""Returns a text with escapes in place of its control characters.

    Args:
        text: String.
        but: Control characters that stay, such as line breaks.

    Example:

    >>> without_controls("one\ntwo\u202e", but="\n")
    'one\ntwo\\u202e'
    """
    return _CONTROLS.sub(lambda found: found[0] if found[0] in but else repr(found[0])[1:-1], text)
